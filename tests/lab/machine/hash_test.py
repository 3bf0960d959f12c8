# SPDX-License-Identifier: Apache-2.0
"""Guests with the hash MMU on bare-metal hosts (PowerNV), and the refusals of hosts and levels without it.

A Linux with the hash MMU takes a minute in the lab. So most of them run only with PARLEY_TEST_FULL=1.
"""

import re
import unittest

from lab import FULL, Host
from linux import QUIET, REBOOT_ONCE, SMP, linux

MMU = "grep -e ^cpu -e ^MMU /proc/cpuinfo"
SETS = "strings /proc/device-tree/rtas/ibm,hypertas-functions"
BASIC = {
    "radix": linux(run=MMU),
    "hash": linux("--mmu hash", run=MMU),
    "chosen": linux(append=f"{QUIET} disable_radix", run=MMU),
    "power8": linux("--compat power8", run=MMU),
}
SHORT = {
    "chosen": linux(append=f"{QUIET} disable_radix", run=MMU),
    "old_levels": "for level in power8 power7+ power7 power6; do parley run --compat $level || exit; done",
    "conflict": "parley run --compat power8 --mmu radix",
}
BARE_METAL = (
    BASIC
    | SHORT
    | {
        "flat": linux("--mmu hash --boot fdt", run=MMU),
        "smp": linux("--mmu hash -smp 2", append=SMP, run="echo a $(nproc); head -c 20000000 /dev/urandom | sha256sum"),
        "small": linux("--mmu hash -m 256M", run="free -m"),
        "large": linux("--mmu hash -m 1200M", run="head -c 60000000 /dev/zero > /x; free -m"),
        "reboots": linux("--nvram /tmp/nvram", append=f"{QUIET} disable_radix", run=f"{REBOOT_ONCE}; {MMU}"),
        "only_radix": linux("--mmu radix", append=f"{QUIET} disable_radix", run=MMU),
        "chosen_sets": linux(append=f"{QUIET} disable_radix", run=SETS),
        "radix_sets": linux(run=SETS),
        "traced": linux("-vv --mmu hash") + " 2>&1 | grep -a -o 'parley: unknown.*' | sort | uniq -c",
    }
)
PARTITION = {
    "hash": "parley run --mmu hash",
    "chosen": linux(append=f"{QUIET} disable_radix", run=MMU),
}
POWERNV = ["--platform", "powernv", "--guest", "fixed", "--memory", "3G", "--timeout", "1500"]
HOSTS = {
    "power10": Host([*POWERNV, "--cpu", "power10", "--smp", "2"], BARE_METAL if FULL else SHORT),
    "partition": Host(["--cpu", "power10", "--guest", "fixed"], PARTITION),
}
if FULL:
    HOSTS["power9"] = Host([*POWERNV, "--cpu", "power9"], BASIC)


def setUpModule():
    for host in HOSTS.values():
        host.start()


class HashTest(unittest.TestCase):
    host = "power10"

    def run_of(self, name):
        """The result of a command; a guest's terminal ends lines with CR LF."""
        result = HOSTS[self.host].results()[name]
        return result.code, result.out.replace("\r", ""), result.err

    def assert_linux(self, name, level, mmu):
        code, out, err = self.run_of(name)
        self.assertEqual(code, 0, err + out)
        self.assertRegex(out, rf"MMU\s*: {mmu}")
        self.assertRegex(out, rf"(?i)cpu\s*: {level}\b")
        remark = " with the hash MMU" if mmu == "Hash" else ""
        self.assertRegex(err, rf"negotiated {level} \(0x0f00000\d\){remark}: ")


