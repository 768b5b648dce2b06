"""opsroom chat in a terminal: a pseudo terminal is what it talks to."""
import os
import pty
import re
import select
import signal
import subprocess
import time

from doors import Failure, Group, expect, expect_true, served, wait_until

GROUP = Group("terminal")
test = GROUP.test


class Terminal:
    """A subcommand on a pseudo terminal; what it shows, without the editor's control sequences."""

    def __init__(self, server, *words, environment=None):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([server.binary, words[0], "-c", server.config_path, *words[1:]], stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True, cwd=server.folder,
                                        preexec_fn=lambda: take_terminal(slave),
                                        env={**os.environ, "TERM": "dumb", **(environment or {})})
        os.close(slave)
        self.shown = ""
        self.at = 0  # what was waited for stands before it

    def read(self, limit_s):
        ready, _, _ = select.select([self.master], [], [], max(0, limit_s))
        if not ready:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", piece.decode(errors="replace"))
        return bool(piece)

    def until(self, text, limit_s=20):
        """Waits until it shows the text, after what was waited for before."""
        end = time.monotonic() + limit_s
        while text not in self.shown[self.at:]:
            if time.monotonic() > end or (not self.read(end - time.monotonic()) and self.process.poll() is not None
                                          and text not in self.shown[self.at:]):
                raise Failure(f"the terminal does not show {text!r}\ngot: {self.shown[self.at:]!r}")
        self.at = self.shown.index(text, self.at) + len(text)

    def type(self, text):
        os.write(self.master, text.encode())

    def say(self, line):
        self.until("ops> ")
        self.type(line + "\n")

    def end(self, limit_s=15):
        end = time.monotonic() + limit_s
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        status = self.process.poll()
        if status is None:
            self.process.kill()
            raise Failure(f"it does not end\ngot: {self.shown[self.at:]!r}")
        os.close(self.master)
        return status


def take_terminal(slave):
    import fcntl  # pylint: disable=import-outside-toplevel
    import termios  # pylint: disable=import-outside-toplevel
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


@test("a session: help, a job with its live log, a question, a refusal, exit")
def session(server):
    terminal = Terminal(server, "chat", "--as", "ana")
    try:
        terminal.say("help")
        terminal.until("touch WHAT")
        terminal.say("touch from-terminal")
        terminal.until("Touch from-terminal: succeeded")
        terminal.say("slow terminal")
        terminal.until("begun terminal")
        expect_true("ended terminal" not in terminal.shown, "the log comes live")
        server.write("go-terminal", "")
        terminal.until("ended terminal")
        terminal.until("Slow terminal: succeeded")
        terminal.say("touch")
        terminal.until("what")
        terminal.until("? ")
        terminal.type("the roof\n")
        terminal.until('Touch "the roof": succeeded')
        terminal.say("tuoch x")
        terminal.until("Did you mean: touch")
        terminal.say("only-ops")
        terminal.until("Not allowed")
        terminal.say("")
        terminal.say("exit")
        expect(terminal.end(), 0, "exit status")
    finally:
        stop(terminal)


def stop(terminal):
    if terminal.process.poll() is None:
        terminal.process.kill()
        terminal.process.wait()


@test("Ctrl-C goes back to the prompt, the job goes on; at the prompt it drops the line; Ctrl-D leaves")
def interrupts(server):
    terminal = Terminal(server, "chat", "--as", "ana")
    try:
        terminal.say("slow interrupted")
        terminal.until("begun interrupted")
        terminal.type("\x03")
        terminal.until("goes on")
        terminal.say("ping")
        terminal.until("is here")
        terminal.until("ops> ")
        terminal.type("touch never-typed\x03")
        terminal.until("ops> ")
        terminal.type("ping\n")
        terminal.until("is here")
        terminal.until("ops> ")
        terminal.type("\x04")
        expect(terminal.end(), 0, "exit status")
        jobs = [item for item in server.api("ana", "GET", "/jobs?person=ana&open=1")["items"] if "interrupted" in item["line"]]
        expect([job["state"] for job in jobs], ["running"], "the job")
        server.write("go-interrupted", "")
        server.wait_for("ana", jobs[0]["id"], "succeeded")
        expect_true("never-typed" not in server.read("effects"), "the dropped line was run")
    finally:
        stop(terminal)


@test("an approval given by another person is seen in the terminal that waits")
def approval(server):
    terminal = Terminal(server, "chat", "--as", "ana")
    try:
        terminal.say("guarded from-terminal")
        terminal.until("waiting for approval")
        job = wait_until(lambda: [item["id"] for item in server.api("eve", "GET", "/approvals?state=pending")["items"]
                                  if item["person"] == "ana"], "the approval")[0]
        server.api("max", "POST", f"/approvals/{job}/approve", {})
        terminal.until("Guarded from-terminal: succeeded")
        terminal.say("exit")
        expect(terminal.end(), 0, "exit status")
    finally:
        stop(terminal)


@test("lines from a pipe are answered in order")
def piped(server):
    status, out, err = server.cli("chat", "--as", "ana", stdin="ping\ntouch from-pipe\nexit\nping\n")
    expect((status, err), (0, ""), "exit status")
    expect_true(out.index("is here") < out.index("Touch from-pipe: succeeded"), f"the order: {out!r}")
    expect(out.count("is here"), 1, "nothing after exit")


@test("the server's end is said, not silence; the next line works when it is back")
def server_gone(binary):
    with served(binary) as server:
        terminal = Terminal(server, "chat", "--as", "ana")
        try:
            terminal.say("ping")
            terminal.until("is here")
            server.stop()
            terminal.say("ping")
            terminal.until("opsroom serve")
            server.start()
            terminal.say("ping")
            terminal.until("is here")
            terminal.until("ops> ")
            terminal.process.send_signal(signal.SIGHUP)
            terminal.end()
        finally:
            stop(terminal)


@test("secret set does not show what is typed")
def secret(server):
    terminal = Terminal(server, "secret", "set", "typed")
    try:
        terminal.until("not shown")
        terminal.type("correct-horse\n")
        expect(terminal.end(), 0, "exit status")
        expect_true("correct-horse" not in terminal.shown, f"it is shown: {terminal.shown!r}")
        expect(server.cli("secret", "list")[1], "typed\n", "it is kept")
    finally:
        stop(terminal)
