# SPDX-License-Identifier: Apache-2.0
"""Levels on real kernels: parley's decisions, its output and errors, and the level that the guest itself reports.

The same COMMANDS run on each host of HOSTS: silicon, the partition's level, nested API and kernel vary. The reference
host also runs EXTRA, commands whose result does not depend on the level.
"""

import json
import unittest

from lab import BUILD, Host, lacks, matrix_validator

COMMANDS = {
    "inspect": ["parley", "inspect"],
    "json": ["parley", "inspect", "--json"],
    "auto": ["parley", "run"],
    "power9": ["parley", "run", "--compat", "power9"],
    "power10": ["parley", "run", "--compat", "power10"],
    "power11": ["parley", "run", "--compat", "power11"],
    "check_host": ["parley", "check", "host"],
    "check_power8": ["parley", "check", "power8"],
    "check_power11": ["parley", "check", "power11"],
    "forced": ["parley", "run", "--compat", "power11", "--force"],
    "forced_power8": ["parley", "run", "--compat", "power8", "--force"],
    "rescued": ["parley", "run", "--compat", "power11", "--force", "--on-refusal", "fallback"],
    "rescued_quietly": ["parley", "-q", "run", "--compat", "power11", "--force", "--on-refusal", "fallback"],
    "fallback": ["parley", "run", "--compat", "power11", "--on-refusal", "fallback"],
    "list": ["parley", "run", "--compat", "power11,power9"],
    "raw": ["parley", "run", "--compat", "raw"],
    "matrix": ["parley", "matrix"],
    "matrix_forced": ["parley", "matrix", "--force", "--format", "json"],
    "busybox": "parley run -kernel /bin/busybox; a=$?; parley run --payload /bin/busybox; echo $a $?",
    "example": ["/lab/set_level", "auto"],
    "example_refused": ["/lab/set_level", "power11"],
    "example_guest": ["/lab/run_guest"],
    "complaints": "dmesg -c > /dev/null; for i in 1 2 3 4 5 6 7 8 9 10; do parley -q run > /dev/null || exit 1; done; "
    "dmesg | grep -E 'BUG:|Oops|WARNING:|lockdep'; test $? = 1",
}
CELL = "parley matrix run --cell host.power11.compat.power10.guest.power10"
EXTRA = {
    "saved": "parley inspect --json > /tmp/saved.json; parley inspect > /tmp/live; "
    "parley inspect --host /tmp/saved.json | diff /tmp/live -",
    "folder": ["parley", "check", "power11", "--host", "/proc/device-tree"],
    "elf": ["parley", "run", "--payload", "/lab/big-endian.elf"],
    "flat": ["parley", "run", "--payload", "/lab/builtin.bin"],
    "too_large": ["parley", "run", "-m", "1M", "--payload", "/lab/vmlinux-fixed"],
    "garbage": ["parley", "run", "--payload", "/lab/initrd.cpio.gz", "-m", "1M"],
    "no_permission": "mkdir -p /etc; echo user::1000:1000::/:/bin/sh > /etc/passwd; chmod 600 /dev/kvm; "
    "su user -c 'parley run'; echo $?; chmod 666 /dev/kvm; su user -c 'parley run'; echo $?",
    "full": "parley run > /dev/full",
    "closed": "(parley run; echo $? >&2) | true",
    "traced": ["parley", "-vv", "run"],
    "into_file": "parley matrix --out /tmp/matrix && parley matrix | diff /tmp/matrix - && "
    "parley matrix --out /dev/full; echo $?; parley matrix --out /nowhere/matrix; echo $?",
    "no_level": ["parley", "matrix", "--levels", "auto"],
    "full_results": "mkdir /tmp/small; mount -t tmpfs -o size=4k tmpfs /tmp/small; "
    + CELL
    + " --results /tmp/small; echo $?; ls -A /tmp/small; "
    "mount -o remount,size=1m /tmp/small; " + CELL + " --results /tmp/small; echo $?; ls -A /tmp/small",
    "changed": "parley inspect --json > /tmp/a; parley inspect --json > /tmp/b; parley diff /tmp/a /tmp/b; echo $?; "
    "sed s/nested.v2/nested\\ v1/ /tmp/b > /tmp/c; parley diff /tmp/a /tmp/c; echo $?",
    # The last command: under v2, an emulated hypervisor negotiates its capabilities with the module only once.
    "no_kvm": "rmmod kvm_hv; parley run; a=$?; rmmod kvm; parley run; b=$?; parley inspect > /dev/null; c=$?; "
    "parley check power10; d=$?; echo $a $b $c $d",
}
SPIN = "".join(f"\\{byte:03o}" for byte in (0x00, 0x00, 0x00, 0x48))  # "b ." in little-endian
SIGNALS = {
    name: f"printf '{SPIN}' > /tmp/spin; rm -f /tmp/said; parley run --payload /tmp/spin 2> /tmp/said & "
    "until grep -q 'set and read back' /tmp/said 2> /dev/null; do sleep 0.1; done; "
    f"before=$(cut -d' ' -f1 /proc/uptime); kill -{number} $!; wait $!; code=$?;"
    " after=$(cut -d' ' -f1 /proc/uptime); echo $code; echo \"$after $before\" | "
    'awk \'{print ($1 - $2 < 0.5) ? "fast" : "slow " $1 - $2}\''
    for name, number in (("term", 15), ("int", 2), ("hup", 1))
}

