#!/usr/bin/env python3
"""What is said while something is applied, taken back, interrupted or refused, and afterwards, on a real engine, held against tests/screens/SCENARIO.txt.

  screens_apply.py PLUGIN PROJECT-NAME check SCENARIO... [first]    with "first" on the first of its terminals alone
  screens_apply.py PLUGIN PROJECT-NAME write SCENARIO...            keeps what is shown now; look at the difference before it is committed

Each scenario is shown at 80, 120 and 200 columns, of which one is in colour, one has NO_COLOR and one TERM=dumb, by turns, and into pipes, by the rules of
screens.py. The project lies in the folder in which this is run, and was profiled. Kept is every line that was ever shown, in its order, of an apply those
after its Plan, which other screens have. A time is written as T, and what a line goes on with below it stands behind it: how long a figure is decides where
it breaks. Where such a time is from is written as WHENCE: what an engine remembers of it, others have a part in.
"""
import contextlib
import difflib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import screens
from screen_rules import COLOUR, as_file, environment, forbidden, on_terminal, screen, too_wide

APPLY = ["limits", "--apply", "--yes", "--duration", "2s", "--watch", "1s"]
STATUS, BACK = (["status"], 0), (["rollback", "--yes"], 0)
WAITING = r"waiting until db is healthy"
# name: words, exit code, and what is done while it works: "lock" holds the project's lock meanwhile, ("INT", PATTERN) and ("KILL", PATTERN) send that once
# PATTERN was seen, what else there is: see MEANWHILE. SIGKILL is the exit code 137 of a terminal's command and -9 of a pipe's.
SCENARIOS = {
    "applied": [(APPLY, 0), STATUS, BACK],
    "applied-in-place": [([*APPLY, "--in-place"], 0), STATUS, BACK],
    "applied-live": [(["limits", "--apply", "--live", "--yes", "--duration", "2s"], 0), STATUS, BACK],
    "apply-fails": [(APPLY, 4), STATUS],
    "apply-interrupted": [(APPLY, 130, ("INT", WAITING)), STATUS],
    "apply-killed": [(APPLY, 137, ("KILL", WAITING)), STATUS],
    "locked": [(["rollback", "--yes"], 3, "lock"), (APPLY, 3, "lock")],
    "exact-refused": [(APPLY, 0), (["rollback", "--exact", "--yes"], 3, "renew"), STATUS, BACK],
    "not-restored": [(APPLY, 0), (["rollback", "--yes"], 7, "break"), (["status"], 0, "mend")],
}
MEANWHILE = {
    "renew": ["docker", "compose", "up", "-d", "--wait", "--force-recreate", "--renew-anon-volumes"],  # other containers with other volumes
    "break": ["sed", "-i", "s/sleep infinity/'false'/", "compose.yaml"],  # what the user wrote since does not run
    "mend": ["bash", "-c", "sed -i \"s/'false'/sleep infinity/\" compose.yaml && docker compose up -d --wait"],
}
assert tuple(SCENARIOS) == screens.OF_APPLY
KINDS = ("", {}), (", TERM=dumb", {"TERM": "dumb"}), (", NO_COLOR", {"NO_COLOR": "1"})
MASKS = ((r"\n +(?=\S)", " "), (r"[0-9]+(\.[0-9]+)? (ms|s|min)( [0-9]+ s)?\b", "T"), (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z", "WHEN"), (r"\b00[0-9]{2}\b", "0009"), (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ENGINE"), (r"\b[0-9a-f]{64}\b", "VOLUME"), (r"\b[0-9a-f]{12}\b", "ID"),
         (r"the slowest of [0-9]+ measured", "the slowest of 9 measured"), (r"\(((its stop_grace_period: no stop was|what docker compose is given: none was|then its gate gives up: no start was|the slowest) seen|as a trial container, and T for docker compose)\)", "(WHENCE)"), (r"slowest start seen: (T|none)", "slowest start seen: T"), (r"process [0-9]+", "process 9"),
         (r"(?<=\S) {2,}", "  "), (r" +$", ""))
AFTER_PLAN = re.compile(r"^(?:docker pilotpros: |plain docker compose reads|db is stopped before|db runs, |db has its |gate |interrupted: )", re.M)


def terminals(scenario):
    turn = list(SCENARIOS).index(scenario)
    turned = [KINDS[(at + turn) % len(KINDS)] for at in range(len(KINDS))]
    return [(f"{width} columns{kind}", width, more) for width, (kind, more) in zip(screens.WIDTHS, turned)] + [("piped", 0, {})]


def masked(text, words, project):
    if "--apply" in words:
        found = AFTER_PLAN.search(text)
        text = text[found.start():] if found else ""
    text = text.replace(project, "PROJECT").replace(os.getcwd(), "/project").replace(os.environ["XDG_STATE_HOME"], "/state")
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text, flags=re.M)
    return text