class ABareMetalHost(HashTest):
    def test_a_linux_with_disable_radix_chooses_hash(self):
        self.assert_linux("chosen", self.host, "Hash")
        self.assertNotIn("with the hash MMU, set", self.run_of("chosen")[2], "it started with radix")

    def test_levels_without_radix_run_the_builtin_guest(self):
        code, out, err = self.run_of("old_levels")
        self.assertEqual(code, 0, err)
        for level, pvr in (("power8", 4), ("power7+", 0x100003), ("power7", 3), ("power6", 2)):
            pvr = f"0x{0x0F000000 + pvr:08x}"
            self.assertIn(f"guest level {level} ({pvr}) with the hash MMU, set and read back", err)
            self.assertIn(f"(cpu-version {pvr})", out)

    def test_radix_at_a_level_without_it_is_refused(self):
        code, out, err = self.run_of("conflict")
        self.assertEqual((code, out), (3, ""))
        self.assertIn("why: mmu-offered: radix was requested, and power8 has only the hash MMU\n", err)


if FULL:

    class EveryBareMetalHost:
        def test_a_linux_has_radix_by_default(self):
            self.assert_linux("radix", self.host, "Radix")
            self.assertNotIn("with the hash MMU", self.run_of("radix")[2])

        def test_a_linux_gets_the_hash_mmu_where_it_is_requested(self):
            self.assert_linux("hash", self.host, "Hash")
            self.assertIn(") with the hash MMU, set and read back", self.run_of("hash")[2])

        def test_a_linux_that_may_choose_takes_hash_with_disable_radix(self):
            self.assert_linux("chosen", self.host, "Hash")

        def test_a_linux_at_power8_has_hash(self):
            self.assert_linux("power8", "power8", "Hash")

    class Power9Test(EveryBareMetalHost, HashTest):
        host = "power9"

    class Power10Test(EveryBareMetalHost, HashTest):
        def test_a_flat_tree_announces_hash(self):
            code, out, _ = self.run_of("flat")
            self.assertEqual(code, 0)
            self.assertRegex(out, r"MMU\s*: Hash")

        def test_two_vcpus_share_the_table(self):
            code, out, err = self.run_of("smp")
            self.assertEqual(code, 0, err)
            self.assertRegex(out, r"a 2\n[0-9a-f]{64}")

        def test_the_memory_may_be_smaller_or_larger_than_that_of_real_mode(self):
            for name, least, most in (("small", 150, 256), ("large", 1050, 1200)):
                code, out, err = self.run_of(name)
                self.assertEqual(code, 0, err)
                total = int(re.search(r"Mem:\s+(\d+)", out).group(1))
                self.assertTrue(least <= total <= most, total)

        def test_a_guest_that_reboots_chooses_again(self):
            self.assert_linux("reboots", "power10", "Hash")
            _, out, err = self.run_of("reboots")
            self.assertIn("second life", out)
            self.assertEqual(err.count("negotiated power10 (0x0f000006) with the hash MMU: "), 2, err)

        def test_a_linux_gets_no_hash_mmu_that_is_excluded(self):
            code, out, err = self.run_of("only_radix")
            self.assertEqual(code, 0, err)
            self.assertRegex(out, r"MMU\s*: Radix")
            self.assertNotIn("hash", err)

        def test_the_guest_makes_no_other_unknown_calls_than_with_radix(self):
            unknown = set(re.findall(r"unknown \S+ .*", self.run_of("traced")[1]))
            # H_PIC and H_GET_PERF_COUNTER_INFO
            known = {"unknown hcall 0x00000000000000f8: -2", "unknown hcall 0x000000000000f080: -2"}
            self.assertLessEqual(unknown, known)

        def test_the_tree_announces_the_hypercalls_of_the_mmu(self):
            self.assertIn("hcall-bulk", self.run_of("chosen_sets")[1])
            self.assertNotIn("hcall-bulk", self.run_of("radix_sets")[1])


class PartitionTest(HashTest):
    host = "partition"

    def test_hash_is_refused(self):
        code, out, err = self.run_of("hash")
        self.assertEqual((code, out), (3, ""))
        self.assertEqual(err.count("\n"), 3)
        self.assertIn("why: mmu-offered: hash was requested, and guests of a partition are radix-only\n", err)

    def test_a_linux_with_disable_radix_gets_radix(self):
        code, out, err = self.run_of("chosen")
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"MMU\s*: Radix")


if __name__ == "__main__":
    unittest.main()
