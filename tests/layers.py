#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include of another layer's header that the dictionary in meson.build does not allow.

usage: layers.py ROOT LAYER:ALLOWED,LAYER...
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
allowed = {}
for entry in sys.argv[2:]:
    layer, _, below = entry.partition(":")
    allowed[layer] = {layer, *filter(None, below.split(","))}

found, wrong = 0, []
for top in ("include/parley", "src"):
    for path in sorted((root / top).rglob("*.[ch]pp")):
        layer = path.relative_to(root / top).parts[0]
        if layer not in allowed:
            wrong.append(f"{path}: there is no layer '{layer}'")
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if re.match(r'\s*#\s*include\s+"\.\./', line):
                wrong.append(f"{path}:{number}: an #include with ../")
            include = re.match(r'\s*#\s*include\s+["<]parley/([a-z]+)/', line)
            if include is None:
                continue
            found += 1
            if include[1] not in allowed[layer]:
                wrong.append(f"{path}:{number}: layer '{layer}' may not include layer '{include[1]}'")
if found == 0:
    wrong.append("no #include was found: this test checked nothing")
print("\n".join(wrong) or f"{found} includes, all allowed")
sys.exit(bool(wrong))
