"""POST /run in all its states, jobs, approvals, lists, what is refused and how."""
import json
import os
import sqlite3

from doors import (Failure, Group, expect, expect_in, expect_not_in, expect_true, pages, served, wait_until)

GROUP = Group("api")
test = GROUP.test
STATES = {"queued", "waiting for approval", "running", "waiting", "succeeded", "failed", "cancelled", "refused",
          "timed out"}


def check_run(reply, state, ok):
    for name in ("job", "state", "ok", "text", "rows"):
        expect_true(name in reply, f"the reply of run has no {name!r}: {reply}")
    expect_true(type(reply["job"]) is int and reply["job"] > 0, f"job is no number: {reply['job']!r}")
    expect(reply["state"], state, "state")
    expect(reply["ok"], ok, "ok")
    return reply


@test("run waits for the end and tells it")
def run_succeeds(server):
    reply = check_run(server.run("ana", "touch door"), "succeeded", True)
    expect_in("Touch door: succeeded", reply["text"], "text")
    expect(reply["rows"], None, "rows of a command without rows")


@test("run without wait answers at once, with the job's number")
def run_at_once(server):
    reply = server.api("ana", "POST", "/run", {"line": "touch window"})
    expect_true(type(reply["job"]) is int, f"job: {reply}")
    expect_true(reply["state"] in STATES - {"refused", "cancelled"}, f"state: {reply}")
    server.wait_for("ana", reply["job"], "succeeded")


@test("run: what is read but not done is 200 too")
def run_states(server):
    refused = check_run(server.run("tom", "touch door"), "refused", False)
    expect_in("Not allowed", refused["text"], "a refusal")
    failed = check_run(server.run("ana", "broken"), "failed", False)
    expect_in("status 3", failed["text"], "a failure")
    expect_in("going wrong", failed["text"], "the last lines")
    unknown = check_run(server.run("ana", "tuoch door"), "failed", False)
    expect_in("Did you mean: touch", unknown["text"], "an unknown command")
    missing = check_run(server.run("ana", "touch"), "failed", False)
    expect_in("touch needs WHAT", missing["text"], "a missing argument")
    expect(server.api("ana", "GET", f"/jobs/{unknown['job']}")["state"], "failed", "the job of what is no command")
    at_once = server.api("tom", "POST", "/run", {"line": "touch door"})
    check_run(at_once, "refused", False)


@test("run gives rows")
def run_rows(server):
    server.run("ana", "ping")
    reply = check_run(server.run("eve", "jobs"), "succeeded", True)
    expect_true(isinstance(reply["rows"], list) and reply["rows"], f"rows: {reply['rows']!r}")
    expect_true(all(isinstance(row, dict) for row in reply["rows"]), "rows are objects")
    expect_true({"job", "state"} <= set(reply["rows"][0]), f"the members of a row: {reply['rows'][0]}")


@test("run: when the wait ends the job goes on")
def run_goes_on(server):
    reply = server.run("ana", "slow past-the-wait", wait=0.3)
    expect_true(reply["state"] in ("queued", "running"), f"state after the wait: {reply['state']}")
    expect(reply["ok"], False, "ok after the wait")
    server.write("go-past-the-wait", "")
    job = server.wait_for("ana", reply["job"], "succeeded")
    expect(job["ok"], True, "ok at the end")


@test("run: the same request_id starts nothing twice")
def run_once(server):
    before = server.read("effects").count("touched once\n")
    first = server.run("ana", "touch once", request_id="door-1")
    again = server.run("ana", "touch once", request_id="door-1")
    at_once = server.api("ana", "POST", "/run", {"line": "touch once", "request_id": "door-1"})
    expect((again["job"], at_once["job"]), (first["job"], first["job"]), "the job's number")
    expect((again["state"], again["text"]), (first["state"], first["text"]), "the reply")
    other = server.run("lea", "touch once", request_id="door-1")
    expect_true(other["job"] != first["job"], "another person's id is another one")
    expect(server.read("effects").count("touched once\n"), before + 2, "effects")


