// SPDX-License-Identifier: Apache-2.0
//
// The JSON report of `parley inspect` (docs/inspect.schema.json).
//
// A report has two halves. `facts` holds the raw answers of the sources; `sources`, `doubts` and `verdict` follow from
// them. Only the facts are read back: a saved report is assessed again, so that a newer Parley can give a better
// verdict on old facts. Numbers that are registers or bit masks are written as hexadecimal strings, because people
// compare them with the manuals, and JSON has no 64-bit integers that all readers keep exact.
//
// Reading trusts nothing. nlohmann's accessors throw on a missing key or a wrong type, and number_of(), count_of() and
// bytes_of() throw on values out of range. read_report() (json_values.hpp) turns every exception into one Failure.
#include "parley/report/json.hpp"

#include "json_values.hpp"
#include "parley/base/text.hpp"
#include "words.hpp"

namespace parley::report {
namespace {

template <typename T>
Json plain_or_null(const std::optional<T> &value) {
  return or_null(value, [](const T &there) { return there; });
}
Json plain_or_null(const std::optional<PhysicalPvr> &pvr) {
  return or_null(pvr, [](PhysicalPvr there) { return hex32(there.value); });
}
Json plain_or_null(const std::optional<Level> &level) {
  return or_null(level, [](Level there) { return there.name(); });
}

std::string hex_bytes(const Bytes &bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

Json tree_json(const host::TreeFacts &tree) {
  Json cpus = Json::array();
  for (const auto &cpu : tree.cpus) {
    cpus.push_back({{"name", cpu.name},
                    {"cpu_version", cpu.cpu_version ? Json(hex_bytes(*cpu.cpu_version)) : Json(nullptr)},
                    {"threads", cpu.threads}});
  }
  return {{"origin", tree.origin}, {"problem", tree.problem},
          {"model", tree.model},   {"compatible", tree.compatible},
          {"rtas", tree.has_rtas}, {"opal", tree.has_opal},
          {"cpus", cpus},          {"timebase_frequency", plain_or_null(tree.timebase_frequency)}};
}

Json system_json(const host::SystemFacts &system) {
  return {{"machine", system.machine},
          {"kernel_release", system.kernel_release},
          {"at_platform", plain_or_null(system.platform)},
          {"at_base_platform", plain_or_null(system.base_platform)},
          {"at_hwcap2", system.hwcap2 ? Json(hex64(*system.hwcap2)) : Json(nullptr)},
          {"cpuinfo_cpu", plain_or_null(system.cpuinfo_cpu)},
          {"cpuinfo_pvr", plain_or_null(system.cpuinfo_pvr)},
          {"page_size", system.page_size},
          {"cpuinfo_problem", system.cpuinfo_problem}};
}

Json kvm_json(const host::KvmFacts &kvm) {
  Json trials = Json::array();
  for (const auto &trial : kvm.trials) trials.push_back(trial_value(trial));
  Json compat_caps = nullptr;
  if (kvm.compat_caps) compat_caps = {{"errno", kvm.compat_caps->error}, {"bits", hex64(kvm.compat_caps->bits)}};
  return {{"access", word_for(kAccessWords, kvm.access)},
          {"detail", kvm.detail},
          {"capabilities", kvm.capabilities},
          {"pvr", plain_or_null(kvm.pvr)},
          {"compat_caps", compat_caps},
          {"trials", trials}};
}

Json verdict_json(const compat::AssessedHost &host) {
  const auto &known = host.capabilities;
  const auto legal = compat::legal_range(host);
  return {{"platform", name(known.platform)},       {"kvm", word_for(kKindWords, known.kvm)},
          {"kind_reason", known.kind_reason},       {"silicon", plain_or_null(known.silicon)},
          {"level", plain_or_null(known.level)},    {"level_reason", known.level_reason},
          {"compat_mode", known.compat_mode},       {"highest_legal", plain_or_null(legal.highest)},
          {"highest_reason", legal.highest_reason}, {"lowest_legal", plain_or_null(legal.lowest)},
          {"lowest_reason", legal.lowest_reason},   {"interrupt_controller", known.interrupt_controller},
          {"page_size", known.page_size},           {"threads_per_core", known.threads_per_core}};
}

std::uint64_t number_of(const Json &value) {
  std::uint64_t number = 0;
  const auto text = value.get<std::string>();
  if (!parse_number(text, number)) throw std::invalid_argument("'" + text + "' is not a number");
  return number;
}
std::string text_of(const Json &value) { return value.get<std::string>(); }
PhysicalPvr pvr_of(const Json &value) { return PhysicalPvr{number32_of(value)}; }

// nlohmann silently truncates numbers that do not fit.
std::uint32_t count_of(const Json &value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 0xffffffff)
    throw std::invalid_argument(value.dump() + " is not a count");
  return value.get<std::uint32_t>();
}

Bytes bytes_of(const Json &value) {
  const auto text = value.get<std::string>();
  if (text.size() % 2 != 0) throw std::invalid_argument("'" + text + "' is not a row of bytes");
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    std::uint64_t number = 0;
    if (!parse_number("0x" + text.substr(i, 2), number))
      throw std::invalid_argument("'" + text + "' is not a row of bytes");
    bytes.push_back(static_cast<std::byte>(number));
  }
  return bytes;
}

host::TreeFacts read_tree(const Json &json) {
  host::TreeFacts tree;
  tree.origin = json.at("origin").get<std::string>();
  tree.problem = json.at("problem").get<std::string>();
  tree.model = json.at("model").get<std::string>();
  tree.compatible = json.at("compatible").get<std::vector<std::string>>();
  tree.has_rtas = json.at("rtas").get<bool>();
  tree.has_opal = json.at("opal").get<bool>();
  for (const Json &cpu : json.at("cpus"))
    tree.cpus.push_back({cpu.at("name").get<std::string>(), optional_value(cpu.at("cpu_version"), bytes_of),
                         count_of(cpu.at("threads"))});
  if (const Json &hertz = json.at("timebase_frequency"); !hertz.is_null()) tree.timebase_frequency = count_of(hertz);
  return tree;
}

host::SystemFacts read_system(const Json &json) {
  host::SystemFacts system;
  system.machine = json.at("machine").get<std::string>();
  system.kernel_release = json.at("kernel_release").get<std::string>();
  system.platform = optional_value(json.at("at_platform"), text_of);
  system.base_platform = optional_value(json.at("at_base_platform"), text_of);
  if (!json.at("at_hwcap2").is_null()) system.hwcap2 = number_of(json.at("at_hwcap2"));
  system.cpuinfo_cpu = optional_value(json.at("cpuinfo_cpu"), text_of);
  system.cpuinfo_pvr = optional_value(json.at("cpuinfo_pvr"), pvr_of);
  system.page_size = count_of(json.at("page_size"));
  system.cpuinfo_problem = json.value("cpuinfo_problem", "");  // older reports have none
  return system;
}

host::KvmFacts read_kvm(const Json &json) {
  host::KvmFacts kvm;
  kvm.access = value_for(kAccessWords, json.at("access"));
  kvm.detail = json.at("detail").get<std::string>();
  kvm.capabilities = json.at("capabilities").get<decltype(kvm.capabilities)>();
  kvm.pvr = optional_value(json.at("pvr"), pvr_of);
  if (const Json &caps = json.at("compat_caps"); !caps.is_null())
    kvm.compat_caps = host::CompatCaps{caps.at("errno").get<int>(), number_of(caps.at("bits"))};
  for (const Json &trial : json.at("trials")) kvm.trials.push_back(read_trial(trial));
  return kvm;
}

}  // namespace

