"""Counts test points: reads TAP, prints one line per failure, keeps each part's time and the closing count."""
import os
import re
import signal
import subprocess
import sys
import threading
import time

POINT = re.compile(r"(not )?ok\b(?: +\d+)?(?: *- *)?(.*)")
# What a sanitizer, an assertion or a Python program says when it ends: the line worth showing.
LAST_WORDS = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|assert|: error:|^\w*Error\b")


class Report:
    """passed, failed and skipped of the whole run."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def passes(self):
        self.passed += 1

    def fails(self, what, *details):
        self.failed += 1
        print("FAIL " + "; ".join([what, *(detail for detail in details if detail)]), flush=True)

    def skips(self, what, why):
        self.skipped += 1
        print(f"SKIP {what}; {why}", flush=True)

    def part(self, name, run):
        """Runs one part and says how long it took and what it counted."""
        before = (self.passed, self.failed, self.skipped)
        start = time.monotonic()
        run()
        counts = [now - then for now, then in zip((self.passed, self.failed, self.skipped), before)]
        words = ", ".join(f"{count} {word}" for count, word in zip(counts, ("ok", "failed", "skipped")) if count)
        print(f"{name:<10} {time.monotonic() - start:7.1f} s   {words or 'nothing ran'}", flush=True)

    def close(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        return 0 if self.failed == 0 and self.passed > 0 else 1


class Tap:
    """One program's TAP.  A failure is told when the notes that belong to it ("# expected ...") have been read."""

    def __init__(self, report, name):
        self.report, self.name = report, name
        self.points = self.failures = 0
        self.plan = None
        self.failing = None

    def line(self, line):
        line = line.rstrip()
        if self.failing and line.startswith("#"):
            self.failing.append(" ".join(line[1:].split()).removeprefix("../"))
            return
        self.flush()
        point = POINT.match(line)
        if point:
            self.point(point[1] is None, *re.split(r" # skip\S*\s*", point[2], maxsplit=1, flags=re.IGNORECASE))
        elif re.match(r"1\.\.\d+", line):
            self.plan = int(re.match(r"1\.\.(\d+)", line)[1])

    def point(self, passed, what, skip=None):
        self.points += 1
        if skip is not None:
            self.report.skips(f"{self.name}: {what}", skip)
        elif passed:
            self.report.passes()
        else:
            self.failures += 1
            self.failing = [what]

    def flush(self):
        if self.failing:
            self.report.fails(f"{self.name}: {self.failing[0]}", *self.failing[1:])
        self.failing = None

    def end(self, status, output, log=""):
        """status: the exit status, None after a time-out; output: where its last words are looked for."""
        self.flush()
        where = f"log: {log}" if log else ""
        if status is None:
            self.report.fails(self.name, f"cut off after {self.points} points: out of time", where)
        elif status not in (0, 1) or (status == 1 and self.failures == 0):
            self.report.fails(self.name, f"exit status {status} after {self.points} points", last_words(output), where)
        elif self.plan is not None and self.plan != self.points:
            self.report.fails(self.name, f"expected {self.plan} points", f"got {self.points}", where)
        elif self.points == 0:
            self.report.fails(self.name, "ran no tests", where)


def last_words(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if LAST_WORDS.search(line)), lines[-1] if lines else "")[:300]


def run_tap(report, name, command, log, limit_s, env=None):
    """Runs a program that prints TAP; everything it prints goes to the log."""
    tap, output = Tap(report, name), []
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", env={**os.environ, **(env or {})},
                               start_new_session=True)
    late = threading.Event()

    def stop():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(limit_s, stop)
    timer.start()
    try:
        with open(log, "w", encoding="utf-8") as file:
            for line in process.stdout:
                file.write(line)
                output.append(line)
                tap.line(line)
        status = process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        sys.exit(130)
    finally:
        timer.cancel()
    tap.end(None if late.is_set() else status, "".join(output), log)
