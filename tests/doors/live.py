"""The live stream: what happens, to those who may see it, without loss or doubles over a restart."""
from doors import Group, Stream, expect, expect_true, served, wait_until

GROUP = Group("live")
test = GROUP.test


def is_job(number, state):
    return lambda item: item[1] == "job" and item[2]["id"] == number and item[2]["state"] == state


@test("messages, inputs, jobs, logs and approvals arrive, each with an id")
def arrives(server):
    live = server.stream("ana")
    body = {"channel": "web#ops", "text": "@opsroom slow live", "id": "live-1"}
    job = server.api("ana", "POST", "/messages", body)["job"]
    live.until(lambda item: item[1] == "input" and "slow live" in item[2]["text"], "what was typed")
    live.until(lambda item: item[1] == "message" and item[2].get("job") == job, "the job's message")
    live.until(lambda item: item[1] == "log" and item[2]["job"] == job and item[2]["next"] > 0, "its log")
    server.write("go-live", "")
    ended = live.until(is_job(job, "succeeded"), "the job's end")
    expect(ended[2]["mine"], True, "mine")
    guarded = server.start_line("ana", "guarded live")
    live.until(lambda item: item[1] == "approval" and item[2]["job"] == guarded, "the approval")
    live.until(is_job(guarded, "waiting for approval"), "the waiting job")
    ids = [int(item[0]) for item in live.seen]
    expect(ids, sorted(ids), "ids grow")
    expect(len(set(ids[1:])), len(ids) - 1, "ids stand once")
    server.api("lea", "POST", f"/approvals/{guarded}/deny", {"reason": "over"})
    live.close()


@test("a break loses nothing and repeats nothing, also over a restart")
def resumes(binary):
    with served(binary) as server:
        texts = [f"line {number}" for number in range(8)]

        def say(text):
            server.api("ana", "POST", "/messages", {"channel": "web#ops", "text": text, "id": text})
        live = server.stream("lea")
        for text in texts[:2]:
            say(text)
        live.until(lambda item: item[1] == "input" and item[2]["text"] == texts[1], "the second line")
        position = live.last_id()
        seen = said(live)
        live.close()
        for text in texts[2:4]:
            say(text)
        server.stop()
        server.start()
        for text in texts[4:6]:
            say(text)
        live = server.stream("lea", last_id=position)
        for text in texts[6:]:
            say(text)
        live.until(lambda item: item[1] == "input" and item[2]["text"] == texts[-1], "the last line")
        expect(seen + said(live), texts, "all lines, each once")
        live.close()
        again = server.stream("lea", query=f"?after={position}")
        again.until(lambda item: item[1] == "input" and item[2]["text"] == texts[-1], "the last line, by ?after=")
        expect(said(again), texts[2:], "lines after the position")
        again.close()


def said(live):
    return [item[2]["text"] for item in live.seen if item[1] == "input"]


@test("hello says where it begins: a break before the first event loses nothing")
def hello_position(server):
    live = server.stream("lea")
    position = live.last_id()
    live.close()
    server.api("ana", "POST", "/messages", {"channel": "web#ops", "text": "meanwhile", "id": "meanwhile"})
    live = server.stream("lea", last_id=position)
    live.until(lambda item: item[1] == "input" and item[2]["text"] == "meanwhile", "what was said meanwhile")
    live.close()


@test("positions that are none begin now")
def odd_positions(server):
    for position in ("x", "-1", "99999999999999999", "1.5", ""):
        live = server.stream("ana", last_id=position)
        job = server.run("ana", "ping")["job"]
        live.until(is_job(job, "succeeded"), f"the job after Last-Event-ID {position!r}")
        live.close()


@test("what is only for one person, another's job, another's channel: not shown")
def private(server):
    streams = {person: server.stream(person) for person in ("tom", "max", "eve", "ana")}
    server.api("tom", "POST", "/messages", {"channel": "web#lobby", "text": "!touch forbidden-thing", "id": "private"})
    server.api("ana", "POST", "/messages", {"channel": "web#@ana", "text": "touch in-private", "id": "direct"})
    hidden = server.run("ana", "touch hidden-thing")["job"]
    server.api("ana", "POST", "/messages", {"channel": "web#lobby", "text": "the end", "id": "end"})
    for live in streams.values():
        live.until(lambda item: item[1] == "input" and item[2]["text"] == "the end", "the last line")

    def texts(person, *kinds):
        return str([item for item in streams[person].seen if item[1] in kinds])
    wait_until(lambda: "Not allowed" in str(server.api("tom", "GET", "/messages?channel=web%23lobby")), "the refusal")
    if "Not allowed" not in texts("tom", "message"):
        streams["tom"].until(lambda item: item[1] == "message" and "Not allowed" in str(item), "tom's refusal")
    expect_true(f"'id': {hidden}" not in texts("tom", "job", "log"), "ana's job, shown to tom")
    expect_true(f"'id': {hidden}" in texts("ana", "job"), "ana's own job")
    expect_true(f"'id': {hidden}" in texts("eve", "job"), "eve may see all jobs")
    for person in ("max", "eve", "ana"):
        expect_true("Not allowed" not in texts(person, "message"), f"the refusal of tom, shown to {person}")
    for person in ("max", "eve", "tom"):
        expect_true("in-private" not in texts(person, "message", "input"), f"ana's direct channel, shown to {person}")
        expect_true("Not allowed" not in str(server.api(person, "GET", "/messages?channel=web%23lobby"))
                    or person == "tom", f"the refusal in the history of {person}")
    for live in streams.values():
        live.close()


@test("one channel only, when it is asked for")
def one_channel(server):
    live = server.stream("lea", query="?channel=web%23ops")
    for channel in ("lobby", "ops"):
        server.api("ana", "POST", "/messages", {"channel": f"web#{channel}", "text": f"in {channel}", "id": f"in-{channel}"})
    live.until(lambda item: item[1] == "input" and item[2]["text"] == "in ops", "the line in ops")
    expect([item[2]["text"] for item in live.seen if item[1] == "input"], ["in ops"], "inputs")
    live.close()


@test("without credentials there is no stream")
def denied(server):
    live = Stream(server, "wrong")
    expect(live.reply.status, 401, "status")
    live.close()


@test("the end of the server ends every stream in order")
def server_end(binary):
    with served(binary) as server:
        streams = [server.stream("ana") for _ in range(10)]
        expect(server.stop(), 0, "exit status")
        for live in streams:
            live.until_end()


@test("all who look on are told")
def many(server):
    streams = [server.stream("ana") for _ in range(30)]
    job = server.run("ana", "say to all of you")["job"]
    for live in streams:
        live.until(is_job(job, "succeeded"), "the job")
    for live in streams:
        live.close()
