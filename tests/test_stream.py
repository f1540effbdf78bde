"""Streamed runs: the result of execute_workflow(stream=True), and stream_workflow."""

import json

import pytest

from simstudio import SimStudioError, StreamEvent, WorkflowExecutionResult
from simstudio.testing import SimServer, Stream

SSE = {"Content-Type": "text/event-stream"}


def stream_of(*messages):
    lines = (m if isinstance(m, str) else json.dumps(m) for m in messages)
    return "".join("data: %s\n\n" % line for line in lines).encode()


HEL = {"blockId": "b1", "chunk": "Hel"}
LO = {"blockId": "b1", "chunk": "lo"}
FINAL = {"event": "final", "data": {"success": True, "output": {"other": {"x": 1}}}}


@pytest.mark.parametrize(
    "messages, result",
    [
        ([HEL, LO, FINAL, '"[DONE]"'], WorkflowExecutionResult(True, {"other": {"x": 1}, "b1": {"content": "Hello"}})),
        ([HEL, {"event": "done", "success": True, "output": {}, "metadata": {"duration": 6}}, "[DONE]"],
         WorkflowExecutionResult(True, {"b1": {"content": "Hel"}}, metadata={"duration": 6})),
        ([HEL, LO, {"event": "final", "data": {"success": True, "output": {"b1": {"content": "Hello"}}}}],
         WorkflowExecutionResult(True, {"b1": {"content": "Hello"}})),
        ([HEL, {"blockId": "b1", "event": "chunk_reset"}, LO, FINAL],
         WorkflowExecutionResult(True, {"other": {"x": 1}, "b1": {"content": "lo"}})),
        ([HEL, {"event": "final", "data": {"success": False, "error": "boom", "output": [1]}}],
         WorkflowExecutionResult(False, [1], "boom")),
        ([{"type": "stream:chunk", "data": {"blockId": "b1", "chunk": "Hel"}},
          {"type": "execution:completed", "data": {"success": True, "output": {}, "duration": 5}}, "[DONE]"],
         WorkflowExecutionResult(True, {"b1": {"content": "Hel"}}, metadata={"duration": 5})),
        ([FINAL, {"event": "error", "error": "late"}], WorkflowExecutionResult(True, {"other": {"x": 1}})),
    ],
)
@pytest.mark.parametrize("asked", [True, False])
def test_every_dialect_ends_in_a_result(client, server, messages, result, asked):
    server.answer(stream_of(*messages), **SSE)
    assert client.execute_workflow("wf", stream=asked) == result


@pytest.mark.parametrize(
    "messages, message, code",
    [
        ([HEL, {"event": "error", "error": "[agent] boom"}], "[agent] boom", "EXECUTION_ERROR"),
        ([HEL, {"type": "execution:error", "data": {"error": "boom"}}], "boom", "EXECUTION_ERROR"),
        ([HEL], "The stream ended without its final event; the run may have happened", "STREAM_INTERRUPTED"),
    ],
)
def test_a_stream_that_fails_is_an_error_with_the_text_so_far(client, server, messages, message, code):
    server.answer(stream_of(*messages), **SSE)
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf", stream=True)
    assert (str(caught.value), caught.value.code) == (message, code)
    assert caught.value.details == {"b1": "Hel"}


def test_events_come_one_by_one(client, server):
    server.answer(stream_of(HEL, {"event": "news", "x": 1}, "not json", "", FINAL, '"[DONE]"'), **SSE)
    with client.stream_workflow("wf", {"a": 1}, selected_outputs=["agent1.content"]) as stream:
        events = list(stream)
        assert stream.blocks == {"b1": "Hel"}
        assert stream.result().output == {"other": {"x": 1}, "b1": {"content": "Hel"}}
    assert server.requests[0].json == {"a": 1, "stream": True, "selectedOutputs": ["agent1.content"]}
    assert events[0] == StreamEvent("chunk", "b1", "Hel", HEL, json.dumps(HEL))
    assert [event.type for event in events] == ["chunk", "news", "message", "final"]
    assert (events[2].data, events[2].raw) == (None, "not json")
    assert events[3].data == FINAL


def test_an_error_event_is_yielded_and_then_raised(client, server):
    server.answer(stream_of(HEL, {"event": "error", "error": "boom"}), **SSE)
    stream = client.stream_workflow("wf")
    assert [next(stream).type, next(stream).type] == ["chunk", "error"]
    with pytest.raises(SimStudioError, match="boom"):
        next(stream)
    with pytest.raises(SimStudioError, match="boom"):
        stream.result()


def test_the_text_stream(client, server):
    server.answer(stream_of(HEL, {"blockId": "b1", "event": "thinking", "data": "hm"}, LO, FINAL), **SSE)
    stream = client.stream_workflow("wf")
    assert list(stream.text_stream) == ["Hel", "lo"]


def test_a_failure_before_the_stream_is_an_ordinary_error(client, server):
    server.answer({"error": "Invalid API key"}, status=401)
    stream = client.stream_workflow("wf")
    assert server.requests == []
    with pytest.raises(SimStudioError) as caught:
        next(stream)
    assert (caught.value.code, caught.value.status) == ("UNAUTHORIZED", 401)


def test_a_plain_answer_is_the_result(client, server):
    server.answer({"success": True, "output": 7})
    with client.stream_workflow("wf") as stream:
        assert [event.type for event in stream] == ["final"]
        assert stream.result().output == 7


def test_the_first_event_is_in_hand_before_the_second_is_sent(client):
    with SimServer() as sim:
        sim.add_workflow("slow", {}, stream=Stream(["a", "b"], pause=0.3))
        client.base_url = sim.url
        with client.stream_workflow("slow") as stream:
            assert next(stream).text == "a"
            assert stream.blocks == {"agent": "a"}
            assert client.execute_workflow("echo", {"x": 1}).output == {"x": 1}
            assert next(stream).text == "b"
            assert stream.result().success
