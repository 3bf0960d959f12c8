# SPDX-License-Identifier: Apache-2.0
"""lab/matrix over several hosts, and the readers of its reports: kunit.py, prove, a JUnit library, LAVA, a browser."""

import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import junitparser
from selenium import webdriver
from selenium.webdriver.common.by import By

from lab import CACHE, FULL, MATRIX, PARLEY, lacks, matrix_validator, parent_of, processes, wait_for

FIXED = "host.power11.compat.power10.api.v2.kernel.fixed"
UNFIXED = "host.power10.compat.power10.api.v1.kernel.unfixed"
HOSTS = {
    FIXED: ["--cpu", "power11", "--max-compat", "power10", "--api", "v2", "--kernel", "fixed"],
    UNFIXED: ["--cpu", "power10", "--max-compat", "none", "--api", "v1", "--kernel", "unfixed"],
}
LEVELS = ("power7", "power8", "power9", "power10", "power11", "raw", "0x0f000008", "0xffffffff")


def matrix(*arguments, **options):
    return subprocess.run(
        [MATRIX, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        **options,
    )


def parley(*arguments):
    return subprocess.run(
        [*PARLEY, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def below(parent):
    """The ids of all descendants of the process."""
    found, waiting = [], [parent]
    while waiting:
        children = list(processes(lambda entry, pid=waiting.pop(): parent_of(entry) == pid))
        found += children
        waiting += children
    return found


def cells_of(report):
    return {cell["id"]: cell for host in report["hosts"] for cell in host["cells"]}


class Made:
    """The folders that the tests use: results, and the same results with a planted surprise."""

    runs = {}


def setUpModule():
    Made.folder = pathlib.Path(tempfile.mkdtemp())
    unittest.addModuleCleanup(shutil.rmtree, Made.folder)
    results, surprised = Made.folder / "results", Made.folder / "surprised"
    results.mkdir()
    plan = ""
    # One run per host: a single run would try all combinations of the options.
    for host, options in HOSTS.items():
        out = Made.folder / host
        Made.runs[host] = matrix(*options, "--force", "--out", out)
        shutil.copy(out / "results" / f"{host}.json", results)
        plan += (out / "results" / "plan").read_text()
    (results / "plan").write_text(plan)
    shutil.copytree(results, surprised)
    path = surprised / f"{UNFIXED}.json"
    report = json.loads(path.read_text())
    cell = cells_of(report)[f"{UNFIXED}.guest.power10.forced"]
    cell["verdict"], cell["reason"], cell["disagrees"] = "surprise", "it was <b>planted</b> & # here", "readback"
    cell["set"]["readback"] = "0x0f000005"
    path.write_text(json.dumps(report))


class ReportTest(unittest.TestCase):
    def form(self, form, folder="results", *options):
        done = parley("matrix", "merge", Made.folder / folder, "--format", form, *options)
        self.assertEqual((done.returncode, done.stderr), (0 if folder == "results" else 1, ""))
        return done.stdout

    def written(self, form, folder="results"):
        file = tempfile.NamedTemporaryFile("w", suffix="." + form, encoding="utf-8")
        self.addCleanup(file.close)
        file.write(self.form(form, folder))
        file.flush()
        return file.name


class TwoHosts(ReportTest):
    """All levels on a kernel with the check of Linux 7.2 and on one without it."""

    def test_have_no_surprise_and_name_kernels_and_emulator(self):
        for host, done in Made.runs.items():
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("refused as expected", done.stdout)
            self.assertIn("1 of 1 hosts, ", done.stderr)
            report = json.loads((Made.folder / host / "report.json").read_text())
            self.assertRegex(report["hosts"][0]["notes"][0], r"^L0: QEMU emulator version \d+\.\d+")
        kernels = {
            host["id"]: host["host"]["facts"]["system"]["kernel_release"]
            for host in json.loads(self.form("json"))["hosts"]
        }
        self.assertRegex(kernels[FIXED], r"^([89]|7\.[2-9])")
        self.assertRegex(kernels[UNFIXED], r"^6\.12\.")

    def test_have_all_levels_with_the_known_verdicts_of_their_kernels(self):
        cells = cells_of(json.loads(self.form("json")))
        self.assertEqual(list(cells), [f"{host}.guest.{level}.forced" for host in HOSTS for level in LEVELS])
        works = {name for name, cell in cells.items() if cell["verdict"] == "works"}
        self.assertEqual(
            works,
            {
                f"{FIXED}.guest.power9.forced",
                f"{FIXED}.guest.power10.forced",
                f"{UNFIXED}.guest.power9.forced",
                f"{UNFIXED}.guest.power10.forced",
                f"{UNFIXED}.guest.raw.forced",
            },
        )
        self.assertEqual(
            {cell["verdict"] for name, cell in cells.items() if name not in works}, {"refused as expected"}
        )

    def test_show_in_the_report_which_kernel_has_the_check(self):
        cells = cells_of(json.loads(self.form("json")))
        fixed, unfixed = (cells[f"{host}.guest.power11.forced"] for host in HOSTS)
        self.assertEqual(
            (fixed["set"]["errno"], fixed["set"]["readback"], fixed["run"]["failure"]),
            (22, "0xffffffff", "level-invalid"),
        )
        self.assertEqual(
            (unfixed["set"]["errno"], unfixed["set"]["readback"], unfixed["run"]["outcome"]), (0, "0x0f000007", "ended")
        )

    def test_are_valid_by_the_schema_which_rejects_unknown_properties(self):
        for folder in ("results", "surprised"):
            report = json.loads(self.form("json", folder))
            matrix_validator().validate(report)
        report["hosts"][0]["cells"][0]["mood"] = "good"
        report["hosts"][0]["host"]["verdict"]["mood"] = "good"
        report["hosts"][1]["cells"][0]["verdict"] = "wonders"
        self.assertEqual(len(list(matrix_validator().iter_errors(report))), 3)

    def test_are_read_by_the_kernels_kunit(self):
        def parse(folder):
            return subprocess.run(
                [
                    sys.executable,
                    CACHE / "kunit" / "tools" / "testing" / "kunit" / "kunit.py",
                    "parse",
                    self.written("ktap", folder),
                ],
                capture_output=True,
                text=True,
                check=False,
            )

        good = parse("results")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("Testing complete. Ran 16 tests: passed: 16", good.stdout)
        self.assertNotIn("[ERROR]", good.stdout)
        bad = parse("surprised")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("Ran 16 tests: passed: 15, failed: 1", bad.stdout)
        self.assertIn(f"[FAILED] {UNFIXED}.guest.power10.forced", bad.stdout)

    def test_are_read_by_prove(self):
        def prove(folder):
            return subprocess.run(
                ["prove", "--verbose", "--exec", "cat", self.written("tap13", folder)],
                capture_output=True,
                text=True,
                check=False,
            )

        good = prove("results")
        self.assertEqual(good.returncode, 0, good.stdout)
        self.assertIn("Files=1, Tests=16,", good.stdout)
        bad = prove("surprised")
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("Failed 1/16 subtests", bad.stdout)

    def test_are_read_by_a_junit_library(self):
        def totals(folder):
            report = junitparser.JUnitXml.fromstring(self.form("junit", folder).encode())
            counted = list(report)
            reported = [(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in counted]
            for suite in counted:
                suite.update_statistics()  # replaces the reported numbers by counted ones
            self.assertEqual(
                reported, [(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in counted]
            )
            return report, reported

        self.assertEqual(totals("results")[1], [(FIXED, 8, 0, 0, 0), (UNFIXED, 8, 0, 0, 0)])
        report, reported = totals("surprised")
        self.assertEqual(reported[1], (UNFIXED, 8, 1, 0, 0))
        (failure,) = [case.result[0] for suite in report for case in suite if case.result]
        self.assertIn("it was <b>planted</b> & # here", failure.message)

    def test_are_lines_that_lava_accepts(self):
        """The pattern is the one of LAVA's dispatcher for consoles."""
        signals = [
            re.fullmatch(r"<LAVA_SIGNAL_(\S+) ([^>]+)>", line) for line in self.form("lava", "surprised").splitlines()
        ]
        words = [dict(word.split("=") for word in found[2].split()) for found in signals]
        self.assertEqual({found[1] for found in signals}, {"TESTCASE"})
        self.assertEqual(collections.Counter(word["RESULT"] for word in words), {"pass": 15, "fail": 1})
        self.assertEqual(
            [word["TEST_CASE_ID"] for word in words if word["RESULT"] == "fail"], [f"{UNFIXED}.guest.power10.forced"]
        )

    def test_are_text_with_the_full_evidence_of_surprises(self):
        text = self.form("text", "surprised")
        self.assertRegex(text, rf"(?m)^{re.escape(FIXED)} +refused +refused +works +works +refused")
        self.assertIn(f"\n{UNFIXED}.guest.power10.forced\n  policy: legal", text)
        self.assertIn("\n5 works\n11 refused as expected\n", self.form("text"))

    def test_differ_from_other_reports_in_the_changed_facts(self):
        good, bad = self.written("json"), self.written("json", "surprised")
        self.assertEqual(parley("diff", good, good).returncode, 0)
        done = parley("diff", good, bad)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stdout,
            f"{UNFIXED}.guest.power10.forced: set.readback: 0x0f000006 -> 0x0f000005\n"
            f"{UNFIXED}.guest.power10.forced: verdict: works -> surprise\n"
            f"{UNFIXED}.guest.power10.forced: disagrees: null -> readback\n3 changes since {good}\n",
        )

    def test_contain_every_cell_of_the_plan(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(Made.folder / "results" / "plan", folder)
            shutil.copy(Made.folder / "results" / f"{FIXED}.json", folder)
            done = parley("matrix", "merge", folder, "--format", "json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            collections.Counter(cell["verdict"] for cell in cells_of(json.loads(done.stdout)).values()),
            {"works": 2, "refused as expected": 6, "lost": 8},
        )


class ThePage(ReportTest):
    """The HTML report in a headless Chromium."""

    @classmethod
    def setUpClass(cls):
        options = webdriver.ChromeOptions()
        for argument in "headless=new no-sandbox disable-gpu disable-dev-shm-usage window-size=1600,1200".split():
            options.add_argument(f"--{argument}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(options=options)
        cls.addClassCleanup(cls.browser.quit)

    def open(self, folder, *options):
        page = Made.folder / f"{folder}.html"
        page.write_text(self.form("html", folder, *options), encoding="utf-8")
        self.browser.get(page.as_uri())
        self.addCleanup(lambda: self.assertEqual(self.browser.get_log("browser"), []))

    def find(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        (found,) = self.find(selector)
        return found

    def shown(self):
        """The cells that are neither dimmed nor in a hidden row."""
        return [
            cell.get_attribute("data-cell")
            for cell in self.find("#map [data-verdict]:not(.dim)")
            if cell.is_displayed()
        ]

    def test_has_rows_of_hosts_and_columns_of_levels(self):
        self.open("results")
        self.assertEqual([head.text for head in self.find("#map thead th")], ["host", *LEVELS])
        self.assertEqual([row.get_attribute("data-host") for row in self.find("#map tbody tr")], list(HOSTS))
        self.assertEqual(len(self.shown()), 16)
        self.assertIn(
            "2 hosts, 16 cells. Everything is as the rules for these hosts predict.", self.one("#summary").text
        )
        self.assertRegex(self.one("#kernels").text, r"L0: QEMU emulator version .*Linux 6\.12\..*Linux [789]\.")
        self.assertTrue(self.one("#legend").is_displayed())
        self.assertFalse(self.one("#changes").is_displayed())

    def test_shows_the_evidence_of_a_cell_on_demand(self):
        self.open("surprised")
        for host, words in (
            (FIXED, ("reads back 0xffffffff", "level-invalid", "not-above-host")),
            (UNFIXED, ("reads back 0x0f000007", "only by Parley's policy")),
        ):
            button = self.one(f'[data-cell="{host}.guest.power11.forced"]')
            button.click()
            self.assertEqual(button.get_attribute("aria-expanded"), "true")
            for word in words:
                self.assertIn(word, self.one("#details").text)
        self.assertEqual(len(self.find('[aria-expanded="true"]')), 1)
        self.one(f'[data-cell="{UNFIXED}.guest.power10.forced"]').click()
        self.assertIn("it was <b>planted</b> & # here", self.one("#details").text)

    def test_shows_the_facts_of_a_host_on_demand(self):
        self.open("results")
        self.one(f'[data-host="{FIXED}"] th button').click()
        for word in ("power10: cpu-version", "nested v2", "L0: QEMU emulator"):
            self.assertIn(word, self.one("#details").text)

    def test_filters_by_verdict(self):
        self.open("surprised")
        everything = self.shown()
        self.one('[data-filter="surprise"]').click()
        self.assertEqual(self.shown(), [f"{UNFIXED}.guest.power10.forced"])
        self.assertFalse(self.one(f'[data-host="{FIXED}"]').is_displayed())
        self.one('[data-filter="works"]').click()
        self.assertEqual(len(self.shown()), 5)
        for verdict in ("works", "surprise"):
            self.one(f'[data-filter="{verdict}"]').click()
        self.assertEqual(self.shown(), everything)

    def test_can_be_used_with_the_keyboard(self):
        self.open("results")
        button = self.one(f'[data-cell="{FIXED}.guest.power9.forced"]')
        button.send_keys("\n")
        self.assertIn("power9: works", self.one("#details").text)

    def test_shows_the_changes_since_another_report(self):
        self.open("surprised", "--against", self.written("json"))
        rows = [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in self.find("#changes tbody tr")]
        name = f"{UNFIXED}.guest.power10.forced"
        self.assertEqual(
            rows,
            [
                [name, "set.readback", "0x0f000006", "0x0f000005"],
                [name, "verdict", "works", "surprise"],
                [name, "disagrees", "null", "readback"],
            ],
        )
        self.assertEqual([cell.get_attribute("data-cell") for cell in self.find(".changed")], [name])

    def test_has_a_light_and_a_dark_scheme_with_readable_text(self):
        """The contrast by WCAG 2, which requires 4.5 for text."""

        def luminance(colour):
            parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
            return sum(
                weight * (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4)
                for weight, part in zip((0.2126, 0.7152, 0.0722), parts)
            )

        backgrounds = {}
        for scheme in ("light", "dark"):
            self.browser.execute_cdp_cmd(
                "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            )
            self.open("surprised")
            backgrounds[scheme] = self.one("body").value_of_css_property("background-color")
            squares = self.find(".legend .cell")
            self.assertEqual(len(squares), 7)
            for square in squares:
                light, dark = sorted(
                    (luminance(square.value_of_css_property(name)) for name in ("color", "background-color")),
                    reverse=True,
                )
                self.assertGreaterEqual((light + 0.05) / (dark + 0.05), 4.5, (scheme, square.text))
        self.assertNotEqual(*backgrounds.values())


class LabMatrix(unittest.TestCase):
    """lab/matrix after failures and with other options."""

    TWO = ["--cpu", "power9,power10", "--max-compat", "none", "--api", "v1", "--kernel", "fixed", "--levels", "power9"]
    NAMES = [f"host.{cpu}.compat.{cpu}.api.v1.kernel.fixed" for cpu in ("power9", "power10")]

    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.out)

    def start(self, *options):
        process = subprocess.Popen(
            [MATRIX, *self.TWO, "--out", self.out, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

        def clean_up():
            process.kill()
            process.communicate()

        self.addCleanup(clean_up)
        return process

    def emulators(self, process):
        """The emulators that run a host."""
        found = []
        for child in below(process.pid):
            with contextlib.suppress(OSError):  # the process has ended
                words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if b"qemu-system" in words[0] and b"-M" in words:
                    found.append(child)
        return found

    def verdicts(self):
        return {
            name.removesuffix(".guest.power9"): cell["verdict"]
            for name, cell in cells_of(json.loads((self.out / "report.json").read_text())).items()
        }

    def has(self, name):
        return (self.out / "results" / f"{name}.json").exists()

    def test_leaves_no_emulator_when_killed_and_resumes_with_the_remaining_hosts(self):
        for number, status in ((signal.SIGKILL, -9), (signal.SIGTERM, 143)):
            process = self.start("-j", "1", *(["--resume"] if self.out.joinpath("results", "plan").exists() else []))
            wait_for(lambda: self.has(self.NAMES[0]))
            emulators = wait_for(lambda: self.emulators(process))
            process.send_signal(number)
            self.assertEqual(process.wait(30), status)
            wait_for(
                lambda emulators=emulators: not any(
                    pathlib.Path(f"/proc/{emulator}/exe").exists() for emulator in emulators
                )
            )
            self.assertEqual([self.has(name) for name in self.NAMES], [True, False])
            self.assertEqual(list((self.out / "results").glob("*.error")), [])
        refused = matrix(*self.TWO, "--out", self.out)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--resume continues it", refused.stderr)
        done = matrix(*self.TWO, "--out", self.out, "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 of 2 hosts already have results", done.stderr)
        self.assertEqual(self.verdicts(), dict.fromkeys(self.NAMES, "works"))
        other = matrix(*self.TWO, "--levels", "raw", "--out", self.out, "--resume")
        self.assertIn("of other hosts or levels", other.stderr)

    def test_a_host_that_dies_is_a_row_of_errors_with_its_consoles_last_lines(self):
        process = self.start("-j", "1")
        (emulator,) = wait_for(lambda: self.emulators(process))
        console = self.out / "results" / f"{self.NAMES[0]}.console"
        wait_for(lambda: console.exists() and "Linux version" in console.read_text(errors="replace"))
        os.kill(emulator, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 1, err)
        self.assertEqual(self.verdicts(), dict(zip(self.NAMES, ("error", "works"))))
        cell = cells_of(json.loads((self.out / "report.json").read_text()))[f"{self.NAMES[0]}.guest.power9"]
        self.assertEqual(cell["reason"], "the host died, or parley in it: lab/boot ended with 125")
        self.assertTrue([line for line in cell["log"] if line.startswith("  | ") and line[4:].strip()], cell["log"])
        self.assertIn(cell["reason"], out)
        matrix_validator().validate(json.loads((self.out / "report.json").read_text()))
        # --resume tries only the failed host again.
        self.assertEqual(matrix(*self.TWO, "--out", self.out, "--resume").returncode, 0)
        self.assertEqual(self.verdicts(), dict.fromkeys(self.NAMES, "works"))

    def test_a_host_that_exceeds_the_time_limit_is_an_error(self):
        done = matrix(*self.TWO[:-2], "--levels", "power9", "--cpu", "power9", "--timeout", "2", "--out", self.out)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.verdicts(), {self.NAMES[0]: "error"})
        self.assertIn("the host did not end in time", done.stdout)

    def test_hosts_with_a_missing_next_kernel_are_left_out_with_a_notice_and_refused_when_requested(self):
        with tempfile.TemporaryDirectory() as folder:
            cache = pathlib.Path(folder)
            (cache / "kernels").mkdir()
            for path in ("busybox", "initrd.cpio.gz", "kernels/fixed", "kernels/unfixed"):
                (cache / path).symlink_to(CACHE / path)
            (cache / "kernels" / "next.lacking").write_text("there is no kernel 'next': no suite has one\n")
            words = ["--cpu", "power9", "--api", "v1", "--levels", "power9"]
            done = matrix(*words, "--out", self.out / "usual", env={**os.environ, "PARLEY_LAB_CACHE": folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("no hosts with kernel next: there is no kernel 'next': no suite has one\n", done.stderr)
            hosts = [host["id"] for host in json.loads((self.out / "usual" / "report.json").read_text())["hosts"]]
            self.assertEqual(
                hosts, [f"host.power9.compat.power9.api.v1.kernel.{kernel}" for kernel in ("fixed", "unfixed")]
            )
            asked = matrix(
                *words, "--kernel", "next", "--out", self.out / "asked", env={**os.environ, "PARLEY_LAB_CACHE": folder}
            )
            self.assertEqual(
                (asked.returncode, asked.stderr), (126, "lab/matrix: there is no kernel 'next': no suite has one\n")
            )

    def test_linux_guests_negotiate_the_level_of_their_cell(self):
        host = ["--cpu", "power11", "--max-compat", "none", "--api", "v1", "--kernel", "fixed"]
        done = matrix(*host, "--levels", "power9,power11", "--guest", "linux", "--out", self.out)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        cells = cells_of(json.loads((self.out / "report.json").read_text()))
        self.assertEqual(
            {
                name.rpartition(".guest.")[2]: (cell["verdict"], cell["negotiated"]["level"], cell["seen"]["platform"])
                for name, cell in cells.items()
            },
            {"power9.linux": ("works", "power9", "power9"), "power11.linux": ("works", "power11", "power11")},
        )

    def test_forced_and_raw_linux_guests_cause_no_surprise(self):
        """Under v1, where the kernel takes levels without radix."""
        host = ["--cpu", "power10", "--max-compat", "none", "--api", "v1", "--kernel", "unfixed"]
        done = matrix(*host, "--levels", "power8,raw,power11", "--force", "--guest", "linux", "--out", self.out)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        cells = cells_of(json.loads((self.out / "report.json").read_text()))
        self.assertEqual(
            {name.rpartition(".guest.")[2]: cell["verdict"] for name, cell in cells.items()},
            {
                "power8.linux.forced": "not applicable",
                "raw.linux.forced": "works",
                "power11.linux.forced": "refused as expected",
            },
        )
        self.assertIn(
            "only radix", cells["host.power10.compat.power10.api.v1.kernel.unfixed.guest.power8.linux.forced"]["reason"]
        )

    def test_bare_metal_takes_every_level_up_to_its_silicons(self):
        done = matrix("--api", "bare", "--kernel", "fixed,unfixed", "--force", "--out", self.out)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        report = json.loads((self.out / "report.json").read_text())
        self.assertEqual({host["host"]["verdict"]["platform"] for host in report["hosts"]}, {"PowerNV"})
        taken = {
            "power9": ("power7", "power8", "power9", "raw"),
            "power10": ("power7", "power8", "power9", "power10", "raw"),
        }
        works = {
            f"host.{cpu}.compat.{cpu}.api.bare.kernel.{kernel}.guest.{level}.forced"
            for kernel in ("fixed", "unfixed")
            for cpu, levels in taken.items()
            for level in levels
        }
        verdicts = {name: cell["verdict"] for name, cell in cells_of(report).items()}
        self.assertEqual({name for name, verdict in verdicts.items() if verdict == "works"}, works)
        self.assertEqual({verdicts[name] for name in verdicts if name not in works}, {"refused as expected"})

    def test_wrong_options_are_one_clear_error(self):
        for options, word in (
            (["--cpu", "power8"], "'power8' is none of"),
            (["-j", "0"], "-j needs"),
            (["--cell", "x"], "--results"),
            (["--results", "x"], "--results"),
        ):
            refused = matrix(*options, "--out", self.out)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(word, refused.stderr)
        for options, status, word in (
            (["--levels", "banana"], 1, "'banana' is not a level"),
            (["--cpu", "power9", "--max-compat", "power10"], 1, "these options select no host"),
            (["--cpu", "power11", "--api", "bare"], 1, "bare metal is power9 or power10"),
            (
                ["--cell", "host.power10.compat.power9.api.bare.kernel.fixed.guest.power9", "--results", self.out],
                1,
                "bare metal has the level of its silicon",
            ),
            (
                ["--cell", "host.power9.compat.power9.guest.power9", "--results", self.out],
                1,
                "its name needs .api. and .kernel.",
            ),
            (["--parley", "/nonexistent"], 126, "there is no /nonexistent"),
        ):
            refused = matrix(*options, "--out", self.out)
            self.assertEqual(
                (refused.returncode, len(refused.stderr.splitlines()) <= 3), (status, True), refused.stderr
            )
            self.assertIn(word, refused.stderr)


if FULL:

    class AllHosts(unittest.TestCase):
        def test_have_no_surprise(self):
            number = 28 if lacks("next") else 42
            with tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                done = matrix("--force", "--out", folder)
                # Information only: a slow machine is no failure.
                print(f"       {number} hosts in {time.monotonic() - began:.0f} s")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                report = json.loads(pathlib.Path(folder, "report.json").read_text())
            self.assertEqual([len(host["cells"]) for host in report["hosts"]], [8] * number)
