# SPDX-License-Identifier: Apache-2.0
"""Runs commands in an emulated POWER host and gives back what each of them did."""
import contextlib
import io
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from kernels import CACHE, Lacking, folder_of  # noqa: E402, F401

BOOT = str(ROOT / "lab" / "boot")
MATRIX = str(ROOT / "lab" / "matrix")
BUILD = ROOT / "build" / "ppc64le"
PARLEY = ["qemu-ppc64le", str(BUILD / "src" / "parley")]
FULL = os.environ.get("PARLEY_TEST_FULL") == "1"

# Two processors: more hosts than that at a time only slow each other down.
_seats = threading.BoundedSemaphore(2)


@dataclass
class Result:
    code: int
    out: str
    err: str


def boot(arguments, timeout=2000, **options):
    """lab/boot with these arguments; its output as bytes."""
    with _seats:
        return subprocess.run(
            [BOOT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, **options
        )


def script_for(commands):
    lines = ["mkdir /tmp/results", "cd /tmp/results"]
    for name, command in commands.items():
        text = command if isinstance(command, str) else shlex.join(command)
        lines.append(f"sh -c {shlex.quote(text)} > {name}.out 2> {name}.err; echo $? > {name}.code")
    lines.append("exec tar -cf - -C /tmp/results .")
    return "\n".join(lines)


def run_in_host(host_arguments, commands):
    """Boots one host, runs all commands (name: words, or a line for the shell) in it, and returns name: Result."""
    done = boot([*host_arguments, "--", "sh", "-c", script_for(commands)])
    if done.returncode != 0:
        raise RuntimeError(f"lab/boot ended with {done.returncode}:\n{done.stderr.decode(errors='replace')}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        text = {
            member.name.removeprefix("./"): archive.extractfile(member).read().decode()
            for member in archive
            if member.isfile()
        }
    return {name: Result(int(text[f"{name}.code"]), text[f"{name}.out"], text[f"{name}.err"]) for name in commands}


# What the host's kernel says of any guest in the lab, and why: docs/lab.md.
NORMAL = re.compile(
    r"KVM: TLB (LPID|page) invalidation hcall failed, rc=-2$|KVM-NESTEDv2: couldn't register the L2 VPA \(rc=-56\)$"
)
# For the shell: the KiB that a process holds for itself alone.
PRIVATE = "private() { awk '/^Private/ { kib += $2 } END { print kib }' /proc/$1/smaps_rollup; }\n"


def nvram(*words):
    """For the shell: an NVRAM in which a guest of ours finds these numbers."""
    octal = "".join(f"\\{byte:03o}" for word in words for byte in word.to_bytes(4, "big"))
    return f"dd if=/dev/zero of=/tmp/nvram bs=64k count=1 2> /dev/null; printf '{octal}' | dd of=/tmp/nvram bs=1 seek=32768 conv=notrunc 2> /dev/null; "


def unexplained(log):
    """Those lines of the kernel's log that are not normal."""
    return [line for line in log.splitlines() if not NORMAL.search(line)]


def wait_for(condition, seconds=120):
    """What the condition gives, once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {condition}")
        time.sleep(0.05)
    return found


def processes(condition):
    """The ids of the processes whose folder in /proc fulfils the condition."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if condition(entry):
                yield int(entry.name)


def parent_of(entry):
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def matrix_validator():
    """For reports of matrices; it looks nothing up on the net."""
    schema = json.loads((ROOT / "docs" / "matrix.schema.json").read_text())
    known_host = schema["definitions"]["host"]["properties"]["host"]["anyOf"]
    known_host[0] = json.loads((ROOT / "docs" / "inspect.schema.json").read_text())
    return jsonschema.Draft7Validator(schema)


def lacks(kernel):
    """Why the lab does not have that kernel, or nothing: for unittest.skipIf and skipTest."""
    try:
        folder_of(kernel)
        return ""
    except Lacking as lacking:
        return str(lacking)


class Host:
    """A host whose commands run in one boot, which start() begins in the background and results() waits for."""

    def __init__(self, arguments, commands):
        self._arguments, self._commands = arguments, commands
        self._thread = self._results = self._problem = None

    def start(self):
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._results = run_in_host(self._arguments, self._commands)
        except Exception as problem:  # it belongs to the test that waits for the results
            self._problem = problem

    def results(self):
        if self._thread is None:
            self.start()
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._results
