"""A disk that takes nothing more: a clear answer, not ready, still serving what it can; and well again by itself."""
import json
import os
import resource
import subprocess

from doors import TEAM, Group, Skip, expect, expect_in, expect_true, open_server, wait_until

GROUP = Group("full disk")
test = GROUP.test


def ask(server, number):
    status, _, raw = server.http("POST", "/api/v1/run", {"line": f"touch {number}", "wait": 10},
                                 {"Authorization": "Bearer " + server.tokens["ana"]})
    return status, json.loads(raw)


def ready(server):
    status, _, raw = server.http("GET", "/readyz")
    return status, json.loads(raw)["store"]


def suffer(server, fill, free):
    """What is promised while nothing can be written, and afterwards."""
    for person in ("ana", "eve"):
        server.token(person)
    done = [ask(server, number)[1]["job"] for number in range(3)]
    fill()
    refused = None
    for number in range(3, 200):
        status, reply = ask(server, number)
        if status != 200:
            refused = (status, reply)
            break
        done.append(reply["job"])
    expect_true(refused is not None, "every command was taken on a full disk")
    expect_true(refused[0] in (500, 503), f"the status: {refused}")
    expect_in("disk", refused[1]["error"]["text"], "the answer")
    wait_until(lambda: ready(server) == (503, "failing"), "/readyz to say so")
    expect(server.http("GET", "/healthz")[0], 200, "/healthz")
    expect(server.api("ana", "GET", f"/jobs/{done[0]}")["state"], "succeeded", "what was there can be read")
    expect_true(server.metric("opsroom_resident_memory_bytes") > 0, "/metrics")
    status, out, err = server.cli("run", "--as", "ana", "touch x")
    expect((status, out, "disk" in err), (1, "", True), f"the command line: {err}")
    free()
    wait_until(lambda: ready(server) == (200, "ok"), "/readyz to be well again")
    expect(ask(server, "again")[1]["state"], "succeeded", "a command afterwards")
    for job in done:
        server.wait_for("ana", job, "succeeded")
    expect(server.stop(), 0, "exit status")
    status, out, err = server.cli("audit", "verify")
    expect(status, 0, f"audit verify: {out}{err}")


@test("files may not grow any more")
def file_size(binary):
    server = open_server(binary)
    try:
        process = server.process.pid
        before = resource.prlimit(process, resource.RLIMIT_FSIZE)
        suffer(server, lambda: resource.prlimit(process, resource.RLIMIT_FSIZE, (8192, before[1])),
               lambda: resource.prlimit(process, resource.RLIMIT_FSIZE, before))
    finally:
        server.close()


@test("the file system is full")
def no_space(binary):
    server = None
    place = os.path.join("/tmp", f"opsroom-disk-{os.getpid()}")
    os.mkdir(place)
    try:
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", place], capture_output=True, check=False)
        if mount.returncode != 0:
            raise Skip("nothing may be mounted here")
        server = open_server(binary, TEAM + f"store: sqlite:{place}/opsroom.db\n")
        filler = os.path.join(place, "filler")

        def fill():
            try:
                with open(filler, "wb", buffering=0) as file:
                    while file.write(b"x" * 4096) == 4096:
                        pass
            except OSError:
                pass
        suffer(server, fill, lambda: os.remove(filler))
    finally:
        if server is not None:
            server.close()
        subprocess.run(["umount", place], capture_output=True, check=False)
        os.rmdir(place)


@test("no start on a full disk: said, exit status 1")
def no_start(binary):
    server = open_server(binary)
    try:
        server.stop()
        os.remove(os.path.join(server.folder, "opsroom.db"))
        done = subprocess.run([binary, "serve", "-c", server.config_path], capture_output=True, text=True, timeout=30,
                              check=False, stdin=subprocess.DEVNULL,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
        expect((done.returncode, done.stdout), (1, ""), f"exit status: {done.stderr}")
        expect_in("opsroom.db", done.stderr, "which file")
    finally:
        server.close()
