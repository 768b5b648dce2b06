#!/usr/bin/env python3
"""Turns files into a C file: embed.py OUT.c SYMBOL FILE... makes SYMBOL[] and SYMBOL_count of base/embedded.h.

Files keep the order they are given in; a name is the path below the folder that all of them share."""
import os
import sys

BYTES_PER_LINE = 24


def names_of(paths):
    folders = [os.path.dirname(os.path.abspath(path)) for path in paths]
    shared = os.path.commonpath(folders) if folders else ""
    return [os.path.relpath(os.path.abspath(path), shared).replace(os.sep, "/") for path in paths]


def array_of(number, content):
    """One byte more than the file has: text can be read as a string."""
    yield f"static const unsigned char file_{number}[] = {{"
    for start in range(0, len(content), BYTES_PER_LINE):
        yield "".join(f"{byte}," for byte in content[start:start + BYTES_PER_LINE])
    yield "0};"


def c_string(text):
    return '"' + "".join(c if c.isascii() and c.isprintable() and c not in '"\\?' else f"\\{b:03o}"
                         for c in text for b in ([ord(c)] if c.isascii() else c.encode())) + '"'


def lines_of(symbol, paths):
    yield "/* Made by tools/embed.py from the files named below. */"
    yield '#include "base/embedded.h"'
    yield ""
    yield f"extern const struct embedded_file {symbol}[];"
    yield f"extern const size_t {symbol}_count;"
    lengths = []
    for number, path in enumerate(paths):
        with open(path, "rb") as file:
            content = file.read()
        lengths.append(len(content))
        yield ""
        yield from array_of(number, content)
    yield ""
    yield f"const struct embedded_file {symbol}[] = {{"
    for number, name in enumerate(names_of(paths)):
        yield f"    {{ .name = {c_string(name)}, .bytes = file_{number}, .length = {lengths[number]} }},"
    yield "    { .name = NULL },"
    yield "};"
    yield f"const size_t {symbol}_count = {len(paths)};"


def main():
    if len(sys.argv) < 3 or not sys.argv[2].isidentifier():
        sys.exit("usage: embed.py OUT.c SYMBOL FILE...")
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("\n".join(lines_of(sys.argv[2], sys.argv[3:])) + "\n")


main()
