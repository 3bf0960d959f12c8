// SPDX-License-Identifier: Apache-2.0
//
// The answers of KVM, as plain values. The kvm layer asks the kernel; machine::Probe copies its answers here, so that
// the host and compat layers need no KVM header, and tests can write any kernel's answers down.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/level.hpp"

namespace parley::host {

/// How far Parley got on the way to a KVM that runs POWER guests.
enum class KvmAccess : std::uint8_t {
  kNotAsked,  ///< facts from a file, or not a POWER machine
  kAbsent,    ///< no /dev/kvm
  kNoPermission,
  kUnusable,   ///< open failed for another reason
  kWrongApi,   ///< KVM_GET_API_VERSION is not 12
  kLacking,    ///< a required capability is missing
  kNoHv,       ///< /dev/kvm exists, but neither kvm-hv nor kvm-pr is behind it
  kVmRefused,  ///< HV refused this VM (no memory, no permission, busy)
  kPr,         ///< only KVM-PR
  kHv,
};

/// The outcome of one attempt to set arch_compat (kvm::SettingOutcome, as a plain value).
enum class TrialOutcome : std::uint8_t { kTaken, kStoredWithoutPapr, kPoisoned, kRefused, kNoRegister, kOther };

struct LevelTrial {
  LogicalPvr asked;
  TrialOutcome outcome = TrialOutcome::kOther;
  int error = 0;                       ///< errno of KVM_SET_ONE_REG; 0 when it succeeded
  std::optional<LogicalPvr> readback;  ///< KVM_GET_ONE_REG right after; none when that failed
};

/// "EINVAL, reads back 0xffffffff"
std::string describe(const LevelTrial &trial);

/// The answer of KVM_PPC_GET_COMPAT_CAPS (kernels from 7.3 on).
struct CompatCaps {
  int error = 0;           ///< errno of the ioctl; 0 when it succeeded
  std::uint64_t bits = 0;  ///< kCompatCap… below
};
inline constexpr std::uint64_t kCompatCapPower9 = ppc_bit(1);
inline constexpr std::uint64_t kCompatCapPower10 = ppc_bit(2);
inline constexpr std::uint64_t kCompatCapPower11 = ppc_bit(3);

/// The bit of a level in that answer; 0 for a level that the call does not cover.
std::uint64_t compat_cap_of(Level level);

/// A size of page, as a shift, and its encoding.
struct PageEncoding {
  std::uint32_t shift = 0;
  std::uint32_t encoding = 0;
  friend bool operator==(const PageEncoding &, const PageEncoding &) = default;
};

/// The pages of a segment whose base page has this size. The base is encoded for the SLB, a page for its entry in the
/// hash table.
struct SegmentPages {
  PageEncoding base;
  std::vector<PageEncoding> pages;
  friend bool operator==(const SegmentPages &, const SegmentPages &) = default;
};

/// The hash MMU of guests, as KVM_PPC_GET_SMMU_INFO describes it.
struct HashMmu {
  std::uint32_t slb_size = 0;  ///< entries
  bool terabyte_segments = false;
  std::vector<SegmentPages> segments;
  friend bool operator==(const HashMmu &, const HashMmu &) = default;
};

struct KvmFacts {
  KvmAccess access = KvmAccess::kNotAsked;
  std::string detail;  ///< the call and errno behind `access`, or the capability that is missing
  /// The answers of KVM_CHECK_EXTENSION, by name ("KVM_CAP_PPC_NESTED_HV").
  std::map<std::string, int, std::less<>> capabilities;
  std::optional<PhysicalPvr> pvr;         ///< kvm_sregs.pvr of a fresh vCPU
  std::optional<CompatCaps> compat_caps;  ///< none where the kernel lacks the call (KVM_CAP_PPC_COMPAT_CAPS is 0)
  std::optional<HashMmu> hash_mmu;        ///< none where KVM has none (KVM_CAP_PPC_MMU_HASH_V3 is 0)
  std::vector<LevelTrial> trials;         ///< on a vCPU that has never run

  int capability(std::string_view name) const;  ///< 0 when it is absent or was not asked
};

}  // namespace parley::host