@test("run: ask turns a missing argument into a question, and the answer goes on")
def run_asks(server):
    reply = server.run("ana", "touch", ask=True)
    check_run(reply, "waiting", False)
    job = server.api("ana", "GET", f"/jobs/{reply['job']}")
    expect(job["stage"], "question", "stage")
    expect_true("finished_at" not in job, "a job that asks has not ended")
    expect_in("#", server.error("lea", "POST", f"/jobs/{reply['job']}/answer", {"text": "roof"}, 403), "another's")
    server.api("ana", "POST", f"/jobs/{reply['job']}/answer", {"values": {"what": "roof"}})
    expect_in("Touch roof", server.wait_for("ana", reply["job"], "succeeded")["text"], "text")
    server.error("ana", "POST", f"/jobs/{reply['job']}/answer", {"text": "late"}, 409)
    other = server.run("ana", "touch", ask=True)["job"]
    server.api("ana", "POST", f"/jobs/{other}/answer", {"text": "the cellar"})
    expect_in('Touch "the cellar"', server.wait_for("ana", other, "succeeded")["text"], "text after a text")
    expect_in("touched the cellar\n", server.read("effects"), "the effect")
    server.error("ana", "POST", f"/jobs/{reply['job']}/answer", {}, 400)


@test("run: as is refused over the network")
def run_as(server):
    expect_in("local socket", server.error("eve", "POST", "/run", {"line": "touch x", "as": "ana"}, 403), "the reason")


@test("run: a channel counts only where the person is a member")
def run_channel(server):
    check_run(server.run("ana", "only-ops", channel="web#ops"), "succeeded", True)
    check_run(server.run("ana", "only-ops"), "refused", False)
    check_run(server.run("ana", "only-ops", channel="web#lobby"), "refused", False)
    foreign = server.run("ana", "only-ops", channel="web#@lea")
    check_run(foreign, "refused", False)
    expect(server.api("ana", "GET", f"/jobs/{foreign['job']}")["place"], None, "the place of a channel that is not hers")
    expect_in("channel", server.error("ana", "POST", "/run", {"line": "ping", "channel": "nowhere"}), "no channel")
    server.error("ana", "POST", "/run", {"line": "ping", "channel": "acme#ops"})


BAD_BODIES = [
    ("no line", {}, "line"),
    ("an empty line", {"line": ""}, "line"),
    ("line is no text", {"line": 5}, "line"),
    ("line is null", {"line": None}, "line"),
    ("line is a list", {"line": ["ping"]}, "line"),
    ("over 16 KB", {"line": "say " + "x" * (16 * 1024)}, "16 KB"),
    ("100 KB", {"line": "x" * 100000}, "16 KB"),
    ("wait is text", {"line": "ping", "wait": "30"}, "wait"),
    ("wait is too long", {"line": "ping", "wait": 601}, "wait"),
    ("wait is negative", {"line": "ping", "wait": -1}, "wait"),
    ("wait is true", {"line": "ping", "wait": True}, "wait"),
    ("channel is a number", {"line": "ping", "channel": 7}, "channel"),
    ("request_id is a number", {"line": "ping", "request_id": 7}, "request_id"),
    ("ask is text", {"line": "ping", "ask": "yes"}, "ask"),
    ("as is a list", {"line": "ping", "as": []}, "as"),
    ("unknown member", {"line": "ping", "wiat": 3}, "wiat"),
    ("a list", [], "object"),
    ("a text", b'"ping"', "object"),
    ("no JSON", b"line=ping", ""),
    ("half of it", b'{"line": "ping"', ""),
    ("nothing", b"", "line"),
]


