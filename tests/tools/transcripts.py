#!/usr/bin/env python3
"""The transcripts in the pages of docs/ and in README.md are what the commands in them print.

  transcripts.py check|write shop|demo FILE...    pages that are read, in this order
  transcripts.py list FILE...                     each transcript: page, name, where
  transcripts.py sees                             that the comparison notices what it has to, and nothing else

A transcript is a fenced block below a marker:

    <!-- transcript: NAME in WHERE[, with progress][, after PAGE:NAME] -->
    <!-- transcript: NAME as PAGE:NAME -->      commands of another page's transcript, which are not run again: what they printed there is compared

"shop" is tests/docs/shop, files alone without an engine; "demo" is the demo stack on a real one. Lines that begin with "$ " are run by bash as written, all of one
page in one folder and with one environment, the output 100 columns wide. What follows a line is its standard output; with progress, standard error too, and so
after an error; a last line [exit N] where that is not 0. The checkout is called ~/docker-pilotpros. "after" puts it behind that transcript of another page, since a demo is in one state at a time.

In the shop every byte counts. On the demo, where a measurement decides, this is masked in the comparison, on both sides: each number with its unit, hashes, times,
and where lines break. A line [...], or with words between, stands for any lines. `write` puts in what is printed now; on the demo the same lines of it.

A block with "$ " that no marker names is an error, unless <!-- not run: WHY --> stands above it. PILOTPROS is the plugin, as docker finds it.
"""
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- (?P<marker>(?:transcript|not run): [^\n]*?) -->\n+)?```[a-z]*\n(?P<text>.*?)^```$", re.M | re.S)
MARKER = re.compile(r"transcript: (?P<name>[\w-]+) (?:in (?P<where>shop|demo)(?P<progress>, with progress)?(?:, after (?P<after>[\w-]+:[\w-]+))?|as (?P<same>[\w-]+:[\w-]+))")
ELLIPSIS = re.compile(r"\[\.\.\..*\]|\[.*\.\.\.\]")
UNIT = r"(?:B|KiB|MiB|GiB|kB|MB|GB|ms|s|min|h|d|m|g|k|µs)"
NUMBER = re.compile(rf"(?<![A-Za-z])\d+(?:\.\d+)?(?: ?{UNIT}\b)?(?: %)?")
CHECKOUT = "~/docker-pilotpros"  # what the checkout is called in the pages
ERRORS = {3, 4, 5, 7, 64, 65, 70}


class Transcript:
    def __init__(self, page, block, marker):
        self.page, self.span, self.text = page, block.span("text"), block["text"]
        self.name, self.where, self.progress, self.after = f"{page.stem}:{marker['name']}", marker["where"], bool(marker["progress"]), marker["after"]
        self.same = marker["same"]

    def steps(self):
        """Pairs of a command and the lines below it."""
        steps = []
        for line in self.text.split("\n")[:-1]:
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif steps:
                steps[-1][1].append(line)
            else:
                sys.exit(f"{self.name}: output before a command: {line}")
        return steps


def read(page):
    found = []
    for block in BLOCK.finditer(page.read_text()):
        marker = MARKER.fullmatch(block["marker"] or "")
        if marker:
            found.append(Transcript(page, block, marker))
        elif (block["marker"] or "").startswith("transcript:"):
            sys.exit(f"{page}: not a marker: {block['marker']}")
        elif re.search(r"^\$ ", block["text"], re.M) and not block["marker"]:
            sys.exit(f"{page}: a block with commands that nothing runs: {block['text'].splitlines()[0]}")
    return found


def in_order(transcripts):
    """Those that come after another page's stand right behind it, in their own order."""
    order = [one for one in transcripts if not one.after]
    waiting = [one for one in transcripts if one.after]
    while waiting:
        placed = [one for one in waiting if any(other.name == one.after for other in order)]
        if not placed:
            sys.exit(f"{waiting[0].name} comes after {waiting[0].after}, which is not there")
        one = placed[-1]  # the last one first: each is put right behind the same
        order.insert(next(i for i, other in enumerate(order) if other.name == one.after) + 1, one)
        waiting.remove(one)
    return order


def masked(text):
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "#", text)
    text = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b", "#", text)
    return NUMBER.sub("#", text)


def words_of(lines):
    """The words that are compared, each with its line. Several numbers in a row are one: 1 min 20 s, 20 s."""
    words = []
    for at, line in enumerate(lines):
        for word in masked(line).split():
            if word.startswith("#") and words and words[-1][0] == "#":
                words.pop()
            words.append((word, at))
    return words


def compare(kept, printed):
    """What is wrong, and the lines that should be kept: those that are printed in the place of those that are kept."""
    groups, current = [], []
    for line in kept + ["[...]"]:
        if ELLIPSIS.fullmatch(line.strip()):
            groups.append((current, line))
            current = []
        else:
            current.append(line)
    words, at, result, wrong = words_of(printed), 0, [], ""
    for i, (lines, ellipsis) in enumerate(groups):
        wanted = [word for word, _ in words_of(lines)]
        first, last = i == 0, i == len(groups) - 1
        places = [at] if first else [len(words) - len(wanted)] if last and wanted else range(at, len(words) - len(wanted) + 1)
        if first and last:
            places = [0] if len(words) == len(wanted) else []
        place = next((p for p in places if p >= at and [w for w, _ in words[p:p + len(wanted)]] == wanted), None)
        if place is None:
            wrong = wrong or "not printed, or not there: " + " / ".join(line.strip() for line in lines[:6])
            result += lines
        elif wanted:
            at = place + len(wanted)
            result += printed[words[place][1]:words[at - 1][1] + 1]
        if not last:
            result.append(ellipsis)
    return wrong, result


