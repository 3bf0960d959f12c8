# SPDX-License-Identifier: Apache-2.0
"""Finds the kernels that lab/setup has fetched. Their names describe their reaction to a level that is too high for the
host (docs/lab.md)."""

import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
KERNELS = ("fixed", "unfixed", "next")
CACHE = pathlib.Path(subprocess.check_output([HERE / "cache-folder"], text=True).strip())


class Lacking(Exception):
    """The lab lacks this kernel; the message says why, and what to do."""


def folder_of(name):
    """The folder of a kernel, with vmlinux and the KVM modules. Names that end in -64k have 64k pages, others 4k."""
    folder = CACHE / "kernels" / name
    if not (folder / "vmlinux").exists():
        lacking = CACHE / "kernels" / f"{name}.lacking"  # the message of lab/setup when the archive has no such kernel
        raise Lacking(
            lacking.read_text(encoding="utf-8").strip()
            if lacking.exists()
            else f"there is no kernel '{name}'; lab/setup fetches it"
        )
    return folder
