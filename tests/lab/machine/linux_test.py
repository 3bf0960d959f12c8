# SPDX-License-Identifier: Apache-2.0
"""Debian's Linux kernels as guests on real kernels: the negotiated level, the guest's view of it, its console, its
devices, and its end.

EveryHost is tested on each host of HOSTS. The reference host also tests boot options, the host 'life' the guest's life
cycle, and a host under v1 the console's input, which an emulated hypervisor does not deliver under v2 (docs/lab.md).
With PARLEY_TEST_FULL=1 there are more hosts, and guests with much memory, a large initramfs and four vCPUs.
"""

import re
import unittest

from lab import BUILD, FULL, Host, Result, lacks
from linux import OFFLINE_AND_ONLINE, QUIET, REBOOT_ONCE, SHELL, SMP, linux

# Waits for the guest's prompt, then types. With the quotes, the echo of the input differs from the command's output.
TYPED = "'# ' 'echo st\"\"atus $((6*7)); exit\n'".replace("\n", "\r")
BASIC = {
    "default": linux(),
    "power9": linux("--compat power9"),
    "older": linux(kernel="unfixed"),
}
REFERENCE = BASIC | {
    "smp": linux(
        "-smp 2",
        append=SMP,
        run=OFFLINE_AND_ONLINE,
    ),
    "verbose": linux("-v"),
    "flat": linux("--boot fdt"),
    "pasted": "parley run -M pseries,max-cpu-compat=power9,cap-cfpc=broken,cap-ibs=broken -cpu host -nographic "
    "-nodefaults -m 512 -smp 1 -kernel /lab/vmlinux-fixed -initrd /lab/initrd.cpio.gz"
    f" -append '{QUIET}' -serial stdio -no-reboot < /dev/null",
    "tree": linux("--dump-dtb /tmp/tree", "--compat power9") + "; hexdump -v -e '/1 \"%02x\"' /tmp/tree >&2",
}
LIFE = {
    "panic": linux(run="echo c > /proc/sysrq-trigger"),
    "no_reboot": linux("--no-reboot", run="reboot -f"),
    "reboots": linux("--nvram /tmp/nvram", run=REBOOT_ONCE),
    # 300 MiB of huge pages, of which the guest in shared memory needs 288.
    "huge": "echo 150 > /proc/sys/vm/nr_hugepages; "
    + linux("--memory-path hugetlb -m 288M --nvram /tmp/nvram-huge", run=REBOOT_ONCE)
    + "; code=$?; grep HugePages_Free /proc/meminfo; echo 0 > /proc/sys/vm/nr_hugepages; exit $code",
    "consoles": linux("--serial stdio --serial file:/tmp/second", run="echo from the second console > /dev/hvc1")
    + " > /tmp/first; code=$?; cat /tmp/second; exit $code",
    "clock": linux(run="date -u +%s") + "; date +now:%s",
    "devices": linux(
        run="cat /proc/interrupts; dmesg | grep nvram; dmesg | grep -i unknown; ls -1 /proc/device-tree/rtas"
    ),
    "small": linux("-m 256M", run="free -m"),
    "traced": linux("-vv") + " 2>&1 | grep -a -o 'parley: unknown.*' | sort | uniq -c",
    # lis r10,0x4000; mtctr r10; bctr
    "lost": "printf '\\000\\100\\100\\075\\246\\003\\111\\175\\040\\004\\200\\116' > /tmp/lost; "
    "timeout -s INT 25 parley run --watchdog 2 --payload /tmp/lost; echo $?",
    "signal": linux() + " > /tmp/sigout & until grep -q OF /tmp/sigout; do sleep 0.2; done; p=$(pidof parley); "
    "b=$(cut -d' ' -f1 /proc/uptime); kill -TERM $p; wait $!; c=$?; a=$(cut -d' ' -f1 /proc/uptime);"
    ' echo $c; echo "$a $b" | awk \'{print ($1 - $2 < 0.5) ? "fast" : "slow " $1 - $2}\'',
    "wrong": "parley run --kernel /lab/initrd.cpio.gz; "
    "parley run --kernel /lab/vmlinux-fixed --initrd /lab/vmlinux-fixed -m 64M; parley run -cpu 970fx; "
    "parley run -M pseries,frobnicate=on; echo $?",
}


