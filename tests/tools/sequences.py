#!/usr/bin/env python3
"""sequences.py PLUGIN DRIVER FOLDER SEED SEQUENCES STEPS: random sequences of apply, edit, rollback and kill on the real engine against a state machine.

Each sequence has a project of its own of two services that sleep; three go at a time. After each step what there is, as the engine, the disk, `status` and
`rollback --list` have it, is held against the machine below, which is written without a look at how the program does it. Ends with 1 on a difference. With
PLANT=1 the machine knows nothing of edits, which is to be noticed: one of our file comes second."""
import collections
import concurrent.futures
import hashlib
import json
import os
import random
import re
import subprocess
import sys

PLUGIN, DRIVER, FOLDER, SEED, SEQUENCES, STEPS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
PLANTED = os.environ.get("PLANT") == "1"
SIZES = {"96m": 100663296, "128m": 134217728}
MARK = "# mine\n"
SERVICES = ("db", "web")


class Model:
    """What applying, editing, going back and being killed leave. A file of ours is a limit and whether the user edited it, or None."""

    def __init__(self):
        self.history = []  # [before, after, state, number]
        self.ours = None
        self.signal = False  # the user's own change of web, as their file has it
        self.runs = {"db": (None, False), "web": (None, False)}

    def copy(self):
        other = Model()
        other.history = [list(one) for one in self.history]
        other.ours, other.signal, other.runs = self.ours, self.signal, dict(self.runs)
        return other

    def applied(self):
        return [one for one in reversed(self.history) if one[2] == "applied"]

    def wanted(self, ours):
        limit = ours[0] if ours else None
        return {"db": (limit, False), "web": (limit, self.signal)}

    def begin(self, after, state):
        self.history.append([self.ours, after, state, self.history[-1][3] + 1 if self.history else 1])

    def forget(self):
        """Of what was taken back the newest five stay, and the first of all."""
        for one in [one for one in self.history[1:] if one[2] == "taken back"][:-5]:
            self.history.remove(one)

    def apply(self, limit):
        """Whether anything is done."""
        ours = (limit, False)
        if self.ours == ours and self.runs == self.wanted(ours):
            return False
        self.begin(ours, "applied")
        self.ours, self.runs = ours, self.wanted(ours)
        return True

    def roll_back(self, everything):
        """Whether it is done; refused otherwise, and nothing touched."""
        undone = self.applied()
        if not undone:
            return True
        if not everything:
            undone = undone[:1]
        target, touched = self.ours, False
        for before, after, *_ in undone:
            if before == after:
                continue
            if (target != after) if touched else (self.ours not in (before, after)):
                return False
            touched, target = True, before
        for one in undone:
            one[2] = "taken back"
        self.forget()
        self.ours, self.runs = target, self.wanted(target)
        return True

    def last_written(self):
        for before, after, *_ in self.applied():
            if before != after:
                return after
        return None


