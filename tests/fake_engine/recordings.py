"""What was recorded of the real engine, and the many containers that one recording becomes."""

import copy
import hashlib
import json
import os
import time
from datetime import datetime, timezone


def identity(*parts):
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def instant(seconds):
    """The engine's own way to write a time."""
    whole = int(seconds)
    return datetime.fromtimestamp(whole, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{int((seconds - whole) * 1e9):09d}Z"


class Recordings:
    def __init__(self, directory):
        self.of = {}
        for name in sorted(os.listdir(directory)):
            if name.endswith(".json"):
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    self.of[name[:-5]] = json.load(file)

    def json(self, name):
        return copy.deepcopy(self.of[name]["json"])

    def __getitem__(self, name):
        return self.of[name]


class Service:
    """One container: what the list, the inspection and the statistics say of it."""

    def __init__(self, recordings, listed, inspected, position=0, cgroup=1):
        self.listed, self.inspected, self.position = listed, inspected, position
        self.id, self.name = inspected["Id"], inspected["Name"].lstrip("/")
        self.running = inspected["State"]["Running"]
        self.changes = recordings.json("changes_web" if self.running else "changes_none")
        self.top = recordings.json("top_web") if self.running else None
        self.begin = time.time()
        self.stats = Statistics(recordings, self, cgroup) if self.running else None


class Statistics:
    """Samples whose counters move with the clock, each service at a pace of its own. A template a service: a thousand of them a second are no work."""

    def __init__(self, recordings, service, cgroup):
        self.service = service
        self.share = 0.02 + 0.05 * (service.position % 9)
        first, later = copy.deepcopy(recordings["stats_stream"]["lines"][:2])
        once = recordings.json("stats_once")
        self.base = later["cpu_stats"]["cpu_usage"]["total_usage"]
        self.system = later["cpu_stats"]["system_cpu_usage"]
        self.usage = later["memory_stats"]["usage"]
        self.cpus = later["cpu_stats"]["online_cpus"]
        self.first, self.later, self.once = (self.template(sample, cgroup) for sample in (first, later, once))
        self.last = None

    def template(self, sample, cgroup):
        if "id" in sample:
            sample["id"], sample["name"] = self.service.id, self.service.inspected["Name"]
        moving = {}

        def put(where, key, name):
            if key in where and where[key] not in (0, "0001-01-01T00:00:00Z"):
                where[key] = f"@{name}@"
                moving[name] = True

        put(sample, "read", "read")
        put(sample, "preread", "preread")
        for part, prefix in (("cpu_stats", ""), ("precpu_stats", "pre")):
            put(sample[part]["cpu_usage"], "total_usage", prefix + "total")
            put(sample[part], "system_cpu_usage", prefix + "system")
        put(sample["memory_stats"], "usage", "usage")
        for network in sample.get("networks", {}).values():
            put(network, "rx_bytes", "rx")
        if cgroup == 2:
            as_version_2(sample)
        text = json.dumps(sample, separators=(",", ":")).replace("%", "%%")
        for name in moving:
            value = f"%({name})s"
            text = text.replace(f'"@{name}@"', f'"{value}"' if name.endswith("read") else value)
        return text + "\n"

    def numbers(self, now):
        gone = now - self.service.begin
        return {"read": instant(now), "total": self.base + int(gone * self.share * 1e9), "system": self.system + int(gone * self.cpus * 1e9),
                "usage": self.usage + int(gone * 7 % 60) * 4096 * (1 + self.service.position % 5), "rx": 1000 + int(gone * 1500)}

    def sample(self, kind="later"):
        now = time.time()
        numbers = self.numbers(now)
        before = self.last or numbers
        self.last = numbers
        numbers = dict(numbers, preread=before["read"], pretotal=before["total"], presystem=before["system"])
        return (getattr(self, kind) % numbers).encode()


def as_version_2(sample):
    """The shape of the same sample where the kernel has control groups version 2. Source: moby daemon/daemon_unix.go, statsV2."""
    sample["cpu_stats"]["cpu_usage"].pop("percpu_usage", None)
    sample["precpu_stats"]["cpu_usage"].pop("percpu_usage", None)
    sample["blkio_stats"] = {key: ([{"major": 254, "minor": 0, "op": op, "value": 4096} for op in ("read", "write")] if key == "io_service_bytes_recursive" else None)
                             for key in sample["blkio_stats"]}
    old, memory = sample["memory_stats"].get("stats", {}), sample["memory_stats"]
    memory.pop("max_usage", None)
    rss, cache = old.get("total_rss", 0), old.get("total_cache", 0)
    memory["stats"] = {"active_anon": old.get("total_active_anon", 0), "active_file": old.get("total_active_file", 0), "anon": rss, "anon_thp": 0, "file": cache, "file_dirty": 0,
                       "file_mapped": old.get("total_mapped_file", 0), "file_writeback": 0, "inactive_anon": old.get("total_inactive_anon", 0),
                       "inactive_file": old.get("total_inactive_file", 0), "kernel_stack": 49152, "pgactivate": 0, "pgdeactivate": 0, "pgfault": old.get("total_pgfault", 0),
                       "pglazyfree": 0, "pglazyfreed": 0, "pgmajfault": old.get("total_pgmajfault", 0), "pgrefill": 0, "pgscan": 0, "pgsteal": 0, "shmem": 0, "slab": 229376,
                       "slab_reclaimable": 81920, "slab_unreclaimable": 147456, "sock": 0, "thp_collapse_alloc": 0, "thp_fault_alloc": 0, "unevictable": 0,
                       "workingset_activate": 0, "workingset_nodereclaim": 0, "workingset_refault": 0}


def multiply(recordings, names, project, directory, cgroup):
    """A running container of each of these services of one project, all made from the recorded one; without names the recorded two themselves."""
    listed = {entry["Id"]: entry for entry in recordings.json("list")}
    recorded = [recordings.json(name) for name in ("inspect_web", "inspect_job")]
    if not names:
        return [Service(recordings, listed[one["Id"]], one, at, cgroup) for at, one in enumerate(recorded)]
    model, services = recorded[0], []
    for number, name in enumerate(names, 1):
        labels = {"com.docker.compose.service": name, "com.docker.compose.project": project, "com.docker.compose.config-hash": identity("config", name),
                  "com.docker.compose.project.working_dir": directory, "com.docker.compose.project.config_files": os.path.join(directory, "compose.yaml")}
        inspected, entry = copy.deepcopy(model), copy.deepcopy(listed[model["Id"]])
        inspected["Id"] = entry["Id"] = identity("container", project, name)
        inspected["Name"] = f"/{project}-{name}-1"
        entry["Names"] = [inspected["Name"]]
        inspected["State"]["StartedAt"] = instant(time.time() - 3600)
        inspected["State"]["Pid"] = 0x3FFFFF - number  # beyond what a machine hands out: nobody's process is taken for it
        inspected["Config"]["Labels"].update(labels)
        entry["Labels"].update(labels)
        services.append(Service(recordings, entry, inspected, number, cgroup))
    return services


def compose_file(project, names, image):
    return f"name: {project}\nservices:\n" + "".join(f"  {name}: {{ image: {image} }}\n" for name in names)
