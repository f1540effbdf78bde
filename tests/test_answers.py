"""What is asked and what answers mean: requests, results, codes and messages of errors, timeouts."""

import json
import math
import socket
import time
import uuid

import pytest
from errors import error_of
from waiting import PATIENCE_S
from wire import READ, Wire

from simstudio import (
    AsyncExecutionResult,
    SimStudioClient,
    UsageLimits,
    WorkflowExecutionResult,
    WorkflowStatus,
)

DONE = {"success": True, "output": 1}

GETS = {
    "status": (lambda client: client.get_workflow_status("wf"), "Failed to get workflow status", "STATUS_ERROR"),
    "job": (lambda client: client.get_job_status("job"), "Failed to get job status", "STATUS_ERROR"),
    "usage": (lambda client: client.get_usage_limits(), "Failed to get usage limits", "USAGE_ERROR"),
}
CALLS = dict(GETS, execute=(lambda client: client.execute_workflow("wf"), "Failed to execute workflow", "EXECUTION_ERROR"))

each_call = pytest.mark.parametrize("call, prefix, code", CALLS.values(), ids=CALLS.keys())
each_get = pytest.mark.parametrize("call, prefix, code", GETS.values(), ids=GETS.keys())


# ---- requests ----


@pytest.mark.parametrize("identifier, segment", [
    ("plain-id_1.2~3", "plain-id_1.2~3"),
    (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (42, "42"),
    ("workflow-execution:ace8", ("workflow-execution:ace8", "workflow-execution%3Aace8")),
    ("a/b", "a%2Fb"),
    ("../x", "..%2Fx"),
    ("...", "..."),
    ("a b", "a%20b"),
    ("a?b#c", "a%3Fb%23c"),
    ("50%", "50%25"),
    ("%2e%2e", "%252e%252e"),
    ("žluť", "%C5%BElu%C5%A5"),
    ("a\\b", "a%5Cb"),
])
def test_ids_are_one_escaped_segment(client, server, identifier, segment):
    server.answer({"success": True, "isDeployed": True})
    client.execute_workflow(identifier)
    client.get_workflow_status(identifier)
    client.get_job_status(identifier)
    allowed = segment if isinstance(segment, tuple) else (segment,)
    assert [request.path for request in server.requests] in [
        ["/api/workflows/%s/execute" % one, "/api/workflows/%s/status" % one, "/api/jobs/%s" % one] for one in allowed]


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_an_id_that_is_no_segment_is_a_value_error(client, server, identifier):
    for call in (client.execute_workflow, client.execute_with_retry, client.get_workflow_status, client.get_job_status,
                 client.validate_workflow):
        with pytest.raises(ValueError, match="_id"):
            call(identifier)
    assert server.requests == []


def test_an_id_s_own_str_is_taken_and_its_error_comes_through(client):
    class Odd:
        def __str__(self):
            raise KeyError("no name")

    with pytest.raises(KeyError):
        client.execute_workflow(Odd())
    with pytest.raises(ValueError, match="surrogate"):
        client.execute_workflow("\ud800")


@pytest.mark.parametrize("options, body, header", [
    ({}, {"a": 1}, None),
    ({"stream": False}, {"a": 1}, None),
    ({"stream": None}, {"a": 1}, None),
    ({"stream": 0}, {"a": 1}, None),
    ({"stream": True}, {"a": 1, "stream": True}, None),
    ({"stream": "yes"}, {"a": 1, "stream": True}, None),
    ({"selected_outputs": None}, {"a": 1}, None),
    ({"selected_outputs": []}, {"a": 1, "selectedOutputs": []}, None),
    ({"selected_outputs": ("x.y", "z")}, {"a": 1, "selectedOutputs": ["x.y", "z"]}, None),
    ({"async_execution": False}, {"a": 1}, None),
    ({"async_execution": None}, {"a": 1}, None),
    ({"async_execution": True}, {"a": 1}, "async"),
    ({"async_execution": 1, "stream": True}, {"a": 1, "stream": True}, "async"),
])
def test_options_are_added_to_the_input(client, server, options, body, header):
    server.answer(DONE)
    client.execute_workflow("wf", {"a": 1}, **options)
    (request,) = server.requests
    assert (request.json, request.headers["X-Execution-Mode"]) == (body, header)


@pytest.mark.parametrize("given, options, sent", [
    ({"stream": "mine"}, {}, '{"stream": "mine"}'),
    ({"stream": "mine", "b": 1}, {"stream": True}, '{"stream": true, "b": 1}'),
    ({"selectedOutputs": 1, "b": 2}, {"selected_outputs": ["x"]}, '{"selectedOutputs": ["x"], "b": 2}'),
    ({}, {"stream": True, "selected_outputs": ["x"]}, '{"stream": true, "selectedOutputs": ["x"]}'),
    (None, {}, "{}"),
    (None, {"stream": True}, '{"stream": true}'),
])
def test_an_option_stands_over_a_field_of_its_name(client, server, given, options, sent):
    server.answer(DONE)
    before = dict(given) if given is not None else None
    client.execute_workflow("wf", given, **options)
    assert server.requests[0].body.decode() == sent
    assert given == before


def test_a_get_has_no_body_and_no_content_type(client, server):
    server.answer({"success": True})
    for call, _, _ in GETS.values():
        call(client)
    paths = [request.path for request in server.requests]
    assert paths == ["/api/workflows/wf/status", "/api/jobs/job", "/api/users/me/usage-limits"]
    for request in server.requests:
        assert (request.method, request.body, request.headers["Content-Type"]) == ("GET", b"", None)
        assert request.headers["X-API-Key"] == "test-key"
        assert request.headers["User-Agent"].startswith("simstudio-sdk/")


def test_no_cookie_is_kept_and_no_netrc_is_read(client, server, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    server.answer(DONE, Set_Cookie="session=1; Path=/")
    client.execute_workflow("wf")
    client.execute_workflow("wf")
    assert [(r.headers["Cookie"], r.headers["Authorization"]) for r in server.requests] == [(None, None)] * 2


# ---- results ----


@pytest.mark.parametrize("body, result", [
    ({"success": True}, WorkflowExecutionResult(True)),
    ({"success": True, "output": None}, WorkflowExecutionResult(True)),
    ({"success": True, "output": {"a": 1}, "error": None, "logs": [1], "metadata": {"duration": 1}, "traceSpans": [2],
      "totalDuration": 3.5}, WorkflowExecutionResult(True, {"a": 1}, None, [1], {"duration": 1}, [2], 3.5)),
    ({"success": False, "error": "boom"}, WorkflowExecutionResult(False, None, "boom")),
    ({"success": None, "output": 1}, WorkflowExecutionResult(None, 1)),
    ({"success": "yes", "output": 1, "executionId": "x"}, WorkflowExecutionResult("yes", 1)),
    ({"output": 1}, WorkflowExecutionResult(True, {"output": 1})),
    ({"Success": False}, WorkflowExecutionResult(True, {"Success": False})),
    ({}, WorkflowExecutionResult(True, {})),
    ([], WorkflowExecutionResult(True, [])),
    (False, WorkflowExecutionResult(True, False)),
    ("text", WorkflowExecutionResult(True, "text")),
])
@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 299])
def test_a_2xx_is_a_result(client, server, body, result, status):
    server.answer(body, status=status)
    given = client.execute_workflow("wf")
    assert given == result and type(given) is WorkflowExecutionResult


