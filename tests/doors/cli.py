"""The command line: help, exit statuses, what goes to standard output and what to standard error."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from doors import TEAM, Group, expect, expect_in, expect_not_in, expect_true, free_port, served, open_server

GROUP = Group("command line", environment={"OPSROOM_URL": "", "OPSROOM_TOKEN": ""})
test = GROUP.test
SUBCOMMANDS = ("serve", "init", "check", "run", "chat", "audit", "token", "secret", "explain", "version")


def call(binary, *words, folder="/", stdin="", environment=None, limit_s=60):
    """(exit status, stdout, stderr) of a subcommand somewhere."""
    environment = {**os.environ, "OPSROOM_URL": "", "OPSROOM_TOKEN": "", **(environment or {})}
    done = subprocess.run([binary, *words], input=stdin, text=True, capture_output=True, timeout=limit_s, cwd=folder,
                          env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


class Folder:
    """A folder for files, gone afterwards."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="opsroom-cli-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def write(self, name, content):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8") as file:
            return file.read()


@test("--help of each: on standard output, exit status 0")
def helps(binary):
    for words in (("--help",), ("help",)):
        status, out, err = call(binary, *words)
        expect((status, err), (0, ""), f"opsroom {words[0]}")
        for name in SUBCOMMANDS:
            expect_in(f"opsroom {name}", out, f"opsroom {words[0]}")
    for name in SUBCOMMANDS:
        for flag in ("--help", "-h"):
            status, out, err = call(binary, name, flag)
            expect((status, err), (0, ""), f"opsroom {name} {flag}")
            expect_true(out.startswith(f"opsroom {name}"), f"opsroom {name} {flag}: {out[:100]!r}")
    expect(call(binary, "help", "run"), call(binary, "run", "--help"), "opsroom help run")


@test("a wrong use: exit status 2, nothing on standard output, the remedy on standard error")
def usage(binary):
    for words, part in (((), "opsroom"), (("explode",), '"explode"'), (("--explode",), "--help"),
                        (("serve", "x"), '"x"'), (("serve", "--port", "1"), "--port"), (("serve", "-c"), "-c"),
                        (("check", "a.yaml"), '"a.yaml"'), (("check", "--c=x", "y"), '"y"'),
                        (("run",), "quotes"), (("run", "--wait", "soon", "ping"), "--wait"),
                        (("run", "--wait", "11m", "ping"), "--wait"), (("run", "--jsno", "ping"), "--jsno"),
                        (("run", "deploy", "--force"), "quotes"), (("run", "--json=no", "ping"), "--json"),
                        (("chat", "ping"), '"ping"'), (("audit",), "list"), (("audit", "explode"), "list"),
                        (("audit", "show"), "show NUMBER"), (("audit", "list", "--limit", "x"), "--limit"),
                        (("audit", "list", "--limit", "0"), "--limit"), (("audit", "list", "--limit", "-3"), "--limit"),
                        (("audit", "list", "--job", "x"), "--job"), (("audit", "list", "--since", "x"), "--since"),
                        (("token",), "create"), (("token", "explode"), "create"), (("token", "revoke"), "revoke"),
                        (("secret",), "set"), (("secret", "set"), "set NAME"), (("secret", "set", "A", "value"), "standard input"),
                        (("secret", "remove"), "remove"), (("explain",), "quotes"), (("init", "a", "b"), '"b"'),
                        (("version", "x"), '"x"')):
        status, out, err = call(binary, *words)
        if words:
            expect(out, "", f"opsroom {' '.join(words)}: standard output")
        expect(status, 2, f"opsroom {' '.join(words)}: exit status; {err}")
        expect_in(part, err or out, f"opsroom {' '.join(words)}: what it says")


@test("version")
def version(binary):
    status, out, err = call(binary, "version")
    expect((status, err), (0, ""), "version")
    expect_true(re.fullmatch(r"opsroom \d+\.\d+\.\d+\n", out), f"version: {out!r}")


FAULTY = """server: { listen: "127.0.0.1:8080", publc_url: https://ops.example.com }
store: mysql:x
chats: { web: { type: wbe } }
connections:
  ci: { type: local, directory: ., timeot: 3m }
people:
  ana: { name: Ana, groups: [a] }
  ana: { name: Twice }
policy:
  - { allow: nobody-there, commands: [ping] }
  - { alow: ana }
commands:
  disk: { help: Disks, run: "df -h" }
"""


