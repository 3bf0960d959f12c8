# SPDX-License-Identifier: Apache-2.0
"""Failing hosts: refused system calls, signals at any moment, closed or slow streams, resource limits, damaged files.

In each case Parley must end with a documented exit code and one message of three lines (what, why, what to do), and
must leave nothing behind: no process, no socket file, no changed terminal.

System calls fail through strace's fault injection. A first run is traced; INJECT then repeats the run once per kind of
call in the trace, with an error injected at that call. The expected result is a message with the call's name and the
errno, unless HARMLESS says that the call's failure changes nothing.

levels_test.py tests /dev/full, a vanished reader and a host without KVM; load_test.py tests further limits.
"""

import random
import re
import unittest
from dataclasses import dataclass

from lab import BUILD, CACHE, PRIVATE, Host, nvram

SEED = random.SystemRandom().randrange(1 << 16)
GUEST = "parley run -m 2M"
FLOOD = f"{GUEST} --payload /lab/flood.elf --nvram /tmp/nvram"
IDLE = f"{GUEST} --payload /lab/lives.elf"


# --- System calls that fail

# No errors are injected into these: (calls, reason)
NOT_TRIED = [
    (
        r"^(execve|set_tid_address|uname|getpid|gettid|sched_yield|futex|rt_sig|restart_syscall|tgkill|"
        r"timerfd_settime|exit)",
        "they cannot fail with these arguments",
    ),
    (r"^brk", "the C library then uses mmap, which is tested; before main it ends the program"),
    (r"^(close|munmap)", "they release resources"),
    (r"^mprotect\([^)]*PROT_READ$", "the C library ends a program that it cannot load with status 127"),
    (
        r"^(epoll_ctl|write).*(eventfd|timerfd|pipe:|EPOLL_CTL_DEL)",
        "Asio does not check epoll_ctl for its own descriptors",
    ),
]
# Failures that change nothing: (call, the errors or empty for all, reason)
HARMLESS = [
    (
        r"^(rseq|set_robust_list|prlimit|readlink|getrandom\(.*GRND_NONBLOCK|madvise)",
        "",
        "optional for the C library; large pages only save time",
    ),
    (
        r"^(openat|read|newfstatat|fcntl|getdents#).*(cpuinfo|device-?tree)",
        "",
        "one of several sources of the level",
    ),
    (r"^newfstatat\(AT_FDCWD.*S_IFDIR", "", "the check for /proc/device-tree, one of several sources"),
    (r"TCGETS|TIOCGPTN", "", "treated as no terminal"),
    (r"^newfstatat\(#</(dev/null|tmp)", "", "the check for a pipe or terminal"),
    (r"^fcntl.*F_GETFD", "", "the check for an open standard stream"),
    (r"^fcntl.*<pipe:", "", "Asio's own pipe, which is never read blockingly"),
    (r"^(read|epoll_ctl)\(.*</dev/null>", "", "treated as no input"),
    (r"^(eventfd|timerfd_create)", "", "Asio falls back to a pipe, and to the timeout of epoll_wait"),
    (r"^epoll_create", "EINVAL", "Asio falls back to the older call"),
    (r"^epoll_wait", "", "Asio waits again"),
    (r"^epoll_ctl", "EPERM", "the descriptor counts as ready, like a regular file"),
    (r"^(poll|write).*</tmp/err>", "", "a message is written later, or dropped and counted"),
    (r"^(read|write|getrandom)|KVM_RUN", "EINTR", "tried again"),
]
ERRORS = "EINVAL ENOMEM EFAULT EINTR EBUSY EPERM ENOTTY EIO"
# strace replaces a failing call by an invalid one, which the sandbox' filters would kill. So the sandbox is off, except
# for the calls that set it up.
INJECT = r"""
export PATH=$PATH:/usr/bin
# Reads a trace and prints, for each kind of call: the call's ordinal within its thread, its name, its KVM descriptor or
# "-", and the call without its numbers. Calls of other threads are left out if the main thread makes a call with this
# ordinal, because the failure would be injected there.
calls() {
  awk '
  $2 ~ /^[a-z_0-9]+\(/ {
    line = $0; sub(/^[0-9]+ +/, "", line); sub(/ <unfinished.*/, "", line); sub(/\)? += -?[0-9?].*/, "", line)
    call = line; sub(/\(.*/, "", call)
    path = call == "ioctl" && match(line, /<anon_inode:kvm-[^>]*>/) ? substr(line, RSTART + 1, RLENGTH - 2) : "-"
    n = ++count[$1, call, "-"]
    if (path != "-") n = ++count[$1, call, path]
    if (!main) main = $1
    if ($1 != main && n <= count[main, call, path]) next
    if (call != "openat") gsub(/"[^"]*"(\.\.\.)?/, "\"\"", line)
    gsub(/devicetree\/base[^>]*>, "[^"]*"/, "devicetree>, \"\"", line)
    gsub(/devicetree\/base[^>]*/, "devicetree", line)
    gsub(/0x[0-9a-f]+|[0-9]+/, "#", line); sub(/\)$/, "", line)
    # The number of these calls varies, and strace prints several forms: only the first one of each is used.
    sub(/KVM_RUN.*/, "KVM_RUN", line); if (call ~ /^epoll_wait/) sub(/, .*/, "", line)
    if (line ~ ENVIRON["wanted"] && line !~ ENVIRON["skip"] && !seen[line]++) print n, call, path, line
  }' /tmp/trace
}
fails() {  # reads calls from standard input; the arguments are the command
  while read -r n call path line; do
    for more in 1 2; do
      error=$(echo $errors | cut -d ' ' -f $((turn % 8 + 1))); turn=$((turn + 3))
      [ "$path" = - ] && only= || only="-P $path"
      : > /tmp/log
      timeout -s KILL 20 strace -f -qq --seccomp-bpf --kill-on-exit -o /tmp/log $only -e trace=$call \
        -e inject=$call:error=$error:when=$n "$@" < /dev/null > /tmp/out 2> /tmp/err
      code=$?
      left=$(pidof parley; ls /tmp/con 2> /dev/null); kill -9 $(pidof parley) 2> /dev/null; rm -f /tmp/con
      injected=$(grep -c INJECTED /tmp/log)
      echo "= $code $error $injected $(grep -c endianness /tmp/out) ${left:-none} $line" | tr '\n' ' '; echo
      cat /tmp/err
    done
  done
}
turn=0
cd /tmp
export wanted skip
each() {
  strace -f -y -o /tmp/trace "$@" < /dev/null > /tmp/out 2> /tmp/err
  calls > /tmp/calls
  fails "$@" < /tmp/calls
}
"""
ON_SOCKET = f"{GUEST} --sandbox on --serial unix:/tmp/con,server=on,wait=off"
AT_A_CALL = r"""
for call in socket fchmod bind listen epoll_create1 getrandom landlock_restrict_self; do
  timeout -s KILL 20 strace -f -qq --kill-on-exit -o /tmp/log -e trace=$call -e inject=$call:signal=SIGTERM:when=1 \
    parley run -m 2M --serial unix:/tmp/con,server=on,wait=off < /dev/null > /tmp/out 2> /tmp/err
  echo $call $? $(ls /tmp/con 2> /dev/null); rm -f /tmp/con
done
"""

