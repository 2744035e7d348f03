"""HTTP/1.1 as the Engine speaks it, on asyncio: just enough to answer one client after another on kept connections."""

import asyncio
import json
import struct
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

REASONS = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
           409: "Conflict", 500: "Internal Server Error"}


@dataclass
class Request:
    method: str
    target: str
    headers: dict
    body: bytes
    path: str = ""  # without the version
    version: str = ""  # "1.45", or empty
    query: dict = field(default_factory=dict)

    def __post_init__(self):
        parts = urlsplit(self.target)
        self.path = unquote(parts.path)
        first, slash, rest = self.path[1:].partition("/")
        if first[:1] == "v" and first[1:2].isdigit():
            self.version, self.path = first[1:], slash + rest
        self.query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}

    def flag(self, name, default=False):
        value = self.query.get(name)
        return default if value is None else value.lower() not in ("", "0", "no", "false", "none")

    def json(self):
        return json.loads(self.body or b"{}")

    def __str__(self):
        return f"{self.method} {self.path}" + (f"?{urlsplit(self.target).query}" if urlsplit(self.target).query else "")


class Disconnect(Exception):
    """The connection ends here and now."""


class Answer:
    """What goes back to one request."""

    def __init__(self, writer, request):
        self.writer, self.request, self.chunked, self.close = writer, request, False, False

    def head(self, status, headers, length=None):
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"]
        merged = dict(headers)
        merged["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        if length is not None:
            merged["Content-Length"] = str(length)
        elif self.chunked:
            merged["Transfer-Encoding"] = "chunked"
        lines += [f"{name}: {value}" for name, value in merged.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def send(self, status, headers, body):
        data = body if isinstance(body, bytes) else body.encode()
        without = status in (204, 304)
        self.head(status, headers, None if without else len(data))
        if not without and self.request.method != "HEAD":
            self.writer.write(data)
        await self.writer.drain()

    async def begin(self, headers, hijacked=False):
        """A long answer. A hijacked one (exec) has no framing of HTTP's: it ends with the connection."""
        self.chunked, self.close = not hijacked, hijacked
        self.head(200, headers)
        await self.writer.drain()

    async def piece(self, data):
        if self.writer.is_closing():
            raise Disconnect
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)
        await self.writer.drain()

    async def end(self):
        if self.chunked:
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()


def frame(stream, payload):
    """One frame of a multiplexed stream: stream 1 is standard output, 2 standard error."""
    return struct.pack(">BxxxL", stream, len(payload)) + payload


async def read_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    body = b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    return Request(method, target, headers, body)


def when_gone(reader):
    """Set once the client has closed its side: a client that leaves in the middle of a long answer is not noticed by the next write alone, and
    asking every stream again and again would cost more than the streams."""
    gone = asyncio.Event()
    feed_eof, set_exception = reader.feed_eof, reader.set_exception

    def at_end():
        gone.set()
        feed_eof()

    def at_error(error):
        gone.set()
        set_exception(error)

    reader.feed_eof, reader.set_exception = at_end, at_error
    return gone


async def serve_connection(reader, writer, handle):
    """Answers until the client goes or an answer closes. `handle(request, answer)` does the talking."""
    gone = asyncio.ensure_future(when_gone(reader).wait())
    try:
        while True:
            request = await read_request(reader)
            answer = Answer(writer, request)
            talk = asyncio.ensure_future(handle(request, answer))
            await asyncio.wait({talk, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not talk.done():
                talk.cancel()
                break
            talk.result()
            if answer.close or request.headers.get("connection", "").lower() == "close":
                break
    except (asyncio.IncompleteReadError, ConnectionError, Disconnect, asyncio.LimitOverrunError):
        pass
    finally:
        gone.cancel()
        writer.close()
