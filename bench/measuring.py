# SPDX-License-Identifier: Apache-2.0
"""The common parts of the benchmarks: building programs for the host, and running them in it under
bench/stopwatch.c."""

import pathlib
import shlex
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LAB = HERE.parent / "lab"
MISSED, NOT_MEASURED = 1, 3


class CannotMeasure(Exception):
    pass


def cross_tool(name, *arguments):
    """Runs a tool for ppc64le; its messages go to standard error."""
    tool = f"powerpc64le-linux-gnu-{name}"
    try:
        subprocess.run([tool, *arguments], check=True)
    except FileNotFoundError as error:
        raise CannotMeasure(f"{tool} is not installed; lab/setup installs it") from error
    except subprocess.CalledProcessError as error:
        raise CannotMeasure(f"{tool} failed; its messages are above") from error


def build_program(name, folder):
    """Builds bench/NAME.c as a static program for the host."""
    program = folder / name
    cross_tool("gcc", "-static", "-s", "-O2", "-Wall", "-o", program, HERE / f"{name}.c")
    return program


def cache_folder():
    return pathlib.Path(subprocess.check_output([LAB / "cache-folder"], text=True).strip())


def timed(name, stopwatch_words):
    """A line of the host's script, which prints `NAME: FIGURES`. On a failure, the script ends with the VMM's messages.

    It sleeps first, so that the kernel can clean up after the previous run. That takes no real time in a deterministic
    host that is idle.
    """
    name, words = shlex.quote(name), shlex.join(["stopwatch", *stopwatch_words])
    return (
        f'sleep 1; figures=$({words} 2> /tmp/errors) && echo {name}: "$figures" || '
        f"{{ echo {name}: >&2; cat /tmp/errors >&2; exit 1; }}"
    )


def run_in_host(boot_arguments, script):
    """Runs the script in a deterministic host; yields (name, figures) after each run."""
    process = subprocess.Popen(
        [LAB / "boot", "--deterministic", *boot_arguments, "--", "sh", "-c", script], stdout=subprocess.PIPE, text=True
    )
    try:
        for line in process.stdout:
            name, _, figures = line.partition(": ")
            yield name, figures
        status = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if status != 0:
        raise CannotMeasure(f"the measurement ended with status {status}; its messages are above")


def main(program, run):
    """Calls run() and returns the exit status, also after a signal."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # exit through the clean-up
    try:
        return run()
    except CannotMeasure as problem:
        print(f"{program}: {problem}", file=sys.stderr)
        return NOT_MEASURED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
