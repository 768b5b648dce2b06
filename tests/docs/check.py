#!/usr/bin/env python3
"""Documents held against the program: check.py --opsroom PATH

docs/configuration.md has every key of the configuration tables with its fallback, and no other.  Blocks of YAML after the
line "<!-- check -->" are configurations without a fault.  The commands of README's tour exist and mean something in
examples/local.  Links lead to files."""
import argparse
import glob
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(glob.glob("docs/*.md", root_dir=ROOT))]
TABLES = ["src/core/config_*.c", "src/connectors/local/local.c", "src/connectors/local/deploy.c",
          "src/connectors/webhook/webhook.c", "src/chat/web/web.c"]
# Tables of these files that are no configuration.
OTHERS = {"deploy_state"}
# Keys that are read without a table: struct -> the array they stand in.
MORE = {"server_section": "parts", "app_section": "app_keys", "environment_section": "environment_keys",
        "command_section": "command_keys", "rule_section": "approval_key"}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def program_tables():
    """struct -> {key: fallback or None}"""
    source = "".join(read(name) for pattern in TABLES for name in sorted(glob.glob(pattern, root_dir=ROOT)))
    tables = {}
    for struct, key, rest in re.findall(r'FIELD\(struct (\w+), \w+, \.key = "(\w+)"(.*?)\),\n', source, re.DOTALL):
        if struct not in OTHERS:
            fallback = re.search(r'\.fallback = "([^"]*)"', rest)
            tables.setdefault(struct, {})[key] = fallback[1] if fallback else None
    for struct, array in MORE.items():
        found = re.search(r"char \*const %s\[\] = \{(.*?)\}" % array, source, re.DOTALL)
        for key in re.findall(r'"(\w+)"', found[1]):
            tables[struct][key] = None
    return tables


def document_tables():
    """struct -> {key: what counts unless it is given}"""
    tables = {}
    for struct, rows in re.findall(r"<!-- table: (\w+) -->\n((?:\|.*\n)+)", read("docs/configuration.md")):
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows.splitlines()[2:]]
        tables[struct] = {row[0].strip("`"): row[1] for row in cells}
    return tables


def check_keys():
    program, document = program_tables(), document_tables()
    sections = re.search(r"section_keys\[\] = \{(.*?)\}", read("src/core/config.c"), re.DOTALL)[1]
    headings = re.findall(r"^## (\w+)$", read("docs/configuration.md"), re.MULTILINE)
    lost = set(re.findall(r'"(\w+)"', sections)) ^ set(headings)
    yield "docs/configuration.md: sections", f"not in both: {', '.join(sorted(lost))}" if lost else None
    for struct in sorted({*program, *document}):
        wrong = []
        have, said = program.get(struct, {}), document.get(struct, {})
        wrong += [f"{key} is not in the document" for key in have if key not in said]
        wrong += [f"{key} is not in the program" for key in said if key not in have]
        wrong += [f"{key}: the fallback is {fallback!r}, the document says {said[key]!r}"
                  for key, fallback in have.items() if fallback and key in said and said[key] != f"`{fallback}`"]
        yield f"docs/configuration.md: {struct}", "\n".join(wrong) or None


def check_yaml(opsroom):
    for name in DOCUMENTS:
        document = read(name)
        for match in re.finditer(r"<!-- check -->\n```yaml\n(.*?)^```", document, re.MULTILINE | re.DOTALL):
            line = document.count("\n", 0, match.start()) + 1
            with tempfile.TemporaryDirectory(prefix="opsroom-docs-") as folder:
                path = os.path.join(folder, "opsroom.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(match[1])
                names = re.findall(r"\$\{env:(\w+)\}", match[1])
                ran = run(opsroom, "check", "-c", path, env={name: "a-secret-for-tests" for name in names})
            yield f"{name}:{line}: configuration", None if ran.returncode == 0 and not ran.stderr else ran.stdout + ran.stderr


def run(opsroom, *words, env=None):
    return subprocess.run([opsroom, *words], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **(env or {})})


def check_tour(opsroom):
    """explain knows what may be run; that somebody may not is fine, a command or argument that is not there is not."""
    with tempfile.TemporaryDirectory(prefix="opsroom-docs-") as folder:
        shutil.copy(os.path.join(ROOT, "examples/local/opsroom.yaml"), folder)
        path = os.path.join(folder, "opsroom.yaml")
        ran = run(opsroom, "check", "-c", path)
        yield "examples/local/opsroom.yaml", None if ran.returncode == 0 else ran.stdout + ran.stderr
        tour = re.search(r"^\| type, as Ana .*?\n\n", read("README.md"), re.MULTILINE | re.DOTALL)
        lines = [line for row in (tour[0] if tour else "").strip().splitlines()[2:]
                 for line in re.findall(r"`([^`]+)`", row.split("|")[1])]
        yield "README.md: a tour", None if len(lines) > 8 else "it has lost its lines"
        for line in lines:
            ran = run(opsroom, "explain", "-c", path, "--as", "ana", line)
            good = ran.stdout.startswith(("allowed: ", "refused: "))
            yield f"README.md: {line}", None if good else ran.stdout + ran.stderr


def check_links():
    for name in DOCUMENTS:
        lost = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", re.sub(r"```.*?```|`[^`\n]*`", "", read(name), flags=re.DOTALL))
                if not os.path.exists(os.path.join(ROOT, os.path.dirname(name), link))]
        yield f"{name}: links", f"these lead nowhere: {', '.join(lost)}" if lost else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--opsroom", required=True)
    given = parser.parse_args()
    opsroom = os.path.abspath(given.opsroom)
    results = [*check_keys(), *check_yaml(opsroom), *check_tour(opsroom), *check_links()]
    for number, (title, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {title}")
        if wrong:
            print("".join(f"# {line}\n" for line in wrong.strip().split("\n")), end="")
    print(f"1..{len(results)}")
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
