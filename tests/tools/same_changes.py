#!/usr/bin/env python3
"""Compares what tune (JSON) says of the same stack under two names: same_changes.py A B. Prints each difference and ends with 1.

Of every change its place, what it replaces and writes, its rule and source, what the recipe has there, its risk and cost, with which others it goes, and who
said what of it; of every finding its id, severity and source; of all that was left alone its key. Both follow the same measured use (same_use.py). Reasons,
inputs, and the words of findings and verdicts tell of the moment, too, and do not count.
"""

import json
import sys

EXACT = ("before", "after", "as_written", "rule", "source", "recipe", "risk", "cost", "joint", "carrier")


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def change(one):
    verdict = one["verdict"]
    return {**{key: one[key] for key in EXACT}, "said": verdict and [verdict["outcome"], verdict["by"]]}


def compared(plan):
    return {
        "change": {f"{one['service']}/{one['advisor']}/{one['key']} at {'.'.join([one['target']['kind'], *one['target']['path']])}": change(one) for one in plan["changes"]},
        "finding": {f"{one['service']}/{one['id']}": [one["severity"], one["source"]] for one in plan["findings"]},
        "left alone": {f"{one['service']}/{one['advisor']}/{one['key']}": True for one in plan["left_alone"]},
    }


def fields(one, two):
    """What differs, of a change field by field."""
    if isinstance(one, dict) and isinstance(two, dict):
        return {key: one[key] for key in one if one[key] != two[key]}, {key: two[key] for key in two if two[key] != one[key]}
    return one, two


def differences(one, two):
    for name in one:
        for key in sorted(one[name].keys() | two[name].keys()):
            if one[name].get(key) != two[name].get(key):
                first, second = fields(one[name].get(key), two[name].get(key))
                yield f"{name} {key}: {json.dumps(first)[:160]} and {json.dumps(second)[:160]}"


def main():
    one, two = compared(read(sys.argv[1])), compared(read(sys.argv[2]))
    found = list(differences(one, two))
    print("\n".join(found) or f"{len(one['change'])} changes, the same")
    return 1 if found or not one["change"] else 0


if __name__ == "__main__":
    sys.exit(main())
