# SPDX-License-Identifier: Apache-2.0
"""A pseries program without an operating system, in both byte orders (tests/lab/bare): it tests the machine that it
finds.

The program prints 'ok SENTENCE' or 'FAIL SENTENCE' per check. Its command line selects the test and describes the host.
The tests here compare the number of its checks with a minimum, so that a test that ends early fails.
"""

import re
import shlex
import unittest

from lab import BUILD, Host

ORDERS = {"little": "le", "big": "be"}
INITRD_SIZE = 100003  # a prime number


def checksum(data):
    """FNV-1a, like the program's checksum()."""
    result = 0xCBF29CE484222325
    for byte in data:
        result = (result ^ byte) * 0x100000001B3 % 2**64
    return result


def run(order, words, *options, shell="< /dev/null"):
    """A shell command that runs the program with these words and their checksum; a program that hangs is killed."""
    words += " "
    append = shlex.quote(f"{words}words={checksum(words.encode()):#x}")
    return (
        f"timeout 100 parley run --payload /lab/bare-{ORDERS[order]}.elf --append {append} {' '.join(options)} {shell}"
    )


# Types ten characters when the program is ready for input.
TYPED = (
    "{ for i in $(seq 150); do grep -q 'type now' /tmp/said && break; sleep 0.2; done; printf 0123456789; sleep 3; } | "
)


def commands(about, silicon):
    """All tests on one host, which `about` and `silicon` describe. `given` ends with special characters."""
    initrd = (BUILD / "bare-be.elf").read_bytes()[:INITRD_SIZE]
    given = f"entry {about} initrd={INITRD_SIZE} sum={checksum(initrd):#x} " + r"""quoted="b  c" it's %s \n $HOME ü"""
    made = f"head -c {INITRD_SIZE} /lab/bare-be.elf > /tmp/initrd; "
    lines = {}
    for order in ORDERS:
        lines |= {
            f"{order}_{name}": run(order, f"{name} {about}")
            for name in "entry rtas hypercalls kernel-hypercalls decrementer external instructions illegal".split()
        }
        lines[f"{order}_entry-kernel"] = run(order, f"entry {about}").replace("--payload", "-kernel")
        lines[f"{order}_entry-initrd"] = made + run(order, given, "--initrd /tmp/initrd")
        lines[f"{order}_entry-small"] = made + run(order, given, "-m 8M --initrd /tmp/initrd")
        lines[f"{order}_entry-large"] = run(order, f"entry {about} {'long ' * 2000}", "-m 1G")
        lines[f"{order}_prefixed"] = run(order, f"prefixed {about} {silicon}")
        lines[f"{order}_smp"] = run(order, f"smp {about} processors=2", "--smp 2")
        lines[f"{order}_input"] = (
            "rm -f /tmp/said; "
            + TYPED
            + run(order, f"input {about}", shell="> /tmp/said")
            + "; code=$?; cat /tmp/said; exit $code"
        )
    return lines


def host(about, silicon, *arguments):
    files = [word for order in ORDERS.values() for word in ("--file", str(BUILD / f"bare-{order}.elf"))]
    return Host([*arguments, "--smp", "2", "--timeout", "900", *files], commands(about, silicon))


HOSTS = {
    "power11_as_power10_v2": host("v2", "isa31"),
    "power10_v1": host("v1", "isa31", "--cpu", "power10", "--api", "v1"),
    "power9_v1": host("v1", "isa30", "--cpu", "power9", "--api", "v1"),
}


def setUpModule():
    for each in HOSTS.values():
        each.start()


