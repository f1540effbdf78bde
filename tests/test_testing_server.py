"""simstudio.testing: the local Sim server answers as the real one does."""

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
from asking import ask, run
from waiting import PATIENCE_S, eventually

import simstudio.testing
from simstudio import AsyncExecutionResult, SimStudioClient, SimStudioError
from simstudio.testing import Hold, Response, SimServer, Stream


@pytest.fixture
def sim():
    with SimServer() as server:
        yield server


@pytest.fixture
def client(sim):
    with SimStudioClient("any", sim.url) as made:
        yield made


# ---- runs ----


def test_a_run_has_the_documented_shape(sim):
    status, headers, text = run(sim, body={"message": "hi", "stream": False, "selectedOutputs": []})
    answer = json.loads(text)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert (answer["success"], answer["output"]) == (True, {"message": "hi"})
    assert set(answer["metadata"]) == {"duration", "startTime", "endTime"}


@pytest.mark.parametrize(
    "workflow_id, status, body",
    [
        ("unknown", 404, {"error": "Workflow not found", "code": "WORKFLOW_NOT_FOUND"}),
        ("undeployed", 403, {"error": "Workflow is not deployed", "code": "WORKFLOW_IS_NOT_DEPLOYED"}),
    ],
)
def test_what_cannot_run_is_refused(sim, workflow_id, status, body):
    answered, _, text = run(sim, workflow_id)
    assert (answered, json.loads(text)) == (status, body)


def test_a_failed_block_is_an_error_with_its_message(client):
    with pytest.raises(SimStudioError, match="Function 1: boom") as caught:
        client.execute_workflow("failing")
    assert (caught.value.code, caught.value.status) == ("EXECUTION_ERROR", 500)


@pytest.mark.parametrize(
    "body, path",
    [(b"[1]", ""), (b"null", ""), (b'{"stream": "true"}', "stream"), (b'{"selectedOutputs": null}', "selectedOutputs")],
)
def test_a_body_of_the_wrong_shape_is_refused(sim, body, path):
    status, _, text = run(sim, body=body)
    assert status == 400
    assert json.loads(text)["error"] == "Invalid request body"
    assert [detail["path"] for detail in json.loads(text)["details"]] == [path]


def test_a_body_that_is_no_json_is_refused_with_the_documented_code(sim):
    status, _, text = run(sim, body=b'{"a":')
    assert (status, json.loads(text)) == (400, {"error": "Invalid JSON in request body", "code": "INVALID_JSON"})


def test_workflows_are_added(sim, client):
    sim.add_workflow("double", lambda given: {"n": given["n"] * 2})
    sim.add_workflow("a b/é", ["fixed"])
    sim.add_workflow("later", {}, deployed=False)
    assert client.execute_workflow("double", {"n": 21}).output == {"n": 42}
    assert client.execute_workflow("a b/é").output == ["fixed"]
    assert client.validate_workflow("double") and not client.validate_workflow("later")


def test_a_response_block_answers_by_itself(sim):
    sim.add_workflow("wf", lambda given: Response([given["n"]], 201, {"X-Custom": "yes"}))
    status, headers, text = run(sim, "wf", {"n": 7})
    assert (status, headers["X-Custom"], text) == (201, "yes", "[7]")


# ---- keys, methods, paths ----


def test_a_wrong_key_is_refused():
    with SimServer(api_key="right") as sim:
        assert SimStudioClient("right", sim.url).execute_workflow("echo").success
        for key in ("wrong", None):
            with pytest.raises(SimStudioError) as caught:
                SimStudioClient(key, sim.url).execute_workflow("echo")
            assert (caught.value.code, caught.value.status) == ("UNAUTHORIZED", 401)
        assert ask(sim, "GET", "/api/users/me/usage-limits")[0] == 401


@pytest.mark.parametrize(
    "method, path, status, body",
    [
        ("GET", "/api/workflows/echo/execute", 405, ""),
        ("POST", "/api/workflows/echo/status", 405, ""),
        ("POST", "/api/workflows/echo/execute/", 308, "/api/workflows/echo/execute"),
        ("GET", "/api/nothing", 404, "<!DOCTYPE html>"),
    ],
)
def test_wrong_ways_in(sim, method, path, status, body):
    answered, headers, text = ask(sim, method, path)
    assert (answered, text[: len(body) or None]) == (status, body)
    assert headers.get("Location") == ("/api/workflows/echo/execute" if status == 308 else None)


