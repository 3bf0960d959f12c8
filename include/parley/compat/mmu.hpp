// SPDX-License-Identifier: Apache-2.0
//
// Radix or hash: which MMU does a guest have?
//
// POWER has two MMUs. The hash MMU keeps all translations of a guest in one table of the hypervisor, and the guest
// changes its entries with hypercalls (H_ENTER). Every processor has it. Radix, from POWER9 on, keeps trees in the
// guest's own memory. So a level below power9 needs the hash MMU, and a later level may have either.
//
// A partition's KVM offers only radix. KVM on bare metal offers both (KVM_CAP_PPC_MMU_RADIX, KVM_CAP_PPC_MMU_HASH_V3).
// A guest starts with radix where it may choose; Linux with "disable_radix" chooses hash when it negotiates.
#pragma once

#include <cstdint>

#include "parley/compat/decide.hpp"
#include "parley/compat/platform.hpp"

namespace parley::compat {

/// The MMU of a guest at a moment.
enum class Translation : std::uint8_t { kRadix, kHash };

/// False for the levels below power9. A raw guest has radix.
bool has_radix(Target target);

/// The MMUs that a guest at this level may choose on this host: those of the level, the host and the request. A forced
/// guest may have neither; it then gets radix, so that the kernel's answer shows.
Platform platform_for(Target target, const AssessedHost &host);

/// The MMU that a guest at the level `target` starts with.
Translation first_translation(const Platform &platform, Target target);

/// " with the hash MMU"; "" for radix, as nearly all guests have it.
std::string_view hash_remark(Translation translation);

}  // namespace parley::compat
