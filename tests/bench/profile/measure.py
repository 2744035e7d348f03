#!/usr/bin/env python3
"""Runs a profile of the project in this folder and measures our process alone, its children beside it.

  measure.py compare SECONDS PILOTPROS         against `docker stats` in the same seconds, as a table
  measure.py line SECONDS PILOTPROS COUNT      one line of a table
"""
import json
import os
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


class Watched:
    """A process, and what it has used at each look, until it is gone."""

    def __init__(self, argv, output):
        self.process = subprocess.Popen(argv, stdout=output, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.looks, self.children, self.memory = [], 0.0, 0

    def look(self):
        """To the nanosecond of its threads' run time; False when it is over."""
        if self.process.poll() is not None:
            return False
        base = f"/proc/{self.process.pid}"
        try:
            spent = 0
            for thread in os.listdir(f"{base}/task"):
                spent += int(open(f"{base}/task/{thread}/schedstat", encoding="ascii").read().split()[0])
            fields = open(f"{base}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
            status = open(f"{base}/status", encoding="ascii").read()
        except (OSError, IndexError):
            return True
        if "VmHWM:" in status:
            self.looks.append((time.monotonic(), spent / 1e9, int(status.split("VmRSS:")[1].split()[0]) / 1e3))
            self.children = (int(fields[13]) + int(fields[14])) / TICK
            self.memory = int(status.split("VmHWM:")[1].split()[0]) / 1e3
        return True

    def spent(self, seconds=None):
        """CPU seconds, in all or in the last so many seconds."""
        end, total, _ = self.looks[-1]
        if seconds is None:
            return total
        before = [spent for when, spent, _ in self.looks if when <= end - seconds]
        return total - (before[-1] if before else 0)

    def resident(self, seconds):
        """The most memory, in MB, that it had in the last so many seconds."""
        return max(memory for when, _, memory in self.looks if when > self.looks[-1][0] - seconds)


def profile(seconds, binary, output):
    return Watched([binary, "pilotpros", "profile", "--duration", f"{seconds:g}s", "--format", "json"], output)


def samples_of(path):
    document = json.load(open(path, encoding="utf-8"))
    return sum(one["usage"]["samples"] for service in document["services"] for one in service["containers"] if one["usage"])


def compare(seconds, binary):
    ids = subprocess.check_output(["docker", "compose", "ps", "-q"], text=True).split()
    with open("profile.json", "wb") as output:
        ours = profile(seconds, binary, output)
        theirs = Watched(["docker", "stats", *ids], subprocess.DEVNULL)
        while ours.look():
            theirs.look()  # until ours ends, so that both are looked at over the same seconds
            time.sleep(0.02)
    theirs.process.kill()
    rows = [("docker stats, the last seconds", theirs.spent(seconds), theirs.resident(seconds), theirs.children),
            ("ours while it samples, the same", ours.spent(seconds), ours.resident(seconds), None),
            ("ours, the whole run", ours.spent(), ours.memory, ours.children)]
    print("| process | CPU, s | of docker stats | peak memory, MB | of docker stats | its children, CPU s |\n|---|---:|---:|---:|---:|---:|")
    for name, cpu, memory, children in rows:
        beside = "" if children is None else f"{children:.2f}"
        print(f"| {name} | {cpu:.3f} | {cpu / theirs.spent(seconds):.2f} | {memory:.1f} | {memory / theirs.resident(seconds):.2f} | {beside} |")
    print(f"\n{samples_of('profile.json')} samples of {len(ids)} containers.")


def line(seconds, binary, count):
    with open("profile.json", "wb") as output:
        ours = profile(seconds, binary, output)
        while ours.look():
            time.sleep(0.02)
    if ours.process.returncode != 0:
        sys.exit(f"profile of {count} containers ended with {ours.process.returncode}")
    samples, cpu = samples_of("profile.json"), ours.spent(seconds)
    print(f"| {count} | {samples} | {cpu / seconds * 1e3:.2f} | {cpu / max(samples, 1) * 1e6:.0f} | {ours.memory:.1f} | {ours.children:.2f} |", flush=True)


if sys.argv[1] == "compare":
    compare(float(sys.argv[2]), sys.argv[3])
else:
    line(float(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