@test("check: every fault at once as FILE:LINE:COL: what, with the line and the near key; exit status 1")
def check(binary):
    with Folder() as folder:
        path = folder.write("opsroom.yaml", FAULTY)
        status, out, err = call(binary, "check", "-c", path)
        expect((status, out), (1, ""), f"check of a faulty file: {err}")
        faults = re.findall(r"^(.+?):(\d+):(\d+): (.+)$", err, re.MULTILINE)
        expect_true(all(fault[0] == path for fault in faults), f"each names the file as it was given: {faults}")
        lines = [int(fault[1]) for fault in faults]
        expect(lines, sorted(lines), "the faults stand in the order of the file")
        for line, column, text in ((1, 37, 'publc_url'), (2, 8, "sqlite"), (3, 23, "wbe"), (5, 36, "timeot"),
                                   (8, 3, "ana"), (11, 7, "alow")):
            found = [fault for fault in faults if int(fault[1]) == line and text in fault[3]]
            expect_true(found, f"a fault on line {line} about {text!r}; got:\n{err}")
            expect(int(found[0][2]), column, f"the column of the fault about {text!r} on line {line}")
        for near in ("public_url", "allow"):
            expect_in(near, err, "the near key")
        expect_in(FAULTY.split("\n")[0], err, "the line is quoted")
        again = call(binary, "check", folder=folder.path)
        expect((again[0], len(re.findall(r"^opsroom\.yaml:\d+:\d+: ", again[2], re.MULTILINE))), (1, len(faults)),
               "check without -c reads ./opsroom.yaml")
        for content, part in (("people: [", "opsroom.yaml:"), ("\0\0", "opsroom.yaml:"), ("- a\n- b\n", "opsroom.yaml:"),
                              ("a: &x [*x]\n", "opsroom.yaml:"), ("people: { ana: { name: \"\\xff\" } }\nx: \"\t", ":2:")):
            folder.write("opsroom.yaml", content)
            status, out, err = call(binary, "check", "-c", path)
            expect((status, out), (1, ""), f"check of {content!r}")
            expect_in(part, err, f"check of {content!r}")
        with open(path, "wb") as file:
            file.write(b"people:\n  ana: { name: \"\xff\xfe\" }\n")
        expect(call(binary, "check", "-c", path)[0], 1, "check of invalid UTF-8")
        status, out, err = call(binary, "check", "-c", os.path.join(folder.path, "nowhere.yaml"))
        expect((status, out), (1, ""), "a file that is not there")
        expect_in("nowhere.yaml", err, "its name")
        status, out, err = call(binary, "check", "-c", folder.path)
        expect((status, out), (1, ""), "a folder")


@test("check never shows a literal secret, and names the three ways")
def check_secret(binary):
    with Folder() as folder:
        path = folder.write("opsroom.yaml", TEAM.replace("@PORT@", "8080").replace(
            "directory: . }", "directory: ., environment: { TOKEN: \"${env:DOOR_NOT_SET}\" } }"))
        status, out, err = call(binary, "check", "-c", path)
        expect((status, out), (1, ""), f"a variable that is not set: {err}")
        expect_in("DOOR_NOT_SET", err, "its name")


@test("init, check, serve: a start from nothing")
def init(binary):
    with Folder() as folder:
        status, out, err = call(binary, "init", "team", folder=folder.path)
        expect((status, err), (0, ""), "init")
        expect_in("team/opsroom.yaml", out, "what it wrote")
        path = os.path.join(folder.path, "team", "opsroom.yaml")
        expect(os.stat(path).st_mode & 0o777, 0o600, "the mode of the file")
        status, out, err = call(binary, "check", "-c", path)
        expect((status, err), (0, ""), "check of it")
        expect_in("is good", out, "check of it")
        status, out, err = call(binary, "init", "team", folder=folder.path)
        expect((status, out), (1, ""), "init a second time")
        expect_in("stays as it is", err, "init a second time")
        with open(path, encoding="utf-8") as file:
            config = file.read().replace("127.0.0.1:8080", "127.0.0.1:@PORT@")
        expect_in("@PORT@", config, "the address in it")
        with served(binary, config) as server:
            status, out, err = server.cli("run", "--as", "ana", "disk")
            expect((status, err), (0, ""), "a command of it")
            expect_in("succeeded", out, "a command of it")
            for line in ("help", "whoami", "status", "jobs"):
                expect(server.cli("run", "--as", "lea", line)[0], 0, line)
        expect(call(binary, "init", "/proc/nowhere/x")[0], 1, "where no folder can be made")


