"""What the project relies on in the Engine's answers, asserted in one place against the real engine and the fake.

contract.py SOCKET PREFIX: the stack of stack/compose.yaml answers there; its containers are PREFIX-web-1 and PREFIX-job-1.
Only what is read by us, or decides between two ways, is asserted: engines of other versions may say more.
"""

import base64
import json
import sys

from client import Client, unframe

V = "/v1.41"  # the oldest with one-shot statistics; every engine that is alive speaks it
TEXT, NUMBER, TRUTH, LIST, OBJECT = str, (int, float), bool, list, dict
LIST_OR_NULL = (list, type(None))  # where an image or a service names nothing

CONTAINER = {
    "Id": TEXT, "Name": TEXT, "Image": TEXT, "Created": TEXT, "RestartCount": NUMBER,
    "State.Status": TEXT, "State.Running": TRUTH, "State.OOMKilled": TRUTH, "State.Pid": NUMBER, "State.ExitCode": NUMBER, "State.StartedAt": TEXT, "State.FinishedAt": TEXT,
    "Config.Image": TEXT, "Config.Env": LIST_OR_NULL, "Config.Cmd": LIST_OR_NULL, "Config.Labels": OBJECT, "Config.Tty": TRUTH, "Config.User": TEXT, "Config.WorkingDir": TEXT,
    "HostConfig.Memory": NUMBER, "HostConfig.MemorySwap": NUMBER, "HostConfig.MemoryReservation": NUMBER, "HostConfig.NanoCpus": NUMBER, "HostConfig.CpuQuota": NUMBER,
    "HostConfig.CpuPeriod": NUMBER, "HostConfig.CpuShares": NUMBER, "HostConfig.CpusetCpus": TEXT, "HostConfig.ShmSize": NUMBER, "HostConfig.OomScoreAdj": NUMBER,
    "HostConfig.NetworkMode": TEXT, "HostConfig.RestartPolicy.Name": TEXT, "HostConfig.ReadonlyRootfs": TRUTH, "HostConfig.LogConfig.Type": TEXT,
    "HostConfig.LogConfig.Config": OBJECT, "HostConfig.PortBindings": OBJECT, "Mounts": LIST, "NetworkSettings.Networks": OBJECT}
WEB = {
    "State.Health.Status": TEXT, "State.Health.Log.0.Start": TEXT, "State.Health.Log.0.End": TEXT, "State.Health.Log.0.ExitCode": NUMBER, "Config.Healthcheck.Test": LIST,
    "Config.Healthcheck.Interval": NUMBER, "HostConfig.Init": TRUTH, "HostConfig.PidsLimit": NUMBER, "HostConfig.Ulimits.0.Name": TEXT, "HostConfig.Ulimits.0.Hard": NUMBER,
    "HostConfig.Tmpfs": OBJECT, "Mounts.0.Type": TEXT, "Mounts.0.Name": TEXT, "Mounts.0.Destination": TEXT, "Mounts.0.RW": TRUTH}
LISTED = {"Id": TEXT, "Names": LIST, "State": TEXT, "Labels": OBJECT, "Image": TEXT, "ImageID": TEXT}
INFO = {"ID": TEXT, "Name": TEXT, "OperatingSystem": TEXT, "OSType": TEXT, "Architecture": TEXT, "KernelVersion": TEXT, "Driver": TEXT, "CgroupDriver": TEXT, "CgroupVersion": TEXT,
        "DockerRootDir": TEXT, "NCPU": NUMBER, "MemTotal": NUMBER, "SwapLimit": TRUTH, "MemoryLimit": TRUTH, "PidsLimit": TRUTH, "CpuCfsQuota": TRUTH, "SecurityOptions": LIST}
IMAGE = {"Id": TEXT, "RepoTags": LIST, "Size": NUMBER, "Os": TEXT, "Architecture": TEXT, "Config.Cmd": LIST_OR_NULL, "Config.Env": LIST_OR_NULL, "RootFS.Layers": LIST}
SAMPLE = {"read": TEXT, "cpu_stats.cpu_usage.total_usage": NUMBER, "cpu_stats.online_cpus": NUMBER, "cpu_stats.system_cpu_usage": NUMBER, "cpu_stats.throttling_data.periods": NUMBER,
          "cpu_stats.throttling_data.throttled_periods": NUMBER, "cpu_stats.throttling_data.throttled_time": NUMBER, "memory_stats.usage": NUMBER, "memory_stats.limit": NUMBER,
          "memory_stats.stats": OBJECT, "pids_stats.current": NUMBER, "networks.eth0.rx_bytes": NUMBER, "networks.eth0.tx_bytes": NUMBER, "blkio_stats": OBJECT}
