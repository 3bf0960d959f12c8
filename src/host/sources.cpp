// SPDX-License-Identifier: Apache-2.0
#include "sources.hpp"

#include <algorithm>

#include "level_name.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"

namespace parley::host {
namespace {

constexpr const char *kSilent = "-";

// arch/powerpc/include/uapi/asm/cputable.h
constexpr std::uint64_t kHwcap2Arch207 = 0x80000000;
constexpr std::uint64_t kHwcap2Arch300 = 0x00800000;
constexpr std::uint64_t kHwcap2Arch31 = 0x00040000;

// The lowest level that has all of the ISA that HWCAP2 announces. power10 and power11 look the same here.
std::optional<Level> level_in_hwcap2(std::uint64_t bits) {
  if (bits & kHwcap2Arch31) return level("power10");
  if (bits & kHwcap2Arch300) return level("power9");
  if (bits & kHwcap2Arch207) return level("power8");
  return std::nullopt;
}

Agreement compare(const Source &source, const Capabilities &host) {
  if (!source.level || !host.level) return Agreement::kSilent;
  bool agrees = *source.level == *host.level;
  if (source.trust == Trust::kSiliconOnly) agrees = *source.level >= *host.level;
  if (source.trust == Trust::kHint) agrees = source.level->info().isa == host.level->info().isa;
  return agrees ? Agreement::kAgrees : Agreement::kDisagrees;
}

Source named(std::string source_name, std::string where, const std::optional<std::string> &text, Trust trust) {
  const NamedLevel found = level_in_name(text.value_or(""));
  return {std::move(source_name), std::move(where), text.value_or(kSilent), found.level, trust, Agreement::kSilent};
}

Source physical(std::string source_name, std::string where, const std::optional<PhysicalPvr> &pvr) {
  Source source{std::move(source_name), std::move(where),    kSilent,
                std::nullopt,           Trust::kSiliconOnly, Agreement::kSilent};
  if (pvr) {
    source.says = hex32(pvr->value);
    source.level = Level::from_physical(*pvr);
  }
  return source;
}

// One row for all cpu nodes that say the same.
void add_cpu_versions(const TreeFacts &tree, const CpuVersions &versions, Platform platform,
                      std::vector<Source> &sources) {
  const std::string where = (tree.origin.empty() ? "device tree" : tree.origin) + "/cpus/*/cpu-version";
  const Trust trust = platform == Platform::kPowerNv ? Trust::kSiliconOnly : Trust::kAuthoritative;
  if (versions.groups.empty()) {
    sources.push_back({"cpu-version", where, versions.says, std::nullopt, trust, Agreement::kSilent});
  }
  for (const auto &[version, first_node, nodes] : versions.groups) {
    std::string says = version.says;
    if (nodes > 1) says += " (" + std::to_string(nodes) + " nodes)";
    if (versions.groups.size() > 1) says += ", " + first_node;
    sources.push_back({"cpu-version", where, std::move(says), version.level, trust, Agreement::kSilent});
  }
}

Source hwcap2(const SystemFacts &system) {
  Source source{"AT_HWCAP2", "auxv 26", kSilent, std::nullopt, Trust::kHint, Agreement::kSilent};
  if (!system.hwcap2) return source;
  source.says = hex64(*system.hwcap2);
  source.level = level_in_hwcap2(*system.hwcap2);
  if (source.level) source.says += ", ISA " + std::string(source.level->info().isa);
  return source;
}

Source kvm_capabilities(const KvmFacts &kvm) {
  Source source{"KVM capabilities", "KVM_CHECK_EXTENSION", kSilent, std::nullopt, Trust::kHint, Agreement::kSilent};
  std::vector<std::string> present;
  constexpr std::string_view kPrefix = "KVM_CAP_";
  for (const auto &[capability, value] : kvm.capabilities) {
    if (value == 0) continue;
    const bool prefixed = capability.starts_with(kPrefix);  // a saved report may say anything
    present.push_back(capability.substr(prefixed ? kPrefix.size() : 0) +
                      (value > 1 ? "=" + std::to_string(value) : ""));
  }
  if (!present.empty()) source.says = join(present, " ");
  return source;
}

Source compat_caps(const KvmFacts &kvm) {
  Source source{"KVM compat capabilities", "KVM_PPC_GET_COMPAT_CAPS", "not in this kernel", std::nullopt,
                Trust::kCorroborating,     Agreement::kSilent};
  if (kvm.access == KvmAccess::kNotAsked) source.says = kSilent;
  if (!kvm.compat_caps) return source;
  if (kvm.compat_caps->error != 0) {
    source.says = "failed: " + errno_name(kvm.compat_caps->error);
    return source;
  }
  std::vector<std::string> granted;
  for (const Level candidate : Level::all()) {
    if ((kvm.compat_caps->bits & compat_cap_of(candidate)) == 0) continue;
    granted.emplace_back(candidate.name());
    source.level = candidate;  // they ascend: the last one is the highest
  }
  source.says = granted.empty() ? "no level" : join(granted, ", ");
  return source;
}

// Whether the kernel took or refused the level, and did not fail over something else.
bool is_answer(const LevelTrial &trial) {
  return trial.outcome != TrialOutcome::kOther && trial.outcome != TrialOutcome::kStoredWithoutPapr;
}

std::string outcome_word(const LevelTrial &trial) {
  switch (trial.outcome) {
    case TrialOutcome::kTaken:
      return "taken";
    case TrialOutcome::kRefused:
      return "refused";
    case TrialOutcome::kNoRegister:
      return "no such register";
    case TrialOutcome::kStoredWithoutPapr:
      return "stored, but the vCPU has no PAPR";
    case TrialOutcome::kPoisoned:
      return "refused, reads back " + hex32(kInvalidLogicalPvr.value);
    case TrialOutcome::kOther:
      break;
  }
  return describe(trial);
}

// One row each, as each says another thing: what this kernel does with this level.
void add_trials(const KvmFacts &kvm, const Capabilities &host, std::vector<Source> &sources) {
  for (const LevelTrial &trial : kvm.trials) {
    const auto asked = Level::from_logical(trial.asked);
    Source source{"KVM trial of " + std::string(asked ? asked->name() : hex32(trial.asked.value)),
                  "KVM_SET_ONE_REG arch_compat",
                  outcome_word(trial),
                  asked,
                  Trust::kCorroborating,
                  Agreement::kSilent};
    // A refusal below the host's level is the hypervisor's right (the nested floor, a capability not granted).
    const bool taken = trial.outcome == TrialOutcome::kTaken;
    if (asked && host.level && taken)
      source.agreement = *asked <= *host.level ? Agreement::kAgrees : Agreement::kDisagrees;
    if (asked && host.level && !taken && is_answer(trial))
      source.agreement = *asked == *host.level ? Agreement::kDisagrees : Agreement::kAgrees;
    sources.push_back(std::move(source));
  }
}

}  // namespace

std::optional<Level> find_silicon(const Facts &facts) {
  if (facts.kvm.pvr) {
    if (const auto found = Level::from_physical(*facts.kvm.pvr)) return found;
  }
  if (facts.system.cpuinfo_pvr) {
    if (const auto found = Level::from_physical(*facts.system.cpuinfo_pvr)) return found;
  }
  // A chip newer than all known ones is of no known level.
  const auto named = level_in_name(facts.system.base_platform.value_or(""));
  if (named.level && !named.newer) return named.level;
  // A raw cpu-version is the physical PVR.
  for (const CpuNode &node : facts.tree.cpus) {
    if (!node.cpu_version || node.cpu_version->size() != sizeof(std::uint32_t)) continue;
    const auto value = load_be<std::uint32_t>(*node.cpu_version);
    if (is_logical(value)) continue;
    if (const auto found = Level::from_physical(PhysicalPvr{value})) return found;
  }
  return std::nullopt;
}

std::vector<Source> list_sources(const Facts &facts, const CpuVersions &versions, const Capabilities &host) {
  std::vector<Source> sources;
  add_cpu_versions(facts.tree, versions, host.platform, sources);
  sources.push_back(named("AT_PLATFORM", "auxv 15", facts.system.platform, Trust::kCorroborating));
  sources.push_back(named("AT_BASE_PLATFORM", "auxv 24", facts.system.base_platform, Trust::kSiliconOnly));
  sources.push_back(hwcap2(facts.system));
  sources.push_back(named("cpuinfo cpu", "/proc/cpuinfo", facts.system.cpuinfo_cpu, Trust::kCorroborating));
  sources.push_back(physical("cpuinfo pvr", "/proc/cpuinfo", facts.system.cpuinfo_pvr));
  sources.push_back(physical("KVM vCPU pvr", "KVM_GET_SREGS", facts.kvm.pvr));
  sources.push_back(kvm_capabilities(facts.kvm));
  sources.push_back(compat_caps(facts.kvm));
  for (Source &source : sources) source.agreement = compare(source, host);
  add_trials(facts.kvm, host, sources);
  return sources;
}

std::vector<Doubt> doubts_between(const Facts &facts, const Capabilities &host) {
  std::vector<Doubt> doubts;
  if (!host.level) return doubts;
  if (host.silicon && *host.silicon < *host.level) {
    doubts.push_back({"silicon-below-level", "the silicon is " + std::string(host.silicon->name()) +
                                                 ", yet the level is " + describe(*host.level)});
  }
  if (level_in_name(facts.system.platform.value_or("")).newer) {
    doubts.push_back({"at-platform-newer-than-known",
                      "AT_PLATFORM " + *facts.system.platform +
                          " is a level newer than this program knows; it is treated as " + describe(Level::highest())});
  }
  for (const Source &source : host.sources) {
    const bool speaks_of_level = source.trust == Trust::kCorroborating || source.trust == Trust::kHint;
    if (!speaks_of_level || source.agreement != Agreement::kDisagrees) continue;
    const bool trial = source.name.starts_with("KVM trial");
    std::string sentence =
        source.name + " (" + source.says + ") does not go with the host's level " + describe(*host.level);
    // Only between levels of one ISA can a kernel miss that (kvmppc_set_arch_compat compares ISA bits).
    const bool above = *source.level > *host.level && source.level->info().isa == host.level->info().isa;
    if (trial && above) sentence += ": a kernel without the arch_compat check (before Linux 7.2)";
    doubts.push_back({trial ? "kvm-trial-disagrees" : "source-disagrees", std::move(sentence)});
  }
  return doubts;
}

namespace {

// What every Linux on POWER tells its programs. AT_HWCAP2 of a POWER7 stands for no level; all others name one.
void add_silent(const Facts &facts, const Capabilities &host, std::vector<Doubt> &doubts) {
  constexpr std::string_view kAlwaysThere[] = {"AT_PLATFORM", "AT_BASE_PLATFORM", "AT_HWCAP2", "cpuinfo cpu",
                                               "cpuinfo pvr"};
  if (!facts.system.cpuinfo_problem.empty())
    doubts.push_back({"cpuinfo-unreadable", "/proc/cpuinfo could not be read: " + facts.system.cpuinfo_problem});
  for (const Source &source : host.sources) {
    const bool unreadable = source.where == "/proc/cpuinfo" && !facts.system.cpuinfo_problem.empty();
    const bool speaks = source.says != kSilent;
    if (!speaks && !unreadable && std::ranges::find(kAlwaysThere, source.name) != std::end(kAlwaysThere))
      doubts.push_back({"source-silent", source.name + " (" + source.where + ") says nothing: what it would have " +
                                             "confirmed or contradicted is not known"});
    const bool names_level = source.trust == Trust::kCorroborating || source.trust == Trust::kSiliconOnly;
    const bool is_kvms = source.where == "KVM_PPC_GET_COMPAT_CAPS" || source.where.starts_with("KVM_SET");
    if (speaks && names_level && !source.level && !is_kvms && source.name != "cpu-version")
      doubts.push_back(
          {"source-not-understood", source.name + " (" + source.says + ") names no processor that this program knows"});
  }
}

}  // namespace

std::vector<Doubt> failed_sources(const Facts &facts, const Capabilities &host) {
  std::vector<Doubt> doubts;
  if (const auto &caps = facts.kvm.compat_caps; caps && caps->error != 0)
    doubts.push_back({"compat-caps-unreadable", "KVM_PPC_GET_COMPAT_CAPS failed with " + errno_text(caps->error) +
                                                    ", though this kernel says that it has it: which levels the "
                                                    "hypervisor grants is not known"});
  for (const LevelTrial &trial : facts.kvm.trials) {
    if (is_answer(trial)) continue;
    const auto asked = Level::from_logical(trial.asked);
    doubts.push_back({"kvm-trial-failed", "KVM gave no answer to " +
                                              (asked ? describe(*asked) : hex32(trial.asked.value)) +
                                              ": KVM_SET_ONE_REG arch_compat " + describe(trial)});
  }
  if (facts.system.machine.empty()) return doubts;  // of a tree alone, nothing else was asked
  add_silent(facts, host, doubts);
  if (facts.tree.problem.empty() && !facts.tree.timebase_frequency)
    doubts.push_back(
        {"timebase-unknown",
         "the device tree gives no timebase-frequency: guests are told 512 MHz, that of POWER8 to Power11"});
  return doubts;
}

}  // namespace parley::host
