"""Every block of code in docs/writing-a-connector.md stands in the file that is built and run."""
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOCUMENT = "docs/writing-a-connector.md"
# The language of a block -> the files it may be quoted from.
SOURCES = {
    "c": ("examples/connector/statuspage.c", "examples/connector/statuspage.h", "tests/tutorial/connectors.c"),
    "python": ("tests/tutorial/fake_statuspage.py",),
    "yaml": ("tests/tutorial/incident.scn",),
    "scn": ("tests/tutorial/incident.scn", "tests/tutorial/once.scn", "tests/tutorial/approval.scn"),
}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def stands_in(block, text):
    """Line by line, in a row; how deep it is indented does not matter, nor does a line of dots for what is left out."""
    wanted = [line.strip() for line in block.split("\n")]
    have = [line.strip() for line in text.split("\n")]
    return any(have[at:at + len(wanted)] == wanted for at in range(len(have) - len(wanted) + 1))


def results():
    """(what, None) or (what, what is wrong) for every block, and for the functions that no block shows."""
    document = read(DOCUMENT)
    found = []
    for match in re.finditer(r"^```(\w+)\n(.*?)^```", document, re.MULTILINE | re.DOTALL):
        language, block = match[1], match[2].rstrip("\n")
        line = document.count("\n", 0, match.start()) + 1
        if language in SOURCES:
            there = any(stands_in(block, read(name)) for name in SOURCES[language])
            found.append((f"{DOCUMENT}:{line}: {language}", None if there else
                          f"these lines stand in none of {', '.join(SOURCES[language])}:\n{block}"))
    if not found:
        found.append((DOCUMENT, "there is no code in it"))
    return found
