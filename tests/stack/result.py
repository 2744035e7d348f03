#!/usr/bin/env python3
"""result.py STACK [SECONDS]: writes STACK/RESULT.md: what a profile of the running stack finds under its own load, and what tune advises on that."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
binary = os.environ.get("PILOTPROS", str(here / "../../build/dev/docker-pilotpros"))
driver = str(here / "stack.sh")


def mib(size):
    return f"{size / 2**20:.1f} MiB" if size else "-"


def shown(value):
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    return " ".join(text.split()).replace("|", "\\|")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in rows]) + "\n"


USAGE = ["service", "state", "applications", "CPU p95 / max", "needed p50 / max", "kernel peak", "limit", "PIDs", "paths in the writable layer", "samples, looks"]


def usage_row(service, container):
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
    return cells + [""] * (len(USAGE) - len(cells))


def gaps(document):
    return "Not known: " + ("; ".join(f"{g['subject']}: {g['what']} ({g['why']})" for g in document["gaps"]) or "nothing") + "."


def found(profile, seconds, said):
    engine = profile["engine"]
    return f"""## What a profile finds

Project `{profile['project']['name']}`: Docker Engine {engine['version'].split('+')[0]}, cgroup v{engine['cgroup_version']}, {engine['cpus']} CPUs, {engine['memory'] / 2**30:.1f} GiB; {seconds} s under load.

{table(USAGE, [usage_row(service, container) for service in profile['services'] for container in service['containers']])}
{gaps(profile)}

Load meanwhile: {said[-1] if said else 'none'}.
"""


def advised(plan):
    changes = [(c["service"], c["key"], c["before"], c["after"], c["verdict"] and f"{c['verdict']['outcome']}: {c['verdict']['by']}", c["reason"]) for c in plan["changes"]]
    findings = [(f["service"], f["severity"], f["what"], f["harm"], f["fix"]) for f in plan["findings"]]
    left = [(one["service"], f"{one['advisor']}: {one['key']}", one["why"]) for one in plan["left_alone"]]
    return f"""## What `tune` advises on that

{table(["service", "setting", "now", "then", "verdict", "why"], changes)}
### Findings

{table(["service", "severity", "what", "harm", "fix"], findings) if findings else "None." + chr(10)}
### Left alone

{table(["service", "setting", "why"], left)}"""


def main():
    stack, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 30
    folder = subprocess.run([driver, "dir", stack], check=True, capture_output=True, text=True).stdout.strip()
    # A state of its own: what earlier runs kept would count as evidence, too.
    with tempfile.TemporaryDirectory() as state:

        def ask(*words):
            answer = subprocess.run([binary, "pilotpros", *words, "--format", "json"], cwd=folder, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": state})
            return json.loads(answer.stdout)

        load = subprocess.Popen([driver, "load", stack, str(seconds + 10)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        profile = ask("profile", "--duration", f"{seconds}s")
        said = load.communicate()[0].strip().splitlines()
        plan = ask("tune")
    target = here / stack / "RESULT.md"
    target.write_text(f"# What is found and advised under load\n\nMade by `tests/stack/result.py {stack} {seconds}`, on a machine with other work.\n\n{found(profile, seconds, said)}\n{advised(plan)}", encoding="utf-8")
    print(f"{target}: {len(plan['changes'])} changes, {len(plan['findings'])} findings, {len(plan['left_alone'])} left alone")


main()
