#!/usr/bin/env python3
"""Times `docker compose config`, `tune`, each question that it asks of a running container, and the slowest `docker diff`, in turns.

  measure.py TIMES NAME PILOTPROS SCRATCH SELECTORS...     appends to SCRATCH/rows and SCRATCH/questions

Which questions there are is not written here: the engine's events tell what a run asks.
"""
import concurrent.futures
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time

THROWAWAY = "io.pilotpros.throwaway"


class Engine(http.client.HTTPConnection):
    """The engine's API on its local socket: what `docker exec` adds is no part of a question."""

    def connect(self):
        address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if not address.startswith("unix://"):
            sys.exit(f"only an engine on a local socket is measured, not {address}")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(address[len("unix://"):])

    def call(self, method, path, body=None):
        self.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = self.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"{path}: {answer.status} {content[:200]!r}")
        return content

    def get(self, path):
        return json.loads(self.call("GET", path))

    def ask(self, container, argv, user):
        """As `tune` does: to the end of its output, and how it ended."""
        body = {"AttachStdout": True, "AttachStderr": True, "Cmd": argv, "User": user}
        one = json.loads(self.call("POST", f"/containers/{container}/exec", body))["Id"]
        self.call("POST", f"/exec/{one}/start", {"Detach": False, "Tty": False})
        self.get(f"/exec/{one}/json")


def timed(call, *arguments, **named):
    begin = time.time()
    call(*arguments, **named)
    return time.time() - begin


def quietly(command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def events(begin, end):
    command = ["docker", "events", "--since", f"{begin:.9f}", "--until", f"{end:.9f}", "--filter", "type=container", "--format", "{{json .}}"]
    return [json.loads(line) for line in subprocess.check_output(command, text=True).splitlines()]


def own_test(engine, container):
    """The engine asks this by itself, which is no question of `tune`."""
    config = engine.get(f"/containers/{container}/json")["Config"]
    kind, *words = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return (config.get("Shell") or ["/bin/sh", "-c"]) + words if kind == "CMD-SHELL" else words


def asked_by(command, engine, containers):
    """The questions that a run of the command asks, each once. An exec is forgotten as soon as it was asked how it ended, so it is looked at while it runs."""
    found = {}
    watch = subprocess.Popen(["docker", "events", "--filter", "type=container", "--filter", "event=exec_create", "--format", "{{json .}}"],
                             stdout=subprocess.PIPE, text=True)

    def look():
        for line in watch.stdout:
            actor = json.loads(line)["Actor"]
            if actor["ID"] not in containers:
                continue
            process = engine.get(f"/exec/{actor['Attributes']['execID']}/json")["ProcessConfig"]
            argv = [process["entrypoint"], *process["arguments"]]
            if argv != own_test(engine, actor["ID"]):
                found[(actor["Attributes"]["name"], actor["ID"], tuple(argv), process.get("user", ""))] = []

    with concurrent.futures.ThreadPoolExecutor() as pool:
        looking = pool.submit(look)
        time.sleep(1)  # until it listens
        quietly(command)
        time.sleep(0.5)
        watch.terminate()
        looking.result()
    return found


def in_trials(seen):
    """Seconds in which a throw-away container existed. What creating it took is not among them."""
    spans, open_since = [], {}
    for event in seen:
        if THROWAWAY not in event["Actor"]["Attributes"]:
            continue
        if event["Action"] == "create":
            open_since[event["Actor"]["ID"]] = event["timeNano"] / 1e9
        elif event["Action"] == "destroy" and event["Actor"]["ID"] in open_since:
            spans.append((open_since.pop(event["Actor"]["ID"]), event["timeNano"] / 1e9))
    total, until = 0.0, 0.0
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def short(argv):
    words = " ".join(" ".join(argv).split()).replace("|", "\\|").replace("`", "'")
    return words if len(words) <= 60 else words[:36] + " … " + words[-20:]


def main():
    times, name, binary, scratch = int(sys.argv[1]), *sys.argv[2:5]
    selectors = sys.argv[5:]
    config_of = ["docker", "compose", *selectors, "config"]
    tune_of = [binary, "pilotpros", "tune", *selectors]
    engine = Engine("localhost")
    containers = subprocess.check_output(["docker", "compose", *selectors, "ps", "-q", "--no-trunc"], text=True, stderr=subprocess.DEVNULL).split()
    questions = asked_by(tune_of, engine, containers)
    config, layer, tune, trials = [], [], [], []
    for _ in range(times):
        config.append(timed(quietly, config_of))
        for (_, container, argv, user), took in questions.items():
            took.append(timed(engine.ask, container, list(argv), user))
        layer.append(max((timed(engine.get, f"/containers/{one}/changes") for one in containers), default=0.0))
        begin = time.time()
        quietly(tune_of)
        end = time.time()
        tune.append(end - begin)
        trials.append(in_trials(events(begin, end)))
    medians = {question: statistics.median(took) for question, took in questions.items()}
    slowest = max(medians.values(), default=0.0)
    middle, compared, whole, apart = (statistics.median(took) for took in (config, layer, tune, trials))
    ratio = (whole - apart - slowest) / middle
    with open(f"{scratch}/rows", "a", encoding="utf-8") as rows:
        cells = [f"{seconds * 1e3:.0f}" for seconds in (middle, slowest, compared, whole, apart)]
        rows.write(f"| {name} | {' | '.join(cells)} | {ratio:.1f} | {'yes' if ratio < 4 else 'NO'} | {os.getloadavg()[0]:.1f} |\n")
    with open(f"{scratch}/questions", "a", encoding="utf-8") as rows:
        for (container, _, argv, _), took in sorted(medians.items(), key=lambda one: -one[1]):
            rows.write(f"| {name} | {container} | `{short(argv)}` | {took * 1e3:.0f} |\n")


if __name__ == "__main__":
    main()
