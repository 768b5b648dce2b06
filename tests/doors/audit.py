"""The audit against somebody who changes it: in the database and in an export, each found with its number."""
import atexit
import json
import os
import shutil
import sqlite3
import tempfile

from doors import Group, expect, expect_in, expect_true, open_server

GROUP = Group("audit")
test = GROUP.test


class Log:
    """A stopped server's folder with a log of some length, made once; each test works on a copy."""

    made = None

    def __init__(self, binary):
        if Log.made is None:
            server = open_server(binary)
            for number in range(4):
                server.run("ana", f"touch audited-{number}")
            server.run("tom", "touch refused")
            atexit.register(server.close)
            server.stop()
            Log.made = server
        self.server = Log.made
        self.folder = tempfile.mkdtemp(prefix="opsroom-audit-")
        for name in os.listdir(self.server.folder):
            path = os.path.join(self.server.folder, name)
            if os.path.isfile(path):
                shutil.copy(path, self.folder)
        self.before = self.server.config_path
        self.server.config_path = os.path.join(self.folder, "opsroom.yaml")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.config_path = self.before
        shutil.rmtree(self.folder)

    def sql(self, text, *values):
        with sqlite3.connect(os.path.join(self.folder, "opsroom.db")) as database:
            return database.execute(text, values).fetchall()

    def verify(self, *words):
        status, out, err = self.server.cli("audit", "verify", *words)
        expect(err, "", f"audit verify {words}")
        return status, out

    def export(self):
        path = os.path.join(self.folder, "export.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.server.cli("audit", "export")[1])
        return path

    def last(self):
        return self.sql("SELECT max(sequence) FROM audit")[0][0]

    def must_find(self, what, number, *words):
        """In the database, and in an export made of it."""
        for more in ((), (self.export(),)):
            status, out = self.verify(*more, *words)
            where = "an export" if more else "the database"
            expect(status, 1, f"{what} in {where}: {out}")
            expect_true(out.startswith("BAD: "), f"{what} in {where}: {out}")
            expect_in(f"record {number} ", out, f"{what} in {where}")


@test("an untouched log is good, and says its head")
def good(binary):
    with Log(binary) as log:
        head = log.sql("SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1")[0][0]
        key = log.sql("SELECT public_key FROM audit_checkpoints")[0][0]
        for words in ((), (log.export(),), ("--head", head), ("--key", key), (log.export(), "--head", head, "--key", key)):
            status, out = log.verify(*words)
            expect(status, 0, f"verify {words}: {out}")
            expect_true(out.startswith("good: ") and head in out, f"verify {words}: {out}")


def edit(log, number, change):
    """The canonical text of one record, changed."""
    record = json.loads(log.sql("SELECT record FROM audit WHERE sequence = ?", number)[0][0])
    change(record)
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    log.sql("UPDATE audit SET record = ? WHERE sequence = ?", text, number)


@test("a record's text was changed")
def changed(binary):
    for number in (1, 5):
        with Log(binary) as log:
            edit(log, number, lambda record: record.update(line="something else"))
            log.must_find("a changed text", number)
    with Log(binary) as log:
        edit(log, log.last(), lambda record: record.update(person="max"))
        log.must_find("a changed person in the last record", log.last())


@test("a column that lists are made of was changed")
def columns(binary):
    with Log(binary) as log:
        log.sql("UPDATE audit SET person = 'max' WHERE sequence = 3")
        status, out = log.verify()
        expect((status, "record 3 " in out), (1, True), f"a changed column: {out}")


@test("a record was removed")
def removed(binary):
    for number in (1, 4):
        with Log(binary) as log:
            log.sql("DELETE FROM audit WHERE sequence = ?", number)
            log.must_find("a removed record", number)


@test("a record was removed and the others moved up")
def moved_up(binary):
    with Log(binary) as log:
        log.sql("DELETE FROM audit WHERE sequence = 4")
        for number in range(5, log.last() + 1):
            edit(log, number, lambda record: record.update(sequence=record["sequence"] - 1))
            log.sql("UPDATE audit SET sequence = sequence - 1 WHERE sequence = ?", number)
        log.must_find("records that were moved up", 4)


@test("two records were exchanged")
def exchanged(binary):
    with Log(binary) as log:
        rows = log.sql("SELECT record, previous, hash FROM audit WHERE sequence IN (4, 5) ORDER BY sequence")
        for number, row in ((4, rows[1]), (5, rows[0])):
            log.sql("UPDATE audit SET record = ?, previous = ?, hash = ? WHERE sequence = ?", *row, number)
        status, out = log.verify()
        expect((status, "record 4 " in out), (1, True), f"exchanged in the database: {out}")
    with Log(binary) as log:
        path = log.export()
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        lines[3], lines[4] = lines[4], lines[3]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)
        status, out = log.verify(path)
        expect((status, "record 4 " in out), (1, True), f"exchanged in an export: {out}")


