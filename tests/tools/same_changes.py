#!/usr/bin/env python3
"""Compares what tune (JSON) says of the same stack under two names: same_changes.py A B. Prints each difference and ends with 1.

Of every change its place, what it replaces and writes, its rule and source, what the recipe has there, its risk and cost, with which others it goes, and who
said what of it; of every finding its id, severity and source; of all that was left alone its key. No two runs measure the same: a value that a measurement
decides may be another one within the factor below. Reasons, inputs, and the words of findings and verdicts tell what was measured, and do not count.
"""

import json
import re
import sys

EXACT = ("before", "after", "as_written", "rule", "source", "recipe", "risk", "cost", "joint", "carrier")
# The measured use sets the value, the slowest start, the time of a probe and the log's rate likewise: that it is advised is the same. Most go in steps, and the
# factor is one step; it is more of the start's, whose end a busy stack's health check sees half a minute late or a whole one. Between the tightest limit that
# a need can get and the widest there is a factor of 2.5, and between two needs not as much again.
MEMORY = {("limits", "memory"): 4, ("limits", "memory_swap"): 4}
MEASURED = MEMORY | {("limits", "pids"): 4, ("healthcheck", "healthcheck.start_interval"): 4, ("healthcheck", "healthcheck.start_period"): 5, ("logging", "logging.max-size"): 4}
# Derived from the memory limit: measured, too, where the limit is. Parts of it may move more than it does.
HEAP = {("node", "heap"), ("n8n", "heap")}
BY_LIMIT = {("postgres", key): 8 for key in ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "autovacuum_work_mem", "shm_size")}
# The flags that follow the limit; what else stands in NODE_OPTIONS is the user's.
HEAP_FLAGS = re.compile(r"--max-(old|semi)-space-size=\d+")
# One slow probe, a moment of throttling, one statement that spilled, a peak beside the heap: each decides whether it is advised at all, and what is written.
OF_THE_MOMENT = {("healthcheck", "healthcheck.timeout"), ("healthcheck", "healthcheck.interval"), ("limits", "cpus"), ("postgres", "work_mem")}
FINDINGS_OF_THE_MOMENT = {"cpu-throttled", "cpu-quota-below-one", "heap-on-command-line"}
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


class Measured:
    """A value that is the same as another one within a factor."""

    def __init__(self, one, factor):
        self.text, self.factor = str(one["after"]), factor
        if one["key"].startswith("healthcheck."):
            self.number = sum(float(count) * SECONDS[unit] for count, unit in re.findall(r"([\d.]+)(ms|s|m|h)", self.text))
        else:
            count, unit = re.fullmatch(r"([\d.]+)([bkmgt]?)b?", self.text.lower()).groups()
            self.number = float(count) * 1024 ** "bkmgt".index(unit or "b")

    def __eq__(self, other):
        return isinstance(other, Measured) and self.number <= other.number * self.factor and other.number <= self.number * self.factor

    def __repr__(self):
        return f"{self.text} (within {self.factor} times)"


def kind(one):
    return one["advisor"], one["key"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def lacking(plans, why):
    """Services whose memory could not be told, in either plan: how long ago they were started, and how much of the load came through, decide that."""
    return {one["service"] for plan in plans for one in plan["left_alone"] if kind(one) == ("limits", "memory") and one["why"].startswith(f"insufficient evidence: {why}")}


def of_the_moment(one):
    # Of a new check nothing was measured.
    return kind(one) in OF_THE_MOMENT and one.get("joint") != "health check"


def change(one, limited):
    kept = {key: one[key] for key in EXACT}
    follows_limit = one["service"] in limited
    if of_the_moment(one):
        del kept["after"]
    elif kind(one) in MEASURED:
        kept["after"] = Measured(one, MEASURED[kind(one)])
    elif kind(one) in BY_LIMIT and follows_limit:
        kept["after"] = Measured(one, BY_LIMIT[kind(one)])
    elif kind(one) in HEAP and follows_limit:
        kept["after"] = HEAP_FLAGS.sub("", one["after"]).split()
        del kept["risk"]  # by whether the old space is among the flags
    verdict = one["verdict"]
    return {**kept, "said": verdict and [verdict["outcome"], verdict["by"]]}


def compared(plan, unknown, idle):
    limited = {one["service"] for one in plan["changes"] if kind(one) == ("limits", "memory")}

    def counts(one):
        service = one["service"]
        return not (service in unknown and (kind(one) in MEMORY or kind(one) in BY_LIMIT or kind(one) in HEAP) or service in idle and kind(one) == ("limits", "pids"))

    def changes(moment):
        return {
            f"{one['service']}/{one['advisor']}/{one['key']} at {'.'.join([one['target']['kind'], *one['target']['path']])}": change(one, limited)
            for one in plan["changes"]
            if counts(one) and of_the_moment(one) == moment
        }

    return {
        "change": changes(False),
        "change of the moment": changes(True),
        "finding": {f"{one['service']}/{one['id']}": [one["severity"], one["source"]] for one in plan["findings"] if one["id"] not in FINDINGS_OF_THE_MOMENT},
        "left alone": {f"{one['service']}/{one['advisor']}/{one['key']}": True for one in plan["left_alone"] if counts(one) and not of_the_moment(one)},
    }


def fields(one, two):
    """What differs, of a change field by field."""
    if isinstance(one, dict) and isinstance(two, dict):
        return {key: one.get(key) for key in one if one[key] != two.get(key)}, {key: two.get(key) for key in two if two[key] != one.get(key)}
    return one, two


def differences(one, two):
    for name in one:
        both = one[name].keys() & two[name].keys() if name == "change of the moment" else one[name].keys() | two[name].keys()
        for key in sorted(both):
            if one[name].get(key) != two[name].get(key):
                first, second = fields(one[name].get(key), two[name].get(key))
                yield f"{name} {key}: {json.dumps(first, default=repr)[:160]} and {json.dumps(second, default=repr)[:160]}"


def main():
    plans = read(sys.argv[1]), read(sys.argv[2])
    unknown, idle = lacking(plans, ""), lacking(plans, "it was idle")
    one, two = (compared(plan, unknown, idle) for plan in plans)
    found = list(differences(one, two))
    print("\n".join(found) or f"{len(one['change'])} changes, the same")
    return 1 if found or not one["change"] else 0


if __name__ == "__main__":
    sys.exit(main())