@pytest.mark.parametrize("body, result", [
    ({"taskId": "t"}, AsyncExecutionResult(True, "t", "queued", "", {})),
    ({"success": False, "taskId": "t", "status": "held", "createdAt": "now", "links": {"status": "/s", "x": "/y"}},
     AsyncExecutionResult(False, "t", "held", "now", {"status": "/s", "x": "/y"})),
    ({"success": True, "async": True, "jobId": "j", "statusUrl": "http://x/api/jobs/j"},
     AsyncExecutionResult(True, "j", "queued", "", {"status": "http://x/api/jobs/j"})),
    ({"jobId": "j"}, AsyncExecutionResult(True, "j", "queued", "", {})),
    ({"data": {"runId": "r", "statusUrl": "http://x/r"}},
     AsyncExecutionResult(True, "r", "queued", "", {"status": "http://x/r"})),
    ({"data": {"runId": "r"}}, AsyncExecutionResult(True, "r", "queued", "", {})),
    ({"taskId": "t", "links": {"status": "/s"}, "statusUrl": "http://x"},
     AsyncExecutionResult(True, "t", "queued", "", {"status": "/s"})),
    ({"taskId": "t", "links": {}, "statusUrl": "http://x"},
     AsyncExecutionResult(True, "t", "queued", "", {"status": "http://x"})),
    ({"taskId": "t", "links": None, "statusUrl": "http://x"},
     AsyncExecutionResult(True, "t", "queued", "", {"status": "http://x"})),
    ({"taskId": "t", "jobId": "j"}, AsyncExecutionResult(True, "t", "queued", "", {})),
    ({"taskId": "t", "links": None, "createdAt": None, "status": None}, AsyncExecutionResult(True, "t", "queued", "", {})),
])
def test_a_202_to_a_queued_run_says_where_it_is(client, server, body, result):
    server.answer(body, status=202)
    assert client.execute_workflow("wf", async_execution=True) == result