# For a host under v1: under v2, the emulated hypervisor delivers no external interrupts to a guest (docs/lab.md).
TALKS = {
    "pipe": "mkfifo /tmp/in; { until grep -q 'L2 ready' /tmp/talk 2> /dev/null; do sleep 0.2; done; sleep 2; "
    "printf 'echo st\"\"atus $((6*7)); exit\\n'; sleep 3; } > /tmp/in & "
    + linux(append=SHELL, shell="< /tmp/in")
    + " > /tmp/talk; cat /tmp/talk",
    "socket": linux("--serial unix:/tmp/sock,server=on,wait=on", append=SHELL)
    + " & until [ -S /tmp/sock ]; do sleep 0.1; done; "
    + f"talk /tmp/sock {TYPED}; wait $!; echo code $?; ls /tmp/sock",
    "pty": linux("--serial pty", append=SHELL)
    + " 2> /tmp/ptyerr & until grep -q /dev/pts /tmp/ptyerr; do sleep 0.1; done; "
    + f"talk $(grep -o '/dev/pts/[0-9]*' /tmp/ptyerr) {TYPED}; wait $!; echo code $?",
    "second": linux(
        "--serial stdio --serial unix:/tmp/two,server=on,wait=on",
        run="exec 3<> /dev/hvc1; echo ready >&3; head -n 1 <&3; grep hvc_console /proc/interrupts",
    )
    + " & until [ -S /tmp/two ]; do sleep 0.1; done; talk /tmp/two ready 'typed at the second\r'; "
    "wait $!; echo code $?",
    "smp": linux(
        "-smp 2",
        run=OFFLINE_AND_ONLINE,
    ),
}


def replace_timeouts(commands):
    """Removes `timeout` from the command for signals, because it hides the signal that ended the guest."""
    return {
        name: command.replace("timeout 150 ", "") if name == "signal" else command for name, command in commands.items()
    }


AS_POWER10 = ["--cpu", "power11", "--max-compat", "power10"]
TWO = ["--smp", "2", "--memory", "3G", "--timeout", "800"]
HOSTS = {
    "reference": Host([*AS_POWER10, *TWO], REFERENCE),
    "life": Host([*AS_POWER10, *TWO], replace_timeouts(LIFE)),
    "unfixed": Host([*AS_POWER10, "--kernel", "unfixed", *TWO], BASIC),
    "power10_v1": Host(
        ["--cpu", "power10", "--api", "v1", *TWO, "--file", f"{BUILD / 'talk'}:/bin/talk"], BASIC | TALKS
    ),
    "power9_v1": Host(["--cpu", "power9", "--api", "v1", *TWO], BASIC),
    "guest_64k": Host([*AS_POWER10, "--guest-page-size", "64k", *TWO], BASIC),
}
if not lacks("next"):
    HOSTS["next"] = Host(
        [*AS_POWER10, "--kernel", "next", "--guest", "fixed,unfixed,next", *TWO],
        BASIC | {"newest": linux(kernel="next")},
    )
if FULL:
    MANY = BASIC | {
        "large": "(cd /tmp; dd if=/dev/urandom of=big bs=1M count=100 2> /dev/null; cp /lab/initrd.cpio.gz rd; "
        "n=$(stat -c %s rd); head -c $(( (4 - n % 4) % 4 )) /dev/zero >> rd; echo big | "
        "cpio -o -H newc >> rd 2> /dev/null);"
        " sha256sum < /tmp/big; " + linux(initrd="/tmp/rd", run="sha256sum < /big"),
        "much": linux("-m 4G", run="free -g"),
    }
    # Under v2, the emulated hypervisor loses so many wake-ups that four vCPUs do not finish their boot (docs/lab.md).
    FOUR = {"four": linux("-smp 4", run="echo a $(nproc)")}
    WIDE = ["--smp", "2", "--memory", "6G", "--timeout", "1800"]
    HOSTS |= {
        "power10_v2": Host(["--cpu", "power10", *WIDE], MANY),
        "power11_v1": Host(["--cpu", "power11", "--max-compat", "none", "--api", "v1", *WIDE], MANY | FOUR),
        "power11_v2": Host(["--cpu", "power11", "--max-compat", "none", *WIDE], MANY),
        "as_power10_v1": Host([*AS_POWER10, "--api", "v1", *WIDE], MANY | FOUR),
        "host_64k": Host([*AS_POWER10, "--page-size", "64k", *WIDE], MANY),
        "both_64k": Host([*AS_POWER10, "--page-size", "64k", "--guest-page-size", "64k", *WIDE], BASIC),
    }


def setUpModule():
    for host in HOSTS.values():
        host.start()


