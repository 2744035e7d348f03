"""What every screen is judged by, and how it is shown on a terminal and written down: for screens.py and screens_apply.py."""
import os
import pathlib
import re
import sys
import unicodedata

ON_TERMINAL = pathlib.Path(__file__).resolve().parent / "on_terminal.py"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CODE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|.)?")
ALLOWED = re.compile(r"\x1b\[(?:[0-9]+A|J)")


def cells(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in COLOUR.sub("", text))


def screen(raw):
    """What stays on the terminal, every line that ever stood there, and all that stood there before something was redrawn."""
    lines, at, ever, current, frames = [""], 0, [], "", []
    for piece in re.split(r"(\x1b\[[0-9]+A|\x1b\[J|\r?\n)", raw):
        if piece.endswith("\n"):
            lines[at:at + 1] = [current]
            ever.append(current)
            at, current = at + 1, ""
            if at == len(lines):
                lines.append("")
        elif piece.endswith("A") and piece.startswith("\x1b["):
            frames.append(lines[:at])
            at = max(0, at - int(piece[2:-1]))
        elif piece == "\x1b[J":
            del lines[at + 1:]
        else:
            current += piece.rsplit("\r", 1)[-1]
    return lines[:at] + ([current] if current else []), ever + [current], frames


def is_copied(line, before):
    """Whether the line is there to be copied: it begins with docker's own word, or belongs to a fix."""
    if re.match(r"\s*(docker |start it with: docker )", line):
        return True
    for earlier in reversed(before):
        if earlier == "    fix:":
            return line.startswith("      ")
        if not earlier.startswith("      "):
            break
    return False


def too_wide(lines, width):
    return [line for i, line in enumerate(lines)
            if cells(line) > width and not is_copied(line, lines[:i]) and cells(re.match(r"\s*\S*", line).group()) <= width]


def as_file(sections):
    """What is shown twice is written once."""
    text, first = "", {}
    for where, content in sections.items():
        same = first.setdefault(content, where)
        text += f"==== {where} ====\n" + (content if same == where else f"(as {same})\n") if content else f"==== {where} ====\n(nothing)\n"
    return text


def on_terminal(width, command, *planned):
    """The command on a terminal of that width; `planned` as on_terminal.py has it."""
    return [sys.executable, "-I", "-S", str(ON_TERMINAL), "--size", f"{width}x60", *planned, *command]


def environment(**more):
    """Ours, without what would decide about a screen."""
    return {**{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "TERM")}, "TERM": "xterm-256color", **more}


def forbidden(raw, codes):
    """Codes of the terminal that may not be printed: `codes` is "colour", "no colour", or empty for none at all."""
    return [code for code in set(CODE.findall(raw)) if not codes or not (ALLOWED.fullmatch(code) or codes == "colour" and COLOUR.fullmatch(code))]
