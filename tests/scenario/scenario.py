"""Reads and plays .scn files: configuration, what people type and press, what they see, what the audit says.

    title   A deployment that a second person has to agree to
    config
      people: ...
    file deploy
      #!/bin/sh
      echo done >> effects
    fake statuspage losing                     fake_statuspage.py beside this file, with these words; its port: @STATUSPAGE_PORT@
    web#lobby
      ana> deploy api to production           typed (in a channel other than a direct one, addressed to opsroom)
      bot> *waiting for approval*              a message whose plain text matches; * is anything; waited for
      ana sees> *only for ana*                 the same, in what ana is shown
      lea presses Approve                      the newest button of that label that lea is shown
      lea presses Deny: not today              with the free text it asks for
      tom does not see> *secret*
    job 1 succeeded                            waited for
    clock +31m
    effects 1 line                             lines in the file "effects", in the server's folder
    audit
      decided * deploy * allowed               kind person command result, in this order, others in between
    post /hooks/ci signed KEY                  or: bearer TOKEN, as PERSON, form; headers first, then the body
      X-Delivery-Id: 7
      {"title": "disk full"}
      -> 200 *taken*                           the answer's status and body
    messages web#ops 2                         how many are there
    reload | restart
"""
import fnmatch
import hashlib
import hmac
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from opsroom import Failure, Server, wait_until  # noqa: E402


class Scenario:
    """The file, in parts: title, config, files, and the list of things that happen."""

    def __init__(self, path):
        self.path = path
        self.title = os.path.basename(path)
        self.config = ""
        self.files = {}
        self.fakes = []  # (name, words)
        self.crash = False
        self.events = []  # (line number, head, rest, block)
        with open(path, encoding="utf-8") as file:
            self.parse(file.read().split("\n"))

    def parse(self, lines):
        at = 0
        while at < len(lines):
            line = lines[at]
            if not line.strip() or line.startswith("//"):
                at += 1
                continue
            block = []
            number = at + 1
            at += 1
            while at < len(lines) and (lines[at].startswith("  ") or not lines[at].strip()):
                block.append((at + 1, lines[at][2:]))
                at += 1
            self.add(number, line.rstrip(), block)

    def add(self, number, line, block):
        head, _, rest = line.partition(" ")
        text = "\n".join(content for _, content in block).rstrip("\n") + "\n"
        if head == "title":
            self.title = rest.strip()
        elif head == "crash":
            self.crash = True
        elif head == "config":
            self.config = text
        elif head == "file":
            self.files[rest.strip()] = text
        elif head == "fake":
            name, *words = rest.split()
            self.fakes.append((name, words))
        else:
            self.events.append((number, head, rest.strip(), [(n, t) for n, t in block if t.strip()]))


def plain(entry):
    """What stands in an entry, as one text."""
    message = entry.get("message") or {}
    parts = [entry.get("text"), message.get("title"), message.get("text")]
    for block in message.get("blocks") or []:
        parts.append(block.get("text"))
        parts += [f"{fact['name']}: {fact['value']}" for fact in block.get("facts", [])]
        parts += [" ".join(str(cell) for cell in row) for row in block.get("rows", [])]
        parts += [f"[{button['label']}]" for button in block.get("buttons", [])]
        parts += [f"{step['name']} {step['state']}" for step in block.get("steps", [])]
        parts += [f"{field['key']}?" for field in block.get("fields", [])]
    return re.sub(r"\\([^\w\s])", r"\1", "\n".join(part for part in parts if part))  # markup's escapes


