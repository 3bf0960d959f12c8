// SPDX-License-Identifier: Apache-2.0
//
// The options of `parley run`. Most are text first: CLI11 checks their presence, and finish() their values, because
// some depend on others: the memory's default on --kernel, the level on --compat, -M and -cpu together.
#include <algorithm>
#include <iterator>

#include "app/command_line/option_registry.hpp"
#include "app/command_line/qemu_values.hpp"
#include "app/commands/run.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::app {
namespace {

constexpr const char *kKernelMemory = "1G";

void add_level_options(OptionRegistry &run, RunOptions &options) {
  run.option("--compat", options.texts.compat,
             "The highest level that the guest may have; with commas, a list in order of preference (default: auto)")
      .type("LEVEL[,LEVEL...]");
  run.option("--on-refusal", options.texts.on_refusal,
             "What to do when the level is refused: fail, or fallback to the next lower legal level, announced on "
             "standard error")
      .one_of({"fail", "fallback"})
      .shows_default();
  run.option(
         "--mmu", options.texts.mmu,
         "The guest's MMU. auto: radix where the level and the host have it, but on bare metal the guest may choose "
         "hash when it negotiates (Linux does with disable_radix). hash: on bare metal only; levels below power9 "
         "have no other")
      .one_of({"auto", "radix", "hash"})
      .shows_default();
  run.flag("--force", options.wish.force,
           "Skip Parley's own policy, to see what the kernel answers (for testing and teaching)");
}

void add_program_options(OptionRegistry &run, RunOptions &options) {
  GuestOptions &guest = options.guest;
  OptionHandle kernel =
      run.always("--kernel", guest.kernel,
                 "A Linux to run: a vmlinux for ppc64 or ppc64le; or another program for a machine without an "
                 "operating system, an ELF file. The file is mapped: replace it, do not change it in place")
          .type("FILE");
  run.option("--initrd", guest.initrd, "The initrd of the kernel or of the payload").type("FILE");
  run.option("--append", guest.command_line, "The command line of the kernel or of the payload").type("TEXT");
  run.option("--boot", options.texts.boot,
             "How the kernel starts: of, through the client interface of Open Firmware, where it negotiates its level; "
             "or fdt, with a flat device tree, where nothing is negotiated (default: of; fdt for a program that is "
             "linked at 0)")
      .needs(kernel)
      .one_of({"of", "fdt"});
  run.option("--payload", guest.payload,
             "Another program to run, with a flat device tree whose address is in r3: an ELF file for ppc64 or "
             "ppc64le, entered big-endian as by firmware; or a flat binary, entered at address 0 in little-endian mode")
      .excludes(kernel)
      .type("FILE");
}

void add_machine_options(OptionRegistry &run, RunOptions &options) {
  RunOptions::Texts &texts = options.texts;
  run.option("-m,--memory", texts.memory,
             "The guest's memory: a number with K, M, G or T (default unit: MiB); 256M, with a kernel 1G")
      .type("SIZE");
  run.option("--smp", texts.smp, "The number of vCPUs, at most 64, and of the threads in a core: 1, 2, 4 or 8")
      .type("N[,threads=T]")
      .shows_default();
  run.flag("--nested", options.guest.nested,
           "Let the guest run guests of its own, by nested API v1 (on a PowerNV host, or a partition under API v1)");
  run.option("--memory-path,--mem-path", options.guest.memory_path,
             "Take the guest's memory from a file in this folder, on tmpfs or hugetlbfs (huge pages), or with the word "
             "hugetlb from the host's pool of huge pages. Other processes can share it")
      .type("FOLDER|hugetlb");
  run.option("--serial", texts.serials,
             "The guest's console: stdio (on a terminal Ctrl-a h helps), none, pty, file:PATH, or "
             "unix:PATH[,server=on|off][,wait=on|off]. Given again, a further console: hvc1, hvc2, ... in Linux "
             "(default: stdio)")
      .type("WHERE")
      .repeatable();
  run.option("--nvram", options.nvram, "Keep the guest's non-volatile memory in this file (64 KiB)").type("FILE");
  run.flag("--no-reboot", texts.no_reboot, "End when the guest reboots, instead of starting it again");
  run.option("--watchdog", texts.watchdog,
             "Warn when a vCPU runs in real mode for that many seconds without an exit, or off")
      .type("SECONDS|off")
      .shows_default();
  run.option("--sandbox", texts.sandbox,
             "on: once the guest runs, Parley may neither open files (except for the host's level) nor start programs, "
             "and its threads may only make the system calls that they need; log: other calls are allowed, and the "
             "kernel logs them; off (docs/security.md)")
      .one_of({"on", "log", "off"})
      .shows_default();
  run.option("--dump-dtb", options.dump_tree, "Write the guest's device tree, with its negotiated level").type("FILE");
  run.option("-M,--machine", texts.machine, "As QEMU: pseries[,max-cpu-compat=LEVEL]; cap-... have no effect")
      .type("MACHINE");
  run.option("--cpu", texts.cpu, "As QEMU: host[,compat=LEVEL]; a level's name means --compat").type("CPU");
}

std::expected<std::optional<std::chrono::seconds>, Failure> parse_watchdog(const std::string &text) {
  if (text == "off") return std::nullopt;
  if (const auto seconds = parse_seconds(text)) return seconds;
  return std::unexpected(Failure{"'" + text + "' is not a time for the watchdog",
                                 "it must be a number of seconds, at most a day, or off", "for example --watchdog 10"});
}

sandbox::Mode sandbox_mode(const std::string &text) {
  if (text == "off") return sandbox::Mode::kOff;
  return text == "log" ? sandbox::Mode::kLog : sandbox::Mode::kOn;
}

compat::MmuWish mmu_wish(const std::string &text) {
  if (text == "radix") return compat::MmuWish::kRadix;
  return text == "hash" ? compat::MmuWish::kHash : compat::MmuWish::kAuto;
}

// kvm-hv in the guest needs radix (kvmhv_nested_init).
std::expected<compat::MmuWish, Failure> mmu_for_nesting(compat::MmuWish wish) {
  if (wish != compat::MmuWish::kHash) return compat::MmuWish::kRadix;
  return std::unexpected(Failure{"a guest with the hash MMU cannot run guests of its own",
                                 "--nested and --mmu hash are given, and KVM in the guest needs radix",
                                 "leave one of them out"});
}

// --compat, -M max-cpu-compat and -cpu all request a level.
std::expected<std::string, Failure> requested_level(const std::optional<std::string> &compat,
                                                    const MachineValue &machine, const CpuValue &cpu) {
  struct Source {
    std::string_view option;
    const std::optional<std::string> &level;
  };
  const Source sources[] = {{"--compat", compat}, {"-M max-cpu-compat", machine.compat}, {"-cpu", cpu.compat}};
  const Source *first = nullptr;
  for (const Source &source : sources) {
    if (!source.level) continue;
    if (first != nullptr && to_lower(*first->level) != to_lower(*source.level))
      return std::unexpected(Failure{"two levels are requested",
                                     std::string(first->option) + " says " + *first->level + ", " +
                                         std::string(source.option) + " says " + *source.level,
                                     "leave one of them out"});
    if (first == nullptr) first = &source;
  }
  return first != nullptr ? *first->level : "auto";
}

// The built-in guest has neither an initrd nor a command line.
std::expected<void, Failure> check_files(const GuestOptions &guest) {
  if (guest.kernel || guest.payload) return {};
  const char *orphan = guest.initrd ? "--initrd" : !guest.command_line.empty() ? "--append" : nullptr;
  if (orphan == nullptr) return {};
  return std::unexpected(Failure{"the built-in guest does not take " + std::string(orphan),
                                 "neither --kernel nor --payload is given, so the built-in guest runs",
                                 "give --kernel FILE or --payload FILE too"});
}

std::expected<void, Failure> finish_memory(RunOptions &options) {
  const std::string by_default = options.guest.kernel ? kKernelMemory : std::to_string(guest::kDefaultMemory >> 20);
  const auto memory = TRY(parse_memory(options.texts.memory.empty() ? by_default : options.texts.memory));
  options.guest.memory_size = memory.size;
  std::ranges::copy(memory.no_effect, std::back_inserter(options.no_effect));
  return {};
}

std::expected<void, Failure> finish_serials(RunOptions &options) {
  if (options.texts.serials.empty()) options.texts.serials.emplace_back("stdio");
  if (options.texts.serials.size() > devices::kMaxTerminals)
    return std::unexpected(Failure{"too many consoles",
                                   "--serial is given " + std::to_string(options.texts.serials.size()) + " times",
                                   "a guest has at most " + std::to_string(devices::kMaxTerminals)});
  for (const std::string &text : options.texts.serials) options.serials.push_back(TRY(console::parse_endpoint(text)));
  options.guest.terminals = static_cast<unsigned>(options.serials.size());
  return {};
}

}  // namespace

