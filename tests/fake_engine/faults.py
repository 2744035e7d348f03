"""What an engine or the way to it can do wrong. A fault is KIND:PATTERN, or KIND@COUNT:PATTERN where so many requests pass before it strikes; the pattern is
searched in "METHOD /path?query" without the version."""

import asyncio
import os
import re

from wire import Disconnect

KINDS = {
    "hang": "never answers",
    "late": "does it 1.2 s later",
    "close": "closes the connection instead of answering",
    "drop": "breaks off in the middle of the answer",
    "cut": "begins to answer and ends it after 1.2 s, as a proxy does where all is quiet",
    "nonsense": "answers with random bytes under a good status",
    "truncate": "answers with JSON that ends in the middle, and a length that says so is all",
    "garbage": "answers with something that is not HTTP",
    "html": "answers with a page, as a proxy in front of it does",
    "empty": "answers with a good status and nothing behind it",
    "endless": "answers with JSON that never ends",
    "500": "answers with a server error",
    "403": "refuses, as an authorization plugin does",
}


class Faults:
    def __init__(self, options):
        self.list = []
        for option in options:
            kind, _, pattern = option.partition(":")
            kind, _, pass_first = kind.partition("@")
            if kind not in KINDS:
                raise SystemExit(f"fake_engine: unknown fault {kind}; there are {', '.join(KINDS)}")
            self.list.append([kind, re.compile(pattern), int(pass_first or 0)])

    async def strike(self, request, answer):
        """True when a fault has answered in the engine's place."""
        for fault in self.list:
            kind, pattern, pass_first = fault
            if pattern.search(str(request)):
                fault[2] = max(pass_first - 1, 0)
                if pass_first == 0 and kind == "late":
                    await asyncio.sleep(1.2)
                elif pass_first == 0:
                    await self.commit(kind, answer)
                    return True
        return False

    @staticmethod
    async def commit(kind, answer):
        json_headers = {"Content-Type": "application/json", "Api-Version": "1.45", "Ostype": "linux"}
        if kind == "hang":
            await asyncio.Event().wait()
        if kind == "close":
            raise Disconnect
        if kind == "drop":
            answer.head(200, json_headers, 100_000)
            answer.writer.write(b'{"Id":"')
            await answer.writer.drain()
            raise Disconnect
        if kind == "cut":
            await answer.begin(json_headers)
            await asyncio.sleep(1.2)
            await answer.end()
        if kind == "nonsense":
            await answer.send(200, json_headers, os.urandom(2000))
        if kind == "truncate":
            await answer.send(200, json_headers, b'[{"Id":"0123","Names":["/x"],"Labels":{')
        if kind == "garbage":
            answer.writer.write(b"\x16\x03\x01 this is no HTTP\n" + os.urandom(200))
            await answer.writer.drain()
            raise Disconnect
        if kind == "html":
            await answer.send(200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body>\x1b[2JBad Gateway</body></html>\n")
        if kind == "empty":
            await answer.send(200, json_headers, b"")
        if kind == "endless":
            await answer.begin(json_headers)
            await answer.piece(b"[")
            while True:
                await answer.piece(b'{"Id":"' + b"x" * 65536 + b'"},')
        if kind.isdigit():
            await answer.send(int(kind), json_headers, b'{"message":"%s by a test"}\n' % (b"authorization denied" if kind == "403" else b"broken"))