MEMORY_1 = {"memory_stats.max_usage": NUMBER, "memory_stats.stats.total_rss": NUMBER, "memory_stats.stats.total_cache": NUMBER, "memory_stats.stats.total_inactive_file": NUMBER,
            "memory_stats.stats.total_mapped_file": NUMBER}
MEMORY_2 = {"memory_stats.stats.anon": NUMBER, "memory_stats.stats.file": NUMBER, "memory_stats.stats.shmem": NUMBER, "memory_stats.stats.inactive_file": NUMBER,
            "memory_stats.stats.kernel_stack": NUMBER, "memory_stats.stats.slab_unreclaimable": NUMBER, "memory_stats.stats.sock": NUMBER}
EVENT = {"Type": TEXT, "Action": TEXT, "Actor.ID": TEXT, "Actor.Attributes": OBJECT, "time": NUMBER, "timeNano": NUMBER}


class Contract:
    def __init__(self, socket, prefix):
        self.client, self.web, self.job, self.failed, self.held = Client(socket), f"{prefix}-web-1", f"{prefix}-job-1", 0, 0

    def check(self, what, holds, found=""):
        self.held += bool(holds)
        if not holds:
            self.failed += 1
            print(f"broken: {what}: {found!r:.300}")

    def shape(self, what, value, wanted):
        for path, kind in wanted.items():
            found = value
            for key in path.split("."):
                found = found[int(key)] if isinstance(found, list) and key.isdigit() and int(key) < len(found) else found.get(key) if isinstance(found, dict) else None
            # bool is an int to Python, and no number to us
            self.check(f"{what}: {path}", isinstance(found, kind) and (kind is TRUTH or not isinstance(found, bool)), found)

    def get(self, what, path, status=200, method="GET", body=None):
        answer = self.client.call(method, V + path, body)
        self.check(f"{what}: status {status}", answer.status == status, answer.status)
        if method != "HEAD" and status not in (204, 304):
            self.check(f"{what}: is JSON", answer.header("Content-Type") == "application/json", answer.header("Content-Type"))
        return answer

    def error(self, what, path, status, message, method="GET", body=None):
        answer = self.get(what, path, status, method, body)
        value = answer.json()
        self.check(f"{what}: nothing but a message", isinstance(value, dict) and list(value) == ["message"], value)
        self.check(f"{what}: says {message}", message in value.get("message", ""), value)

    def engine(self):
        for method in ("GET", "HEAD"):
            ping = self.client.call(method, "/_ping")
            self.check(f"{method} /_ping", ping.status == 200 and ping.body == (b"OK" if method == "GET" else b""), ping.body)
            for name in ("Api-Version", "Ostype", "Server", "Docker-Experimental"):
                self.check(f"{method} /_ping has {name}", ping.header(name), ping.headers)
        self.shape("version", self.get("version", "/version").json(), {"Version": TEXT, "ApiVersion": TEXT, "MinAPIVersion": TEXT, "Os": TEXT, "Arch": TEXT})
        self.shape("info", self.get("info", "/info").json(), INFO)
        for version, word in (("v1.99", "too new"), ("v1.12", "too old")):
            answer = self.client.call("GET", f"/{version}/version")
            self.check(f"{version} is {word}", answer.status == 400 and word in answer.json().get("message", ""), answer.body)
        self.error("a path that does not exist", "/nosuch", 404, "page not found")

    def containers(self):
        listed = {entry["Names"][0]: entry for entry in self.get("list", "/containers/json?all=1").json()}
        self.check("the list names both, with a slash", f"/{self.web}" in listed and f"/{self.job}" in listed, list(listed))
        self.shape("list", listed.get(f"/{self.web}"), LISTED)
        running = [entry["Names"][0] for entry in self.get("list of the running", "/containers/json").json()]
        self.check("only the running without all=1", f"/{self.web}" in running and f"/{self.job}" not in running, running)
        chosen = [entry["Names"][0] for entry in self.get("list by label", "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22recorded.label%3Dyes%22%5D%7D").json()]
        self.check("a label's filter", chosen == [f"/{self.web}"], chosen)
        web = self.get("inspect", f"/containers/{self.web}/json").json()
        self.shape("inspect", web, {**CONTAINER, **WEB})
        job = self.get("inspect ended", f"/containers/{self.job}/json").json()
        self.shape("inspect ended", job, CONTAINER)
        self.check("ended with 3", job["State"]["ExitCode"] == 3 and job["State"]["Status"] == "exited" and job["State"]["Pid"] == 0, job["State"])
        self.check("limits as given", web["HostConfig"]["Memory"] == 128 << 20 and web["HostConfig"]["NanoCpus"] == 500_000_000, web["HostConfig"])
        self.check("labels of Compose", web["Config"]["Labels"].get("com.docker.compose.service") == "web", web["Config"]["Labels"])
        self.check("found by the start of its ID", self.get("by a short ID", f"/containers/{web['Id'][:12]}/json").json()["Id"] == web["Id"])
        self.error("inspect of none", "/containers/nosuch/json", 404, "No such container: nosuch")
        self.shape("image", self.get("image", f"/images/{web['Image']}/json").json(), IMAGE)
        self.error("image of none", "/images/nosuch:none/json", 404, "No such image: nosuch:none")
        top = self.get("top", f"/containers/{self.web}/top?ps_args=-eo%20pid,ppid,rss,args").json()
        self.check("top: rows of four columns", top.get("Titles") == ["PID", "PPID", "RSS", "COMMAND"] and top["Processes"] and all(len(row) == 4 and row[0].isdigit() for row in top["Processes"]), top)
        self.error("top of an ended one", f"/containers/{self.job}/top", 409, "is not running")
        changes = self.get("changes", f"/containers/{self.web}/changes").json()
        self.check("changes: path and kind", {"Path": "/var/lib/made-by-web", "Kind": 1} in changes, changes)
        self.check("no changes are null", self.get("no changes", f"/containers/{self.job}/changes").json() is None)
        found = self.get("archive", f"/containers/{self.web}/archive?path=/bin/sh", method="HEAD").header("X-Docker-Container-Path-Stat")
        self.check("archive: a link and its target", found and json.loads(base64.b64decode(found)).get("linkTarget"), found)
        folder = self.get("archive of a folder", f"/containers/{self.web}/archive?path=/usr/bin", method="HEAD").header("X-Docker-Container-Path-Stat")
        self.shape("archive: a folder's name, mode and size", folder and json.loads(base64.b64decode(folder)), {"name": TEXT, "mode": NUMBER, "size": NUMBER, "linkTarget": TEXT})
        self.check("archive: 404 without the file", self.client.call("HEAD", f"{V}/containers/{self.web}/archive?path=/bin/nosuch").status == 404)

    def samples(self):
        version_2 = self.get("info", "/info").json()["CgroupVersion"] == "2"
        wanted = {**SAMPLE, **(MEMORY_2 if version_2 else MEMORY_1)}
        stream = self.client.stream(f"{V}/containers/{self.web}/stats?stream=1", 3)
        self.check("three samples, a line each", len(stream.body) == 3, len(stream.body))
        for sample in stream.body:
            self.shape("sample", sample, {**wanted, "id": TEXT, "name": TEXT})
        first, second, third = stream.body
        self.check("the first has nothing before it", first["precpu_stats"]["cpu_usage"]["total_usage"] == 0 and first["preread"].startswith("0001-01-01"), first["preread"])
        self.check("each begins where the last ended", (second["preread"], third["preread"]) == (first["read"], second["read"]), (second["preread"], first["read"]))
        self.check("counters move", third["cpu_stats"]["system_cpu_usage"] > second["cpu_stats"]["system_cpu_usage"] and
                   third["cpu_stats"]["cpu_usage"]["total_usage"] >= second["cpu_stats"]["cpu_usage"]["total_usage"] == third["precpu_stats"]["cpu_usage"]["total_usage"])
        once = self.get("one sample", f"/containers/{self.web}/stats?stream=0&one-shot=1").json()
        self.shape("one sample", once, wanted)
        self.check("one sample has nothing before it", once["preread"].startswith("0001-01-01"), once["preread"])
        ended = self.get("sample of an ended one", f"/containers/{self.job}/stats?stream=0&one-shot=1").json()
        self.check("an ended one has no time and no memory", ended["read"].startswith("0001-01-01") and ended["memory_stats"] == {}, ended)
        self.error("sample of none", "/containers/nosuch/stats?stream=0", 404, "No such container: nosuch")

    def execs(self):
        for argv, code, frames in ((["sh", "-c", "echo out; echo err >&2; exit 3"], 3, [[1, "out\n"], [2, "err\n"]]), (["true"], 0, [])):
            create, start, inspect = self.client.execute(self.web, argv, V)
            self.check(f"{argv}: made", create.status == 201 and list(create.json()) == ["Id"], create.body)
            self.check(f"{argv}: frames", start.status == 200 and sorted(unframe(start.body)) == frames, start.body)
            self.check(f"{argv}: a stream, and no length", start.header("Content-Type").startswith("application/vnd.docker.") and start.header("Content-Length") is None, start.headers)
            self.shape(str(argv), inspect.json(), {"ID": TEXT, "Running": TRUTH, "ExitCode": NUMBER, "Pid": NUMBER, "ContainerID": TEXT})
            self.check(f"{argv}: exit {code}", inspect.json()["ExitCode"] == code, inspect.json())
        _, start, inspect = self.client.execute(self.web, ["/no/such/program"], V)
        self.check("no such program: 126 or 127, no process, and why", inspect.json()["ExitCode"] in (126, 127) and inspect.json()["Pid"] == 0 and b"/no/such/program" in start.body, inspect.json())
        body = {"AttachStdout": True, "Cmd": ["true"]}
        self.error("exec in an ended one", f"/containers/{self.job}/exec", 409, "is not running", "POST", body)
        self.error("exec in none", "/containers/nosuch/exec", 404, "No such container: nosuch", "POST", body)
        self.error("exec of none", "/exec/nosuch/json", 404, "No such exec instance: nosuch")

    def events(self):
        filters = json.dumps({"event": ["exec_die"], "container": [self.web]}).replace('"', "%22").replace(" ", "")
        stream = self.client.stream(f"{V}/events?filters={filters}", 1, 10, lambda: self.client.execute(self.web, ["true"], V))
        self.check("an event arrives", len(stream.body) == 1, stream.body)
        for event in stream.body:
            self.shape("event", event, EVENT)
            self.check("event: what, whose, how it ended", event["Action"] == "exec_die" and event["Actor"]["Attributes"].get("exitCode") == "0" and
                       event["Actor"]["Attributes"].get("name") == self.web, event)

    def throwaways(self):
        image = self.get("inspect", f"/containers/{self.web}/json").json()["Image"]
        body = {"Image": image, "Cmd": ["sh", "-c", "echo asked; echo aside >&2; exit 4"], "HostConfig": {"NetworkMode": "none"}}
        created = self.get("create", "/containers/create", 201, "POST", body).json()
        self.shape("create", created, {"Id": TEXT, "Warnings": LIST})
        name = created["Id"]
        self.get("start", f"/containers/{name}/start", 204, "POST")
        self.check("wait says the status", self.get("wait", f"/containers/{name}/wait", 200, "POST").json()["StatusCode"] == 4)
        logs = self.client.call("GET", f"{V}/containers/{name}/logs?stdout=1&stderr=1")
        self.check("logs are frames", sorted(unframe(logs.body)) == [[1, "asked\n"], [2, "aside\n"]], logs.body)
        self.shape("inspect of it", self.get("inspect of it", f"/containers/{name}/json").json(), {"State.ExitCode": NUMBER, "State.OOMKilled": TRUTH})
        self.get("remove", f"/containers/{name}?force=1&v=1", 204, "DELETE")
        self.error("removed twice", f"/containers/{name}?force=1&v=1", 404, "No such container", "DELETE")
        self.error("create without its image", "/containers/create", 404, "No such image: nosuch:none", "POST", {**body, "Image": "nosuch:none"})

    def run(self):
        for part in (self.engine, self.containers, self.samples, self.execs, self.events, self.throwaways):
            try:
                part()
            except Exception as problem:  # an answer of another kind altogether breaks the contract; the other parts are still looked at
                self.check(f"{part.__name__} could be read", False, f"{type(problem).__name__}: {problem}")
        print(f"{self.held} hold, {self.failed} broken")
        return self.failed


if __name__ == "__main__":
    sys.exit(1 if Contract(*sys.argv[1:3]).run() else 0)
