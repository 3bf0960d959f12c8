#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares include/parley/kvm/abi.hpp with the kernel's headers: the build machine's, and the newest that lab/setup has
fetched, for little-endian and big-endian POWER. The last line is 'N passed, N failed, N skipped'.

The newest headers are needed for numbers that the build machine's headers lack: such a number was once copied from a
draft.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = [ROOT / "include" / "parley" / "kvm" / name for name in ("abi.hpp", "abi_structs.hpp")]
CHECK = ROOT / "src" / "kvm" / "abi_check.cpp"
CACHE = pathlib.Path(subprocess.check_output([ROOT / "lab" / "cache-folder"], text=True).strip())
NEWEST = CACHE / "uapi-next"
COMPILER = ["powerpc64le-linux-gnu-g++", "-std=c++23", "-fsyntax-only", "-I", ROOT / "include"]
ORDERS = {"powerpc64le": [], "powerpc64": ["-mbig"]}
# Not from the kernel's headers: the parts of ioctl requests, and a bit that the processor defines.
OUR_OWN = {"kNone", "kRead", "kWrite", "kKvmIo", "kProcessTableRadix"}


def names_of(text):
    """All constants, enumerators and fields of the header."""
    text = re.sub(r"//.*", "", text)
    yield from (name for name in re.findall(r"\bconstexpr [\w:]+(?: [\w:]+)* (k\w+) =", text) if name not in OUR_OWN)
    (enumerators,) = re.findall(r"enum class Cap [^{]*{([^}]*)}", text)
    yield from (f"Cap::{name}" for name in re.findall(r"(k\w+) =", enumerators))
    for struct, body in re.findall(r"^struct (\w+) {(.*?)^};", text, re.MULTILINE | re.DOTALL):
        for declaration in re.findall(r"std::(?:uint\d+_t|array<[^>]*>) ([^;]*);|char ([^;]*);", body):
            yield from (
                f"{struct}: {field}"
                for field in re.findall(r"(\w+)(?:\[\d+\])?(?:, )?", re.sub(r"\[\d+\]", "", "".join(declaration)))
            )


def is_checked(name, check):
    struct, _, field = name.rpartition(": ")
    if not struct:
        return re.search(rf"(?:SAME|CALL)\({name}, ", check) is not None
    return re.search(rf"(?:FIELD\({struct}, |offsetof\({struct}, )(?:\w+\.)?{field}\b", check) is not None


def report(good, sentence, detail=""):
    print(f"{'ok' if good else 'FAILED'}  {sentence}{detail}")
    return good


def compiles(order, options, headers):
    done = subprocess.run([*COMPILER, *ORDERS[order], *options, CHECK], capture_output=True, text=True, check=False)
    return report(
        done.returncode == 0, f"{order}: abi.hpp agrees with {headers}", "\n" + done.stderr if done.returncode else ""
    )


def main():
    check = CHECK.read_text()
    names = list(names_of("".join(header.read_text() for header in HEADERS)))
    unchecked = [name for name in names if not is_checked(name, check)]
    results = [
        report(
            len(names) > 100 and not unchecked,
            f"abi_check.cpp compares each of abi.hpp's {len(names)} numbers and fields",
            "".join(f"\n  not compared: {name}" for name in unchecked),
        )
    ]
    skipped = 0
    for order in ORDERS:
        results.append(compiles(order, [], "the build machine's headers"))
        if (NEWEST / "version").exists():
            version = (NEWEST / "version").read_text().strip()
            results.append(
                compiles(
                    order,
                    ["-DPARLEY_NEWEST_HEADERS", "-isystem", NEWEST / order],
                    f"the headers of linux-libc-dev {version}",
                )
            )
        else:
            skipped += 1
            print(
                f"skip  {order}: there are no headers of Linux 7.3 or later; lab/setup --tests fetches them if a "
                "suite has them"
            )
    print(f"{sum(results)} passed, {results.count(False)} failed, {skipped} skipped")
    return 0 if all(results) else 1


sys.exit(main())