def test_no_user_agent_is_forbidden(sim):
    assert run(sim, User_Agent="")[::2] == (403, "")


# ---- the other endpoints ----


def test_the_status_of_a_workflow(client):
    assert client.get_workflow_status("echo").is_deployed
    assert client.get_workflow_status("undeployed").deployed_at is None
    with pytest.raises(SimStudioError, match="Workflow not found"):
        client.get_workflow_status("unknown")


def test_usage_limits_can_be_changed_and_used_up(sim, client):
    limits = client.get_usage_limits()
    assert limits.usage == {"currentPeriodCost": 3.21, "limit": 20, "plan": "pro"}
    assert set(limits.rate_limit["sync"]) == {"isLimited", "limit", "remaining", "resetAt"}
    sim.usage["currentPeriodCost"] = 20.13
    with pytest.raises(SimStudioError, match=r"20\.13\$ used of 20\.00\$ limit") as caught:
        client.execute_workflow("echo")
    assert (caught.value.code, caught.value.status) == ("USAGE_LIMIT_EXCEEDED", 402)


def test_a_job_goes_from_queued_to_completed(client):
    queued = client.execute_workflow("echo", {"n": 1}, async_execution=True)
    assert queued.links == {"status": "/api/jobs/" + queued.task_id}
    states = [client.get_job_status(queued.task_id) for _ in range(4)]
    assert [state["status"] for state in states] == ["queued", "processing", "completed", "completed"]
    assert "startedAt" not in states[0]["metadata"] and "startedAt" in states[1]["metadata"]
    assert states[2] == states[3], "a job runs once"
    assert set(states[2]["output"]) == {"success", "workflowId", "executionId", "output", "executedAt"}
    assert states[2]["output"]["output"] == {"n": 1}
    assert set(states[2]["metadata"]) == {"startedAt", "completedAt", "duration"}


def test_a_job_fails(sim, client):
    sim.jobs.steps = ["unknown"]
    queued = client.execute_workflow("failing", async_execution=True)
    states = [client.get_job_status(queued.task_id) for _ in range(2)]
    assert [state["status"] for state in states] == ["unknown", "failed"]
    assert states[1]["error"] == "[function] Function 1: boom"
    assert "output" not in states[1]


@pytest.mark.parametrize("era, is_nested", [("documented", False), ("2025-11-01", True), ("2026-08-21", False)])
def test_a_queued_run_has_the_outputs_of_its_response_block(era, is_nested):
    outputs = {"data": {"n": 1}, "status": 201, "headers": {"Content-Type": "application/json", "X-Custom": "yes"}}
    with SimServer(era=era) as sim, SimStudioClient("any", sim.url) as client:
        sim.add_workflow("wf", lambda given: Response(given, 201, {"X-Custom": "yes"}))
        sim.jobs.steps = ["processing"]
        queued = client.execute_workflow("wf", {"n": 1}, async_execution=True)
        states = [client.get_job_status(queued.task_id) for _ in range(2)]
        assert states[1]["output"]["output"] == ({"response": outputs} if is_nested else outputs)


@pytest.mark.parametrize("body, data", [(b'{"a": 1}', {"a": 1}), (b"<html>", "<html>"), (b"\xff", "\ufffd"), (b"NaN", "NaN")])
def test_bytes_of_a_response_block_are_what_they_hold(sim, client, body, data):
    sim.add_workflow("wf", Response(body))
    sim.jobs.steps = ["processing"]
    queued = client.execute_workflow("wf", async_execution=True)
    states = [client.get_job_status(queued.task_id) for _ in range(2)]
    assert states[1]["output"]["output"]["data"] == data
    assert client.execute_workflow("wf", stream=True).output["data"] == data


def test_a_job_is_cancelled(sim, client):
    queued = client.execute_workflow("echo", async_execution=True)
    assert sim.jobs.ids == [queued.task_id]
    sim.jobs.cancel(queued.task_id)
    assert client.get_job_status(queued.task_id)["status"] == "cancelled"