# --- Signals, streams, limits, files

SPIN = r"printf '\000\000\000\110' > /tmp/spin; "  # "b ." in little-endian
MOMENTS = {
    # title: (preparation, the latest moment of the signal in ms, command)
    "while it starts": ("", 300, f"{GUEST} --serial unix:/tmp/con,server=on,wait=off"),
    "while it prints": (nvram(0, 0), 700, FLOOD),
    "while it sleeps": ("", 700, IDLE),
    "while it spins": (SPIN, 700, f"{GUEST} --payload /tmp/spin"),
    "while it reboots": (nvram(1 << 30), 1000, f"{IDLE} --nvram /tmp/nvram"),
}
EACH = 12
PIECES = 16384  # 256 KiB, four times the capacity of Parley's queue or of a pipe
EXPECTED = f"awk 'BEGIN {{ for (i = 0; i < {PIECES}; ++i) printf \"%015x\\n\", i }}' > /tmp/expected; "
SLOW = (
    nvram(PIECES, 0)
    + EXPECTED
    + FLOOD
    + """ < /dev/null 2> /tmp/err | {
  for i in $(seq 20); do dd bs=1 count=1 2> /dev/null; sleep 0.2; done; cat
} > /tmp/got
wc -c < /tmp/got; cmp /tmp/got /tmp/expected && echo the same; cat /tmp/err >&2
"""
)
PTY = (
    nvram(PIECES, 1)
    + EXPECTED
    + FLOOD
    + """ --serial pty 2> /tmp/err &
p=$!
until tty=$(grep -o '/dev/pts/[0-9]*' /tmp/err); do kill -0 $p || break; sleep 0.01; done
dd bs=16 count=1000 < $tty 2> /dev/null > /tmp/first
# Without a peer until the guest sleeps.
used() { cut -d ' ' -f 14-15 /proc/$p/stat; }
until before=$(used); sleep 2; [ "$before" = "$(used)" ]; do :; done
timeout 3 cat < $tty > /tmp/second
kill $p; wait $p; echo code $?
head -c $(wc -c < /tmp/first) /tmp/expected | cmp - /tmp/first && echo begins with the beginning
tail -c 60000 /tmp/second > /tmp/end; tail -c 60000 /tmp/expected | cmp - /tmp/end && echo ends with the end
echo bytes $(wc -c < /tmp/first) $(wc -c < /tmp/second) $(grep -o '[0-9]* bytes' /tmp/err)
cat /tmp/err
"""
)
MIB = 1024
TORRENT = (
    PRIVATE
    + nvram(MIB * 256)
    + """
parley run -m 64M --kernel /lab/torrent.elf --nvram /tmp/nvram < /dev/null > /dev/null 2> /tmp/err &
p=$!
until [ $(awk '/wchar/ { print $2 }' /proc/$p/io) -gt 4000000 ]; do kill -0 $p || break; sleep 0.2; done
while kib=$(private $p 2> /dev/null) && [ "$kib" ]; do
  echo $kib $(awk '/wchar/ { print $2 }' /proc/$p/io 2> /dev/null); sleep 2
done
wait $p; echo code $?; cat /tmp/err >&2
"""
)
# Standard error without a reader: one guest makes Parley log each call, the other one each reboot.
UNREAD = f"""
mkfifo /tmp/unread; sleep 600 < /tmp/unread & reader=$!
written() {{ awk '/wchar/ {{ print $2 }}' /proc/$p/io; }}
unread() {{
  "$@" < /dev/null > /dev/null 2> /tmp/unread & p=$!
  # A guest's thread that has filled pipe and queue waits for five seconds, then its messages are dropped.
  for try in $(seq 60); do
    before=$(written); sleep 2; [ "$before" -gt 0 ] && [ "$before" = "$(written)" ] && break; kill -0 $p || break
  done
  ( sleep 20; kill -9 $p ) 2> /dev/null & guard=$!
  kill $p; wait $p; echo code $?; kill $guard
}}
{nvram(0, 0)} unread {FLOOD} -vv
{nvram(1 << 30)} unread {IDLE} --nvram /tmp/nvram
kill $reader
"""
PARENT = f"""
leave 1 {FLOOD} 2> /tmp/err; sleep 1; echo left $(pidof parley); cat /tmp/err
leave 1 {IDLE} 2> /tmp/err; sleep 2
pidof parley > /dev/null && echo the silent guest lives; kill $(pidof parley); sleep 1
leave 1 {IDLE} --serial unix:/tmp/con,server=on,wait=off 2> /tmp/err; sleep 1
talk /tmp/con > /tmp/talked & sleep 1; grep idle /tmp/talked && echo the guest on a socket lives
kill $(pidof parley); sleep 1; echo left $(pidof parley) $(ls /tmp/con 2> /dev/null)
"""
ONE = """
tell() { echo "= $*"; cat /tmp/err; }
limited() {
  name=$1 limit=$2; shift 2
  sh -c "$limit; exec $*" < /dev/null > /tmp/out 2> /tmp/err; code=$?
  tell $name $code
}
"""
FILES = (
    ONE
    + f"""
for n in $(seq 3 16); do limited $n "ulimit -n $n" {GUEST}; done
for n in $(seq 3 20); do
  limited $n "ulimit -n $n" {ON_SOCKET} --nvram /tmp/other
  [ ! -e /tmp/con ] || echo left; rm -f /tmp/con
done
"""
)
ADDRESS_SPACE = (
    ONE
    + f"""
for v in $(seq 2500 500 16000) $(seq 20000 3000 62000); do
  sh -c "ulimit -v $v; exec parley --help" > /dev/null 2>&1 || continue  # too small to load the program
  for command in "{GUEST}" "{GUEST} --smp 4"; do limited $v "ulimit -v $v" $command; done
done
for v in $(seq 60000 4000 100000); do
  limited $v "ulimit -v $v" parley run -m 64M --kernel /lab/torrent.elf --nvram /tmp/nvram
done
"""
)
# A memory limit that is set while the guest runs. The output queue grows on the guest's thread, and, for a pty without
# a peer, on the console's thread. Queued output is still written to a slow reader.
STARVED = (
    ONE
    + nvram(0, 0)
    + f"""
mkfifo /tmp/slow
for i in 1 2 3; do
  {{ sleep 6; cat > /dev/null; }} < /tmp/slow & reader=$!
  rm -f /tmp/err; {FLOOD} < /dev/null 2> /tmp/err > /tmp/slow &
  p=$!; until grep -q 'read back' /tmp/err 2> /dev/null; do :; done; starve $p
  ( sleep 20; kill -9 $p ) 2> /dev/null & guard=$!
  wait $p; tell thread $?; kill $guard $reader
  rm -f /tmp/err; {FLOOD} --serial pty < /dev/null 2> /tmp/err &
  p=$!; until grep -q 'read back' /tmp/err 2> /dev/null; do :; done; starve $p
  ( sleep 20; kill -9 $p ) 2> /dev/null & guard=$!
  wait $p; tell console $?; kill $guard
done
rm -f /tmp/talked; {IDLE} --serial unix:/tmp/con,server=on,wait=on < /dev/null 2> /tmp/err & p=$!
until [ -S /tmp/con ]; do sleep 0.1; done; sleep 1; starve $p; talk /tmp/con > /tmp/talked &
until grep -q idle /tmp/talked 2> /dev/null; do kill -0 $p || break; sleep 0.1; done
kill $p; wait $p; tell peer $?; ls /tmp/con
"""
)
IMAGES = (
    ONE
    + r"""
size=$(wc -c < /lab/vmlinux-fixed)
for i in $(seq 0 15); do
  head -c $((size / 1024 * i / 16 * 1024 + i)) /lab/vmlinux-fixed > /tmp/cut
  limited cut-$i : parley run --kernel /tmp/cut --initrd /lab/initrd.cpio.gz --append 'console=hvc0\ quiet'
  grep -o -m 1 'L2 ready' /tmp/out
done
change() {
  { head -c $1 /lab/big-endian.elf; printf "$2"; tail -c +$(($1 + 1 + $3)) /lab/big-endian.elf; } > /tmp/changed
}
change 5 '\001' 1; limited order : parley run --payload /tmp/changed
change 5 '\003' 1; limited no-order : parley run --payload /tmp/changed
change 4 '\001' 1; limited class : parley run --payload /tmp/changed
change 18 '\000\076' 2; limited x86 : parley run --payload /tmp/changed
change 18 '\025\000' 2; limited swapped-machine : parley run --payload /tmp/changed
change 54 '\070\000' 2; limited swapped-size : parley run --payload /tmp/changed
"""
)
CLOSED = (
    ONE
    + f"""
{GUEST} < /dev/null >&- 2> /tmp/err; tell output $?
{GUEST} --nvram /tmp/kept <&- 2>&- > /tmp/out; code=$?; : > /tmp/err
tell errors $code $(grep -c endianness /tmp/out) $(grep -a -c parley /tmp/kept)
{GUEST} <&- > /tmp/out 2> /tmp/err; tell input $? $(grep -c endianness /tmp/out)
{GUEST} <&- >&- 2>&-; code=$?; : > /tmp/err; tell all $code
parley inspect <&- >&- 2> /tmp/err; tell inspect $?
"""
)
MODULE = f"""
{IDLE} > /tmp/said < /dev/null & until grep -q idle /tmp/said; do sleep 0.1; done
rmmod kvm_hv; echo rmmod $?; rmmod kvm; echo rmmod $?
sleep 1; kill $!; wait $!; echo code $?; {GUEST} < /dev/null
"""
MACHINE = ["--cpu", "power10", "--api", "v1", "--smp", "2"]
HELPERS = [
    part for name in ("at-moments", "leave", "starve", "talk") for part in ("--file", f"{BUILD / name}:/bin/{name}")
]
PROGRAMS = [
    part
    for name in ("flood.elf", "lives.elf", "torrent.elf", "big-endian.elf")
    for part in ("--file", str(BUILD / name))
]


