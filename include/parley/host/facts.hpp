// SPDX-License-Identifier: Apache-2.0
//
// The raw answers of all sources about the host, before any judgement. They are plain values. A live machine, a device
// tree, a saved report or a test provides them, and assess() (capabilities.hpp) reads them.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/level.hpp"
#include "parley/fdt/tree.hpp"

namespace parley::host {

struct CpuNode {
  std::string name;                  ///< "PowerPC,POWER11@0": the silicon's marketing name, never the level
  std::optional<Bytes> cpu_version;  ///< verbatim; four bytes, big-endian, when well-formed
  unsigned threads = 0;              ///< entries of ibm,ppc-interrupt-server#s
  friend bool operator==(const CpuNode &, const CpuNode &) = default;
};

struct TreeFacts {
  std::string origin;   ///< the folder or file it was read from
  std::string problem;  ///< why it could not be read; empty when it was
  std::string model;
  std::vector<std::string> compatible;
  bool has_rtas = false;
  bool has_opal = false;                            ///< /ibm,opal: bare metal
  std::vector<CpuNode> cpus;                        ///< nodes below /cpus with device_type "cpu"
  std::optional<std::uint32_t> timebase_frequency;  ///< Hz
};

struct SystemFacts {
  std::string machine;                       ///< uname: "ppc64le"
  std::string kernel_release;                ///< uname: "7.2.13+deb14-powerpc64le"
  std::optional<std::string> platform;       ///< AT_PLATFORM
  std::optional<std::string> base_platform;  ///< AT_BASE_PLATFORM
  std::optional<std::uint64_t> hwcap2;       ///< AT_HWCAP2
  std::optional<std::string> cpuinfo_cpu;    ///< the "cpu" line of /proc/cpuinfo
  std::optional<PhysicalPvr> cpuinfo_pvr;    ///< from its "revision" line
  std::uint64_t page_size = 0;               ///< bytes
  std::string cpuinfo_problem = {};          ///< why /proc/cpuinfo could not be read; empty when it was
};

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

struct KvmFacts {
  KvmAccess access = KvmAccess::kNotAsked;
  std::string detail;  ///< the call and errno behind `access`, or the capability that is missing
  /// The answers of KVM_CHECK_EXTENSION, by name ("KVM_CAP_PPC_NESTED_HV").
  std::map<std::string, int, std::less<>> capabilities;
  std::optional<PhysicalPvr> pvr;         ///< kvm_sregs.pvr of a fresh vCPU
  std::optional<CompatCaps> compat_caps;  ///< none where the kernel lacks the call (KVM_CAP_PPC_COMPAT_CAPS is 0)
  std::vector<LevelTrial> trials;         ///< on a vCPU that has never run

  int capability(std::string_view name) const;  ///< 0 when it is absent or was not asked
};

struct Facts {
  TreeFacts tree;
  SystemFacts system;
  KvmFacts kvm;
};

/// On other architectures /dev/kvm, auxv and /proc/cpuinfo have another meaning.
bool is_power(const SystemFacts &system);

/// Takes the facts from a device tree. `origin` names its folder or file.
TreeFacts tree_facts(const fdt::Node &root, std::string origin);

/// Reads the device tree of a host from a folder or a blob.
std::expected<TreeFacts, fdt::TreeError> load_tree_facts(const std::filesystem::path &path);
/// As load_tree_facts(), for a path that is known to be a folder.
std::expected<TreeFacts, fdt::TreeError> load_tree_folder(const std::filesystem::path &path);

/// Reads uname, auxv, /proc/cpuinfo and /proc/device-tree of this machine. An unreadable tree is also a fact
/// (`problem`).
Facts read_live_facts();

/// Reads the "cpu" and "revision" lines of /proc/cpuinfo.
void parse_cpuinfo(std::string_view text, SystemFacts &system);

}  // namespace parley::host
