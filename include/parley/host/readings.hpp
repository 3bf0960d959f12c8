// SPDX-License-Identifier: Apache-2.0
//
// Each source's answer, parsed once.
//
// A POWER Linux describes its processor in many places, in many forms: four big-endian bytes in a device tree, a name
// in the auxiliary vector, a line of text in /proc/cpuinfo, a bit mask, an errno. read() turns each of them into a
// *reading*: the text for people, the level it names, how far it can be trusted, and how reading it went. Nothing after
// read() looks at a raw string again. The verdict (capabilities.hpp), its doubts and the rows of `parley inspect` are
// all made from these readings, so the table that a user sees is the evidence that was used.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/level.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {

enum class Platform : std::uint8_t { kUnknown, kNotPower, kPowerNv, kPseries };

enum class Trust : std::uint8_t {
  kAuthoritative,  ///< decides the level
  kCorroborating,  ///< names the level, may lower it
  kHint,           ///< cannot tell all levels apart
  kSiliconOnly,    ///< describes the chip, not the level
};

enum class Answer : std::uint8_t {
  kUsable,         ///< understood; it need not name a level
  kAbsent,         ///< the source does not exist here, or was not asked
  kUnreadable,     ///< the file could not be read, or the call failed; `problem` says how
  kMalformed,      ///< a cpu-version that is not four bytes long
  kNotUnderstood,  ///< well-formed, but no known level or processor
};

struct Reading {
  std::string name;   ///< "AT_PLATFORM"
  std::string where;  ///< where a person finds it: "auxv 15"
  Trust trust = Trust::kHint;
  Answer answer = Answer::kAbsent;
  std::string says = "-";           ///< the answer as text
  std::optional<Level> level = {};  ///< the level it names
  bool newer_than_known = false;    ///< above all known levels; `level` is then the highest known
  std::string problem = {};         ///< errno or path behind kUnreadable
};

/// One distinct "cpu-version", with the number of cpu nodes that have it.
struct CpuVersionReading : Reading {
  std::string value = {};  ///< `says` without the node count: "0x0f000006", "missing", "3 bytes instead of 4"
  bool logical = false;    ///< a logical PVR: the partition was given this level
  std::string first_node = {};
  std::size_t nodes = 0;  ///< 0: the tree was unreadable, or has no cpu nodes
};

/// One trial of a level on a throw-away vCPU. `level` is the level that was tried.
struct TrialReading : Reading {
  LogicalPvr asked = {};
  bool taken = false;  ///< the kernel accepted it; with kUsable and not taken, it refused
};

struct Readings {
  Platform platform = Platform::kUnknown;
  bool live = false;                  ///< the facts come from a whole machine, not only from a device tree
  std::string tree_origin;            ///< folder or file of the device tree
  Answer timebase = Answer::kAbsent;  ///< of the tree's timebase-frequency

  std::vector<CpuVersionReading> cpu_versions;  ///< one for each distinct answer; never empty
  Reading at_platform;
  Reading at_base_platform;
  Reading at_hwcap2;
  Reading cpuinfo_cpu;
  Reading cpuinfo_pvr;
  Reading vcpu_pvr;
  Reading kvm_capabilities;
  Reading compat_caps;
  std::vector<TrialReading> trials;

  /// The sources that give one answer each, in the order of `parley inspect`.
  std::array<const Reading *, 8> single_readings() const {
    return {&at_platform, &at_base_platform, &at_hwcap2,        &cpuinfo_cpu,
            &cpuinfo_pvr, &vcpu_pvr,         &kvm_capabilities, &compat_caps};
  }
};

Readings read(const Facts &facts);

}  // namespace parley::host