class LinuxTest(unittest.TestCase):
    host = None

    def setUp(self):
        # A guest's terminal ends lines with CR LF.
        self.results = {
            name: Result(result.code, result.out.replace("\r", ""), result.err)
            for name, result in HOSTS[self.host].results().items()
        }

    def assert_boots_at(self, name, level, pvr):
        """Parley announced the level, and the guest sees it in three places."""
        result = self.results[name]
        self.assertEqual(result.code, 0, result.err + result.out[-500:])
        self.assertIn("L2 ready\n", result.out)
        self.assertIn(f"negotiated {level} ({pvr}): host ", result.err)
        self.assert_sees(result, level, pvr)

    def assert_sees(self, result, level, pvr):
        self.assertRegex(result.out, rf"cpu\s*: {level.upper().replace('POWER11', 'Power11')} \(architected\)")
        self.assertIn(f"AT_PLATFORM: {level}\n", result.out)
        self.assertIn(f"cpu-version {pvr} (", result.out)


PVR = {"power9": "0x0f000005", "power10": "0x0f000006", "power11": "0x0f000007"}


class EveryHost:
    level = "power10"

    def test_boots_at_the_hosts_level_by_default(self):
        self.assert_boots_at("default", self.level, PVR[self.level])

    def test_boots_at_a_lower_level_on_request(self):
        self.assert_boots_at("power9", "power9", PVR["power9"])

    def test_boots_an_older_kernel_at_the_highest_level_that_it_knows(self):
        knows = self.results["older"].err.partition("guest's kernel lists")[2]
        best = self.level if self.level in knows else "power10"
        self.assert_boots_at("older", best, PVR[best])


class OnTheReferenceHost(EveryHost, LinuxTest):
    host = "reference"

    def test_reports_the_negotiated_level_and_its_reason_in_one_line(self):
        lines = [line for line in self.results["default"].err.splitlines() if "negotiated" in line]
        self.assertEqual(len(lines), 1)
        self.assertRegex(
            lines[0],
            r"^parley: negotiated power10 \(0x0f000006\): host power10 \(0x0f000006\) by cpu-version 0x0f000006; "
            r"offered power10, power9; the guest's kernel lists .*power9, power10, power11.*; the best of both$",
        )

    def test_takes_a_second_vcpu_offline_and_online_again(self):
        self.assert_boots_at("smp", "power10", PVR["power10"])
        self.assertRegex(self.results["smp"].out, r"(?s)a 2\n.*b 1\n.*c 2\n")

    def test_shows_the_result_for_each_entry_on_request(self):
        said = self.results["verbose"].err
        self.assertRegex(said, r"0xffffffff\s+0x0f000006\s+power10\s+offered")
        self.assertRegex(said, r"0xffffffff\s+0x0f000007\s+power11\s+above power10")
        self.assertRegex(said, r"0xffffffff\s+0x0f000004\s+power8\s+it has no radix")
        self.assertIn("the guest is Linux version 7.", said)

    def test_boots_with_a_flat_tree_and_reports_that_nothing_was_negotiated(self):
        result = self.results["flat"]
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("nothing is negotiated", result.err)
        self.assertNotIn("negotiated power10", result.err)
        self.assert_sees(result, "power10", PVR["power10"])

    def test_takes_a_command_line_for_qemu(self):
        self.assert_boots_at("pasted", "power9", PVR["power9"])
        self.assertEqual(self.results["pasted"].err.count("without effect here: cap-cfpc=broken, cap-ibs=broken"), 1)

    def test_writes_the_guests_device_tree(self):
        blob = bytes.fromhex(self.results["tree"].err.splitlines()[-1])
        self.assertEqual(blob[:4], bytes.fromhex("d00dfeed"))
        self.assertIn(bytes.fromhex("0f000005"), blob)
        self.assertNotIn(bytes.fromhex("0f000006"), blob)


