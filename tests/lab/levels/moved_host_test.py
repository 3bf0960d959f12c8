# SPDX-License-Identifier: Apache-2.0
"""A host whose level changes while guests run, as after a migration of its partition.

The test replaces cpu-version in the kernel's device tree through /proc/powerpc/ofdt, the interface of the partition
tools.
"""

import unittest

from lab import BUILD, Host, nvram

NODE = "node=$(ls -d /proc/device-tree/cpus/PowerPC*); "
TO_LEVEL = (
    NODE
    + "phandle() { hexdump -v -e '/1 \"%02x\"' $node/phandle; }; "
    + "to_level() { printf 'update_property %d cpu-version 4 \\017\\000\\000\\00'$1 $((0x$(phandle))) > "
    "/proc/powerpc/ofdt; }; "
)
# Starts a guest that reboots repeatedly, and waits for its first reboot; then the host's level is changed.
REBOOTING = (
    nvram(1 << 30) + "parley run --payload /lab/lives.elf --nvram /tmp/nvram {options} 2> /tmp/err & guest=$!; "
    "until grep -q reboots /tmp/err; do sleep 0.1; done; "
)


def changed_while_running(level, options=""):
    return (
        TO_LEVEL
        + REBOOTING.format(options=options)
        + f"to_level {level}; sleep 2; kill $guest 2> /dev/null; wait $guest; echo code $?; "
        "grep -v -e reboots -e 'set and read back' /tmp/err; parley check host | head -n 1; to_level 6"
    )


HOST = Host(
    ["--file", str(BUILD / "lives.elf")],
    {
        "lower": changed_while_running(5),
        "outside": changed_while_running(5, "--sandbox off"),
        "still_legal": changed_while_running(5, "--compat power9"),
        "higher": changed_while_running(7),
    },
)


class AHostWhoseLevelChanges(unittest.TestCase):
    def setUp(self):
        self.results = HOST.results()

    def test_does_not_restart_a_guest_whose_level_is_no_longer_legal(self):
        for name in ("lower", "outside"):
            said = self.results[name].out
            self.assertIn("code 3\n", said, name)
            self.assertIn("the guest is not started again: power10 (0x0f000006) is no longer legal on this host", said)
            self.assertIn(
                "requested power10 (0x0f000006), the host has power9 (0x0f000005) by cpu-version 0x0f000005", said
            )
            self.assertIn("it was host power10 (0x0f000006) by cpu-version 0x0f000006 (a live migration?)", said)
            self.assertIn("the only legal level here is power9", said)

    def test_gives_a_new_guest_the_present_level(self):
        self.assertIn("power9 (0x0f000005): legal\n", self.results["lower"].out)

    def test_has_no_level_above_the_level_of_its_running_kernel(self):
        self.assertIn("power10 (0x0f000006): legal\n", self.results["higher"].out)

    def test_restarts_a_guest_whose_level_is_still_legal_and_reports_the_change(self):
        for name, level in (
            ("still_legal", "power9 (0x0f000005) by cpu-version 0x0f000005"),
            ("higher", "power10 (0x0f000006) by cpu-version 0x0f000007, lowered to AT_PLATFORM power10"),
        ):
            said = self.results[name].out
            self.assertIn("code 143\n", said, name)
            self.assertEqual(said.count("the host has changed since the guest was started"), 1, said)
            self.assertIn(f"it is host {level}", said)


if __name__ == "__main__":
    unittest.main()
