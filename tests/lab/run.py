#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the lab tests: one output line per test; the last line is 'N passed, N failed, N skipped'.

The test modules (*_test.py) are in the folders beside this file, by subject. They share the modules in this folder.
tests/lab/prepare.sh must have built the guests and the tools.

usage: tests/lab/run.py [MODULE...]    only these modules, for example: tests/lab/run.py boot_test
"""

import pathlib
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


class Lines(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()

    def _line(self, word, test, why=""):
        sentence = test.id().split(".", 1)[-1].replace(".test_", ": ").replace("_", " ")
        print(f"{word:6} {sentence} ({time.monotonic() - self._began:.1f} s){why}", flush=True)

    def addSuccess(self, test):
        self._line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("FAILED", test)

    def addError(self, test, err):
        super().addError(test, err)
        if hasattr(self, "_began"):
            self._line("FAILED", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("skip", test, f": {reason}")


def find_modules(names):
    """The names of the wanted modules, all of them when `names` is empty; makes their folders importable."""
    paths = {path.stem: path for path in sorted(HERE.glob("*/*_test.py"))}
    unknown = [name for name in names if name not in paths]
    if unknown:
        sys.exit(f"tests/lab/run.py: there is no test module {unknown[0]}; there are {', '.join(paths)}")
    sys.path[1:1] = sorted({str(path.parent) for path in paths.values()})
    return names or list(paths)


def main():
    if any(word.startswith("-") for word in sys.argv[1:]):
        sys.exit(__doc__)
    suite = unittest.defaultTestLoader.loadTestsFromNames(find_modules(sys.argv[1:]))
    result = Lines()
    suite.run(result)
    for test, trace in result.failures + result.errors:
        print(f"\n{test.id()}\n{trace}")
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return failed != 0 or result.testsRun == 0


if __name__ == "__main__":
    sys.exit(main())
