#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a file out as a C++ array of bytes.

usage: embed.py FILE OUTPUT.hpp NAMESPACE NAME
"""

import pathlib
import sys

source, output, namespace, name = sys.argv[1:]
content = pathlib.Path(source).read_bytes()
rows = [", ".join(f"0x{byte:02x}" for byte in content[i : i + 16]) for i in range(0, len(content), 16)]
pathlib.Path(output).write_text(
    f"// Made from {pathlib.Path(source).name} by embed.py.\n#pragma once\n\nnamespace {namespace} {{\n\n"
    f"inline constexpr unsigned char {name}[] = {{\n    " + ",\n    ".join(rows) + "};\n\n"
    f"}}  // namespace {namespace}\n"
)
