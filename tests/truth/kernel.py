#!/usr/bin/env python3
"""What the kernel counts of containers' CPU, read without any engine: kernel.py SECONDS NAME ID...  Two looks, at the begin and after so many seconds."""
import json
import os
import sys
import time


def groups(identity):
    """The container's directories of every hierarchy, whatever the driver."""
    for directory, below, _ in os.walk("/sys/fs/cgroup"):
        for name in below:
            if identity in name:
                yield os.path.join(directory, name)
        below[:] = [name for name in below if identity not in name]


def table(path):
    with open(path, encoding="ascii") as lines:
        return {key: int(value) for key, value in (line.split() for line in lines)}


def look(directories):
    result = {"time": time.time()}
    for directory in directories:
        if os.path.exists(f"{directory}/cpuacct.usage"):
            with open(f"{directory}/cpuacct.usage", encoding="ascii") as file:
                result["cpu"] = int(file.read()) / 1e9
        if os.path.exists(f"{directory}/cpu.stat"):
            counters = table(f"{directory}/cpu.stat")
            if "usage_usec" in counters:
                result["cpu"] = counters["usage_usec"] / 1e6
            if "nr_periods" in counters:
                result["periods"], result["throttled"] = counters["nr_periods"], counters["nr_throttled"]
                nanoseconds = counters.get("throttled_time", counters.get("throttled_usec", 0) * 1000)
                result["throttled_seconds"] = nanoseconds / 1e9
    return result


def main():
    seconds, names, ids = float(sys.argv[1]), sys.argv[2::2], sys.argv[3::2]
    watched = {name: list(groups(identity)) for name, identity in zip(names, ids)}
    looks = {name: [look(directories)] for name, directories in watched.items()}
    time.sleep(seconds)
    for name, directories in watched.items():
        looks[name].append(look(directories))
    print(json.dumps(looks))


main()
