"""Tokens, sign-in links, sessions, and what a page of another site cannot do."""
import os
import re

from doors import (TEAM, Group, Stream, expect, expect_in, expect_not_in, expect_true, served, wait_until)

GROUP = Group("session")
test = GROUP.test
OWN = {"X-Opsroom": "1"}


def bearer(token):
    return {"Authorization": "Bearer " + token}


def link(server, person):
    status, out, err = server.cli("token", "create", "--person", person, "--link")
    expect(status, 0, f"token create --link: {err}")
    found = re.fullmatch(r"http://127\.0\.0\.1:\d+(/signin/\S+)\n", out)
    expect_true(found, f"token create --link prints the link alone: {out!r}")
    return found[1]


def cookie_of(headers):
    return headers["Set-Cookie"].split(";")[0]


def sign_in(server, person):
    status, headers, _ = server.http("POST", link(server, person))
    expect(status, 303, "POST of the link")
    return cookie_of(headers)


@test("without credentials, or with wrong ones: 401, counted, and no handler's word")
def unknown(server):
    name = 'opsroom_http_requests_total{path="/api/v1/jobs",method="GET",code="401"}'
    before = server.metric(name)
    wrong = [{}, bearer("wrong"), bearer(""), bearer("x" * 5000), {"Authorization": "Basic YTpi"},
             {"Authorization": "bearer " + server.token("eve")[:-1]}, {"Cookie": "opsroom_session=wrong"},
             {"Cookie": "opsroom_session=" + server.token("eve")}, {"Cookie": "opsroom_session="}, bearer("é"),
             {**bearer("wrong"), "Cookie": sign_in(server, "eve")}]
    for headers in wrong:
        status, got, raw = server.http("GET", "/api/v1/jobs", headers=headers)
        expect((status, got.get("WWW-Authenticate")), (401, "Bearer"), f"{headers}")
        expect_in('"denied"', raw.decode(), f"{headers}")
    expect(server.metric(name), before + len(wrong), "the counter of 401")
    for path in ("/", "/healthz", "/api/v1/openapi.json"):
        expect_true(server.http("GET", path)[0] in (200, 404), f"{path} needs no credentials")


@test("a token: made over the socket, listed, revoked, and with that its access ends at once")
def token_life(server):
    made = server.local("POST", "/tokens", {"person": "tom", "note": "for <ci>"})
    expect(sorted(made), ["id", "token"], "members of a new token")
    expect(server.http("GET", "/api/v1/me", headers=bearer(made["token"]))[0], 200, "it works")
    listed = [item for item in server.local("GET", "/tokens?person=tom")["items"] if item["id"] == made["id"]]
    expect([(item["person"], item["kind"], item["note"]) for item in listed], [("tom", "token", "for <ci>")], "listed")
    expect_not_in(made["token"], str(server.local("GET", "/tokens")), "the list")
    live = Stream(server, made["token"])
    session = server.http("POST", "/api/v1/session", {"token": made["token"]})
    cookie = cookie_of(session[1])
    server.error("tom", "DELETE", f"/tokens/{made['id']}", status=403)
    server.api("eve", "DELETE", f"/tokens/{made['id']}")
    expect(server.http("GET", "/api/v1/me", headers=bearer(made["token"]))[0], 401, "after it was revoked")
    expect(server.http("GET", "/api/v1/me", headers={"Cookie": cookie})[0], 401, "a session that was begun with it")
    live.until_end()
    server.error("eve", "DELETE", f"/tokens/{made['id']}", status=404)
    records = server.api("eve", "GET", "/audit?kind=token%20revoked&limit=1")["items"]
    expect_in(f"{made['id']} of tom", str(records), "the audit says which")
    expect_not_in(made["token"], server.read("server.log"), "the log")


@test("a token that expires; one's session ends with it")
def token_expiry(binary):
    with served(binary) as server:
        made = server.local("POST", "/tokens", {"person": "ana", "expires_in": 3600})
        item = server.local("GET", "/tokens?person=ana")["items"][0]
        expect_true(item["expires_at"] > item["created_at"], f"times: {item}")
        status, headers, _ = server.http("POST", "/api/v1/session", {"token": made["token"]})
        age = int(re.search(r"Max-Age=(\d+)", headers["Set-Cookie"])[1])
        expect_true(status == 200 and 3500 <= age <= 3601, f"Max-Age: {headers['Set-Cookie']}")
        path = link(server, "ana")
        server.advance(3601)
        wait_until(lambda: server.http("GET", "/api/v1/me", headers=bearer(made["token"]))[0] == 401, "the token's end")
        expect(server.http("GET", "/api/v1/me", headers={"Cookie": cookie_of(headers)})[0], 401, "the session's end")
        expect(server.http("POST", path)[0], 410, "a link after its hour")
        expect_not_in(f"'id': {made['id']},", str(server.local("GET", "/tokens")), "the list")