@test("run: a request that cannot be read is 400 and says why")
def run_bad(server):
    before = server.metric('opsroom_http_requests_total{path="/api/v1/run",method="POST",code="400"}')
    jobs = server.api("eve", "GET", "/jobs?limit=1")["items"][:1]
    for name, body, word in BAD_BODIES:
        try:
            expect_in(word, server.error("ana", "POST", "/run", body), f"{name}: the error")
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from None
    expect(server.metric('opsroom_http_requests_total{path="/api/v1/run",method="POST",code="400"}'),
           before + len(BAD_BODIES), "the counter of 400")
    expect(server.api("eve", "GET", "/jobs?limit=1")["items"][:1], jobs, "no job came of it")


@test("bodies of the other paths are read as strictly")
def bodies(server):
    for path, body, word in (("/messages", {"text": "hi"}, "channel"), ("/messages", {"channel": "web#ops"}, "text"),
                             ("/messages", {"channel": "web#ops", "text": 4}, "text"),
                             ("/messages", {"channel": "web#ops", "text": "x" * 100000}, "16 KB"),
                             ("/messages", {"channel": "web#ops", "text": "x", "id": 4}, "id"),
                             ("/messages", {"channel": 3, "text": "x"}, "channel"),
                             ("/approvals/1/deny", {"reason": 3}, "reason"),
                             ("/jobs/1/cancel", {"reason": 3}, "reason"), ("/jobs/1/again", {"wait": 3}, "wait"),
                             ("/jobs/1/answer", {"values": []}, "values"), ("/session", {"token": 3}, "token"),
                             ("/session", {}, "token")):
        expect_in(word, server.error("eve", "POST", path, body), f"{path} {body}")
    for body, word in (({"person": "ana", "expires_in": "1d"}, "expires_in"), ({"person": "ana", "link": "yes"}, "link"),
                       ({"person": "ana", "expires_in": -5}, "expires_in"), ({}, "person"), ({"person": 3}, "person"),
                       ({"person": "ana", "expires_in": 10 ** 18}, "expires_in")):
        expect_in(word, server.error("eve", "POST", "/tokens", body), f"/tokens {body}")
    server.error("eve", "POST", "/tokens", {"person": "nobody"}, 404)


@test("lists: all pages together are the list, without gaps or doubles")
def lists(binary):
    with served(binary) as server:
        for number in range(7):
            server.run("ana", "ping" if number % 2 else f"touch {number}")
        guarded = [server.start_line("ana", f"guarded {number}") for number in range(3)]
        for job in guarded:
            server.wait_for("ana", job, "waiting for approval")
        for number in range(5):
            server.api("ana", "POST", "/messages", {"channel": "web#ops", "text": f"line {number}", "id": f"l{number}"})
        for path, key, limits in (("/jobs", "id", (1, 3, 10)), ("/jobs?person=ana", "id", (4,)),
                                  ("/approvals", "id", (1, 2, 3)), ("/audit", "sequence", (5, 7)),
                                  ("/audit?person=ana", "sequence", (4,)), ("/messages?channel=web%23ops", "id", (1, 2))):
            person = "ana" if "messages" in path else "eve"
            whole = [item[key] for item in server.api(person, "GET", path + ("&" if "?" in path else "?") + "limit=200")
                     ["items"]]
            expect_true(len(whole) >= 3, f"{path}: only {whole}")
            for limit in limits:
                expect([item[key] for item in pages(server, person, path, limit)], whole, f"{path} by {limit}")
            if key != "id" or "messages" not in path:
                expect(whole, sorted(whole, reverse=True), f"{path}: newest first")


