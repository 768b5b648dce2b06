"""What the door tests share: registration, expectations, a team's configuration, the local socket, live streams.

Standard library only; shares no code with the product."""
import http.client
import json
import os
import queue
import shutil
import socket
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from opsroom import Failure, Server, free_port, wait_until  # noqa: E402,F401

ROOT = os.path.dirname(os.path.dirname(HERE))


class Skip(Exception):
    """The test needs something that this machine or this build does not have."""


class Group:
    """The tests of one file.  Those that take a server share one, in which each works with names of its own."""

    def __init__(self, name, config=None, files=None, environment=None):
        self.name = name
        self.config, self.files, self.environment = config, files, environment
        self.tests = []

    def test(self, title):
        def add(function):
            self.tests.append((title, function))
            return function
        return add

    def run(self, binary, wanted, report):
        """report(title, what is wrong, skipped) for each."""
        server = None
        try:
            for title, function in self.tests:
                if wanted and wanted not in title:
                    continue
                try:
                    takes = function.__code__.co_varnames[:function.__code__.co_argcount]
                    if "server" in takes and server is None:
                        server = open_server(binary, self.config, self.files, self.environment)
                    values = {"server": server, "binary": binary}
                    function(**{name: values[name] for name in takes})
                    report(f"{self.name}: {title}", None, None)
                except Skip as reason:
                    report(f"{self.name}: {title}", None, str(reason))
                except Failure as failure:
                    report(f"{self.name}: {title}", f"{failure}{log_of(server)}", None)
                except Exception as error:  # pylint: disable=broad-except
                    where = error.__traceback__
                    while where.tb_next is not None and HERE in where.tb_next.tb_frame.f_code.co_filename:
                        where = where.tb_next
                    report(f"{self.name}: {title}", f"line {where.tb_lineno}: {error!r}{log_of(server)}", None)
                if server is not None and not server.is_alive():
                    server.close()
                    server = None
        finally:
            if server is not None:
                close(server)


def log_of(server):
    if server is None or server.is_alive():
        return ""
    return f"\nthe server ended with {server.process.returncode}:\n{server.log_tail()}"


def close(server):
    """Ends it in order: a sanitizer's findings at the end count too."""
    try:
        alive = server.is_alive()
        status = server.stop()
        if alive and status != 0:
            raise Failure(f"the server's end: expected exit status 0, got {status}:\n{server.log_tail()}")
    finally:
        server.close()


def open_server(binary, config=None, files=None, environment=None):
    server = Door(binary, config or TEAM, dict(PIPELINES, **(files or {})), environment)
    try:
        server.start()
    except Exception:
        server.close()
        raise
    return server


class served:
    """with served(binary, ...) as server: a server of the test's own."""

    def __init__(self, binary, config=None, files=None, environment=None):
        self.given = (binary, config, files, environment)
        self.server = None

    def __enter__(self):
        self.server = open_server(*self.given)
        return self.server

    def __exit__(self, kind, value, trace):
        if kind is None:
            close(self.server)
            return
        tail = "" if self.server.is_alive() else log_of(self.server)
        self.server.close()
        if tail and issubclass(kind, Failure):
            raise Failure(f"{value}{tail}") from None


def expect(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}\nexpected: {wanted!r}\ngot:      {got!r}")


def expect_in(part, whole, what):
    if part not in whole:
        raise Failure(f"{what}\nexpected: ...{part!r}...\ngot:      {str(whole)[:1500]!r}")


def expect_not_in(part, whole, what):
    if part in whole:
        raise Failure(f"{what}\nexpected: without {part!r}\ngot:      {str(whole)[:1500]!r}")


def expect_true(condition, what):
    if not condition:
        raise Failure(what)


