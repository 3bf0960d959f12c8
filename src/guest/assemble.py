#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Assembles the built-in guest into a flat binary.

usage: assemble.py AS OBJCOPY SOURCE.S OUTPUT.bin
"""

import pathlib
import subprocess
import sys
import tempfile

assembler, objcopy, source, output = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    elf = pathlib.Path(folder, "builtin.o")
    subprocess.run([assembler, "-mregnames", "-mlittle", "-a64", "-o", elf, source], check=True)
    subprocess.run([objcopy, "-O", "binary", "-j", ".text", elf, output], check=True)
