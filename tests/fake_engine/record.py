"""Asks a real engine everything that the fake answers, and writes it down without what belongs to the machine.

record.py SOCKET WEB JOB DIR: WEB and JOB are the IDs of the running and of the ended container of stack/compose.yaml.
"""

import hashlib
import json
import os
import re
import sys

from client import Client, unframe

V = "/v1.45"
THROWAWAY = {"Cmd": ["sh", "-c", "echo asked; echo aside >&2; exit 4"], "HostConfig": {"NetworkMode": "none"}, "Labels": {"recorded.throwaway": "yes"}}
EXECS = {
    "exec_ok": ["sh", "-c", "echo out; echo err >&2; exit 3"],
    "exec_silent": ["true"],
    "exec_missing": ["/no/such/program"],
}
FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
PROGRAMS = ("sh", "dash", "bash", "busybox", "curl", "wget", "nc", "node", "perl", "php", "python3", "pg_isready", "psql", "redis-cli", "nginx")


class Sanitizer:
    """Replaces what is this machine's; the same thing by the same other thing everywhere."""

    def __init__(self, info, details):
        self.seen = {}
        labels = details["Config"]["Labels"]
        self.plain = [(labels["com.docker.compose.project.working_dir"], "/srv/recorded"), (info["DockerRootDir"], "/var/lib/docker"), (info["ID"], "2d1c0f5e-recorded-engine")]

    def text(self, value):
        for mine, other in self.plain:
            value = value.replace(mine, other)
        return re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", self.identity, value)

    def identity(self, match):
        found = match.group()
        key = found[:12]
        self.seen.setdefault(key, hashlib.sha256(b"recorded %d" % len(self.seen)).hexdigest())
        return self.seen[key][: len(found)]

    def value(self, value):
        if isinstance(value, dict):
            return {self.text(name): self.value(entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [self.value(entry) for entry in value]
        return self.text(value) if isinstance(value, str) else value


def strip_info(info):
    """The members of /info that describe the machine keep their type and lose their value."""
    info.update(Name="engine", KernelVersion="6.1.0-recorded", IndexServerAddress="https://registry.invalid/v1/", HttpProxy="", HttpsProxy="", NoProxy="", Labels=[], NCPU=4,
                MemTotal=16 << 30, Containers=2, ContainersRunning=1, ContainersStopped=1, ContainersPaused=0, Images=1)
    info["RegistryConfig"] = {"IndexConfigs": {}, "InsecureRegistryCIDRs": [], "Mirrors": None}
    info["Runtimes"] = {"runc": {"path": "runc"}}
    for name in ("ClientInfo", "Warnings"):
        info.pop(name, None)
    info["Warnings"] = None


def lasting(headers):
    """Those that do not depend on the moment or on the length."""
    return {key: value for key, value in headers.items() if key not in ("Date", "Content-Length", "Transfer-Encoding")}


class Recorder:
    def __init__(self, client, web, job, directory):
        self.client, self.web, self.job, self.directory = client, web, job, directory
        info = client.call("GET", f"{V}/info").json()
        self.clean = Sanitizer(info, client.call("GET", f"{V}/containers/{web}/json").json())
        self.kernel = info["KernelVersion"]

    def keep(self, name, exchange, request, body=None):
        record = {"request": self.clean.text(request), "status": exchange.status, "headers": self.clean.value(lasting(exchange.headers))}
        record.update(self.clean.value(body if body is not None else self.body_of(exchange)))
        os.makedirs(self.directory, exist_ok=True)
        with open(os.path.join(self.directory, name + ".json"), "w", encoding="utf-8") as file:
            text = json.dumps(record, indent=1, ensure_ascii=False)
            file.write(text.replace(self.kernel, "6.1.0-recorded") + "\n")

    @staticmethod
    def body_of(exchange):
        if not exchange.body:
            return {"text": ""}
        try:
            return {"json": exchange.json()}
        except ValueError:
            return {"text": exchange.body.decode()}

    def get(self, name, target, method="GET", body=None, change=None):
        exchange = self.client.call(method, target, body)
        kept = self.body_of(exchange)
        if change:
            change(kept["json"])
        self.keep(name, exchange, f"{method} {target}", kept)
        return exchange

    def stats(self):
        target = f"{V}/containers/{self.web}/stats?stream=1"
        stream = self.client.stream(target, 2)
        self.keep("stats_stream", stream, f"GET {target}", {"lines": stream.body})
        self.get("stats_once", f"{V}/containers/{self.web}/stats?stream=0&one-shot=1")
        self.get("stats_stopped", f"{V}/containers/{self.job}/stats?stream=0&one-shot=1")

    def archive(self, name):
        """What the engine says of each path in an image's folders of programs; nothing where there is none."""
        paths = ["/", *FOLDERS, *(f"{folder}/{program}" for folder in FOLDERS for program in PROGRAMS)]
        said = {path: self.client.call("HEAD", f"{V}/containers/{name}/archive?path={path}") for path in paths}
        found = {path: answer.header("X-Docker-Container-Path-Stat") for path, answer in said.items() if answer.status == 200}
        self.keep("archive_paths", said["/"], f"HEAD {V}/containers/{name}/archive", {"stat": found})

    def execs(self):
        for name, argv in EXECS.items():
            filters = '{"event":["exec_create","exec_start","exec_die"],"container":["%s"]}' % self.web
            done = []
            stream = self.client.stream(f"{V}/events?filters={filters}".replace('"', "%22"), 3, 3, lambda argv=argv, done=done: done.extend(self.client.execute(self.web, argv)))
            create, start, inspect = done
            frames = unframe(start.body)
            self.keep(name, inspect, f"POST {V}/containers/{self.web}/exec", {
                "argv": argv, "create": {"status": create.status, "headers": lasting(create.headers), "json": create.json()},
                "start": {"status": start.status, "headers": lasting(start.headers), "frames": frames}, "json": inspect.json(), "events": stream.body})
        create, _, _ = self.client.execute(self.job, ["true"])
        self.keep("exec_stopped", create, f"POST {V}/containers/{self.job}/exec")
        self.get("exec_unknown", f"{V}/exec/nosuch/json")
        self.get("exec_unknown_container", f"{V}/containers/nosuch/exec", "POST", {"Cmd": ["true"]})

    def throwaway(self, image):
        created = self.get("create", f"{V}/containers/create", "POST", {"Image": image, **THROWAWAY})
        self.get("create_no_image", f"{V}/containers/create", "POST", {"Image": "nosuch:none", **THROWAWAY})
        name = created.json()["Id"]
        self.get("start", f"{V}/containers/{name}/start", "POST")
        self.get("wait", f"{V}/containers/{name}/wait", "POST")
        logs = self.client.call("GET", f"{V}/containers/{name}/logs?stdout=1&stderr=1")
        self.keep("logs", logs, f"GET {V}/containers/{name}/logs", {"frames": unframe(logs.body)})
        self.get("inspect_throwaway", f"{V}/containers/{name}/json")
        self.get("remove", f"{V}/containers/{name}?force=1&v=1", "DELETE")

    def run(self):
        web, job = self.web, self.job
        self.get("ping", "/_ping")
        self.get("ping_head", "/_ping", "HEAD")
        self.get("version", f"{V}/version")
        self.get("info", f"{V}/info", change=strip_info)
        filters = "%7B%22label%22%3A%5B%22recorded.label%22%5D%7D"
        listed = self.client.call("GET", f"{V}/containers/json?all=1")
        self.keep("list", listed, "GET /containers/json?all=1", {"json": [entry for entry in listed.json() if entry["Id"] in (web, job)]})
        self.get("list_filtered", f"{V}/containers/json?all=1&filters={filters}")
        inspected = self.get("inspect_web", f"{V}/containers/{web}/json")
        self.get("inspect_job", f"{V}/containers/{job}/json")
        self.get("inspect_missing", f"{V}/containers/nosuch/json")
        self.get("top_web", f"{V}/containers/{web}/top?ps_args=-eo%20pid,ppid,rss,args")
        self.get("top_stopped", f"{V}/containers/{job}/top")
        self.get("changes_web", f"{V}/containers/{web}/changes")
        self.get("changes_none", f"{V}/containers/{job}/changes")
        image = inspected.json()["Image"]
        self.get("image", f"{V}/images/{image}/json")
        self.get("image_missing", f"{V}/images/nosuch:none/json")
        self.archive(web)
        self.get("archive_head", f"{V}/containers/{web}/archive?path=/bin/sh", "HEAD")
        self.get("archive_missing", f"{V}/containers/{web}/archive?path=/bin/nosuch", "HEAD")
        self.get("version_too_new", "/v1.99/version")
        self.get("version_too_old", "/v1.12/version")
        self.get("page_missing", f"{V}/nosuch")
        self.stats()
        self.execs()
        self.throwaway(image)


if __name__ == "__main__":
    Recorder(Client(sys.argv[1]), *sys.argv[2:]).run()
