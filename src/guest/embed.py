#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Assembles the built-in guest and writes it out as a C++ array.

usage: embed.py AS OBJCOPY SOURCE.S OUTPUT.hpp
"""
import pathlib
import subprocess
import sys
import tempfile

assembler, objcopy, source, output = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    elf = pathlib.Path(folder, "builtin.o")
    flat = pathlib.Path(folder, "builtin.bin")
    subprocess.run([assembler, "-mregnames", "-mlittle", "-a64", "-o", elf, source], check=True)
    subprocess.run([objcopy, "-O", "binary", "-j", ".text", elf, flat], check=True)
    image = flat.read_bytes()

rows = [", ".join(f"0x{byte:02x}" for byte in image[i:i + 16]) for i in range(0, len(image), 16)]
pathlib.Path(output).write_text(
    "// Made from builtin.S by embed.py.\n#pragma once\n\nnamespace parley::guest {\n\n"
    "inline constexpr unsigned char kBuiltinImage[] = {\n    " + ",\n    ".join(rows) + "};\n\n"
    "}  // namespace parley::guest\n")
