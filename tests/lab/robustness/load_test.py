# SPDX-License-Identifier: Apache-2.0
"""Many concurrent guests, many consecutive guests, and hosts without room for one more guest."""

import re
import unittest

from lab import BUILD, FULL, PRIVATE, Host, nvram, unexplained

CROWDS = (8, 32, 64)
LIVES = 1000 if FULL else 100
FEW = 3
GUEST = "parley run -m 2M --payload /lab/lives.elf < /dev/null"
# All guests sleep until they are ended.
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


# The guest reboots as often as its NVRAM says; each reboot makes a new machine in the same process. The process is
# measured when the guest sleeps, because its memory varies while it makes a machine.
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
meminfo() { grep $1 /proc/meminfo | tr -dc 0-9; }
look() { echo $(meminfo MemAvailable) $(meminfo Slab) $(cut -f 1 /proc/sys/fs/file-nr); }
for part in 1 2; do
  for i in $(seq $half); do parley -q run < /dev/null > /dev/null || echo failed with $?; done
  sleep 1; look
done
"""
CLEAR_LOG = "dmesg -c > /dev/null; "
LIVES_ELF = ["--file", str(BUILD / "lives.elf")]
HOSTS = {
    "crowded": Host(
        "--cpu power10 --api v1 --smp 2 --memory 3G --timeout 900".split()
        + [*LIVES_ELF, "--file", f"{BUILD / 'take-partitions'}:/bin/take-partitions"],
        {
            "before": CLEAR_LOG,
            **{f"crowd_{n}": f"n={n}; {CROWD}" for n in CROWDS},
            "log": "dmesg -c",
            # The last command: take-partitions keeps running.
            "partitions": "take-partitions 'parley run < /dev/null 2>&1; echo code $?' > /tmp/taken & "
            "until grep -q done /tmp/taken; do sleep 0.2; done; cat /tmp/taken; dmesg >&2",
        },
    ),
    "busy": Host(
        ["--smp", "2", "--timeout", "1500", *LIVES_ELF],
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

    def test_run_concurrently_and_all_end_on_a_signal(self):
        for n in CROWDS:
            lines = self.results[f"crowd_{n}"].out.splitlines()
            self.assertIn(f"up {n}", lines)
            self.assertEqual(lines.count("code 143"), n, lines)

    def test_hold_at_most_5_mib_each(self):
        for n in CROWDS:
            most = int(re.search(r"KiB (\d+)", self.results[f"crowd_{n}"].out).group(1))
            self.assertLess(100, most)
            self.assertLessEqual(most, 5 << 10)

    def test_leave_only_known_messages_in_the_kernels_log(self):
        self.assertEqual(unexplained(self.results["log"].out), [])

    def test_a_guest_without_a_free_partition_is_refused_and_runs_once_one_is_free(self):
        out = self.results["partitions"].out
        self.assertRegex(out, r"^\d{3,} taken, then Cannot allocate memory\n")
        refused, _, taken = out.partition("code 1\n")
        self.assertIn(
            "parley: KVM refuses to create a guest\n  why: KVM_CREATE_VM (HV): ENOMEM (Cannot allocate memory)\n  do: "
            " ENOMEM, EBUSY: end other guests;",
            refused,
        )
        self.assertIn("Hello from a guest on POWER.\n", taken)
        self.assertIn("code 0\n", taken)


class ConsecutiveGuests(unittest.TestCase):
    def setUp(self):
        self.results = HOSTS["busy"].results()

    def test_in_one_process_let_neither_memory_nor_descriptors_grow(self):
        few, ended, many, later_ended = self.results["reboots"].out.splitlines()
        self.assertEqual(
            (ended, later_ended), (f"code 143 after {FEW}", f"code 143 after {LIVES}"), self.results["reboots"].err
        )
        (private, descriptors), (later_private, later_descriptors) = (map(int, line.split()) for line in (few, many))
        self.assertEqual(later_descriptors, descriptors)
        self.assertLess(later_private - private, 256)

    def test_in_several_processes_leave_nothing_in_the_kernel(self):
        lines = self.results["processes"].out.splitlines()
        self.assertEqual(len(lines), 2, lines)
        (available, slab, files), (later_available, later_slab, later_files) = (
            map(int, line.split()) for line in lines
        )
        self.assertLessEqual(later_files, files + 2)
        self.assertLess(later_slab - slab, 2 << 10)
        self.assertLess(available - later_available, 8 << 10)

    def test_leave_only_known_messages_in_the_kernels_log(self):
        self.assertEqual(unexplained(self.results["log"].out + self.results["later_log"].out), [])

    def test_a_guest_that_the_kernel_has_no_memory_for_is_refused_with_a_message(self):
        result = self.results["memory"]
        self.assertEqual(result.code, 1)
        self.assertIn(
            "parley: cannot create the guest\n  why: KVM_SET_USER_MEMORY_REGION: ENOMEM (Cannot allocate memory)\n",
            result.err,
        )


if __name__ == "__main__":
    unittest.main()
