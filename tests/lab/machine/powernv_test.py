# SPDX-License-Identifier: Apache-2.0
"""Bare-metal hosts (PowerNV): levels, Linux guests with one and two vCPUs, input, reboots and signals; and partitions
that Parley itself runs on bare metal, with guests of their own.

With PARLEY_TEST_FULL=1 there are also cores of several threads, and a Linux at all three floors of a tower.
"""

import json
import pathlib
import subprocess
import tempfile
import unittest

from lab import BUILD, FULL, ROOT, Host
from linux import OFFLINE_AND_ONLINE, REBOOT_ONCE, SHELL, SMP, linux

BASIC = {
    "inspect": "parley inspect --json",
    "levels": "for level in power8 power9 power10 power11 raw; do parley run --compat $level > /dev/null 2> /tmp/said; "
    "echo $level $?; done",
    "linux": linux(),
    "power9": linux("--compat power9"),
}
ALL = BASIC | {
    "smp": linux("-smp 2", append=SMP, run=OFFLINE_AND_ONLINE),
    "typed": linux("--serial unix:/tmp/sock,server=on,wait=on", append=SHELL)
    + " & until [ -S /tmp/sock ]; do sleep 0.1; done; "
    "talk /tmp/sock '# ' 'echo st\"\"atus $((6*7)); exit\r'; wait $!; echo code $?",
    "reboots": linux("--nvram /tmp/nvram", run=REBOOT_ONCE),
    "signal": linux().replace("timeout 150 ", "")
    + " > /tmp/out & until grep -q OF /tmp/out; do sleep 0.2; done; kill -TERM $(pidof parley); wait $!; echo $?",
}
if FULL:
    ALL |= {
        "threads": linux(
            "-smp 4,threads=4", append=SMP, run="cat /sys/devices/system/cpu/cpu0/topology/core_cpus_list"
        ),
        "cores": linux("-smp 4,threads=2", append=SMP, run="cat /sys/devices/system/cpu/cpu3/topology/core_cpus_list"),
    }
NESTED = {
    "inspect": "parley inspect --json",
    "builtin": "parley run",
    "above": "parley run --compat power10",
}
POWERNV = ["--platform", "powernv", "--guest", "fixed", "--memory", "3G", "--timeout", "900"]
TOWER = ["--platform", "tower", "--guest", "none", "--timeout", "600"]
HOSTS = {
    "power9": Host([*POWERNV, "--cpu", "power9"], BASIC),
    "power10": Host([*POWERNV, "--cpu", "power10", "--smp", "2", "--file", f"{BUILD / 'talk'}:/bin/talk"], ALL),
    "power10_unfixed": Host([*POWERNV, "--cpu", "power10", "--kernel", "unfixed"], BASIC),
    "tower": Host([*TOWER, "--max-compat", "power9"], NESTED),
    "partition": Host(["--guest", "none", "--timeout", "100"], {"nested": "parley run --nested"}),
}


def setUpModule():
    for host in HOSTS.values():
        host.start()


class PowerNvTest(unittest.TestCase):
    host = None

    def run_of(self, name):
        """The result of a command; a guest's terminal ends lines with CR LF."""
        result = HOSTS[self.host].results()[name]
        return result.code, result.out.replace("\r", ""), result.err


class EveryBareMetalHost:
    level = "power10"

    def test_is_recognized_with_the_level_of_its_silicon(self):
        verdict = json.loads(self.run_of("inspect")[1])["verdict"]
        self.assertEqual((verdict["platform"], verdict["kvm"]), ("PowerNV", "powernv"))
        self.assertEqual((verdict["silicon"], verdict["level"]), (self.level, self.level))

    def test_has_every_level_up_to_its_own_and_refuses_those_above(self):
        legal = {"power9": ("power8", "power9", "raw"), "power10": ("power8", "power9", "power10", "raw")}[self.level]
        expected = [f"{level} {0 if level in legal else 3}" for level in "power8 power9 power10 power11 raw".split()]
        self.assertEqual(self.run_of("levels")[1].splitlines(), expected)

    def test_a_linux_gets_the_hosts_level_or_a_lower_one_on_request(self):
        for name, level in (("linux", self.level), ("power9", "power9")):
            code, out, err = self.run_of(name)
            self.assertEqual(code, 0, err + out[-500:])
            self.assertIn(f"AT_PLATFORM: {level}\n", out)
            self.assertIn(f"negotiated {level} ", err)


