// SPDX-License-Identifier: Apache-2.0
#include "qemu_words.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/guest/plan.hpp"

namespace parley::app {
namespace {

// What becomes of an option of QEMU's.
enum class Fate : std::uint8_t {
  kOurs,      ///< Parley has it too, with two dashes and with a value
  kOurFlag,   ///< the same, without a value
  kAlready,   ///< a flag that asks for what is so anyway
  kOneValue,  ///< only with the value `only`, which asks for what is so anyway
  kSilent,    ///< with a value, of which nothing is to be said
  kIgnored,   ///< with a value; means nothing here
  kIgnoredFlag,
  kRefused,
};

struct QemuOption {
  std::string_view name;  ///< without its dash
  Fate fate;
  std::string_view only{};     ///< of kOneValue
  std::string_view why{};      ///< of a refusal
  std::string_view instead{};  ///< what to write
};

constexpr std::string_view kNoDisks = "guests have no disks";
constexpr std::string_view kUseInitrd = "put what the guest needs into its initrd (-initrd)";
constexpr std::string_view kNoNetwork = "guests have no network";
constexpr std::string_view kNoScreen = "guests have no screen";
constexpr std::string_view kNoMonitor = "there is no monitor: a signal ends the guest";
constexpr std::string_view kForeground = "Parley stays in the foreground";
constexpr std::string_view kUseService = "leave it out, and have a service manager or nohup run parley";
constexpr std::string_view kNoSnapshots = "a guest can be neither saved nor moved";
constexpr std::string_view kLeaveOut = "leave it out";

constexpr QemuOption kQemuOptions[] = {
    {"append", Fate::kOurs},
    {"cpu", Fate::kOurs},
    {"initrd", Fate::kOurs},
    {"kernel", Fate::kOurs},
    {"machine", Fate::kOurs},
    {"no-reboot", Fate::kOurFlag},
    {"serial", Fate::kOurs},
    {"smp", Fate::kOurs},

    {"enable-kvm", Fate::kAlready},
    {"nodefaults", Fate::kAlready},
    {"nographic", Fate::kAlready},
    {"no-user-config", Fate::kAlready},
    {"accel", Fate::kOneValue, "kvm", "guests run in KVM only", "write -accel kvm"},
    {"display", Fate::kOneValue, "none", kNoScreen, "write -display none; the console goes where -serial says"},
    {"monitor", Fate::kOneValue, "none", kNoMonitor, "write -monitor none"},
    {"net", Fate::kOneValue, "none", kNoNetwork, "write -net none"},
    {"nic", Fate::kOneValue, "none", kNoNetwork, "write -nic none"},
    {"parallel", Fate::kOneValue, "none", "guests have no parallel port", "write -parallel none"},
    {"vga", Fate::kOneValue, "none", kNoScreen, "write -vga none"},

    {"audio", Fate::kIgnored},
    {"audiodev", Fate::kIgnored},
    {"boot", Fate::kIgnored},
    {"k", Fate::kIgnored},
    {"msg", Fate::kIgnored},
    {"name", Fate::kSilent},
    {"overcommit", Fate::kIgnored},
    {"rtc", Fate::kIgnored},
    {"uuid", Fate::kIgnored},
    {"mem-prealloc", Fate::kIgnoredFlag},
    {"no-shutdown", Fate::kIgnoredFlag},

    {"bios", Fate::kRefused, {}, "Parley itself is the guest's firmware", "write -kernel FILE, or --payload FILE"},
    {"blockdev", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"cdrom", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"chardev", Fate::kRefused, {}, "a guest has one console", "say where it goes with -serial"},
    {"daemonize", Fate::kRefused, {}, kForeground, kUseService},
    {"device", Fate::kRefused, {}, "there is no bus for further devices", kLeaveOut},
    {"drive", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"dtb", Fate::kRefused, {}, "Parley makes the guest's device tree", "see it with --dump-dtb FILE"},
    {"fsdev", Fate::kRefused, {}, "guests share no files with the host", kUseInitrd},
    {"gdb", Fate::kRefused, {}, "no debugger can be attached", "follow the guest with -vv"},
    {"global", Fate::kRefused, {}, "Parley has none of QEMU's device models", kLeaveOut},
    {"hda", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"hdb", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"hdc", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"hdd", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"icount",
     Fate::kRefused,
     {},
     "guests run on the real processor, which counts no instructions for them",
     kLeaveOut},
    {"incoming", Fate::kRefused, {}, kNoSnapshots, kLeaveOut},
    {"loadvm", Fate::kRefused, {}, kNoSnapshots, kLeaveOut},
    {"mem-path", Fate::kRefused, {}, "a guest's memory is ordinary memory of its host", kLeaveOut},
    {"mon", Fate::kRefused, {}, kNoMonitor, kLeaveOut},
    {"mtdblock", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"netdev", Fate::kRefused, {}, kNoNetwork, "write -nic none"},
    {"numa", Fate::kRefused, {}, "a guest's memory is one piece", kLeaveOut},
    {"object", Fate::kRefused, {}, "Parley has none of QEMU's objects", kLeaveOut},
    {"pidfile", Fate::kRefused, {}, kForeground, kUseService},
    {"prom-env", Fate::kRefused, {}, "Parley's client interface has no variables of its own", "use -append"},
    {"pflash", Fate::kRefused, {}, kNoDisks, kUseInitrd},
    {"qmp", Fate::kRefused, {}, kNoMonitor, kLeaveOut},
    {"qmp-pretty", Fate::kRefused, {}, kNoMonitor, kLeaveOut},
    {"runas", Fate::kRefused, {}, "Parley needs no rights to give up but those to /dev/kvm", "run it as that user"},
    {"sandbox",
     Fate::kRefused,
     {},
     "Parley's own sandbox is on unless told otherwise",
     "write --sandbox on, log or off"},
    {"snapshot", Fate::kRefused, {}, kNoDisks, kLeaveOut},
    {"spice", Fate::kRefused, {}, kNoScreen, kLeaveOut},
    {"usb", Fate::kRefused, {}, "guests have no USB", kLeaveOut},
    {"virtfs", Fate::kRefused, {}, "guests share no files with the host", kUseInitrd},
    {"vnc", Fate::kRefused, {}, kNoScreen, "write -nographic; the console goes where -serial says"},
    {"S", Fate::kRefused, {}, "a guest cannot be held before its start", kLeaveOut},
    {"s", Fate::kRefused, {}, "no debugger can be attached", "follow the guest with -vv"},
};

// Options that both have, and mean different things by: with two dashes they are Parley's.
constexpr std::array<std::string_view, 2> kOtherMeaning{"boot", "sandbox"};
// Of Parley's own, those whose next word is their value, whatever it looks like.
constexpr std::array<std::string_view, 21> kWithValue{
    "-m",           "--append",  "--boot",      "--compat",  "--cpu",    "--dump-dtb", "--host",
    "--initrd",     "--kernel",  "--log-level", "--machine", "--memory", "--note",     "--nvram",
    "--on-refusal", "--payload", "--sandbox",   "--serial",  "--smp",    "--watchdog", "-M"};

bool takes_next_word(std::string_view word) { return std::ranges::find(kWithValue, word) != kWithValue.end(); }

// The part before '='.
std::string_view name_of(std::string_view word) {
  const bool two = word.starts_with("--");
  if (!word.starts_with('-') || word == "-" || word == "--") return {};
  return two ? word.substr(2, word.find('=') - 2) : word.substr(1);
}

// QEMU takes each option with one dash or with two.
const QemuOption *find_option(std::string_view word) {
  const auto name = name_of(word);
  const auto *found = std::ranges::find(kQemuOptions, name, &QemuOption::name);
  if (name.empty() || found == std::end(kQemuOptions)) return nullptr;
  const bool two = word.starts_with("--");
  const bool is_ours = found->fate == Fate::kOurs || found->fate == Fate::kOurFlag || name.size() == 1 ||
                       std::ranges::find(kOtherMeaning, name) != kOtherMeaning.end();
  return two && is_ours ? nullptr : found;
}

// Which command the line is for: what only QEMU has is for a guest that runs.
bool is_for_run(std::span<const char *const> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with('-')) return word == "run";
    if (takes_next_word(word)) ++i;
  }
  return false;
}

