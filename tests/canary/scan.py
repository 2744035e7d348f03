#!/usr/bin/env python3
"""Looks for canaries: scan.py MANIFEST FILE_OR_FOLDER...

A canary counts in every form in which a program might carry it: as it is, in other letter case, URL-encoded, base64 at any of the three
alignments (also URL-safe), hexadecimal. Its core of nine letters is looked for rather than the whole, so that a cut, quoted or escaped one is found too.
Prints each find and ends with 1; ends with 2 when there was nothing to look into.
"""

import base64
import json
import os
import sys


def forms(core):
    raw = core.encode()
    yield "as it is", raw.lower()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw + b"\0" * ((-shift - len(raw)) % 3))
        # What lies beside the value in the same group of three bytes changes the outer characters.
        inner = text[(shift * 8 + 5) // 6: (shift + len(raw)) * 8 // 6]
        yield "base64", inner
        if inner != inner.replace(b"+", b"-").replace(b"/", b"_"):
            yield "base64url", inner.replace(b"+", b"-").replace(b"/", b"_")
    yield "hexadecimal", raw.hex().encode()


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in names)
        elif os.path.exists(path):
            yield path


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        canaries = json.load(file)
    wanted = [(canary["place"], form, bytes_) for canary in canaries for form, bytes_ in forms(canary["core"])]
    looked = found = 0
    for path in files(sys.argv[2:]):
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            data = path.encode() + b"\n" + file.read()
        looked += 1
        folded = data.lower()
        for place, form, bytes_ in wanted:
            where = folded if form == "as it is" else data
            if (at := where.find(bytes_)) >= 0:
                found += 1
                around = data[max(at - 60, 0): at].decode(errors="replace").split("\n")[-1]
                print(f"LEAK of {place} ({form}) in {path} after {around!r}")
    if not looked:
        print("nothing to look into")
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