@test("entries of the same millisecond are neither lost nor doubled between pages")
def lists_same_time(binary):
    with served(binary) as server:
        for number in range(9):
            server.api("ana", "POST", "/messages", {"channel": "web#ops", "text": f"line {number}", "id": f"l{number}"})
        server.api("ana", "POST", "/messages", {"channel": "web#ops", "text": "!ping", "id": "ping"})
        wait_until(lambda: len(server.api("ana", "GET", "/messages?channel=web%23ops")["items"]) >= 11, "the answer")
        server.stop()
        with sqlite3.connect(os.path.join(server.folder, "opsroom.db")) as database:
            database.execute("UPDATE inputs SET created_at = 1795527770000")
            database.execute("UPDATE messages SET created_at = 1795527770000")
        server.start()
        whole = [entry["id"] for entry in server.api("ana", "GET", "/messages?channel=web%23ops")["items"]]
        for limit in (1, 2, 4):
            expect([entry["id"] for entry in pages(server, "ana", "/messages?channel=web%23ops", limit)], whole,
                   f"pages of {limit}")
        before = server.api("ana", "GET", f"/messages?channel=web%23ops&before={whole[3]}&limit=3")
        expect([entry["id"] for entry in before["items"]], whole[4:7], f"before={whole[3]}")
        for query in ("before=m999999", "before=x", "cursor=x", "cursor=1.x", "cursor=1.m"):
            status = server.http("GET", f"/api/v1/messages?channel=web%23ops&{query}",
                                 headers={"Authorization": "Bearer " + server.token("ana")})[0]
            expect(status, 404 if query == "before=m999999" else 400, query)


@test("lists: what is new while one turns the pages moves nothing")
def lists_moving(server):
    for number in range(6):
        server.run("ana", "ping")
    first = server.api("ana", "GET", "/jobs?person=ana&limit=3")
    server.run("ana", "ping")
    second = server.api("ana", "GET", f"/jobs?person=ana&limit=3&cursor={first['next']}")
    ids = [item["id"] for item in first["items"] + second["items"]]
    expect(ids, sorted(set(ids), reverse=True), "two pages")
    mine = [item["id"] for item in pages(server, "ana", "/jobs?person=ana", 200)]
    at = mine.index(ids[0])
    expect(ids, mine[at:at + 6], "no gap between them")


@test("lists: limits and cursors that are none")
def list_limits(server):
    for query in ("limit=0", "limit=-1", "limit=x", "limit=99999999999999999999", "cursor=x", "cursor=-3",
                  "cursor=%00", "limit=1e3"):
        status, _, raw = server.http("GET", "/api/v1/jobs?" + query,
                                     headers={"Authorization": "Bearer " + server.token("eve")})
        expect_true(status in (200, 400), f"{query}: {status} {raw[:200]!r}")
        if status == 200:
            expect_true(len(json.loads(raw)["items"]) <= 200, f"{query}: over 200 items")
    expect(server.api("eve", "GET", "/jobs?whatever=1&limit=1")["items"][:1] != [], True, "unknown query parameters")


@test("one's own job always, another's by the rules")
def own_job(server):
    job = server.run("ana", "touch mine")["job"]
    other = server.run("tom", "ping")["job"]
    for path in (f"/jobs/{job}", f"/jobs/{job}/log"):
        server.api("ana", "GET", path)
        expect_in("Not allowed", server.error("tom", "GET", path, status=403), f"tom reads {path}")
        server.api("eve", "GET", path)
    expect(server.api("ana", "GET", f"/jobs/{job}")["mine"], True, "mine")
    expect(server.api("eve", "GET", f"/jobs/{job}")["mine"], False, "eve's mine")
    expect_in("Not allowed", server.error("ana", "GET", "/jobs", status=403), "all jobs")
    expect_true(all(item["person"] == "ana" for item in server.api("ana", "GET", "/jobs?person=ana")["items"]), "mine")
    server.error("tom", "POST", f"/jobs/{job}/cancel", {}, 403)
    server.error("tom", "POST", f"/jobs/{job}/again", {}, 403)
    server.error("tom", "GET", "/jobs/999999", status=403)
    server.error("eve", "GET", "/jobs/999999", status=404)
    server.api("tom", "GET", f"/jobs/{other}")
    for path in ("/audit", "/audit/export", "/approvals", "/connections", "/status", "/tokens"):
        expect_in("Not allowed", server.error("tom", "GET", path, status=403), path)
        if path != "/audit/export":
            server.api("eve", "GET", path)
    again = server.api("ana", "POST", f"/jobs/{job}/again", {})
    number = again["job"]
    expect_true(number != job, "again is a job of its own")
    expect(server.wait_for("ana", number, "succeeded")["again_of"], job, "again_of")