@pytest.mark.parametrize("body, output", [({"data": 1}, {"data": 1}), ([1], [1]), ({"success": True, "output": 5}, 5)])
def test_a_202_without_an_id_is_an_ordinary_answer(client, server, body, output):
    server.answer(body, status=202)
    assert client.execute_workflow("wf", async_execution=True) == WorkflowExecutionResult(True, output)


@pytest.mark.parametrize("body", [{"jobId": "j"}, {"data": {"runId": "r"}}, {"async": 1, "jobId": "j"}])
def test_a_202_to_a_run_that_was_not_to_be_queued_is_a_workflows_own(client, server, body):
    server.answer(body, status=202)
    assert client.execute_workflow("wf") == WorkflowExecutionResult(True, body)


def test_a_finished_run_is_handed_over_though_it_was_to_be_queued(client, server):
    server.answer({"success": False, "error": "boom", "taskId": "not for a 200"})
    assert client.execute_workflow("wf", async_execution=True) == WorkflowExecutionResult(False, None, "boom")


@pytest.mark.parametrize("body, result", [
    ({"isDeployed": True, "deployedAt": "now", "needsRedeployment": True, "isPublished": True},
     WorkflowStatus(True, "now", True, True)),
    ({"isDeployed": False, "deployedAt": None, "needsRedeployment": False}, WorkflowStatus(False)),
    ({}, WorkflowStatus(False)),
])
def test_a_status_is_read(client, server, body, result):
    server.answer(body)
    assert client.get_workflow_status("wf") == result
    assert client.validate_workflow("wf") is result.is_deployed


@pytest.mark.parametrize("status, body", [
    (200, []), (200, b"<"), (404, {"error": "x"}), (401, {}), (500, b""), (429, {}), (302, b""),
])
def test_validate_is_false_on_any_sdk_error(client, server, status, body):
    server.answer(body, status=status)
    assert client.validate_workflow("wf") is False


def test_validate_is_false_when_nobody_answers():
    assert SimStudioClient("key", "http://127.0.0.1:1").validate_workflow("wf") is False


@pytest.mark.parametrize("body", [
    {"success": True, "taskId": "t", "status": "completed", "output": {"a": 1.0}, "metadata": {}},
    {"success": True, "status": "failed", "error": {"message": "x"}},
    [], "text", None, 7,
])
def test_a_job_s_status_is_the_server_s_value_unchanged(client, server, body):
    server.answer(body)
    given = client.get_job_status("job")
    assert given == body and type(given) is type(body)


BUCKET = {"isLimited": False, "remaining": 9, "resetAt": "soon"}


