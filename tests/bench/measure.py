#!/usr/bin/env python3
"""What opsroom costs: commands made durable, latency, memory, start; beside the bare HTTP library.  See script/bench."""
import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CONFIG = """
server:
  listen: 127.0.0.1:{port}
  limits: {{ commands: 1000000000 }}
store: sqlite:opsroom.db
chats:
  web: {{ type: web }}
people:
  ana: {{ name: Ana Silva, accounts: {{ web: ana }} }}
policy:
  - {{ allow: everyone, commands: [ping] }}
"""
CONNECTIONS = 64
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Program:
    """A process that is measured from outside, through /proc."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, **options)

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def memory_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


class Server(Program):
    """opsroom with a configuration and a database of its own."""

    def __init__(self, opsroom, folder, config=CONFIG):
        self.opsroom, self.folder = opsroom, pathlib.Path(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.config = self.folder / "opsroom.yaml"
        self.config.write_text(config.format(port=self.port))
        started = time.monotonic()
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            super().__init__([opsroom, "serve", "-c", str(self.config)], stdin=subprocess.DEVNULL, stderr=log)
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() - started > 10:
                self.stop()
                sys.exit("opsroom does not become ready:\n" + (self.folder / "log").read_text())
            time.sleep(0.001)
        self.ready_ms = (time.monotonic() - started) * 1000

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def token(self):
        return subprocess.run([self.opsroom, "token", "create", "-c", str(self.config), "--person", "ana"], check=True,
                              text=True, stdout=subprocess.PIPE).stdout.strip()


def flood(program, port, token, seconds, folder):
    """Commands."""
    return flood_with(program, port, seconds, folder, ("/api/v1/run", '{"line": "ping", "wait": 0}',
                                                       {"Authorization": f"Bearer {token}"}))


def flood_with(program, port, seconds, folder, request):
    """wrk with a fixed request (path, body, headers): requests per second, CPU microseconds of the program for each."""
    path, body, headers = request
    script = pathlib.Path(folder) / "post.lua"
    script.write_text("\n".join(["wrk.method = 'POST'", f"wrk.body = {json.dumps(body)}",
                                 "wrk.headers['Content-Type'] = 'application/json'"] +
                                [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
                                 for name, value in headers.items()]))
    before = program.cpu_s()
    printed = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script),
                              f"http://127.0.0.1:{port}{path}"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    count = int(re.search(r"(\d+) requests in", printed)[1])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    if refused:
        sys.exit(f"{refused[1]} of {count} requests were not taken; the figures would be worth nothing")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1]), (program.cpu_s() - before) / count * 1e6


def latencies_ms(port, token, count):
    """One command after the other over one connection: from sending the line to its final state."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    found = []
    for _ in range(count):
        start = time.monotonic()
        connection.request("POST", "/api/v1/run", json.dumps({"line": "ping", "wait": 10}), headers)
        reply = json.load(connection.getresponse())
        found.append((time.monotonic() - start) * 1000)
        if reply.get("state") != "succeeded":
            sys.exit(f"ping did not succeed: {reply}")
    return statistics.quantiles(found, n=100)


def floor_rate(floor, seconds, folder):
    program = Program([floor], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(program.process.stdout.readline())
    rate = flood(program, port, "none", seconds, folder)
    program.stop()
    return rate


def median_start_ms(opsroom, count):
    found = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(opsroom, folder)
            found.append(server.ready_ms)
            server.stop()
    return statistics.median(found)


def main():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("--opsroom", required=True)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--seconds", type=int, default=10, help="of each flood")
    given = parser.parse_args()
    start_ms = median_start_ms(given.opsroom, 5)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(given.opsroom, folder)
        try:
            token = server.token()
            idle_mb = server.memory_mb()
            percentiles = latencies_ms(server.port, token, 500)
            rate, cpu_us = flood(server, server.port, token, given.seconds, folder)
            loaded_mb = server.memory_mb()
        finally:
            server.stop()
        floor, floor_us = floor_rate(given.floor, given.seconds, folder)
    print(f"commands made durable   {rate:8,.0f} /s    {cpu_us:5.0f} µs CPU each, {CONNECTIONS} connections")
    print(f"the library, no work    {floor:8,.0f} /s    {floor_us:5.0f} µs CPU each")
    print(f"ratio                   {rate / floor:8.2f}       {cpu_us / floor_us:5.1f} times the CPU")
    print(f"one trivial command     {percentiles[49]:8.2f} ms p50   {percentiles[98]:.2f} ms p99 (aim: under 5)")
    print(f"memory                  {idle_mb:8.1f} MB idle (aim: under 15)   {loaded_mb:.1f} MB after the flood")
    print(f"start to ready          {start_ms:8.0f} ms (aim: under 100)")


if __name__ == "__main__":
    main()
