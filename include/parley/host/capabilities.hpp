// SPDX-License-Identifier: Apache-2.0
//
// What machine is this, and which level does it really have?
//
// Many places on a POWER Linux describe the processor, and they answer different questions. Some describe the silicon
// (the physical PVR, AT_BASE_PLATFORM, the names of the cpu nodes). Some describe the level that the partition was
// given (cpu-version, AT_PLATFORM). Some describe the levels that KVM grants to a guest. On a Power11 machine with a
// POWER10 partition they disagree by design. A VMM that trusts the wrong one requests a level that the hypervisor must
// refuse. assess() ranks the sources, keeps each answer with its rank, and reports every guess as a doubt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/base/level.hpp"
#include "parley/host/facts.hpp"
#include "parley/host/readings.hpp"

namespace parley::host {

enum class KvmKind : std::uint8_t {
  kNone,       ///< no guest can run here
  kNotAsked,   ///< the facts came from a file
  kPr,         ///< problem-state KVM: no arch_compat register
  kPowerNvHv,  ///< bare metal
  kNestedV1,   ///< H_ENTER_NESTED
  kNestedV2,   ///< PAPR H_GUEST_*
};

enum class Agreement : std::uint8_t { kAgrees, kDisagrees, kSilent };

/// A reading, compared with the verdict.
struct Source : Reading {
  Agreement agreement = Agreement::kSilent;
};

/// A warning for the reader of the verdict: a source that is broken, missing or contradicted, and how it was treated.
struct Doubt {
  std::string id;  ///< stable, for scripts ("cpu-nodes-disagree"); docs/inspect.md lists them
  std::string sentence;
};

/// The level of the host, with the evidence.
struct LevelVerdict {
  std::optional<Level> level;  ///< the effective level; none when no source names a usable one
  std::string level_reason;
  bool compat_mode = false;  ///< the level was given by a logical PVR, not by the silicon
  std::optional<Level> silicon;
  std::vector<Source> sources;
  std::vector<Doubt> doubts;
};

struct Capabilities : LevelVerdict {
  Platform platform = Platform::kUnknown;
  KvmKind kvm = KvmKind::kNone;
  std::string kind_reason;

  std::string interrupt_controller;  ///< for guests
  std::uint64_t page_size = 0;       ///< bytes, 0 when unknown
  unsigned threads_per_core = 0;     ///< of the host's first core, 0 when unknown

  /// True on a partition, where guests are radix-only, and on an unknown platform.
  bool nested() const { return platform != Platform::kPowerNv; }
};

/// Facts to readings to verdict. A host that is not POWER has neither sources nor a level.
Capabilities assess(const Facts &facts);

std::string_view name(Platform platform);
/// "pseries, nested API v2"
std::string describe_kind(const Capabilities &capabilities);

}  // namespace parley::host
