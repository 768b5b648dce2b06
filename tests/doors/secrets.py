"""A secret that a pipeline prints: in no message, log, answer, record or database file, in any of its forms."""
import base64
import json
import os
import urllib.parse

from doors import PIPELINES, TEAM, Group, expect, expect_in, expect_true, open_server

GROUP = Group("secrets")
test = GROUP.test
SECRET = 'pä$$/w"rd+\\ hunter2 =&%'
PLAIN = "correct-horse-battery-staple"


def forms(value):
    """The value as programs write it."""
    raw = value.encode()
    found = {"raw": value, "JSON": json.dumps(value, ensure_ascii=False)[1:-1], "URL": urllib.parse.quote(value, safe=""),
             "form": urllib.parse.quote_plus(value), "hex": raw.hex()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"abc"[:shift] + raw + b"xyz").decode()
            found[f"{encode.__name__} at {shift}"] = text[(shift * 8 + 5) // 6:(len(raw) + shift) * 8 // 6]
    return found


PRINTING = """#!/bin/sh
printf '%s\\n' "$DOOR_SECRET"
cat lines
printf 'begun with correct-horse-ba'
echo ::progress "$DOOR_PLAIN"
printf '\\ntwo writes: correct-horse'
sleep 0.3
printf '%s\\n' '-battery-staple, together'
echo "::step $DOOR_PLAIN"
echo "::output key=$DOOR_PLAIN"
echo "::url http://127.0.0.1/?token=$DOOR_PLAIN the $DOOR_PLAIN"
echo "last line $DOOR_PLAIN" >&2
exit ${1:-0}
"""

CONFIG = TEAM.replace("directory: . }", 'directory: ., environment: { DOOR_SECRET: "${env:DOOR_SECRET}", '
                      'DOOR_PLAIN: "${env:DOOR_PLAIN}" } }').replace(
    "connections: {", 'connections: { one: { type: webhook, secret: "${env:DOOR_SECRET}", header: X-Signature }, '
    'two: { type: webhook, secret: "${env:DOOR_PLAIN}", header: X-Signature },')


def everything(server, jobs):
    """(where, text) of all that anybody can see."""
    for job in jobs:
        yield f"job {job}", json.dumps(server.api("eve", "GET", f"/jobs/{job}"), ensure_ascii=False)
        yield f"the log of job {job}", server.api("eve", "GET", f"/jobs/{job}/log")["text"]
    for path in ("/jobs?limit=200", "/audit?limit=200", "/messages?channel=web%23ops&limit=200", "/commands"):
        person = "ana" if path.startswith(("/messages", "/commands")) else "eve"
        yield path, json.dumps(server.api(person, "GET", path), ensure_ascii=False)
    yield "/metrics", server.http("GET", "/metrics")[2].decode()
    yield "the export", server.cli("audit", "export")[1]
    yield "the server's log", server.read("server.log")


@test("a secret that a pipeline prints is nowhere, in none of its forms")
def printed(binary):
    lines = "".join(f"{name}: before {text} after\n" for value in (SECRET, PLAIN) for name, text in forms(value).items())
    server = open_server(binary, CONFIG, {**PIPELINES, "secretive": PRINTING, "lines": lines},
                         {"DOOR_SECRET": SECRET, "DOOR_PLAIN": PLAIN})
    try:
        live = server.stream("ana")
        jobs = [server.run("ana", "secretive", channel="web#ops")["job"]]
        expect(server.api("ana", "GET", f"/jobs/{jobs[0]}")["state"], "succeeded", "state")
        expect_in("two writes: [secret], together", server.api("ana", "GET", f"/jobs/{jobs[0]}/log")["text"], "the log")
        jobs.append(server.run("ana", f"say {PLAIN} and {SECRET}", channel="web#ops")["job"])
        jobs.append(server.run("ana", f"no such command {PLAIN}", channel="web#ops")["job"])
        jobs.append(server.start_line("ana", "slow secret"))
        server.wait_for("ana", jobs[-1], "running")
        server.api("ana", "POST", f"/jobs/{jobs[-1]}/cancel", {"reason": f"because of {PLAIN}"})
        server.wait_for("ana", jobs[-1], "cancelled")
        server.api("ana", "POST", "/messages", {"channel": "web#ops", "text": f"it is {PLAIN}", "id": "said"})
        live.until(lambda item: item[1] == "input" and "it is" in item[2]["text"], "the line that was said")
        seen = list(everything(server, jobs)) + [("the stream", json.dumps(live.seen, ensure_ascii=False))]
        live.close()
        server.stop()
        for name in os.listdir(server.folder):
            path = os.path.join(server.folder, name)
            if os.path.isfile(path) and name not in ("lines", "opsroom.yaml"):
                with open(path, "rb") as file:
                    seen.append((name, file.read().decode("utf-8", "replace")))
        # A pipeline's own output, as it wrote it, is there for the server's user only.
        expect(os.stat(os.path.join(server.folder, "runs")).st_mode & 0o077, 0, "who else may read runs/")
        found = [f"{form} of {value[:4]}... in {where}: ...{text[max(0, text.index(shape) - 60):text.index(shape) + 20]!r}"
                 for where, text in seen for value in (SECRET, PLAIN) for form, shape in forms(value).items() if shape in text]
        expect(found, [], "places where a secret stands")
        expect_true(any(name == "opsroom.db" for name, _ in seen), "the database was looked at")
    finally:
        server.close()
