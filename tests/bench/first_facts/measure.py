#!/usr/bin/env python3
"""Starts a profile, takes the time until its first table shows, and interrupts it: measure.py TIMES NAME STATE CONTAINER… -- COMMAND…"""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

LONGEST = 60


def once(state, containers, command):
    shutil.rmtree(state, ignore_errors=True)
    # The engine goes on comparing layers for a run that was interrupted, and inspects no container meanwhile.
    for container in containers:
        subprocess.run(["docker", "diff", container], stdout=subprocess.DEVNULL, check=True)
    begin = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    signal.alarm(LONGEST)
    said = []
    try:
        for line in child.stderr:
            said.append(line)
            # The heading of the services is in every first table, whatever project it is.
            if line.startswith(b"SERVICE "):
                return time.monotonic() - begin
        sys.exit("no first facts: " + b"".join(said).decode(errors="replace")[-500:])
    finally:
        signal.alarm(0)
        child.send_signal(signal.SIGINT)
        child.stderr.close()
        child.wait()


def main():
    times, name, state = int(sys.argv[1]), *sys.argv[2:4]
    end = sys.argv.index("--")
    containers, command = sys.argv[4:end], sys.argv[end + 1:]
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"no first facts of {name} within {LONGEST} s"))
    took = [once(state, containers, command) for _ in range(times)]
    print(f"| {name} | {len(containers)} | {statistics.median(took):.2f} | {min(took):.2f} | {max(took):.2f} | {os.getloadavg()[0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
