#!/usr/bin/env python3
"""A status page that accepts nothing but what its documentation says, for the tutorial's scenarios.

fake_statuspage.py EFFECTS [losing]: prints its port and serves until its standard input ends.  Every incident that is
opened or closed is a line in the file EFFECTS.  "losing": the answer to the first change is lost on its way."""
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

TOKEN = "statuspage-token-1"


class Page:
    """The incidents, and what may be done to them."""

    def __init__(self, effects, losing):
        self.effects = effects
        self.losing = losing
        self.incidents = []
        self.lock = threading.Lock()

    def effect(self, line):
        with open(self.effects, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def list(self, query):
        unknown = set(query) - {"status", "key"}
        if unknown:
            return 422, {"message": f"unknown parameter {sorted(unknown)[0]}"}
        found = [incident for incident in self.incidents
                 if all(incident[name] == value for name, value in query.items())]
        return 200, {"incidents": [self.shown(incident) for incident in found]}

    @staticmethod
    def shown(incident):
        return {name: value for name, value in incident.items() if name != "key"}

    def find(self, number):
        return next((each for each in self.incidents if str(each["number"]) == number), None)

    def open(self, body):
        if set(body) != {"title", "impact", "key"}:
            return 422, {"message": "title, impact and key are needed, and nothing else"}
        if body["impact"] not in ("minor", "major") or not body["title"].strip():
            return 422, {"message": "impact is minor or major, and the title is not empty"}
        for incident in self.incidents:
            if incident["key"] == body["key"]:
                return 200, self.shown(incident)
        number = len(self.incidents) + 1
        self.incidents.append({**body, "number": number, "status": "open", "revision": "r1",
                               "url": f"https://status.example.com/incidents/{number}",
                               "opened_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        self.effect(f"opened {number} {body['impact']} {body['title']}")
        return 201, self.shown(self.incidents[-1])

    def change(self, number, body):
        incident = self.find(number)
        if incident is None:
            return 404, {"message": f"there is no incident {number}"}
        if set(body) != {"status", "revision"} or body["status"] not in ("open", "closed"):
            return 422, {"message": "status and revision are needed, and nothing else"}
        if body["revision"] != incident["revision"]:
            return 409, {"message": f"incident {number} was changed by somebody else"}
        incident.update(status=body["status"], revision=f"r{int(incident['revision'][1:]) + 1}")
        self.effect(f"{body['status']} {number}")
        return 200, self.shown(incident)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    page = None

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def take(self, act):
        """act() once it is known who asks; a lost answer is one that never leaves."""
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"message": "who are you"})
            return
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            self.answer(400, {"message": "this is no JSON"})
            return
        with self.page.lock:
            status, reply = act(body)
            lost = self.page.losing and body is not None and status < 300
            self.page.losing = self.page.losing and not lost
        if lost:
            self.close_connection = True
        else:
            self.answer(status, reply)

    def do_GET(self):  # pylint: disable=invalid-name
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        if parts == ["api", "incidents"]:
            self.take(lambda body: self.page.list(query))
        elif len(parts) == 3 and parts[:2] == ["api", "incidents"]:
            found = self.page.find(parts[2])
            self.take(lambda body: (200, self.page.shown(found)) if found else (
                404, {"message": f"there is no incident {parts[2]}"}))
        else:
            self.take(lambda body: (404, {"message": f"no such path: {url.path}"}))

    def do_POST(self):  # pylint: disable=invalid-name
        if self.path == "/api/incidents":
            self.take(self.page.open)
        else:
            self.take(lambda body: (404, {"message": f"no such path: {self.path}"}))

    def do_PUT(self):  # pylint: disable=invalid-name
        number = self.path.removeprefix("/api/incidents/")
        self.take(lambda body: self.page.change(number, body))


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Whoever asked has died: that is what the crash loop is for."""


def main():
    Handler.page = Page(sys.argv[1], "losing" in sys.argv[2:])
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
