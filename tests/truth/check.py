#!/usr/bin/env python3
"""Compares a profile with the truth.

  check.py PROFILE.json [FACTS.json]          every figure against what the curves of compose.yaml give; 1 when one is off
  check.py --planted PROFILE.json FACTS.json  falsifies each figure, and the whole profile the way wrong profilers would; 1 when that goes unnoticed

FACTS.json: {"begin": TRUTH_BEGIN, "slow_started": seconds since the epoch, "kernel": what kernel.py printed}. Each bound is the stated error of the figure:
memory   1 % of the sketch, 512 KiB a CPU of the kernel's batches (core/docker/stats.h), 1.5 MiB of the program itself (pages, stacks, page tables)
CPU      what the kernel itself counted (kernel.py), since a busy machine gives a curve less than it asks for: 7 % for seconds that are not the same
"""
import copy
import json
import os
import sys
from datetime import datetime

MIB = 1 << 20
PROGRAM = (1.5 + 0.5 * os.cpu_count()) * MIB


def memory(mebibytes, more=0):
    return mebibytes * MIB * 0.99, mebibytes * MIB * 1.01 + PROGRAM + more * MIB


def near(value):
    """Of what the kernel says over nearly the same seconds."""
    return value * 0.93 - 0.005, value * 1.07 + 0.005


def rate(looks, counter):
    """Growth of a counter in one second, from the first look to the last."""
    return (looks[-1][counter] - looks[0][counter]) / (looks[-1]["time"] - looks[0]["time"])


def at(value):
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()


def figures(facts):
    """(service, path in its usage, least, most); a function in place of a path computes from the usage."""
    kernel = lambda service, counter: rate(facts["kernel"][service], counter)
    leak = lambda usage: usage["unreclaimable_bytes"]["last"] / MIB - (10 + 2 * (at(usage["to"]) - facts["begin"]))
    return [
        ("idle", "unreclaimable_bytes.max", 0, PROGRAM),
        ("idle", "unreclaimable_bytes.looks", 1, 3),
        ("idle", "network.known", False, False),
        ("idle", "pids_max", 1, 1),
        ("idle", "cpu_cores.p99", 0, 0.01),
        ("idle", "seconds", 25, 36),
        ("idle", "samples", 20, 40),
        ("idle", "restarts", 0, 0),
        ("idle", "oom.kills", 0, 0),
        ("steps", "unreclaimable_bytes.max", *memory(60)),
        ("steps", "unreclaimable_bytes.p95", *memory(60)),
        ("steps", "unreclaimable_bytes.p50", *memory(40)),
        ("steps", lambda usage: quantile(usage["unreclaimable_bytes"], 0.1), *memory(20)),
        ("steps", "kernel_peak.bytes", *memory(60)),
        ("steps", "need_peak_bytes", *memory(60)),
        ("steps", lambda usage: usage["unreclaimable_bytes"]["looks"] / usage["unreclaimable_bytes"]["weight"], 0.02, 0.8),
        ("spike-a", "kernel_peak.bytes", *memory(120)),
        ("spike-a", "need_peak_bytes", *memory(120)),
        ("spike-a", "unreclaimable_bytes.p50", *memory(20)),
        ("spike-b", "kernel_peak.bytes", *memory(120)),
        ("spike-b", "need_peak_bytes", *memory(120)),
        ("spike-b", "kernel_peak.before_bytes", 20 * MIB, 20 * MIB + PROGRAM),
        # The kernel's records of 100 MiB of cached pages count as needed on cgroup v1: up to 3 %.
        ("cache", "unreclaimable_bytes.max", *memory(10, 3)),
        ("cache", "page_cache_bytes.p50", 98 * MIB, 102 * MIB),
        ("cache", "working_set_bytes.p50", 10 * MIB, 117 * MIB),
        ("cache", "kernel_peak.bytes", *memory(110, 3)),
        ("cache", "need_peak_bytes", *memory(10, 3 + 3)),
        ("shared", "unreclaimable_bytes.p50", *memory(40)),
        ("shared", "page_cache_bytes.max", 0, 2 * MIB),
        # "to" is told to the second, and a sample is up to 1.3 s old: 2 MiB a second.
        ("leak", leak, -2.5, 5),
        ("leak", lambda usage: growth(usage) / usage["seconds"] / MIB, 1.8, 2.2),
        ("quota", "cpu_cores.mean", *near(kernel("quota", "cpu"))),
        ("quota", "cpu_cores.p99", 0.2, 0.32),
        ("quota", "throttling.share", *near(kernel("quota", "throttled") / kernel("quota", "periods"))),
        ("quota", lambda usage: usage["throttling"]["seconds"] / usage["seconds"], *near(kernel("quota", "throttled_seconds"))),
        ("quota", lambda usage: usage["throttling"]["periods"] / usage["seconds"], 9, 11),
        # Three of ten seconds at its quota: what only averages sees 0.075 throughout.
        ("burst", "cpu_cores.p50", 0, 0.05),
        ("burst", "cpu_cores.p95", 0.2, 0.32),
        ("burst", "cpu_cores.max", 0.2, 0.32),
        ("burst", "cpu_cores.mean", *near(kernel("burst", "cpu"))),
        ("burst", "throttling.share", *near(kernel("burst", "throttled") / kernel("burst", "periods"))),
        ("duty", "cpu_cores.mean", *near(kernel("duty", "cpu"))),
        ("duty", "cpu_cores.max", kernel("duty", "cpu") * 0.95, 1),
        ("duty", "throttling.periods", 0, 0),
        ("oom", "oom.kills", 2, 2),
        ("oom", lambda usage: at(usage["oom"]["at"]) - facts["begin"], 15, 19),
        ("oom", "kernel_peak.bytes", 31 * MIB, 32 * MIB),
        ("oom", "need_peak_bytes", 31 * MIB, 32 * MIB + PROGRAM),
        ("oom", "restarts", 0, 0),
        ("crash", "restarts", 1, 1),
        ("crash", "start.cpu_cores.weight", 10, 25),
        ("crash", "oom.kills", 0, 0),
        ("processes", "pids_max", 13, 13),
        # 1000 bytes each, and 8 of UDP, 20 of IP, 14 of Ethernet; the rest is the network's own talk.
        ("sender", "network.known", True, True),
        ("sender", "network.sent_bytes", 5000 * 1042, 5000 * 1042 * 1.02),
        # 16 KiB each way; what the file system writes of its own is the kernel's.
        ("disk", "block.known", True, True),
        ("disk", "block.written_bytes", 1280 * 16384, 1280 * 16384 * 1.05),
        ("disk", "block.read_bytes", 1280 * 16384, 1280 * 16384 * 1.05),
        # Each health probe is a process of its own in the container's group, with some 4 MiB while it begins.
        ("slow", "start.unreclaimable_bytes.max", *memory(80, 5)),
        ("slow", "unreclaimable_bytes.max", *memory(30, 5)),
        ("slow", "need_peak_bytes", *memory(80, 5)),
        ("slow", lambda usage: usage["start"]["seconds"] - (facts["begin"] + 12 - facts["slow_started"]), -0.1, 3),
        ("gone", "unreclaimable_bytes.max", *memory(15)),
        ("gone", "seconds", 5, 20),
        ("late", "start.unreclaimable_bytes.max", *memory(25)),
        ("late", "seconds", 10, 28),
        ("late", "restarts", 0, 0),
    ]


