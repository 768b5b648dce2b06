"""What real senders send: Slack's own client, Alertmanager's slack_configs, opsroom notify; a burst; the live stream."""
import collections
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

from doors import ROOT, Failure, Group, Skip, expect, expect_in, expect_true, free_port, served, wait_until

CONFIG = """
server: { listen: "127.0.0.1:@PORT@" }
chats: { web: { type: web, channels: [ops, builds, burst] } }
connections:
  slack: { type: webhook, token: "${file:slack_token}" }
  prom: { type: webhook, token: "${file:prom_token}" }
  timed: { type: webhook, secret: "${file:timed_secret}", timestamp_header: X-Timestamp, header: X-Sign }
people:
  ana: { name: Ana Silva, accounts: { web: ana, local: @USER@ } }
  tom: { name: Tom Okafor, accounts: { web: tom } }
policy:
  - { allow: ana, commands: [events, "event send", notify] }
routes:
  - { from: slack, to: ["web#builds"] }
  - { from: [prom, notify], to: ["web#ops"] }
  - { from: load, to: ["web#burst"] }
"""
FILES = {"slack_token": "T0/B0/slack", "prom_token": "T0/B0/prom", "timed_secret": "sesame-sesame"}

GROUP = Group("senders", CONFIG.replace("@USER@", os.environ.get("USER") or "root"), FILES)
test = GROUP.test


def messages(server, channel):
    items = server.api("ana", "GET", f"/messages?limit=200&channel=web%23{channel}")["items"]
    return [item["message"] for item in items if item["kind"] == "message"]


def wait_for(server, channel, wanted, what):
    found = wait_until(lambda: next((m for m in messages(server, channel) if wanted(m)), None),
                       f"{what}; there are {messages(server, channel)[:3]}")
    return found


SLACK_CLIENT = """
const { IncomingWebhook } = require("@slack/webhook");
const [url, bad] = process.argv.slice(1);
(async () => {
    const hook = new IncomingWebhook(url);
    const results = [await hook.send("Plain *words* & <https://ci.example.com/1|a link>")];
    results.push(await hook.send({
        text: "shown in notifications",
        attachments: [{ color: "good", title: "Build 8", title_link: "https://ci.example.com/8",
                        fields: [{ title: "Branch", value: "main", short: true }] }],
    }));
    results.push(await hook.send({
        blocks: [{ type: "header", text: { type: "plain_text", text: "Release 2" } },
                 { type: "section", text: { type: "mrkdwn", text: "by `ana`" } }],
    }));
    const fail = async (to, body) => {
        try { await new IncomingWebhook(to).send(body); return "no error"; }
        catch (error) { return `${error.original?.response?.status ?? error.statusCode ?? ""} ${error.message}`; }
    };
    const failures = [await fail(bad, "x"), await fail(url, { text: "" })];
    console.log(JSON.stringify({ results, failures }));
})();
"""


@test("@slack/webhook, Slack's own client, sends text, attachments and blocks")
def slack_client(server):
    if not os.path.isdir(os.path.join(ROOT, "node_modules", "@slack", "webhook")):
        raise Skip("npm ci was not run")
    base = f"http://127.0.0.1:{server.port}/services/"
    done = subprocess.run(["node", "-e", SLACK_CLIENT, base + "T0/B0/slack", base + "T0/B0/wrong"], cwd=ROOT, text=True,
                          capture_output=True, timeout=60, check=False)
    expect((done.returncode, done.stderr), (0, ""), "the client's end")
    said = json.loads(done.stdout)
    expect([result["text"] for result in said["results"]], ["ok", "ok", "ok"], "what the client was answered")
    expect_in("403", said["failures"][0], "a wrong token")
    expect_in("400", said["failures"][1], "no text")
    plain = wait_for(server, "builds", lambda m: "words" in (m.get("text") or ""), "the text")
    expect(plain["text"], "Plain *words* & [a link](https://ci.example.com/1)", "its markup")
    build = wait_for(server, "builds", lambda m: "Build 8" in json.dumps(m), "the attachment")
    expect(build["tone"], "good", "the attachment's colour")
    expect_in("Branch", json.dumps(build["blocks"]), "its fields")
    release = wait_for(server, "builds", lambda m: m.get("title") == "Release 2", "the blocks")
    expect(release["text"], "by `ana`", "the section")


ALERTMANAGER = """
route: { receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: ops
    slack_configs:
      - { api_url: "http://127.0.0.1:%d/services/T0/B0/prom", channel: "#ops", send_resolved: true }
"""


