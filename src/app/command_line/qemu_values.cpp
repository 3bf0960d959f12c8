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
#include <bit>
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

Failure bad_smp(std::string_view text, std::string why) {
  return {"'" + std::string(text) + "' is not a number of vCPUs", std::move(why),
          "for example -smp 2, or -smp 8,threads=4 for two cores of four threads: from 1 to " +
              std::to_string(guest::kMaxProcessors) + " vCPUs, in cores of 1, 2, 4 or 8 threads"};
}

bool is_level_of_topology(const std::string &key) {
  return key == "cores" || key == "sockets" || key == "dies" || key == "threads";
}

std::expected<Topology, Failure> read_topology(std::string_view text) {
  Topology topology;
  for (const auto &[key, value] : settings_of(text)) {
    const bool is_count = value.empty();
    if (!parse_number(is_count ? key : value, topology[is_count ? "cpus" : key]))
      return std::unexpected(bad_smp(text, "one of its values is not a number"));
  }
  return topology;
}

std::optional<std::uint64_t> value_of(const Topology &topology, const char *key) {
  const auto found = topology.find(key);
  return found == topology.end() ? std::nullopt : std::optional(found->second);
}

// A value of 64 at most keeps the product of all levels far from wrapping around.
std::expected<std::uint64_t, std::string> product_of_levels(const Topology &topology) {
  std::uint64_t product = 1;
  for (const auto &[key, value] : topology) {
    if (is_level_of_topology(key)) {
      if (value < 1 || value > guest::kMaxProcessors) return std::unexpected(key + " is out of range");
      product *= value;
    } else if (key != "cpus" && key != "maxcpus") {
      return std::unexpected(unknown_setting(key));
    }
  }
  return product;
}

// QEMU computes what is missing: sockets come first (hw/core/machine-smp.c), so a count without cores is a count of
// cores here.
std::expected<SmpValue, std::string> count_vcpus(const Topology &topology) {
  const std::uint64_t product = TRY(product_of_levels(topology));
  const std::uint64_t threads = value_of(topology, "threads").value_or(1);
  const bool has_cores = product != threads || topology.contains("cores") || topology.contains("sockets");
  const auto maximum = value_of(topology, "maxcpus");
  const std::uint64_t cpus = value_of(topology, "cpus").value_or(maximum.value_or(product));
  if (has_cores && product != cpus)
    return std::unexpected("its sockets, dies, cores and threads make " + std::to_string(product));
  if (maximum && *maximum != cpus) return std::unexpected("vCPUs cannot be added to a running guest");
  if (topology.empty() || cpus < 1 || cpus > guest::kMaxProcessors) return std::unexpected("it is out of range");
  if (threads > guest::kMaxThreads || !std::has_single_bit(threads))
    return std::unexpected("a core has 1, 2, 4 or 8 threads");
  if (cpus % threads != 0) return std::unexpected("its last core would lack threads");
  return SmpValue{static_cast<unsigned>(cpus), static_cast<unsigned>(threads)};
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

std::expected<SmpValue, Failure> parse_smp(std::string_view text) {
  const auto smp = count_vcpus(TRY(read_topology(text)));
  if (!smp) return std::unexpected(bad_smp(text, smp.error()));
  return *smp;
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
