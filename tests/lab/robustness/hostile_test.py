# SPDX-License-Identifier: Apache-2.0
"""A guest that calls every existing service and many others, with hostile arguments (tests/lab/guests/hostile.c)."""

import re
import unittest

from lab import BUILD, PRIVATE, Host, unexplained

# The memory is measured from the guest's start, when it has touched all its memory, to its last call.
STORM = """
look() { now=$(private $!); [ "${now:-0}" -le $most ] || most=$now; }
said() { grep -a -q "$1" /tmp/said || ! kill -0 $!; }
dmesg -c > /dev/null
parley run -m 16M --smp 2 $boot /lab/hostile.elf < /dev/null > /tmp/said &
until said 'the storm begins'; do sleep 0.5; done
before=$(private $!) most=0
until said 'the storm is over'; do look; sleep 0.5; done
look
wait $!; echo code $?
echo KiB $before $most
tail -n 1 /tmp/said
"""


def host(boot, *arguments):
    return Host(
        ["--smp", "2", "--file", str(BUILD / "hostile.elf"), *arguments],
        {"storm": f"{PRIVATE} boot={boot} {STORM}", "log": "dmesg"},
    )


HOSTS = {
    "client_interface": host("--kernel"),
    "flat_tree": host("--payload", "--cpu", "power10", "--api", "v1"),
}


def setUpModule():
    for each in HOSTS.values():
        each.start()


class AHostileGuest:
    def setUp(self):
        results = HOSTS[self.host].results()
        self.storm, self.log = results["storm"], results["log"].out

    def numbers(self, pattern):
        return map(int, re.search(pattern, self.storm.out, re.M).groups())

    def test_reaches_its_end_and_parley_exits_with_0(self):
        self.assertIn("code 0\n", self.storm.out, self.storm.err)

    def test_makes_all_its_calls(self):
        calls, taken, answered, numbers, rewritten = self.numbers(
            r"^the storm is over: (\d+) calls, (\d+) taken, (\d+) answered, (\d+) hcalls in turn, (\d+) rewritten$"
        )
        self.assertEqual(numbers, 0x500 // 4 + 1 - 3 + 17, "all hypercall numbers except three")
        self.assertGreater(rewritten, 1000, "the second vCPU rewrites arguments")
        self.assertGreater(calls, 5000)
        self.assertGreater(taken, calls / 50, "some calls succeed")
        self.assertGreater(answered, calls / 100 if self.host == "client_interface" else -1)

    def test_makes_parley_grow_by_less_than_a_mebibyte(self):
        before, most = self.numbers(r"^KiB (\d+) (\d+)$")
        self.assertGreater(before, 16 << 10, "both include the guest's memory")
        self.assertGreater(most, 16 << 10)
        self.assertLess(most - before, 1 << 10)

    def test_leaves_only_known_messages_in_the_kernels_log(self):
        self.assertEqual(unexplained(self.log), [])


class AHostileGuestWithAClientInterfaceUnderV2(AHostileGuest, unittest.TestCase):
    host = "client_interface"


class AHostileGuestWithAFlatTreeUnderV1(AHostileGuest, unittest.TestCase):
    host = "flat_tree"


if __name__ == "__main__":
    unittest.main()
