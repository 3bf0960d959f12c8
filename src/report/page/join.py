#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the style and the script into the page.

usage: join.py PAGE.html STYLE.css SCRIPT.js OUTPUT.html
"""

import pathlib
import sys

page, style, script, output = map(pathlib.Path, sys.argv[1:])
text = page.read_text(encoding="utf-8")
for mark, part in (("@STYLE@", style), ("@SCRIPT@", script)):
    text = text.replace(mark, part.read_text(encoding="utf-8"))
output.write_text(text, encoding="utf-8")
