"""A small client of the Engine API over a socket, for the recorder and the contract test."""

import http.client
import json
import socket
import time


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=20):
        super().__init__("docker", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Exchange:
    """One answer: status, headers as they came, body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


class Client:
    def __init__(self, path):
        self.path = path

    def call(self, method, target, body=None):
        connection = Connection(self.path)
        data = None if body is None else json.dumps(body)
        connection.request(method, target, data, {"Content-Type": "application/json"} if data else {})
        response = connection.getresponse()
        result = Exchange(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return result

    def stream(self, target, lines, within=10.0, meanwhile=None):
        """The first `lines` values of an answer that does not end. `meanwhile` runs once the answer has begun."""
        connection = Connection(self.path, within)
        connection.request("GET", target)
        response = connection.getresponse()
        if meanwhile:
            meanwhile()
        body, deadline = [], time.monotonic() + within
        while len(body) < lines and time.monotonic() < deadline:
            try:
                line = response.readline()
            except TimeoutError:
                break
            if not line:
                break
            body.append(json.loads(line))
        result = Exchange(response.status, dict(response.getheaders()), body)
        connection.sock and connection.sock.close()
        connection.close()
        return result

    def execute(self, container, argv, prefix="/v1.45"):
        """The three exchanges of an exec."""
        create = self.call("POST", f"{prefix}/containers/{container}/exec", {"AttachStdout": True, "AttachStderr": True, "Tty": False, "Cmd": argv})
        if create.status != 201:
            return create, None, None
        name = create.json()["Id"]
        start = self.call("POST", f"{prefix}/exec/{name}/start", {"Detach": False, "Tty": False})
        inspect = self.call("GET", f"{prefix}/exec/{name}/json")
        while inspect.status == 200 and inspect.json()["Running"]:
            time.sleep(0.02)
            inspect = self.call("GET", f"{prefix}/exec/{name}/json")
        return create, start, inspect


def unframe(data):
    """Frames as [stream, text]; raises ValueError where it is no such stream."""
    frames = []
    while data:
        if len(data) < 8 or data[0] > 2 or data[1:4] != b"\0\0\0":
            raise ValueError(f"no frame: {data[:16]!r}")
        length = int.from_bytes(data[4:8], "big")
        if len(data) < 8 + length:
            raise ValueError("a frame broke off")
        frames.append([data[0], data[8:8 + length].decode()])
        data = data[8 + length:]
    return frames
