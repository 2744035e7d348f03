"""Prices on 8090, figures about itself on 8091."""
import http.server
import json
import math
import os
import signal
import threading
from urllib.parse import parse_qs, urlparse

ROUNDING = int(os.environ.get("ROUNDING", "2"))
CURRENCY = os.environ.get("CURRENCY") or "EUR"
answered = 0
lock = threading.Lock()


def price(article: int) -> float:
    # Something to compute: what it is worth does not matter.
    return round(sum(math.sin(article * k) ** 2 for k in range(1, 400)), ROUNDING)


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Prices(Answer):
    def do_GET(self):
        global answered
        url = urlparse(self.path)
        if url.path == "/alive":
            self.reply(b'{"alive": true}', "application/json")
            return
        article = int(parse_qs(url.query).get("article", ["1"])[0])
        with lock:
            answered += 1
        self.reply(json.dumps({"price": price(article), "currency": CURRENCY}).encode(), "application/json")


class Figures(Answer):
    def do_GET(self):
        self.reply(f"pricing_answered_total {answered}\n".encode(), "text/plain")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


servers = [Server(("", 8090), Prices), Server(("", 8091), Figures)]
threads = [threading.Thread(target=server.serve_forever) for server in servers]


def stop(*_):
    for server in servers:
        threading.Thread(target=server.shutdown).start()


signal.signal(signal.SIGTERM, stop)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