@pytest.mark.parametrize("body, result", [
    ({"success": True, "rateLimit": {"sync": dict(BUCKET, limit=10), "authType": "api"}, "usage": {"plan": "pro"}, "storage": {}},
     UsageLimits(True, {"sync": dict(BUCKET, limit=10), "authType": "api"}, {"plan": "pro"})),
    ({"success": True, "rateLimit": {"sync": dict(BUCKET, requestsPerMinute=5, maxBurst=10)}, "usage": {}},
     UsageLimits(True, {"sync": dict(BUCKET, requestsPerMinute=5, maxBurst=10, limit=5)}, {})),
    ({"rateLimit": {"sync": {"limit": 0, "requestsPerMinute": 5}}},
     UsageLimits(True, {"sync": {"limit": 0, "requestsPerMinute": 5}}, {})),
    ({}, UsageLimits(True, {}, {})),
    ({"success": False, "rateLimit": None, "usage": None}, UsageLimits(False, None, None)),
    ({"rateLimit": [1]}, UsageLimits(True, [1], {})),
])
def test_usage_limits_are_read(client, server, body, result):
    server.answer(body)
    assert client.get_usage_limits() == result


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_a_result_without_output(client, server, status):
    server.answer(b"", status=status)
    assert client.execute_workflow("wf") == WorkflowExecutionResult(True)


@each_call
@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[1,]", b"\x00"])
def test_a_2xx_that_is_no_json_is_refused_in_json_s_words(client, server, call, prefix, code, body):
    server.answer(body)
    error = error_of(call, client)
    with pytest.raises(ValueError) as expected:
        json.loads(body)
    assert (str(error), error.code, error.status) == ("%s: %s" % (prefix, expected.value), code, None)
    assert error.details == (body.decode() or None)


@pytest.mark.parametrize("name", ["status", "usage"])
@pytest.mark.parametrize("body, kind", [([], "list"), ("text", "str"), (None, "NoneType"), (1, "int")])
def test_a_2xx_of_another_shape_is_refused(client, server, name, body, kind):
    call, prefix, code = GETS[name]
    server.answer(body)
    error = error_of(call, client)
    assert (str(error), error.code, error.status) == ("%s: expected a JSON object, got %s" % (prefix, kind), code, None)


# ---- errors ----


ERRORS = [
    # status, body, message, code
    # The server's own code, up to its first colon; some words mean a documented one.
    (401, {"error": "m", "code": "UNAUTHORIZED"}, "m", "UNAUTHORIZED"),
    (401, {"error": "m", "code": "UNAUTHORIZED:_API_KEY_REQUIRED"}, "m", "UNAUTHORIZED"),
    (401, {"error": "m", "code": "INVALID_API_KEY"}, "m", "UNAUTHORIZED"),
    (401, {"error": "m", "code": "AUTHENTICATION_REQUIRED"}, "m", "UNAUTHORIZED"),
    (403, {"error": "m", "code": "INVALID_API_KEY:_EXPIRED"}, "m", "UNAUTHORIZED"),
    (503, {"error": "m", "code": "RATE_LIMITED"}, "m", "RATE_LIMIT_EXCEEDED"),
    (402, {"error": "m", "code": "OWN"}, "m", "OWN"),
    (400, {"error": "m", "code": "INVALID_JSON_IN_REQUEST_BODY"}, "m", "INVALID_JSON_IN_REQUEST_BODY"),
    (500, {"error": "m", "code": "invalid_api_key"}, "m", "invalid_api_key"),
    (500, {"error": "m", "code": ":ODD"}, "m", ":ODD"),
    (500, {"error": "m", "code": "A:B:C"}, "m", "A"),
    (500, {"error": "m", "code": ""}, "m", None),
    (500, {"error": "m", "code": 7}, "m", None),
    (500, {"error": "m", "code": None, "success": False}, "m", "EXECUTION_ERROR"),
    # The envelope of the second version.
    (409, {"error": {"code": "CONFLICT", "message": "m", "details": {"code": "X"}}}, "m", "CONFLICT"),
    (404, {"error": {"message": "m"}}, "m", None),
    (401, {"error": {"code": "UNAUTHORIZED", "message": "m"}}, "m", "UNAUTHORIZED"),
    (404, {"error": {"code": "NOT_FOUND"}}, "HTTP 404: Not Found", "NOT_FOUND"),
    (500, {"error": {"code": 1, "message": 2}}, "HTTP 500: Internal Server Error", None),
    (500, {"error": {"code": "INNER"}, "code": "OUTER"}, "HTTP 500: Internal Server Error", "OUTER"),
    # By status.
    (401, {"error": "m"}, "m", "UNAUTHORIZED"),
    (401, b"", "HTTP 401: Unauthorized", "UNAUTHORIZED"),
    (402, {"error": "m"}, "m", "USAGE_LIMIT_EXCEEDED"),
    (402, {"success": False}, "HTTP 402: Payment Required", "USAGE_LIMIT_EXCEEDED"),
    (403, {"error": "m"}, "m", None),
    (404, {}, "HTTP 404: Not Found", None),
    # A run that failed.
    (500, {"success": False, "output": {"partial": 1}, "error": "m", "metadata": {}}, "m", "EXECUTION_ERROR"),
    (400, {"success": 0, "error": "m"}, "m", None),
    (500, {"success": True, "error": "m"}, "m", None),
    # No message, or none that is text.
    (500, {"error": None}, "HTTP 500: Internal Server Error", None),
    (500, {"error": ""}, "HTTP 500: Internal Server Error", None),
    (500, {"error": ["m"]}, "HTTP 500: Internal Server Error", None),
    (500, {"error": 7}, "HTTP 500: Internal Server Error", None),
    (502, {"message": "not error"}, "HTTP 502: Bad Gateway", None),
    # Any body at all.
    (500, [], "HTTP 500: Internal Server Error", None),
    (500, None, "HTTP 500: Internal Server Error", None),
    (500, "text", "HTTP 500: Internal Server Error", None),
    (404, b"<html>\xff</html>", "HTTP 404: Not Found", None),
    (418, {}, "HTTP 418: I'm a Teapot", None),
    (405, b"", "HTTP 405: Method Not Allowed", None),
    (304, b"", "HTTP 304: Not Modified", None),
    (599, b"", "HTTP 599", None),
]