class Player:
    """Plays one scenario on one server.  Requests carry ids and are sent again when the server died meanwhile."""

    def __init__(self, scenario, binary, environment=None):
        self.scenario = scenario
        self.server = Server(binary, scenario.config, scenario.files)
        self.fakes = [self.start_fake(name, words) for name, words in scenario.fakes]
        self.environment = environment or {}
        self.asked = 0
        self.person = None
        self.deaths = 0

    def play(self):
        self.server.start(self.environment, wait=False)
        try:
            self.alive(self.server.is_ready)
            for number, head, rest, block in self.scenario.events:
                self.event(number, head, rest, block)
            self.alive(lambda: True)
            self.check_audit()
        except Failure as failure:
            raise Failure(f"{failure}\n--- the server's log\n{self.server.log_tail()}") from None
        finally:
            self.server.close()
            for fake in self.fakes:
                fake.communicate()

    def start_fake(self, name, words):
        """A service of outside.  It outlives the server, notes what was done to it in "effects", and ends with its input."""
        program = os.path.join(os.path.dirname(self.scenario.path), f"fake_{name}.py")
        effects = os.path.join(self.server.folder, "effects")
        fake = subprocess.Popen([sys.executable, program, effects, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)
        port = fake.stdout.readline().strip()
        config = self.server.read("opsroom.yaml")
        self.server.write("opsroom.yaml", config.replace(f"@{name.upper()}_PORT@", port))
        return fake

    def alive(self, act):
        """act(), again if the server was killed on the way: it is started again without its kill point."""
        for _ in range(3):
            try:
                return wait_until(lambda: self.look_alive(act), "an answer")
            except ConnectionError:
                continue
        raise Failure("the server dies again and again")

    def look_alive(self, act):
        try:
            if self.server.is_alive():
                return act()
        except (OSError, ValueError, Failure, Exception) as error:  # pylint: disable=broad-except
            if self.server.is_alive() and not self.dying():
                raise
            del error
        self.server.process.wait()
        if self.server.process.returncode != -9:
            raise Failure(f"the server ended with {self.server.process.returncode}")
        self.deaths += 1
        self.server.start()
        return None

    def dying(self):
        """A connection that broke because the process is just being killed."""
        try:
            self.server.process.wait(0.3)
            return True
        except Exception:  # pylint: disable=broad-except
            return False

    def event(self, number, head, rest, block):
        where = f"{self.scenario.path}:{number}"
        try:
            if "#" in head:
                for line_number, line in block:
                    where = f"{self.scenario.path}:{line_number}"
                    self.chat_line(head, line)
            elif head == "job":
                self.expect_job(*rest.replace("_", " ").split(" ", 1))
            elif head == "clock":
                self.advance(rest)
            elif head == "effects":
                self.expect_effects(int(rest.split()[0]))
            elif head == "post":
                self.post(rest, [text for _, text in block])
            elif head == "messages":
                self.expect_count(*rest.split())
            elif head == "audit":
                for line_number, line in block:
                    where = f"{self.scenario.path}:{line_number}"
                    self.expect_audit(line)
            elif head == "restart":
                self.server.stop()
                self.server.start()
            elif head == "kill":
                self.server.kill()
                self.server.start()
            elif head == "write":
                self.server.write(rest, "\n".join(text for _, text in block) + "\n")
            else:
                raise Failure(f"no such event: {head}")
        except Failure as failure:
            raise Failure(f"{where}: {failure}") from None

    def chat_line(self, channel, line):
        for pattern, act in ((r"(\w+) does not see> (.*)", self.expect_not), (r"(\w+) sees> (.*)", self.expect),
                             (r"(\w+) presses ([^:]*)(?:: (.*))?", self.press), (r"(bot)> (.*)", self.expect),
                             (r"(\w+)> (.*)", self.type)):
            found = re.fullmatch(pattern, line.strip())
            if found:
                act(channel, *found.groups())
                return
        raise Failure(f"cannot read: {line}")

    def type(self, channel, person, text):
        self.person = person
        self.asked += 1
        where = channel.replace("@me", "@" + person)
        address = "" if "#@" in where else "@opsroom "
        body = {"channel": where, "text": address + text, "id": f"line-{self.asked}"}
        self.alive(lambda: self.server.api(person, "POST", "/messages", body))

    def entries(self, channel, person):
        where = channel.replace("@me", "@" + person)
        path = "/messages?limit=200&channel=" + where.replace("#", "%23").replace("@", "%40")
        return self.server.api(person, "GET", path)["items"]

    def shown(self, channel, person, pattern):
        for entry in self.entries(channel, person):
            if entry["kind"] == "message" and fnmatch.fnmatchcase(plain(entry), escape(pattern)):
                return entry
        return None

    def expect(self, channel, person, pattern):
        person = self.person if person == "bot" else person
        try:
            self.alive(lambda: self.shown(channel, person, pattern))
        except Failure as failure:
            seen = "\n---\n".join(plain(entry) for entry in self.entries(channel, person)[:6])
            raise Failure(f"{failure}\nexpected: {pattern}\ngot, newest first:\n{seen}") from None

    def expect_not(self, channel, person, pattern):
        entry = self.alive(lambda: [self.shown(channel, person, pattern)])[0]
        if entry:
            raise Failure(f"{person} sees what is not for them: {plain(entry)}")

    def find_button(self, channel, person, label):
        for entry in self.entries(channel, person):
            at = 0
            for block in (entry.get("message") or {}).get("blocks") or []:
                for button in block.get("buttons", []):
                    if button["label"] == label:
                        return entry["id"], at
                    at += 1
        return None

    def press(self, channel, person, label, text=None):
        self.asked += 1
        self.person = person
        message, at = self.alive(lambda: self.find_button(channel, person, label.strip()))
        body = {"button": at, "id": f"press-{self.asked}"}
        if text:
            body["text"] = text
        self.alive(lambda: self.server.api(person, "POST", f"/messages/{message}/press", body))

    def post(self, rest, lines):
        """Sent again with the same ids when the server died meanwhile."""
        path, *options = rest.split()
        status, _, pattern = lines.pop()[3:].partition(" ")
        headers = {"Content-Type": "application/json"}
        while lines and re.match(r"[A-Z][\w-]*: ", lines[0]):
            name, _, value = lines.pop(0).partition(": ")
            headers[name] = value
        body = "\n".join(lines).encode()
        if "form" in options:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if "signed" in options:
            key = options[options.index("signed") + 1].encode()
            headers.setdefault("X-Signature-256", "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest())
        if "bearer" in options:
            headers["Authorization"] = "Bearer " + options[options.index("bearer") + 1]
        if "as" in options:
            person = options[options.index("as") + 1]
            headers["Authorization"] = "Bearer " + self.alive(lambda: self.server.token(person))
        got = self.alive(lambda: self.server.http("POST", path, body, headers))
        text = got[2].decode()
        if str(got[0]) != status or not fnmatch.fnmatchcase(text, escape(pattern or "*")):
            raise Failure(f"POST {path}: expected {status} {pattern}, got {got[0]} {text}")

    def expect_count(self, channel, count):
        person = self.person or sorted(self.server.tokens)[0]

        def count_now():
            return sum(entry["kind"] == "message" for entry in self.entries(channel, person))
        try:
            self.alive(lambda: count_now() == int(count))
        except Failure:
            raise Failure(f"{channel}: expected {count} messages, got {count_now()}") from None

    def expect_job(self, number, state):
        last = {}

        def look():
            for person in sorted({self.person or "ana", *self.server.tokens}):
                found = self.server.api(person, "GET", f"/jobs/{number}", expect=None)
                last.update(found if "state" in found else {})
            return last.get("state") == state
        try:
            self.alive(look)
        except Failure:
            raise Failure(f"job {number}: expected {state}, got {last.get('state')}: {last.get('text')}") from None

    def expect_effects(self, count):
        got = len(self.server.read("effects").split("\n")) - 1
        if got != count:
            raise Failure(f"effects: expected {count}, got {got}")

    def advance(self, text):
        amount, unit = re.fullmatch(r"\+(\d+)([smhd])", text).groups()
        self.server.advance(int(amount) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit])

    def expect_audit(self, line):
        wanted = line.split()

        def look():
            status, out, err = self.server.cli("audit", "list", "--limit", "1000", "--json")
            if status != 0:
                raise Failure(err)
            for text in out.splitlines():
                record = __import__("json").loads(text)
                have = [record.get(key) or "-" for key in ("kind", "person", "command", "result")]
                have = [value.replace(" ", "_") for value in have]
                if all(fnmatch.fnmatchcase(h, w) for h, w in zip(have, wanted)):
                    return True
            return False
        self.alive(look)

    def check_audit(self):
        """Every scenario ends with an audit that holds."""
        status, out, err = self.server.cli("audit", "verify")
        if status != 0:
            raise Failure(f"audit verify: {out}{err}")


def escape(pattern):
    """Only * is special."""
    return pattern.replace("[", "[[]").replace("?", "[?]").replace("\\n", "\n")