def inject(wanted, skip, command):
    """Injects failures into the calls of the command that match `wanted` and do not match `skip`."""
    return f"{INJECT} errors='{ERRORS}'; wanted='{wanted}'; skip='{skip}'; each {command}"


HOSTS = {
    "calls": Host(
        [*MACHINE, "--timeout", "1500", "--overlay", str(CACHE / "strace" / "strace.cpio")],
        {
            "calls": inject(".", "|".join(calls for calls, _ in NOT_TRIED), f"{GUEST} --smp 2 --sandbox off"),
            "sandbox": inject("^(prctl|landlock|seccomp)", "^$", f"{GUEST} --sandbox on"),
            "socket": inject("^(socket|bind|fchmod|listen|connect|landlock_add|openat.*O_PATH)", "^$", ON_SOCKET),
            "signals": "export PATH=$PATH:/usr/bin; " + AT_A_CALL,
        },
    ),
    "rough": Host(
        [*MACHINE, "--memory", "3G", "--timeout", "1500", *HELPERS, *PROGRAMS],
        {
            "closed": CLOSED,
            "moments": "".join(
                f"{before}echo '= {name}'; at-moments {SEED + at} {EACH} {longest} /tmp/con {command}; "
                for at, (name, (before, longest, command)) in enumerate(MOMENTS.items())
            ),
            "parent": nvram(0, 0) + PARENT,
            "slow": SLOW,
            "pty": PTY,
            "unread": UNREAD,
            "torrent": TORRENT,
            "files": FILES,
            "address_space": nvram(16) + ADDRESS_SPACE,
            "starved": STARVED,
            "images": IMAGES,
            "module": MODULE,
        },
    ),
}


