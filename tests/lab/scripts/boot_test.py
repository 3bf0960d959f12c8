# SPDX-License-Identifier: Apache-2.0
"""lab/boot: input and output of a host, exit statuses, and that no process or file is left behind."""

import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time
import unittest

from lab import BOOT, CACHE, boot, lacks


def emulators_below(pid):
    """The ids of the emulators among the children of the process."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if "qemu" in pathlib.Path(f"/proc/{child}/comm").read_text()]


def talk(terminal, exchange, timeout=60):
    """Waits for each prompt and answers it, in order."""
    seen = b""
    for prompt, answer in exchange:
        deadline = time.monotonic() + timeout
        while prompt not in seen:
            if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no {prompt} within {timeout} s: {seen[-500:]}")
            seen += os.read(terminal, 4096)
        seen = b""
        os.write(terminal, answer)


# Prints the number of processors and the threads of the first one's core.
THREADS = "echo $(nproc) $(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)"


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def boot_and_print_twice(data, *options):
    """Copies the data into a host, which prints it to both of its outputs."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        script = "cat /srv/some/where; cat /srv/some/where >&2"
        return boot([*options, "--file", f"{file.name}:/srv/some/where", "--", "sh", "-c", script])


class Boot(unittest.TestCase):
    def test_ends_with_the_commands_status(self):
        self.assertEqual(boot(["--", "sh", "-c", "exit 42"]).returncode, 42)

    def test_passes_output_and_errors_through_unchanged_and_separate(self):
        data = os.urandom(100_000)
        done = boot_and_print_twice(data)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, data)
        self.assertEqual(done.stderr, data)

    def test_passes_the_commands_words_unchanged(self):
        done = boot(["--", "printf", "%s|", "a b", "$HOME", "'", "*"])
        self.assertEqual(done.stdout.decode(), "a b|$HOME|'|*|")

    def test_has_parley_and_guests_in_the_host(self):
        done = boot(["--", "sh", "-c", "ls /lab; parley --version"])
        self.assertEqual(done.stdout.decode().splitlines()[:3], ["initrd.cpio.gz", "vmlinux-fixed", "vmlinux-unfixed"])

    def test_has_the_requested_guests(self):
        for names, files in (("unfixed", ["initrd.cpio.gz", "vmlinux-unfixed"]), ("none", ["initrd.cpio.gz"])):
            self.assertEqual(boot(["--guest", names, "--", "ls", "/lab"]).stdout.decode().split(), files)

    @unittest.skipIf(lacks("next"), lacks("next"))
    def test_boots_the_newest_kernel_and_has_it_as_a_guest(self):
        done = boot(["--kernel", "next", "--guest", "next,fixed", "--", "sh", "-c", "ls /lab; uname -r; ls /dev/kvm"])
        *files, release, kvm = done.stdout.decode().splitlines()
        self.assertEqual(files, ["initrd.cpio.gz", "vmlinux-fixed", "vmlinux-next"])
        self.assertRegex(release, r"^(7\.([3-9]|\d\d)|[89]|\d\d)")
        self.assertEqual(kvm, "/dev/kvm")

    def test_writes_the_console_to_a_log(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "console")
            boot(["--log", str(log), "--", "true"])
            self.assertIn("Linux version 7.", log.read_text(errors="replace"))

    def test_shows_the_console_when_asked(self):
        self.assertIn(b"Linux version 6.12", boot(["-v", "--kernel", "unfixed", "--", "true"]).stderr)

    def test_is_repeatable_to_the_byte_when_deterministic(self):
        script = "parley run; parley inspect --json; cat /proc/uptime; date +%s.%N"
        arguments = ["--deterministic", "--", "sh", "-c", script]
        first, second = boot(arguments), boot(arguments)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertGreater(len(first.stdout), 1000)
        self.assertEqual(first.stdout, second.stdout)
        self.assertEqual(first.stderr, second.stderr)

    def test_ends_with_124_after_the_limit_and_shows_the_console(self):
        done = boot(["--timeout", "3", "--", "sleep", "1000"])
        self.assertEqual(done.returncode, 124)
        self.assertIn(b"no end within 3 seconds", done.stderr)

    def test_ends_after_the_limit_also_without_a_reader_of_its_output(self):
        for stream in ("1", "2"):
            process = subprocess.Popen(
                [BOOT, "--timeout", "8", "--", "sh", "-c", f"while :; do echo a line of output >&{stream}; done"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            try:
                self.assertEqual(process.wait(60), 124)
            finally:
                process.kill()
                process.communicate()

    def test_ends_with_125_when_the_host_dies(self):
        done = boot(["--", "sh", "-c", "echo c > /proc/sysrq-trigger"])
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"the host died", done.stderr)

    def test_names_files_that_do_not_exist(self):
        done = boot(["--kernel", "/nonexistent", "--", "true"])
        self.assertEqual(done.returncode, 126)
        self.assertIn(b"there is no kernel /nonexistent", done.stderr)
        self.assertEqual(boot(["--file", "/nonexistent", "--", "true"]).returncode, 126)

    def test_leaves_out_missing_guests_unless_they_are_requested(self):
        """Kernels are missing after lab/try, which fetches one only, and when the archive lacks 'next'."""
        with tempfile.TemporaryDirectory() as folder:
            cache = pathlib.Path(folder)
            (cache / "kernels").mkdir()
            for path in ("busybox", "initrd.cpio.gz", "kernels/fixed"):
                (cache / path).symlink_to(CACHE / path)
            environment = {**os.environ, "PARLEY_LAB_CACHE": folder}
            self.assertEqual(
                boot(["--", "ls", "/lab"], env=environment).stdout.decode().split(), ["initrd.cpio.gz", "vmlinux-fixed"]
            )
            for arguments in (["--guest", "fixed,unfixed"], ["--kernel", "unfixed"]):
                done = boot([*arguments, "--", "true"], env=environment)
                self.assertEqual(
                    (done.returncode, done.stderr.decode()),
                    (126, "lab/boot: there is no kernel 'unfixed'; lab/setup fetches it\n"),
                )
            (cache / "kernels" / "next-64k.lacking").write_text("there is no kernel 'next-64k': no suite has one\n")
            done = boot(["--kernel", "next", "--page-size", "64k", "--", "true"], env=environment)
            self.assertEqual(
                (done.returncode, done.stderr.decode()),
                (126, "lab/boot: there is no kernel 'next-64k': no suite has one\n"),
            )

    def test_takes_a_kernel_by_path_and_other_sizes(self):
        image = str(CACHE / "kernels" / "unfixed" / "vmlinux")
        script = (
            "uname -r; grep MemTotal /proc/meminfo; "
            "grep -a -o -m 1 '6\\.12[^ ]*le-64k ' /lab/vmlinux-unfixed | head -n 1; ls /dev/kvm"
        )
        done = boot(["--kernel", image, "--memory", "1G", "--guest-page-size", "64k", "--", "sh", "-c", script])
        lines = done.stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith("6.12."), lines)
        self.assertLess(int(lines[1].split()[1]), 1 << 20)
        self.assertTrue(lines[2].endswith("-64k "), lines)
        self.assertEqual(lines[3], "/dev/kvm")

    def test_starts_a_shell_without_a_command(self):
        self.talk_to_a_shell([])

    def talk_to_a_shell(self, options):
        leader, follower = os.openpty()
        command = [BOOT, *options, "--timeout", "120"]
        process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower)
        os.close(follower)
        try:
            talk(
                leader,
                [(b"~ # ", b"parley check power10 > /dev/null; echo st''atus $?\n"), (b"status 0", b"poweroff -f\n")],
            )
            self.assertEqual(process.wait(60), 0)
        finally:
            process.kill()
            process.wait()
            os.close(leader)

    def test_refuses_bad_usage_with_2(self):
        for arguments in (
            ["--timeout", "0", "--", "true"],
            ["--log", "x"],
            ["--cpu", "power8", "--", "true"],
            ["--guest", "newest", "--", "true"],
            ["--deterministic", "--smp", "2", "--", "true"],
            ["--deterministic", "--smp", "cores=1,threads=2", "--", "true"],
            ["--smp", "many", "--", "true"],
            ["--"],
        ):
            self.assertEqual(boot(arguments).returncode, 2)

    def test_refuses_smt_under_nested_api_v1_with_2(self):
        done = boot(["--api", "v1", "--smp", "cores=1,threads=4", "--", "true"])
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--api v1 needs threads=1", done.stderr)

    def test_has_a_host_whose_core_has_several_threads(self):
        done = boot(["--smp", "cores=1,threads=4", "--guest", "none", "--", "sh", "-c", f"{THREADS}; parley run"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("4 0-3\n", done.stdout.decode())
        self.assertIn("level: power10 ", done.stdout.decode())


class BootOnBareMetal(unittest.TestCase):
    """The same with --platform powernv; the host is its own hypervisor."""

    POWERNV = ["--platform", "powernv"]

    def test_runs_guests_on_every_silicon_and_kernel(self):
        for cpu in ("power9", "power10"):
            for kernel in ("fixed", "unfixed", "next"):
                if lacks(kernel):
                    continue
                with self.subTest(cpu=cpu, kernel=kernel):
                    script = "grep -c '^platform.*PowerNV' /proc/cpuinfo; parley run"
                    options = [*self.POWERNV, "--cpu", cpu, "--kernel", kernel, "--guest", "none"]
                    done = boot([*options, "--", "sh", "-c", script])
                    self.assertEqual(done.returncode, 0, done.stderr)
                    lines = done.stdout.decode().splitlines()
                    self.assertEqual(lines[0], "1")
                    self.assertIn(f"level: {cpu} ", "\n".join(lines))

    def test_runs_linux(self):
        script = (
            "ls /lab; parley run -kernel /lab/vmlinux-fixed -initrd /lab/initrd.cpio.gz -m 512M -smp 2 "
            "-append 'console=hvc0 quiet run=nproc' < /dev/null"
        )
        done = boot([*self.POWERNV, "--smp", "2", "--", "sh", "-c", script])
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.decode(errors="replace").replace("\r", "").splitlines()
        self.assertEqual(lines[:2], ["initrd.cpio.gz", "vmlinux-fixed"])
        self.assertEqual(lines[lines.index("L2 ready") + 1], "2")

    def test_delivers_console_input_to_linux(self):
        """Input arrives by an interrupt, which the emulated hypervisor of nested API v2 does not deliver."""
        script = (
            "mkfifo /tmp/in; parley run -kernel /lab/vmlinux-fixed -initrd /lab/initrd.cpio.gz -m 512M "
            "-append 'console=hvc0 quiet shell' <> /tmp/in > /tmp/out & "
            "until grep -q '# ' /tmp/out; do sleep 0.2; done; echo 'echo st$((6*7)); exit' > /tmp/in; wait $!; "
            "status=$?; cat /tmp/out; exit $status"
        )
        done = boot([*self.POWERNV, "--", "sh", "-c", script])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"\nst42\r\n", done.stdout)

    def test_runs_a_kernel_with_64k_pages(self):
        done = boot([*self.POWERNV, "--page-size", "64k", "--", "sh", "-c", "getconf PAGESIZE; parley run"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("level: power10 ", done.stdout.decode())

    def test_has_a_host_whose_core_has_several_threads(self):
        for cpu in ("power9", "power10"):
            options = [*self.POWERNV, "--cpu", cpu, "--smp", "cores=1,threads=4", "--guest", "none"]
            done = boot([*options, "--", "sh", "-c", f"{THREADS}; parley run --smp 4"])
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("4 0-3\n", done.stdout.decode())

    def test_ends_with_the_commands_status(self):
        self.assertEqual(boot([*self.POWERNV, "--", "sh", "-c", "exit 42"]).returncode, 42)

    def test_passes_output_and_errors_through_unchanged_and_separate(self):
        data = os.urandom(1_000_000)
        done = boot_and_print_twice(data, *self.POWERNV)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, data)
        self.assertEqual(done.stderr, data)

    def test_passes_all_output_to_a_slow_reader(self):
        """The host's end must not discard the output that is still on the way."""
        data = os.urandom(2_000_000)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            process = subprocess.Popen(
                [BOOT, *self.POWERNV, "--file", f"{file.name}:/data", "--guest", "none", "--", "cat", "/data"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            try:
                time.sleep(20)
                seen = bytearray()
                while part := process.stdout.read1(10_000):
                    seen += part
                    time.sleep(0.02)
                self.assertEqual(process.wait(60), 0)
            finally:
                process.kill()
                process.communicate()
        self.assertEqual(bytes(seen), data)

    def test_is_repeatable_to_the_byte_when_deterministic(self):
        with tempfile.TemporaryDirectory() as folder:
            logs = [pathlib.Path(folder, name) for name in ("first", "second")]
            script = "parley run; parley inspect --json; cat /proc/uptime; date +%s.%N; md5sum /proc/interrupts"
            first, second = (
                boot([*self.POWERNV, "--deterministic", "--log", str(log), "--", "sh", "-c", script]) for log in logs
            )
            consoles = [log.read_text(errors="replace").partition("qemu-system-ppc64: terminating")[0] for log in logs]
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertGreater(len(first.stdout), 1000)
        self.assertEqual(first.stdout, second.stdout)
        self.assertEqual(first.stderr, second.stderr)
        self.assertEqual(consoles[0], consoles[1])

    def test_ends_with_124_after_the_limit(self):
        done = boot([*self.POWERNV, "--timeout", "3", "--", "sleep", "1000"])
        self.assertEqual(done.returncode, 124)
        self.assertIn(b"no end within 3 seconds", done.stderr)

    def test_ends_with_125_when_the_host_dies(self):
        done = boot([*self.POWERNV, "--", "sh", "-c", "echo c > /proc/sysrq-trigger"])
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"the host died", done.stderr)

    def test_starts_a_shell_without_a_command(self):
        Boot.talk_to_a_shell(self, self.POWERNV)

    def test_refuses_an_initrd_that_is_too_large_for_the_machine(self):
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(128 << 20)
            done = boot([*self.POWERNV, "--file", file.name, "--guest", "none", "--", "true"])
        self.assertEqual(done.returncode, 126)
        self.assertRegex(
            done.stderr.decode(),
            r"^lab/boot: the initrd has 1\d\d MiB, and a powernv host takes at most 128 MiB: .*\n$",
        )

    def test_refuses_silicon_that_the_emulator_lacks(self):
        machines = subprocess.run(["qemu-system-ppc64", "-M", "help"], capture_output=True, text=True, check=True)
        if "powernv11" in machines.stdout:
            self.skipTest("this QEMU has powernv11")
        done = boot([*self.POWERNV, "--cpu", "power11", "--", "true"])
        self.assertEqual(
            (done.returncode, done.stderr.decode()),
            (126, "lab/boot: this QEMU has no machine powernv11 for --cpu power11; choose another --cpu\n"),
        )

    def test_refuses_the_options_of_a_partition_with_2(self):
        for options in (["--max-compat", "none"], ["--api", "v2"]):
            done = boot([*self.POWERNV, *options, "--", "true"])
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{options[0]} describes a partition", done.stderr.decode())


class TheGuestsInitrd(unittest.TestCase):
    @staticmethod
    def emulator(command_line):
        machine = (
            "pseries,x-vof=on,max-cpu-compat=power9,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off"
        )
        arguments = f"-M {machine} -cpu power10 -m 1G -display none -nodefaults -serial stdio -no-reboot".split()
        guest = ["-kernel", str(CACHE / "kernels/unfixed/vmlinux"), "-initrd", str(CACHE / "initrd.cpio.gz")]
        return ["qemu-system-ppc64", *arguments, *guest, "-append", f"console=hvc0 quiet {command_line}"]

    def test_starts_a_shell_when_the_command_line_says_so(self):
        leader, follower = os.openpty()
        process = subprocess.Popen(self.emulator("shell"), stdin=follower, stdout=follower, stderr=subprocess.DEVNULL)
        os.close(follower)
        try:
            talk(leader, [(b"L2 ready", b""), (b"# ", b"echo st''atus $((6*7)); exit\n"), (b"status 42", b"")])
            process.wait(60)
        finally:
            process.kill()
            process.wait()
            os.close(leader)

    def test_prints_the_processor_as_linux_sees_it_and_powers_off(self):
        """It is booted as a first-level guest, directly in the emulator."""
        done = subprocess.run(
            self.emulator(""), stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
        )
        text = done.stdout.decode(errors="replace").replace("\r", "")
        self.assertRegex(text, r"Linux \(none\) 6\.12\S* .* ppc64le")
        self.assertRegex(text, r"cpu\s*: POWER9 \(architected\)")
        self.assertIn("AT_PLATFORM: power9\n", text)
        self.assertIn("cpu-version 0x0f000005 (PowerPC,POWER10@0)\n", text)
        self.assertIn("L2 ready\n", text)


class BootLeavesNothingBehind(unittest.TestCase):
    def ended_by(self, number, before_that=lambda emulator: None):
        """Starts a host, sends a signal to lab/boot, and returns its status after its emulator's end."""
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [BOOT, "--", "sleep", "1000"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": folder},
            )
            emulators = []
            deadline = time.monotonic() + 60
            while not emulators and time.monotonic() < deadline:
                time.sleep(0.05)
                emulators = emulators_below(process.pid)
            self.assertEqual(len(emulators), 1)
            time.sleep(1)
            before_that(emulators[0])
            process.send_signal(number)
            status = process.wait(30)
            deadline = time.monotonic() + 10
            while is_alive(emulators[0]) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertFalse(is_alive(emulators[0]), "the emulator still runs")
            self.assertEqual(os.listdir(folder), [])
            return status

    def test_after_an_interrupt(self):
        self.assertEqual(self.ended_by(signal.SIGINT), 130)

    def test_after_sigterm(self):
        self.assertEqual(self.ended_by(signal.SIGTERM), 143)

    def test_after_sigkill(self):
        self.assertEqual(self.ended_by(signal.SIGKILL), -9)

    def test_when_the_emulator_does_not_react_to_sigterm(self):
        """A stopped process does not react to SIGTERM, like an emulated hypervisor in its known endless loop."""
        self.assertEqual(
            self.ended_by(signal.SIGTERM, before_that=lambda emulator: os.kill(emulator, signal.SIGSTOP)), 143
        )

    def test_after_the_limit(self):
        with tempfile.TemporaryDirectory() as folder:
            boot(["--timeout", "2", "--", "sleep", "1000"], env={**os.environ, "TMPDIR": folder})
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