class Runner:
    def __init__(self, where):
        self.where, self.folder = where, str(ROOT if where == "demo" else ROOT / "tests" / "docs" / "shop")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("COMPOSE_", "DOCKER_HOST", "DOCKER_CONTEXT"))}
        self.environment = {**kept, "COLUMNS": "100", "NO_COLOR": "1", **({"DOCKER_HOST": "unix:///nowhere.sock"} if where == "shop" else {})}

    def run(self, command, progress):
        """Its lines, the exit code among them, and how long it took."""
        begin = time.monotonic()
        script = f'cd "$FOLDER" || exit 70\n{command}\nstatus=$?; pwd >&3; exit "$status"'
        inner, outer = os.pipe()
        # The folder comes back by a descriptor of its own, so that `cd` in one line counts in the next.
        done = subprocess.run(["bash", "-c", f"exec 3>&{outer}; {script}"], env={**self.environment, "FOLDER": self.folder}, pass_fds=[outer], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT if progress else subprocess.PIPE, text=True, timeout=300)
        os.close(outer)
        with os.fdopen(inner) as told:
            self.folder = told.read().strip() or self.folder
        text = done.stdout + (done.stderr if not progress and done.returncode in ERRORS else "")
        lines = text.replace(str(ROOT), CHECKOUT).split("\n")[:-1] if text else []
        return lines + ([f"[exit {done.returncode}]"] if done.returncode else []), time.monotonic() - begin


def sees():
    """What the demo's comparison has to let pass, and what not."""
    printed = ["Plan f62b4eed4edb for demo: 32 changes", "  memory   not set   184m   accepted", "      needs 89.5 MiB (about 1 min 20 s)", "To undo it:", "docker rollback"]
    passes = {"other numbers": ["Plan 0123456789ab for demo: 4 changes", "[...]", "docker rollback"],
              "another line break": ["[...]", "      needs 1.2 GiB", "        (about 15 s)", "[...]"],
              "all of it": printed}
    fails = {"another word": ["Plan f62b4eed4edb for shop: 32 changes", "[...]"], "a line too few": printed[:-1], "a line too many": printed + ["more"],
             "another order": ["[...]", "To undo it:", "[...]", "  memory   not set   184m   accepted", "[...]"],
             "another last line": ["[...]", "docker rollback --list"], "another first line": ["To undo it:", "[...]"], "nothing": []}
    wrong = [f"not seen as the same: {what}" for what, kept in passes.items() if compare(kept, printed)[0]]
    wrong += [f"not seen as another: {what}" for what, kept in fails.items() if not compare(kept, printed)[0]]
    if compare(["[...]", "      needs 1 B (about 2 s)", "[...]"], printed)[1] != ["[...]", printed[2], "[...]"]:
        wrong.append("what is printed is not put in the place of what was kept")
    print("\n".join(wrong) or "sees")
    return 1 if wrong else 0


def main():
    if sys.argv[1] == "sees":
        return sees()
    if sys.argv[1] == "list":
        for page in map(pathlib.Path, sys.argv[2:]):
            for one in read(page):
                print(one.page.stem, one.name.split(":")[1], one.where or f"as {one.same}")
        return 0
    what, where, pages = sys.argv[1], sys.argv[2], [pathlib.Path(name).resolve() for name in sys.argv[3:]]
    everything = [one for page in pages for one in read(page)]
    transcripts = in_order([one for one in everything if one.where == where])
    known = {one.name: one for one in everything if one.where}
    for one in everything:
        if one.same and one.same not in known:
            sys.exit(f"{one.name} shows what {one.same} prints, which is not there")
    transcripts += [one for one in everything if one.same and known[one.same].where == where]
    runner, complaints, written, said = Runner(where), [], {}, {}
    for one in transcripts:
        lines = []
        for command, kept in one.steps():
            if not one.same:
                said[one.name, command], seconds = runner.run(command, one.progress)
                print(f"{seconds:6.1f} s  {one.name}: {command}", flush=True)
            elif (one.same, command) not in said:
                sys.exit(f"{one.name}: {command}: {one.same} does not run that")
            printed = said[one.same or one.name, command]
            if where == "shop":
                wrong, now = ("" if kept == printed else "not as printed", printed)
            else:
                wrong, now = compare(kept, printed)
            if wrong and what == "check":
                complaints.append(f"{one.name}: $ {command}\n  {wrong}\n" + "\n".join(f"  | {line}" for line in printed[:400]))
            elif wrong and where == "demo":
                complaints.append(f"{one.name}: $ {command}: left as it was: {wrong}\n" + "\n".join(f"  | {line}" for line in printed[:400]))
            lines += [f"$ {command}", *now]
        written.setdefault(one.page, []).append((one.span, "".join(line + "\n" for line in lines)))
    if what == "write":
        for page, spans in written.items():
            text = page.read_text()
            for (begin, end), new in sorted(spans, reverse=True):
                text = text[:begin] + new + text[end:]
            page.write_text(text)
    print("\n".join(complaints) or f"{len(transcripts)} transcripts")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