FILES = [
    word for name in ("grants", "set_level", "run_guest", "big-endian.elf") for word in ("--file", str(BUILD / name))
]
FILES += ["--file", str(BUILD / "src" / "builtin.bin")]
P11_AS_P10 = ["--cpu", "power11", "--max-compat", "power10", *FILES]
P11 = ["--cpu", "power11", *FILES]
HOSTS = {
    "reference": Host(FILES, COMMANDS | EXTRA),
    "p11_v2": Host(P11, COMMANDS),
    "p11_v1": Host([*P11, "--api", "v1"], COMMANDS),
    "p11_as_p10_v1": Host([*P11_AS_P10, "--api", "v1"], COMMANDS),
    "unfixed_v2": Host([*P11_AS_P10, "--kernel", "unfixed"], COMMANDS),
    "p9_v1": Host(["--cpu", "power9", "--api", "v1", *FILES], COMMANDS),
    "p10_as_p9_v2": Host(["--cpu", "power10", "--max-compat", "power9", *FILES], COMMANDS),
    "p10_unfixed_v1": Host(["--cpu", "power10", "--api", "v1", "--kernel", "unfixed", *FILES], COMMANDS),
    "64k": Host([*P11_AS_P10, "--page-size", "64k"], COMMANDS),
    "two_cpus": Host([*P11_AS_P10, "--smp", "2"], SIGNALS),
}
NEXT = ["--kernel", "next", "--guest", "none"]
NEXT_HOSTS = {
    "next_p11_as_p10_v2": [*P11_AS_P10, *NEXT],
    "next_p11_v1": [*P11, "--api", "v1", *NEXT],
    "next_p10_as_p9_v2": ["--cpu", "power10", "--max-compat", "power9", *FILES, *NEXT],
    "next_p9_v1": ["--cpu", "power9", "--api", "v1", *FILES, *NEXT],
}
if not lacks("next"):
    HOSTS |= {name: Host(arguments, COMMANDS | {"grants": ["/lab/grants"]}) for name, arguments in NEXT_HOSTS.items()}


def setUpModule():
    for host in HOSTS.values():
        host.start()


class HostTest(unittest.TestCase):
    host = None

    def setUp(self):
        if self.host not in HOSTS:
            self.skipTest(lacks("next"))
        self.results = HOSTS[self.host].results()

    def assert_runs_at(self, name, level, pvr):
        result = self.results[name]
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("Hello from a guest on POWER.\n", result.out)
        self.assertIn(f"level: {level} (cpu-version {pvr})\n", result.out)
        self.assertIn(f"guest level {level} ({pvr}), set and read back\n", result.err)

    def assert_refused(self, name, *evidence):
        result = self.results[name]
        self.assertEqual(result.code, 3, result.err)
        self.assertEqual(result.out, "")
        self.assertEqual(len(result.err.splitlines()), 3, result.err)
        for text in evidence:
            self.assertIn(text, result.err)


