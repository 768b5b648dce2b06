"""openapi.json against the server: its paths, and every reply that the other tests have seen.  Runs last."""
import json
import os
import re

from doors import ROOT, SEEN, Failure, Group, expect, expect_true
from schema import Judge

GROUP = Group("openapi")
test = GROUP.test


def read_document():
    with open(os.path.join(ROOT, "console", "openapi.json"), encoding="utf-8") as file:
        return json.load(file)


def operations(document):
    """(method, path as the server has it): what is said of it."""
    base = document["servers"][0]["url"].rstrip("/")
    return {(method.upper(), base + path): operation for path, methods in document["paths"].items()
            for method, operation in methods.items() if method != "parameters"}


@test("it is served as it stands in the tree")
def served_document(server):
    status, headers, raw = server.http("GET", "/api/v1/openapi.json")
    expect((status, headers["Content-Type"]), (200, "application/json"), "/api/v1/openapi.json")
    expect(json.loads(raw), read_document(), "the document")


@test("every path of the server is described, and every path described is the server's")
def paths():
    with open(os.path.join(ROOT, "src", "console", "routes.c"), encoding="utf-8") as file:
        routes = set(re.findall(r'\{ *"([A-Z]+)", *"(/api/v1/[^"]+)"', file.read()))
    expect_true(len(routes) > 20, f"the routes of src/console/routes.c: {routes}")
    described = set(operations(read_document()))
    expect(sorted(routes - described), [], "paths of the server that are not described")
    expect(sorted(described - routes), [], "paths described that the server does not have")


@test("its references lead somewhere, its parameters are those of the path")
def references():
    document = read_document()
    judge = Judge(document)

    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value:
                judge.resolve(value)
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)
    walk(document)
    for (method, path), operation in operations(document).items():
        shared = document["paths"][path.removeprefix("/api/v1")].get("parameters", [])
        given = [judge.resolve(each) for each in operation.get("parameters", []) + shared]
        expect({each["name"] for each in given if each["in"] == "path"}, set(re.findall(r"\{(\w+)\}", path)),
               f"{method} {path}: path parameters")
        expect_true(all(each["required"] for each in given if each["in"] == "path"), f"{method} {path}: required")
    names = [operation["operationId"] for operation in operations(document).values()]
    expect(len(set(names)), len(names), "operation ids stand once")


def find_operation(known, method, path):
    """Names before parameters, as the server does."""
    path = path.split("?")[0]
    for (each, pattern), operation in sorted(known.items(), key=lambda item: item[0][1].count("{")):
        if each == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            return pattern, operation
    return None, None


@test("every reply is as described")
def replies():
    document = read_document()
    judge, known, found, judged = Judge(document), operations(document), {}, set()
    for method, path, status, value in SEEN:
        pattern, operation = find_operation(known, method, path)
        if operation is None:
            continue
        response = judge.resolve(operation["responses"].get(str(status)))
        if response is None:
            found.setdefault(f"{method} {pattern}: the status {status} is not described", path)
            continue
        media = response.get("content", {}).get("application/json")
        if media is None:
            found.setdefault(f"{method} {pattern} {status}: no JSON is described", path)
            continue
        judged.add((method, pattern, status // 100))
        for fault in judge.faults(value, media["schema"]):
            found.setdefault(f"{method} {pattern} {status}: {fault}", path)
    if found:
        raise Failure("\n".join(f"{fault}   ({path[:80]})" for fault, path in sorted(found.items())))
    if len(SEEN) < 500:
        return  # a part of the tests was run
    unseen = [f"{method} {path}" for method, path in sorted(known) if (method, path, 2) not in judged
              and "/stream" not in path and "/export" not in path]
    expect(unseen, [], "operations of which the tests have seen no good reply")
