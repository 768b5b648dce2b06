#!/usr/bin/env python3
"""The parts of the test suite, in order; script/test calls it once what it needs is installed.  See docs/testing.md."""
import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from report import Report, Tap, last_words, run_tap  # noqa: E402

SANITIZED = ["-Dtest_hooks=true", "-Doptimization=1", "-Dwerror=false"]  # the first two builds judge the warnings
# Name -> folder, compiler, options.
BUILDS = {
    "gcc": ("build", "gcc", []),  # the one that script/server runs
    "clang": ("build-clang", "clang", []),
    "asan": ("build-asan", "gcc", ["-Db_sanitize=address,undefined", *SANITIZED]),
    "tsan": ("build-tsan", "gcc", ["-Db_sanitize=thread", *SANITIZED]),
}
LOGS = ROOT / "build-logs"
ANALYZED = ("src/base/", "src/net/", "src/store/")  # by gcc -fanalyzer

# A sanitizer's finding ends the program, with a status that is no test's.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99:second_deadlock_stack=1",
}

report = Report()


def quiet(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **{"cwd": ROOT, **options})


def sources(*folders, endings=(".c", ".h")):
    return sorted(str(path.relative_to(ROOT)) for folder in folders
                  for path in (ROOT / folder).rglob("*") if path.suffix in endings)


def judge(name, faults):
    """One check: its faults, a line each, or one test point."""
    for fault in dict.fromkeys(faults):
        report.fails(f"{name}: {fault}")
    if not faults:
        report.passes()


def faults_of(result):
    """The lines FILE:LINE: ... of a tool; when it failed without one, its last words."""
    lines = re.findall(r"^(?:\S*\.\.?/|%s/)?(\S+?:\d+:.*)" % re.escape(str(ROOT)), result.stdout, re.MULTILINE)
    faults = [line for line in dict.fromkeys(lines) if ": note: " not in line]
    return faults if faults or result.returncode == 0 else [last_words(result.stdout) or f"status {result.returncode}"]


def every(function, items):
    """function(item) for all of them on all cores; the lists it returns, joined."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [found for result in pool.map(function, items) for found in result]


# Builds

@functools.cache
def build(name):
    """The build's folder, made once per run; None when it does not compile, which is then said."""
    folder, compiler, options = BUILDS[name]
    made = None
    if not (ROOT / folder / "build.ninja").exists():
        made = quiet(["meson", "setup", folder, *options], env={**os.environ, "CC": compiler})
    if made is None or made.returncode == 0:
        made = quiet(["ninja", "-C", folder])
    faults = re.findall(r"^.*?(?:error|ERROR): .*", made.stdout, re.MULTILINE)
    judge(f"build {name}", [] if made.returncode == 0 else faults[:10] or [last_words(made.stdout)])
    return folder if made.returncode == 0 else None


def compile_commands(build_name):
    """(file, arguments) of what is under src/."""
    folder = build(build_name)
    entries = json.loads((ROOT / folder / "compile_commands.json").read_text()) if folder else []
    for entry in entries:
        file = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if file.startswith("src/"):
            yield file, entry["directory"], shlex.split(entry["command"])


# Static checks

def check_format():
    result = quiet(["clang-format", "--dry-run", "-Werror", *sources("src", "tests", "examples")])
    first = dict(reversed([(fault.split(":")[0], fault) for fault in faults_of(result)]))
    return sorted(first.values())


def check_header(name):
    """A header compiles alone."""
    result = quiet(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Isrc", "-fsyntax-only", "-include", name, "-x", "c",
                    "/dev/null"])
    return faults_of(result)[:1]


def static():
    judge("layers", faults_of(quiet(["python3", "tools/check_layers.py"])))
    judge("style", faults_of(quiet(["python3", "tools/check_style.py"])))
    judge("format", check_format())
    judge("headers", every(check_header, sources("src", endings=(".h",))))


# Tests

def no_address_randomisation():
    """gcc 12's thread sanitizer cannot place its memory where the kernel randomises more than 28 bits."""
    setting = pathlib.Path("/proc/sys/vm/mmap_rnd_bits")
    return ["setarch", "-R"] if setting.exists() and int(setting.read_text()) > 28 else []


def meson_tests(label, build_name, *options):
    """Runs the unit tests and fuzz seeds of a build; every TAP line of every program counts."""
    folder = build(build_name)
    if folder is None:
        return
    log = ROOT / folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    ran = quiet(["meson", "test", "-C", folder, "--no-rebuild", *options], env={**os.environ, **SANITIZERS})
    if not log.exists():
        report.fails(f"{label}: meson test ran nothing", last_words(ran.stdout))
        return
    for line in log.read_text().splitlines():
        test = json.loads(line)
        tap = Tap(report, f"{label} {test['name'].removeprefix('opsroom:').replace(' / ', '/')}")
        for printed in test.get("stdout", "").splitlines():
            tap.line(printed)
        status = None if test["result"] == "TIMEOUT" else test["returncode"]
        tap.end(status, test.get("stderr", ""), f"{folder}/meson-logs/testlog.txt")


def unit():
    meson_tests("unit", "asan")


def threads():
    wrapper = no_address_randomisation()
    options = ["--wrapper", shlex.join(wrapper)] if wrapper else []
    meson_tests("threads", "tsan", "--no-suite", "fuzz", "--timeout-multiplier", "4", *options)


