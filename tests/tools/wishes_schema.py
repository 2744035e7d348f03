#!/usr/bin/env python3
"""Holds docs/x-pilotpros.schema.json against the table that the code is held against (tests/unit/compose/wishes.json): what the code refuses the schema
refuses, in a service and at the top, and what the code takes it takes. "beyond_schema" marks what only the code can know. One line a fault, exit code 1."""
import json
import pathlib
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]


def faults(table, fits):
    for row in table:
        for where in ("service", "top"):
            def verdict(value):
                return fits({"services": {"web": {"x-pilotpros": value}}} if where == "service" else {"x-pilotpros": value})

            shown = json.dumps(row["wrong"])
            if verdict(row["wrong"]) != row.get("beyond_schema", False):
                # An application belongs into a service: at the top it is wrong whatever it is.
                yield f"{where}: {shown} is {'taken' if verdict(row['wrong']) else 'refused'}"
            if verdict(row["right"]) != (where == "service" or "application" not in row["right"]):
                yield f"{where}: {json.dumps(row['right'])} is judged otherwise than by the code"


def main():
    schema = json.loads((ROOT / "docs/x-pilotpros.schema.json").read_text(encoding="utf-8"))
    table = json.loads((ROOT / "tests/unit/compose/wishes.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    found = list(faults(table, jsonschema.Draft7Validator(schema).is_valid))
    # Planted: a schema that takes everything is noticed by each row that is wrong.
    wrong = sum(2 for row in table if not row.get("beyond_schema"))
    if len(table) < 20 or len(list(faults(table, lambda _: True))) < wrong:
        found.append("a schema that takes everything is not noticed")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
