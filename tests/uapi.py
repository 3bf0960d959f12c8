#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds include/parley/kvm/abi.hpp against the kernel's headers, the build machine's and the newest that lab/setup found, for
little-endian and big-endian POWER. Ends with 'N passed, N failed, N skipped'.

A number that only the build machine's headers were asked about was once taken from a draft: the headers did not have it yet.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "include" / "parley" / "kvm" / "abi.hpp"
CHECK = ROOT / "src" / "kvm" / "abi_check.cpp"
CACHE = pathlib.Path(subprocess.check_output([ROOT / "lab" / "cache-folder"], text=True).strip())
NEWEST = CACHE / "uapi-next"
COMPILER = ["powerpc64le-linux-gnu-g++", "-std=c++23", "-fsyntax-only", "-I", ROOT / "include"]
ORDERS = {"powerpc64le": [], "powerpc64": ["-mbig"]}
# What is no kernel's number: how requests are put together, and a bit of the processor's own.
OUR_OWN = {"kNone", "kRead", "kWrite", "kKvmIo", "kProcessTableRadix"}


def names_of(text):
    """Every constant, enumerator and field that the header spells out."""
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
        done.returncode == 0, f"{order}: abi.hpp says what {headers} say", "\n" + done.stderr if done.returncode else ""
    )


def main():
    check = CHECK.read_text()
    names = list(names_of(HEADER.read_text()))
    unchecked = [name for name in names if not is_checked(name, check)]
    results = [
        report(
            len(names) > 100 and not unchecked,
            f"each of abi.hpp's {len(names)} numbers and fields is held against the kernel's headers",
            "".join(f"\n  not: {name}" for name in unchecked),
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
                f"skip  {order}: there are no headers of Linux 7.3 or later; lab/setup --tests fetches them where a suite has them"
            )
    print(f"{sum(results)} passed, {results.count(False)} failed, {skipped} skipped")
    return 0 if all(results) else 1


sys.exit(main())