Failure refused_option(std::string_view word, const QemuOption &option) {
  return {"cannot do what " + std::string(word) + " asks for", std::string(option.why), std::string(option.instead)};
}

Failure lacks_value(std::string_view word) {
  return {std::string(word) + " wants a value", "the line ends behind it", "see parley run --help"};
}

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
  return key == "accel" || key == "ic-mode" || key == "kernel-irqchip" || key == "kernel_irqchip" ||
         key == "kvm-type" || key == "x-vof";
}

// What Parley cannot be told to be, although QEMU could.
std::string contradiction(const std::string &key, const std::string &value) {
  // "kvm:tcg" would have QEMU emulate where there is no KVM; here there is KVM or nothing.
  if (key == "accel" && value != "kvm" && !value.starts_with("kvm:")) return "guests run in KVM only";
  if (key == "kvm-type" && to_lower(value) != "hv" && value != "auto") return "only KVM-HV can set a guest's level";
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

std::expected<QemuLine, Failure> read_qemu_line(std::span<const char *const> words) {
  const bool runs = is_for_run(words);
  QemuLine line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const QemuOption *option = find_option(word);
    const bool is_ours = option != nullptr && (option->fate == Fate::kOurs || option->fate == Fate::kOurFlag);
    if (option == nullptr || is_ours || !runs) {
      line.words.push_back((is_ours ? "-" : "") + std::string(word));
      const bool valued = takes_next_word(word) || (is_ours && option->fate == Fate::kOurs);
      if (valued && i + 1 < words.size()) line.words.emplace_back(words[++i]);
      continue;
    }
    if (option->fate == Fate::kRefused) return std::unexpected(refused_option(word, *option));
    if (option->fate == Fate::kAlready) continue;
    if (option->fate == Fate::kIgnoredFlag) {
      line.no_effect.emplace_back(word);
      continue;
    }
    const auto equals = word.starts_with("--") ? word.find('=') : word.npos;
    if (equals == word.npos && ++i == words.size()) return std::unexpected(lacks_value(word));
    const std::string_view value = equals == word.npos ? words[i] : word.substr(equals + 1);
    const std::string given = equals == word.npos ? std::string(word) + " " + std::string(value) : std::string(word);
    if (option->fate == Fate::kIgnored) line.no_effect.push_back(given);
    if (option->fate == Fate::kOneValue && value.substr(0, value.find_first_of(",:")) != option->only)
      return std::unexpected(refused_option(given, *option));
  }
  return line;
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
  const auto bad = [&](std::string why, std::string write = "for example -smp 2") {
    return std::unexpected(Failure{"'" + std::string(text) + "' is no number of vCPUs", std::move(why),
                                   std::move(write) + ": from 1 to " + std::to_string(guest::kMaxProcessors) +
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
  if (const auto threads = values.find("threads"); threads != values.end() && threads->second != 1) {
    std::uint64_t all = threads->second;
    for (const char *part : {"cores", "dies", "sockets"})
      if (values.contains(part)) all *= std::min<std::uint64_t>(values[part], guest::kMaxProcessors);
    all = std::clamp<std::uint64_t>(values.contains("cpus") ? values["cpus"] : all, 1, guest::kMaxProcessors);
    return bad("a core of several threads cannot be had: each vCPU is a core of its own",
               "write -smp " + std::to_string(all));
  }
  for (const auto &[key, value] : values) {
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

std::expected<CpuWords, Failure> parse_cpu(std::string_view text) {
  CpuWords words;
  const auto refuse = [&](std::string why) {
    return std::unexpected(Failure{"a guest cannot have the processor '" + std::string(text) + "'", std::move(why),
                                   "use -cpu host, and --compat (or -M max-cpu-compat=) for the level"});
  };
  const auto settings = settings_of(text);
  const std::string model = settings.empty() || !settings.front().second.empty() ? "" : settings.front().first;
  // "POWER9_v2.2" is a stepping of it.
  const auto level = Level::from_name(std::string_view(model).substr(0, model.find('_')));
  if (level) {
    words.compat = std::string(level->name());
    words.remark = "-cpu " + model + " is taken as --compat " + *words.compat +
                   ": the guest has its host's processor, at that level";
  } else if (model != "host") {
    return refuse("-cpu names silicon, and a guest in KVM has that of its host");
  }
  for (const auto &[key, value] : std::span(settings).subspan(1)) {
    if (key != "compat" || value.empty()) return refuse("it does not know '" + key + "'");
    if (words.compat && *words.compat != to_lower(value)) return refuse("it names two levels");
    words.compat = value;
  }
  return words;
}

std::expected<MemoryWords, Failure> parse_memory(std::string_view text) {
  MemoryWords words;
  std::string size;
  for (const auto &[key, value] : settings_of(text)) {
    const bool is_size = value.empty() || key == "size";
    if (is_size && size.empty()) {
      size = value.empty() ? key : value;
    } else if (!is_size && (key == "slots" || key == "maxmem")) {
      words.no_effect.push_back("-m " + key + "=" + value);
    } else {
      return std::unexpected(Failure{"'" + std::string(text) + "' is no memory size",
                                     is_size ? "it names two sizes" : "it does not know '" + key + "'",
                                     "for example -m 2G"});
    }
  }
  if (size.empty() && !text.empty())
    return std::unexpected(
        Failure{"'" + std::string(text) + "' is no memory size", "it names none", "for example -m 2G"});
  words.size = TRY(guest::parse_memory_size(size));
  return words;
}

}  // namespace parley::app
