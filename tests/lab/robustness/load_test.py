# SPDX-License-Identifier: Apache-2.0
"""Many guests at once, many one after the other, and hosts that have no room for one more."""
import re
import unittest

from lab import BUILD, FULL, PRIVATE, Host, nvram, unexplained

CROWDS = (8, 32, 64)
LIVES = 1000 if FULL else 100
FEW = 3
GUEST = "parley run -m 2M --payload /lab/lives.elf < /dev/null"
# All sleep, and all are told to end.
CROWD = (
    PRIVATE
    + f"""
pids=
for i in $(seq $n); do {GUEST} > /tmp/said.$i 2> /tmp/err & pids="$pids $!"; done
for i in $(seq 600); do [ $(cat /tmp/said.* | grep -c idle) -lt $n ] || break; sleep 0.2; done
echo up $(cat /tmp/said.* | grep -c idle); rm /tmp/said.*
echo KiB $(for p in $pids; do private $p; done | sort -n | tail -n 1)
kill $pids
for p in $pids; do wait $p; echo code $?; done
"""
)


# The guest reboots, which makes a new machine in the same process, until its NVRAM says that it is enough; then it sleeps, and is
# looked at: what a process holds while it makes a machine is another thing at each moment.
def reboots(times):
    return (
        nvram(times)
        + f"""rm -f /tmp/said
{GUEST} --nvram /tmp/nvram > /tmp/said 2> /tmp/err &
until grep -q idle /tmp/said; do kill -0 $! || break; sleep 0.2; done
echo $(private $!) $(ls /proc/$!/fd | wc -l)
kill $!; wait $!; echo code $? after $(grep -c reboots /tmp/err)
"""
    )


PROCESSES = """
look() { echo $(grep MemAvailable /proc/meminfo | tr -dc 0-9) $(grep Slab /proc/meminfo | tr -dc 0-9) $(cut -f 1 /proc/sys/fs/file-nr); }
for part in 1 2; do
  for i in $(seq $half); do parley -q run < /dev/null > /dev/null || echo failed with $?; done
  sleep 1; look
done
"""
CLEAR_LOG = "dmesg -c > /dev/null; "
HOSTS = {
    "crowded": Host(
        [
            "--cpu",
            "power10",
            "--api",
            "v1",
            "--smp",
            "2",
            "--memory",
            "3G",
            "--timeout",
            "900",
            "--file",
            str(BUILD / "lives.elf"),
            "--file",
            f"{BUILD / 'take-partitions'}:/bin/take-partitions",
        ],
        {
            "before": CLEAR_LOG,
            **{f"crowd_{n}": f"n={n}; {CROWD}" for n in CROWDS},
            "log": "dmesg -c",
            # The last one: it stays.
            "partitions": "take-partitions 'parley run < /dev/null 2>&1; echo code $?' > /tmp/taken & until grep -q done /tmp/taken; do sleep 0.2; done; cat /tmp/taken; dmesg >&2",
        },
    ),
    "busy": Host(
        ["--smp", "2", "--timeout", "1500", "--file", str(BUILD / "lives.elf")],
        {
            "reboots": CLEAR_LOG + PRIVATE + reboots(FEW) + reboots(LIVES),
            "log": "dmesg -c",
            "processes": f"half={LIVES // 2}; {PROCESSES}",
            "later_log": "dmesg",
            "memory": "parley run -m 4096G < /dev/null",
        },
    ),
}


def setUpModule():
    for host in HOSTS.values():
        host.start()


class ManyGuestsAtOnce(unittest.TestCase):
    def setUp(self):
        self.results = HOSTS["crowded"].results()

    def test_live_side_by_side_and_all_end_when_told(self):
        for n in CROWDS:
            lines = self.results[f"crowd_{n}"].out.splitlines()
            self.assertIn(f"up {n}", lines)
            self.assertEqual(lines.count("code 143"), n, lines)

    def test_hold_at_most_5_mib_each(self):
        for n in CROWDS:
            most = int(re.search(r"KiB (\d+)", self.results[f"crowd_{n}"].out).group(1))
            self.assertLess(100, most)
            self.assertLessEqual(most, 5 << 10)

    def test_leave_nothing_in_the_kernels_log_that_is_not_normal(self):
        self.assertEqual(unexplained(self.results["log"].out), [])

    def test_one_more_than_the_host_has_partitions_for_is_told_so_and_runs_once_there_is_one(self):
        out = self.results["partitions"].out
        self.assertRegex(out, r"^\d{3,} taken, then Cannot allocate memory\n")
        refused, _, taken = out.partition("code 1\n")
        self.assertIn(
            "parley: KVM refuses to create a guest\n  why: KVM_CREATE_VM (HV): ENOMEM (Cannot allocate memory)\n  do:  ENOMEM, EBUSY: end other guests;",
            refused,
        )
        self.assertIn("Hello from a guest on POWER.\n", taken)
        self.assertIn("code 0\n", taken)


class OneGuestAfterTheOther(unittest.TestCase):
    def setUp(self):
        self.results = HOSTS["busy"].results()

    def test_in_one_process_neither_memory_nor_descriptors_grow(self):
        few, ended, many, later_ended = self.results["reboots"].out.splitlines()
        self.assertEqual(
            (ended, later_ended), (f"code 143 after {FEW}", f"code 143 after {LIVES}"), self.results["reboots"].err
        )
        (private, descriptors), (later_private, later_descriptors) = (map(int, line.split()) for line in (few, many))
        self.assertEqual(later_descriptors, descriptors)
        self.assertLess(later_private - private, 256)

    def test_as_processes_they_leave_nothing_in_the_kernel(self):
        lines = self.results["processes"].out.splitlines()
        self.assertEqual(len(lines), 2, lines)
        (available, slab, files), (later_available, later_slab, later_files) = (
            map(int, line.split()) for line in lines
        )
        self.assertLessEqual(later_files, files + 2)
        self.assertLess(later_slab - slab, 2 << 10)
        self.assertLess(available - later_available, 8 << 10)

    def test_leave_nothing_in_the_kernels_log_that_is_not_normal(self):
        self.assertEqual(unexplained(self.results["log"].out + self.results["later_log"].out), [])

    def test_one_that_the_kernel_has_no_memory_for_is_told_so(self):
        result = self.results["memory"]
        self.assertEqual(result.code, 1)
        self.assertIn(
            "parley: cannot create the guest\n  why: KVM_SET_USER_MEMORY_REGION: ENOMEM (Cannot allocate memory)\n",
            result.err,
        )


if __name__ == "__main__":
    unittest.main()
