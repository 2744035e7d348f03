#!/usr/bin/env python3
"""Holds JSON documents against a JSON Schema (draft-07).
   validate.py SCHEMA FILE...   FILE "-": standard input
Says nothing when they fit. Otherwise one line a fault, "path: what is wrong", of several documents "FILE: path: what is wrong", and exit code 1; 2 when
there is nothing to judge."""
import json
import os
import sys

import jsonschema


def read(name):
    with sys.stdin if name == "-" else open(name, encoding="utf-8") as file:
        return json.load(file)


def validator(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def faults(judge, document):
    for fault in sorted(judge.iter_errors(document), key=lambda one: list(map(str, one.absolute_path))):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault.absolute_path)
        yield f"{path or '.'}: {fault.message}"[:400]


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    names = arguments[1:]
    try:
        judge = validator(read(arguments[0]))
        documents = [read(name) for name in names]
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        print(f"validate.py: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    found = 0
    for name, document in zip(names, documents):
        for fault in faults(judge, document):
            found += 1
            print(fault if len(names) == 1 else f"{os.path.basename(name)}: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
