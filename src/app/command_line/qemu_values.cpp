// SPDX-License-Identifier: Apache-2.0
//
// QEMU writes the value of an option as settings with commas between them: "pseries,max-cpu-compat=power9". Each parser
// below sorts the settings into four groups, as the table of options does (qemu_options.cpp): those that Parley has,
// those that describe Parley's only behaviour, those without effect, and those that Parley must refuse. A setting that
// no group lists is refused: it may change what the user expects of the guest.
//
// QEMU's documentation of the settings: qemu-options.hx (-machine, -cpu, -smp, -m), and hw/ppc/spapr.c for the machine
// "pseries".
#include "app/command_line/qemu_values.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "parley/base/level.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/guest/plan.hpp"

namespace parley::app {
namespace {

constexpr std::array<std::string_view, 6> kWithoutEffect{"graphics", "mem-merge", "resize-hpt",
                                                         "usb",      "vsmt",      "dump-guest-core"};
constexpr std::array<std::string_view, 6> kAlreadySo{"accel",          "ic-mode",  "kernel-irqchip",
                                                     "kernel_irqchip", "kvm-type", "x-vof"};

bool is_one_of(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

using Settings = std::vector<std::pair<std::string, std::string>>;

// "a,b=c" as ("a", ""), ("b", "c")
Settings settings_of(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto equals = word.find('=');
    settings.emplace_back(word.substr(0, equals), equals == word.npos ? "" : word.substr(equals + 1));
  }
  return settings;
}

std::string unknown_setting(const std::string &key) { return "it does not know '" + key + "'"; }

// --- -M

// Why Parley cannot have this value of a setting of kAlreadySo; "" if it can.
std::string contradiction(const std::string &key, const std::string &value) {
  // With "kvm:tcg" QEMU emulates if there is no KVM. Parley fails then.
  if (key == "accel" && value != "kvm" && !value.starts_with("kvm:")) return "guests run in KVM only";
  if (key == "kvm-type" && to_lower(value) != "hv" && value != "auto") return "only KVM-HV can set a guest's level";
  if (key == "ic-mode" && value == "xive") return "guests have the XICS interrupt controller only";
  if ((key == "kernel-irqchip" || key == "kernel_irqchip") && value == "off")
    return "the kernel provides the interrupt controller";
  return "";
}

Failure bad_machine(std::string_view text, std::string why) {
  return {"cannot provide the machine '" + std::string(text) + "'", std::move(why),
          "-M takes pseries, max-cpu-compat=LEVEL, and cap-... settings, which have no effect"};
}

bool is_machine_type(const std::string &key, const std::string &value) {
  if (key == "type") return value.starts_with("pseries");
  return value.empty() && (key == "pseries" || key.starts_with("pseries-"));
}

void add_once(std::vector<std::string> &words, std::string word) {
  if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
}

// --- -smp

using Topology = std::map<std::string, std::uint64_t>;

Failure bad_smp(std::string_view text, std::string why, const std::string &remedy = "for example -smp 2") {
  return {"'" + std::string(text) + "' is not a number of vCPUs", std::move(why),
          remedy + ": from 1 to " + std::to_string(guest::kMaxProcessors) + ", each of them a core of one thread"};
}

bool is_level_of_topology(const std::string &key) { return key == "cores" || key == "sockets" || key == "dies"; }

// How many vCPUs to request instead of cores with several threads.
std::uint64_t threads_as_cores(const Topology &topology) {
  if (const auto cpus = topology.find("cpus"); cpus != topology.end())
    return std::clamp<std::uint64_t>(cpus->second, 1, guest::kMaxProcessors);
  std::uint64_t all = topology.at("threads");
  for (const auto &[key, value] : topology)
    if (is_level_of_topology(key)) all *= std::min<std::uint64_t>(value, guest::kMaxProcessors);
  return std::clamp<std::uint64_t>(all, 1, guest::kMaxProcessors);
}

std::expected<Topology, Failure> read_topology(std::string_view text) {
  Topology topology;
  for (const auto &[key, value] : settings_of(text)) {
    const bool is_count = value.empty();
    if (!parse_number(is_count ? key : value, topology[is_count ? "cpus" : key]))
      return std::unexpected(bad_smp(text, "one of its values is not a number"));
  }
  if (const auto threads = topology.find("threads"); threads != topology.end() && threads->second != 1)
    return std::unexpected(bad_smp(text, "a core cannot have several threads: each vCPU is a core",
                                   "write -smp " + std::to_string(threads_as_cores(topology))));
  return topology;
}

}  // namespace

std::expected<MachineValue, Failure> parse_machine(std::string_view text) {
  MachineValue machine;
  for (const auto &[key, value] : settings_of(text)) {
    if (is_machine_type(key, value)) continue;
    if (const std::string why = contradiction(key, value); !why.empty())
      return std::unexpected(bad_machine(text, key + "=" + value + ": " + why));
    if (is_one_of(kAlreadySo, key)) continue;
    if (key == "max-cpu-compat") {
      machine.compat = value;
    } else if (key.starts_with("cap-") || is_one_of(kWithoutEffect, key)) {
      add_once(machine.no_effect, value.empty() ? key : key + "=" + value);
    } else {
      return std::unexpected(bad_machine(text, unknown_setting(key)));
    }
  }
  return machine;
}

std::expected<unsigned, Failure> parse_smp(std::string_view text) {
  const auto bad = [&](std::string why) { return std::unexpected(bad_smp(text, std::move(why))); };
  const Topology topology = TRY(read_topology(text));
  std::uint64_t product = 1;
  bool has_levels = false;
  for (const auto &[key, value] : topology) {
    if (is_level_of_topology(key)) {
      if (value < 1 || value > guest::kMaxProcessors) return bad(key + " is out of range");
      product *= value;
      has_levels = true;
    } else if (key != "cpus" && key != "threads" && key != "maxcpus") {
      return bad(unknown_setting(key));
    }
  }
  const auto maximum = topology.find("maxcpus");
  const auto count = topology.find("cpus");
  const std::uint64_t cpus = count != topology.end()     ? count->second
                             : has_levels                ? product
                             : maximum != topology.end() ? maximum->second
                                                         : 0;
  if (has_levels && product != cpus) return bad("its sockets, dies and cores make " + std::to_string(product));
  if (maximum != topology.end() && maximum->second != cpus) return bad("vCPUs cannot be added to a running guest");
  if (cpus < 1 || cpus > guest::kMaxProcessors) return bad("it is out of range");
  return static_cast<unsigned>(cpus);
}

std::expected<CpuValue, Failure> parse_cpu(std::string_view text) {
  CpuValue cpu;
  const auto refuse = [&](std::string why) {
    return std::unexpected(Failure{"a guest cannot have the processor '" + std::string(text) + "'", std::move(why),
                                   "use -cpu host, and --compat (or -M max-cpu-compat=) for the level"});
  };
  const Settings settings = settings_of(text);
  const std::string model = settings.empty() || !settings.front().second.empty() ? "" : settings.front().first;
  // "POWER9_v2.2" is a stepping of POWER9.
  const auto level = Level::from_name(std::string_view(model).substr(0, model.find('_')));
  if (level) {
    cpu.compat = std::string(level->name());
    cpu.remark = "-cpu " + model + " is taken as --compat " + *cpu.compat +
                 ": the guest has its host's processor, at that level";
  } else if (model != "host") {
    return refuse("-cpu names a processor, and a guest in KVM has its host's processor");
  }
  for (const auto &[key, value] : std::span(settings).subspan(1)) {
    if (key != "compat" || value.empty()) return refuse(unknown_setting(key));
    if (cpu.compat && *cpu.compat != to_lower(value)) return refuse("it names two levels");
    cpu.compat = value;
  }
  return cpu;
}

std::expected<MemoryValue, Failure> parse_memory(std::string_view text) {
  MemoryValue memory;
  std::string size;
  const auto bad = [&](std::string why) {
    return std::unexpected(
        Failure{"'" + std::string(text) + "' is not a memory size", std::move(why), "for example -m 2G"});
  };
  for (const auto &[key, value] : settings_of(text)) {
    const bool is_size = value.empty() || key == "size";
    if (is_size && size.empty()) {
      size = value.empty() ? key : value;
    } else if (!is_size && (key == "slots" || key == "maxmem")) {
      memory.no_effect.push_back("-m " + key + "=" + value);
    } else {
      return bad(is_size ? "it names two sizes" : unknown_setting(key));
    }
  }
  if (size.empty() && !text.empty()) return bad("it names no size");
  memory.size = TRY(guest::parse_memory_size(size));
  return memory;
}

}  // namespace parley::app
