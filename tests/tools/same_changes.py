#!/usr/bin/env python3
"""Compares what tune (JSON) says of the same stack under two names: same_changes.py A B. Prints each difference and ends with 1.

Every change counts with its place, what it replaces, what it writes, its cost and what the program said of it; every finding with its id; all that was
left alone with its key. What a measurement decides counts as below: no two runs measure the same.
"""

import json
import sys

# The measured use sets the value, the slowest start, the time of a probe and the log's rate likewise: that it is advised is the same.
MEMORY = {("limits", "memory"), ("limits", "memory_swap")}
MEASURED = MEMORY | {("limits", "pids"), ("healthcheck", "healthcheck.start_interval"), ("healthcheck", "healthcheck.start_period"), ("logging", "logging.max-size")}
# Derived from the memory limit: measured, too, where the limit is.
BY_LIMIT = {("node", "heap"), ("n8n", "heap")} | {
    ("postgres", key) for key in ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "autovacuum_work_mem", "shm_size")
}
# One slow probe, a moment of throttling, one statement that spilled, a peak beside the heap: each decides whether it is advised at all.
OF_THE_MOMENT = {("healthcheck", "healthcheck.timeout"), ("healthcheck", "healthcheck.interval"), ("limits", "cpus"), ("postgres", "work_mem")}
FINDINGS_OF_THE_MOMENT = {"cpu-throttled", "cpu-quota-below-one", "heap-on-command-line"}


def kind(one):
    return one["advisor"], one["key"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def lacking(plans, why):
    """Services whose memory could not be told, in either plan: how long ago they were started, and how much of the load came through, decide that."""
    return {one["service"] for plan in plans for one in plan["left_alone"] if kind(one) == ("limits", "memory") and one["why"].startswith(f"insufficient evidence: {why}")}


def change(one, limited):
    kept = {key: one[key] for key in ("before", "after", "cost", "carrier")}
    if kind(one) in MEASURED or (kind(one) in BY_LIMIT and one["service"] in limited):
        del kept["after"]
    return {**kept, "said": one["verdict"] and one["verdict"]["outcome"]}


def compared(plan, unknown, idle):
    limited = {one["service"] for one in plan["changes"] if kind(one) == ("limits", "memory")}

    def counts(one):
        by_use = (MEMORY | BY_LIMIT if one["service"] in unknown else set()) | ({("limits", "pids")} if one["service"] in idle else set())
        return kind(one) not in OF_THE_MOMENT | by_use

    return {
        "change": {
            f"{one['service']}/{one['advisor']}/{one['key']} at {'.'.join([one['target']['kind'], *one['target']['path']])}": change(one, limited)
            for one in plan["changes"]
            if counts(one)
        },
        "finding": {f"{one['service']}/{one['id']}": one["severity"] for one in plan["findings"] if one["id"] not in FINDINGS_OF_THE_MOMENT},
        "left alone": {f"{one['service']}/{one['advisor']}/{one['key']}": True for one in plan["left_alone"] if counts(one)},
    }


def differences(one, two):
    for name in one:
        for key in sorted(one[name].keys() | two[name].keys()):
            if one[name].get(key) != two[name].get(key):
                yield f"{name} {key}: {json.dumps(one[name].get(key))[:160]} and {json.dumps(two[name].get(key))[:160]}"


def main():
    plans = read(sys.argv[1]), read(sys.argv[2])
    unknown, idle = lacking(plans, ""), lacking(plans, "it was idle")
    one, two = (compared(plan, unknown, idle) for plan in plans)
    found = list(differences(one, two))
    print("\n".join(found) or f"{len(one['change'])} changes, the same")
    return 1 if found or not one["change"] else 0


if __name__ == "__main__":
    sys.exit(main())