@test("explain: the deciding rule, or what is missing and who can")
def explain(binary):
    with Folder() as folder:
        path = folder.write("opsroom.yaml", TEAM.replace("@PORT@", "8080"))
        status, out, err = call(binary, "explain", "-c", path, "touch door", "--as", "ana")
        expect((status, err), (0, ""), "allowed")
        expect_in("allowed: touch door", out, "allowed")
        expect_in("opsroom.yaml:", out, "the rule's line")
        status, out, err = call(binary, "explain", "-c", path, "--as", "ana", "guarded", "door")
        expect(status, 0, "with an approval")
        expect_in("1 of leads within 30m", out, "the approval")
        status, out, err = call(binary, "explain", "-c", path, "--as", "tom", "touch door")
        expect((status, err), (1, ""), "refused")
        expect_in("deployers", out, "who can")
        status, out, _ = call(binary, "explain", "-c", path, "--as", "ana", "only-ops")
        expect((status, "web#ops" in out), (1, True), "in no channel")
        expect(call(binary, "explain", "-c", path, "--as", "ana", "--channel", "web#ops", "only-ops")[0], 0, "in the channel")
        for words, status, part in ((("--as", "nobody", "ping"), 1, "nobody"), (("--as", "ana", "tuoch door"), 1, "touch"),
                                    (("--as", "ana", "touch"), 1, "what"), (("--channel", "ops", "ping"), 2, "chat#channel")):
            got, out, err = call(binary, "explain", "-c", path, *words)
            expect((got, out), (status, ""), f"explain {words}")
            expect_in(part, err, f"explain {words}")


@test("secret: set from standard input, list, remove; never a value")
def secret(binary):
    with Folder() as folder:
        path = folder.write("opsroom.yaml", "")
        expect(call(binary, "secret", "list", "-c", path), (0, "", ""), "list of nothing")
        expect(call(binary, "secret", "set", "door", "-c", path, stdin="hunter2-hunter2\n"), (0, "", ""), "set")
        expect(call(binary, "secret", "set", "second", "-c", path, stdin="two\nlines"), (0, "", ""), "set of two lines")
        expect(call(binary, "secret", "list", "-c", path), (0, "door\nsecond\n", ""), "list")
        for name in os.listdir(folder.path):
            with open(os.path.join(folder.path, name), "rb") as file:
                expect_not_in(b"hunter2", file.read(), name)
        expect(os.stat(os.path.join(folder.path, "opsroom.key")).st_mode & 0o777, 0o600, "the key's mode")
        expect(call(binary, "secret", "remove", "second", folder=folder.path), (0, "", ""), "remove")
        expect(call(binary, "secret", "list", folder=folder.path)[1], "door\n", "list after it")
        status, out, err = call(binary, "secret", "remove", "second", "-c", path)
        expect((status, out), (1, ""), "remove of what is not there")
        expect_in("second", err, "its name")
        for name, value, part in (("door", "", "empty"), ("a/b", "x", "a/b"), ("x" * 100, "x", "64"),
                                  ("big", "x" * 70000, "64 KB")):
            status, out, err = call(binary, "secret", "set", name, "-c", path, stdin=value)
            expect((status, out), (1, ""), f"set {name[:20]}")
            expect_in(part, err, f"set {name[:20]}")