@contextlib.contextmanager
def held(project, meanwhile):
    """The project's lock, held by this program."""
    if meanwhile != "lock":
        yield
        return
    engine = subprocess.run(["docker", "info", "--format", "{{.ID}}"], capture_output=True, text=True, check=True).stdout.strip()
    folder = pathlib.Path(os.environ["XDG_STATE_HOME"]) / "pilotpros" / engine / project
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def in_pipes(command, meanwhile, more):
    """Exit code, standard output and standard error, of which the latter says what is done."""
    with tempfile.TemporaryFile() as out, tempfile.NamedTemporaryFile() as said:
        process = subprocess.Popen(command, env=environment(**more), stdin=subprocess.DEVNULL, stdout=out, stderr=said)
        if isinstance(meanwhile, tuple):
            while process.poll() is None and not re.search(meanwhile[1].encode(), pathlib.Path(said.name).read_bytes()):
                time.sleep(0.05)
            process.send_signal(getattr(signal, "SIG" + meanwhile[0]))
        code = process.wait(timeout=120)
        out.seek(0)
        return code % 256 if code >= 0 else 128 - code, out.read().decode(), pathlib.Path(said.name).read_text()


def planned(meanwhile):
    if not isinstance(meanwhile, tuple):
        return []
    return ["--press-after", meanwhile[1], "0.3", "^C"] if meanwhile[0] == "INT" else ["--kill-after", meanwhile[1], "0.3", meanwhile[0]]


def shown(plugin, project, scenario, where_else):
    sections, wrong = {}, []
    state = pathlib.Path(os.environ["XDG_STATE_HOME"])
    shutil.copytree(state, state.with_name("profiled"), dirs_exist_ok=True)
    for where, width, more in where_else:
        for words, wanted, *meanwhile in SCENARIOS[scenario]:
            name = f"{where}: {' '.join(words)}"
            command = [plugin, "pilotpros", *words]
            meanwhile = meanwhile[0] if meanwhile else None
            said = None
            if meanwhile in MEANWHILE:
                subprocess.run(MEANWHILE[meanwhile], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
            with held(project, meanwhile):
                if width:
                    done = subprocess.run(on_terminal(width, command, *planned(meanwhile)), env=environment(**more), stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
                    code, raw = done.returncode, done.stdout.decode()
                    code = 137 if code == 247 else code  # -9, as on_terminal.py passes it on
                else:
                    code, raw, said = in_pipes(command, meanwhile, more)
            if code != wanted:
                wrong.append(f"{scenario}, {name}: exit {code}, not {wanted}: {raw[-300:]}{said or ''}")
            for found in forbidden(raw, "" if not width or "TERM" in more else "no colour" if more else "colour"):
                wrong.append(f"{scenario}, {name}: the code {found!r} is printed")
            if width:
                lines = screen(raw)[1]
                wrong += [f"{scenario}, {name}: wider than the terminal: {line}" for line in too_wide(lines, width)]
                raw = "\n".join(COLOUR.sub("", line) for line in lines)
            sections[name] = masked(raw, words, project)
            if said is not None:
                sections[f"{name}, standard error"] = masked(said, words, project)
        # The next one finds what the first one found.
        subprocess.run([plugin, "pilotpros", "rollback", "--all", "--purge", "--yes"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
        shutil.copytree(state.with_name("profiled"), state, dirs_exist_ok=True)
    return sections, wrong


def sections_of(text):
    """By name; where the file says "as" another one, that one's lines."""
    sections = {}
    for part in text.rstrip().split("\n==== ") if text else []:
        name, _, body = part.removeprefix("==== ").partition(" ====")
        other = re.fullmatch(r"\(as (.*)\)", body.strip())
        sections[name] = sections[other.group(1)] if other and other.group(1) in sections else body.strip().split("\n")
    return sections


def differences(kept, text, first):
    """What the first section that differs has otherwise: "- " a line that is kept, "+ " one that is shown."""
    old, new = sections_of(kept), sections_of(text)
    for name in new if first else {**old, **new}:
        if old.get(name) != new.get(name):
            return [(name, line) for line in difflib.ndiff(old.get(name, []), new.get(name, [])) if line[0] in "+-"][:12]
    return []


def main():
    plugin, project, what, first = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[-1] == "first"
    complaints, count = [], 0
    for scenario in sys.argv[4:-1] if first else sys.argv[4:]:
        sections, wrong = shown(plugin, project, scenario, terminals(scenario)[:1] if first else terminals(scenario))
        complaints += wrong
        count += len(sections)
        kept, text = screens.KEPT / f"{scenario}.txt", as_file(sections)
        if what == "write":
            kept.write_text(text)
        else:
            complaints += [f"{scenario}, {name}: {line}" for name, line in differences(kept.read_text(), text, first)]
    print("\n".join(complaints) or f"{count} screens")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
