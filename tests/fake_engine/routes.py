"""The part of the Engine API that is spoken here: which recording answers what, with this container's own names in it."""

import asyncio
import copy
import json
import re
import time

from recordings import identity
from wire import frame

THROWAWAY = "pilotpros-throwaway"


def number(version):
    return tuple(int(part) for part in version.split("."))


class FakeEngine:
    def __init__(self, recordings, services, options):
        self.recordings, self.options = recordings, options
        self.containers = {service.id: service for service in services}
        self.names = {service.name: service for service in services}
        self.image = recordings.json("image")
        self.execs, self.throwaways, self.watchers = {}, {}, set()
        version = recordings.json("version")
        self.newest = options.api_version or version["ApiVersion"]
        self.oldest = options.min_api_version or min(version["MinAPIVersion"], self.newest, key=number)
        self.vanished = re.compile(options.vanish) if options.vanish else None
        self.ended = asyncio.Event()
        self.routes = [(re.compile(pattern), handler) for pattern, handler in (
            (r"(?:GET|HEAD) /_ping$", self.ping), (r"GET /version$", self.version), (r"GET /info$", self.info), (r"GET /events$", self.events),
            (r"GET /containers/json$", self.list), (r"POST /containers/create$", self.create), (r"GET /containers/([^/]+)/json$", self.inspect),
            (r"GET /containers/([^/]+)/top$", self.top), (r"GET /containers/([^/]+)/changes$", self.changes), (r"GET /containers/([^/]+)/stats$", self.stats),
            (r"HEAD /containers/([^/]+)/archive$", self.archive), (r"POST /containers/([^/]+)/exec$", self.exec_create), (r"POST /exec/([^/]+)/start$", self.exec_start),
            (r"GET /exec/([^/]+)/json$", self.exec_inspect), (r"GET /images/(.+)/json$", self.image_inspect), (r"POST /containers/([^/]+)/start$", self.start),
            (r"POST /containers/([^/]+)/wait$", self.wait), (r"GET /containers/([^/]+)/logs$", self.logs), (r"DELETE /containers/([^/]+)$", self.remove))]

    # ---- the way in ------------------------------------------------------------------------------------------------

    async def handle(self, request, answer):
        if request.version and not await self.speaks(request.version, answer):
            return
        for pattern, handler in self.routes:
            if found := pattern.match(f"{request.method} {request.path}"):
                await handler(request, answer, *found.groups())
                return
        await self.replay(answer, "page_missing")

    async def speaks(self, version, answer):
        for name, wrong, recorded in (("version_too_new", number(version) > number(self.newest), self.recordings.json("version")["ApiVersion"]),
                                      ("version_too_old", number(version) < number(self.oldest), self.recordings.json("version")["MinAPIVersion"])):
            if wrong:
                ours = self.newest if name.endswith("new") else self.oldest
                text = self.recordings.json(name)["message"]
                text = re.sub(r"client version \S+", f"client version {version}", text).replace(f"version is {recorded}", f"version is {ours}")
                await self.replay(answer, name, {"message": text})
                return False
        return True

    def headers(self, name, part=None):
        headers = dict((self.recordings[name][part] if part else self.recordings[name])["headers"])
        if "Api-Version" in headers:
            headers["Api-Version"] = self.newest
        return headers

    async def replay(self, answer, name, value=None, part=None, as_text=None):
        record = self.recordings[name][part] if part else self.recordings[name]
        if as_text is None:
            as_text = record.get("text") if value is None and "json" not in record else json.dumps(record["json"] if value is None else value, separators=(",", ":")) + "\n"
        await answer.send(record["status"], self.headers(name, part), as_text or "")

    async def refuse(self, answer, name, old, new):
        """A recorded error, about this container and not that of the recording."""
        await self.replay(answer, name, {"message": self.recordings.json(name)["message"].replace(old, new)})

    # ---- the engine ------------------------------------------------------------------------------------------------

    async def ping(self, request, answer):
        await self.replay(answer, "ping_head" if request.method == "HEAD" else "ping")

    async def version(self, _, answer):
        value = self.recordings.json("version")
        value["ApiVersion"], value["MinAPIVersion"] = self.newest, self.oldest
        await self.replay(answer, "version", value)

    async def info(self, _, answer):
        value = self.recordings.json("info")
        running = sum(service.running for service in self.containers.values())
        value.update(Containers=len(self.containers), ContainersRunning=running, ContainersStopped=len(self.containers) - running)
        if self.options.id:
            value.update(ID=self.options.id, Name=self.options.id)
        if self.options.cgroup == 2:
            value.update(CgroupVersion="2", CgroupDriver="systemd", OomKillDisable=False)
        await self.replay(answer, "info", value)

    async def events(self, request, answer):
        filters = json.loads(request.query.get("filters") or "{}")
        queue = asyncio.Queue()
        self.watchers.add(queue)
        try:
            await answer.begin(self.headers("version"))
            until = float(request.query["until"]) if request.query.get("until") else None
            while until is None or time.time() < until:
                try:
                    event = await asyncio.wait_for(queue.get(), None if until is None else max(until - time.time(), 0))
                except asyncio.TimeoutError:
                    break
                if wanted(event, filters):
                    await answer.piece(json.dumps(event, separators=(",", ":")).encode() + b"\n")
            await answer.end()
        finally:
            self.watchers.discard(queue)

    def announce(self, event):
        for queue in self.watchers:
            queue.put_nowait(event)

    def announce_of(self, container, recorded, **attributes):
        event = copy.deepcopy(recorded)
        old = event["Actor"]["ID"]
        event["Actor"]["ID"] = container.id
        event["Actor"]["Attributes"].update({key: value for key, value in container.inspected["Config"]["Labels"].items()}, name=container.name, **attributes)
        if event.get("id") == old:
            event["id"] = container.id
        event["time"], event["timeNano"] = int(time.time()), time.time_ns()
        self.announce(event)

    def end_all(self):
        """Every container ends at once, as at a reboot."""
        recorded = self.recordings["exec_ok"]["events"][-1]
        for container in self.containers.values():
            if container.running:
                container.running = False
                container.inspected["State"].update(Status="exited", Running=False, Pid=0, ExitCode=137)
                container.listed.update(State="exited", Status="Exited (137)")
                die = dict(copy.deepcopy(recorded), Action="die", status="die")
                die["Actor"]["Attributes"].pop("execID", None)
                self.announce_of(container, die, exitCode="137")
        self.ended.set()

    # ---- containers ------------------------------------------------------------------------------------------------

    def find(self, name):
        container = self.containers.get(name) or self.names.get(name)
        if container is None and len(name) >= 4:
            fitting = [one for one in self.containers.values() if one.id.startswith(name)]
            container = fitting[0] if len(fitting) == 1 else None
        return None if container and self.vanished and self.vanished.search(container.name) else container

    async def found(self, name, answer):
        container = self.find(name)
        if container is None:
            await self.refuse(answer, "inspect_missing", "nosuch", name)
        return container

    async def list(self, request, answer):
        filters = json.loads(request.query.get("filters") or "{}")
        chosen = [service.listed for service in self.containers.values()
                  if (service.running or request.flag("all")) and all(has_label(service.listed["Labels"], label) for label in values_of(filters, "label"))]
        if request.flag("all"):
            chosen += [{"Id": name, "Names": [f"/{name}"], "Created": int(time.time()), "State": "created", "Labels": body.get("Labels") or {}}
                       for name, body in self.throwaways.items()
                       if all(has_label(body.get("Labels") or {}, label) for label in values_of(filters, "label"))]
        await self.replay(answer, "list", chosen)

    async def inspect(self, _, answer, name):
        if name in self.throwaways:
            value = self.recordings.json("inspect_throwaway")
            value.update(Id=name, Name=f"/{THROWAWAY}")
            await self.replay(answer, "inspect_throwaway", value)
        elif container := await self.found(name, answer):
            await self.replay(answer, "inspect_web", container.inspected)

    async def top(self, _, answer, name):
        if container := await self.found(name, answer):
            if container.running:
                await self.replay(answer, "top_web", container.top)
            else:
                await self.not_running(answer, "top_stopped", container)

    async def not_running(self, answer, name, container):
        await self.refuse(answer, name, re.search(r"[0-9a-f]{64}", self.recordings.json(name)["message"]).group(), container.id)

    async def changes(self, _, answer, name):
        if container := await self.found(name, answer):
            await self.replay(answer, "changes_web", as_text=json.dumps(container.changes) + "\n")

    async def archive(self, request, answer, name):
        if await self.found(name, answer) if name not in self.throwaways else True:
            stat = self.recordings["archive_paths"]["stat"].get(request.query.get("path", "").rstrip("/") or "/")
            if stat is None:
                await self.replay(answer, "archive_missing")
            else:
                await answer.send(200, {**self.headers("archive_head"), "X-Docker-Container-Path-Stat": stat}, "")

    async def stats(self, request, answer, name):
        container = await self.found(name, answer)
        if container is None:
            return
        if not container.running:
            value = self.recordings.json("stats_stopped")
            value["id"], value["name"] = container.id, container.inspected["Name"]
            await self.replay(answer, "stats_stopped", value)
        elif not request.flag("stream", True):
            if not request.flag("one-shot"):
                container.stats.sample()
                await asyncio.sleep(1)
            await self.replay(answer, "stats_once", as_text=container.stats.sample("once" if request.flag("one-shot") else "later"))
        else:
            await answer.begin(self.headers("stats_stream"))
            await answer.piece(container.stats.sample("first"))
            due = time.monotonic()
            while container.running:
                # A steady second each: sleeping a second after the work would drift apart with a thousand streams.
                due += 1
                try:
                    await asyncio.wait_for(self.ended.wait(), max(due - time.monotonic(), 0))
                except asyncio.TimeoutError:
                    await answer.piece(container.stats.sample())
            await answer.end()

    # ---- programs in containers ------------------------------------------------------------------------------------

    async def exec_create(self, request, answer, name):
        container = self.find(name)
        if container is None:
            await self.refuse(answer, "exec_unknown_container", "nosuch", name)
            return
        if not container.running:
            await self.not_running(answer, "exec_stopped", container)
            return
        argv = request.json().get("Cmd") or []
        recorded = next((key for key in ("exec_ok", "exec_silent") if self.recordings[key]["argv"] == argv), "exec_missing")
        created = identity("exec", container.id, str(len(self.execs)))
        self.execs[created] = {"recorded": recorded, "container": container, "argv": argv, "running": False, "started": False}
        await self.replay(answer, recorded, {"Id": created}, "create")
        self.announce_exec(created, 0)

    def announce_exec(self, name, step):
        started = self.execs[name]
        events = self.recordings[started["recorded"]]["events"]
        if step < len(events):
            event = copy.deepcopy(events[step])
            for key in ("Action", "status"):
                head, colon, _ = event[key].partition(": ")
                event[key] = f"{head}: {' '.join(started['argv'])}" if colon else head
            self.announce_of(started["container"], event, execID=name)

    async def exec_start(self, _, answer, name):
        started = self.execs.get(name)
        if started is None:
            await self.refuse(answer, "exec_unknown", "nosuch", name)
            return
        record = self.recordings[started["recorded"]]
        started["started"], started["running"] = True, self.options.exec_hang
        await answer.begin(self.headers(started["recorded"], "start"), hijacked=True)
        self.announce_exec(name, 1)
        if self.options.exec_hang:
            await answer.piece(frame(1, b"waiting\n"))
            await asyncio.Event().wait()
        for stream, text in record["start"]["frames"]:
            text = text.replace(record["argv"][0], started["argv"][0] if started["argv"] else "") if started["recorded"] == "exec_missing" else text
            await answer.piece(frame(stream, text.encode()))
        self.announce_exec(name, 2)

    async def exec_inspect(self, _, answer, name):
        started = self.execs.get(name)
        if started is None:
            await self.refuse(answer, "exec_unknown", "nosuch", name)
            return
        value = self.recordings.json(started["recorded"])
        value.update(ID=name, ContainerID=started["container"].id)
        value["ProcessConfig"].update(entrypoint=(started["argv"] or [""])[0], arguments=started["argv"][1:])
        if started["running"]:
            value.update(Running=True, ExitCode=None)
        await self.replay(answer, started["recorded"], value)

    # ---- images and throw-away containers --------------------------------------------------------------------------

    def knows_image(self, name):
        return name in [self.image["Id"], self.image["Id"].removeprefix("sha256:"), *(self.image["RepoTags"] or [])]

    async def image_inspect(self, _, answer, name):
        if self.knows_image(name):
            await self.replay(answer, "image", self.image)
        else:
            await self.refuse(answer, "image_missing", "nosuch:none", name)

    async def create(self, request, answer):
        image = request.json().get("Image", "")
        if not self.knows_image(image):
            await self.refuse(answer, "create_no_image", "nosuch:none", image)
            return
        created = identity("throwaway", str(len(self.throwaways)))
        self.throwaways[created] = request.json()
        await self.replay(answer, "create", {"Id": created, "Warnings": []})

    async def throwaway(self, name, answer):
        if name not in self.throwaways:
            await self.refuse(answer, "inspect_missing", "nosuch", name)
        return name in self.throwaways

    async def start(self, _, answer, name):
        if await self.throwaway(name, answer):
            await self.replay(answer, "start")

    async def wait(self, _, answer, name):
        if await self.throwaway(name, answer):
            await self.replay(answer, "wait")

    async def logs(self, _, answer, name):
        if await self.throwaway(name, answer):
            await answer.begin(self.headers("logs"))
            for stream, text in self.recordings["logs"]["frames"]:
                await answer.piece(frame(stream, text.encode()))
            await answer.end()

    async def remove(self, _, answer, name):
        if await self.throwaway(name, answer):
            del self.throwaways[name]
            await self.replay(answer, "remove")


def values_of(filters, key):
    """A filter's values: a list, or an object of booleans as older clients send it."""
    values = filters.get(key, [])
    return [value for value, on in values.items() if on] if isinstance(values, dict) else values


def has_label(labels, wanted_label):
    name, equals, value = wanted_label.partition("=")
    return name in labels and (not equals or labels[name] == value)


def wanted(event, filters):
    actor = event["Actor"]
    containers = values_of(filters, "container")
    return all((not values_of(filters, key) or found in values_of(filters, key)) for key, found in
               (("type", event["Type"]), ("event", event["Action"].split(":")[0]))) and \
        (not containers or any(actor["ID"].startswith(one) or actor["Attributes"].get("name") == one for one in containers)) and \
        all(has_label(actor["Attributes"], label) for label in values_of(filters, "label"))
