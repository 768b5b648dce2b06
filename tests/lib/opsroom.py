"""Starts the real binary on a free port in a folder of its own, and talks to it as people and programs do.

Standard library only; shares no code with the product."""
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

WAIT_S = 15


class Failure(Exception):
    """An expectation that was not met: expected, got, where."""


def free_port():
    """A port below the ephemeral range that nobody listens on."""
    for _ in range(200):
        port = random.randint(20000, 29999)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port")


def wait_until(look, what, limit_s=WAIT_S):
    """Calls look() until it gives something true; no fixed sleeps, a short pause between looks, a bound."""
    end = time.monotonic() + limit_s
    pause = 0.005
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {limit_s} s for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


class Server:
    """One opsroom: its folder, process and persons' tokens."""

    def __init__(self, binary, config, files=None, environment=None):
        self.binary = os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="opsroom-test-")
        self.port = free_port()
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        self.tokens = {}
        self.log_path = os.path.join(self.folder, "server.log")
        self.config_path = os.path.join(self.folder, "opsroom.yaml")
        self.clock_path = os.path.join(self.folder, "clock")
        self.write("opsroom.yaml", config.replace("@PORT@", str(self.port)))
        for name, content in (files or {}).items():
            self.write(name, content)
            if content.startswith("#!"):
                os.chmod(os.path.join(self.folder, name), 0o755)

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)

    def read(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def start(self, environment=None, wait=True):
        env = dict(self.environment, OPSROOM_TEST_CLOCK=self.clock_path, **(environment or {}))
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.binary, "serve", "-c", self.config_path], stderr=log, stdout=log,
                                            stdin=subprocess.DEVNULL, env=env, cwd=self.folder)
        if wait:
            wait_until(self.is_ready, "the server to be ready\n" + self.log_tail())

    def log_tail(self):
        return self.read("server.log")[-3000:]

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def is_ready(self):
        if not self.is_alive():
            raise Failure(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            return self.http("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self):
        if self.is_alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, limit_s=12):
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("the server did not end within its time after SIGTERM") from None

    def close(self):
        try:
            if self.is_alive():
                self.stop()
        finally:
            if not os.environ.get("KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def advance(self, seconds):
        """Moves the server's clock on (builds with test hooks only)."""
        self.write("clock", str(int(self.read("clock") or "0") + int(seconds * 1000)))
        time.sleep(0.03)  # the server looks at the file every 20 ms; nothing tells that it has

    def http(self, method, path, body=None, headers=None, limit_s=30):
        """(status, headers, bytes); raw bytes go as they are, anything else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit_s)
        try:
            headers = dict(headers or {})
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def cli(self, *words, stdin="", limit_s=60, environment=None):
        """(exit status, stdout, stderr) of a subcommand against this server."""
        env = dict(self.environment, **(environment or {}))
        done = subprocess.run([self.binary, words[0], "-c", self.config_path, *words[1:]], input=stdin, text=True,
                              capture_output=True, timeout=limit_s, env=env, cwd=self.folder, check=False)
        return done.returncode, done.stdout, done.stderr

    def token(self, person):
        if person not in self.tokens:
            status, out, err = self.cli("token", "create", "--person", person)
            if status != 0:
                raise Failure(f"token create for {person}: {err}")
            self.tokens[person] = out.strip()
        return self.tokens[person]

    def api(self, person, method, path, body=None, expect=200, limit_s=30):
        """The reply's JSON."""
        status, _, raw = self.http(method, "/api/v1" + path, body, {"Authorization": "Bearer " + self.token(person)},
                                   limit_s)
        if expect is not None and status != expect:
            raise Failure(f"{method} {path} as {person}: expected {expect}, got {status}: {raw[:500]!r}")
        return json.loads(raw)

    def run(self, person, line, wait=20, **more):
        return self.api(person, "POST", "/run", {"line": line, "wait": wait, **more}, limit_s=wait + 15)