def quantile(histogram, share):
    """From the buckets, as core/model/histogram.h says."""
    gamma, passed = 1.01 / 0.99, histogram["zero"]
    for bucket, weight in histogram["buckets"]:
        passed += weight
        if passed >= share * histogram["weight"]:
            return 2 * gamma**bucket / (gamma + 1)
    return histogram["max"]


def growth(usage):
    return usage["unreclaimable_bytes"]["last"] - quantile(usage["unreclaimable_bytes"], 0)


def usages(profile):
    result = {}
    for service in profile["services"]:
        for container in service["containers"]:
            if container["usage"]:
                result[service["name"]] = container["usage"]
    return result


def value_of(usage, path):
    if callable(path):
        return path(usage)
    for key in path.split("."):
        usage = usage[key]
    return usage


def containers(profile, name):
    return next(service["containers"] for service in profile["services"] if service["name"] == name)


def together(used, profile):
    """What no figure shows. Yields (what, whether it holds)."""
    said = {(gap["subject"], gap["what"]) for gap in profile["gaps"]}
    yield "one that was removed is gone", [one["status"] for one in containers(profile, "gone")] == ["gone"]
    yield "one that began meanwhile: what was not asked is told", ("late", "what its programs are and would say") in said
    yield "and it is not told that it does not run", ("late", "what it uses, and all that only a running program can say") not in said
    yield "a restart is counted once", [one["restart_count"] + one["usage"]["restarts"] for one in containers(profile, "crash")] == [1]
    spikes = [used[name]["kernel_peak"] for name in ("spike-a", "spike-b")]
    missed = [spike for spike in spikes if spike["missed_bytes"] >= 95 * MIB]
    yield "polling missed at least one of two spikes, and the kernel shows it", bool(missed)
    yield "it is said to have happened while watching", any(spike["missed_while_watching"] for spike in missed)


