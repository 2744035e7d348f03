#!/usr/bin/env python3
"""An Engine on a socket that answers from recordings of the real one (recordings/, made by record.sh), for what the real one cannot show: a thousand
services, an old version, another kernel, and every way to fail.

  fake_engine.py --socket PATH [--services N --project NAME --directory DIR] [--fault KIND:PATTERN]...

Prints "ready" when it listens. With --directory it writes a compose.yaml there that has the same services.
"""

import argparse
import asyncio
import os
import sys

from faults import KINDS, Faults
from recordings import Recordings, compose_file, multiply
from routes import FakeEngine
from wire import serve_connection


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog="faults: " + "; ".join(f"{kind}: {what}" for kind, what in KINDS.items()))
    parser.add_argument("--socket", help="path of a unix socket")
    parser.add_argument("--tcp", help="HOST:PORT; port 0 takes a free one, which is printed")
    parser.add_argument("--recordings", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings"))
    parser.add_argument("--services", type=int, default=0, help="running services svc0001…; 0 plays the recorded stack")
    parser.add_argument("--called", default="", metavar="NAME,NAME", help="what these services are called instead")
    parser.add_argument("--project", default="faked")
    parser.add_argument("--directory", default="", help="the project's folder")
    parser.add_argument("--id", help="what it calls itself")
    parser.add_argument("--api-version", help="newest version it speaks")
    parser.add_argument("--min-api-version", help="oldest version it takes")
    parser.add_argument("--cgroup", type=int, choices=(1, 2), default=1, help="shape of statistics and /info")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND:PATTERN")
    parser.add_argument("--vanish", metavar="PATTERN", help="containers that are gone after the list has named them")
    parser.add_argument("--die-after", type=float, metavar="SECONDS", help="every container ends then; the streams and events say so")
    parser.add_argument("--exec-hang", action="store_true", help="what is started in a container never ends")
    parser.add_argument("--log", help="a file that gets a line for each request")
    return parser.parse_args()


async def main():
    chosen = options()
    recordings = Recordings(chosen.recordings)
    directory = os.path.abspath(chosen.directory) if chosen.directory else "/srv/recorded"
    names = chosen.called.split(",") if chosen.called else [f"svc{number:04d}" for number in range(1, chosen.services + 1)]
    engine = FakeEngine(recordings, multiply(recordings, names, chosen.project, directory, chosen.cgroup), chosen)
    if chosen.directory and names:
        with open(os.path.join(directory, "compose.yaml"), "w", encoding="utf-8") as file:
            file.write(compose_file(chosen.project, names, engine.image["RepoTags"][0] if engine.image["RepoTags"] else "recorded"))
    faults = Faults(chosen.fault)
    log = open(chosen.log, "a", encoding="utf-8", buffering=1) if chosen.log else None

    async def handle(request, answer):
        if log:
            log.write(f"{request.version or '-'} {request} {request.body.decode(errors='replace')}\n")
        if not await faults.strike(request, answer):
            await engine.handle(request, answer)

    def connected(reader, writer):
        return serve_connection(reader, writer, handle)

    said = []
    if chosen.socket:
        await asyncio.start_unix_server(connected, chosen.socket, backlog=2000)
    if chosen.tcp:
        host, _, port = chosen.tcp.rpartition(":")
        server = await asyncio.start_server(connected, host or "127.0.0.1", int(port), backlog=2000)
        said.append(str(server.sockets[0].getsockname()[1]))
    if not chosen.socket and not chosen.tcp:
        sys.exit("fake_engine: --socket or --tcp says where to listen")
    print("ready", *said, flush=True)
    if chosen.die_after:
        asyncio.get_running_loop().call_later(chosen.die_after, engine.end_all)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
