#!/usr/bin/env python3
"""Names of a room that change what is called, since a room (core/apply, tests/unit/apply ...) is compiled as one text.

A function of an anonymous namespace hides one of the same name that a header declares in the namespace around it, and joins
one of another file: either way the compiler may silently take another function than the file's author meant. Prints each such
name and exits with 1. Reads declarations by their form (clang-format's), not the language.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
FUNCTION = re.compile(r"(?:(?:constexpr|const|static|inline|\[\[\w+\]\]) )*[\w:<>,&* ]+?[ &*](\w+)\(")
ENCLOSING = re.compile(r"^namespace (pilotpros[\w:]*) \{$", re.M)


def functions(text):
    """Names of functions that begin at the beginning of a line."""
    begins = [line for line in text.split("\n") if line and not line[0].isspace() and line[0] not in "}#/"]
    return {found.group(1) for found in map(FUNCTION.match, begins) if found}


def room_of(path):
    parts = path.relative_to(ROOT).parts
    depth = 3 if parts[:2] == ("tests", "unit") else 2
    return "/".join(parts[:min(depth, len(parts) - 1)])


def main():
    sources = [path for folder in ("core", "plugin", "tests/unit", "tests/faults") for path in (ROOT / folder).rglob("*")]
    declared = collections.defaultdict(set)  # by namespace
    local = collections.defaultdict(list)  # by room, namespace and name
    for path in sorted(sources):
        if path.suffix not in (".h", ".cpp"):
            continue
        text = path.read_text()
        enclosing = ENCLOSING.search(text)
        namespace = enclosing.group(1) if enclosing else ""
        if path.suffix == ".h":
            declared[namespace] |= functions(text)
            continue
        for body in re.findall(r"^namespace \{\n(.*?)^\}  // namespace$", text, re.S | re.M):
            for name in functions(body):
                local[room_of(path), namespace, name].append(path.relative_to(ROOT))
    bad = 0
    for (room, namespace, name), paths in sorted(local.items()):
        around = namespace.split("::")
        hidden = [n for n in ("::".join(around[:i]) for i in range(1, len(around) + 1)) if name in declared[n]]
        if len(paths) > 1:
            print(f"{room}: {name} stands in {' and '.join(path.name for path in paths)}")
        if hidden:
            print(f"{room}: {name} in {paths[0].name} hides that of a header of {hidden[0]}")
        bad += len(paths) > 1 or bool(hidden)
    return 1 if bad else 0


sys.exit(main())