class EveryHost:
    """The tests for every host."""

    def test_the_report_is_consistent_and_both_forms_have_the_same_verdict(self):
        report = json.loads(self.results["json"].out)
        self.assertEqual(report["schema"], "parley-inspect/1")
        self.assertEqual(report["verdict"]["level"], self.level)
        self.assertEqual(report["verdict"]["highest_legal"], self.level)
        self.assertEqual(report["verdict"]["lowest_legal"], "power9")
        self.assertEqual(report["verdict"]["kvm"], self.kvm)
        self.assertIn(f"effective level       {self.level} ", self.results["inspect"].out)
        self.assertEqual([doubt["id"] for doubt in report["doubts"]], self.doubts)

    def test_the_trials_have_this_kernels_known_outcomes(self):
        report = json.loads(self.results["json"].out)
        self.assertEqual([trial["outcome"] for trial in report["facts"]["kvm"]["trials"]], self.trials)

    def test_the_default_is_the_hosts_level(self):
        self.assert_runs_at("auto", self.level, self.pvr)
        self.assertEqual(self.results["check_host"].code, 0)

    def test_a_fallback_ends_at_the_hosts_level_and_is_announced(self):
        self.assert_runs_at("fallback", self.level, self.pvr)
        if self.level != "power11":
            self.assertIn("power11 (0x0f000007) is not legal here", self.results["fallback"].err)

    def cells(self):
        """The cells of the forced matrix, by their requested levels."""
        (host,) = json.loads(self.results["matrix_forced"].out)["hosts"]
        return {cell["asked"]: cell for cell in host["cells"]}

    def test_the_matrix_has_no_surprise_and_all_legal_levels_work(self):
        for name in ("matrix", "matrix_forced"):
            self.assertEqual((self.results[name].code, self.results[name].err), (0, ""), name)
        works = {
            asked: cell["seen"]["cpu_version"] for asked, cell in self.cells().items() if cell["verdict"] == "works"
        }
        expected = {
            level: pvr
            for level, pvr in (("power9", "0x0f000005"), ("power10", "0x0f000006"), ("power11", "0x0f000007"))
            if pvr <= self.pvr
        }
        silicon = json.loads(self.results["json"].out)["verdict"]
        if silicon["silicon"] == self.level:
            expected["raw"] = json.loads(self.results["json"].out)["facts"]["kvm"]["pvr"]
        self.assertEqual(works, expected)
        self.assertEqual(
            {cell["verdict"] for asked, cell in self.cells().items() if asked not in expected}, {"refused as expected"}
        )

    def test_the_matrix_and_the_trials_have_the_same_answers_of_the_kernel(self):
        cells = self.cells()
        self.assertEqual(
            [cells[level]["set"]["outcome"] for level in ("power8", "power9", "power10", "power11")], self.trials
        )

    def test_the_matrix_is_valid_by_its_schema(self):
        matrix_validator().validate(json.loads(self.results["matrix_forced"].out))

    def test_power8_is_refused_by_the_rule_nested_floor(self):
        self.assertEqual(self.results["check_power8"].code, 3)
        self.assertIn("nested-floor", self.results["check_power8"].err)

    def test_a_linux_program_is_refused_as_a_guest_without_mention_of_levels(self):
        result = self.results["busybox"]
        self.assertEqual(result.out, "1 1\n", result.err)
        self.assertEqual(result.err.count("it is a program that runs in Linux, not a kernel"), 2, result.err)
        self.assertNotIn("level", result.err)

    def test_the_example_with_the_installed_library_agrees(self):
        self.assertEqual(self.results["example"].out, f"{self.level} ({self.pvr})\n")
        self.assertEqual(self.results["example_refused"].code, 0 if self.level == "power11" else 3)

    def test_the_example_that_runs_a_guest_runs_it_at_the_hosts_level(self):
        result = self.results["example_guest"]
        self.assertEqual(result.code, 0, result.err)
        self.assertIn(f"level: {self.level} (cpu-version {self.pvr})\n", result.out)

    def test_ten_guests_leave_no_warning_in_the_kernels_log(self):
        self.assertEqual(self.results["complaints"].code, 0, self.results["complaints"].out)