def setUpModule():
    for host in HOSTS.values():
        host.start()


# Parley's messages that report no failure
NEWS = re.compile(
    r"parley: (guest level .* set and read back|\d+ bytes of the guest's output were dropped: nobody read them|"
    r"standard error did not take all messages; lines dropped: \d+|the guest's console is .*|a peer (came to|left) .*|"
    r"the device tree (could not be read|shows neither).*|no usable cpu-version: .*)$"
)


@dataclass
class Ending:
    """The report of one command in the host: the words after "= ", and Parley's messages."""

    words: list
    said: list

    def failure(self):
        return [line for line in self.said if not NEWS.match(line)]


def endings(text):
    found = []
    for line in text.splitlines():
        if line.startswith("= "):
            found.append(Ending(line[2:].split(), []))
        else:
            found[-1].said.append(line)
    return found


class FailingHostTest(unittest.TestCase):
    def assert_one_message(self, ending, *parts):
        """There is one message (what, why, what to do) and nothing else."""
        lines = ending.failure()
        self.assertLessEqual(len(lines), 3, ending)
        self.assertGreaterEqual(len(lines), 2, ending)
        for line, start in zip(lines, ("parley: ", "  why: ", "  do:  ")):
            self.assertTrue(line.startswith(start), ending)
        for part in parts:
            self.assertRegex("\n".join(lines), part, ending)