std::uint32_t number32_of(const Json &value) {
  const auto number = number_of(value);
  if (number > 0xffffffff) throw std::invalid_argument("'" + value.get<std::string>() + "' has more than 32 bits");
  return static_cast<std::uint32_t>(number);
}

Json trial_value(const host::LevelTrial &trial) {
  return {{"asked", hex32(trial.asked.value)},
          {"outcome", word_for(kOutcomeWords, trial.outcome)},
          {"errno", trial.error},
          {"readback", trial.readback ? Json(hex32(trial.readback->value)) : Json(nullptr)}};
}

Json inspect_value(const compat::AssessedHost &host) {
  Json sources = Json::array();
  for (const auto &source : host.capabilities.sources) {
    sources.push_back({{"name", source.name},
                       {"where", source.where},
                       {"says", source.says},
                       {"level", plain_or_null(source.level)},
                       {"trust", word_for(kTrustWords, source.trust)},
                       {"agrees", source.agreement == host::Agreement::kSilent
                                      ? Json(nullptr)
                                      : Json(source.agreement == host::Agreement::kAgrees)}});
  }
  Json doubts = Json::array();
  for (const auto &doubt : host.capabilities.doubts) doubts.push_back({{"id", doubt.id}, {"sentence", doubt.sentence}});
  return {{"schema", kInspectSchema},
          {"facts",
           {{"tree", tree_json(host.facts.tree)},
            {"system", system_json(host.facts.system)},
            {"kvm", kvm_json(host.facts.kvm)}}},
          {"sources", sources},
          {"doubts", doubts},
          {"verdict", verdict_json(host)}};
}

Json parse(std::string_view text) {
  constexpr int kMaxDepth = 32;
  return Json::parse(text, [](int depth, Json::parse_event_t, Json &) {
    if (depth > kMaxDepth) throw std::invalid_argument("it is nested too deeply for a report");
    return true;
  });
}

std::string dump(const Json &value) { return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string inspect_json(const compat::AssessedHost &host) { return dump(inspect_value(host)); }

host::LevelTrial read_trial(const Json &value) {
  return {LogicalPvr{number32_of(value.at("asked"))}, value_for(kOutcomeWords, value.at("outcome")),
          value.at("errno").get<int>(),
          optional_value(value.at("readback"), [](const Json &pvr) { return LogicalPvr{number32_of(pvr)}; })};
}

host::Facts read_facts(const Json &inspect) {
  const Json &facts = inspect.at("facts");
  return {read_tree(facts.at("tree")), read_system(facts.at("system")), read_kvm(facts.at("kvm"))};
}

std::expected<host::Facts, Failure> read_inspect_json(std::string_view text, const std::string &file) {
  return read_report<host::Facts>(text, file, kInspectSchema, "parley inspect --json", read_facts);
}

}  // namespace parley::report