@test("the log of a job, piece by piece")
def job_log(server):
    job = server.start_line("ana", "slow log")
    wait_until(lambda: "begun log" in server.api("ana", "GET", f"/jobs/{job}/log")["text"], "the log's first line")
    first = server.api("ana", "GET", f"/jobs/{job}/log")
    expect(first["end"], False, "end while it runs")
    server.write("go-log", "")
    server.wait_for("ana", job, "succeeded")
    rest = server.api("ana", "GET", f"/jobs/{job}/log?after={first['next']}")
    expect((first["text"] + rest["text"]), "begun log\nended log\n", "both pieces")
    expect(rest["end"], True, "end")
    for after in (rest["next"], 999999, -4):
        reply = server.api("ana", "GET", f"/jobs/{job}/log?after={after}")
        expect_true(reply["end"], f"after={after}: {reply}")


@test("cancel: once, with its reason; then 409")
def cancel(server):
    job = server.start_line("ana", "slow cancelled")
    server.wait_for("ana", job, "running")
    expect(server.api("ana", "GET", f"/jobs/{job}")["can_cancel"], True, "can_cancel")
    server.api("ana", "POST", f"/jobs/{job}/cancel", {"reason": "no <b>longer</b> needed"})
    ended = server.wait_for("ana", job, "cancelled")
    expect_in("no <b>longer</b> needed", ended["text"], "the reason, as text")
    expect(ended["can_cancel"], False, "can_cancel at the end")
    expect_in(f"#{job}", server.error("ana", "POST", f"/jobs/{job}/cancel", {}, 409), "a second time")
    server.error("eve", "POST", f"/jobs/{job}/cancel", {}, 409)


@test("approvals: by another person of the group, once")
def approvals(server):
    job = server.start_line("lea", "guarded door")
    server.wait_for("lea", job, "waiting for approval")
    approval = next(item for item in server.api("eve", "GET", "/approvals?state=pending&limit=200")["items"]
                    if item["id"] == job)
    expect((approval["job"], approval["state"], approval["person"]), (job, "pending", "lea"), "the approval")
    expect_in("leads", approval["needs"]["text"], "what it needs")
    expect_in("yourself", server.error("lea", "POST", f"/approvals/{job}/approve", {}, 403), "one's own")
    server.error("lea", "POST", f"/approvals/{job}/deny", {"reason": "no"}, 403)
    expect_in("leads", server.error("ana", "POST", f"/approvals/{job}/approve", {}, 403), "ana is no lead")
    server.error("tom", "POST", f"/approvals/{job}/deny", {"reason": "no"}, 403)
    server.error("max", "POST", f"/approvals/{job}/deny", {}, 400)
    voted = server.api("max", "POST", f"/approvals/{job}/approve", {"reason": "looks well"})
    expect((voted["id"], voted["state"]), (job, "approved"), "the approval after it")
    expect([(vote["person"], vote["approve"]) for vote in voted["votes"]], [("max", True)], "votes")
    server.error("max", "POST", f"/approvals/{job}/approve", {}, 409)
    server.error("max", "POST", f"/approvals/{job}/deny", {"reason": "late"}, 409)
    server.wait_for("lea", job, "succeeded")
    denied = server.start_line("ana", "guarded window")
    server.wait_for("ana", denied, "waiting for approval")
    expect(server.api("max", "POST", f"/approvals/{denied}/deny", {"reason": "not today"})["state"], "denied", "state")
    expect_in("not today", server.wait_for("ana", denied, "refused")["text"], "the reason")
    server.error("max", "POST", "/approvals/999999/approve", {}, 404)
    server.error("max", "POST", "/approvals/x/approve", {}, 404)


