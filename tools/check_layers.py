#!/usr/bin/env python3
"""Holds every #include under src/ to the table of layers, libraries to their one home, secret_open() to its callers."""
import pathlib
import re
import sys

# Folder -> folders and headers that its files may include beside their own folder; "chat/*" is every folder in chat.
LAYERS = {
    "base": "",
    "net": "base",
    "store": "base",
    "core": "base net store",
    "chat": "base core/chat.h",  # the list of platforms
    "chat/*": "base net core/chat.h core/message.h core/input.h",
    "connectors": "base core/call.h core/command.h core/message.h",  # the list of connectors
    "connectors/*": "base core/call.h core/command.h core/message.h",
    "console": "base core net/http_server.h",
    "cli": "base net store core",
    "server": "base net store core chat connectors console cli",
}
# What a library's header is called -> the only places that may include it.
LIBRARIES = {
    "microhttpd.h": "net/", "gnutls/": "net/", "curl/": "net/", "sqlite3.h": "store/", "json-c/": "base/json",
    "openssl/": "base/", "sodium": ("base/", "core/sealed"), "pcre2.h": ("base/", "core/"), "yaml.h": "core/",
    "histedit.h": "cli/",
}
SECRET_OPENERS = ("net/", "core/api.c", "base/hash.c", "base/redact.c", "base/secret.")


def within(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


def allowed_for(path):
    parts = path.split("/")
    deep = len(parts) > 2
    rule = LAYERS.get(f"{parts[0]}/*" if deep else parts[0])
    return None if rule is None else rule.split() + ["/".join(parts[:2]) if deep else parts[0]]


def faults(path, text):
    allowed = allowed_for(path)
    for number, line in enumerate(text.splitlines(), 1):
        ours = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        theirs = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if allowed is None:
            yield number, "this folder is not in the table of layers (tools/check_layers.py)"
            return
        if ours and not within(ours[1], allowed):
            yield number, f'may not include "{ours[1]}": {path.rsplit("/", 1)[0]} sees only {", ".join(allowed)}'
        for header, home in LIBRARIES.items():
            if theirs and theirs[1].startswith(header) and not path.startswith(home):
                yield number, f"may not include <{theirs[1]}>: that is for {home} alone"
        if re.search(r"\bsecret_open\s*\(", line) and not path.startswith(SECRET_OPENERS):
            yield number, "secret_open() belongs to net/, core/api.c, base/hash.c, base/redact.c, base/secret.c"


root = pathlib.Path(__file__).resolve().parent.parent / "src"
found = [f"src/{path.relative_to(root)}:{number}: {what}"
         for path in sorted(root.rglob("*.[ch]"))
         for number, what in faults(str(path.relative_to(root)), path.read_text(errors="replace"))]
sys.exit("\n".join(found) if found else 0)