class ABareProgram:
    host = order = None

    def setUp(self):
        self.results = HOSTS[self.host].results()

    def result(self, name):
        return self.results[f"{self.order}_{name}"]

    def assert_passes(self, name, at_least):
        """The program reached its end, no check failed, and there were enough checks."""
        result = self.result(name)
        lines = result.out.replace("\r", "").splitlines()
        failures = "\n".join(line for line in lines if not line.startswith("ok ")) + "\n" + result.err
        self.assertEqual(result.code, 0, failures)
        found = re.fullmatch(r"(\d+) passed, 0 failed", lines[-1] if lines else "")
        self.assertIsNotNone(found, failures)
        passed = sum(line.startswith("ok ") for line in lines)
        self.assertEqual(int(found[1]), passed, failures)
        self.assertGreaterEqual(passed, at_least)

    def test_is_loaded_relocated_and_entered_as_by_firmware(self):
        self.assert_passes("entry", 33)
        self.assert_passes("entry-kernel", 33)

    def test_gets_its_initrd_and_its_command_line_unchanged(self):
        self.assert_passes("entry-initrd", 36)

    def test_runs_with_8_mib_and_with_1_gib(self):
        self.assert_passes("entry-small", 36)
        self.assert_passes("entry-large", 33)

    def test_gets_answers_of_rtas_by_hypercall_and_by_its_entry_point(self):
        self.assert_passes("rtas", 37)
        self.assertIn("# display-character says this\n", self.result("rtas").out)

    def test_gets_answers_to_all_hypercalls_of_the_vmm(self):
        self.assert_passes("hypercalls", 153)

    def test_gets_answers_to_the_hypercalls_of_the_kernel(self):
        self.assert_passes("kernel-hypercalls", 25 if self.host.endswith("v2") else 30)

    def test_is_interrupted_by_its_decrementer(self):
        self.assert_passes("decrementer", 8 if self.host.endswith("v2") else 14)

    def test_sends_itself_messages_through_the_interrupt_controller(self):
        self.assert_passes("external", 21 if self.host.endswith("v2") else 29)

    def test_gets_terminal_input(self):
        self.assert_passes("input", 8)

    def test_finds_that_instructions_work(self):
        self.assert_passes("instructions", 43)

    def test_runs_prefixed_instructions_if_the_silicon_has_them(self):
        self.assert_passes("prefixed", 4)

    def test_starts_stops_and_wakes_another_processor(self):
        self.assert_passes("smp", 29 if self.host.endswith("v2") else 31)

    def test_is_interrupted_at_an_illegal_instruction(self):
        self.assert_passes("illegal", 5)


class UnderV2(ABareProgram):
    host = "power11_as_power10_v2"

    # Here the emulated hypervisor fails: it cannot deliver an illegal instruction to a guest.
    def test_is_interrupted_at_an_illegal_instruction(self):
        result = self.result("illegal")
        self.assertEqual(result.code, 1, result.err)
        said = re.fullmatch(r"# an illegal instruction at: 0x([0-9a-f]+)\n", result.out.replace("\r", ""))
        self.assertIsNotNone(said, result.out)
        self.assertIn("the hypervisor ended the guest while it ran\n", result.err)
        self.assertIn(f"stood at pc={int(said[1], 16):#018x}, instruction 0x00000000\n", result.err)


class UnderV1OnPower10(ABareProgram):
    host = "power10_v1"


class UnderV1OnPower9(ABareProgram):
    host = "power9_v1"


class ALittleEndianProgramUnderV2(UnderV2, unittest.TestCase):
    order = "little"


class ABigEndianProgramUnderV2(UnderV2, unittest.TestCase):
    order = "big"


class ALittleEndianProgramUnderV1OnPower10(UnderV1OnPower10, unittest.TestCase):
    order = "little"


class ABigEndianProgramUnderV1OnPower10(UnderV1OnPower10, unittest.TestCase):
    order = "big"


class ALittleEndianProgramUnderV1OnPower9(UnderV1OnPower9, unittest.TestCase):
    order = "little"


class ABigEndianProgramUnderV1OnPower9(UnderV1OnPower9, unittest.TestCase):
    order = "big"


if __name__ == "__main__":
    unittest.main()