class Sequence:
    def __init__(self, number):
        self.random = random.Random(SEED * 1000 + number)
        self.number, self.name = number, f"pilotpros-sequence-{os.getpid()}-{number}"
        self.folder = os.path.join(FOLDER, str(number))
        self.project = os.path.join(self.folder, "project")
        os.makedirs(self.project)
        self.model, self.said, self.failures = Model(), [], []
        self.total = {"apply": 25, "rollback": 25}  # steps of the driver, until it has said how many
        self.counts = collections.Counter()
        self.known = {}  # the bytes of our file for a limit

    # ---- the machine -------------------------------------------------------------------------------------------------
    def run(self, *argv):
        done = subprocess.run(argv, cwd=self.project, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False,
                              env={**os.environ, "XDG_STATE_HOME": os.path.join(self.folder, "state"), "COMPOSE_PROGRESS": "quiet", "NO_COLOR": "1"})
        return done.returncode, done.stdout, done.stderr

    def write_theirs(self):
        with open(os.path.join(self.project, "compose.yaml"), "w", encoding="utf-8") as file:
            file.write(f"""name: {self.name}
x-sleeps: &sleeps
  image: debian:trixie-slim
  init: true
  stop_grace_period: 1s
  healthcheck: {{test: [CMD, "true"], interval: 10s, start_period: 30s, start_interval: 300ms}}
  command: sleep infinity
services:
  db: {{<<: *sleeps, volumes: ["named:/named"]}}
  web: {{<<: *sleeps, volumes: ["named:/named"], depends_on: [db]{', stop_signal: SIGINT' if self.model.signal else ''}}}
volumes: {{named: {{}}}}
""")

    def path_of_ours(self):
        return os.path.join(self.project, ".pilotpros", "compose.yaml")

    def ours_now(self):
        try:
            with open(self.path_of_ours(), encoding="utf-8") as file:
                content = file.read()
        except FileNotFoundError:
            return None
        edited = content.endswith(MARK)
        content = content.removesuffix(MARK)
        found = re.search(r"mem_limit: *\"?(\d+m)", content)
        limit = found.group(1) if found else content
        digest = hashlib.sha256(content.encode()).hexdigest()
        if self.known.setdefault(limit, digest) != digest:
            limit = f"{limit}, and other bytes than before"
        return limit, edited

    def runs_now(self):
        found = {}
        for service in SERVICES:
            code, text, said = self.run("docker", "inspect", f"{self.name}-{service}-1")
            if code != 0:
                found[service] = said.strip()
                continue
            one = json.loads(text)[0]
            memory = {size: name for name, size in SIZES.items()}.get(one["HostConfig"]["Memory"], one["HostConfig"]["Memory"] or None)
            found[service] = (memory, one["Config"].get("StopSignal") == "SIGINT") if one["State"]["Running"] else "not running"
        return found

    def others(self):
        """Containers that nobody knows of."""
        _, text, _ = self.run("docker", "ps", "-a", "--format", "{{.Names}}", "--filter", f"name={self.name}")
        keeps = {f"pilotpros-keep-{self.name}-{one[3]:04}" for one in self.model.history if one[2] == "applied"}
        return sorted(name for name in text.split() if name not in {f"{self.name}-db-1", f"{self.name}-web-1"} | keeps)

    # ---- what is held against the model ------------------------------------------------------------------------------
    def differences(self):
        found, model = [], self.model

        def expect(what, is_, wanted):
            if is_ != wanted:
                found.append(f"{what}: {is_}, not {wanted}")

        code, text, said = self.run(PLUGIN, "pilotpros", "status", "--format", "json")
        if code != 0:
            return [f"status: exit {code} {said.strip()}"]
        status = json.loads(text)
        states = [(f"{one[3]:04}", one[2]) for one in model.history]
        expect("the history of status", [(one["id"], one["state"]) for one in status["history"]], states)
        _, text, _ = self.run(PLUGIN, "pilotpros", "rollback", "--list")
        expect("rollback --list", re.findall(r"^ *(\d{4}) .*?\b(applied|taken back)\b", text, re.M), states)
        expect("our file", self.ours_now(), model.ours)
        expect("what runs", self.runs_now(), model.runs)
        expect("other containers", self.others(), [])
        wanted = model.wanted(model.ours)
        expect("services of status", {one["service"]: one["state"] for one in status["services"]},
               {service: "carries it" if model.runs[service] == wanted[service] else "drifted" for service in SERVICES} if model.applied() else {})
        for file in status["files"]:
            if file["path"] == self.path_of_ours():
                expect("our file, as status has it", file["state"], "as written" if model.ours == model.last_written() else "changed")
        return found

    # ---- the steps -----------------------------------------------------------------------------------------------------
    def settle(self, after, what, code, done, killed):
        """After what may have been killed: which of the two it is, by the history; the next command finishes it."""
        if not killed:
            wanted = 0 if done else 3
            if code != wanted:
                self.failures.append(f"{what}: exit {code}, not {wanted}")
            self.counts["refused"] += not done
            self.model = after
            return
        self.counts["killed"] += 1
        for _ in range(5):  # an orphaned Compose holds the lock
            code, text, said = self.run(PLUGIN, "pilotpros", "status", "--format", "json")
            if code != 3:
                break
        if code != 0:
            self.failures.append(f"status after a kill: exit {code} {said}")
            return
        states = [(int(one["id"]), one["state"]) for one in json.loads(text)["history"]]
        if states == [(one[3], one[2]) for one in after.history] and after.history != self.model.history:
            self.model = after
        elif states and states[-1][0] > (self.model.history[-1][3] if self.model.history else 0):
            self.model.begin(self.model.ours, "taken back")
            self.model.forget()
            # The undo starts what it had touched from the user's present files, or leaves it as it was.
            self.taken_back()
        elif after.history == self.model.history:
            self.model = after

    def learn(self, what, text, after):
        """How many steps it is when it does something and is not killed."""
        steps = re.search(r"^(\d+) steps$", text, re.M)
        if steps and after.history != self.model.history:
            self.total[what] = int(steps.group(1))

    def taken_back(self):
        now = self.runs_now()
        for service in SERVICES:
            if now[service] in (self.model.runs[service], self.model.wanted(self.model.ours)[service]):
                self.model.runs[service] = now[service]

    def step(self):
        pick = 6 if PLANTED and self.said else self.random.randrange(8) if self.said else 0
        if 3 <= pick < 6 and not self.model.applied() and self.random.random() < 0.7:
            pick = 0  # there would be nothing to undo
        if pick < 3:
            limit = self.random.choice(list(SIZES))
            at = self.random.randint(1, self.total["apply"]) if self.random.random() < 0.5 else 0
            self.said.append(f"apply {limit}" + (f" killed at {at}" if at else ""))
            after = self.model.copy()
            after.apply(limit)
            code, text, said = self.run(DRIVER, "apply", "db,web", limit, str(at))
            self.learn("apply", text, after)
            self.counts["applied"] += 1
            self.settle(after, self.said[-1] + said[-300:], code, True, code in (-9, 137))
        elif pick < 6:
            everything = pick == 5
            at = self.random.randint(1, self.total["rollback"]) if self.random.random() < 0.5 and not everything else 0
            self.said.append("rollback" + (" --all" if everything else "") + (f" killed at {at}" if at else ""))
            after = self.model.copy()
            done = after.roll_back(everything)
            if at:
                code, text, said = self.run(DRIVER, "rollback", "web", "0", str(at))
                self.learn("rollback", text, after)
            else:
                code, _, said = self.run(PLUGIN, "pilotpros", "rollback", "--yes", *(["--all"] if everything else []))
            self.counts["rolled back"] += 1
            self.settle(after, self.said[-1] + said[-300:], code, done, code in (-9, 137))
        elif pick == 6 and self.model.ours:
            self.said.append("edit ours")
            self.counts["edited"] += 1
            limit, edited = self.model.ours
            with open(self.path_of_ours(), encoding="utf-8") as file:
                content = file.read()
            with open(self.path_of_ours(), "w", encoding="utf-8") as file:
                file.write(content.removesuffix(MARK) if edited else content + MARK)
            if not PLANTED:
                self.model.ours = (limit, not edited)
        else:
            self.said.append("edit theirs")
            self.counts["edited"] += 1
            self.model.signal = not self.model.signal
            self.write_theirs()
        self.failures += self.differences()

    def go(self):
        try:
            self.write_theirs()
            self.run("docker", "compose", "up", "-d", "--wait")
            self.failures += self.differences()
            for _ in range(STEPS):
                if self.failures:
                    break
                self.step()
        finally:
            self.run("docker", "compose", "-p", self.name, "down", "-v", "-t", "0")
            _, text, _ = self.run("docker", "ps", "-aq", "--filter", f"name=pilotpros-(keep|lock)-{self.name}")
            if text.split():
                self.run("docker", "rm", "-f", *text.split())
        return self


def main():
    counts, failed = collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for one in pool.map(lambda number: Sequence(number).go(), range(SEQUENCES)):
            counts += one.counts
            failed += bool(one.failures)
            print(f"sequence {one.number}: {', '.join(one.said)}", *[f"  {line}" for line in one.failures], sep="\n", flush=True)
    steps = sum(counts[what] for what in ("applied", "rolled back", "edited"))
    print(f"{SEQUENCES - failed} of {SEQUENCES} sequences, {steps} steps ({counts['applied']} applies, {counts['rolled back']} rollbacks, {counts['edited']} edits), "
          f"{counts['killed']} kills, {counts['refused']} refusals; seed {SEED}")
    sys.exit(failed > 0)


main()
