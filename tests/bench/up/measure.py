#!/usr/bin/env python3
"""Starts the project of this folder with one selection of files and another, in turns, and takes the time until everything answers.

  measure.py TIMES NAME "SELECTORS" "SELECTORS"     STACK_ANSWERS: lines of an address and what its answer has to match
"""
import concurrent.futures
import http.client
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request

LONGEST = 180


def compose(selectors, *words):
    return ["docker", "compose", "--progress", "quiet", *selectors.split(), *words]


def answers(address, pattern):
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return re.search(pattern, reply.read().decode(errors="replace")) is not None
    except (OSError, http.client.HTTPException):  # refused, cut off, too late, no 2xx, no HTTP yet
        return False


def until_answered(address, pattern, end):
    while not answers(address, pattern):
        if time.monotonic() > end:
            sys.exit(f"no answer within {LONGEST} s: {address}")
        time.sleep(0.1)
    return time.monotonic()


def once(selectors, wanted):
    """Seconds until `up -d` came back, and until everything had answered."""
    subprocess.run(compose(selectors, "rm", "--stop", "--force", "--volumes"), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
        each = [pool.submit(until_answered, *one, begin + LONGEST) for one in wanted]
        subprocess.run(compose(selectors, "up", "-d"), check=True, stdin=subprocess.DEVNULL)
        back = time.monotonic()
        last = max(one.result() for one in each)
    return back - begin, max(back, last) - begin


def main():
    times, name, *both = int(sys.argv[1]), *sys.argv[2:5]
    wanted = [line.split(None, 1) for line in os.environ["STACK_ANSWERS"].splitlines() if line.strip()]
    took = {selectors: [] for selectors in both}
    for _ in range(times):
        for selectors in both:
            took[selectors].append(once(selectors, wanted))
    base = statistics.median(all_answer for _, all_answer in took[both[0]])
    print("| stack | files | everything answers, s | each | `up` is back, s | of the user's own | at most a third | load of the machine |\n|---|---|---:|---|---:|---:|---|---:|")
    for selectors, what in zip(both, ("the user's", "with the advised health checks")):
        middle = statistics.median(all_answer for _, all_answer in took[selectors])
        back = statistics.median(back for back, _ in took[selectors])
        each = ", ".join(f"{all_answer:.1f}" for _, all_answer in took[selectors])
        third = "" if selectors == both[0] else "yes" if 3 * middle <= base else "NO"
        print(f"| {name} | {what} | {middle:.1f} | {each} | {back:.1f} | {middle / base:.2f} | {third} | {os.getloadavg()[0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