def check(profile, facts, say=print):
    """How many figures are off."""
    used, wrong = usages(profile), []
    for service, path, least, most in figures(facts):
        what = f"{service} {path if isinstance(path, str) else 'computed'}"
        try:
            value = value_of(used[service], path)
            holds = type(value) is type(least) if isinstance(least, bool) else True
            holds = holds and least <= value <= most
        except (KeyError, TypeError, ZeroDivisionError) as error:
            value, holds = f"missing: {error!r}", False
        say(f"{'ok  ' if holds else 'FAIL'}  {what} = {value} in [{least}, {most}]")
        if not holds:
            wrong.append((service, path if isinstance(path, str) else None))
    try:
        verdicts = list(together(used, profile))
    except KeyError as error:
        verdicts = [(f"missing: {error!r}", False)]
    for what, holds in verdicts:
        say(f"{'ok  ' if holds else 'FAIL'}  {what}")
        if not holds:
            wrong.append(("all", what))
    return wrong


def each(change):
    def falsify(profile):
        for usage in usages(profile).values():
            change(usage)

    return falsify


def polls_only(usage):
    usage["kernel_peak"].update(bytes=usage["kernel_peak"]["sampled_bytes"], missed_bytes=0, missed_while_watching=False)
    usage["need_peak_bytes"] = int(max(usage["unreclaimable_bytes"]["max"], usage["start"]["unreclaimable_bytes"]["max"]))


def cache_is_need(usage):
    usage["unreclaimable_bytes"] = usage["working_set_bytes"]


def kernel_peak_is_need(usage):
    usage["need_peak_bytes"] = usage["kernel_peak"]["bytes"]


def start_is_use(usage):
    for kind in ("cpu_cores", "unreclaimable_bytes"):
        usage[kind]["max"] = max(usage[kind]["max"], usage["start"][kind]["max"])


def cpu_average(usage):
    for kind in ("p50", "p95", "p99", "max"):
        usage["cpu_cores"][kind] = usage["cpu_cores"]["mean"]


def cpu_twice(usage):
    for kind in ("p50", "p95", "p99", "max", "mean"):
        usage["cpu_cores"][kind] *= 2


def first(name, key, value):
    return lambda profile: containers(profile, name)[0].update({key: value})


def said_of_late(what):
    def falsify(profile):
        profile["gaps"] = [gap for gap in profile["gaps"] if gap["subject"] != "late"] + [{"subject": "late", "what": what, "why": ""}]

    return falsify


WRONG_PROFILERS = {
    "one that shows what was removed": first("gone", "status", "running"),
    "one that counts a restart twice": first("crash", "restart_count", 1),
    "one that says nothing of who began meanwhile": said_of_late("use"),
    "one that keeps to what it said before": said_of_late("what it uses, and all that only a running program can say"),
    "one that only polls": each(polls_only),
    "one that takes page cache for need": each(cache_is_need),
    "one that takes the kernel's peak for need": each(kernel_peak_is_need),
    "one that mixes the start with use": each(start_is_use),
    "one that only averages CPU": each(cpu_average),
    "one that counts CPU twice": each(cpu_twice),
    "one that misses OOM kills": each(lambda usage: usage["oom"].update(kills=0)),
    "one that misses restarts": each(lambda usage: usage.update(restarts=0)),
    "one that loses a container": lambda profile: profile["services"].pop(),
}


def planted(profile, facts):
    unnoticed = 0
    off_anyway = set(check(profile, facts, say=lambda _: None))
    for service, path, least, most in figures(facts):
        if not isinstance(path, str):
            continue
        for false in {0 if least > 0 else None, most * 1.05 + 1, least * 0.95 - 1} - {None} if not isinstance(least, bool) else {not least}:
            doctored = copy.deepcopy(profile)
            *parents, last = path.split(".")
            usage = usages(doctored)[service]
            (value_of(usage, ".".join(parents)) if parents else usage)[last] = false
            if (service, path) not in check(doctored, facts, say=lambda _: None):
                unnoticed += 1
                print(f"not noticed: {service} {path} = {false}")
    for name, falsify in WRONG_PROFILERS.items():
        doctored = copy.deepcopy(profile)
        falsify(doctored)
        wrong = set(check(doctored, facts, say=lambda _: None)) - off_anyway
        if not wrong:
            unnoticed += 1
        print(f"{'noticed' if wrong else 'not noticed'}: {name}: {len(wrong)} figures off")
    return unnoticed


def main():
    arguments = sys.argv[1:]
    plant = arguments[:1] == ["--planted"]
    names = arguments[1:] if plant else arguments
    profile = json.load(open(names[0], encoding="utf-8"))
    facts = json.load(open(names[1], encoding="utf-8"))
    if plant:
        return 1 if planted(profile, facts) else 0
    return 1 if check(profile, facts) else 0


sys.exit(main())
