#!/usr/bin/env python3
"""Puts the lines that are told to a user of nginx where their headings say, one configuration a finding.
   nginx_files.py FOLDER      standard input: {finding: text}
A line without indent says where the indented ones below it belong. Findings without such lines get no file. Prints the names of the files."""
import json
import pathlib
import sys

WHOLE = """{main}
events {{}}
http {{
{http}
  server {{
    listen 127.0.0.1:8099;
{server}
    location / {{
{location}
    }}
  }}
}}
"""


def place_of(heading):
    for sign, place in (("main context", "main"), ("in http", "http"), ("server", "server"), ("location", "location")):
        if sign in heading and (heading.rstrip().endswith(":") or place == "location"):
            return place
    return None


def main(arguments):
    folder = pathlib.Path(arguments[0])
    for name, fix in sorted(json.load(sys.stdin).items()):
        lines = {"main": [], "http": [], "server": [], "location": []}
        place = None
        for line in fix.splitlines():
            if not line.startswith(" "):
                place = place_of(line)
            elif place:
                lines[place].append(line)
        if not any(lines.values()):
            continue
        passed = [line for line in lines["location"] if line.lstrip().startswith("proxy_pass ")]
        others = [line for line in lines["location"] if line not in passed]
        lines["location"] = (passed[:1] or ["  proxy_pass http://app:3000;"]) + others
        (folder / f"{name}.conf").write_text(WHOLE.format(**{key: "\n".join(value) for key, value in lines.items()}), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