@each_call
@pytest.mark.parametrize("status, body, message, expected", ERRORS)
def test_an_error_s_message_and_code(client, server, call, prefix, code, status, body, message, expected):
    server.answer(body, status=status)
    error = error_of(call, client)
    if status == 418:  # how the phrase is spelt is up to the server's Python
        message = str(error)
    assert (str(error), error.code, error.status, error.retry_after) == (message, expected, status, None)
    assert error.args == (message,)
    details = body if not isinstance(body, bytes) else body.decode("utf-8", "replace") or None
    assert error.details == details


@pytest.mark.parametrize("reason, shown", [
    ("Gone fishing", "Gone fishing"), ("Fermé à clé", "Fermé à clé"), ("\xa0\xff", "\xa0\xff"),
    ("\x1b[31mRed", "Not Found"), ("No\tthing", "Not Found"), ("\x7f", "Not Found"), ("\x9b31mRed", "Not Found"),
    ("\x80", "Not Found"), ("\x9f", "Not Found"),
])
def test_a_reason_with_control_characters_is_not_shown(reason, shown):
    answer = b"HTTP/1.1 404 %s\r\nContent-Length: 0\r\n\r\n" % reason.encode("latin-1")
    with Wire([READ, answer]) as wire, SimStudioClient("key", wire.url) as client:
        assert str(error_of(client.get_workflow_status, "wf")) == "HTTP 404: " + shown


@pytest.mark.parametrize("headers, message, retry_after", [
    ({}, "Rate limit exceeded", None),
    ({"Retry-After": "3"}, "Rate limit exceeded. Retry after 3000ms", 3000),
    ({"Retry-After": "0"}, "Rate limit exceeded. Retry after 0ms", 0),
    ({"Retry-After": "0.25"}, "Rate limit exceeded. Retry after 250ms", 250),
    ({"Retry-After": "soon"}, "Rate limit exceeded", None),
    ({"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0"}, "Rate limit exceeded", None),
])
@pytest.mark.parametrize("body", [{"error": "slow down", "code": "OWN"}, {"error": {"code": "X", "message": "y"}}, b"", b"<", []])
def test_a_429_on_execute_is_the_rate_limit_whatever_it_says(client, server, headers, message, retry_after, body):
    server.answers.append((429, headers, body if isinstance(body, bytes) else json.dumps(body).encode()))
    error = error_of(client.execute_workflow, "wf")
    assert (str(error), error.code, error.status, error.retry_after) == (message, "RATE_LIMIT_EXCEEDED", 429, retry_after)
    assert error.details == (body if not isinstance(body, bytes) else body.decode() or None)


