"""execute_workflow: what is sent, and what comes back."""

import io
import json

import pytest

from simstudio import AsyncExecutionResult, SimStudioClient, SimStudioError, WorkflowExecutionResult

DONE = {"success": True, "output": {"content": "Paris"}, "metadata": {"duration": 842}}


def test_a_run_returns_its_result(client, server):
    server.answer(DONE)
    result = client.execute_workflow("wf", {"message": "hi"})
    assert result == WorkflowExecutionResult(True, {"content": "Paris"}, metadata={"duration": 842})


def test_the_request_is_what_the_api_takes(client, server):
    server.answer(DONE)
    client.execute_workflow("wf", {"message": "hi"}, stream=True, selected_outputs=["a.content"])
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/workflows/wf/execute")
    assert request.headers["X-API-Key"] == "test-key"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("simstudio-sdk/")
    assert request.headers["X-Execution-Mode"] is None
    assert request.json == {"message": "hi", "stream": True, "selectedOutputs": ["a.content"]}


def test_an_id_is_one_path_segment(client, server):
    server.answer(DONE)
    client.execute_workflow("../a b?c#d/é")
    assert server.requests[0].path == "/api/workflows/..%2Fa%20b%3Fc%23d%2F%C3%A9/execute"


@pytest.mark.parametrize("unusable", ["", ".", "..", "a\nb", "a\0b"])
def test_an_unusable_id_is_refused_before_anything_is_sent(client, server, unusable):
    with pytest.raises(ValueError, match="workflow_id"):
        client.execute_workflow(unusable)
    assert server.requests == []


@pytest.mark.parametrize(
    "body, task_id, links",
    [
        ({"success": True, "taskId": "run_1", "status": "queued", "createdAt": "2025-10-20T10:00:00.000Z",
          "links": {"status": "/api/jobs/run_1"}}, "run_1", {"status": "/api/jobs/run_1"}),
        ({"success": True, "async": True, "jobId": "job:1", "statusUrl": "https://www.sim.ai/api/jobs/job:1"},
         "job:1", {"status": "https://www.sim.ai/api/jobs/job:1"}),
        ({"data": {"runId": "r1", "statusUrl": "https://www.sim.ai/x"}}, "r1",
         {"status": "https://www.sim.ai/x"}),
        ({"success": True, "taskId": "run_2"}, "run_2", {}),
    ],
)
def test_every_era_of_server_queues(client, server, body, task_id, links):
    server.answer(body, status=202)
    result = client.execute_workflow("wf", async_execution=True)
    assert server.requests[0].headers["X-Execution-Mode"] == "async"
    assert isinstance(result, AsyncExecutionResult)
    assert (result.success, result.task_id, result.status, result.links) == (True, task_id, "queued", links)
    assert result.created_at == body.get("createdAt", "")


def test_a_finished_run_answers_a_queued_one_on_some_servers(client, server):
    server.answer(DONE)
    assert client.execute_workflow("wf", async_execution=True).output == {"content": "Paris"}


@pytest.mark.parametrize("body", [["any", {"json": 7}], "text", None, 3, {"no": "success"}])
def test_a_response_block_is_the_output(client, server, body):
    server.answer(body, status=201)
    assert client.execute_workflow("wf") == WorkflowExecutionResult(True, body)


def test_no_content_is_a_result_without_output(client, server):
    server.answer(b"", status=204)
    assert client.execute_workflow("wf") == WorkflowExecutionResult(True, None)


def test_a_failure_in_a_2xx_is_returned(client, server):
    server.answer({"success": False, "output": {}, "error": "boom"})
    result = client.execute_workflow("wf")
    assert (result.success, result.error) == (False, "boom")


def test_an_undecodable_answer_keeps_its_text(client, server):
    server.answer(b"<html>")
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    error = caught.value
    assert str(error) == "Failed to execute workflow: Expecting value: line 1 column 1 (char 0)"
    assert (error.code, error.status, error.details) == ("EXECUTION_ERROR", None, "<html>")


