#!/usr/bin/env python3
"""What clang-tidy reads: a line for each text, its name and the options that change what the compiler sees, escaped for xargs.

    tidy_texts.py compile_commands.json [SOURCE...]     those sources, each by itself; without: everything, in few texts

Most of clang-tidy's time goes to headers, which it looks through once a text: a room is one text, some rooms share one, and so
do tests and their drivers. They are copied into it, since what is included does not reach the analyzer.
"""
import json
import os
import re
import shlex
import sys

# Rooms without a local name in common. Where one comes to be, clang-tidy says so as an error, and the room gets a text of its own.
TOGETHER = [["core_apps", "core_inplace"], ["core_apply", "core_bundle"], ["core_advise", "core_lint", "core_model"],
            ["core_docker", "core_observe", "core_verify"], ["core_compose", "core_sys"], ["core", "plugin", "plugin_commands", "plugin_views"]]
LINES = 5000  # of a text of tests, so that each processor gets some


def read(source):
    with open(source) as file:
        return file.read()


def options_of(words):
    options = []
    for index, word in enumerate(words):
        if word.startswith(("-D", "-I", "-std", "-f", "-O")):
            options.append(word)
        elif word in ("-isystem", "-include"):
            options += words[index:index + 2]
    return options


def parts(database):
    """(room or nothing, sources, options): rooms, and sources that are no part of one."""
    rooms, alone = [], []
    for entry in json.load(open(database)):
        text, options = entry["file"], options_of(shlex.split(entry["command"]))
        sources = re.findall(r'#include "(.+[.]cpp)"', read(text)) if text.endswith(".cxx") else []
        if sources:
            rooms.append((re.sub(".*/unity_(.+?)_*cxx[.]cxx", r"\1", text), sources, options))
        else:
            alone.append(("", [text], options))
    of_rooms = {source for _, sources, _ in rooms for source in sources}
    return sorted(rooms) + [one for one in alone if one[1][0] not in of_rooms]


def is_wrapped(sources):
    """Those of tests that declare nothing in a namespace of ours can lie in one that keeps their names apart from others'."""
    return all("/tests/" in source and not re.search("^(namespace [^{]|template|#(define|if))", read(source), re.M) for source in sources)


def texts(database):
    """{name: (parts, options, whether each part gets a namespace)}"""
    folder, result, lines = os.path.abspath(os.path.dirname(database)), {}, {}
    for room, sources, options in parts(database):
        wrapped = is_wrapped(sources)
        length = sum(read(source).count("\n") for source in sources)
        if wrapped:
            lines[str(options)] = lines.get(str(options), 0) + length
            name = "%s/tests/tests_%d_%d.cpp" % (folder, list(lines).index(str(options)), lines[str(options)] // LINES)
        elif room:
            shared = next((rooms for rooms in TOGETHER if room in rooms), [room])
            name = "%s/%s%s.cpp" % (folder, "tests/" if "/tests/" in sources[0] else "", shared[0])
        else:
            name = sources[0]
        result.setdefault(name, ([], options, wrapped))[0].append(sources)
    return result


def part_of(source, leave_out):
    text = read(source)
    return '#line 1 "%s"\n%s' % (os.path.relpath(source), re.sub(leave_out, "", text, flags=re.M) if leave_out else text)


def written(groups, wrapped):
    if not wrapped:
        return "".join(part_of(source, "") for sources in groups for source in sources)
    headers = "".join(part_of(source, "^(?!#include).*$") for sources in groups for source in sources)
    return headers + "".join("namespace room_%d {\n%s}\n" % (number, "".join(part_of(source, "^#include.*$") for source in sources))
                             for number, sources in enumerate(groups))


def main():
    wanted = {os.path.abspath(name) for name in sys.argv[2:]}
    lines = []
    for name, (groups, options, wrapped) in texts(sys.argv[1]).items():
        if wanted:
            lines += [[source, *options] for sources in groups for source in sources if source in wanted]
            continue
        if name not in groups[0]:
            with open(name, "w") as file:
                file.write(written(groups, wrapped))
        lines.append([name, *options])
    for words in lines:
        print(" ".join(re.sub(r"([^\w./=:+-])", r"\\\1", word) for word in words))


main()
