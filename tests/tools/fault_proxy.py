#!/usr/bin/env python3
"""Runs a command behind a socket of its own before the engine's, and strikes it at one of its requests or of its children's.

fault_proxy.py [--at N | --after SECONDS] [--from REGEX] [--do us|children|both|reset|500|gone] [--socket ENGINE] -- COMMAND...

Points are requests in the order in which they come; a run of questions (GET, HEAD) is one, since none of them leaves a trace. At point N: kill -9 of
the command, of all that it started, or of both; or the connection ends; or the answer is 500; or the engine is gone, and stays so. The request itself reaches the engine only when its sender
lives on. Without --at it only counts. --after strikes (kills only) so many seconds after the first point, at no request in particular. With --from the
first point is the first request whose method and path match; what comes before is neither counted nor struck. The last lines on standard error are what
was struck, if anything, and "N points, M requests, S seconds". Ends as the command does (137: it was killed), when everything that it started has ended, too."""

import argparse
import asyncio
import os
import re
import signal
import socket
import struct
import sys
import tempfile
import time

QUESTIONS = ("GET", "HEAD")


def parents():
    """Every process with its parent; zombies left out."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(name)] = int(fields[1])
    return found


def descendants(root):
    tree, found = parents(), set()
    new = {root}
    while new:
        new = {pid for pid, parent in tree.items() if parent in new} - found
        found |= new
    return found


def lives(pid):
    return pid in parents()


class Proxy:
    def __init__(self, options):
        self.options = options
        self.points = self.requests = 0
        self.asking = False
        self.struck = ""
        self.command = 0
        self.started = set()
        self.begun = 0.0
        self.timer = None
        self.server = None
        self.connections = set()

    async def later(self):
        await asyncio.sleep(self.options.after)
        self.struck = f"{self.options.do} {self.options.after} s after the first point, at point {self.points}"
        self.kill()

    def count(self, method, path):
        """Whether this is the request to strike at."""
        if not self.begun:
            if not re.search(self.options.first, f"{method} {path}"):
                return False
            self.begun = time.monotonic()
            if self.options.after is not None:
                self.timer = asyncio.create_task(self.later())
        self.requests += 1
        question = method in QUESTIONS
        new = not (question and self.asking)
        self.asking = question
        self.points += new
        if not new or self.points != self.options.at:
            return False
        self.struck = f"{self.options.do} at point {self.points}: {method} {path}"
        return True

    def kill(self):
        self.started |= descendants(self.command)
        # Those who could go on first: a child of a dead parent gets another one.
        victims = {"us": [self.command], "children": list(self.started), "both": [self.command, *self.started]}
        for victim in victims[self.options.do]:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass

    async def body(self, head, reader):
        """What follows a request's head."""
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}
        if "chunked" in fields.get("transfer-encoding", ""):
            whole = b""
            while True:
                line = await reader.readline()
                chunk = await reader.readexactly(int(line.split(b";")[0], 16) + 2)
                whole += line + chunk
                if chunk == b"\r\n":
                    return whole, fields
        return await reader.readexactly(int(fields.get("content-length", 0))), fields

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        if writer.can_write_eof():
            try:
                writer.write_eof()
            except OSError:
                pass

    async def requests_of(self, reader, writer, engine):
        peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        sender = struct.unpack("3i", peer)[0]
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            text = head.decode("latin-1")
            rest, fields = await self.body(text, reader)
            method, path = text.split(" ")[:2]
            if self.count(method, path):
                if self.options.do == "gone":
                    self.server.close()
                    for one in self.connections:
                        one.close()
                    return
                if self.options.do == "reset":
                    return
                if self.options.do == "500":
                    said = b'{"message":"server error"}'
                    writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
                    await writer.drain()
                    continue
                self.kill()
                await asyncio.sleep(0.05)
                if not lives(sender):
                    return
            engine.write(head + rest)
            await engine.drain()
            if "upgrade" in fields:  # no longer HTTP from here on
                await self.pump(reader, engine)
                return

    async def connected(self, reader, writer):
        self.connections.add(writer)
        back, engine = await asyncio.open_unix_connection(self.options.socket)
        answers = asyncio.create_task(self.pump(back, writer))
        try:
            await self.requests_of(reader, writer, engine)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            engine.close()
            answers.cancel()
            writer.close()
            self.connections.discard(writer)

    async def run(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "engine.sock")
            self.server = await asyncio.start_unix_server(self.connected, path, limit=1 << 24)
            command = await asyncio.create_subprocess_exec(*self.options.command, env={**os.environ, "DOCKER_HOST": f"unix://{path}"})
            self.command = command.pid
            status = await command.wait()
            seconds = time.monotonic() - self.begun if self.begun else 0.0
            if self.timer and not self.struck:
                self.timer.cancel()
            for _ in range(600):
                if not any(lives(pid) for pid in self.started):
                    break
                await asyncio.sleep(0.1)
            self.server.close()
        if self.struck:
            print("struck:", self.struck, file=sys.stderr)
        print(f"{self.points} points, {self.requests} requests, {seconds:.1f} seconds", file=sys.stderr, flush=True)
        return status if status >= 0 else 128 - status


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--after", type=float)
    parser.add_argument("--from", dest="first", default="")
    parser.add_argument("--do", choices=["us", "children", "both", "reset", "500", "gone"], default="both")
    parser.add_argument("--socket", default="/var/run/docker.sock")
    parser.add_argument("command", nargs="+")
    sys.exit(asyncio.run(Proxy(parser.parse_args()).run()))


if __name__ == "__main__":
    main()