class LimitedToPower10(EveryHost):
    level, pvr = "power10", "0x0f000006"

    def test_power10_and_power9_run(self):
        self.assert_runs_at("power10", "power10", "0x0f000006")
        self.assert_runs_at("power9", "power9", "0x0f000005")

    def test_power11_is_refused_before_the_kernel_is_asked(self):
        self.assert_refused(
            "power11", "not-above-host", "cpu-version 0x0f000006", "0x0f000007", "legal here: power9 to power10"
        )
        self.assertEqual(self.results["check_power11"].code, 3)

    def test_the_first_legal_level_of_a_list_is_taken_and_announced(self):
        self.assert_runs_at("list", "power9", "0x0f000005")
        self.assertIn("power11 (0x0f000007) is not legal here", self.results["list"].err)

    def test_raw_is_refused_because_it_would_show_the_silicon(self):
        self.assert_refused("raw", "raw-is-honest", "its silicon is power11")


class WithTheFix:
    def test_a_forced_power11_is_refused_by_kvm_run_and_reported(self):
        result = self.results["forced"]
        self.assertEqual(result.code, 3)
        self.assertEqual(result.out, "")
        self.assertIn(
            "KVM_RUN EINVAL (Invalid argument), exit_reason 17, arch_compat reads back 0xffffffff", result.err
        )

    def test_a_forced_power11_with_fallback_runs_at_power10_on_the_same_vcpu(self):
        self.assert_runs_at("rescued", "power10", "0x0f000006")
        self.assertIn("the kernel refuses power11 (0x0f000007)", self.results["rescued"].err)
        self.assertIn("falling back to power10 (0x0f000006)", self.results["rescued"].err)

    def test_a_fallback_is_announced_in_quiet_mode_too(self):
        self.assertIn("falling back to power10 (0x0f000006)", self.results["rescued_quietly"].err)

    def test_the_matrix_shows_the_kernels_refusal(self):
        cell = self.cells()["power11"]
        self.assertEqual((cell["set"]["errno"], cell["set"]["readback"]), (22, "0xffffffff"))
        self.assertEqual((cell["run"]["outcome"], cell["run"]["failure"]), ("level refused", "level-invalid"))


class WithTheCapability:
    """Linux 7.3 and later: the kernel reports the levels that the hypervisor grants, one bit per level."""

    def test_the_grant_is_a_fact_and_decides_a_rule(self):
        self.assertEqual(
            json.loads(self.results["json"].out)["facts"]["kvm"]["compat_caps"], {"errno": 0, "bits": self.bits}
        )
        self.assertRegex(
            self.results["check_host"].out,
            rf"(?m)^ +passes +granted-by-hypervisor .* KVM_PPC_GET_COMPAT_CAPS says {self.bits}$",
        )

    def test_the_call_answers_like_the_unit_tests_fake(self):
        none = "22 {} 0x0000000000000000"  # EINVAL
        self.assertEqual(
            self.results["grants"].out.splitlines(),
            [
                f"valid: 0 24 {self.bits}",
                f"larger: 0 24 {self.bits}",
                "smaller: " + none.format(16),
                "size 0: " + none.format(0),
                "with a flag: " + none.format(24),
                "on the system descriptor: " + none.format(24),
                "on a vCPU: " + none.format(24),
            ],
        )


