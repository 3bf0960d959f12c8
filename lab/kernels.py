# SPDX-License-Identifier: Apache-2.0
"""The kernels that lab/setup has fetched, by the names that say what they do with a level that is too high (docs/lab.md)."""
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
KERNELS = ("fixed", "unfixed", "next")
CACHE = pathlib.Path(subprocess.check_output([HERE / "cache-folder"], text=True).strip())


class Lacking(Exception):
    """The lab does not have that kernel; the message says why, and what to do."""


def folder_of(name):
    """The folder of a kernel, with vmlinux and modules. A name may end in -64k, the size of its pages; without, it is 4k."""
    folder = CACHE / "kernels" / name
    if not (folder / "vmlinux").exists():
        lacking = CACHE / "kernels" / f"{name}.lacking"  # lab/setup's own words, where the archive has none
        raise Lacking(
            lacking.read_text(encoding="utf-8").strip()
            if lacking.exists()
            else f"there is no kernel '{name}'; lab/setup fetches it"
        )
    return folder
