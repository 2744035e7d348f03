#!/usr/bin/env python3
"""Holds a JSON document against a JSON Schema (draft-07).
   validate.py SCHEMA FILE      FILE "-": standard input
Says nothing when it fits. Otherwise one line a fault, "path: what is wrong", and exit code 1; 2 when there is nothing to judge."""
import json
import sys

import jsonschema


def read(name):
    with sys.stdin if name == "-" else open(name, encoding="utf-8") as file:
        return json.load(file)


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        schema, document = (read(name) for name in arguments)
        jsonschema.Draft7Validator.check_schema(schema)
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        print(f"validate.py: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    faults = sorted(jsonschema.Draft7Validator(schema).iter_errors(document), key=lambda fault: list(map(str, fault.absolute_path)))
    for fault in faults:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault.absolute_path)
        print(f"{path or '.'}: {fault.message}"[:400], file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