@test("approvals run out, with a state of their own")
def approval_time(binary):
    with served(binary) as server:
        job = server.start_line("ana", "guarded door")
        server.wait_for("ana", job, "waiting for approval")
        server.advance(31 * 60)
        server.wait_for("ana", job, "timed out")
        server.error("max", "POST", f"/approvals/{job}/approve", {}, 409)


@test("404 and 405 with Allow, as JSON")
def wrong_paths(server):
    headers = {"Authorization": "Bearer " + server.token("ana")}
    for method, path, allow in (("GET", "/api/v1/run", "POST"), ("PUT", "/api/v1/run", "POST"),
                                ("DELETE", "/api/v1/jobs", "GET, HEAD"), ("POST", "/api/v1/jobs/1", "GET, HEAD"),
                                ("GET", "/api/v1/jobs/1/cancel", "POST"), ("PATCH", "/api/v1/tokens", "GET, HEAD, POST"),
                                ("GET", "/api/v1/tokens/1", "DELETE"), ("POST", "/healthz", "GET, HEAD"),
                                ("POST", "/", "GET, HEAD")):
        status, got, raw = server.http(method, path, {} if method in ("POST", "PUT", "PATCH") else None, headers)
        expect((status, got.get("Allow")), (405, allow), f"{method} {path}")
        expect_in('"error"', raw.decode(), f"{method} {path}")
    for method, path in (("GET", "/api/v1/nothing"), ("POST", "/api/v1/nothing"), ("POST", "/api/v1/jobs/1/explode"),
                         ("GET", "/api/v2/jobs"), ("GET", "/api/v1"), ("GET", "/nothing.js"), ("DELETE", "/nothing"),
                         ("GET", "/api/v1/jobs/"), ("GET", "/api/v1/jobs/x"), ("GET", "/api/v1/jobs/1x/log")):
        status, _, raw = server.http(method, path, {} if method == "POST" else None, headers)
        expect(status, 404, f"{method} {path}")
        expect_in('"error"', raw.decode(), f"{method} {path}")


@test("a message's buttons come without their lines, and are pressed by number")
def buttons(server):
    server.api("ana", "POST", "/messages", {"channel": "web#lobby", "text": "@opsroom guarded gate", "id": "gate"})

    def find():
        for entry in server.api("max", "GET", "/messages?channel=web%23lobby&limit=50")["items"]:
            if entry["kind"] == "message" and "gate" in entry["message"].get("title", ""):
                found = [button for block in entry["message"]["blocks"] for button in block.get("buttons", [])]
                if any(button["label"] == "Approve" for button in found):
                    return entry, found
        return None
    entry, found = wait_until(find, "a message with the button Approve")
    expect_true(all(set(button) <= {"label", "style", "confirm", "ask"} for button in found), f"buttons: {found}")
    at = [button["label"] for button in found].index("Approve")
    server.error("ana", "POST", "/messages/m999999/press", {"button": 0}, 404)
    server.error("ana", "POST", f"/messages/{entry['id']}/press", {"button": "0"}, 400)
    server.error("ana", "POST", f"/messages/{entry['id']}/press", {}, 400)
    before = len(server.api("eve", "GET", "/jobs?limit=200")["items"])
    first = server.api("max", "POST", f"/messages/{entry['id']}/press", {"button": at, "id": "press-gate"})
    again = server.api("max", "POST", f"/messages/{entry['id']}/press", {"button": at, "id": "press-gate"})
    expect(again, first, "pressed twice with one id")
    wait_until(lambda: "touched gate" in server.read("effects"), "the effect")
    expect_not_in("touched gate\ntouched gate", server.read("effects"), "the effect, once")
    expect_true(len(server.api("eve", "GET", "/jobs?limit=200")["items"]) <= before + 1, "one job at most")


