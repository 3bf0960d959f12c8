#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of this folder, a line for each, and ends with 'N passed, N failed, N skipped'."""
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


suite = unittest.defaultTestLoader.discover(str(HERE), pattern="*_test.py")
result = Lines()
suite.run(result)
for test, trace in result.failures + result.errors:
    print(f"\n{test.id()}\n{trace}")
failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
sys.exit(failed != 0 or result.testsRun == 0)