class Power11AsPower10UnderV2WithTheFix(LimitedToPower10, WithTheFix, HostTest):
    host, kvm, doubts = "reference", "nested v2", []
    trials = ["refused", "taken", "taken", "poisoned"]

    def test_a_forced_power8_is_refused_and_does_not_run_raw(self):
        self.assertEqual(self.results["forced_power8"].code, 3)
        self.assertEqual(self.results["forced_power8"].out, "")

    def test_a_saved_report_has_the_same_verdict_as_the_host(self):
        self.assertEqual(self.results["saved"].code, 0, self.results["saved"].out)

    def test_the_kernels_device_tree_is_read_as_a_folder(self):
        self.assertEqual(self.results["folder"].code, 3)
        self.assertIn("not-above-host", self.results["folder"].err)

    def test_a_big_endian_elf_payload_runs(self):
        self.assertEqual(self.results["elf"].code, 0, self.results["elf"].err)
        self.assertEqual(self.results["elf"].out, "big\n")

    def test_a_flat_payload_runs(self):
        self.assert_runs_at("flat", "power10", "0x0f000006")

    def test_a_payload_that_does_not_fit_is_reported(self):
        for name in ("too_large", "garbage"):
            self.assertEqual(self.results[name].code, 1)
            self.assertIn("does not fit into the guest's memory", self.results[name].err)

    def test_a_host_without_kvm_is_not_applicable_and_the_message_names_the_module(self):
        result = self.results["no_kvm"]
        self.assertEqual(result.out.splitlines()[-1], "4 4 0 4", result.err)
        self.assertIn("no usable HV backend is behind it", result.err)
        self.assertIn("modprobe kvm_hv", result.err)

    def test_a_lack_of_permission_for_kvm_is_reported(self):
        result = self.results["no_permission"]
        lines = result.out.splitlines()
        self.assertEqual((lines[0], lines[-1]), ("1", "0"), result.err)
        self.assertIn("EACCES", result.err)

    def test_a_full_device_as_standard_output_is_an_error(self):
        self.assertEqual(self.results["full"].code, 1)
        self.assertIn("ENOSPC", self.results["full"].err)

    def test_a_vanished_reader_is_an_error(self):
        self.assertEqual(self.results["closed"].err.splitlines()[-1], "1")
        self.assertIn("EPIPE", self.results["closed"].err)

    def test_a_matrix_without_force_asks_the_kernel_for_legal_levels_only(self):
        rows = self.results["matrix"].out.splitlines()
        self.assertEqual(rows[-2:], ["2 works", "6 refused as expected"])
        for row in rows[2:-2]:
            self.assertEqual(row.split()[2] == "-", row.split()[1] == "refused", row)

    def test_a_matrix_is_written_to_a_file_or_the_failure_is_reported(self):
        result = self.results["into_file"]
        self.assertEqual(result.out, "1\n1\n", result.err)
        self.assertIn("cannot write the report to /dev/full", result.err)
        self.assertIn("ENOSPC", result.err)
        self.assertIn("cannot write the report to /nowhere/matrix", result.err)

    def test_a_full_disk_gets_no_partial_result_and_a_disk_with_room_gets_the_whole(self):
        result = self.results["full_results"]
        self.assertEqual(result.out, "1\n0\nhost.power11.compat.power10.guest.power10.json\n")
        self.assertIn("ENOSPC", result.err)

    def test_two_reports_of_one_host_differ_only_in_changed_facts(self):
        self.assertEqual(
            self.results["changed"].out,
            "no change since /tmp/a\n0\nverdict.kvm: nested v2 -> nested v1\n1 change since /tmp/a\n1\n",
        )

    def test_a_matrix_needs_levels_by_name(self):
        self.assertEqual(self.results["no_level"].code, 2)
        self.assertIn("--levels power9,power10,raw", self.results["no_level"].err)

    def test_the_decision_and_every_exit_are_traced(self):
        err = self.results["traced"].err
        self.assertRegex(err, r"parley: +passes +not-above-host ")
        self.assertIn("parley: H_PUT_TERM_CHAR: 0\n", err)
        self.assertIn("parley: RTAS power-off: 0\n", err)


class Power11AsPower10UnderV1WithTheFix(LimitedToPower10, WithTheFix, HostTest):
    host, kvm, doubts = "p11_as_p10_v1", "nested v1", []
    trials = ["taken", "taken", "taken", "poisoned"]


class Power11AsPower10OnA64KKernel(LimitedToPower10, WithTheFix, HostTest):
    host, kvm, doubts = "64k", "nested v2", []
    trials = ["refused", "taken", "taken", "poisoned"]

    def test_the_page_size_is_reported(self):
        self.assertEqual(json.loads(self.results["json"].out)["verdict"]["page_size"], 65536)