class ALinuxGuestsLife(LinuxTest):
    host = "life"

    def test_ends_with_1_when_it_panics(self):
        result = self.results["panic"]
        self.assertEqual(result.code, 1)
        self.assertIn("Kernel panic - not syncing", result.out)
        self.assertIn("parley: the guest panicked\n", result.err)

    def test_ends_on_a_reboot_with_no_reboot(self):
        self.assertEqual(self.results["no_reboot"].code, 0)
        self.assertEqual(self.results["no_reboot"].out.count("L2 ready"), 1)

    def test_starts_again_on_a_reboot_and_keeps_its_nvram(self):
        result = self.results["reboots"]
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out.count("L2 ready"), 2)
        self.assertIn("second life\n", result.out)
        self.assertEqual(result.err.count("negotiated power10"), 2)

    def test_reboots_in_huge_pages_and_gives_them_back(self):
        result = self.results["huge"]
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out.count("L2 ready"), 2)
        self.assertIn("second life\n", result.out)
        self.assertRegex(result.out, r"HugePages_Free: +150\n")

    def test_writes_to_a_second_console(self):
        result = self.results["consoles"]
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out, "from the second console\n")

    def test_has_the_hosts_time(self):
        inside, after = (
            int(re.search(pattern, self.results["clock"].out, re.M).group(1))
            for pattern in (r"^(1[0-9]{9})$", r"now:([0-9]+)")
        )
        self.assertLess(abs(inside - after), 60)

    def test_finds_its_devices_without_complaints(self):
        out = self.results["devices"].out
        self.assertRegex(out, r"XICS.*hvc_console")
        self.assertNotIn("corruption", out)
        self.assertIn("ibm,os-term\n", out)

    def test_runs_with_256_mib(self):
        self.assertEqual(self.results["small"].code, 0)

    def test_makes_only_known_calls_that_parley_does_not_answer(self):
        unknown = set(re.findall(r"unknown \S+ .*", self.results["traced"].out))
        # H_PIC and H_GET_PERF_COUNTER_INFO
        known = {"unknown hcall 0x00000000000000f8: -2", "unknown hcall 0x000000000000f080: -2"}
        self.assertLessEqual(unknown, known)

    def test_a_guest_without_progress_is_reported(self):
        self.assertIn("no progress: vCPU 0 runs ", self.results["lost"].err)

    def test_a_signal_ends_it_in_half_a_second(self):
        self.assertEqual(self.results["signal"].out, "143\nfast\n")

    def test_explains_wrong_files_and_options(self):
        said = self.results["wrong"].err
        for part in (
            "it is a gzip-compressed file",
            "do not fit",
            "-m",
            "use -cpu host",
            "it does not know 'frobnicate'",
        ):
            self.assertIn(part, said)
        self.assertEqual(self.results["wrong"].out, "2\n")


class OnAKernelWithoutTheFix(EveryHost, LinuxTest):
    host = "unfixed"


class OnPower10UnderV1(EveryHost, LinuxTest):
    host = "power10_v1"

    def test_has_a_shell_on_a_pipe(self):
        self.assertIn("status 42", self.results["pipe"].out)

    def test_has_a_shell_on_a_unix_socket_which_is_removed_at_the_end(self):
        self.assertIn("status 42", self.results["socket"].out)
        self.assertIn("code 0\n", self.results["socket"].out)
        self.assertIn("No such file", self.results["socket"].err)

    def test_has_a_shell_on_a_pty(self):
        self.assertIn("status 42", self.results["pty"].out)
        self.assertIn("code 0\n", self.results["pty"].out)

    def test_reads_the_second_console_by_an_interrupt_of_its_own(self):
        out = self.results["second"].out
        self.assertIn("typed at the second\n", out)
        self.assertIn("code 0\n", out)
        self.assertRegex(out, r"[1-9][0-9]* +XICS +4353 Edge +hvc_console")

    def test_takes_a_second_vcpu_offline_and_online_again(self):
        self.assertEqual(self.results["smp"].code, 0, self.results["smp"].err)
        self.assertRegex(self.results["smp"].out, r"(?s)a 2\n.*b 1\n.*c 2\n")


class OnPower9UnderV1(EveryHost, LinuxTest):
    host = "power9_v1"
    level = "power9"


class With64KPages(EveryHost, LinuxTest):
    host = "guest_64k"


@unittest.skipIf(lacks("next"), lacks("next"))
class OnTheNextKernel(EveryHost, LinuxTest):
    host = "next"

    def test_boots_that_kernel_as_a_guest_too(self):
        self.assert_boots_at("newest", self.level, PVR[self.level])


if FULL:

    class OnMany(EveryHost):
        def test_gets_an_initramfs_of_100_mb_unchanged(self):
            self.assertEqual(self.results["large"].code, 0, self.results["large"].err)
            sums = re.findall(r"^([0-9a-f]{64})  -", self.results["large"].out, re.M)
            self.assertEqual(len(sums), 2)
            self.assertEqual(sums[0], sums[1])

        def test_runs_with_4_gib(self):
            self.assertEqual(self.results["much"].code, 0, self.results["much"].err)

    class OnManyUnderV1(OnMany):
        def test_brings_up_four_vcpus(self):
            self.assert_boots_at("four", self.level, PVR[self.level])
            self.assertIn("a 4\n", self.results["four"].out)

    class OnPower10UnderV2(OnMany, LinuxTest):
        host = "power10_v2"

    class OnPower11UnderV1(OnManyUnderV1, LinuxTest):
        host = "power11_v1"
        level = "power11"

    class OnPower11UnderV2(OnMany, LinuxTest):
        host = "power11_v2"
        level = "power11"

    class AsPower10UnderV1(OnManyUnderV1, LinuxTest):
        host = "as_power10_v1"

    class OnAHostWith64KPages(OnMany, LinuxTest):
        host = "host_64k"

    class OnAHostAndInAGuestWith64KPages(EveryHost, LinuxTest):
        host = "both_64k"


if __name__ == "__main__":
    unittest.main()