def quoted(text):
    return urllib.parse.quote(text, safe="")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the local socket."""

    def __init__(self, path, limit_s):
        super().__init__("localhost", timeout=limit_s)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


# Every reply of the API that the tests have seen: (method, path, status, JSON), for the comparison with openapi.json.
SEEN = []


def remember(method, path, status, headers, raw):
    if path.startswith("/api/v1/") and headers.get("Content-Type") == "application/json" and method != "HEAD":
        try:
            SEEN.append((method, path, status, json.loads(raw)))
        except ValueError:
            raise Failure(f"{method} {path}: the body is no JSON: {raw[:300]!r}") from None


class Door(Server):
    """A server, and its doors."""

    def close(self):
        """A pipeline that saw its folder go may still write its status."""
        super().close()

        def is_gone():
            shutil.rmtree(self.folder, ignore_errors=True)
            return not os.path.exists(self.folder)
        if not os.environ.get("KEEP"):
            wait_until(is_gone, "the folder's end")

    def http(self, method, path, body=None, headers=None, limit_s=30):
        status, got, raw = super().http(method, path, body, headers, limit_s)
        remember(method, path, status, got, raw)
        return status, got, raw

    def local(self, method, path, body=None, expect=200, limit_s=30):
        """Over the local socket; the reply's JSON."""
        connection = UnixConnection(os.path.join(self.folder, "opsroom.sock"), limit_s)
        try:
            connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body))
            reply = connection.getresponse()
            raw = reply.read()
            remember(method, "/api/v1" + path, reply.status, dict(reply.getheaders()), raw)
        finally:
            connection.close()
        if expect is not None and reply.status != expect:
            raise Failure(f"{method} {path} over the socket: expected {expect}, got {reply.status}: {raw[:500]!r}")
        return json.loads(raw)

    def raw(self, text, limit_s=15, end=False):
        """Bytes as they are; all that comes back until the server ends the connection, or the first whole answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=limit_s) as connection:
            connection.sendall(text)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return read_answer(connection)

    def start_line(self, person, line, **more):
        """The job's number, at once."""
        return self.api(person, "POST", "/run", {"line": line, "wait": 0, **more})["job"]

    def wait_for(self, person, job, *states):
        last = {}

        def look():
            last.update(self.api(person, "GET", f"/jobs/{job}"))
            return last if last["state"] in states else None
        try:
            return wait_until(look, f"job {job} to be {' or '.join(states)}")
        except Failure as failure:
            raise Failure(f"{failure}\nexpected: {states}\ngot:      {last.get('state')}: {last.get('text')}") from None

    def error(self, person, method, path, body=None, status=400):
        """The error's text of a request that must be refused."""
        reply = self.api(person, method, path, body, expect=status)
        expect(sorted(reply), ["error"], f"{method} {path}: the members of an error")
        expect(sorted(reply["error"]), ["kind", "text"], f"{method} {path}: the members of error")
        return reply["error"]["text"]

    def stream(self, person, query="", last_id=None):
        return Stream(self, self.token(person), query, last_id)

    def metric(self, text):
        """The value of one sample, written as in the text format; 0 when it is not there."""
        for line in self.http("GET", "/metrics")[2].decode().splitlines():
            if line.startswith(text + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0


def read_answer(connection):
    """The first answer on a connection, by Content-Length or to its end."""
    got = b""
    while True:
        head, found, body = got.partition(b"\r\n\r\n")
        if found:
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length" and len(body) >= int(value):
                    return got
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return got
        if not piece:
            return got
        got += piece


class Stream:
    """A live stream, read by a thread of its own: items are (id, event, data)."""

    def __init__(self, server, token, query="", last_id=None):
        headers = {"Authorization": "Bearer " + token}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.connection.request("GET", "/api/v1/stream" + query, None, headers)
        self.reply = self.connection.getresponse()
        self.seen = []
        self.items = queue.Queue()
        if self.reply.status == 200:
            self.thread = threading.Thread(target=self.read, daemon=True)
            self.thread.start()
            self.until(lambda item: item[1] == "hello", "the stream's hello")

    def read(self):
        fields = {}
        try:
            for line in self.reply:
                line = line.decode().rstrip("\n")
                if line == "":
                    if "data" in fields:
                        self.items.put((fields.get("id"), fields.get("event"), json.loads(fields["data"])))
                    fields = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = fields.get(name, "") + value
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass
        self.items.put(None)

    def until(self, wanted, what, limit_s=20):
        """Reads on until wanted(item); that item."""
        end = time.monotonic() + limit_s
        while True:
            try:
                item = self.items.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise Failure(f"waited {limit_s} s for {what}; seen: {self.seen[-10:]}") from None
            if item is None:
                raise Failure(f"the stream ended before {what}; seen: {self.seen[-10:]}")
            self.seen.append(item)
            if wanted(item):
                return item

    def until_end(self, limit_s=20):
        """What comes until the server ends it."""
        end = time.monotonic() + limit_s
        while True:
            try:
                item = self.items.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise Failure(f"waited {limit_s} s for the stream's end; seen: {self.seen[-10:]}") from None
            if item is None:
                return self.seen
            self.seen.append(item)

    def last_id(self):
        return [item[0] for item in self.seen if item[0] is not None][-1]

    def close(self):
        try:
            self.reply.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # pylint: disable=protected-access
        except (OSError, AttributeError):
            pass
        self.connection.close()


def pages(server, person, path, limit):
    """Every item of a list, by its pages."""
    items, cursor, seen = [], None, set()
    while True:
        joint = "&" if "?" in path else "?"
        page = server.api(person, "GET", f"{path}{joint}limit={limit}" + (f"&cursor={quoted(cursor)}" if cursor else ""))
        expect(sorted(page), ["items", "next"], f"the members of a page of {path}")
        expect_true(len(page["items"]) <= limit, f"{path}: {len(page['items'])} items on a page of {limit}")
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
        expect_true(isinstance(cursor, str), f"{path}: next is no text: {cursor!r}")
        expect_true(cursor not in seen, f"{path}: the cursor {cursor!r} comes back")
        seen.add(cursor)


TEAM = """
server: { listen: "127.0.0.1:@PORT@" }
chats: { web: { type: web, channels: [lobby, ops] } }
connections: { local: { type: local, directory: . } }
people:
  ana: { name: Ana Silva, accounts: { web: ana }, groups: [deployers] }
  lea: { name: Lea Brandt, accounts: { web: lea }, groups: [deployers, leads] }
  max: { name: Max Roth, accounts: { web: max }, groups: [leads] }
  tom: { name: Tom Okafor, accounts: { web: tom } }
  eve: { name: Eve Adler, accounts: { web: eve }, groups: [admins] }
policy:
  - { allow: everyone, commands: [ping] }
  - { allow: deployers, commands: [touch, slow, broken, say, secretive] }
  - { allow: deployers, commands: [guarded], approval: { from: leads, count: 1, within: 30m } }
  - { allow: deployers, commands: [only-ops], channels: ["web#ops"] }
  - { allow: admins, commands: [audit, jobs, "job show", "job log", "job cancel", approvals, connections, status, "token *", reload, events, "event send"] }
commands:
  touch: { help: Leave a mark, args: { what: { type: string, help: what to touch } }, run: [./touch, "{{what}}"] }
  say: { help: Say it back, args: { text: rest }, run: [./say, "{{text}}"] }
  slow: { help: Run until told, args: { name: string }, run: [./slow, "{{name}}"] }
  broken: { help: End badly, run: [./broken] }
  guarded: { help: Needs an approval, args: { what: string }, run: [./touch, "{{what}}"] }
  only-ops: { help: In one channel only, run: [./touch, ops] }
  secretive: { help: Print what it knows, run: [./secretive] }
"""

PIPELINES = {
    "touch": "#!/bin/sh\necho \"touched $1\" >> effects\necho \"touched $1\"\n",
    "say": "#!/bin/sh\nprintf '%s\\n' \"$1\"\n",
    "slow": "#!/bin/sh\necho \"::step work\"\necho \"begun $1\"\nwhile [ -e \"$0\" ] && [ ! -e \"go-$1\" ]; do sleep 0.02; done\n"
            "echo \"ended $1\"\n",
    "broken": "#!/bin/sh\necho going wrong\nexit 3\n",
    "secretive": "#!/bin/sh\necho nothing\n",
}
