#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Validates the output of 'parley inspect --json' against its schema, for every host blob and for this machine.

usage: schema.py SCHEMA PARLEY BLOB...
"""

import json
import os
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    sys.exit("python3-jsonschema is not installed (lab/setup --build-only installs it)")

schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
# A cross-built program needs its emulator, which Meson passes on.
wrapper = os.environ.get("MESON_EXE_WRAPPER", "").split()
parley, blobs = sys.argv[2], [blob for blob in sys.argv[3:] if "/host-" in blob]
assert blobs, "no host blobs were given"

for arguments in [["--host", blob] for blob in blobs] + [[]]:
    output = subprocess.run(
        [*wrapper, parley, "inspect", "--json", *arguments], stdout=subprocess.PIPE, check=False
    ).stdout
    jsonschema.validate(json.loads(output), schema)
    # The schema is strict: it must reject unknown properties.
    broken = json.loads(output)
    broken["verdict"]["surprise"] = True
    assert list(jsonschema.Draft7Validator(schema).iter_errors(broken)), "the schema accepts unknown properties"
print(f"{len(blobs) + 1} reports, all valid")
