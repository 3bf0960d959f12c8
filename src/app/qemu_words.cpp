// SPDX-License-Identifier: Apache-2.0
#include "qemu_words.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "parley/base/text.hpp"
#include "parley/guest/plan.hpp"

namespace parley::app {
namespace {

constexpr std::array<std::string_view, 16> kQemuOptions{
    "-accel",   "-append", "-cpu",       "-display",    "-enable-kvm", "-initrd", "-kernel", "-machine",
    "-monitor", "-name",   "-no-reboot", "-nodefaults", "-nographic",  "-serial", "-smp",    "-vga"};

// Settings of QEMU's pseries that Parley either always has that way or has nothing of.
constexpr std::array<std::string_view, 6> kWithoutEffect{"graphics", "mem-merge", "resize-hpt",
                                                         "usb",      "vsmt",      "dump-guest-core"};

// "a,b=c" as ("a", ""), ("b", "c")
std::vector<std::pair<std::string, std::string>> settings_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> settings;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto equals = word.find('=');
    settings.emplace_back(word.substr(0, equals), equals == word.npos ? "" : word.substr(equals + 1));
  }
  return settings;
}

bool is_without_effect(const std::string &key) {
  return key.starts_with("cap-") || std::ranges::find(kWithoutEffect, key) != kWithoutEffect.end();
}

// Unless they contradict it, these ask for what Parley is.
bool is_so_anyway(const std::string &key) {
  return key == "accel" || key == "ic-mode" || key == "kernel-irqchip" || key == "kernel_irqchip" || key == "x-vof";
}

// What Parley cannot be told to be, although QEMU could.
std::string contradiction(const std::string &key, const std::string &value) {
  if (key == "accel" && value != "kvm") return "guests run in KVM only";
  if (key == "ic-mode" && value == "xive") return "guests have the XICS interrupt controller only";
  if ((key == "kernel-irqchip" || key == "kernel_irqchip") && value == "off")
    return "the interrupt controller is the kernel's";
  return "";
}

Failure bad_machine(std::string_view text, std::string why) {
  return {"cannot be the machine '" + std::string(text) + "'", std::move(why),
          "-M takes pseries, max-cpu-compat=LEVEL, and cap-... settings, which it leaves without effect"};
}

}  // namespace

std::vector<std::string> with_double_dashes(int argc, const char *const *argv) {
  std::vector<std::string> words;
  for (int i = 0; i < argc; ++i) {
    const bool known = std::ranges::find(kQemuOptions, std::string_view(argv[i])) != kQemuOptions.end();
    words.push_back((known ? "-" : "") + std::string(argv[i]));
  }
  return words;
}

std::expected<MachineWords, Failure> parse_machine(std::string_view text) {
  MachineWords words;
  for (const auto &[key, value] : settings_of(text)) {
    const bool is_type = value.empty() && (key == "pseries" || key.starts_with("pseries-"));
    if (is_type || (key == "type" && value.starts_with("pseries"))) continue;
    if (const std::string why = contradiction(key, value); !why.empty())
      return std::unexpected(bad_machine(text, key + "=" + value + ": " + why));
    if (is_so_anyway(key)) continue;
    if (key == "max-cpu-compat") {
      words.compat = value;
    } else if (is_without_effect(key)) {
      const std::string word = value.empty() ? key : key + "=" + value;
      if (std::ranges::find(words.no_effect, word) == words.no_effect.end()) words.no_effect.push_back(word);
    } else {
      return std::unexpected(bad_machine(text, "it does not know '" + key + "'"));
    }
  }
  return words;
}

std::expected<unsigned, Failure> parse_smp(std::string_view text) {
  const auto bad = [&](std::string why) {
    return std::unexpected(Failure{"'" + std::string(text) + "' is no number of vCPUs", std::move(why),
                                   "for example -smp 2: from 1 to " + std::to_string(guest::kMaxProcessors) +
                                       ", each of them a core of one thread"});
  };
  std::map<std::string, std::uint64_t> values;
  for (const auto &[key, value] : settings_of(text)) {
    const bool bare = value.empty();
    if (!parse_number(bare ? key : value, values[bare ? "cpus" : key]))
      return bad("it holds something that is no number");
  }
  std::uint64_t product = 1;
  bool has_topology = false;
  for (const auto &[key, value] : values) {
    if (key == "threads" && value != 1) return bad("threads share nothing here: each vCPU is a core of its own");
    if (key == "cores" || key == "sockets" || key == "dies") {
      if (value < 1 || value > guest::kMaxProcessors) return bad(key + " is out of range");
      product *= value;
      has_topology = true;
    } else if (key != "cpus" && key != "threads" && key != "maxcpus") {
      return bad("it does not know '" + key + "'");
    }
  }
  const std::uint64_t cpus = values.contains("cpus") ? values["cpus"] : has_topology ? product : values["maxcpus"];
  if (has_topology && product != cpus) return bad("its sockets, dies and cores make " + std::to_string(product));
  if (values.contains("maxcpus") && values["maxcpus"] != cpus) return bad("vCPUs cannot be added while a guest runs");
  if (cpus < 1 || cpus > guest::kMaxProcessors) return bad("it is out of range");
  return static_cast<unsigned>(cpus);
}

std::expected<void, Failure> parse_cpu(std::string_view text) {
  if (text == "host") return {};
  return std::unexpected(Failure{"a guest cannot have the processor '" + std::string(text) + "'",
                                 "-cpu names silicon, and a guest in KVM has that of its host",
                                 "use -cpu host, and --compat (or -M max-cpu-compat=) for the level"});
}

}  // namespace parley::app
