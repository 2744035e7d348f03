#!/usr/bin/env python3
"""hold.py SOCKET HELD REGEX [done]: passes everything on to the engine, but for the first request that is like this: nobody answers that, whether the engine
did it (done) or was never asked."""
import asyncio
import re
import sys
from fault_proxy import Proxy

SOCKET, HELD, WANTED, DONE = sys.argv[1], sys.argv[2], re.compile(sys.argv[3]), "done" in sys.argv[4:]
ENGINE = "/var/run/docker.sock"


class Options:
    socket = ENGINE


class Holding(Proxy):
    held = False

    async def requests_of(self, reader, writer, engine):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            rest, fields = await self.body(head.decode("latin-1"), reader)
            if not self.held and WANTED.search(head.decode("latin-1").split(" HTTP/")[0]):
                self.held = True
                if DONE:
                    answer, asker = await asyncio.open_unix_connection(ENGINE)
                    asker.write(head + rest)
                    await answer.readuntil(b"\r\n\r\n")
                with open(HELD, "w", encoding="utf-8"):
                    pass
                await reader.read()
                return
            engine.write(head + rest)
            await engine.drain()
            if "upgrade" in fields:
                await self.pump(reader, engine)
                return


async def main():
    await asyncio.start_unix_server(Holding(Options).connected, SOCKET, limit=1 << 24)
    await asyncio.Event().wait()


asyncio.run(main())