class Alertmanager:
    """The real program, alone, on a free port."""

    def __init__(self, config):
        self.folder = tempfile.mkdtemp(prefix="opsroom-alertmanager-")
        self.port = free_port()
        path = os.path.join(self.folder, "alertmanager.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus-alertmanager", f"--config.file={path}", f"--storage.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="], stdout=log, stderr=log)

    def __enter__(self):
        wait_until(self.is_ready, "Alertmanager")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_ready(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
                raise Failure(f"Alertmanager ended with {self.process.returncode}: {file.read()[-1500:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as reply:
                return reply.status == 200
        except OSError:
            return False

    def post(self, alert):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v2/alerts",
                                         json.dumps([alert]).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            expect(reply.status, 200, "Alertmanager takes an alert")


@test("Alertmanager's slack_configs: firing and resolved arrive with their colours and links")
def alertmanager(server):
    if shutil.which("prometheus-alertmanager") is None:
        raise Skip("prometheus-alertmanager is not installed")
    alert = {"labels": {"alertname": "HighLoad", "instance": "db1", "severity": "critical"},
             "annotations": {"summary": "load is 12"}, "generatorURL": "http://prometheus.example.com/graph"}
    with Alertmanager(ALERTMANAGER % server.port) as manager:
        manager.post(alert)
        firing = wait_for(server, "ops", lambda m: "[FIRING:1]" in json.dumps(m), "the firing alert")
        expect(firing["tone"], "bad", "danger")
        expect_in("HighLoad", firing["title"], "its title")
        expect_in("/#/alerts", json.dumps(firing["blocks"]), "the link to Alertmanager")
        manager.post(dict(alert, endsAt="2020-01-01T00:00:00Z"))
        resolved = wait_for(server, "ops", lambda m: "[RESOLVED]" in json.dumps(m), "the resolved alert")
        expect(resolved["tone"], "good", "good")
    events = server.api("ana", "GET", "/events?source=prom")["items"]
    expect([event["status"] for event in events], ["success", "failure"], "the stored events")
    expect([event["outcome"] for event in events], ["routed", "routed"], "what became of them")


@test("opsroom notify: by the routes, or to a channel by whoever may")
def notify(server):
    status, out, err = server.cli("notify", "--status", "failure", "--title", "Backup failed", "--link",
                                  "https://backup.example.com/3", "no space left")
    expect((status, out.split()[-1], err), (0, "routed", ""), "notify by the routes")
    shown = wait_for(server, "ops", lambda m: m.get("title") == "FAILURE: Backup failed", "the notification")
    expect((shown["text"], shown["tone"]), ("no space left", "bad"), "its text")
    expect_in("https://backup.example.com/3", json.dumps(shown["blocks"]), "its link")
    status, out, err = server.cli("notify", "--channel", "web#lobby", "Hello", "there")
    expect((status, err), (0, ""), "notify to a channel")
    wait_for(server, "lobby", lambda m: m.get("title") == "Hello there", "the direct notification")
    status, out, err = server.cli("notify", "--channel", "web#nowhere", "Hello")
    expect((status, out), (1, ""), "notify to a channel that is not there")
    expect_in('there is no channel "web#nowhere"', err, "its error")
    expect(server.cli("notify")[0], 2, "notify without a text")
    expect(server.cli("notify", "--status", "red", "x")[0], 2, "an unknown status")


@test("opsroom route test needs no server and says when no route fits")
def route_test(server):
    event = {"source": "prom", "kind": "alert", "status": "firing", "severity": "critical", "title": "disk full"}
    server.write("event.json", json.dumps(event))
    status, out, err = server.cli("route", "test", "event.json")
    expect(status, 0, f"a route fits: {err}")
    expect_in("opsroom.yaml:15 -> web#ops\n    FIRING critical: disk full (since ", out, "what is printed")
    status, out, err = server.cli("route", "test", "-", stdin=json.dumps(dict(event, source="nobody")))
    expect((status, out), (1, ""), "no route fits")
    expect_in("no route takes this event", err, "its words")
    status, out, err = server.cli("route", "test", "-", stdin="{}")
    expect((status, out), (1, ""), "no event")
    expect_in('"source" is missing', err, "its words")


@test("where the time of sending is signed, what is old or comes twice is not taken")
def timed(server):
    def post(pattern, at, body='{"title": "timed"}', prefix="", more=None):
        signed = pattern.replace("T", str(at), 1).replace("B", body)
        sign = prefix + hmac.new(b"sesame-sesame", signed.encode(), hashlib.sha256).hexdigest()
        status, _, raw = server.http("POST", "/hooks/timed", body, {"X-Timestamp": str(at), "X-Sign": sign, **(more or {})})
        return status, json.loads(raw).get("taken")
    now = int(time.time())
    expect(post("T:B", now), (200, 1), "TIME:BODY")
    expect(post("T:B", now, more={"X-Delivery-Id": "another"}), (200, 0), "the same again under another delivery")
    expect(post("T.B", now - 60), (200, 1), "TIME.BODY")
    expect(post("v0:T:B", now, prefix="v0="), (200, 1), "as Slack signs")
    expect(post("B", now), (401, None), "a signature over the body alone")
    expect(post("T:B", now - 400), (401, None), "seven minutes old")
    expect(post("T:B", now + 400), (401, None), "seven minutes ahead")
    expect(post("T:B", "soon"), (401, None), "no time")
    expect(post("T:B", now, body='{"title": "x", "id": "one"}'), (200, 1), "with an id in its body")
    expect(post("T:B", now + 1, body='{"title": "x", "id": "one"}'), (200, 0), "sent again later")


@test("events appear on the live stream of those who may see them")
def stream(server):
    ana, tom = server.stream("ana"), server.stream("tom")
    event = {"source": "elsewhere", "kind": "build", "title": "streamed", "id": "stream-1"}
    sent = server.api("ana", "POST", "/events", event, expect=202)
    seen = ana.until(lambda item: item[1] == "event", "the event")[2]
    expect((seen["id"], seen["title"], seen["outcome"]), (sent["id"], "streamed", "unrouted"), "what is streamed")
    server.api("tom", "GET", "/events", expect=403)
    server.api("ana", "POST", "/events", dict(event, source="notify", id="stream-2"), expect=202)
    tom.until(lambda item: item[1] == "message", "a message")
    expect_true(all(item[1] != "event" for item in tom.seen), "tom sees an event")


@test("the configuration in docs/events.md has no fault, and does what the page says")
def documentation(binary):
    with open(os.path.join(ROOT, "docs", "events.md"), encoding="utf-8") as file:
        config = re.search(r"```yaml\n(.*?)```", file.read(), re.DOTALL)[1]
    secrets = {"NOTES_TOKEN": "T0/B0/doc", "HOOK_SECRET": "a secret of the page"}
    with served(binary, 'server: { listen: "127.0.0.1:@PORT@" }\n' + config, environment=secrets) as server:
        status, out, err = server.cli("check")
        expect((status, err), (0, ""), "opsroom check")
        event = {"title": "disk full", "status": "firing", "severity": "critical", "subject": "disk db1", "host": "db1"}
        for status in ("firing", "resolved"):
            body = json.dumps(dict(event, status=status))
            sign = hmac.new(secrets["HOOK_SECRET"].encode(), body.encode(), hashlib.sha256).hexdigest()
            status, _, raw = server.http("POST", "/hooks/anything", body, {"X-Signature-256": "sha256=" + sign})
            expect((status, raw), (200, b'{"taken":1}'), "the answer")
        shown = wait_for(server, "ops", lambda m: m.get("title", "").startswith("RESOLVED"), "the message")
        expect_in("RESOLVED critical: disk full", shown["title"], "its title")
        expect_in("Mute 1h", json.dumps(shown["blocks"]), "its button")


def send_many(server, token, numbers):
    """Over one connection, one after the other; outcomes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    outcomes = collections.Counter()
    for number in numbers:
        event = {"id": f"burst-{number}", "source": "load", "kind": "alert", "subject": f"alert {number}",
                 "status": "resolved" if number % 10 == 0 else "firing", "title": f"alert {number}"}
        connection.request("POST", "/api/v1/events", json.dumps(event), {"Authorization": "Bearer " + token})
        reply = connection.getresponse()
        outcomes[(reply.status, json.loads(reply.read()).get("outcome"))] += 1
    connection.close()
    return outcomes


@test("a burst of 1,000 events leaves a channel that can be read, and every event is accounted for")
def burst(server):
    token = server.token("ana")
    outcomes = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for each in pool.map(lambda n: send_many(server, token, range(n, 1000, 8)), range(8)):
            outcomes += each
    expect(sum(outcomes.values()), 1000, "answers")
    routed, collapsed = outcomes[(202, "routed")], outcomes[(202, "collapsed")]
    expect(routed + collapsed, 1000, f"outcomes of the burst: {outcomes}")
    expect_true(20 <= routed <= 40, f"20 a minute are said, not {routed}")
    flood = wait_for(server, "burst", lambda m: m.get("title", "").startswith(f"{collapsed} more events"),
                     f"the message of the flood of {collapsed}")
    expect_in("firing", flood["title"], "its counts")
    expect(len(messages(server, "burst")), routed + 1, "messages in the channel")
    counted = sum(server.metric(f'opsroom_events_total{{source="load",outcome="{outcome}"}}')
                  for outcome in ("routed", "collapsed"))
    expect(counted, 1000, "events in the metrics")
