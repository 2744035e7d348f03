#!/usr/bin/env python3
"""Compares two profiles (JSON) of the same stack under two names: same_facts.py A B. Prints each difference and ends with 1.

All that a profile says of a service counts, but what a moment decides (below) and how sure it is: an image of another name is less evidence.
"""

import json
import sys

OF_THE_MOMENT = {
    "postgres": {"uptime_seconds", "reading", "watched", "rates", "database_sizes", "connections", "connections_now", "connections_peak", "connections_max", "live_rows", "dead_rows", "largest_tables",
                 "samples", "statements_ms", "jit_ms"},
    "redis": {"used_memory", "used_memory_rss", "used_memory_peak", "clients", "keyspace_hits", "keyspace_misses", "keys", "operations_per_second", "uptime_seconds", "last_fork_us"},
    "node": {"server_pid"},
}
OF_A_CONTAINER = ("number", "status", "healthcheck", "restart_policy", "limits", "mounts", "ports", "networks", "log_driver", "log_options", "environment_names")


def setting(row):
    # The port is renamed, too; whoever sets it is another source than the default.
    return {key: row[key] for key in ("name", "value")} if row.get("name") == "port" else row


def facts_of(application):
    facts = {key: value for key, value in application["facts"].items() if key not in OF_THE_MOMENT.get(application["kind"], ())}
    if "settings" in facts:
        facts["settings"] = {row["name"]: setting(row) for row in facts["settings"]}
    return facts


def container(one):
    kept = {key: one[key] for key in OF_A_CONTAINER if key in one}
    # The host's ports belong to whoever starts the stack; those inside count.
    kept["ports"] = sorted(port["container_port"] for port in kept.get("ports", []))
    kept["mounts"] = sorted(kept.get("mounts", []), key=lambda mount: mount["destination"])
    for names in ("networks", "environment_names"):
        kept[names] = sorted(name for name in kept.get(names, []) if name != "PGPORT")
    return kept


def service(one):
    return {"applications": {application["kind"]: facts_of(application) for application in one["applications"]}, "probe_commands": one["probe_commands"],
            "containers": {str(entry["number"]): container(entry) for entry in one["containers"]}}


def read(path):
    with open(path, encoding="utf-8") as file:
        profile = json.load(file)
    return {one["name"]: service(one) for one in profile["services"]}, sorted(f"{gap['subject']}: {gap['what']}" for gap in profile["gaps"])


def differences(a, b, path):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from differences(a.get(key), b.get(key), f"{path}.{key}")
    elif a != b:
        yield f"{path}: {json.dumps(a)[:120]} and {json.dumps(b)[:120]}"


def main():
    (one, gaps_one), (two, gaps_two) = read(sys.argv[1]), read(sys.argv[2])
    found = [*differences(one, two, "services"), *differences(gaps_one, gaps_two, "gaps")]
    print("\n".join(found) or f"{len(one)} services, the same facts")
    return 1 if found or not one else 0


if __name__ == "__main__":
    sys.exit(main())
