# SPDX-License-Identifier: Apache-2.0
"""Hosts that fail: calls that the kernel refuses, signals at any moment, streams that are closed, slow or gone, limits, files that
are not what they should be. Parley ends with a documented code and one message, and leaves nothing behind.

/dev/full, a reader who is gone and a host without KVM are in levels_test.py; more limits in load_test.py."""
import random
import re
import unittest
from dataclasses import dataclass

from lab import BUILD, CACHE, PRIVATE, Host, nvram

SEED = random.SystemRandom().randrange(1 << 16)
GUEST = "parley run -m 2M"
FLOOD = f"{GUEST} --payload /lab/flood.elf --nvram /tmp/nvram"
IDLE = f"{GUEST} --payload /lab/lives.elf"


# --- Calls that fail

# Not made to fail: (calls, why)
NOT_TRIED = [
    (
        r"^(execve|set_tid_address|uname|getpid|gettid|sched_yield|futex|rt_sig|restart_syscall|tgkill|timerfd_settime|exit)",
        "with such arguments they cannot fail",
    ),
    (r"^brk", "the C library goes on with mmap, which is tried; before main it ends the program"),
    (r"^(close|munmap)", "they give something back"),
    (r"^mprotect\([^)]*PROT_READ$", "the C library ends a program that it cannot load, with 127"),
    (
        r"^(epoll_ctl|write).*(eventfd|timerfd|pipe:|EPOLL_CTL_DEL)",
        "Asio does not look whether its own descriptors can be waited for",
    ),
]
# What may fail and changes nothing: (call, the errors or all, why)
HARMLESS = [
    (
        r"^(rseq|set_robust_list|prlimit|readlink|getrandom\(.*GRND_NONBLOCK|madvise)",
        "",
        "the C library does without; large pages only save time",
    ),
    (
        r"^(openat|read|newfstatat|fcntl|getdents#).*(cpuinfo|device-?tree)",
        "",
        "one source of several: the others know the level",
    ),
    (r"^newfstatat\(AT_FDCWD.*S_IFDIR", "", "the same: whether there is a /proc/device-tree"),
    (r"TCGETS|TIOCGPTN", "", "no terminal then"),
    (r"^newfstatat\(#</(dev/null|tmp)", "", "whether it is a pipe or a terminal"),
    (r"^fcntl.*F_GETFD", "", "whether a standard stream is open"),
    (r"^fcntl.*<pipe:", "", "Asio's own pipe; nobody waits in it"),
    (r"^(read|epoll_ctl)\(.*</dev/null>", "", "no input then"),
    (r"^(eventfd|timerfd_create)", "", "Asio takes a pipe, and the time limit of its wait"),
    (r"^epoll_create", "EINVAL", "Asio takes the older call"),
    (r"^epoll_wait", "", "Asio waits again"),
    (r"^epoll_ctl", "EPERM", "what cannot be waited for is ready, as for regular files"),
    (r"^(poll|write).*</tmp/err>", "", "a message is written later, or dropped and counted"),
    (r"^(read|write)|KVM_RUN", "EINTR", "tried again"),
]
ERRORS = "EINVAL ENOMEM EFAULT EINTR EBUSY EPERM ENOTTY EIO"
# The kernel of the traced process asks its own filter about the call that strace puts in the place of a failing one, and ends it:
# so the sandbox is off, but for the calls that make it.
INJECT = r"""
export PATH=$PATH:/usr/bin
# From a trace: the how-manieth of its thread, the call, on what KVM descriptor, and the call without its numbers; each kind once, and
# none that an earlier call of the main thread would take the failure from.
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
    gsub(/devicetree\/base[^>]*>, "[^"]*"/, "devicetree>, \"\"", line); gsub(/devicetree\/base[^>]*/, "devicetree", line)
    gsub(/0x[0-9a-f]+|[0-9]+/, "#", line); sub(/\)$/, "", line)
    # How often these are made is a matter of time, and the tracer has several forms of them: the first of all is tried.
    sub(/KVM_RUN.*/, "KVM_RUN", line); if (call ~ /^epoll_wait/) sub(/, .*/, "", line)
    if (line ~ ENVIRON["wanted"] && line !~ ENVIRON["skip"] && !seen[line]++) print n, call, path, line
  }' /tmp/trace
}
fails() {  # reads calls; the rest is the command
  while read -r n call path line; do
    for more in 1 2; do
      error=$(echo $errors | cut -d ' ' -f $((turn % 8 + 1))); turn=$((turn + 3))
      [ "$path" = - ] && only= || only="-P $path"
      : > /tmp/log
      timeout -s KILL 20 strace -f -qq --seccomp-bpf --kill-on-exit -o /tmp/log $only -e trace=$call -e inject=$call:error=$error:when=$n "$@" < /dev/null > /tmp/out 2> /tmp/err
      code=$?
      left=$(pidof parley; ls /tmp/con 2> /dev/null); kill -9 $(pidof parley) 2> /dev/null; rm -f /tmp/con
      echo "= $code $error $(grep -c INJECTED /tmp/log) $(grep -c endianness /tmp/out) ${left:-none} $line" | tr '\n' ' '; echo
      cat /tmp/err
    done
  done
}
turn=0
cd /tmp
export wanted skip
each() { strace -f -y -o /tmp/trace "$@" < /dev/null > /tmp/out 2> /tmp/err; calls > /tmp/calls; fails "$@" < /tmp/calls; }
"""
ON_SOCKET = f"{GUEST} --sandbox on --serial unix:/tmp/con,server=on,wait=off"
AT_A_CALL = r"""
for call in socket fchmod bind listen epoll_create1 getrandom landlock_restrict_self; do
  timeout -s KILL 20 strace -f -qq --kill-on-exit -o /tmp/log -e trace=$call -e inject=$call:signal=SIGTERM:when=1 parley run -m 2M --serial unix:/tmp/con,server=on,wait=off < /dev/null > /tmp/out 2> /tmp/err
  echo $call $? $(ls /tmp/con 2> /dev/null); rm -f /tmp/con
done
"""