def runner(name, build_name, program, limit_s, *options, before=()):
    """A runner of whole-program tests: it is given the binary and prints TAP."""
    folder = build(build_name)
    binary = ROOT / (folder or "") / "src/server/opsroom"
    for needed in (binary, ROOT / program[-1]):
        if folder and not needed.exists():
            report.fails(f"{name}: {needed.relative_to(ROOT)} is missing")
            return
    if folder:
        LOGS.mkdir(exist_ok=True)
        run_tap(report, name, [*before, *program, "--opsroom", str(binary), *options], LOGS / f"{name}.log", limit_s,
                SANITIZERS)


def scenario():
    runner("scenario", "asan", ["python3", "tests/scenario/run"], 900)


def has_node_modules(name):
    """What package-lock.json names is there; a failure of the part otherwise."""
    installed = ROOT / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (ROOT / "package-lock.json").stat().st_mtime:
        result = quiet(["npm", "ci"])
        if result.returncode != 0:
            report.fails(f"{name}: npm ci", last_words(result.stdout))
            return False
    return True


def doors():
    if has_node_modules("doors"):
        runner("doors", "asan", ["python3", "tests/doors/run"], 600)


def crash():
    runner("crash", "asan", ["python3", "tests/scenario/crash"], 900)


def tutorial():
    runner("tutorial", "asan", ["python3", "tests/tutorial/run"], 600)


def documents():
    runner("documents", "asan", ["python3", "tests/docs/check.py"], 300)


def browser():
    if has_node_modules("browser"):
        runner("browser", "asan", ["node", "tests/browser/run.mjs"], 600, "--shots", str(LOGS / "shots"))


# Analysis

def tidy_file(file):
    return faults_of(quiet(["clang-tidy", "-p", BUILDS["clang"][0], "--quiet", file]))


def tidy():
    if build("clang"):
        judge("clang-tidy", every(tidy_file, [file for file, _, _ in compile_commands("clang")]))


def cppcheck():
    (ROOT / "build-cppcheck").mkdir(exist_ok=True)
    judge("cppcheck", faults_of(quiet(
        ["cppcheck", "-j", str(os.cpu_count()), "--cppcheck-build-dir=build-cppcheck", "--quiet", "--std=c11",
         "--enable=warning,performance,portability", "--error-exitcode=1", "-D_GNU_SOURCE", "-Isrc",
         "-UV",  # version 2.10 does not survive this _Generic
         "--suppress=internalAstError",  # nor compound literals in a ?:, and says so
         "--suppress=nullPointer",  # it believes that an ASSERT() may fail
         "--template={file}:{line}: {message} [{id}]", "src"])))


def analyze_file(compilation):
    """Compiles once more with -fanalyzer, to nothing."""
    _, directory, command = compilation
    arguments, rest = [], iter(command)
    for argument in rest:
        if argument in ("-o", "-MQ", "-MF"):
            next(rest)
        elif argument not in ("-MD", "-c"):
            arguments.append(argument)
    return faults_of(quiet([*arguments, "-fdiagnostics-color=never", "-fdiagnostics-plain-output", "-fanalyzer",
                            # One file at a time, it does not know what returns NULL and what cannot.
                            "-Wno-analyzer-null-dereference", "-Wno-analyzer-null-argument", "-S", "-o", "/dev/null"], cwd=directory))


def fanalyzer():
    if build("gcc"):
        judge("fanalyzer", every(analyze_file, [each for each in compile_commands("gcc")
                                                if each[0].startswith(ANALYZED)]))


# Long variants

def valgrind():
    meson_tests("valgrind", "gcc", "--no-suite", "fuzz", "--timeout-multiplier", "20", "--wrapper",
                "valgrind -q --error-exitcode=98 --leak-check=full --errors-for-leak-kinds=definite")


def fuzz():
    names = re.findall(r"^  '(\w+)',", (ROOT / "tests/fuzz/meson.build").read_text(), re.MULTILINE)
    for name in names:
        result = quiet(["script/fuzz", name, "60"])
        judge(f"fuzz {name}", [] if result.returncode == 0 else [last_words(result.stdout)])


def crash_all():
    runner("crash-all", "asan", ["python3", "tests/scenario/crash"], 7200, "--all")


def scenario_threads():
    runner("scenario-threads", "tsan", ["python3", "tests/scenario/run"], 3600, before=no_address_randomisation())


def builds():
    for name in BUILDS:
        build(name)


# Every part, in order.  A runner whose file is missing is a failure.
PARTS = [static, builds, unit, threads, scenario, doors, crash, tutorial, documents, browser, cppcheck, tidy, fanalyzer]
QUICK = [unit, scenario]
LONG = [scenario_threads, crash_all, valgrind, fuzz]


def main():
    names = {part.__name__.replace("_", "-"): part for part in PARTS + LONG}
    parser = argparse.ArgumentParser(prog="script/test", description="Runs the tests; without arguments, what CI runs.",
                                     epilog="Parts: " + ", ".join(names))
    parser.add_argument("--all", action="store_true", help="the long variants too")
    parser.add_argument("--quick", action="store_true", help="one build, unit tests and scenarios")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these")
    wanted = parser.parse_args()
    unknown = [name for name in wanted.parts if name not in names]
    if unknown:
        parser.error(f"no part {unknown[0]!r}; there are: {', '.join(names)}")
    os.chdir(ROOT)
    chosen = [names[name] for name in wanted.parts] or (QUICK if wanted.quick else PARTS)
    for part in chosen + (LONG if wanted.all else []):
        report.part(part.__name__.replace("_", "-"), part)
    return report.close()


try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