@test("a link shows a page, uses nothing up by that, signs in once")
def sign_in_once(server):
    path = link(server, "lea")
    for _ in range(3):
        status, headers, raw = server.http("GET", path)
        expect(status, 200, "GET of the link")
        expect_in('<form method="post">', raw.decode(), "its page")
        expect_in("default-src 'none'", headers["Content-Security-Policy"], "its policy")
        expect(headers.get("Set-Cookie"), None, "a cookie by GET")
    expect(server.http("HEAD", path)[0], 200, "HEAD of the link")
    status, headers, _ = server.http("POST", path, b"", {"Content-Type": "application/x-www-form-urlencoded",
                                                         "Origin": "null"})
    expect((status, headers["Location"]), (303, "/"), "POST of the link")
    parts = [part.strip() for part in headers["Set-Cookie"].split(";")]
    expect_true(parts[0].startswith("opsroom_session="), f"the cookie: {parts}")
    expect_true({"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts), f"the cookie's flags: {parts}")
    expect_true("Secure" not in parts, f"Secure over plain HTTP: {parts}")
    expect(server.http("POST", path)[0], 410, "POST a second time")
    status, _, raw = server.http("GET", path)
    expect(status, 410, "GET after it was used")
    expect_not_in("<form", raw.decode(), "its page")
    for odd in ("/signin/x", "/signin/" + "a" * 3000, "/signin/%3Cscript%3E"):
        status, _, raw = server.http("GET", odd)
        expect(status, 410, odd[:40])
        expect_not_in("<script>", raw.decode(), odd[:40])
    me = server.http("GET", "/api/v1/me", headers={"Cookie": cookie_of(headers)})
    expect_in('"id":"lea"', me[2].decode(), "who it is")


@test("a session: changes need the console's own header and origin")
def csrf(server):
    cookie = {"Cookie": sign_in(server, "ana")}
    here = f"http://127.0.0.1:{server.port}"
    line = {"line": "ping"}
    for headers, status in (({}, 403), ({"X-Opsroom": "0"}, 403), ({"Origin": here}, 403), (OWN, 200),
                            ({**OWN, "Origin": here}, 200), ({**OWN, "Origin": "https://evil.example"}, 403),
                            ({**OWN, "Origin": f"http://127.0.0.1:{server.port + 1}"}, 403),
                            ({**OWN, "Origin": "null"}, 403), ({**OWN, "Origin": here + ".evil.example"}, 403),
                            ({**OWN, "Origin": ""}, 403)):
        got = server.http("POST", "/api/v1/run", line, {**cookie, **headers})
        expect(got[0], status, f"POST /run with {headers}: {got[2][:200]!r}")
    expect(server.http("GET", "/api/v1/me", headers={**cookie, "Origin": "https://evil.example"})[0], 200, "reading")
    token = server.token("ana")
    for headers, status in (({"Origin": "https://evil.example"}, 403), ({}, 200), ({"Origin": here}, 200)):
        expect(server.http("POST", "/api/v1/session", {"token": token}, headers)[0], status, f"sign-in with {headers}")
    expect(server.http("POST", "/api/v1/session", {"token": "wrong"})[0], 401, "sign-in with a wrong token")
    expect(server.http("GET", "/api/v1/jobs?person=ana", headers={**cookie, **bearer("wrong")})[0], 401,
           "a wrong token beside a good session")
    expect(server.http("DELETE", "/api/v1/session", headers=cookie)[0], 403, "sign-out from elsewhere")
    status, headers, _ = server.http("DELETE", "/api/v1/session", headers={**cookie, **OWN})
    expect((status, "Max-Age=0" in headers["Set-Cookie"]), (200, True), "sign-out")
    expect(server.http("GET", "/api/v1/me", headers=cookie)[0], 401, "after the sign-out")


@test("behind a trusted proxy with TLS the cookie is Secure; others cannot say so")
def secure_cookie(binary):
    trusting = TEAM.replace('listen: "127.0.0.1:@PORT@"', 'listen: "127.0.0.1:@PORT@", trusted_proxies: [127.0.0.1]')
    for config, secure in ((trusting, True), (TEAM, False)):
        with served(binary, config) as server:
            headers = server.http("POST", link(server, "ana"), headers={"X-Forwarded-Proto": "https"})[1]
            expect("Secure" in headers["Set-Cookie"], secure, f"Secure: {headers['Set-Cookie']}")


@test("a person taken out of the configuration is out: token, session and stream")
def person_removed(binary):
    with served(binary) as server:
        token = server.token("tom")
        cookie = sign_in(server, "tom")
        unused = link(server, "tom")
        live = server.stream("tom")
        job = server.run("tom", "ping")["job"]
        config = server.read("opsroom.yaml")
        server.write("opsroom.yaml", config.replace("  tom:", "  # tom:"))
        server.process.send_signal(1)
        wait_until(lambda: server.http("GET", "/api/v1/me", headers=bearer(token))[0] == 401, "the token's end")
        expect(server.http("GET", "/api/v1/me", headers={"Cookie": cookie})[0], 401, "the session")
        expect(server.http("GET", unused)[0], 410, "the link")
        server.run("ana", "ping", channel="web#lobby")
        live.until_end()
        expect(server.local("GET", f"/jobs/{job}", expect=None).get("person", "tom"), "tom", "the job stays his")
        server.write("opsroom.yaml", config)
        server.process.send_signal(1)
        wait_until(lambda: server.http("GET", "/api/v1/me", headers=bearer(token))[0] == 200, "his return")


@test("a token cannot do more than its person")
def no_more_rights(server):
    server.error("tom", "POST", "/tokens", {"person": "eve"}, 403)
    server.error("tom", "GET", "/tokens", status=403)
    made = server.api("eve", "POST", "/tokens", {"person": "lea", "link": True})
    expect(sorted(made), ["id", "link"], "members of a new link")
    expect_true(os.path.basename(made["link"]) not in str(server.api("eve", "GET", "/tokens")), "the list shows no link")
