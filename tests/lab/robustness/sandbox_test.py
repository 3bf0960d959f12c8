# SPDX-License-Identifier: Apache-2.0
"""The sandbox on a real kernel: forbidden calls are killed, and each allowed call is needed by some guest.

The kernel's tracer records the system calls of guests that together use all features of Parley (TRACED, LIVES). Every
rule of the sandbox must match one of these calls, except the rules in UNREACHABLE.
"""

import re
import unittest

from lab import BUILD, Host
from linux import SHELL, SMP, linux

# Traces all system calls, with arguments, of each parley that {lines} starts.
TRACED = """
mount -t tracefs none /sys/kernel/tracing
cd /sys/kernel/tracing
echo 100000 > buffer_size_kb
echo 1 > options/event-fork
echo 'comm == "parley"' > events/raw_syscalls/sys_enter/filter
echo 1 > events/raw_syscalls/sys_enter/enable
echo $$ > set_event_pid
cd /tmp
written() {{ awk '/wchar/ {{ print $2 }}' /proc/$(pidof parley)/io; }}
{lines}
echo 0 > /sys/kernel/tracing/tracing_on
cat /sys/kernel/tracing/trace
"""
# lis r10,0x4000; mtctr r10; bctr: a guest that jumps out of its memory in real mode
MAKE_LOST = "printf '\\000\\100\\100\\075\\246\\003\\111\\175\\040\\004\\200\\116' > /tmp/lost; "
# These runs together use all features of a guest.
LIVES = [
    # With continuous input, also during the reboot
    "{ while [ ! -e /tmp/typed ]; do echo typed; sleep 0.1; done; } | "
    + linux(
        "-smp 2 --nvram /tmp/nvram --dump-dtb /tmp/tree",
        append=SMP,
        run="grep -q BEEN /dev/nvram || { echo BEEN | dd of=/dev/nvram bs=1 seek=8192; reboot -f; }",
    ).replace("< /dev/null", "")
    + " > /tmp/reboots.out 2>&1; touch /tmp/typed; grep -c 'L2 ready' /tmp/reboots.out >&2",
    linux("--serial unix:/tmp/sock,server=on,wait=on")
    + " & until [ -S /tmp/sock ]; do sleep 0.1; done; talk /tmp/sock '# ' 'x' > /dev/null; wait $!",
    # With input, and a further command before its end
    "mkfifo /tmp/in; { until grep -q 'L2 ready' /tmp/talk 2> /dev/null; do sleep 0.2; done; sleep 2; "
    "printf 'exit\\n'; sleep 3; } > /tmp/in & " + linux(append=SHELL, shell="< /tmp/in") + " > /tmp/talk",
    # Ended while its reader does not read
    "mkfifo /tmp/full; sleep 600 < /tmp/full & reader=$!; " + linux(run="yes") + " > /tmp/full & "
    "until before=$(written); sleep 3; [ ${before:-0} -gt 32768 ] && [ $before = $(written) ]; do kill -0 $! || "
    "break; done; kill $!; wait $!; kill $reader",
    "on-terminal " + linux(shell=" ").strip() + " > /dev/null",
    MAKE_LOST
    + "timeout -s INT 8 parley run --watchdog 2 --payload /tmp/lost",  # the watchdog reads the vCPU's registers
]
# Rules for calls that are made only after a rare failure, or on bare metal (machine/hash_test.py).
UNREACHABLE = {
    "answered with ENOSYS: its flags are in memory, which no filter can see",  # only newer C libraries try it
    "continuing a wait after the process was stopped",
    "dying of a caught signal",
    "signals that would leave the terminal raw",
    "the page table of a guest with the hash MMU",
}

