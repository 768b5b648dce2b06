#!/usr/bin/env python3
"""What a signed event from outside costs with 1, 100 and 10,000 routes, beside the bare HTTP library.  See script/bench."""
import argparse
import hashlib
import hmac
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from measure import Program, Server, flood_with

SECRET = "a secret for the bench"
HEAD = """
server:
  listen: 127.0.0.1:{{port}}
store: sqlite:opsroom.db
chats:
  web: {{{{ type: web, channels: [builds] }}}}
connections:
  ci: {{{{ type: webhook, secret: "${{{{env:BENCH_SECRET}}}}" }}}}
people:
  ana: {{{{ name: Ana Silva, accounts: {{{{ web: ana }}}} }}}}
policy:
  - {{{{ allow: everyone, commands: [events] }}}}
routes:
"""


def config(routes):
    """The event's own route is the last one."""
    lines = [f"  - {{{{ from: ci, match: 'service=svc{number}, status=\"failure\"', to: [\"web#builds\"] }}}}"
             for number in reversed(range(routes))]
    return HEAD.format() + "\n".join(lines) + "\n"


def request(size, subject=None):
    """(path, body, headers) of one event of about that many bytes, signed."""
    event = {"kind": "build", "status": "failure", "title": "web broke on main", "service": "svc0", "branch": "main",
             "url": "https://ci.example.com/job/web/812", "actor": "ana", "text": ""}
    if subject:
        event.update(subject=subject, id=subject)
    event["text"] = "x" * min(700, size - len(json.dumps(event)))
    event["payload"] = {}
    while len(json.dumps(event)) < size - 60:  # as a code host sends: much that nobody looks at
        number = len(event["payload"])
        event["payload"][f"member_{number}"] = f"https://api.example.com/{number}"
    body = json.dumps(event)
    signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    return "/hooks/ci", body, {"X-Signature-256": "sha256=" + signature}


def latencies_ms(server, token, count):
    """From sending an event to its message standing in the channel."""
    stream = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    stream.request("GET", "/api/v1/stream", None, {"Authorization": "Bearer " + token})
    lines = stream.getresponse()
    lines.readline()
    found = []
    for number in range(count):
        path, body, headers = request(1000, f"subject {number}")
        start = time.monotonic()
        sender = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        sender.request("POST", path, body, headers)
        if sender.getresponse().status != 200:
            sys.exit("an event was not taken")
        while not lines.readline().startswith(b"event: message"):
            pass
        found.append((time.monotonic() - start) * 1000)
        sender.close()
    stream.close()
    return statistics.quantiles(found, n=100)


def measure(opsroom, routes, size, seconds):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(opsroom, folder, config(routes))
        try:
            percentiles = latencies_ms(server, server.token(), 20) if routes == 1 else None
            rate, cpu_us = flood_with(server, server.port, seconds, folder, request(size))
            return rate, cpu_us, server.memory_mb(), percentiles
        finally:
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opsroom", required=True)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--seconds", type=int, default=10, help="of each flood")
    given = parser.parse_args()
    os.environ["BENCH_SECRET"] = SECRET
    for size in (1000, 17000):
        program = Program([given.floor], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port = int(program.process.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            floor, floor_us = flood_with(program, port, given.seconds, folder, request(size))
        program.stop()
        print(f"the library, {size:6,} bytes       {floor:8,.0f} /s   {floor_us:5.0f} µs CPU each")
        for routes in (1, 100, 10000) if size == 1000 else (100,):
            rate, cpu_us, memory, percentiles = measure(given.opsroom, routes, size, given.seconds)
            print(f"events, {size:6,} bytes, {routes:6,} routes {rate:7,.0f} /s   {cpu_us:5.0f} µs CPU each, "
                  f"ratio {rate / floor:.2f}, {memory:.0f} MB after it")
            if percentiles:
                print(f"event in, message out        {percentiles[49]:8.2f} ms p50   {percentiles[98]:.2f} ms p99")


if __name__ == "__main__":
    main()
