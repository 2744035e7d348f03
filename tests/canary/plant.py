#!/usr/bin/env python3
"""Makes a Compose project that keeps a canary in every place where a stack keeps secrets: plant.py TEMPLATE DIR MANIFEST

In the template's files {{PLACE}} stands for that place's canary, {{PLACE|url}} for it URL-encoded, {{PLACE|base64}} for it in base64, {{PLACE|core}} for its
letters alone, where no other character can be, {{PLACE|basic}} for it as a password in HTTP's basic form. {{PLACE|all}} is the three forms with blanks between. A new place is a new word in the template.
"""

import base64
import json
import os
import re
import secrets
import string
import sys
from urllib.parse import quote

FORMS = {"": lambda canary: canary["value"], "url": lambda canary: quote(canary["value"], safe=""), "base64": lambda canary: base64.b64encode(canary["value"].encode()).decode(),
         "core": lambda canary: canary["core"], "basic": lambda canary: base64.b64encode(b"user:" + canary["value"].encode()).decode()}
FORMS["all"] = lambda canary: " ".join(FORMS[name](canary) for name in ("", "url", "base64"))


class Garden:
    def __init__(self):
        self.canaries = {}

    def canary(self, place):
        if place not in self.canaries:
            # Nine letters that occur nowhere by chance, then signs that make the three forms differ.
            core = secrets.choice(string.ascii_uppercase) + "".join(secrets.choice(string.ascii_letters) for _ in range(8))
            self.canaries[place] = {"place": place, "core": core, "value": f"{core}+/&={secrets.choice(string.ascii_letters)}?"}
        return self.canaries[place]

    def fill(self, text):
        return re.sub(r"\{\{([a-z0-9_]+)(?:\|([a-z0-9]+))?\}\}", lambda found: FORMS[found[2] or ""](self.canary(found[1])), text)


def main():
    template, directory, manifest = sys.argv[1:4]
    garden = Garden()
    for folder, _, names in os.walk(template):
        for name in names:
            source = os.path.join(folder, name)
            target = os.path.join(directory, garden.fill(os.path.relpath(source, template)))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(source, encoding="utf-8") as read, open(target, "w", encoding="utf-8") as write:
                write.write(garden.fill(read.read()))
            os.chmod(target, os.stat(source).st_mode)
    with open(manifest, "w", encoding="utf-8") as file:
        json.dump(list(garden.canaries.values()), file, indent=1)
    print(len(garden.canaries))


if __name__ == "__main__":
    main()