GUEST = "parley run --sandbox {mode}"
PROGRAMS = [BUILD / name for name in ("talk", "on-terminal")]
PROGRAMS += [BUILD / "tests" / name for name in ("test-sandbox", "test-console", "print-rules")]
HOST = Host(
    "--cpu power10 --api v1 --smp 2 --memory 3G --timeout 800".split()
    + [word for program in PROGRAMS for word in ("--file", f"{program}:/bin/{program.name}")],
    {
        "background": "test-console --gtest_filter=ConsoleOnATerminal.LeavesItToTheShellUntilItStandsInTheForeground",
        "planted": "test-sandbox; code=$?; echo logged $(dmesg -c | grep -c type=1326); exit $code",
        # The kernel logs at most ten such lines in five seconds.
        "only_logged": "sleep 6; dmesg -c > /dev/null; "
        "test-sandbox --gtest_filter=Sandbox.RefusesNothingWhereItOnlyLogs; echo logged $(dmesg -c | "
        "grep -c type=1326)",
        "on": GUEST.format(mode="on") + "; dmesg | grep -c type=1326",
        "log": GUEST.format(mode="log") + "; dmesg | grep -c type=1326",
        "off": GUEST.format(mode="off"),
        "status": f"{MAKE_LOST} parley run --smp 2 --payload /tmp/lost --watchdog off & sleep 2; "
        "for t in /proc/$!/task/*; do grep -E 'NoNewPrivs|Seccomp' $t/status; done; kill $!; wait $!; "
        "echo code $?",
        "rules": "print-rules",
        "trace": TRACED.format(lines="\n".join(LIVES)),
    },
)


def used(trace):
    """The calls under a filter, as (call, request): a process' after its seccomp call, and all those of other threads.

    The guest's first thread has no filter before its own seccomp call. The threads of further vCPUs make the same four
    calls under a filter, so these need not be left out.
    """
    found, leaders, locked = set(), set(), set()
    for task, number, second in re.findall(r"parley-(\d+) .*sys_enter: NR (\d+) \([0-9a-f]+, ([0-9a-f]+)", trace):
        if number == "45" and task not in locked | leaders | {t for t, _ in found}:
            leaders.add(task)  # a process begins with brk, a thread does not
        if number == "358":
            locked.add(task)
        if task in locked or task not in leaders:
            found.add((int(number), int(second, 16) & 0xFFFFFFFF))
    return found


class Sandbox(unittest.TestCase):
    def test_kills_forbidden_calls(self):
        result = HOST.results()["planted"]
        self.assertEqual(result.code, 0, result.out)
        self.assertNotIn("SKIPPED", result.out)
        self.assertRegex(result.out, r"logged [1-9]", "the kernel logs the killing call")

    def test_logs_forbidden_calls_in_log_mode(self):
        out = HOST.results()["only_logged"].out
        self.assertIn("[  PASSED  ] 1 test.", out)
        self.assertRegex(out, r"logged [1-9]")

    def test_leaves_a_terminal_to_the_shell_while_in_the_background(self):
        self.assertIn("[  PASSED  ] 1 test.", HOST.results()["background"].out)

    def test_hinders_no_guest_in_any_mode(self):
        for mode in ("on", "log", "off"):
            result = HOST.results()[mode]
            self.assertIn("level: power10", result.out)
            if mode != "off":
                self.assertEqual(result.out.splitlines()[-1], "0", "no call was refused or logged")

    def test_covers_each_thread_of_a_running_guest(self):
        result = HOST.results()["status"]
        self.assertEqual(result.out.count("NoNewPrivs:\t1"), 3, result.out)
        self.assertEqual(result.out.count("Seccomp:\t2"), 3)
        filters = sorted(re.findall(r"Seccomp_filters:\t(\d+)", result.out))
        self.assertEqual(
            filters,
            ["1", "1", "2"],
            "the threads of console and guest have one filter; a further vCPU's thread also inherits the guest's",
        )
        self.assertIn("code 143", result.out)

    def test_allows_only_calls_that_some_guest_needs(self):
        called = used(HOST.results()["trace"].out)
        numbers = {number for number, _ in called}
        idle = []
        for line in HOST.results()["rules"].out.splitlines():
            number, request, why = line.split(" ", 2)
            needed = (int(number), int(request, 16)) in called if int(request, 16) else int(number) in numbers
            if not needed and why not in UNREACHABLE:
                idle.append(line)
        self.assertGreater(len(called), 20)
        self.assertTrue(
            HOST.results()["trace"].err.startswith("2\n"),
            "the guest booted twice: " + HOST.results()["trace"].err,
        )
        self.assertEqual(idle, [])


if __name__ == "__main__":
    unittest.main()
