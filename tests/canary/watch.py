#!/usr/bin/env python3
"""Runs a command and writes down every command line of its descendants: watch.py FILE COMMAND...

Sampled from /proc as fast as it goes: what lives for some milliseconds is seen. Ends with the command's own status.
"""

import os
import subprocess
import sys
import threading
import time

# docker itself starts ssh for an ssh:// endpoint and gives it the user's name as an argument: none of our doing.
NOT_OURS = {b"ssh"}


def children(process):
    """Those of each of its threads: a whole /proc takes longer to read than some processes live."""
    result = []
    try:
        threads = os.listdir(f"/proc/{process}/task")
    except OSError:
        return result
    for thread in threads:
        try:
            with open(f"/proc/{process}/task/{thread}/children", "rb") as file:
                result += map(int, file.read().split())
        except OSError:
            pass
    return result


def descendants(root):
    left, seen = [root], []
    while left:
        one = left.pop()
        seen.append(one)
        left += children(one)
    return seen


def watch(root, seen, stop):
    while not stop.is_set():
        for process in descendants(root):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if line and os.path.basename(line.split(b"\0")[0]) not in NOT_OURS:
                seen.add(line)
        time.sleep(0.004)


def main():
    child = subprocess.Popen(sys.argv[2:])
    seen, stop = set(), threading.Event()
    thread = threading.Thread(target=watch, args=(child.pid, seen, stop))
    thread.start()
    status = child.wait()
    stop.set()
    thread.join()
    with open(sys.argv[1], "wb") as file:
        file.write(b"".join(line.replace(b"\0", b" ") + b"\n" for line in sorted(seen)))
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