@test("the end was cut off: seen by the checkpoint, and by a head one has noted")
def cut(binary):
    with Log(binary) as log:
        last = log.last()
        head = log.sql("SELECT hash FROM audit WHERE sequence = ?", last)[0][0]
        log.sql("DELETE FROM audit WHERE sequence > ?", last - 3)
        log.must_find("a cut end, by the checkpoint", last - 2)
        log.sql("DELETE FROM audit_checkpoints")
        status, out = log.verify()
        expect(status, 0, f"without checkpoint and head nothing can be seen: {out}")
        log.must_find("a cut end, by the head", last - 2, "--head", head)


@test("a checkpoint that somebody else signed, or moved to another hash")
def checkpoint(binary):
    with Log(binary) as log:
        key = log.sql("SELECT public_key FROM audit_checkpoints")[0][0]
        other = key[:-1] + ("0" if key[-1] != "0" else "1")
        expect(log.verify("--key", other)[0], 1, "another key")
        log.sql("UPDATE audit_checkpoints SET hash = ?", "0" * 64)
        log.must_find("a checkpoint with another hash", log.last())


@test("a chain written anew with good hashes: the checkpoint does not fit it")
def rewritten(binary):
    import hashlib  # pylint: disable=import-outside-toplevel
    with Log(binary) as log:
        edit(log, 4, lambda record: record.update(line="something else"))
        rows = log.sql("SELECT sequence, record, previous FROM audit ORDER BY sequence")
        previous = rows[0][2]
        fits = log.sql("SELECT hash FROM audit WHERE sequence = 1")[0][0]
        forms = [lambda p, r: p + r, lambda p, r: p + "\n" + r, lambda p, r: r + p, lambda p, r: r + "\n" + p,
                 lambda p, r: bytes.fromhex(p).decode("latin-1") + r]
        form = [each for each in forms if digest(hashlib, each(rows[0][2], rows[0][1])) == fits]
        expect_true(form, "the hash of docs/audit.md")
        for number, record, _ in rows:
            value = digest(hashlib, form[0](previous, record))
            log.sql("UPDATE audit SET previous = ?, hash = ? WHERE sequence = ?", previous, value, number)
            previous = value
        log.must_find("a chain written anew", rows[-1][0])


def digest(hashlib, text):
    try:
        return hashlib.sha256(text.encode("utf-8")).hexdigest()
    except UnicodeEncodeError:
        return ""


@test("files that are no export: said so, exit status 1")
def no_export(binary):
    with Log(binary) as log:
        for content, part in ((b"hello\n", "line 1"), (b"{}\n", "line 1"), (b"\xff\xfe\n", "line 1"), (b"[" * 2000 + b"\n", "line 1")):
            path = os.path.join(log.folder, "odd")
            with open(path, "wb") as file:
                file.write(content)
            status, out, err = log.server.cli("audit", "verify", path)
            expect(status, 1, f"{content[:20]!r}: {out}{err}")
            expect_in(part, out + err, f"{content[:20]!r}")
        with open(path, "wb") as file:
            file.write(b"x" * 2000000)
        expect(log.server.cli("audit", "verify", path)[0], 1, "a line of two megabytes")
        status, out, err = log.server.cli("audit", "verify", os.path.join(log.folder, "nowhere"))
        expect((status, out), (1, ""), "a file that is not there")
        expect_in("nowhere", err, "a file that is not there")
        with open(path, "wb"):
            pass
        status, out, err = log.server.cli("audit", "verify", path)
        expect(status, 1, f"an empty export proves nothing: {out}{err}")


@test("the API's export is the command line's")
def same_export(binary):
    server = open_server(binary)
    try:
        server.run("ana", "touch exported", channel="web#ops")
        token = server.token("eve")
        status, headers, raw = server.http("GET", "/api/v1/audit/export", headers={"Authorization": "Bearer " + token})
        expect((status, headers["Content-Type"]), (200, "application/x-ndjson"), "the API's export")
        expect(raw.decode(), server.cli("audit", "export")[1], "the command line's export")
        whole = server.api("eve", "GET", "/audit?limit=200")["items"]
        for query, wanted in (("person=ana", lambda r: r.get("person") == "ana"),
                              ("command=touch", lambda r: r.get("command") == "touch"),
                              ("kind=decided", lambda r: r["kind"] == "decided"),
                              ("result=succeeded", lambda r: r.get("result") == "succeeded"),
                              (f"job={whole[0].get('job') or 1}", lambda r: r.get("job") == (whole[0].get("job") or 1)),
                              ("text=EXPORTED", lambda r: "exported" in json.dumps(r)),
                              (f"since={whole[2]['at']}", lambda r: r["at"] >= whole[2]["at"]),
                              (f"until={whole[2]['at']}", lambda r: r["at"] <= whole[2]["at"]),
                              ("since=1h&person=ana&kind=asked", lambda r: r.get("person") == "ana" and r["kind"] == "asked"),
                              ("person=nobody", lambda r: False)):
            got = [record["sequence"] for record in server.api("eve", "GET", f"/audit?limit=200&{query}")["items"]]
            expect(got, [record["sequence"] for record in whole if wanted(record)], query)
        for query in ("since=yesterday", "until=x", "job=x"):
            server.error("eve", "GET", f"/audit?{query}")
    finally:
        server.close()
