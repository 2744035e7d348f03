#!/usr/bin/env python3
"""Gives what was measured of one project to its renamed copy: same_use.py STATE PROJECT RENAMED MAP. STATE is the folder with both profiles.

What is kept of each service of RENAMED becomes what is kept of the service of PROJECT that it was called before; whose it is stays. Ends with 1 where a
service of either has no other.
"""

import json
import pathlib
import sys

from rename import read_map, replacer


def profiles(state, project):
    """By service, the one that was added to last."""
    files = sorted(state.glob(f"pilotpros/*/{project}/profiles/*.json"), key=lambda file: file.stat().st_mtime)
    return {kept["service"]: (file, kept) for file in files for kept in [json.loads(file.read_text(encoding="utf-8"))]}


def main():
    state, project, renamed, names = sys.argv[1:]
    new_name = replacer(read_map(names))
    measured, copies = profiles(pathlib.Path(state), project), profiles(pathlib.Path(state), renamed)
    if not measured or {new_name(service) for service in measured} != copies.keys():
        sys.exit(f"measured: {sorted(measured)}; of the renamed: {sorted(copies)}")
    for service, (_, kept) in measured.items():
        file, copy = copies[new_name(service)]
        copy["usage"], copy["watched"] = kept["usage"], kept["watched"]
        file.write_text(json.dumps(copy), encoding="utf-8")


if __name__ == "__main__":
    main()