@pytest.mark.parametrize(
    "status, body, message, code",
    [
        (401, {"error": "Invalid API key"}, "Invalid API key", "UNAUTHORIZED"),
        (401, {"error": "x", "code": "UNAUTHORIZED:_INVALID_API_KEY"}, "x", "UNAUTHORIZED"),
        (401, {"error": "x", "code": "INVALID_API_KEY"}, "x", "UNAUTHORIZED"),
        (402, {"error": "Usage limit exceeded"}, "Usage limit exceeded", "USAGE_LIMIT_EXCEEDED"),
        (404, {"error": "Workflow not found", "code": "WORKFLOW_NOT_FOUND"}, "Workflow not found",
         "WORKFLOW_NOT_FOUND"),
        (500, {"success": False, "output": {"a": 1}, "error": "[agent] x"}, "[agent] x", "EXECUTION_ERROR"),
        (409, {"error": {"code": "CONFLICT", "message": "used"}}, "used", "CONFLICT"),
        (404, ["list"], "HTTP 404: Not Found", None),
        (500, {"error": None}, "HTTP 500: Internal Server Error", None),
    ],
)
def test_an_error_says_what_the_server_said(client, server, status, body, message, code):
    server.answer(body, status=status)
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    error = caught.value
    assert (str(error), error.code, error.status, error.details) == (message, code, status, body)
    assert error.args == (message,)


def test_a_file_is_sent_as_base64_and_put_back(client, server):
    server.answer(DONE)
    file = io.BytesIO(b"skipped hello")
    file.name = "/tmp/a.txt"
    file.seek(8)
    client.execute_workflow("wf", {"docs": (file,)})
    assert server.requests[0].json == {
        "docs": [{"type": "file", "data": "data:text/plain;base64,aGVsbG8=", "name": "a.txt", "mime": "text/plain"}]
    }
    assert file.tell() == 8


def test_the_body_is_what_json_dumps_writes(client, server):
    server.answer(DONE)
    data = {"a": [1, 2.5, None, True, "é\u2028\U0001f600\x7f\ud800"], 1: (), None: {}, 1.5: 10**30}
    client.execute_workflow("wf", data)
    assert server.requests[0].body.decode() == json.dumps(data, allow_nan=False)


def test_what_json_refuses_is_refused(client, server):
    with pytest.raises(SimStudioError, match="Failed to execute workflow: Out of range float") as caught:
        client.execute_workflow("wf", {"a": float("nan")})
    assert caught.value.code == "EXECUTION_ERROR"
    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        client.execute_workflow("wf", {"a": object()})
    with pytest.raises(TypeError, match="input_data must be a dict or None, not list"):
        client.execute_workflow("wf", [1])
    assert server.requests == []


def test_json_s_words_are_neither_cut_nor_doubted(client, server, monkeypatch):
    words = "x" * 2000 + "\u20ac\ud800"

    def dumps(*arguments, **keywords):
        raise ValueError(words)

    monkeypatch.setattr(json, "dumps", dumps)
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf", {"a": float("nan")})
    assert str(caught.value) == "Failed to execute workflow: " + words
    assert (caught.value.code, caught.value.status, caught.value.details) == ("EXECUTION_ERROR", None, None)
    assert server.requests == []


def test_a_refused_connection_is_an_execution_error():
    with pytest.raises(SimStudioError, match="Failed to execute workflow: ") as caught:
        SimStudioClient("k", "http://127.0.0.1:1").execute_workflow("wf")
    assert (caught.value.code, caught.value.status) == ("EXECUTION_ERROR", None)


@pytest.mark.parametrize("key", ["a\nb", "a\r", "a\0b", "\u20ac"])
def test_an_unusable_key_is_refused_and_not_shown(key):
    with pytest.raises(ValueError) as caught:
        SimStudioClient("secret" + key)
    assert "secret" not in str(caught.value)


def test_the_key_is_in_no_repr():
    assert "secret" not in repr(SimStudioClient("secret", "https://user:secret@host"))
