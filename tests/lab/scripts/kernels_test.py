# SPDX-License-Identifier: Apache-2.0
"""The lab's kernels behave as their names say.

The test checks the behaviour, not the version: the arch_compat check may be backported to a stable kernel at any time.
"""

import json
import re
import unittest

from lab import FULL, Host, lacks

# The host's level is power10, its silicon's own. So only the kernel decides about power11.
HOST = ["--cpu", "power10", "--api", "v1", "--guest", "none"]
NAMES = ["fixed", "unfixed", "next", *(["fixed-64k", "unfixed-64k", "next-64k"] if FULL else [])]


def host_of(name):
    kernel, _, page_size = name.partition("-")
    return Host(
        [*HOST, "--kernel", kernel, "--page-size", page_size or "4k"], {"inspect": ["parley", "inspect", "--json"]}
    )


HOSTS = {name: host_of(name) for name in NAMES if not lacks(name)}


def setUpModule():
    for host in HOSTS.values():
        host.start()


class Kernel:
    name = has_check = has_capability = None

    def setUp(self):
        if self.name not in HOSTS:
            self.skipTest(lacks(self.name))
        self.facts = json.loads(HOSTS[self.name].results()["inspect"].out)["facts"]
        self.version = self.facts["system"]["kernel_release"]

    def assert_name_fits(self, feature, has, expected):
        self.assertEqual(
            has,
            expected,
            f"the kernel called {self.name} is {self.version} and {'has' if has else 'lacks'} {feature}: choose "
            "another pattern in lab/setup",
        )

    def test_takes_or_refuses_too_high_a_level_as_its_name_says(self):
        (outcome,) = [trial["outcome"] for trial in self.facts["kvm"]["trials"] if trial["asked"] == "0x0f000007"]
        self.assertIn(outcome, ("taken", "poisoned"))
        self.assert_name_fits("the arch_compat check", outcome == "poisoned", self.has_check)

    def test_has_or_lacks_the_capability_of_legal_levels_as_its_name_says(self):
        has = self.facts["kvm"]["capabilities"].get("KVM_CAP_PPC_COMPAT_CAPS", 0) == 1
        numbers = tuple(int(number) for number in re.match(r"(\d+)\.(\d+)", self.version).groups())
        if has and not self.has_capability and self.has_check and numbers >= (7, 3):
            self.skipTest(
                f"the archive has no 7.2 any more, so {self.name} is the lowest later version, {self.version}"
            )
        self.assert_name_fits("KVM_CAP_PPC_COMPAT_CAPS", has, self.has_capability)


class Unfixed(Kernel, unittest.TestCase):
    name, has_check, has_capability = "unfixed", False, False


class Fixed(Kernel, unittest.TestCase):
    name, has_check, has_capability = "fixed", True, False


class Next(Kernel, unittest.TestCase):
    name, has_check, has_capability = "next", True, True


if FULL:

    class UnfixedWith64kPages(Unfixed):
        name = "unfixed-64k"

    class FixedWith64kPages(Fixed):
        name = "fixed-64k"

    class NextWith64kPages(Next):
        name = "next-64k"


if __name__ == "__main__":
    unittest.main()
