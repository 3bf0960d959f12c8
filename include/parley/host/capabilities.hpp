// SPDX-License-Identifier: Apache-2.0
//
// What machine is this, and which level does it really have?
//
// Many places on a POWER Linux say something about the processor, and they answer different questions. Some speak of
// the silicon (the physical PVR, AT_BASE_PLATFORM, the cpu nodes' names), some of the level that this partition was
// given (cpu-version, AT_PLATFORM), some of what KVM will grant a guest. On a Power11 machine that hosts a POWER10
// partition they disagree by design, and a VMM that asks the wrong one asks the hypervisor for what it must refuse.
// assess() weighs them, keeps each answer with the weight it was given, and never hides that it had to guess.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/base/level.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {

enum class Platform : std::uint8_t { kUnknown, kNotPower, kPowerNv, kPseries };

enum class KvmKind : std::uint8_t {
  kNone,       ///< no guest can run here
  kNotAsked,   ///< the facts came from a file
  kPr,         ///< problem-state KVM: no arch_compat register
  kPowerNvHv,  ///< bare metal
  kNestedV1,   ///< H_ENTER_NESTED
  kNestedV2,   ///< PAPR H_GUEST_*
};

enum class Trust : std::uint8_t {
  kAuthoritative,  ///< decides the level
  kCorroborating,  ///< speaks of the level, may lower it
  kHint,           ///< cannot tell all levels apart
  kSiliconOnly,    ///< speaks of the chip, not of the level
};

enum class Agreement : std::uint8_t { kAgrees, kDisagrees, kSilent };

struct Source {
  std::string name;            ///< "AT_PLATFORM"
  std::string where;           ///< where a person finds it
  std::string says;            ///< its answer, "-" when it gave none
  std::optional<Level> level;  ///< the level that it speaks of
  Trust trust = Trust::kHint;
  Agreement agreement = Agreement::kSilent;
};

/// Something that a reader of the verdict must know: a source that is broken or contradicts another, and what was made
/// of it.
struct Doubt {
  std::string id;  ///< stable, for scripts ("cpu-nodes-disagree"); docs/inspect.md lists them
  std::string sentence;
};

struct Capabilities {
  Platform platform = Platform::kUnknown;
  KvmKind kvm = KvmKind::kNone;
  std::string kind_reason;

  std::optional<Level> level;  ///< the effective level; none when no source could be believed
  std::string level_reason;
  bool compat_mode = false;  ///< the level was given by a logical PVR, not by the silicon
  std::optional<Level> silicon;

  std::vector<Source> sources;
  std::vector<Doubt> doubts;

  std::string interrupt_controller;  ///< what a guest can have
  std::uint64_t page_size = 0;       ///< bytes, 0 when unknown
  unsigned threads_per_core = 0;     ///< of the host's first core, 0 when unknown

  /// True where the host is itself a partition, so that guests are radix-only; also where that cannot be told.
  bool nested() const { return platform != Platform::kPowerNv; }
};

Capabilities assess(const Facts &facts);

std::string_view name(Platform platform);
/// "pseries, nested API v2"
std::string describe_kind(const Capabilities &capabilities);

}  // namespace parley::host