def names_of(line):
    """The pattern of the call's name in a message."""
    if requests := re.findall(r"KVM_[A-Z_#]+", line):
        return requests[0].replace("#", r"\d+")
    call = line.partition("(")[0].rstrip("#")
    if "MAP_STACK" in line or call in ("clone", "mprotect"):
        return "pthread_create"
    return {"openat": "open", "newfstatat": "stat", "epoll_create": "epoll", "epoll_ctl": "epoll"}.get(call, call)


class ACallThatFails(FailingHostTest):
    def cases(self, name):
        result = HOSTS["calls"].results()[name]
        found = endings(result.out)
        self.assertGreater(len(found), 3, result.out + result.err)
        return found

    def judge(self, ending):
        code, error, injected, printed, left = ending.words[:5]
        line = " ".join(ending.words[5:])
        self.assertGreaterEqual(int(injected), 1, f"no failure was injected: {ending}")
        self.assertEqual(left, "none", ending)
        # The kernel may refuse a level.
        self.assertIn(int(code), (0, 1, 3, 4) if "KVM_SET_ONE_REG" in line else (0, 1, 4), ending)
        if code == "0":
            self.assertTrue(
                any(re.search(call, line) and (not errors or error in errors) for call, errors, _ in HARMLESS),
                f"the failure went unnoticed: {ending}",
            )
            self.assertEqual(printed, "1", ending)
            return
        # The C library reports EAGAIN when it has no memory for a stack.
        also = "|EAGAIN" if names_of(line) == "pthread_create" else ""
        self.assert_one_message(ending, names_of(line), error + also)

    def test_ends_parley_with_a_message_that_names_the_call_and_the_errno_unless_it_is_harmless(self):
        tried = [ending for name in ("calls", "sandbox", "socket") for ending in self.cases(name)]
        for ending in tried:
            with self.subTest(call=" ".join(ending.words[5:]), error=ending.words[1]):
                self.judge(ending)
        calls = {ending.words[5].partition("(")[0].rstrip("#") for ending in tried}
        expected = "openat ioctl mmap eventfd epoll_create timerfd_create pipe clone getrandom prctl seccomp bind"
        for call in [*expected.split(), "landlock_create_ruleset", "landlock_restrict_self"]:
            self.assertIn(call, calls)
        requests = {request for ending in tried for request in re.findall(r"KVM_[A-Z_#]+", " ".join(ending.words))}
        self.assertGreater(len(requests), 15, requests)

    def test_leaves_no_socket_file_when_a_signal_interrupts_it(self):
        lines = HOSTS["calls"].results()["signals"].out.splitlines()
        calls = "socket fchmod bind listen epoll_create1 getrandom landlock_restrict_self"
        self.assertEqual(lines, [f"{call} 143" for call in calls.split()])


