"""What strangers send: each has a clear answer, and the server goes on serving."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

from doors import (TEAM, Group, expect, expect_in, expect_not_in, expect_true, free_port, open_server,
                   quoted, read_answer, served, wait_until)

GROUP = Group("hostile")
test = GROUP.test


def serves(server, what):
    reply = server.run("ana", "ping")
    expect(reply["ok"], True, f"a command after {what}")


def post(server, body, person="ana", headers=None, path="/api/v1/run"):
    return server.http("POST", path, body, {"Authorization": "Bearer " + server.token(person), **(headers or {})})


BAD_JSON = [
    (b"{", "half"), (b'{"line": "ping",}', "a comma"), (b"{'line': 'ping'}", "quotes"), (b'{"line": ping}', "a word"),
    (b'{"line": "ping"} {}', "two"), (b'{"line": "ping", "line": "touch x"}', "a key twice"),
    (b'{"line": "pi\x00ng"}', "a raw NUL"), (b'{"line": "pi\\u0000ng"}', "an escaped NUL"),
    (b'{"line": "pi\nng"}', "a raw line break"), (b'{"line": "\xff\xfe"}', "invalid UTF-8"),
    (b'{"line": "\xc0\xaf"}', "an overlong form"), (b'{"line": "\xed\xa0\x80"}', "a surrogate"),
    (b'{"line": NaN}', "NaN"), (b'{"line": "ping", "wait": 1e999}', "1e999"),
    (b'{"line": "ping", "wait": 0x10}', "hexadecimal"), (b'{"a":' * 100 + b"1" + b"}" * 100, "100 levels"),
    (b"[" * 100 + b"]" * 100, "100 lists"), (b"[" * 500000, "half a million lists"), (b"\xef\xbb\xbf{}", "a mark"),
    (b'{"line": "ping" /* x */}', "a comment"), (b"\x00" * 1000, "zeros"), (b"null", "null"), (b"true", "true"),
    (b'{"line": "ping", "wait": 99999999999999999999999999}', "a number without end"),
]


@test("bad JSON is 400 with a reason, and starts nothing")
def bad_json(server):
    jobs = server.api("eve", "GET", "/jobs?limit=1")["items"]
    for body, name in BAD_JSON:
        status, headers, raw = post(server, body)
        expect((status, headers["Content-Type"]), (400, "application/json"), f"{name}: {raw[:200]!r}")
        expect(json.loads(raw)["error"]["kind"], "invalid", name)
    expect(server.api("eve", "GET", "/jobs?limit=1")["items"], jobs, "no job came of it")
    serves(server, "bad JSON")


@test("lines full of control characters, directions, typographic repairs: a clear answer each")
def odd_lines(server):
    for text in ("\x01\x02\x1b[31mred", "a\u202eb", "\u200b", "\ufeffping", "   ", "\t\n\r", "\u00a0ping\u00a0", "“ping", '"ping',
                 "ping && ping", "| ping", "ping |", "|||", "&&", "--help", "--", "-", "\\", "'", "{{what}}", "touch --what",
                 "touch what=", "=", "touch " + "a=" * 3000, "\U0001f600" * 100, "%s%s%n", "../../etc/passwd", "; rm -rf /",
                 "touch \x1b]0;x\x07", "a" * 16000, "touch " + "\u202e" * 1000, "x" + "\u0301" * 3000):
        status, _, raw = post(server, {"line": text, "wait": 10})
        reply = json.loads(raw)
        if status == 200:
            expect_true(reply["state"] in ("failed", "succeeded", "refused"), f"{text[:30]!r}: {reply['state']}")
            for sign in ("\x1b", "\x07", "\x00", "\u202e"):
                expect_not_in(sign, reply["text"], f"the answer to {text[:30]!r}")
        else:
            expect(status, 400, f"{text[:30]!r}: {raw[:200]!r}")
    expect_not_in("\x1b", server.read("server.log"), "the log")
    serves(server, "odd lines")


MARKUP = '<script>alert(1)</script> *b* `c` [x](javascript:alert(1)) & "q" \\ <!channel> @everyone'


@test("markup and HTML come back as text, everywhere")
def markup(server):
    reply = server.run("ana", "say " + MARKUP, channel="web#lobby")
    expect(reply["state"], "succeeded", f"say: {reply['text']}")
    log = server.api("ana", "GET", f"/jobs/{reply['job']}/log")["text"]
    expect_in("<script>alert(1)</script> *b*", log, "the log has it as it was")
    job = server.api("ana", "GET", f"/jobs/{reply['job']}")
    expect_in("<script>", job["line"], "the line")
    links = [block for block in job["message"]["blocks"] if block["kind"] == "link"]
    expect(links, [], "no link was made of it")
    texts = [job["message"].get("text") or ""]  # small markup; a title is plain
    texts += [block["text"] for block in job["message"]["blocks"] if block["kind"] == "text"]
    for text in texts:
        expect_true(not re.search(r"(?<!\\)\[x\]\(javascript:", text), f"markup that is a link: {text!r}")
        expect_true(not re.search(r"(?<!\\)\*b(?<!\\)\*", text), f"markup that is bold: {text!r}")
    slow = server.start_line("ana", "slow markup")
    server.wait_for("ana", slow, "running")
    server.api("ana", "POST", f"/jobs/{slow}/cancel", {"reason": MARKUP})
    ended = server.wait_for("ana", slow, "cancelled")
    expect_in("<script>alert(1)</script>", ended["text"], "the reason")
    for path in ("/jobs/" + quoted("<script>"), "/" + quoted("<script>") + ".js", "/signin/" + quoted("<script>")):
        status, headers, raw = server.http("GET", path)
        expect_not_in(b"<script>alert", raw, path)
        if b"<script>" in raw:
            expect_true(headers["Content-Type"] != "text/html; charset=utf-8" or status == 200, path)
    serves(server, "markup")


@test("bodies over the limit: 413, announced or not, and counted")
def big_bodies(server):
    name = 'opsroom_http_requests_total{path="/api/v1/run",method="POST",code="413"}'
    before = server.metric(name)
    token = server.token("ana")
    head = f"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head + b"Content-Length: 10000000\r\n\r\n" + b"x" * 1000)
        expect_in(b" 413 ", read_answer(connection)[:30], "10 MB announced: refused before it was sent")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n")
        expect_in(b" 413 ", read_answer(connection)[:30], "with Expect: 100-continue")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(160):
                connection.sendall(piece)
            connection.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        expect_in(b" 413 ", read_answer(connection)[:30], "10 MB in chunks")
    status, _, raw = post(server, b"x" * (1024 * 1024 + 1))
    expect((status, json.loads(raw)["error"]["kind"]), (413, "invalid"), "a byte over the limit")
    expect_true(post(server, b" " * (1024 * 1024))[0] == 400, "at the limit it is read")
    wait_until(lambda: server.metric(name) == before + 4, "the counter of 413")
    serves(server, "big bodies")


@test("a limit of its own, by server.limits.body")
def own_limit(binary):
    config = TEAM.replace('listen: "127.0.0.1:@PORT@"', 'listen: "127.0.0.1:@PORT@", limits: { body: 2KiB }')
    with served(binary, config) as server:
        expect(post(server, {"line": "say " + "x" * 3000})[0], 413, "3 KB")
        expect(post(server, {"line": "say " + "x" * 1000})[0], 200, "1 KB")


@test("requests that are none: 400 and the connection's end")
def bad_requests(server):
    for text in (b"GARBAGE\r\n\r\n", b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
                 b"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n",
                 b"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(200)) + b"\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 100000 + b"\r\n\r\n"):
        try:
            got = server.raw(text)
        except (ConnectionResetError, BrokenPipeError):
            continue
        expect_true(re.match(rb"HTTP/1\.[01] (4\d\d|505) ", got) or got == b"", f"{text[:60]!r}: {got[:100]!r}")
    serves(server, "bad requests")


@test("two hundred half-open connections hold nobody up")
def half_open(server):
    waiting = []
    token = server.token("ana")
    try:
        for number in range(200):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            waiting.append(connection)
            connection.sendall((b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n",
                                b"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token.encode() +
                                b"\r\nContent-Length: 100\r\n\r\n{")[number % 4])
        started = time.monotonic()
        for _ in range(10):
            serves(server, "half-open connections")
        expect(server.http("GET", "/readyz")[0], 200, "/readyz meanwhile")
        expect_true(time.monotonic() - started < 10, f"ten commands took {time.monotonic() - started:.1f} s")
    finally:
        for connection in waiting:
            connection.close()


@test("those who send a byte now and then are served, slow ones harm nobody")
def slow_sender(server):
    body = json.dumps({"line": "ping", "wait": 10}).encode()
    request = (f"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token('ana')}\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(request), 7):
            connection.sendall(request[at:at + 7])
        expect_in(b" 200 ", read_answer(connection)[:30], "a request in pieces of seven bytes")
    deaf = []
    for _ in range(20):  # asks and never reads
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.sendall(f"GET /api/v1/commands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token('ana')}\r\n\r\n"
                           .encode() * 20)
        deaf.append(connection)
    serves(server, "clients that do not read")
    for connection in deaf:
        connection.close()


@test("many at once: every line is one job")
def many(server):
    before = {item["id"] for item in server.api("eve", "GET", "/jobs?limit=200")["items"]}
    tokens = {person: server.token(person) for person in ("ana", "lea", "tom")}
    got, wrong = [], []

    def ask(person, number):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            for step in range(5):
                connection.request("POST", "/api/v1/run", json.dumps({"line": "ping", "wait": 20}),
                                   {"Authorization": "Bearer " + tokens[person]})
                reply = connection.getresponse()
                got.append(json.loads(reply.read()))
            connection.close()
        except Exception as error:  # pylint: disable=broad-except
            wrong.append(f"{person} {number}.{step}: {error!r}")
    threads = [threading.Thread(target=ask, args=(person, number)) for number in range(10) for person in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    expect(wrong, [], "requests that failed")
    expect({reply["state"] for reply in got}, {"succeeded"}, "states")
    numbers = [reply["job"] for reply in got]
    expect(len(set(numbers) - before), 150, "jobs")


@test("too many commands of one person: 429 with Retry-After, counted; others are served")
def too_many(binary):
    config = TEAM.replace('listen: "127.0.0.1:@PORT@"', 'listen: "127.0.0.1:@PORT@", limits: { commands: 5 }')
    with served(binary, config) as server:
        for _ in range(5):
            expect(post(server, {"line": "ping"})[0], 200, "within the limit")
        status, headers, raw = post(server, {"line": "ping"})
        expect((status, json.loads(raw)["error"]["kind"]), (429, "busy"), "over it")
        expect_true(1 <= int(headers["Retry-After"]) <= 60, f"Retry-After: {headers['Retry-After']}")
        expect(post(server, {"line": "ping"}, "lea")[0], 200, "another person")
        expect(post(server, {"channel": "web#ops", "text": "!ping", "id": "x"}, path="/api/v1/messages")[0], 429, "by chat")
        status, out, err = server.cli("run", "--server", f"http://127.0.0.1:{server.port}", "ping",
                                      environment={"OPSROOM_TOKEN": server.token("ana")})
        expect((status, out), (1, ""), f"the command line: {err}")
        wait_until(lambda: server.metric('opsroom_http_requests_total{path="/api/v1/run",method="POST",code="429"}') == 2,
                   "the counter of 429")
        expect(len(server.api("eve", "GET", "/jobs")["items"]), 6, "jobs")
        server.advance(61)
        wait_until(lambda: post(server, {"line": "ping"})[0] == 200, "a minute later")


@test("SIGTERM with work under way: the end within 10 s, nothing lost")
def end(binary):
    server = open_server(binary)
    try:
        jobs = [server.start_line("ana", f"slow end-{number}") for number in range(5)]
        for job in jobs:
            server.wait_for("ana", job, "running")
        waiting = []
        thread = threading.Thread(target=lambda: waiting.append(server.run("ana", "slow end-0", wait=60)))
        thread.start()
        wait_until(lambda: server.metric('opsroom_http_requests_total{path="/api/v1/run",method="POST",code="200"}') >= 5
                   and len(server.api("eve", "GET", "/jobs?open=1")["items"]) == 6, "the sixth job")
        half = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        half.sendall(b"POST /api/v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        started = time.monotonic()
        expect(server.stop(), 0, "exit status")
        expect_true(time.monotonic() - started < 10, f"it took {time.monotonic() - started:.1f} s")
        thread.join(10)
        expect_true(waiting == [] or waiting[0]["state"] in ("running", "queued"), f"who waited was told: {waiting}")
        half.close()
        for number in range(5):
            server.write(f"go-end-{number}", "")
        server.start()
        for job in jobs + [jobs[-1] + 1]:
            server.wait_for("ana", job, "succeeded")
    finally:
        server.close()


@test("a faulty configuration: no start, with every fault; at a reload the old one stays")
def bad_configuration(binary):
    with served(binary) as server:
        good = server.read("opsroom.yaml")
        for content in ("polcy: []\n" + good, "people: [", "\0\0\0", "", good.replace("commands: [ping]", "commands: { a: b }")):
            server.write("opsroom.yaml", content)
            before = server.read("server.log").count("the old configuration stays")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.read("server.log").count("the old configuration stays") > before, "the refusal")
            serves(server, "a faulty reload")
        os.remove(server.config_path)
        before = server.read("server.log").count("the old configuration stays")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.read("server.log").count("the old configuration stays") > before, "a file that is gone")
        server.write("opsroom.yaml", good.replace("commands: [ping]", "commands: [ping, say]"))
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.run("tom", "say hello")["ok"], "the new rule")
        server.stop()
        server.write("opsroom.yaml", good.replace("policy:", "polcy:").replace("directory: .", "directroy: ."))
        done = subprocess.run([binary, "serve", "-c", server.config_path], capture_output=True, text=True, timeout=30,
                              check=False, stdin=subprocess.DEVNULL)
        expect((done.returncode, done.stdout), (1, ""), "a start with faults")
        for part in ("policy", "directory", f"{server.config_path}:"):
            expect_in(part, done.stderr, "the faults")
        server.write("opsroom.yaml", good)
        server.start()


def refused_start(binary, path):
    done = subprocess.run([binary, "serve", "-c", path], capture_output=True, text=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)
    expect((done.returncode, done.stdout), (1, ""), f"exit status; {done.stderr}")
    return done.stderr


@test("a second server on the database is refused, and the first one is not harmed")
def second_server(binary):
    with served(binary) as server:
        server.write("second.yaml", server.read("opsroom.yaml").replace(str(server.port), str(free_port())))
        text = refused_start(binary, os.path.join(server.folder, "second.yaml"))
        expect_in("opsroom.db", text, "which database")
        expect_in("another", text.lower(), "why")
        serves(server, "a second server")
        expect(server.local("GET", "/me")["person"]["id"], "local", "the socket is still the first one's")


@test("a port or a socket in use: which one, and why")
def port_in_use(binary):
    with served(binary) as server:
        other = TEAM.replace("@PORT@", str(server.port)) + "store: sqlite:other.db\n"
        server.write("other/opsroom.yaml", other)
        text = refused_start(binary, os.path.join(server.folder, "other", "opsroom.yaml"))
        expect_in(f"127.0.0.1:{server.port}", text, "the address")
        expect_in("in use", text.lower(), "why")
        server.write("third.yaml", TEAM.replace("@PORT@", str(free_port())) + "store: sqlite:third.db\n")
        text = refused_start(binary, os.path.join(server.folder, "third.yaml"))
        expect_in("opsroom.sock", text, "the socket")
        serves(server, "others that wanted its port and socket")
        expect(server.local("GET", "/me")["person"]["id"], "local", "the socket is still the first one's")


@test("a database that is none, or of another program: a clear refusal")
def bad_database(binary):
    with served(binary) as server:
        server.stop()
        path = os.path.join(server.folder, "opsroom.db")
        for name in os.listdir(server.folder):
            if name.startswith("opsroom.db"):
                os.remove(os.path.join(server.folder, name))
        with open(path, "wb") as file:
            file.write(b"this is no database at all, " * 100)
        text = refused_start(binary, server.config_path)
        expect_in("opsroom.db", text, "which file")
        os.remove(path)
        os.mkdir(path)
        expect_in("opsroom.db", refused_start(binary, server.config_path), "a folder in its place")
        os.rmdir(path)
        server.start()
        serves(server, "a new database")