def test_an_unknown_job_is_not_found(client):
    with pytest.raises(SimStudioError, match="Task not found") as caught:
        client.get_job_status("run_9")
    assert (caught.value.code, caught.value.status) == ("TASK_NOT_FOUND", 404)


def test_a_job_polled_by_many_runs_once(sim, client):
    def run(given):
        """Is under way until everybody has asked for it."""
        assert eventually(lambda: len(sim.requests) == 9)
        runs.append(1)

    runs = []
    sim.add_workflow("wf", run)
    sim.jobs.steps = []
    task_id = client.execute_workflow("wf", async_execution=True).task_id
    threads = [threading.Thread(target=client.get_job_status, args=(task_id,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs == [1]


# ---- rate limits and further headers ----


def test_a_rate_limit_passes(sim, client):
    sim.rate_limit(times=2, retry_after=0.01)
    assert client.execute_with_retry("echo", {"n": 1}).output == {"n": 1}
    assert [request.status for request in sim.requests] == [429, 429, 200]


@pytest.mark.parametrize("reset, is_expected", [("iso", lambda text: text.endswith("Z")), ("epoch", str.isdigit),
                                                ("soon", "soon".__eq__)])
def test_the_headers_of_a_rate_limit(sim, reset, is_expected):
    sim.rate_limit(times=None, retry_after="Tue, 24 Nov 2026 00:00:00 GMT", limit=9, remaining=1, reset=reset)
    for _ in range(2):
        status, headers, text = run(sim)
        assert (status, json.loads(text)["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert headers["Retry-After"] == "Tue, 24 Nov 2026 00:00:00 GMT"
        assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("9", "1")
        assert is_expected(headers["X-RateLimit-Reset"])
    sim.rate_limit(times=0)
    assert run(sim)[0] == 200


def test_a_rate_limit_without_headers(sim):
    sim.rate_limit(retry_after=None, limit=None)
    names = {name.lower() for name in run(sim)[1]}
    assert not {name for name in names if "ratelimit" in name or name == "retry-after"}


def test_further_headers(sim, client):
    sim.headers.update({"X-RateLimit-Limit": 60, "X-RateLimit-Remaining": 59, "X-RateLimit-Reset": 1764496860})
    client.execute_workflow("echo")
    assert client.get_rate_limit_info() == simstudio.RateLimitInfo(60, 59, 1764496860)


# ---- eras ----


@pytest.mark.parametrize(
    "era, id_key",
    [("documented", "taskId"), ("2026-01-25", "jobId"), ("2026-08-21", "jobId"), ("2026-08-21/v2", "data")],
)
def test_each_era_queues_in_its_own_words(era, id_key):
    with SimServer(era=era) as sim, SimStudioClient("any", sim.url) as client:
        status, _, text = run(sim, X_Execution_Mode="async")
        assert (status, id_key in json.loads(text)) == (202, True)
        queued = client.execute_workflow("echo", {"n": 1}, async_execution=True)
        assert isinstance(queued, AsyncExecutionResult)
        assert queued.links["status"].endswith("/api/jobs/" + queued.task_id)
        states = [client.get_job_status(queued.task_id) for _ in range(3)]
        assert states[0]["status"] == ("pending" if era.startswith("2026-08") else "queued")
        assert states[2]["output"]["output"] == {"n": 1}


def test_one_era_does_not_queue():
    with SimServer(era="2025-11-30") as sim, SimStudioClient("any", sim.url) as client:
        assert client.execute_workflow("echo", {"n": 1}, async_execution=True).output == {"n": 1}


def test_one_era_reports_a_failed_block_in_a_200():
    with SimServer(era="2025-11-01") as sim, SimStudioClient("any", sim.url) as client:
        result = client.execute_workflow("failing")
        assert (result.success, result.error) == (False, "[function] Function 1: boom")


def test_later_eras_have_no_codes_and_another_limit():
    with SimServer("k", era="2026-08-21") as sim:
        status, _, text = run(sim, "unknown", X_API_Key="k")
        assert (status, json.loads(text)) == (404, {"error": "Workflow not found"})
        assert json.loads(run(sim)[2]) == {"error": "Unauthorized"}
        usage = json.loads(ask(sim, "GET", "/api/users/me/usage-limits", X_API_Key="k")[2])
        assert usage["rateLimit"]["sync"]["requestsPerMinute"] == 25


def test_an_unknown_era_is_refused():
    with pytest.raises(ValueError, match="era must be one of documented, "):
        SimServer(era="jurassic")


# ---- streams ----


@pytest.mark.parametrize(
    "stream, text",
    [
        (Stream(["Hel", ("b2", "lo")], dialect="sim"),
         'data: {"blockId": "agent", "chunk": "Hel"}\n\ndata: {"blockId": "b2", "chunk": "lo"}\n\n'
         'data: {"event": "final", "data": {"success": true, '
         '"output": {"agent": {"content": "Hel"}, "b2": {"content": "lo"}}}}\n\ndata: "[DONE]"\n\n'),
        (Stream(["Hel"], {}, "documented", metadata={"duration": 610}),
         'data: {"blockId": "agent", "chunk": "Hel"}\n\n'
         'data: {"event": "done", "success": true, "output": {}, "metadata": {"duration": 610}}\n\n'
         'data: [DONE]\n\n'),
        (Stream(["Hel"], {}, "canvas"),
         'data: {"type": "stream:chunk", "data": {"blockId": "agent", "chunk": "Hel"}}\n\n'
         'data: {"type": "execution:completed", "data": {"success": true, "output": {}}}\n\ndata: [DONE]\n\n'),
        (Stream(error="boom", dialect="sim"), 'data: {"event": "error", "error": "boom"}\n\ndata: "[DONE]"\n\n'),
        (Stream(error="boom", dialect="canvas"),
         'data: {"type": "execution:error", "data": {"error": "boom"}}\n\ndata: [DONE]\n\n'),
        (Stream(["x", Stream.chunk_reset(), "y", b": comment\n\n"], dialect="sim"),
         'data: {"blockId": "agent", "chunk": "x"}\n\ndata: {"blockId": "agent", "event": "chunk_reset"}\n\n'
         'data: {"blockId": "agent", "chunk": "y"}\n\n: comment\n\n'
         'data: {"event": "final", "data": {"success": true, "output": {"agent": {"content": "y"}}}}\n\n'
         'data: "[DONE]"\n\n'),
        (Stream([Stream.thinking("hm"), Stream.tool("weather", "end", status="success"), Stream.stream_error("cut")],
                cut="quietly"),
         'data: {"blockId": "agent", "event": "thinking", "data": "hm"}\n\n'
         'data: {"blockId": "agent", "event": "tool", "phase": "end", "id": "call_1", "name": "weather", '
         '"status": "success"}\n\n'
         'data: {"event": "stream_error", "blockId": "agent", "error": "cut"}\n\n'),
        (Stream(cut="quietly"), ""),
    ],
)
def test_what_a_stream_sends(sim, stream, text):
    sim.add_workflow("wf", {}, stream=stream)
    status, headers, got = run(sim, "wf", {"stream": True})
    assert (status, headers["Content-Type"], got) == (200, "text/event-stream", text)


def test_a_stream_may_depend_on_the_input(sim, client):
    sim.add_workflow("wf", {}, stream=lambda given: Stream([given["word"]]))
    assert client.execute_workflow("wf", {"word": "hi"}, stream=True).output == {"agent": {"content": "hi"}}


def test_a_workflow_without_a_stream_sends_its_end_alone(client):
    assert [event.type for event in client.stream_workflow("echo")] == ["done"]
    with pytest.raises(SimStudioError, match="boom"):
        client.execute_workflow("failing", stream=True)


def test_a_cut_stream_breaks_off(sim):
    sim.add_workflow("wf", {}, stream=Stream(["Hel"], cut=True))
    with pytest.raises(http.client.IncompleteRead):
        run(sim, "wf", {"stream": True})


def test_a_hold_waits_for_the_test(sim, client):
    hold = Hold()
    sim.add_workflow("wf", {}, stream=Stream(["a", hold, "b"]))
    with client.stream_workflow("wf") as stream:
        assert next(stream).text == "a"
        assert hold.reached.wait(5)
        hold.release()
        assert next(stream).text == "b"


def test_a_client_that_leaves_is_noticed(sim, client):
    hold = Hold()
    sim.add_workflow("wf", {}, stream=Stream(["a", hold, "b"]))
    with client.stream_workflow("wf") as stream:
        next(stream)
        assert hold.reached.wait(5)
    assert eventually(lambda: sim.requests[0].was_dropped)


def test_an_unknown_dialect_is_refused():
    with pytest.raises(ValueError, match="dialect must be one of sim, documented, canvas"):
        Stream(dialect="esperanto")


# ---- the server itself ----


def test_requests_are_recorded(sim, client):
    client.execute_workflow("echo", {"a": 1})
    (request,) = sim.requests
    assert (request.method, request.path, request.status) == ("POST", "/api/workflows/echo/execute", 200)
    assert (request.json, request.headers["x-api-key"]) == ({"a": 1}, "any")
    assert repr(request) == "<RecordedRequest POST /api/workflows/echo/execute 200>"


def test_closing_ends_streams_that_hold_and_kept_connections():
    with SimServer() as sim:
        client = SimStudioClient("any", sim.url)
        sim.add_workflow("wf", {}, stream=Stream(["a", Hold(), "b"]))
        assert client.execute_workflow("echo").success
        stream = client.stream_workflow("wf")
        next(stream)
    with pytest.raises(SimStudioError):
        next(stream)
    with pytest.raises(SimStudioError):
        client.execute_workflow("echo")


def test_start_and_close_are_legal_twice_and_again():
    sim = SimServer()
    with pytest.raises(RuntimeError, match="not been started"):
        sim.url
    assert sim.start() is sim.start()
    sim.close()
    sim.close()
    with sim:
        assert run(sim)[0] == 200
    assert sim.requests


def test_many_clients_at_once(sim):
    def call(number):
        with SimStudioClient("any", sim.url) as own:
            for _ in range(5):
                results.append(own.execute_workflow("echo", {"n": number}).output["n"] == number)

    results = []
    threads = [threading.Thread(target=call, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 120
    assert len(sim.requests) == 120


def test_nonsense_does_not_end_the_server(sim, capfd):
    length = b"POST / HTTP/1.1\r\nContent-Length: "
    for nonsense in (b"\0\xff\r\n\r\n", length + b"x\r\n\r\n", length + b"\xb2\r\n\r\n", b"GET"):
        with socket.create_connection(urlsplit(sim.url).netloc.split(":"), 5) as connection:
            connection.sendall(nonsense)
    assert run(sim)[0] == 200
    sim.close()
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed_for_a_client_that_leaves(sim, client, capfd):
    has_left = threading.Event()
    sim.add_workflow("wf", lambda given: has_left.wait(PATIENCE_S))
    with pytest.raises(SimStudioError):
        client.execute_workflow("wf", timeout=0.1)
    has_left.set()
    assert eventually(lambda: sim.requests[0].was_dropped)
    sim.close()
    assert capfd.readouterr() == ("", "")


def test_pytest_is_not_loaded_unasked():
    code = "import sys, simstudio.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_the_fixture(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "from simstudio import SimStudioClient\n"
        "pytest_plugins = ['simstudio.testing']\n"
        "def test_it(sim_server):\n"
        "    assert SimStudioClient('any', sim_server.url).execute_workflow('echo', {'a': 1}).output == {'a': 1}\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_command_names_a_port_that_it_cannot_have(sim):
    busy = urlsplit(sim.url).port
    for port, reason in ((busy, os.strerror(errno.EADDRINUSE)), (70000, "bind(): port must be 0-65535.")):
        command = [sys.executable, "-m", "simstudio.testing", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "python -m simstudio.testing: cannot listen on port %d: %s\n" % (port, reason)


def test_the_command_serves_until_interrupted():
    command = [sys.executable, "-m", "simstudio.testing", "--api-key", "k"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("Workflows: agent, echo, ")
        export, url, key = process.stdout.readline().split()
        assert (export, key) == ("export", "SIM_API_KEY=k")
        assert SimStudioClient("k", url.split("=")[1]).execute_workflow("echo").success
        assert process.stdout.readline() == "POST /api/workflows/echo/execute -> 200\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