class Power11AsPower10OnAKernelWithoutTheFix(LimitedToPower10, HostTest):
    host, kvm, doubts = "unfixed_v2", "nested v2", ["kvm-trial-disagrees"]
    trials = ["refused", "taken", "taken", "taken"]

    def test_the_kernel_would_have_taken_power11(self):
        """So Parley's policy must refuse it first: forced, it runs."""
        self.assert_runs_at("forced", "power11", "0x0f000007")
        self.assertIn("forced: power11 (0x0f000007) is not legal here", self.results["forced"].err)


class Power10OnAKernelWithoutTheFixUnderV1(EveryHost, HostTest):
    host, kvm, doubts = "p10_unfixed_v1", "nested v1", ["kvm-trial-disagrees"]
    level, pvr = "power10", "0x0f000006"
    trials = ["taken", "taken", "taken", "taken"]

    def test_the_matrix_shows_that_the_kernel_lacks_the_fix(self):
        cell = self.cells()["power11"]
        self.assertEqual(
            (cell["set"]["errno"], cell["set"]["readback"], cell["run"]["outcome"]), (0, "0x0f000007", "ended")
        )
        self.assertIn("only by Parley's policy", cell["reason"])


class Power11(EveryHost):
    level, pvr, doubts = "power11", "0x0f000007", []

    def test_power11_power10_and_power9_run(self):
        self.assert_runs_at("power11", "power11", "0x0f000007")
        self.assert_runs_at("power10", "power10", "0x0f000006")
        self.assert_runs_at("power9", "power9", "0x0f000005")

    def test_raw_runs_and_shows_the_physical_pvr(self):
        self.assertEqual(self.results["raw"].code, 0, self.results["raw"].err)
        self.assertIn("level: raw (cpu-version 0x00821200)\n", self.results["raw"].out)


class Power11UnderV2(Power11, HostTest):
    host, kvm = "p11_v2", "nested v2"
    trials = ["refused", "taken", "taken", "taken"]


class Power11UnderV1(Power11, HostTest):
    host, kvm = "p11_v1", "nested v1"
    trials = ["taken", "taken", "taken", "taken"]


class LimitedToPower9(EveryHost):
    level, pvr = "power9", "0x0f000005"

    def test_only_power9_runs(self):
        self.assert_runs_at("power9", "power9", "0x0f000005")
        self.assert_refused("power10", "not-above-host", "the only legal level here is power9")
        self.assert_refused("power11", "not-above-host")


class Power9UnderV1(LimitedToPower9, HostTest):
    host, kvm, doubts = "p9_v1", "nested v1", []
    trials = ["taken", "taken", "refused", "poisoned"]


class Power10AsPower9UnderV2(LimitedToPower9, HostTest):
    host, kvm, doubts = "p10_as_p9_v2", "nested v2", []
    trials = ["refused", "taken", "refused", "poisoned"]


class Power11AsPower10UnderV2WithTheCapability(WithTheCapability, LimitedToPower10, WithTheFix, HostTest):
    host, kvm, doubts, bits = "next_p11_as_p10_v2", "nested v2", [], "0x6000000000000000"
    trials = ["refused", "taken", "taken", "poisoned"]


class Power11UnderV1WithTheCapability(WithTheCapability, Power11, HostTest):
    host, kvm, bits = "next_p11_v1", "nested v1", "0x7000000000000000"
    trials = ["taken", "taken", "taken", "taken"]


class Power10AsPower9UnderV2WithTheCapability(WithTheCapability, LimitedToPower9, HostTest):
    host, kvm, doubts, bits = "next_p10_as_p9_v2", "nested v2", [], "0x4000000000000000"
    trials = ["refused", "taken", "refused", "poisoned"]


class Power9UnderV1WithTheCapability(WithTheCapability, LimitedToPower9, HostTest):
    host, kvm, doubts, bits = "next_p9_v1", "nested v1", [], "0x4000000000000000"
    trials = ["taken", "taken", "refused", "poisoned"]


class ASpinningGuest(HostTest):
    host = "two_cpus"

    def test_is_ended_by_each_signal_within_half_a_second(self):
        for name, code in (("term", 143), ("int", 130), ("hup", 129)):
            self.assertEqual(
                self.results[name].out.splitlines(), [str(code), "fast"], f"{name}: {self.results[name].err}"
            )


if __name__ == "__main__":
    unittest.main()
