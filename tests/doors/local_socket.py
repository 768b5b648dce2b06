"""The local socket: the right to open it is the authentication."""
import getpass
import os
import socket
import stat
import subprocess

from doors import TEAM, Group, expect, expect_in, expect_true, served

GROUP = Group("local socket")
test = GROUP.test


@test("its mode is 0600, and it is there only while the server runs")
def mode(binary):
    with served(binary) as server:
        path = os.path.join(server.folder, "opsroom.sock")
        expect(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
        server.stop()
        expect(os.path.exists(path), False, "after the end")
        server.start()
        server.kill()
        expect(os.path.exists(path), True, "after a kill it is left behind")
        server.start()
        expect(server.local("GET", "/me")["person"]["id"], "local", "and replaced")


@test("who asks: the built-in person local, or the one whose account the Unix user is")
def who(binary):
    me = getpass.getuser()
    with served(binary) as server:
        reply = server.local("GET", "/me")
        expect((reply["person"]["id"], reply["account"]), ("local", f"unix:{me}"), "without accounts.local")
        expect(server.local("POST", "/run", {"line": "touch x", "wait": 10})["state"], "refused", "local has no rights")
    with served(binary, TEAM.replace("accounts: { web: ana }", f"accounts: {{ web: ana, local: {me} }}")) as server:
        expect(server.local("GET", "/me")["person"]["id"], "ana", "with accounts.local")
        expect(server.local("POST", "/run", {"line": "touch x", "wait": 10})["state"], "succeeded", "ana's rights")


@test("as: another person's name, and the audit names the Unix user too")
def acting_as(server):
    reply = server.local("POST", "/run", {"line": "touch as-ana", "as": "ana", "wait": 10})
    expect((reply["state"], reply["ok"]), ("succeeded", True), "as ana")
    job = server.local("POST", "/run", {"line": "touch as-tom", "as": "tom", "wait": 10})
    expect(job["state"], "refused", "as tom")
    records = server.api("eve", "GET", f"/audit?job={reply['job']}")["items"]
    expect({(record["person"], record.get("account")) for record in records if record["kind"] == "asked"},
           {("ana", f"unix:{getpass.getuser()}")}, "the audit")
    expect_in("nobody", server.local("POST", "/run", {"line": "ping", "as": "nobody"}, expect=400)["error"]["text"],
              "a person that is not there")
    first = server.local("POST", "/run", {"line": "touch one-as", "as": "ana", "wait": 10, "request_id": "as-1"})
    again = server.local("POST", "/run", {"line": "touch one-as", "as": "ana", "wait": 10, "request_id": "as-1"})
    expect(again["job"], first["job"], "request_id with as")


@test("a channel is taken as given, and the audit says so")
def channel_given(server):
    reply = server.local("POST", "/run", {"line": "only-ops", "as": "ana", "channel": "web#ops", "wait": 10})
    expect(reply["state"], "succeeded", "in web#ops")
    reply = server.local("POST", "/run", {"line": "only-ops", "as": "ana", "wait": 10})
    expect(reply["state"], "refused", "in no channel")
    status = server.local("POST", "/run", {"line": "ping", "as": "ana", "channel": "web#@lea", "wait": 10})
    records = server.api("eve", "GET", f"/audit?job={status['job']}")["items"]
    asked = [record for record in records if record["kind"] == "asked"][0]
    expect((asked["place"], asked["detail"].get("place_said")), ("web#@lea", True), "the audit of a channel not theirs")


@test("tokens are made there without a rule")
def tokens(server):
    made = server.local("POST", "/tokens", {"person": "lea"})
    server.local("DELETE", f"/tokens/{made['id']}")
    server.local("POST", "/tokens", {"person": "nobody"}, expect=404)
    server.local("POST", "/tokens", {"note": "for whom"}, expect=400)


@test("what is no request there harms nobody")
def nonsense(server):
    for text in (b"", b"\0\0\0\0", b"GET / HTTP/1.1\r\nHo", b"GET /api/v1/me\r\n\r\n", b"x" * 100000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(os.path.join(server.folder, "opsroom.sock"))
            try:
                connection.sendall(text)
            except (ConnectionResetError, BrokenPipeError):
                pass
    expect(server.local("GET", "/me")["person"]["id"], "local", "afterwards")


@test("another user of the machine cannot open it")
def other_user(server):
    if os.getuid() != 0:
        return
    os.chmod(server.folder, 0o755)
    program = ("import socket; socket.socket(socket.AF_UNIX).connect('" + os.path.join(server.folder, "opsroom.sock") +
               "')")
    done = subprocess.run(["python3", "-c", program], user="nobody", capture_output=True, text=True, timeout=20,
                          check=False, cwd="/")
    expect_true(done.returncode != 0, "nobody may open it")
    expect_in("PermissionError", done.stderr, "the reason")
