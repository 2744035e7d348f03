#!/usr/bin/env python3
"""Renames everything of a project's own: rename.py FOLDER MAP. MAP has a line "OLD NEW" for each name, port and file; "OLD" may hold any sign but blanks.

A name counts where no letter or digit stands beside it, in the contents of every text file and in the names of files and folders; of package.json only in the
scripts, since npm reads the rest, and not in package-lock.json. `rename.py --back MAP` turns the new names on standard input into the old ones.
"""

import json
import os
import re
import sys


def read_map(path):
    with open(path, encoding="utf-8") as file:
        return [tuple(line.split()) for line in file if line.strip() and not line.startswith("#")]


def replacer(pairs):
    known = dict(pairs)
    # The longest first: "main.js" before "main".
    pattern = re.compile("(?<![A-Za-z0-9])(" + "|".join(re.escape(old) for old in sorted(known, key=len, reverse=True)) + ")(?![A-Za-z0-9])")
    return lambda text: pattern.sub(lambda found: known[found[0]], text)


def renamed(name, text, replace):
    if name == "package-lock.json":
        return text
    if name == "package.json":
        package = json.loads(text)
        package["scripts"] = {key: replace(script) for key, script in package.get("scripts", {}).items()}
        return json.dumps(package, indent=2) + "\n"
    return replace(text)


def main():
    if sys.argv[1] == "--back":
        sys.stdout.write(replacer([(new, old) for old, new in read_map(sys.argv[2])])(sys.stdin.read()))
        return
    folder, replace = sys.argv[1], replacer(read_map(sys.argv[2]))
    for where, folders, names in os.walk(folder, topdown=False):
        for name in names:
            path = os.path.join(where, name)
            if "node_modules" not in path and not os.path.islink(path):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                with open(path, "w", encoding="utf-8") as file:
                    file.write(renamed(name, text, replace))
        for name in names + folders:
            if (new := replace(name)) != name:
                os.rename(os.path.join(where, name), os.path.join(where, new))


if __name__ == "__main__":
    main()
