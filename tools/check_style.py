#!/usr/bin/env python3
"""The figures and bans of docs/style.md that no compiler knows: sizes, banned functions, unfinished work."""
import json
import pathlib
import re
import subprocess
import sys

FILE_LINES = 500
FUNCTION_LINES = 60
PARAMETERS = 7  # the interface structs need as many; 5 elsewhere
FOLDERS = ("src", "tests", "tools", "script", "console", "examples", "migrations")
MEASURED = {".c", ".h", ".py", ".js", ".mjs", ".css", ".html", ".sql", ""}
UNREAD = {"node_modules", "__pycache__", "data", "seeds", "golden"}

NUMBER_PARSERS = "the parsers of base/text.h"
NUMBER_PARSERS_HOME = "src/base/text.c"
# A name followed by a bracket, and what to use instead.
BANNED = {
    "strcpy strcat strncpy strncat sprintf vsprintf gets": "struct text of base/text.h or arena_printf()",
    "strtok sscanf": "struct span of base/text.h",
    "atoi atol atoll atof strtol strtoul strtoll strtoull strtod strtof strtold": NUMBER_PARSERS,
    "gmtime localtime ctime asctime": "base/clock.h",
    "strerror": "error_set_errno() or strerror_r()",
    "rand srand random srandom": "random_bytes() of base/hash.h",
    "system popen": "process_run() of base/process.h",
    "alloca": "the arena",
}
# Written in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME")) + r")\b")
# Such functions have the parameters that the library gives them.
LIBRARY_CALLBACK = re.compile(r"\b(MHD_|gnutls_|curl_)")
# Comments and literals blanked out, line breaks kept.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and path.suffix in MEASURED and not UNREAD & set(name.parts):
                yield str(name), path.read_text(errors="replace")


def text_faults(text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield FILE_LINES + 1, f"{len(lines)} lines in one file; at most {FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, f"unfinished work: {line.strip()}"


def c_faults(name, text):
    if not text.startswith("/*"):
        yield 1, "the first line does not say in a sentence what is in the file"
    code = NO_CODE.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(code.splitlines(), 1):
        if re.match(r"\s*typedef\s+(struct|union|enum)\b[^(]*$", line):
            yield number, "a typedef of a struct, union or enum; say struct noun"
        for names, instead in BANNED.items():
            banned = re.search(r"(?<![\w.>])(" + names.replace(" ", "|") + r")\s*\(", line)
            if banned and not (instead is NUMBER_PARSERS and name == NUMBER_PARSERS_HOME):
                yield number, f"{banned[1]}() is banned; use {instead}"


def large_functions(root, names):
    """universal-ctags knows where a function ends."""
    tags = subprocess.run(
        ["ctags", "--languages=C", "--langmap=C:.c.h", "--c-kinds=f", "--fields=+neS", "--output-format=json", "-f", "-",
         "-L", "-"], input="\n".join(names), capture_output=True, text=True, cwd=root, check=True)
    for tag in map(json.loads, tags.stdout.splitlines()):
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES:
            yield f"{tag['path']}:{tag['line']}: {tag['name']}() has {lines} lines; at most {FUNCTION_LINES}"
        count = tag.get("signature", "").count(",") + 1
        if count > PARAMETERS and not LIBRARY_CALLBACK.search(tag.get("typeref", "") + tag.get("signature", "")):
            yield f"{tag['path']}:{tag['line']}: {tag['name']}() has {count} parameters; at most {PARAMETERS}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found, c_files = [], []
    for name, text in files(root):
        faults = list(text_faults(text))
        if name.endswith((".c", ".h")):
            faults += c_faults(name, text)
            c_files.append(name)
        found += [f"{name}:{number}: {what}" for number, what in faults]
    found += large_functions(root, c_files)
    if '"resolved"' in (root / "package-lock.json").read_text():
        found.append('package-lock.json:1: names a registry; install with this folder\'s .npmrc and drop "resolved"')
    sys.exit("\n".join(found) if found else 0)


main()
