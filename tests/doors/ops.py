"""/healthz, /readyz, /metrics, and the console's files."""
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess

from doors import PIPELINES, TEAM, Door, Group, Skip, expect, expect_in, expect_true, served, wait_until

GROUP = Group("operations")
test = GROUP.test


@test("/healthz and /readyz, without credentials, for GET and HEAD")
def health(server):
    status, headers, raw = server.http("GET", "/healthz")
    expect((status, raw), (200, b"ok\n"), "/healthz")
    status, headers, raw = server.http("GET", "/readyz")
    ready = json.loads(raw)
    expect((status, ready["ready"], ready["store"], ready["closing"]), (200, True, "ok", False), "/readyz")
    expect([(item["name"], item["type"]) for item in ready["connections"]], [("local", "local")], "its connections")
    for path in ("/healthz", "/readyz", "/metrics"):
        status, headers, raw = server.http("HEAD", path)
        expect((status, raw), (200, b""), f"HEAD {path}")


@test("/metrics are what promtool accepts")
def promtool(server):
    if shutil.which("promtool") is None:
        raise Skip("promtool is not installed")
    server.run("ana", "touch metrics")
    server.run("tom", "touch metrics")
    server.http("GET", "/nothing")
    server.http("BREW", "/coffee")
    status, headers, raw = server.http("GET", "/metrics")
    expect((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"), "/metrics")
    done = subprocess.run(["promtool", "check", "metrics"], input=raw, capture_output=True, timeout=30, check=False)
    expect((done.returncode, done.stdout + done.stderr), (0, b""), "promtool check metrics")


@test("/metrics count requests by path, method and code, jobs by state, and show queues and latencies")
def counters(server):
    def requests(path, method, code):
        return server.metric(f'opsroom_http_requests_total{{path="{path}",method="{method}",code="{code}"}}')
    before = {(path, code): requests(path, "GET", code) for path, code in
              (("/api/v1/jobs/{id}", 200), ("/api/v1/jobs/{id}", 401), ("/api/v1/jobs/{id}", 403))}
    job = server.run("ana", "ping")["job"]
    server.api("ana", "GET", f"/jobs/{job}")
    server.http("GET", f"/api/v1/jobs/{job}")
    server.error("tom", "GET", f"/jobs/{job}", status=403)
    for (path, code), count in before.items():
        wait_until(lambda: requests(path, "GET", code) == count + 1, f"{path} {code}")  # pylint: disable=cell-var-from-loop
    missing = requests("other", "POST", 404) + requests("other", "other", 404)
    server.http("POST", "/api/v1/explode/17/x", {})
    server.http("BREW", "/coffee/17")
    wait_until(lambda: requests("other", "POST", 404) + requests("other", "other", 404) == missing + 2, "404")
    text = server.http("GET", "/metrics")[2].decode()
    for name in ("opsroom_http_request_seconds_bucket", "opsroom_store_queue_depth", "opsroom_resident_memory_bytes"):
        expect_in(f"\n{name}", text, "/metrics")
    for part in ("jobs", "outbox"):
        expect_true(re.search(rf"^opsroom_\w*{part}\w*", text, re.MULTILINE), f"no metric of {part}")
    expect_true("17" not in re.sub(r'le="[^"]*"|} .*|^#.*', "", text, flags=re.MULTILINE), "a label that strangers fill")


@test("a follower's endless names make no endless labels")
def labels(server):
    before = len(server.http("GET", "/metrics")[2].splitlines())
    for number in range(50):
        server.http("GET", f"/page-{number}.html")
        server.http(f"M{number}", f"/{number}")
    expect_true(len(server.http("GET", "/metrics")[2].splitlines()) < before + 40, "lines for every name")


@test("the console's files: types, policy, no sniffing, pages of its own")
def files(server):
    for path, kind in (("/", "text/html; charset=utf-8"), ("/jobs/12", "text/html; charset=utf-8"),
                       ("/audit", "text/html; charset=utf-8"), ("/app.js", "text/javascript; charset=utf-8"),
                       ("/console.css", "text/css; charset=utf-8")):
        status, headers, raw = server.http("GET", path)
        expect((status, headers.get("Content-Type")), (200, kind), path)
        expect(headers["X-Content-Type-Options"], "nosniff", path)
        policy = headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            expect_in(part, policy, f"{path}: the policy")
        expect_true("unsafe" not in policy, f"{path}: {policy}")
        if kind.startswith("text/html"):
            expect_true(not re.search(rb"<script(?![^>]*\bsrc=)|\son\w+=|style=", raw), f"{path}: something inline")
            expect_true(not re.search(rb"(src|href)=\"(https?:)?//", raw), f"{path}: something from elsewhere")
    for path in ("/../opsroom.yaml", "/%2e%2e/opsroom.yaml", "/opsroom.yaml", "/opsroom.db", "/index.html.bak"):
        expect_true(server.http("GET", path)[0] in (400, 404), path)


@test("every answer of the API forbids sniffing and caching")
def headers_of_the_api(server):
    for path in ("/api/v1/me", "/api/v1/jobs?person=ana"):
        headers = server.http("GET", path, headers={"Authorization": "Bearer " + server.token("ana")})[1]
        expect(headers.get("Cache-Control"), "no-store", f"{path}: Cache-Control")
        expect(headers.get("X-Content-Type-Options"), "nosniff", f"{path}: X-Content-Type-Options")


@test("a changed configuration is noticed without a signal, and a command reads it too")
def noticed(binary):
    with served(binary) as server:
        expect(server.run("tom", "touch x")["state"], "refused", "before")
        config = server.read("opsroom.yaml")
        server.write("opsroom.yaml", config.replace("commands: [ping]", "commands: [ping, touch]"))
        wait_until(lambda: server.run("tom", "touch x")["ok"], "the new rule")
        server.write("opsroom.yaml", config)
        expect(server.run("eve", "reload")["state"], "succeeded", "reload")
        expect(server.run("tom", "touch x")["state"], "refused", "after reload")


def certificate(server, name):
    """A new self-signed one, in the server's folder."""
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                           "-days", "2", "-subj", f"/CN={name}", "-keyout", "new-key.pem", "-out", "new-cert.pem"],
                          cwd=server.folder, capture_output=True, timeout=30, check=False)
    expect(done.returncode, 0, f"openssl: {done.stderr}")
    for file in ("key.pem", "cert.pem"):
        os.replace(os.path.join(server.folder, "new-" + file), os.path.join(server.folder, file))