@test("run: the reply on standard output, the state on standard error, exit status 0 only if it succeeded")
def run(server):
    status, out, err = server.cli("run", "--as", "ana", "touch cli")
    expect((status, err), (0, ""), "run")
    expect_in("Touch cli: succeeded", out, "run")
    expect(server.cli("run", "--as", "ana", "touch", "two words")[0], 0, "several words")
    expect_in("touched two words\n", server.read("effects"), "words with their quotes")
    for line, state in (("broken", "failed"), ("tuoch", "failed"), ("touch", "failed")):
        status, out, err = server.cli("run", "--as", "ana", line)
        expect(status, 1, line)
        expect_true(re.fullmatch(rf"#\d+ {state}\n", err), f"{line}: {err!r}")
        expect_true(out != "", f"{line}: a reply")
    status, out, err = server.cli("run", "--as", "tom", "touch x")
    expect((status, "refused" in err, "Not allowed" in out), (1, True, True), "refused")
    status, out, err = server.cli("run", "--as", "ana", "--wait", "1s", "slow cli")
    expect((status, "running" in err), (1, True), f"the wait ends: {out!r} {err!r}")
    server.write("go-cli", "")
    status, out, err = server.cli("run", "--as", "ana", "--json", "touch json")
    expect((status, err), (0, ""), "--json")
    expect(out.count("\n"), 1, "--json prints one line")
    expect_true({"job", "state", "ok", "text", "rows"} <= set(json.loads(out)), f"--json: {out}")
    status, out, err = server.cli("run", "--as", "ana", "--json", "broken")
    expect((status, err, json.loads(out)["ok"]), (1, "", False), "--json of a failure")
    status, out, err = server.cli("run", "--as", "nobody", "ping")
    expect((status, out), (1, ""), "--as somebody unknown")
    expect_in("nobody", err, "--as somebody unknown")
    status, out, err = server.cli("run", "--as", "ana", "--channel", "web#ops", "only-ops")
    expect(status, 0, f"--channel: {out}{err}")
    expect(server.cli("run", "--as", "ana", "--channel", "nowhere", "ping")[0], 1, "a channel that is none")
    status, out, err = server.cli("run", "--as", "ana", "--", "touch", "after dashes")
    expect((status, "after dashes" in out), (0, True), f"after --: {out}{err}")
    expect(server.cli("run", "--as", "ana", "x" * 20000)[0], 1, "a line over 16 KB")


@test("run and token over the network: $OPSROOM_URL and $OPSROOM_TOKEN, without opsroom.yaml")
def network(binary, server):
    token = server.token("ana")
    there = {"OPSROOM_URL": f"http://127.0.0.1:{server.port}", "OPSROOM_TOKEN": token}
    with Folder() as folder:
        def remote(*words, **more):
            return call(binary, *words, folder=folder.path, environment={**there, **more})
        status, out, err = remote("run", "touch remote")
        expect((status, err), (0, ""), "run")
        expect_in("Touch remote: succeeded", out, "run")
        expect(remote("run", "ping", OPSROOM_URL=there["OPSROOM_URL"] + "/")[0], 0, "a URL with a slash at its end")
        expect(call(binary, "run", "--server", there["OPSROOM_URL"], "ping", folder=folder.path,
                    environment={"OPSROOM_TOKEN": token})[0], 0, "--server")
        for words, more, part in ((("run", "ping"), {"OPSROOM_TOKEN": "wrong"}, "token"),
                                  (("run", "ping"), {"OPSROOM_TOKEN": ""}, "OPSROOM_TOKEN"),
                                  (("run", "ping"), {"OPSROOM_URL": ""}, "OPSROOM_URL"),
                                  (("run", "--as", "lea", "ping"), {}, "local socket"),
                                  (("token", "create", "--person", "ana"), {}, "Not allowed"),
                                  (("run", "ping"), {"OPSROOM_URL": f"http://127.0.0.1:{free_port()}"}, "127.0.0.1"),
                                  (("run", "ping"), {"OPSROOM_URL": "ftp://x"}, "https://"),
                                  (("chat",), {"OPSROOM_TOKEN": ""}, "OPSROOM_TOKEN"),
                                  (("run", "ping"), {"OPSROOM_URL": "http://ops.example.com"}, "http")):
            status, out, err = remote(*words, **more)
            expect((status, out), (1, ""), f"{words} {more}: {err}")
            expect_in(part, err, f"{words} {more}")
            expect_not_in(token, err, "the token in a message")
        folder.write("opsroom.yaml", "server: { listen: 127.0.0.1:8080 }\n")
        status, out, err = remote("run", "ping")
        expect((status, out), (1, ""), "./opsroom.yaml comes before $OPSROOM_URL")
        expect_in("opsroom serve", err, "what to do")


@test("when no server runs: which one, and what to do")
def no_server(binary):
    with Folder() as folder:
        path = folder.write("opsroom.yaml", TEAM.replace("@PORT@", "8080"))
        for words in (("run", "ping"), ("token", "create", "--person", "ana"), ("token", "list"), ("chat",)):
            status, out, err = call(binary, words[0], "-c", path, *words[1:])
            expect((status, out), (1, ""), f"{words}")
            expect_in("opsroom serve", err, f"{words}")
        with served(binary) as server:
            server.kill()
            status, out, err = server.cli("run", "ping")
            expect((status, out), (1, ""), "a socket that was left behind")
            expect_in("opsroom serve", err, "a socket that was left behind")
            server.start()
        status, out, err = call(binary, "run", "ping", "-c", os.path.join(folder.path, "nowhere.yaml"))
        expect((status, out, "nowhere.yaml" in err), (1, "", True), "a configuration that is not there")
        status, out, err = call(binary, "audit", "list", "-c", path)
        expect((status, out), (1, ""), "the audit of a database that is not there")
        expect_in("opsroom.db", err, "its name")