class OnPower9(EveryBareMetalHost, PowerNvTest):
    host = level = "power9"


class OnPower10WithoutTheFix(EveryBareMetalHost, PowerNvTest):
    host = "power10_unfixed"


class OnPower10(EveryBareMetalHost, PowerNvTest):
    host = "power10"

    def test_a_linux_takes_its_second_vcpu_offline_and_online_again(self):
        code, out, err = self.run_of("smp")
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"(?s)a 2\n.*b 1\n.*c 2\n")

    def test_typed_input_reaches_a_linux(self):
        out = self.run_of("typed")[1]
        self.assertIn("status 42", out)
        self.assertIn("code 0\n", out)

    def test_a_linux_reboots_and_finds_its_nvram(self):
        code, out, err = self.run_of("reboots")
        self.assertEqual(code, 0, err)
        self.assertEqual(out.count("L2 ready"), 2)
        self.assertIn("second life\n", out)

    def test_a_signal_ends_a_linux_with_the_signals_status(self):
        self.assertEqual(self.run_of("signal")[1], "143\n")

    if FULL:

        def test_a_linux_has_cores_of_several_threads(self):
            for name, siblings in (("threads", "0-3"), ("cores", "2-3")):
                code, out, err = self.run_of(name)
                self.assertEqual(code, 0, err)
                self.assertIn(f"\n{siblings}\n", out)


class APartitionOfParleysOwn(PowerNvTest):
    host = "tower"

    def test_is_a_host_under_v1_at_the_level_that_parley_gave_it(self):
        verdict = json.loads(self.run_of("inspect")[1])["verdict"]
        self.assertEqual((verdict["platform"], verdict["kvm"]), ("pseries", "nested v1"))
        self.assertEqual((verdict["silicon"], verdict["level"]), ("power10", "power9"))

    def test_runs_a_guest_at_its_own_level(self):
        code, out, err = self.run_of("builtin")
        self.assertEqual(code, 0, err)
        self.assertIn("level: power9 (cpu-version 0x0f000005)\n", out)

    def test_refuses_a_level_that_only_the_silicon_has(self):
        code, _, err = self.run_of("above")
        self.assertEqual(code, 3)
        self.assertIn("not-above-host: requested power10 (0x0f000006), the host has power9 (0x0f000005)", err)


class APartitionUnderV2(PowerNvTest):
    host = "partition"

    def test_refuses_to_pass_nesting_on_and_says_why(self):
        code, _, err = self.run_of("nested")
        self.assertEqual(code, 3)
        self.assertIn("a partition under nested API v2 cannot pass nesting on", err)


if FULL:

    class ATower(unittest.TestCase):
        def build(self, *options):
            with tempfile.TemporaryDirectory() as folder:
                report = pathlib.Path(folder) / "tower.json"
                done = subprocess.run(
                    [ROOT / "lab" / "tower", *options, "--json", report, "--timeout", "500"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
                return json.loads(report.read_text())

        def test_has_a_linux_at_each_floor_at_the_level_that_it_was_given(self):
            floors = self.build("--level", "power9")["floors"]
            self.assertEqual([floor["level"] for floor in floors], ["power10", "power9", "power9"])

        def test_on_a_raw_partition_has_the_silicons_level_at_each_floor(self):
            floors = self.build("--level", "raw")["floors"]
            self.assertEqual([floor["level"] for floor in floors], ["power10"] * 3)


if __name__ == "__main__":
    unittest.main()
