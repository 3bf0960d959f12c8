# SPDX-License-Identifier: Apache-2.0
"""lab/alongside, which lab/try uses to build while it fetches the emulator: it reports the command that fails, keeps
its status, and leaves no process behind."""

import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from lab import ROOT, processes, wait_for

ALONGSIDE = str(ROOT / "lab" / "alongside")
# Each writes its process id to the file that follows as an argument, $0.
STAYS = ["sh", "-c", 'echo $$ > "$0"; exec sleep 1000']
STAYS_WITH_A_CHILD = ["sh", "-c", 'sleep 1000 & echo $$ > "$0"; wait']


def group_of(entry):
    """The process group; None for a zombie."""
    state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    return None if state == "Z" else int(group)


class Alongside(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "log"

    def run_both(self, background, front):
        return subprocess.run(
            [ALONGSIDE, self.log, *background, "--", *front],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def assert_has_ended(self, file):
        """The process whose id is in the file, and its process group, are gone."""
        pid = int(file.read_text())
        self.assertEqual(
            list(processes(lambda entry: pid in (int(entry.name), group_of(entry)) and group_of(entry) is not None)), []
        )

    def test_waits_for_both_and_keeps_their_output_apart(self):
        for background, front in (
            ("sleep 1; echo background", "echo front"),
            ("echo background", "sleep 1; echo front"),
        ):
            done = self.run_both(["sh", "-c", background], ["sh", "-c", front])
            self.assertEqual((done.returncode, done.stdout, self.log.read_text()), (0, "front\n", "background\n"))

    def test_reports_that_the_background_command_continues(self):
        self.assertIn("true has ended; sleep continues", self.run_both(["sleep", "1"], ["true"]).stderr)

    def test_shows_the_log_of_a_failed_background_command_and_ends_the_other(self):
        done = self.run_both(
            ["sh", "-c", f"until [ -s {self.folder}/pid ]; do sleep 0.1; done; echo no compiler; exit 7"],
            [*STAYS, self.folder / "pid"],
        )
        self.assertEqual((done.returncode, done.stdout), (7, ""))
        self.assertIn(f"no compiler\nlab/alongside: sh failed with 7; its log: {self.log}\n", done.stderr)
        self.assert_has_ended(self.folder / "pid")

    def test_keeps_the_status_of_a_failed_foreground_command_and_ends_the_other_with_its_children(self):
        done = self.run_both(
            [*STAYS_WITH_A_CHILD, self.folder / "pid"],
            ["sh", "-c", f"until [ -s {self.folder}/pid ]; do sleep 0.1; done; exit 9"],
        )
        self.assertEqual((done.returncode, done.stderr), (9, ""))
        self.assert_has_ended(self.folder / "pid")

    def test_ends_both_on_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            files = [self.folder / "front", self.folder / "background"]
            process = subprocess.Popen(
                [ALONGSIDE, self.log, *STAYS_WITH_A_CHILD, files[1], "--", *STAYS, files[0]], stderr=subprocess.DEVNULL
            )
            try:
                wait_for(lambda: all(file.exists() and file.read_text() for file in files), 30)  # noqa: B023
                process.send_signal(number)
                self.assertEqual(process.wait(30), 128 + number)
                for file in files:
                    self.assert_has_ended(file)
            finally:
                process.kill()
                process.wait()
            for file in files:
                file.unlink()

    def test_its_commands_end_when_it_is_killed(self):
        files = [self.folder / "front", self.folder / "background"]
        process = subprocess.Popen([ALONGSIDE, self.log, *STAYS, files[1], "--", *STAYS, files[0]])
        wait_for(lambda: all(file.exists() and file.read_text() for file in files), 30)
        process.kill()
        process.wait()
        time.sleep(0.5)
        for file in files:
            self.assert_has_ended(file)

    def test_reports_commands_that_it_cannot_start_and_its_usage(self):
        for background, front in ((["/nonexistent"], ["true"]), (["sleep", "1000"], ["/nonexistent"])):
            done = self.run_both(background, front)
            self.assertEqual(
                (done.returncode, done.stderr),
                (126, "lab/alongside: cannot start /nonexistent: No such file or directory\n"),
            )
        self.assertEqual(subprocess.run([ALONGSIDE, "log", "true"], capture_output=True, check=False).returncode, 2)


class Setup(unittest.TestCase):
    def test_takes_one_mode_at_a_time(self):
        for options in (
            ["--cross", "--try"],
            ["--try", "--build-only"],
            ["--cross", "--tests"],
            ["--build-only", "--anchors"],
            ["--frobnicate"],
        ):
            self.assertEqual(
                subprocess.run([ROOT / "lab" / "setup", *options], capture_output=True, check=False).returncode,
                2,
                options,
            )


if __name__ == "__main__":
    unittest.main()