void add_options(OptionRegistry &registry, RunOptions &options) {
  add_level_options(registry, options);
  add_program_options(registry, options);
  add_machine_options(registry, options);
}

std::expected<void, Failure> finish(RunOptions &options) {
  const RunOptions::Texts &texts = options.texts;
  TRY(check_files(options.guest));
  const auto machine = TRY(parse_machine(texts.machine));
  const auto cpu = TRY(parse_cpu(texts.cpu));
  if (!cpu.remark.empty()) options.remarks.push_back(cpu.remark);
  const std::string level = TRY(requested_level(texts.compat, machine, cpu));
  options.wish.preference = TRY(compat::parse_wish(level));
  options.wish.fallback = texts.on_refusal == "fallback";
  options.mmu = mmu_wish(texts.mmu);
  if (options.guest.nested) options.mmu = TRY(mmu_for_nesting(options.mmu));
  const auto smp = TRY(parse_smp(texts.smp));
  options.guest.processors = smp.processors;
  options.guest.threads = smp.threads;
  std::ranges::copy(machine.no_effect, std::back_inserter(options.no_effect));
  TRY(finish_memory(options));
  if (!texts.boot.empty())
    options.guest.boot = texts.boot == "of" ? guest::BootKind::kClientInterface : guest::BootKind::kFlatTree;
  TRY(finish_serials(options));
  options.watchdog = TRY(parse_watchdog(texts.watchdog));
  options.reboot = !texts.no_reboot;
  options.sandbox = sandbox_mode(texts.sandbox);
  return {};
}

}  // namespace parley::app
