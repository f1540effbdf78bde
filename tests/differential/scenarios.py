"""What is tried with both SDKs: calls, and what the server answers to them.

A scenario is (name, answers, call): `call(client, places)` makes the calls, and its return value or
exception is the outcome. The last answer stands for all further requests.
"""

import collections
import io
import json
import os
import pathlib
import tempfile
import uuid

import simstudio
from differential.inputs import FILES, INPUTS, Named, at

Answer = collections.namedtuple("Answer", "status headers body way")
Scenario = collections.namedtuple("Scenario", "name answers call")

DONE = {"success": True, "output": {"content": "Paris"}, "metadata": {"duration": 842}}


def answer(body=DONE, status=200, way="whole", **headers):
    """body: bytes as they are, anything else as JSON. way: how it is sent (driver.py)."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Answer(status, named, data, way)


def execute(*arguments, **options):
    return lambda client, _places: client.execute_workflow(*(arguments or ("wf",)), **options)


def retry(**options):
    return lambda client, _places: client.execute_with_retry("wf", {"n": 1}, initial_delay=0.01, **options)


CALLS = {
    "execute": execute(),
    "status": lambda client, _places: client.get_workflow_status("wf"),
    "validate": lambda client, _places: client.validate_workflow("wf"),
    "job": lambda client, _places: client.get_job_status("job"),
    "usage": lambda client, _places: client.get_usage_limits(),
}
GOOD = {
    "execute": DONE,
    "status": {"isDeployed": True, "deployedAt": "2025-11-28T09:12:44.031Z", "needsRedeployment": False},
    "validate": {"isDeployed": True},
    "job": {"success": True, "taskId": "job", "status": "completed", "metadata": {}, "output": [1, 2.0, None]},
    "usage": {"success": True, "rateLimit": {"sync": {"limit": 25}}, "usage": {"plan": "pro"}, "storage": {}},
}


# ---- statuses and bodies ----

# The statuses that are tried with every body, and those that are tried with the usual ones.
STATUSES = (200, 201, 202, 400, 401, 402, 403, 404, 429, 500, 502, 503, 599)
FURTHER_STATUSES = (203, 206, 405, 408, 409, 413, 415, 422, 451, 501, 504)
BODIES = {
    "failed": {"success": False, "output": {}, "error": "[agent] Agent 1: quota", "metadata": {"duration": 5}},
    "error": {"error": "Workflow not found"},
    "error-and-code": {"error": "Workflow not found", "code": "WORKFLOW_NOT_FOUND"},
    "error-and-long-code": {"error": "Unauthorized: Invalid API key", "code": "UNAUTHORIZED:_INVALID_API_KEY"},
    "error-and-other-word": {"error": "Authentication required", "code": "AUTHENTICATION_REQUIRED"},
    "error-and-details": {"error": "Invalid request body", "details": [{"path": "stream"}]},
    "error-object": {"error": {"code": "RATE_LIMITED", "message": "API rate limit exceeded"}},
    "error-null": {"error": None},
    "error-empty": {"error": ""},
    "error-number": {"error": 7},
    "object": {"ticket": 7},
    "empty-object": {},
    "list": ["any", {"ticket": 7}],
    "string": "text",
    "number": 12345678901234567890,
    "null": None,
    "no-bytes": b"",
    "html": b"<html>bad gateway</html>",
    "nan": b'{"success": true, "output": NaN}',
    "bom": b'\xef\xbb\xbf{"success": true, "output": "bom"}',
    "utf-16": '{"success": true, "output": "žluťoučký"}'.encode("utf-16"),
    "latin-1": '{"success": true, "output": "café"}'.encode("latin-1"),
    "duplicate-keys": b'{"success": false, "success": true, "output": 1, "output": 1.0}',
    "surrogate": b'{"success": true, "output": "\\ud83d \\u0000"}',
    "trailing-comma": b'{"success": true,}',
    "every-field": {"success": True, "output": 1, "error": "e", "logs": [1], "metadata": {}, "traceSpans": [2],
                    "totalDuration": 3.5, "executionId": "x"},
    "null-fields": {"success": None, "output": None, "error": None, "logs": None, "metadata": None},
}


def of_answers():
    for call in CALLS:
        for status in STATUSES + FURTHER_STATUSES:
            yield Scenario("%s/%d/good" % (call, status), [answer(GOOD[call], status)], CALLS[call])
            for name, body in BODIES.items():
                if status in STATUSES or name in ("error", "error-and-code", "html"):
                    yield Scenario("%s/%d/%s" % (call, status, name), [answer(body, status)], CALLS[call])
        yield Scenario("%s/204/no-content" % call, [answer(b"", 204, "no-body")], CALLS[call])
        yield Scenario("%s/broken/truncated" % call, [answer(GOOD[call], way="truncated")], CALLS[call])
        yield Scenario("%s/broken/closed" % call, [answer(GOOD[call], way="closed")], CALLS[call])
        yield Scenario("%s/broken/no-http" % call, [answer(b"220 ftp.example\r\n", way="bytes")], CALLS[call])
        yield Scenario("%s/broken/refused" % call, [], _to_nobody(CALLS[call]))
    yield Scenario("status/200/every-field",
                   [answer({"isDeployed": True, "deployedAt": "t", "isPublished": True, "needsRedeployment": True})],
                   CALLS["status"])
    yield Scenario("status/200/no-fields", [answer({})], CALLS["status"])
    today = {"isLimited": False, "requestsPerMinute": 150, "maxBurst": 300, "remaining": 298, "resetAt": "t"}
    yield Scenario("usage/200/today",
                   [answer({"success": True, "rateLimit": {"sync": today}, "usage": {}})], CALLS["usage"])
    yield Scenario("execute/reason/own", [answer({}, 404, "own-reason")], CALLS["execute"])
    yield Scenario("execute/reason/none", [answer({}, 404, "no-reason")], CALLS["execute"])
    yield Scenario("execute/gzip", [answer(way="gzip")], CALLS["execute"])


def _to_nobody(call):
    def made(client, places):
        client.set_base_url(places["nobody"])
        return call(client, places)

    return made


# ---- queued and streamed runs ----

QUEUED = {
    "task": {"success": True, "taskId": "run_1", "status": "queued", "createdAt": "2025-10-20T10:00:00.000Z",
             "links": {"status": "/api/jobs/run_1"}},
    "task-alone": {"taskId": "run_1"},
    "job": {"success": True, "async": True, "jobId": "run_1", "message": "Workflow execution queued",
            "statusUrl": "https://www.sim.ai/api/jobs/run_1"},
    "run": {"data": {"runId": "run_1", "statusUrl": "https://www.sim.ai/api/v2/workflows/wf/runs/run_1"}},
    "finished": DONE,
}
STREAM = ('data: {"blockId":"b1","chunk":"Hel"}\n\ndata: {"blockId":"b1","chunk":"lo"}\n\n'
          'data: {"event":"final","data":{"success":true,"output":{}}}\n\ndata: "[DONE]"\n\n').encode()
FAILED_STREAM = b'data: {"blockId":"b1","chunk":"Hel"}\n\ndata: {"event":"error","error":"boom"}\n\n'


def of_ways_to_run():
    for name, body in QUEUED.items():
        status = 200 if name == "finished" else 202
        yield Scenario("queued/" + name, [answer(body, status)], execute("wf", {"a": 1}, async_execution=True))
        yield Scenario("queued/unasked/" + name, [answer(body, status)], execute("wf", {"a": 1}))
    events = {"Content-Type": "text/event-stream"}
    for name, body in (("whole", STREAM), ("failed", FAILED_STREAM), ("cut-off", STREAM[:60])):
        yield Scenario("stream/" + name, [answer(body, **events)], execute("wf", stream=True, selected_outputs=["a.b"]))
    yield Scenario("stream/json", [answer()], execute("wf", {"m": 1}, stream=True))
    yield Scenario("stream/unasked", [answer(STREAM, **events)], execute())
    for name, options in {
        "stream-false": {"stream": False}, "stream-none": {"stream": None}, "stream-zero": {"stream": 0},
        "async-false": {"async_execution": False}, "async-none": {"async_execution": None},
        "async-text": {"async_execution": "yes"}, "selected": {"selected_outputs": ["agent1.content"]},
        "selected-none": {"selected_outputs": None}, "selected-empty": {"selected_outputs": []},
        "selected-tuple": {"selected_outputs": ("a.b",)}, "selected-text": {"selected_outputs": "a.b"},
    }.items():
        yield Scenario("options/" + name, [answer()], execute("wf", {"m": 1}, **options))
    yield Scenario("options/positional", [answer(QUEUED["task"], 202)], execute("wf", {"m": 1}, 5.0, False, ["a.b"], True))
    yield Scenario("options/sync", [answer()],
                   lambda client, _places: client.execute_workflow_sync("wf", {"m": 1}, 5.0, False, ["a.b"]))
    yield Scenario("options/sync-keywords", [answer()],
                   lambda client, _places: client.execute_workflow_sync(workflow_id="wf", input_data={"m": 1}))
    yield Scenario("options/own-stream", [answer()], execute("wf", {"stream": "mine", "selectedOutputs": 3}))
    yield Scenario("options/own-stream-overruled", [answer()], execute("wf", {"stream": "mine"}, stream=False))


# ---- ids, keys, base URLs ----

IDS = {
    "plain": "wf", "uuid": "4e2b6a10-5c7d-4b1e-8f3a-91d0c6b7e254", "uuid-object": uuid.UUID(int=7), "int": 7,
    "object": Named(), "space": "a b", "unicode": "žluť", "colon": "workflow-execution:7", "tilde": "a~b-c_d.e",
    "slash": "../users/me", "query": "a?x=1", "fragment": "a#b", "percent": "%41%2F", "plus": "a+b&c=d;e,f",
    "brackets": "a[b]c", "quote": "a\"b'c", "at": "a@b$c!d*e(f)", "backslash": "a\\b", "dots": "..", "empty": "",
    "none": None, "line-break": "a\nb",
}


def of_places():
    for name, value in IDS.items():
        yield Scenario("id/execute/" + name, [answer()], execute(value))
        yield Scenario("id/job/" + name, [answer(GOOD["job"])],
                       lambda client, _places, value=value: client.get_job_status(value))
        yield Scenario("id/status/" + name, [answer(GOOD["status"])],
                       lambda client, _places, value=value: client.get_workflow_status(value))
    for name, key in {
        "plain": "sk-sim-1", "none": None, "empty": "", "spaces": "a b", "latin-1": "ké", "unicode": "k€",
        "line-break": "secret\nX-Evil: 1", "int": 7, "bytes": b"key", "space-before": " key", "space-after": "key ",
    }.items():
        yield Scenario("key/" + name, [answer()], _with_client(lambda places, key=key: (key, places["server"])))
        yield Scenario("key/set/" + name, [answer()],
                       lambda client, _places, key=key: (client.set_api_key(key), client.execute_workflow("wf"))[1])
    yield Scenario("key/attribute", [answer()],
                   lambda client, _places: (setattr(client, "api_key", "other"), client.execute_workflow("wf"))[1])
    for name, suffix in {"slash": "/", "slashes": "///", "path": "/sim", "path-and-slash": "/sim/"}.items():
        yield Scenario("base/" + name, [answer()],
                       _with_client(lambda places, suffix=suffix: ("key", places["server"] + suffix)))
        yield Scenario("base/set/" + name, [answer()],
                       lambda client, places, suffix=suffix: (client.set_base_url(places["server"] + suffix),
                                                              client.execute_workflow("wf"))[1])
    for name, space in {"space": " ", "tab": "\t", "line-break": "\r\n"}.items():
        yield Scenario("base/after-" + name, [answer()],
                       _with_client(lambda places, space=space: ("key", space + places["server"])))
    for name, url in {"empty": "", "no-scheme": "sim.ai", "ftp": "ftp://sim.ai", "none": None, "int": 7,
                      "port": "http://127.0.0.1:99999"}.items():
        yield Scenario("base/unusable/" + name, [answer()], _with_client(lambda _places, url=url: ("key", url)))
    yield Scenario("base/attribute", [answer()],
                   lambda client, places: (setattr(client, "base_url", places["elsewhere"]),
                                           client.execute_workflow("wf"))[1])
    yield Scenario("base/password", [answer()],
                   _with_client(lambda places: ("key", places["server"].replace("://", "://user:pass@"))))
    yield Scenario("life/closed", [answer()], lambda client, _places: (client.close(), client.execute_workflow("wf"))[1])
    yield Scenario("life/with", [answer()], _in_with)
    yield Scenario("life/attributes", [answer()],
                   lambda client, places: (client.api_key, client.base_url == places["server"]))
    yield Scenario("life/override", [answer()], _overridden)
    yield Scenario("life/validate-override", [answer()], _validated_by_override)


def _with_client(arguments):
    def made(_client, places):
        client = simstudio.SimStudioClient(*arguments(places))
        try:
            return client.execute_workflow("wf")
        finally:
            client.close()

    return made


def _in_with(client, _places):
    with client as entered:
        assert entered is client
        return entered.execute_workflow("wf")


def _overridden(client, _places):
    client.execute_workflow = lambda *arguments: arguments
    return client.execute_workflow_sync("wf", {"a": 1}), client.execute_with_retry("wf", {"a": 1})


def _validated_by_override(client, _places):
    client.get_workflow_status = lambda workflow_id: simstudio.WorkflowStatus(is_deployed=workflow_id)
    return client.validate_workflow("wf")


# ---- input ----


def of_input():
    for name, value in INPUTS.items():
        yield Scenario("input/" + name, [answer()], execute("wf", value))
    yield Scenario("input/list-and-stream", [answer()], execute("wf", [1], stream=True))
    yield Scenario("input/unchanged", [answer()], _input_unchanged)


def _input_unchanged(client, _places):
    data = {"a": [io.BytesIO(b"x")], "b": {"c": 1}}
    before = repr(data)
    client.execute_workflow("wf", data, stream=False, selected_outputs=["x"])
    return repr(data) == before


# ---- files ----


def of_files():
    for name, make in FILES.items():
        yield Scenario("file/" + name, [answer()],
                       lambda client, _places, make=make: client.execute_workflow("wf", {"f": make()}))
    wraps = {"list": lambda file: [file, 1], "dict": lambda file: {"x": {"y": file}}, "tuple": lambda file: (file, 1),
             "list-of-dicts": lambda file: [{"a": [file]}]}
    for name, wrap in wraps.items():
        yield Scenario("file/in/" + name, [answer()],
                       lambda client, _places, wrap=wrap: client.execute_workflow("wf", {"f": wrap(io.BytesIO(b"hello"))}))
    for name, call in (("opened", _opened), ("temporary", _temporary), ("pipe", _piped), ("position", _position),
                       ("twice", _twice), ("opened-as-text", _opened_as_text), ("write-only", _write_only),
                       ("position-after-failure", _position_after_failure)):
        yield Scenario("file/on-disk/" + name, [answer()], call)
    yield Scenario("file/retried", [answer({}, 429), answer()],
                   lambda client, _places: client.execute_with_retry("wf", {"f": at(6)}, initial_delay=0.01))


def _opened(client, _places):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        pathlib.Path(path).write_bytes(b"on disk")
        with open(path, "rb") as file:
            return client.execute_workflow("wf", {"f": file})


def _opened_as_text(client, _places):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        pathlib.Path(path).write_bytes(b"on disk")
        with open(path, encoding="utf-8") as file:
            return client.execute_workflow("wf", {"f": file})


def _temporary(client, _places):
    with tempfile.TemporaryFile() as file:
        file.write(b"hello")
        file.seek(0)
        return client.execute_workflow("wf", {"f": file})


def _piped(client, _places):
    reading, writing = os.pipe()
    os.write(writing, b"piped")
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        return client.execute_workflow("wf", {"f": file})


def _position(client, _places):
    file = at(6)
    client.execute_workflow("wf", {"f": file})
    return file.tell()


def _position_after_failure(client, _places):
    file = at(6)
    try:
        client.execute_workflow("wf", {"f": file, "no": object()})
    except TypeError:
        return file.tell()


def _write_only(client, _places):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "data"), "wb") as file:
            return client.execute_workflow("wf", {"f": file})


def _twice(client, _places):
    file = at(0)
    return client.execute_workflow("wf", {"a": file, "b": file})


# ---- the rate limit, and trying again ----

LIMITS = {
    "epoch": dict(X_RateLimit_Limit="60", X_RateLimit_Remaining="59", X_RateLimit_Reset="1764496860"),
    "iso": dict(X_RateLimit_Limit="60", X_RateLimit_Remaining="59", X_RateLimit_Reset="2025-11-30T10:01:00.000Z"),
    "limit-alone": dict(X_RateLimit_Limit="60"), "reset-alone": dict(X_RateLimit_Reset="1764496860"),
    "retry-after-alone": dict(Retry_After="7"), "none": {},
    "seconds": dict(X_RateLimit_Limit="60", Retry_After="7"), "zero": dict(X_RateLimit_Limit="60", Retry_After="0"),
    "fraction": dict(X_RateLimit_Limit="60", Retry_After="1.5"),
    "date": dict(X_RateLimit_Limit="60", Retry_After="Sun, 30 Nov 2025 10:01:00 GMT"),
    "words": dict(X_RateLimit_Limit="many", X_RateLimit_Remaining="few", X_RateLimit_Reset="soon", Retry_After="later"),
    "empty": dict(X_RateLimit_Limit="", X_RateLimit_Remaining="", X_RateLimit_Reset=""),
    "spaces": dict(X_RateLimit_Limit=" 60 "), "negative": dict(X_RateLimit_Limit="60", X_RateLimit_Remaining="-1"),
}


def of_limits():
    for name, headers in LIMITS.items():
        for call in CALLS:
            yield Scenario("limit/%s/%s" % (call, name), [answer(GOOD[call], **headers)], CALLS[call])
        yield Scenario("limit/429/" + name, [answer({"error": "slow down"}, 429, **headers)], CALLS["execute"])
        yield Scenario("limit/500/" + name, [answer({"error": "boom"}, 500, **headers)], CALLS["execute"])
        yield Scenario("limit/job-429/" + name, [answer({"error": "slow down"}, 429, **headers)], CALLS["job"])
    yield Scenario("limit/kept", [answer(**LIMITS["epoch"]), answer()],
                   lambda client, _places: [client.execute_workflow("wf") for _ in range(2)])
    limited = answer({"error": "slow down"}, 429)
    for count in range(5):
        yield Scenario("retry/%d-limits" % count, [limited] * count + [answer()], retry())
    yield Scenario("retry/none-left", [limited], retry(max_retries=2))
    yield Scenario("retry/no-retries", [limited], retry(max_retries=0))
    yield Scenario("retry/queued", [limited, answer(QUEUED["task"], 202)], retry(async_execution=True))
    yield Scenario("retry/negative", [limited], retry(max_retries=-1))
    yield Scenario("retry/fraction", [limited], retry(max_retries=1.5))
    for status in (400, 401, 402, 404, 500, 502, 503, 504):
        yield Scenario("retry/not-on-%d" % status, [answer({"error": "x"}, status)], retry())
    yield Scenario("retry/not-on-closed", [answer(way="closed")], retry())
    yield Scenario("retry/code-alone", [answer({"error": "x", "code": "RATE_LIMIT_EXCEEDED"}, 503), answer()], retry())
    yield Scenario("retry/other-word", [answer({"error": {"code": "RATE_LIMITED", "message": "m"}}, 503), answer()], retry())
    yield Scenario("retry/zero", [answer({}, 429, X_RateLimit_Limit="1", Retry_After="0"), answer()],
                   lambda client, _places: client.execute_with_retry("wf", initial_delay=30.0))
    yield Scenario("retry/stale-hint",
                   [answer(X_RateLimit_Limit="1", Retry_After="60"), limited, answer()],
                   lambda client, _places: (client.execute_workflow("wf"),
                                            client.execute_with_retry("wf", initial_delay=0.01))[1])
    yield Scenario("retry/hours", [answer({}, 429, X_RateLimit_Limit="1", Retry_After="7200"), answer()],
                   lambda client, _places: client.execute_with_retry("wf", initial_delay=0.01))


# ---- time, redirects, what a session keeps ----


def of_the_network():
    for name, timeout in {
        "float": 0.2, "int": 1, "tuple": (5, 0.2), "triple": (5, 5, 0.2), "text": "5", "zero": 0, "negative": -1,
        "nan": float("nan"), "list": [5, 0.2], "bool": True,
    }.items():
        yield Scenario("timeout/hang/" + name, [answer(way="hang")], execute("wf", timeout=timeout))
    for name, timeout in {"none": None, "pair": (5, None), "float": 20.0}.items():
        yield Scenario("timeout/good/" + name, [answer()], execute("wf", timeout=timeout))
    for status in (301, 302, 303, 307, 308):
        for call in ("execute", "job"):
            path = "/api/workflows/wf/execute" if call == "execute" else "/api/jobs/job"
            yield Scenario("redirect/%s/%d/elsewhere" % (call, status),
                           [answer({}, status, Location="{elsewhere}" + path), answer(GOOD[call])], CALLS[call])
            yield Scenario("redirect/%s/%d/other-path" % (call, status),
                           [answer({}, status, Location="/api/users/me/usage-limits"), answer(GOOD[call])], CALLS[call])
            yield Scenario("redirect/%s/%d/nowhere" % (call, status), [answer({"error": "x"}, status)], CALLS[call])
    yield Scenario("redirect/job/loop", [answer({}, 302, Location="/api/jobs/job")], CALLS["job"])
    yield Scenario("session/cookies", [answer(Set_Cookie="session=1; Path=/")],
                   lambda client, _places: [client.execute_workflow("wf") for _ in range(2)])
    yield Scenario("session/netrc", [answer()], _with_netrc)


def _with_netrc(client, _places):
    before = os.environ["NETRC"]
    with tempfile.NamedTemporaryFile("w", suffix="netrc") as file:
        file.write("machine 127.0.0.1 login somebody password secret\n")
        file.flush()
        os.environ["NETRC"] = file.name
        try:
            return client.execute_workflow("wf")
        finally:
            os.environ["NETRC"] = before


def all_scenarios():
    for group in (of_answers, of_ways_to_run, of_places, of_input, of_files, of_limits, of_the_network):
        for scenario in group():
            yield scenario
