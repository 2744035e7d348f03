#!/usr/bin/env python3
"""Every screen in a terminal, held against what is kept of it in tests/screens/NAME.txt. No engine is needed: the project is tests/docs/shop, and what wants
an engine gets the fake one, with the history that tests/unit/apply/frozen keeps. What looks at running containers sees those that were recorded, of the
project tests/fake_engine/stack, each time for the first time.

  screens.py PLUGIN check [NAME...]
  screens.py PLUGIN write [NAME...]    keeps what is shown now; look at the difference before it is committed

Each is shown at 80, 120 and 200 columns, with colour allowed, with NO_COLOR and with TERM=dumb, and into pipes. Compared is what stays on the terminal after
what is redrawn. Beside that, always:
  - No line is wider than the terminal. What is there to be copied is not broken, though: lines of a file, of a fix below "fix:", and whole commands.
  - Of the terminal's codes only "up N lines" and "clear below" are used, and colours; no colour with NO_COLOR; nothing at all when TERM=dumb or piped.
  - With NO_COLOR the words are the same.
  - A question is answered with no.
What is shown lies in a copy, in a folder whose name is as long as any other's, as lines break where they do: it is written as /checkout, and that of the test
as /scratch. No screen has a time of today in it.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from screen_rules import COLOUR, as_file, environment, forbidden, on_terminal, screen, too_wide

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests" / "screens"
SHOWN = SHOP, STACK, *_ = "tests/docs/shop", "tests/fake_engine/stack", "tests/corpus/recipe-corrected", "tests/truth"
FROZEN = ROOT / "tests" / "unit" / "apply" / "frozen" / "0.1.0.json"
ENGINE = "ENGINE"  # as the frozen history calls it
NOWHERE = "unix:///nowhere.sock"
WIDTHS = (80, 120, 200)

RECORDED = "recorded"
PROFILED = "profiled"  # the recorded ones, of which an earlier profile is kept
DRIFTED = "drifted"  # one whose containers of the history's services are without what was applied
DENIED = "denied"  # an engine whose socket is not this user's
ASKED = 0, 3  # asked on a terminal, where the answer is no, and refused where nobody can be asked
STOPPED = {"profile-interrupted"}  # with Ctrl-C, or SIGINT, while it measures
# name: words, exit code or that of a terminal and that of a pipe, whether the fake engine is there, or the one with the RECORDED, the PROFILED or the DRIFTED containers, or a DENIED one, whether all lines are a file's
SCREENS = {
    "help": (["--help"], 0, False, False),
    "help-profile": (["profile", "--help"], 0, False, False),
    "help-tune": (["tune", "--help"], 0, False, False),
    "help-limits": (["limits", "--help"], 0, False, False),
    "help-healthcheck": (["healthcheck", "--help"], 0, False, False),
    "help-rollback": (["rollback", "--help"], 0, False, False),
    "help-status": (["status", "--help"], 0, False, False),
    "tune": (["tune"], 2, False, False),
    "tune-running": (["tune", "--duration", "2s"], 0, RECORDED, False),
    "tune-apply": (["tune", "--duration", "2s", "--apply"], ASKED, RECORDED, False),
    "tune-explain": (["tune", "--explain", "healthcheck.test"], 2, False, False),
    "tune-explain-running": (["tune", "--duration", "2s", "--explain", "logging.max-size"], 0, RECORDED, False),
    "tune-diff": (["tune", "--diff"], 2, False, True),
    "tune-lint": (["tune", "--lint"], 6, False, False),
    "tune-lint-nothing": (["tune", "--lint", "-f", "../../corpus/recipe-corrected/compose.yaml"], 0, False, False),
    "limits": (["limits", "--duration", "2s"], 0, RECORDED, False),
    "limits-check": (["limits", "--check"], 6, False, False),
    "healthcheck": (["healthcheck", "--duration", "2s"], 0, RECORDED, False),
    "healthcheck-check": (["healthcheck", "--check"], 6, False, False),
    "profile-show": (["profile", "--show"], 2, False, False),
    "profile-kept": (["profile", "--show"], 0, PROFILED, False),
    "profile": (["profile", "--duration", "4s"], 0, RECORDED, False),
    "profile-interrupted": (["profile", "--duration", "60s"], 130, RECORDED, False),
    "status": (["status", "-p", "shop"], 0, True, False),
    "status-drift": (["status", "-p", "shop"], 0, DRIFTED, False),
    "status-nothing": (["status"], 0, RECORDED, False),
    "rollback": (["rollback", "-p", "shop"], ASKED, True, False),
    "rollback-list": (["rollback", "--list", "-p", "shop"], 0, True, False),
    "rollback-dry-run": (["rollback", "--dry-run", "--files-only", "-p", "shop"], 0, False, False),
    "error-file": (["tune", "-f", "nosuch.yaml"], 65, False, False),
    "error-yaml": (["tune", "--lint", "-f", "../../truth/truth.cpp"], 65, False, False),
    "error-engine": (["status"], 5, False, False),
    "error-denied": (["status"], 5, DENIED, False),
    "error-key": (["tune", "--explain", "shared_buffers"], 64, False, False),
    "error-usage": (["tune", "--lint", "--apply"], 64, False, False),
}
OF_APPLY = ("applied", "applied-in-place", "applied-live", "apply-fails", "apply-interrupted", "apply-killed", "locked", "exact-refused", "not-restored")  # shown by screens_apply.py
# After one tune its screen alone says what would change, why, and what to type next: in this order, whatever is kept of the rest.
TELLS = {"tune-running": re.compile(r"job\b.*logging\.max-size +not set +10m\b.*json-file without max-size grows until the disk is full.*"
                                    r"docker pilotpros tune --apply\s+docker pilotpros rollback\s*$", re.S)}
# What is measured while it is shown is told in figures of one day: these rows are kept with each digit a 9 and about a second in one unit, and the screen as it is just then, too.
MEASURED = {"profile": (re.compile(r"^web +[-0-9].*$|^Measuring: [0-9] s", re.M), "Measuring: "), "profile-interrupted": (re.compile(r"^web +[-0-9].*$|^Measuring: [0-9] s", re.M), "Measuring: "), "profile-kept": (re.compile(r"^web +[-0-9].*$", re.M), None)}


class Stage:
    """Where the screens are shown: a state directory with a history, and the fake engine."""

    def __init__(self, plugin, scratch):
        self.plugin, self.scratch = plugin, pathlib.Path(scratch)
        self.checkout = self.scratch / "checkout"
        for folder in SHOWN:
            shutil.copytree(ROOT / folder, self.checkout / folder)
        prefix = "/state/"
        for path, file in json.loads(FROZEN.read_text())["files"].items():
            if path.startswith(prefix) and not path.endswith("/"):
                target = self.scratch / "state" / path[len(prefix):]
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                target.write_text(file["content"])
                target.chmod(file["mode"] or 0o600)
        with socket.socket(socket.AF_UNIX) as denied:  # whoever may not use it never learns that nobody answers
            denied.bind(str(self.scratch / "denied.sock"))
        (self.scratch / "denied.sock").chmod(0)
        for folder in ("faked", "drifted"):
            (self.scratch / folder).mkdir()
        self.fakes = [
            self.fake("engine.sock", "--services", "2", "--project", "shop", "--directory", str(self.scratch / "faked")), self.fake("recorded.sock"),
            self.fake("drifted.sock", "--called", "db,web", "--project", "shop", "--directory", str(self.scratch / "drifted"))]
        for fake in self.fakes:
            assert fake.stdout.readline().strip() == "ready"
        self.run([plugin, "pilotpros", "profile", "--duration", "4s"], PROFILED)

    def fake(self, socket, *more):
        return subprocess.Popen([sys.executable, str(ROOT / "tests/fake_engine/fake_engine.py"), "--socket", str(self.scratch / socket), "--id", ENGINE, *more],
                                stdout=subprocess.PIPE, text=True)

    def close(self):
        for fake in self.fakes:
            fake.kill()
            fake.wait()

    def surroundings(self, with_engine, **more):
        ours = {k: v for k, v in environment().items() if not k.startswith(("COMPOSE_", "DOCKER_"))}
        state = tempfile.mkdtemp(dir=self.scratch) if with_engine == RECORDED else self.scratch / (PROFILED if with_engine == PROFILED else "state")
        name = RECORDED if with_engine == PROFILED else with_engine if with_engine in (RECORDED, DRIFTED, DENIED) else "engine"
        return {**ours, "XDG_STATE_HOME": str(state), "DOCKER_HOST": f"unix://{self.scratch}/{name}.sock" if with_engine else NOWHERE, **more}

    def masked(self, text):
        text = text.replace(str(self.checkout), "/checkout").replace(str(self.scratch), "/scratch")
        return re.sub(r"needs at most [0-9]{3} KiB", "needs at most NNN KiB", text)  # what was recorded varies, and when one looks is chance

    def run(self, command, with_engine, **more):
        return subprocess.run(command, cwd=self.checkout / (STACK if with_engine in (RECORDED, PROFILED) else SHOP), env=self.surroundings(with_engine, **more), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def show(stage, name):
    """The sections of the screen's file, and what is wrong with them."""
    words, code, with_engine, of_file = SCREENS[name]
    asked = code == ASKED
    of_terminal, of_pipe = code if asked else (code, code)
    command = [stage.plugin, "pilotpros", *words]
    if with_engine == DENIED and os.geteuid() == 0:  # to whom no socket is closed
        command = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *command]
    press = ["--press-after", "y/N", "0.1", "n^M"] if asked else ["--press-after", "MEMORY LIMIT", "3", "^C"] if name in STOPPED else []
    sections, wrong = {}, []
    watched = name in MEASURED and MEASURED[name][1]

    def complain(where, what):
        wrong.append(f"{name}, {where}: {what}")

    def judge(where, status, raw, codes):
        wanted = of_pipe if where.startswith("piped") else of_terminal
        if status != wanted:
            complain(where, f"exit {status}, not {wanted}: {raw[-300:]}")
        for found in forbidden(raw, codes):
            complain(where, f"the code {found!r} is printed")

    def kept(text):
        rows = MEASURED[name][0] if name in MEASURED else None
        return stage.masked(rows.sub(lambda row: re.sub("[0-9]", "9", row.group()).replace("9999 KiB", " 999 KiB").replace(" 9.9 s", "999 ms"), text) if rows else text)

    for width in WIDTHS:
        answered = on_terminal(width, command, *press)
        for kind, more in (("", {}), (", NO_COLOR", {"NO_COLOR": "1"}), (", TERM=dumb", {"TERM": "dumb"})):
            where = f"{width} columns{kind}"
            done = stage.run(answered, with_engine, **more)
            raw = done.stdout.decode()
            judge(where, done.returncode, raw, {"": "colour", ", NO_COLOR": "no colour"}.get(kind, ""))
            stays, ever, frames = screen(raw)
            if name in TELLS and not TELLS[name].search(COLOUR.sub("", "\n".join(stays))):
                complain(where, "does not tell what would change, why, and what to type next")
            if not of_file:
                for line in too_wide(ever, width):
                    complain(where, f"wider than the terminal: {line}")
            sections[where] = kept("".join(line + "\n" for line in stays))
            if watched and kind != ", TERM=dumb":
                while_measured = [frame for frame in frames if any(MEASURED[name][1] in line for line in frame)]
                sections[f"{where}, while it is measured"] = kept("".join(line + "\n" for line in (while_measured or [["(never)"]])[-1]))
        for later in ("", *([", while it is measured"] if watched else [])):
            if sections.pop(f"{width} columns, NO_COLOR{later}") != COLOUR.sub("", sections[f"{width} columns{later}"]):
                complain(f"{width} columns, NO_COLOR{later}", "other words than in colour")
    done = stage.run(["timeout", "--preserve-status", "--signal=INT", "4", *command] if name in STOPPED else command, with_engine)
    for where, stream in (("piped", done.stdout), ("piped, standard error", done.stderr)):
        judge(where, done.returncode, stream.decode(), "")
        sections[where] = kept(stream.decode())
    return sections, wrong


def main():
    plugin, what, names = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:] or list(SCREENS)
    complaints = []
    with tempfile.TemporaryDirectory(dir="/tmp") as scratch:
        stage = Stage(plugin, scratch)
        try:
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                shown = dict(zip(names, pool.map(lambda name: show(stage, name), names)))
        finally:
            stage.close()
    for name, (sections, wrong) in shown.items():
        complaints += wrong
        file, text = KEPT / f"{name}.txt", as_file(sections)
        if what == "write":
            KEPT.mkdir(exist_ok=True)
            file.write_text(text)
        elif not file.exists():
            complaints.append(f"{name}: nothing is kept of it")
        elif file.read_text() != text:
            old, new = file.read_text().split("\n"), text.split("\n")
            at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
            complaints.append(f"{name}: not as kept, first in line {at + 1}: {(new + [''])[at]!r}, kept {(old + [''])[at]!r}")
    if what == "check" and len(sys.argv) == 3:
        complaints += [f"{file.name} is kept, and nobody shows it" for file in sorted(KEPT.glob("*")) if file.stem not in {*SCREENS, *OF_APPLY}]
    print("\n".join(complaints) or f"{len(names)} screens")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
