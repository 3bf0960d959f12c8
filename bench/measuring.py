# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks in the lab share: programs for the host, the script's lines that run one under the stopwatch, and its figures."""
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
    """Runs a tool for ppc64le; what it complains of is shown."""
    tool = f"powerpc64le-linux-gnu-{name}"
    try:
        subprocess.run([tool, *arguments], check=True)
    except FileNotFoundError as error:
        raise CannotMeasure(f"{tool} is not installed; lab/setup installs it") from error
    except subprocess.CalledProcessError as error:
        raise CannotMeasure(f"{tool} failed; what it says is above") from error


def build_program(name, folder):
    """bench/NAME.c as a static program for the host."""
    program = folder / name
    cross_tool("gcc", "-static", "-s", "-O2", "-Wall", "-o", program, HERE / f"{name}.c")
    return program


def cache_folder():
    return pathlib.Path(subprocess.check_output([LAB / "cache-folder"], text=True).strip())


def timed(name, stopwatch_words):
    """A line of the script: prints `NAME: FIGURES`; where that fails, all of it ends with what the VMM said. First the kernel gets the time to
    put away what ran before; in a deterministic host, which is idle then, that takes none."""
    name, words = shlex.quote(name), shlex.join(["stopwatch", *stopwatch_words])
    return f'sleep 1; figures=$({words} 2> /tmp/errors) && echo {name}: "$figures" || {{ echo {name}: >&2; cat /tmp/errors >&2; exit 1; }}'


def run_in_host(boot_arguments, script):
    """Runs the script in a deterministic host, and yields (name, figures) as they come."""
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
        raise CannotMeasure(f"the measurement ended with status {status}; what it said is above")


def main(program, run):
    """The exit status of run(), which may be interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # through the clean-up
    try:
        return run()
    except CannotMeasure as problem:
        print(f"{program}: {problem}", file=sys.stderr)
        return NOT_MEASURED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