# --- The rest

SPIN = r"printf '\000\000\000\110' > /tmp/spin; "  # "b ." in little-endian
MOMENTS = {
    # How it is called: (what comes before, at most so late in ms, the command)
    "while it starts": ("", 300, f"{GUEST} --serial unix:/tmp/con,server=on,wait=off"),
    "while it prints": (nvram(0, 0), 700, FLOOD),
    "while it sleeps": ("", 700, IDLE),
    "while it spins": (SPIN, 700, f"{GUEST} --payload /tmp/spin"),
    "while it reboots": (nvram(1 << 30), 1000, f"{IDLE} --nvram /tmp/nvram"),
}
EACH = 12
PIECES = 16384  # 256 KiB: four times what waits in Parley or in a pipe
EXPECTED = f"awk 'BEGIN {{ for (i = 0; i < {PIECES}; ++i) printf \"%015x\\n\", i }}' > /tmp/expected; "
SLOW = (
    nvram(PIECES, 0)
    + EXPECTED
    + FLOOD
    + """ < /dev/null 2> /tmp/err | { for i in $(seq 20); do dd bs=1 count=1 2> /dev/null; sleep 0.2; done; cat; } > /tmp/got
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
# Nobody is there until the guest sleeps.
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
while kil=$(private $p 2> /dev/null) && [ "$kil" ]; do echo $kil $(awk '/wchar/ { print $2 }' /proc/$p/io 2> /dev/null); sleep 2; done
wait $p; echo code $?; cat /tmp/err >&2
"""
)
# Guests that make Parley say more than its log takes: each call, or each of their lives
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
leave 1 {IDLE} 2> /tmp/err; sleep 2; pidof parley > /dev/null && echo the silent one lives; kill $(pidof parley); sleep 1
leave 1 {IDLE} --serial unix:/tmp/con,server=on,wait=off 2> /tmp/err; sleep 1; talk /tmp/con > /tmp/talked & sleep 1; grep idle /tmp/talked && echo the one on a socket lives
kill $(pidof parley); sleep 1; echo left $(pidof parley) $(ls /tmp/con 2> /dev/null)
"""
ONE = """
tell() { echo "= $*"; cat /tmp/err; }
limited() { name=$1 limit=$2; shift 2; sh -c "$limit; exec $*" < /dev/null > /tmp/out 2> /tmp/err; code=$?; tell $name $code; }
"""
FILES = (
    ONE
    + f'for n in $(seq 3 16); do limited $n "ulimit -n $n" {GUEST}; done; for n in $(seq 3 20); do limited $n "ulimit -n $n" {ON_SOCKET} --nvram /tmp/other; [ ! -e /tmp/con ] || echo left; rm -f /tmp/con; done'
)
ADDRESS_SPACE = (
    ONE
    + f"""
for v in $(seq 2500 500 16000) $(seq 20000 3000 62000); do
  sh -c "ulimit -v $v; exec parley --help" > /dev/null 2>&1 || continue  # it cannot even be loaded
  for command in "{GUEST}" "{GUEST} --smp 4"; do limited $v "ulimit -v $v" $command; done
