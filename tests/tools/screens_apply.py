#!/usr/bin/env python3
"""What an apply, the status after it and a rollback say while they work and afterwards, on a real engine, held against tests/screens/applied.txt.

  screens_apply.py PLUGIN PROJECT-NAME check [first]    with "first" at 80 columns alone
  screens_apply.py PLUGIN PROJECT-NAME write    keeps what is shown now; look at the difference before it is committed

At 80 columns in colour, at 120 with TERM=dumb, at 200 with NO_COLOR, and into pipes, by the rules of screens.py. The project lies in the folder in which this is
run, and was profiled. Kept is every line that was ever shown, in its order, of an apply those after its Plan, which other screens have. A time is
written as T, and what a line goes on with below it stands behind it: how long a figure is decides where it breaks.
"""
import os
import pathlib
import re
import subprocess
import sys

import screens

KEPT = screens.KEPT / "applied.txt"
COMMANDS = (["limits", "--apply", "--yes", "--duration", "2s", "--watch", "1s"], ["status"], ["rollback", "--yes"])
TERMINALS = (("80 columns", 80, {}), ("120 columns, TERM=dumb", 120, {"TERM": "dumb"}), ("200 columns, NO_COLOR", 200, {"NO_COLOR": "1"}), ("piped", 0, {}))
MASKS = ((r"\n +(?=\S)", " "), (r"[0-9]+(\.[0-9]+)? (ms|s|min)( [0-9]+ s)?\b", "T"), (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z", "WHEN"), (r"\b000[0-9]\b", "0009"), (r"\b[0-9a-f]{12}\b", "ID"),
         (r"the slowest of [0-9] measured", "the slowest of 9 measured"), (r"\((its stop_grace_period: no stop was|the slowest) seen\)", "(WHENCE)"), (r"(?<=\S) {2,}", "  "), (r" +$", ""))
AFTER_PLAN = re.compile(r"^(?:Interrupted, one|db runs, |plain docker compose reads)", re.M)


def masked(text, words, project):
    found = AFTER_PLAN.search(text) if words[0] == "limits" else None
    text = text[found.start():] if found else text
    text = text.replace(project, "PROJECT").replace(os.getcwd(), "/project")
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text, flags=re.M)
    return text


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "TERM")}
    return {**kept, "TERM": "xterm-256color", **more}


def shown(plugin, project, terminals):
    sections, wrong = {}, []
    for where, width, more in terminals:
        for words in COMMANDS:
            name = f"{where}: {' '.join(words)}"
            command = [plugin, "pilotpros", *words]
            if width:
                command = [sys.executable, "-I", "-S", str(screens.ON_TERMINAL), "--size", f"{width}x60", *command]
            done = subprocess.run(command, env=environment(**more), stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
            raw = done.stdout.decode()
            if done.returncode != 0:
                wrong.append(f"{name}: exit {done.returncode}: {raw[-300:]}{done.stderr.decode()[-300:]}")
            for code in set(screens.CODE.findall(raw)):
                coloured = screens.COLOUR.fullmatch(code) and "NO_COLOR" not in more
                if not width or "TERM" in more or not (screens.ALLOWED.fullmatch(code) or coloured):
                    wrong.append(f"{name}: the code {code!r} is printed")
            if width:
                lines = screens.screen(raw)[1]
                wrong += [f"{name}: wider than the terminal: {line}" for line in screens.too_wide(lines, width)]
                raw = "\n".join(screens.COLOUR.sub("", line) for line in lines)
            sections[name] = masked(raw, words, project)
            if not width:
                sections[f"{name}, standard error"] = masked(done.stderr.decode(), words, project)
    return sections, wrong


def main():
    plugin, project, what = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    first = sys.argv[4:] == ["first"]
    sections, complaints = shown(plugin, project, TERMINALS[:1] if first else TERMINALS)
    text = screens.as_file(sections)
    if what == "write":
        KEPT.write_text(text)
    else:
        old, new = KEPT.read_text().rstrip().split("\n"), text.rstrip().split("\n")
        complaints += [f"not as kept, line {at + 1}: {b!r}, kept {a!r}" for at, (a, b) in enumerate(zip(old, new)) if a != b][:5]
        complaints += [f"{len(new)} lines, kept {len(old)}"] if len(old) != len(new) and not first else []
    print("\n".join(complaints) or f"{len(sections)} screens")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
