// SPDX-License-Identifier: Apache-2.0
//
// QEMU's options, one row each, with Parley's treatment of it. Users paste command lines that were written for
// qemu-system-ppc64 (libvirt, scripts, manuals); such a line must either do the same in Parley or fail with a useful
// message. Four cases:
//
//   Parley has the option too         it is passed on (kSameOption, kSameFlag)
//   Parley always behaves that way    it is accepted, if it has a value then only that one (kAlreadySo, kOneValue)
//   it means nothing in Parley        it is accepted, and one message lists all such options (kNoEffect, kNoEffectFlag)
//   Parley cannot do it               the line is refused, with the reason and the remedy (kRefused)
//
// An option that is not in this table is passed on unchanged; Parley's own parser refuses it by its name.
#include "app/command_line/qemu_options.hpp"

namespace parley::app {
namespace {

using Treatment = QemuTreatment;

constexpr std::string_view kNoDisks = "guests have no disks";
constexpr std::string_view kUseInitrd = "put what the guest needs into its initrd (-initrd)";
constexpr std::string_view kNoNetwork = "guests have no network";
constexpr std::string_view kNoScreen = "guests have no screen";
constexpr std::string_view kNoMonitor = "there is no monitor: a signal ends the guest";
constexpr std::string_view kForeground = "Parley runs in the foreground";
constexpr std::string_view kUseService = "leave it out, and start parley from a service manager or with nohup";
constexpr std::string_view kNoSnapshots = "a guest can be neither saved nor migrated";
constexpr std::string_view kLeaveOut = "leave it out";

constexpr QemuOption kQemuOptions[] = {
    {"append", Treatment::kSameOption},
    {"cpu", Treatment::kSameOption},
    {"initrd", Treatment::kSameOption},
    {"kernel", Treatment::kSameOption},
    {"machine", Treatment::kSameOption},
    {"mem-path", Treatment::kSameOption},
    {"no-reboot", Treatment::kSameFlag},
    {"serial", Treatment::kSameOption},
    {"smp", Treatment::kSameOption},

    {"enable-kvm", Treatment::kAlreadySo},
    {"nodefaults", Treatment::kAlreadySo},
    {"nographic", Treatment::kAlreadySo},
    {"no-user-config", Treatment::kAlreadySo},
    {"accel", Treatment::kOneValue, "kvm", "guests run in KVM only", "write -accel kvm"},
    {"display", Treatment::kOneValue, "none", kNoScreen, "write -display none; -serial sets the console's destination"},
    {"monitor", Treatment::kOneValue, "none", kNoMonitor, "write -monitor none"},
    {"net", Treatment::kOneValue, "none", kNoNetwork, "write -net none"},
    {"nic", Treatment::kOneValue, "none", kNoNetwork, "write -nic none"},
    {"parallel", Treatment::kOneValue, "none", "guests have no parallel port", "write -parallel none"},
    {"vga", Treatment::kOneValue, "none", kNoScreen, "write -vga none"},

    {"audio", Treatment::kNoEffect},
    {"audiodev", Treatment::kNoEffect},
    {"boot", Treatment::kNoEffect},
    {"k", Treatment::kNoEffect},
    {"msg", Treatment::kNoEffect},
    {"name", Treatment::kSilent},
    {"overcommit", Treatment::kNoEffect},
    {"rtc", Treatment::kNoEffect},
    {"uuid", Treatment::kNoEffect},
    {"mem-prealloc", Treatment::kNoEffectFlag},
    {"no-shutdown", Treatment::kNoEffectFlag},

    {"bios", Treatment::kRefused, {}, "Parley itself is the guest's firmware", "write -kernel FILE, or --payload FILE"},
    {"blockdev", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"cdrom", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"chardev",
     Treatment::kRefused,
     {},
     "the consoles of a guest are its -serial options",
     "write -serial WHERE, once for each console"},
    {"daemonize", Treatment::kRefused, {}, kForeground, kUseService},
    {"device", Treatment::kRefused, {}, "there is no bus for more devices", kLeaveOut},
    {"drive", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"dtb",
     Treatment::kRefused,
     {},
     "Parley builds the guest's device tree",
     "write it to a file with --dump-dtb FILE"},
    {"fsdev", Treatment::kRefused, {}, "guests share no files with the host", kUseInitrd},
    {"gdb", Treatment::kRefused, {}, "no debugger can be attached", "trace the guest with -vv"},
    {"global", Treatment::kRefused, {}, "Parley has no QEMU device models", kLeaveOut},
    {"hda", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"hdb", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"hdc", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"hdd", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"icount",
     Treatment::kRefused,
     {},
     "guests run on the real processor, which does not count their instructions",
     kLeaveOut},
    {"incoming", Treatment::kRefused, {}, kNoSnapshots, kLeaveOut},
    {"loadvm", Treatment::kRefused, {}, kNoSnapshots, kLeaveOut},
    {"mon", Treatment::kRefused, {}, kNoMonitor, kLeaveOut},
    {"mtdblock", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"netdev", Treatment::kRefused, {}, kNoNetwork, "write -nic none"},
    {"numa", Treatment::kRefused, {}, "guest memory is one contiguous range", kLeaveOut},
    {"object", Treatment::kRefused, {}, "Parley has no QEMU objects", kLeaveOut},
    {"pidfile", Treatment::kRefused, {}, kForeground, kUseService},
    {"prom-env", Treatment::kRefused, {}, "Parley's client interface has no variables", "use -append"},
    {"pflash", Treatment::kRefused, {}, kNoDisks, kUseInitrd},
    {"qmp", Treatment::kRefused, {}, kNoMonitor, kLeaveOut},
    {"qmp-pretty", Treatment::kRefused, {}, kNoMonitor, kLeaveOut},
    {"runas", Treatment::kRefused, {}, "Parley needs no privilege but access to /dev/kvm", "start parley as that user"},
    {"sandbox",
     Treatment::kRefused,
     {},
     "Parley has its own sandbox, which is on by default",
     "write --sandbox on, log or off"},
    {"snapshot", Treatment::kRefused, {}, kNoDisks, kLeaveOut},
    {"spice", Treatment::kRefused, {}, kNoScreen, kLeaveOut},
    {"usb", Treatment::kRefused, {}, "guests have no USB", kLeaveOut},
    {"virtfs", Treatment::kRefused, {}, "guests share no files with the host", kUseInitrd},
    {"vnc", Treatment::kRefused, {}, kNoScreen, "write -nographic; -serial sets the console's destination"},
    {"S", Treatment::kRefused, {}, "a guest cannot be paused before its start", kLeaveOut},
    {"s", Treatment::kRefused, {}, "no debugger can be attached", "trace the guest with -vv"},
};

}  // namespace

std::span<const QemuOption> qemu_options() { return kQemuOptions; }

}  // namespace parley::app