@each_get
@pytest.mark.parametrize("body, message, expected", [
    ({"error": "slow down"}, "slow down", "RATE_LIMIT_EXCEEDED"),
    ({"error": "slow down", "code": "OWN"}, "slow down", "OWN"),
    (b"", "HTTP 429: Too Many Requests", "RATE_LIMIT_EXCEEDED"),
])
def test_a_429_on_a_get_says_what_the_server_said(client, server, call, prefix, code, body, message, expected):
    server.answer(body, status=429, Retry_After="2")
    error = error_of(call, client)
    assert (str(error), error.code, error.status, error.retry_after) == (message, expected, 429, 2000)


# ---- time ----


@pytest.fixture
def silent():
    """The URL of a server that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield "http://127.0.0.1:%d" % listening.getsockname()[1]


@pytest.mark.parametrize("timeout, shown", [
    (0.05, "0.05"), ((5, 0.05), "(5, 0.05)"), ((5, None, 0.05), "(5, None, 0.05)"), ((None, 0.05), "(None, 0.05)"),
    ((0.05, 5, 0.05), "(0.05, 5, 0.05)"),
])
def test_a_timeout_of_a_run(silent, timeout, shown):
    error = error_of(SimStudioClient("key", silent).execute_workflow, "wf", timeout=timeout)
    assert (str(error), error.code, error.status) == ("Workflow execution timed out after %s seconds" % shown, "TIMEOUT", None)


def test_a_timeout_is_in_seconds_and_an_int_will_do(silent):
    before = time.monotonic()
    error = error_of(SimStudioClient("key", silent).execute_workflow, "wf", timeout=1)
    assert 0.999 < time.monotonic() - before < PATIENCE_S
    assert str(error) == "Workflow execution timed out after 1 seconds"


@pytest.mark.parametrize("timeout, kind", [
    (0, ValueError), (-1, ValueError), (0.0, ValueError), (math.nan, ValueError), (-math.inf, ValueError),
    ("30", TypeError), (True, TypeError), ([1, 2], TypeError), ({}, TypeError), (1j, TypeError), (object(), TypeError),
    ((), ValueError), ((1,), ValueError), ((1, 2, 3, 4), ValueError), ((1, 0), ValueError), ((0, 1), ValueError),
    ((1, 1, -1), ValueError), ((1, "2"), TypeError), (((1, 1), 1), TypeError),
])
def test_an_unusable_timeout_is_refused(client, server, timeout, kind):
    for call in (client.execute_workflow, client.execute_workflow_sync, client.execute_with_retry):
        with pytest.raises(kind, match="timeout"):
            call("wf", None, timeout)
    assert server.requests == []


@pytest.mark.parametrize("timeout", [30.0, 1, None, math.inf, 1e300, (1, 2), (None, None), (1, None, 2.5), 1e-9 + 10])
def test_a_usable_timeout_is_used(client, server, timeout):
    server.answer(DONE)
    assert client.execute_workflow("wf", timeout=timeout).output == 1


def test_what_the_time_out_s_own_float_raises_is_not_replaced(client, server):
    class Seconds:
        def __float__(self):
            raise TypeError("my own words")

    with pytest.raises(TypeError, match="^my own words$"):
        client.execute_workflow("wf", timeout=Seconds())
    for odd in ("1", [1], b"1", True, 1j, object()):
        with pytest.raises(TypeError, match="^timeout must be a number of seconds or None, not %s$" % type(odd).__name__):
            client.execute_workflow("wf", timeout=odd)
    assert server.requests == []
