#!/usr/bin/env python3
"""result.py STACK [SECONDS]: profiles a running stack under its own load and prints what was found as a Markdown table."""

import json
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
binary = os.environ.get("PILOTPROS", str(here / "../../build/dev/docker-pilotpros"))


def mib(size):
    return f"{size / 2**20:.1f} MiB" if size else "-"


def row(service, container):
    names = ", ".join(f"{a['kind']} {a['facts'].get('version', '?')}" for a in service["applications"]) or "none known"
    name = service["name"] if len(service["containers"]) == 1 else f"{service['name']}/{container['number']}"
    layer = container["writable_layer"] or {}
    cells = [name, container["health"] or container["status"], names]
    usage = container["usage"]
    if usage:
        cpu, need = usage["cpu_cores"], usage["unreclaimable_bytes"]
        cells += [
            f"{cpu['p95']:.3f} / {cpu['max']:.3f}",
            f"{mib(need['p50'])} / {mib(need['max'])}",
            mib(usage["kernel_peak"]["bytes"]),
            mib(container["limits"]["memory"]),
            str(usage["pids_max"]),
            str(sum(len(paths) for paths in layer.values())),
            f"{usage['samples']}, {need['looks']:.0f}",
        ]
    return cells + [""] * (len(HEADS) - len(cells))


HEADS = ["service", "state", "applications", "CPU p95 / max", "needed p50 / max", "kernel peak", "limit", "PIDs", "paths in the writable layer", "samples, looks"]


def main():
    stack, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    driver = str(here / "stack.sh")
    folder = subprocess.run([driver, "dir", stack], check=True, capture_output=True, text=True).stdout.strip()
    load = subprocess.Popen([driver, "load", stack, str(seconds + 10)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    answer = subprocess.run([binary, "pilotpros", "profile", "--duration", f"{seconds}s", "--format", "json"], cwd=folder, check=True, capture_output=True, text=True)
    profile = json.loads(answer.stdout)
    engine = profile["engine"]
    print(f"Project `{profile['project']['name']}`: Docker Engine {engine['version'].split('+')[0]}, cgroup v{engine['cgroup_version']}, {engine['cpus']} CPUs, {engine['memory'] / 2**30:.1f} GiB; {seconds} s under load.\n")
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for service in profile["services"]:
        for container in service["containers"]:
            print("| " + " | ".join(row(service, container)) + " |")
    gaps = [f"{g['subject']}: {g['what']} ({g['why']})" for g in profile["gaps"]]
    print("\nNot known: " + ("; ".join(gaps) or "nothing") + ".")
    said = load.communicate()[0].strip().splitlines()
    print(f"\nLoad meanwhile: {said[-1] if said else 'none'}.")


main()