class OnARoughHost(FailingHostTest):
    def setUp(self):
        self.results = HOSTS["rough"].results()

    def test_a_signal_at_any_moment_ends_it_in_time_with_the_signals_status_and_leaves_nothing_behind(self):
        out = self.results["moments"].out
        self.assertNotIn("wrong", out, f"seed {SEED}")
        for moments in re.split(r"(?m)^= ", out)[1:]:
            self.assertEqual(
                sum(map(int, re.findall(r"^(\d+) times (?:0|129|130|143)$", moments, re.M))),
                EACH,
                f"seed {SEED}: {out}",
            )
        self.assertNotRegex(
            out.partition("= while it prints")[2], r"(?m)times 0$", f"none of these guests ends by itself; seed {SEED}"
        )

    def test_it_ends_when_its_reader_is_killed_but_not_on_a_socket(self):
        out = self.results["parent"].out
        self.assertIn("left\nparley: guest level", out)
        self.assertIn("cannot write the guest's output to standard output\n  why: write: EPIPE (Broken pipe)\n", out)
        self.assertIn("the silent guest lives\n", out)
        self.assertIn("the guest on a socket lives\nleft\n", out)

    def test_closed_standard_streams_are_not_confused_with_files_that_are_opened_later(self):
        output, errors, given, everything, inspect = endings(self.results["closed"].out)
        self.assertEqual(output.words, ["output", "1"])
        self.assert_one_message(
            output, r"cannot write the guest's output to standard output\n  why: write: EBADF \(Bad file descriptor\)"
        )
        self.assertEqual(errors.words, ["errors", "0", "1", "0"])
        self.assertEqual(given.words, ["input", "0", "1"])
        self.assertEqual(everything.words, ["all", "1"])
        self.assertEqual(inspect.words, ["inspect", "1"])
        self.assert_one_message(inspect, "EBADF")

    def test_a_slow_reader_gets_everything(self):
        self.assertEqual(self.results["slow"].out, f"{PIECES * 16}\nthe same\n", self.results["slow"].err)

    def test_the_peer_of_a_pty_may_leave_and_return_and_every_byte_is_counted(self):
        out = self.results["pty"].out
        self.assertIn("code 143\nbegins with the beginning\nends with the end\n", out)
        first, second, dropped = map(int, re.search(r"^bytes (\d+) (\d+) (\d+) bytes$", out, re.M).groups())
        self.assertGreater(dropped, 0)
        self.assertEqual(first + second + dropped, PIECES * 16)

    def test_a_gibibyte_of_output_makes_it_grow_by_less_than_a_mebibyte(self):
        """The guest writes blocks of 4096 bytes: with H_PUT_TERM_CHAR's 16 bytes per call it would take two hours."""
        lines = self.results["torrent"].out.splitlines()
        self.assertEqual(lines[-1], "code 0", self.results["torrent"].err)
        looks = [tuple(map(int, line.split())) for line in lines[:-1] if len(line.split()) == 2]
        self.assertGreater(looks[-1][1], MIB << 19, "measured until more than half was written")
        self.assertLess(max(kib for kib, _ in looks) - looks[0][0], 1 << 10, looks)

    def test_a_signal_ends_it_although_its_standard_error_has_no_reader(self):
        self.assertEqual(self.results["unread"].out.splitlines(), ["code 143", "code 143"])

    def limits(self, name, *errors):
        found = endings(self.results[name].out)
        for ending in found:
            with self.subTest(limit=ending.words[0], of=name):
                self.assertIn(ending.words[1], "01", ending)
                if ending.words[1] == "1":
                    self.assert_one_message(ending, "|".join(errors))
                self.assertNotIn("left", ending.said)
        return [ending.words[1] for ending in found]

    def test_too_low_a_limit_of_open_files_is_reported(self):
        codes = self.limits("files", "EMFILE")
        self.assertEqual(codes.count("0") > 2 and codes.count("1") > 15, True, codes)
        self.assertEqual(codes[13], "0", "16 descriptors are enough")

    def test_too_low_a_limit_of_address_space_is_reported(self):
        codes = self.limits("address_space", "ENOMEM", "EAGAIN")
        self.assertGreater(codes.count("0"), 10)
        self.assertGreater(codes.count("1"), 20)

    def test_a_lack_of_memory_while_the_guest_runs_ends_it_with_a_message_from_any_thread(self):
        found = endings(self.results["starved"].out)
        self.assertEqual([ending.words[0] for ending in found], ["thread", "console"] * 3 + ["peer"])
        *ended, unharmed = found
        for ending in ended:
            self.assertEqual(ending.words[1], "1", ending)
            self.assert_one_message(ending, "ENOMEM|EAGAIN")
        # With a peer on the socket, no further memory is needed.
        self.assertEqual((unharmed.words[1], unharmed.failure()), ("143", []), unharmed)

    def test_truncated_images_and_images_for_other_machines_are_refused_by_name(self):
        found = endings(self.results["images"].out)
        self.assertEqual(len(found), 22)
        # Some truncated images lack only symbols after the loaded segments.
        whole = [ending for ending in found if ending.words[1] == "0"]
        self.assertLess(len(whole), 4)
        for ending in whole:
            self.assertTrue(ending.words[0].startswith("cut-") and "L2 ready" in ending.said, ending)
        for ending in found:
            if ending not in whole:
                self.assertEqual(ending.words[1], "1", ending)
                self.assert_one_message(ending, "/tmp/(cut|changed)")

    def test_the_kvm_modules_cannot_be_removed_while_a_guest_runs(self):
        self.assertIn("rmmod 1\nrmmod 1\ncode 143\n", self.results["module"].out)
        self.assertIn("endianness: little\n", self.results["module"].out)


if __name__ == "__main__":
    unittest.main()