@test("token: create prints it alone, list and revoke")
def tokens(server):
    status, out, err = server.cli("token", "create", "--person", "max", "--note", "door", "--expires", "30d")
    expect((status, err), (0, ""), "create")
    expect_true(re.fullmatch(r"[A-Za-z0-9_-]{20,}\n", out), f"the token alone: {out!r}")
    token = out.strip()
    status, out, err = server.cli("token", "list", "--person", "max")
    expect((status, err), (0, ""), "list")
    rows = [line.split() for line in out.splitlines()]
    expect_true(rows and all("max" in row for row in rows) and "door" in rows[0], f"list: {out!r}")
    expect_not_in(token, out, "list")
    expect(server.cli("token", "list", "--person", "a&b=c #")[:2], (0, ""), "list of a person that is not there")
    expect(server.http("GET", "/api/v1/me", headers={"Authorization": "Bearer " + token})[0], 200, "it works")
    expect(server.cli("token", "revoke", rows[0][0])[::2], (0, ""), "revoke")
    expect(server.http("GET", "/api/v1/me", headers={"Authorization": "Bearer " + token})[0], 401, "after it")
    for words, status, part in ((("revoke", rows[0][0]), 1, "no token"), (("revoke", "x"), 2, "number"),
                                (("create",), 2, "--person"), (("create", "--person", "nobody"), 1, "nobody"),
                                (("create", "--person", "ana", "--expires", "soon"), 2, "--expires")):
        got, out, err = server.cli("token", *words)
        expect((got, out), (status, ""), f"token {words}: {err}")
        expect_in(part, err, f"token {words}")


@test("audit: list, show, export, beside the running server and after it")
def audit(binary):
    server = open_server(binary)
    try:
        job = server.run("ana", "touch audited")["job"]
        server.run("tom", "touch <b>refused</b>")
        for running in (True, False):
            if not running:
                server.stop()
            status, out, err = server.cli("audit", "list", "--by", "ana")
            expect((status, err), (0, ""), "list")
            expect_in("touch audited", out, "list")
            expect_not_in("refused</b>", out, "list of ana")
            status, out, err = server.cli("audit", "list", "--json", "--job", f"#{job}")
            records = [json.loads(line) for line in out.splitlines()]
            expect({record["job"] for record in records}, {job}, "list of one job")
            numbers = [record["sequence"] for record in records]
            expect(numbers, sorted(numbers), "the newest last")
            status, out, err = server.cli("audit", "show", str(numbers[0]))
            expect((status, err, json.loads(out)), (0, "", records[0]), "show")
            status, out, err = server.cli("audit", "export")
            expect((status, err), (0, ""), "export")
            lines = [json.loads(line) for line in out.splitlines()]
            expect([line["record"]["sequence"] for line in lines if "record" in line],
                   list(range(1, len([line for line in lines if "record" in line]) + 1)), "export holds every record")
            for words, code, part in ((("show", "999999"), 1, "999999"), (("show", "x"), 1, "x"), (("show", "0"), 1, "0")):
                got, out, err = server.cli("audit", *words)
                expect((got, out), (code, ""), f"audit {words}")
                expect_in(part, err, f"audit {words}")
            expect_in("good", server.cli("audit", "verify")[1], "verify")
    finally:
        server.close()


@test("an output that cannot be written is a failure, not silence")
def full_output(binary, server):
    for words in (("audit", "export", "-c", server.config_path), ("audit", "list", "-c", server.config_path),
                  ("run", "-c", server.config_path, "--as", "ana", "ping"), ("version",), ("--help",),
                  ("token", "create", "--person", "ana", "-c", server.config_path)):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([binary, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30,
                                  check=False, stdin=subprocess.DEVNULL)
        expect(done.returncode, 1, f"opsroom {' '.join(words[:2])} into a full disk")
        expect_in("space", done.stderr, f"opsroom {' '.join(words[:2])} into a full disk")