done
for v in $(seq 60000 4000 100000); do limited $v "ulimit -v $v" parley run -m 64M --kernel /lab/torrent.elf --nvram /tmp/nvram; done
"""
)
# A limit that comes when the guest runs: the queues of what it prints grow, on its thread, and, where nobody reads a pty, on the console's.
# What waits for a slow reader is still written out to him.
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
until grep -q idle /tmp/talked 2> /dev/null; do kill -0 $p || break; sleep 0.1; done; kill $p; wait $p; tell peer $?; ls /tmp/con
"""
)
IMAGES = (
    ONE
    + r"""
size=$(wc -c < /lab/vmlinux-fixed)
for i in $(seq 0 15); do head -c $((size / 1024 * i / 16 * 1024 + i)) /lab/vmlinux-fixed > /tmp/cut; limited cut-$i : parley run --kernel /tmp/cut --initrd /lab/initrd.cpio.gz --append 'console=hvc0\ quiet'; grep -o -m 1 'L2 ready' /tmp/out; done
change() { { head -c $1 /lab/big-endian.elf; printf "$2"; tail -c +$(($1 + 1 + $3)) /lab/big-endian.elf; } > /tmp/changed; }
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
{GUEST} --nvram /tmp/kept <&- 2>&- > /tmp/out; code=$?; : > /tmp/err; tell errors $code $(grep -c endianness /tmp/out) $(grep -a -c parley /tmp/kept)
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
HOSTS = {
    "calls": Host(
        [*MACHINE, "--timeout", "1500", "--overlay", str(CACHE / "strace" / "strace.cpio")],
        {
            "calls": f"{INJECT} errors='{ERRORS}'; wanted=.; skip='{'|'.join(calls for calls, _ in NOT_TRIED)}'; each {GUEST} --smp 2 --sandbox off",
            "sandbox": f"{INJECT} errors='{ERRORS}'; wanted='^(prctl|landlock|seccomp)'; skip='^$'; each {GUEST} --sandbox on",
            "socket": f"{INJECT} errors='{ERRORS}'; wanted='^(socket|bind|fchmod|listen|connect|landlock_add|openat.*O_PATH)'; skip='^$'; each {ON_SOCKET}",
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


# What Parley says besides a failure
NEWS = re.compile(
    r"parley: (guest level .* set and read back|\d+ bytes of the guest's output were dropped: nobody read them|"
    r"standard error did not take all messages; lines dropped: \d+|the guest's console is .*|a peer (came to|left) .*|"
    r"the device tree (could not be read|does not tell).*|no usable cpu-version: .*)$"
)


@dataclass
class Ending:
    """What a command in the host was told to tell: "= words", and what Parley said."""

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
        """What failed, why, and what to do; nothing before it or behind it."""
        lines = ending.failure()
        self.assertLessEqual(len(lines), 3, ending)
        self.assertGreaterEqual(len(lines), 2, ending)
        for line, start in zip(lines, ("parley: ", "  why: ", "  do:  ")):
            self.assertTrue(line.startswith(start), ending)
        for part in parts:
            self.assertRegex("\n".join(lines), part, ending)


def names_of(line):
    """How a message may name that call."""
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
        self.assertGreaterEqual(int(injected), 1, f"it was never made: {ending}")
        self.assertEqual(left, "none", ending)
        # The kernel may refuse a level.
        self.assertIn(int(code), (0, 1, 3, 4) if "KVM_SET_ONE_REG" in line else (0, 1, 4), ending)
        if code == "0":
            self.assertTrue(
                any(re.search(call, line) and (not errors or error in errors) for call, errors, _ in HARMLESS),
                f"it did not matter: {ending}",
            )
            self.assertEqual(printed, "1", ending)
            return
        # The C library says so when it has no memory for a stack.
        also = "|EAGAIN" if names_of(line) == "pthread_create" else ""
        self.assert_one_message(ending, names_of(line), error + also)

    def test_ends_parley_with_a_message_that_names_it_and_the_errno_unless_it_does_not_matter(self):
        tried = [ending for name in ("calls", "sandbox", "socket") for ending in self.cases(name)]
        for ending in tried:
            with self.subTest(call=" ".join(ending.words[5:]), error=ending.words[1]):
                self.judge(ending)
        calls = {ending.words[5].partition("(")[0].rstrip("#") for ending in tried}
        for call in (
            "openat",
            "ioctl",
            "mmap",
            "eventfd",
            "epoll_create",
            "timerfd_create",
            "pipe",
            "clone",
            "getrandom",
            "prctl",
            "seccomp",
            "landlock_create_ruleset",
            "landlock_restrict_self",
            "bind",
        ):
            self.assertIn(call, calls)
        requests = {request for ending in tried for request in re.findall(r"KVM_[A-Z_#]+", " ".join(ending.words))}
        self.assertGreater(len(requests), 15, requests)

    def test_takes_no_file_of_ours_with_it_when_a_signal_comes_in_it(self):
        lines = HOSTS["calls"].results()["signals"].out.splitlines()
        self.assertEqual(
            lines,
            [
                f"{call} 143"
                for call in (
                    "socket",
                    "fchmod",
                    "bind",
                    "listen",
                    "epoll_create1",
                    "getrandom",
                    "landlock_restrict_self",
                )
            ],
        )


class OnARoughHost(FailingHostTest):
    def setUp(self):
        self.results = HOSTS["rough"].results()

    def test_a_signal_at_any_moment_ends_it_with_its_number_in_time_and_leaves_nothing(self):
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

    def test_it_ends_with_its_reader_when_its_parent_is_killed_and_lives_on_on_a_socket(self):
        out = self.results["parent"].out
        self.assertIn("left\nparley: guest level", out)
        self.assertIn("cannot write the guest's output to standard output\n  why: write: EPIPE (Broken pipe)\n", out)
        self.assertIn("the silent one lives\n", out)
        self.assertIn("the one on a socket lives\nleft\n", out)

    def test_closed_streams_are_not_taken_for_what_is_opened_first(self):
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

    def test_the_peer_of_a_pty_may_leave_and_come_back_and_no_byte_goes_uncounted(self):
        out = self.results["pty"].out
        self.assertIn("code 143\nbegins with the beginning\nends with the end\n", out)
        first, second, dropped = map(int, re.search(r"^bytes (\d+) (\d+) (\d+) bytes$", out, re.M).groups())
        self.assertGreater(dropped, 0)
        self.assertEqual(first + second + dropped, PIECES * 16)

    def test_a_torrent_of_output_makes_it_grow_by_less_than_a_mebibyte(self):
        """A gigabyte, in blocks of 4096 bytes: by 16 bytes at a time, as H_PUT_TERM_CHAR takes them, it would take two hours."""
        lines = self.results["torrent"].out.splitlines()
        self.assertEqual(lines[-1], "code 0", self.results["torrent"].err)
        looks = [tuple(map(int, line.split())) for line in lines[:-1] if len(line.split()) == 2]
        self.assertGreater(looks[-1][1], MIB << 19, "seen until more than half was written")
        self.assertLess(max(kib for kib, _ in looks) - looks[0][0], 1 << 10, looks)

    def test_a_log_that_nobody_reads_keeps_no_signal_from_it(self):
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

    def test_too_few_open_files_are_told_of(self):
        codes = self.limits("files", "EMFILE")
        self.assertEqual(codes.count("0") > 2 and codes.count("1") > 15, True, codes)
        self.assertEqual(codes[13], "0", "16 are enough")

    def test_too_little_address_space_is_told_of(self):
        codes = self.limits("address_space", "ENOMEM", "EAGAIN")
        self.assertGreater(codes.count("0"), 10)
        self.assertGreater(codes.count("1"), 20)

    def test_memory_that_ends_while_the_guest_runs_ends_it_with_a_message_from_any_thread(self):
        found = endings(self.results["starved"].out)
        self.assertEqual([ending.words[0] for ending in found], ["thread", "console"] * 3 + ["peer"])
        *ended, unharmed = found
        for ending in ended:
            self.assertEqual(ending.words[1], "1", ending)
            self.assert_one_message(ending, "ENOMEM|EAGAIN")
        # The guest's thread is there before a peer comes, and wants nothing more.
        self.assertEqual((unharmed.words[1], unharmed.failure()), ("143", []), unharmed)

    def test_images_that_are_cut_or_for_another_machine_are_refused_by_name(self):
        found = endings(self.results["images"].out)
        self.assertEqual(len(found), 22)
        whole = [
            ending for ending in found if ending.words[1] == "0"
        ]  # what is loaded of them: behind it are only symbols
        self.assertLess(len(whole), 4)
        for ending in whole:
            self.assertTrue(ending.words[0].startswith("cut-") and "L2 ready" in ending.said, ending)
        for ending in found:
            if ending not in whole:
                self.assertEqual(ending.words[1], "1", ending)
                self.assert_one_message(ending, "/tmp/(cut|changed)")

    def test_a_module_in_use_stays_and_the_guest_with_it(self):
        self.assertIn("rmmod 1\nrmmod 1\ncode 143\n", self.results["module"].out)
        self.assertIn("endianness: little\n", self.results["module"].out)


if __name__ == "__main__":
    unittest.main()
