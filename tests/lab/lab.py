# SPDX-License-Identifier: Apache-2.0
"""The common parts of the lab tests: running commands in emulated POWER hosts, shell snippets, processes, schemas.

A test module declares its hosts as Host objects, each with its lab/boot options and all commands that the module's
tests need. setUpModule() starts them in the background; at most two run at a time. Each test then reads the Result of
its command. So a host boots once per module, and its boot overlaps with other tests.
"""

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

# The lab is meant for two processors: more concurrent hosts only slow each other down.
_seats = threading.BoundedSemaphore(2)


@dataclass
class Result:
    code: int
    out: str
    err: str


def boot(arguments, timeout=2000, **options):
    """Runs lab/boot with these arguments; its output is bytes."""
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
    """Boots one host and runs all commands in it (name: words, or a shell command). Returns name: Result."""
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


# Messages of the host's kernel for any guest in the lab; docs/lab.md explains them.
NORMAL = re.compile(
    r"KVM: TLB (LPID|page) invalidation hcall failed, rc=-2$|KVM-NESTEDv2: couldn't register the L2 VPA \(rc=-56\)$"
)
# A shell function: the private memory of a process in KiB.
PRIVATE = "private() { awk '/^Private/ { kib += $2 } END { print kib }' /proc/$1/smaps_rollup; }\n"


def nvram(*words):
    """Shell commands that make an NVRAM file with these numbers at the offset that the test guests read."""
    octal = "".join(f"\\{byte:03o}" for word in words for byte in word.to_bytes(4, "big"))
    return (
        f"dd if=/dev/zero of=/tmp/nvram bs=64k count=1 2> /dev/null; printf '{octal}' | "
        "dd of=/tmp/nvram bs=1 seek=32768 conv=notrunc 2> /dev/null; "
    )


def unexplained(log):
    """The lines of the kernel's log that are not known messages."""
    return [line for line in log.splitlines() if not NORMAL.search(line)]


def wait_for(condition, seconds=120):
    """Waits until the condition returns a true value; returns it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {seconds} s: {condition}")
        time.sleep(0.05)
    return found


def processes(condition):
    """The ids of the processes whose folder in /proc satisfies the condition."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # the process has ended
            if condition(entry):
                yield int(entry.name)


def parent_of(entry):
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def matrix_validator():
    """A validator for matrix reports; it needs no network access."""
    schema = json.loads((ROOT / "docs" / "matrix.schema.json").read_text())
    known_host = schema["definitions"]["host"]["properties"]["host"]["anyOf"]
    known_host[0] = json.loads((ROOT / "docs" / "inspect.schema.json").read_text())
    return jsonschema.Draft7Validator(schema)


def lacks(kernel):
    """The reason why the lab lacks this kernel, or an empty string: for unittest.skipIf and skipTest."""
    try:
        folder_of(kernel)
        return ""
    except Lacking as lacking:
        return str(lacking)


class Host:
    """A host whose commands run in one boot. start() boots it in the background; results() waits for its end."""

    def __init__(self, arguments, commands):
        self._arguments, self._commands = arguments, commands
        self._thread = self._results = self._problem = None

    def start(self):
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._results = run_in_host(self._arguments, self._commands)
        except Exception as problem:  # results() raises it in the waiting test
            self._problem = problem

    def results(self):
        if self._thread is None:
            self.start()
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._results