@test("a text said twice with one id is said once; mere chat starts nothing")
def say_once(server):
    body = {"channel": "web#lobby", "text": "!ping", "id": "said"}
    first = server.api("ana", "POST", "/messages", body)
    expect(server.api("ana", "POST", "/messages", body), first, "the second reply")
    expect_true(type(first["job"]) is int, f"job: {first}")
    chat = server.api("ana", "POST", "/messages", {"channel": "web#lobby", "text": "good morning", "id": "hello"})
    expect(chat["job"], None, "the job of mere chat")
    direct = server.api("ana", "POST", "/messages", {"channel": "web#@ana", "text": "ping", "id": "direct"})
    expect_true(type(direct["job"]) is int, f"direct: {direct}")
    server.error("ana", "POST", "/messages", {"channel": "web#@lea", "text": "ping", "id": "foreign"}, 403)
    server.error("ana", "POST", "/messages", {"channel": "web#nowhere", "text": "ping", "id": "foreign"}, 403)
    server.error("ana", "GET", "/messages?channel=web%23%40lea", status=403)
    server.error("ana", "GET", "/messages", status=400)


@test("events: told once by their id, listed, and seen live by those who may")
def events(server):
    lives = {person: server.stream(person) for person in ("eve", "tom")}
    body = {"source": "backup", "kind": "backup", "title": "Backup of <db> failed", "status": "failure", "id": "b-1",
            "labels": {"host": "db1", "tries": 3}, "url": "https://backup.example/1"}
    first = server.api("eve", "POST", "/events", body, expect=202)
    expect(server.api("eve", "POST", "/events", body, expect=202)["id"], first["id"], "the same id again")
    item = next(each for each in server.api("eve", "GET", "/events?source=backup")["items"] if each["id"] == first["id"])
    expect((item["title"], item["status"], item["labels"]), (body["title"], "failure", {"host": "db1", "tries": "3"}),
           "the event")
    lives["eve"].until(lambda item: item[1] == "event" and item[2]["id"] == first["id"], "the event")
    server.api("ana", "POST", "/messages", {"channel": "web#lobby", "text": "after it", "id": "after-event"})
    lives["tom"].until(lambda item: item[1] == "input" and item[2]["text"] == "after it", "the line after it")
    expect([item for item in lives["tom"].seen if item[1] == "event"], [], "events that tom sees")
    for live in lives.values():
        live.close()
    server.error("tom", "POST", "/events", body, 403)
    server.error("tom", "GET", "/events", status=403)
    expect_in("local", server.error("eve", "POST", "/events", {**body, "source": "local"}, 403), "a connection's name")
    for change, word in (({"title": None}, "title"), ({"source": ""}, "source"), ({"status": "odd"}, "status"),
                         ({"labels": []}, "labels"), ({"at": "soon"}, "at"), ({"tilte": "x"}, "tilte")):
        expect_in(word, server.error("eve", "POST", "/events", {**body, **change}), f"{change}")


@test("me, commands and completion show what this person may")
def catalogue(server):
    me = server.api("lea", "GET", "/me")
    expect((me["person"]["id"], me["person"]["name"], sorted(me["person"]["groups"])),
           ("lea", "Lea Brandt", ["deployers", "leads"]), "me")
    expect([item["channel"] for item in me["channels"]], ["web#@lea", "web#lobby", "web#ops"], "channels")
    expect(server.api("lea", "GET", "/channels")["items"], me["channels"], "/channels")
    names = {item["name"] for item in server.api("tom", "GET", "/commands")["items"]}
    expect_true("ping" in names and "help" in names and "touch" not in names, f"tom's commands: {sorted(names)}")
    in_ops = {item["name"] for item in server.api("ana", "GET", "/commands?channel=web%23ops")["items"]}
    nowhere = {item["name"] for item in server.api("ana", "GET", "/commands")["items"]}
    expect(in_ops - nowhere, {"only-ops"}, "what the channel adds")
    texts = [item["text"] for item in server.api("ana", "GET", "/complete?line=tou")["items"]]
    expect_true(any("touch" in text for text in texts), f"completion: {texts}")
    expect([item for item in server.api("tom", "GET", "/complete?line=tou")["items"] if "touch" in item["text"]], [],
           "tom's completion")
