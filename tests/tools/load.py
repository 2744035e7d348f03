#!/usr/bin/env python3
"""load.py URL STOP LEAST SECONDS [RATE]: GET and POST in turn, each on a connection of its own, four at a time, until the file
STOP is there and LEAST requests were made, or SECONDS have passed since it came. With RATE that many a second and no more, also while they fail at once,
and sixteen at a time, so that a few which wait do not hold up the others. Prints how many there were, how many failed (no answer, or another than 200), what
the first failure was, the slowest answer and all of it in seconds."""
import http.client
import os
import sys
import threading
import time
import urllib.parse

url, stop, least, seconds = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
rate = float(sys.argv[5]) if len(sys.argv) > 5 else 0.0
lock = threading.Lock()
total, failed, slowest, first = 0, 0, 0.0, ""


def one(number):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    try:
        if number % 2:
            connection.request("POST", url.path, body=b"x" * 1000)
        else:
            connection.request("GET", url.path)
        answer = connection.getresponse()
        answer.read()
        return "" if answer.status == 200 else f"{answer.status} at {time.strftime('%X')}"
    except (OSError, http.client.HTTPException) as error:
        return f"{error!r} at {time.strftime('%X')}"
    finally:
        connection.close()


def work():
    global total, failed, slowest, first
    while True:
        with lock:
            if os.path.exists(stop) and (total >= least or time.time() - os.path.getmtime(stop) > seconds):
                return
            total += 1
            number = total
        if rate:
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        begin = time.monotonic()
        why = one(number)
        with lock:
            slowest = max(slowest, time.monotonic() - begin)
            if why:
                failed += 1
                first = first or why


begun = time.monotonic()
workers = [threading.Thread(target=work) for _ in range(16 if rate else 4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
took = time.monotonic() - begun
print(f"{total} requests, {failed} failed, the slowest took {slowest:.2f} s, all {took:.1f} s {first}")