def seen_certificate(server):
    return ssl.get_server_certificate(("127.0.0.1", server.port), timeout=10)


@test("HTTPS: the cookie is Secure; a new certificate is taken at a reload, a faulty one is not")
def https(binary):
    if shutil.which("openssl") is None:
        raise Skip("openssl is not installed")
    server = Door(binary, TEAM.replace('listen: "127.0.0.1:@PORT@"',
                                       'listen: "127.0.0.1:@PORT@", tls: { cert: cert.pem, key: key.pem }'), PIPELINES)
    try:
        certificate(server, "first")
        server.start(wait=False)
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE

        def ask(method, path):
            connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=20, context=trust)
            connection.request(method, path)
            reply = connection.getresponse()
            return reply.status, reply.headers

        def is_ready():
            try:
                return server.is_alive() and ask("GET", "/readyz")[0] == 200
            except OSError:
                return False
        wait_until(is_ready, "the server")
        first = seen_certificate(server)
        status, out, err = server.cli("token", "create", "--person", "ana", "--link")
        expect_true(out.startswith(f"https://127.0.0.1:{server.port}/signin/"), f"the link: {out!r} {err}")
        status, headers = ask("POST", out.strip().split(str(server.port))[1])
        expect((status, "; Secure" in headers["Set-Cookie"]), (303, True), "the cookie")
        expect(server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")[:5] == b"HTTP/", False, "plain HTTP on that port")
        certificate(server, "second")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: seen_certificate(server) != first, "the new certificate")
        second = seen_certificate(server)
        server.write("cert.pem", "no certificate")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "certificate not read again" in server.read("server.log"), "the refusal")
        expect(seen_certificate(server), second, "the certificate after a faulty one")
        expect(server.stop(), 0, "exit status")
    finally:
        server.close()


@test("logs: a line per thing, as text or JSON, with the job's number")
def logs(binary):
    for form in ("text", "json"):
        config = TEAM.replace('listen: "127.0.0.1:@PORT@"',
                              f'listen: "127.0.0.1:@PORT@", log: {{ format: {form}, level: debug }}')
        with served(binary, config) as server:
            job = server.run("ana", "broken")["job"]
            server.stop()
            lines = server.read("server.log").splitlines()
            expect_true(len(lines) > 3, f"{form}: {lines}")
            if form == "json":
                records = [json.loads(line) for line in lines]
                expect_true(any(record.get("job") == job for record in records), f"the job's number: {lines}")
            else:
                expect_true(all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info |warn |error) ", line)
                                for line in lines), f"{form}: {lines}")
                expect_true(any(f"job={job} " in line for line in lines), f"the job's number: {lines}")
