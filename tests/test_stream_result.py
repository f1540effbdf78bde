"""execute_workflow(stream=True): what a streamed run adds up to."""

import json

import pytest
from streaming import DONE, SSE, canvas, chunk, error, final, stream_of

from simstudio import AsyncExecutionResult, SimStudioClient, SimStudioError, WorkflowExecutionResult
from simstudio.testing import SimServer, Stream


def done(output=None, **more):
    return dict({"event": "done", "success": True, "output": {} if output is None else output}, **more)


DIALECTS = {
    "documented": (
        [chunk("One"), chunk(", two"), done(metadata={"duration": 610}), "[DONE]"],
        WorkflowExecutionResult(True, {"b1": {"content": "One, two"}}, metadata={"duration": 610}),
    ),
    "of servers": (
        [chunk("One"), chunk(", two"), final({"b1": {"content": "One, two"}, "b2": {"x": 1}}), DONE],
        WorkflowExecutionResult(True, {"b1": {"content": "One, two"}, "b2": {"x": 1}}),
    ),
    "of servers that leave out what was streamed": (
        [chunk("One"), chunk(", two"), final({"b2": {"x": 1}}), DONE],
        WorkflowExecutionResult(True, {"b2": {"x": 1}, "b1": {"content": "One, two"}}),
    ),
    "of the canvas": (
        [canvas("execution:started"), canvas("stream:chunk", blockId="b1", chunk="One"),
         canvas("stream:chunk", blockId="b1", chunk=", two"), canvas("stream:done", blockId="b1"),
         canvas("execution:completed", success=True, output={}, duration=5, startTime="s", endTime="e"), "[DONE]"],
        WorkflowExecutionResult(True, {"b1": {"content": "One, two"}},
                                metadata={"duration": 5, "startTime": "s", "endTime": "e"}),
    ),
}


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("asked", [True, False])
def test_every_dialect_ends_in_a_result_whatever_was_asked_for(client, server, dialect, asked):
    messages, result = DIALECTS[dialect]
    server.answer(stream_of(*messages), **SSE)
    assert client.execute_workflow("wf", stream=asked) == result
    assert client.execute_workflow_sync("wf", stream=asked) == result
    assert client.execute_with_retry("wf", stream=asked) == result
    assert client.stream_workflow("wf").result() == result


@pytest.mark.parametrize(
    "messages, output",
    [
        # Left out: put in; a block's other values stay beside it.
        ([chunk("Hi"), final({"b1": {"model": "m"}})], {"b1": {"model": "m", "content": "Hi"}}),
        # Repeated: not doubled, and what the server repeats it as stands.
        ([chunk("Hi"), chunk("\n\nUn", "b2"), final({"b1": {"content": "Hi"}, "b2": {"content": "Un"}})],
         {"b1": {"content": "Hi"}, "b2": {"content": "Un"}}),
        ([chunk("Hi"), final({"b1": {"content": None}})], {"b1": {"content": None}}),
        ([chunk("Hi"), final({"b1": {"content": ""}})], {"b1": {"content": ""}}),
        # The separator that servers put before a later block's text stays.
        ([chunk("Hi"), chunk("\n\nUn", "b2"), final()], {"b1": {"content": "Hi"}, "b2": {"content": "\n\nUn"}}),
        # Blocks that speak by turns.
        ([chunk("a"), chunk("x", "b2"), chunk("b"), chunk("y", "b2"), final()],
         {"b1": {"content": "ab"}, "b2": {"content": "xy"}}),
        # A reset discards one block's text, and only what came before it.
        ([chunk("no"), chunk("x", "b2"), {"blockId": "b1", "event": "chunk_reset"}, chunk("yes"), final()],
         {"b1": {"content": "yes"}, "b2": {"content": "x"}}),
        ([chunk("no"), {"blockId": "b1", "event": "chunk_reset"}, final({"z": 1})], {"z": 1}),
        ([{"blockId": "b9", "event": "chunk_reset"}, final({"z": 1})], {"z": 1}),
        ([{"event": "chunk_reset"}, chunk("Hi"), final()], {"b1": {"content": "Hi"}}),
        # A block without text leaves no trace; chunks without a block belong nowhere.
        ([chunk(""), final({"z": 1})], {"z": 1}),
        ([{"chunk": "lost"}, {"blockId": 7, "chunk": "lost"}, {"blockId": "b1", "chunk": 7}, final({"z": 1})], {"z": 1}),
        # What is no dict is kept: the output, and a block in it.
        ([chunk("Hi"), final([1, 2])], [1, 2]),
        ([chunk("Hi"), final("text")], "text"),
        ([chunk("Hi"), final(0)], 0),
        ([chunk("Hi"), final(False)], False),
        ([chunk("Hi"), final({"b1": "as it is"})], {"b1": "as it is"}),
        # No output at all.
        ([chunk("Hi"), {"event": "final", "data": {"success": True}}], {"b1": {"content": "Hi"}}),
        ([chunk("Hi"), {"event": "final", "data": {"success": True, "output": None}}], {"b1": {"content": "Hi"}}),
        ([{"event": "final", "data": {"success": True}}], None),
        # Not terminal, and no text of the answer.
        ([chunk("Hi"), {"event": "stream_error", "blockId": "b1", "error": "cut"},
          {"blockId": "b1", "event": "thinking", "data": "hm"},
          {"blockId": "b1", "event": "tool", "phase": "start", "id": "c", "name": "n"},
          {"event": "unheard-of", "output": 1}, [1], 7, None, "no json", final()], {"b1": {"content": "Hi"}}),
        # Text of every kind.
        ([chunk("é"), chunk("\U0001f40e\u2028\x85\x00\ud800"), final()],
         {"b1": {"content": "é\U0001f40e\u2028\x85\x00\ud800"}}),
    ],
)
def test_text_is_put_where_the_output_leaves_it_out(client, server, messages, output):
    server.answer(stream_of(*messages), **SSE)
    assert client.execute_workflow("wf", stream=True) == WorkflowExecutionResult(True, output)


def test_characters_that_are_line_ends_elsewhere_are_text(client, server):
    text = "a\u2028b\u2029c\x85d\x7fe"
    server.answer(("data: %s\n\ndata: %s\n\n" % (json.dumps(chunk(text), ensure_ascii=False), json.dumps(final())))
                  .encode("utf-8"), **SSE)
    assert client.execute_workflow("wf", stream=True).output == {"b1": {"content": text}}


@pytest.mark.parametrize(
    "terminal, result",
    [
        (final({"x": 1}, success=False, error="boom"), WorkflowExecutionResult(False, {"x": 1}, "boom")),
        (final({}, success=False), WorkflowExecutionResult(False, {})),
        (final({}, error="said alone"), WorkflowExecutionResult(True, {}, "said alone")),
        ({"event": "final", "data": {"error": "boom"}}, WorkflowExecutionResult(False, None, "boom")),
        ({"event": "final", "data": {"error": None}}, WorkflowExecutionResult(True, None)),
        ({"event": "final", "data": {}}, WorkflowExecutionResult(True, None)),
        ({"event": "final"}, WorkflowExecutionResult(True, None)),
        (final({}, metadata={"duration": 1}), WorkflowExecutionResult(True, {}, metadata={"duration": 1})),
        (done({}, success=False, error="boom"), WorkflowExecutionResult(False, {}, "boom")),
        (canvas("execution:completed", success=False, output={}, error="boom"),
         WorkflowExecutionResult(False, {}, "boom")),
        (canvas("execution:completed", success=True, output={"status": "paused"}),
         WorkflowExecutionResult(True, {"status": "paused"})),
    ],
)
def test_the_terminal_event_says_how_the_run_went(client, server, terminal, result):
    server.answer(stream_of(terminal), **SSE)
    assert client.execute_workflow("wf", stream=True) == result


def test_the_event_field_names_an_event_whose_data_does_not(client, server):
    server.answer(b'event: done\ndata: {"success": true, "output": {"x": 1}}\n\n', **SSE)
    server.answer(b'event: error\ndata: {"error": "boom"}\n\n', **SSE)
    server.answer(b"event: done\ndata: thank you\n\n" + stream_of(final({"x": 2})), **SSE)
    assert client.execute_workflow("wf", stream=True).output == {"x": 1}
    with pytest.raises(SimStudioError, match="^boom$"):
        client.execute_workflow("wf", stream=True)
    assert client.execute_workflow("wf", stream=True).output == {"x": 2}


@pytest.mark.parametrize(
    "late",
    [[error("late")], [chunk("late")], [final({"late": 1})], [{"blockId": "b1", "event": "chunk_reset"}],
     ["no json"], [DONE, final({"late": 1}), error("late")]],
)
def test_nothing_after_the_terminal_event_changes_the_result(client, server, late):
    server.answer(stream_of(chunk("Hi"), final(), *late), **SSE)
    assert client.execute_workflow("wf", stream=True) == WorkflowExecutionResult(True, {"b1": {"content": "Hi"}})
    with client.stream_workflow("wf") as stream:
        assert [event.type for event in stream] == ["chunk", "final"]
        assert stream.blocks == {"b1": "Hi"}
        assert stream.result().output == {"b1": {"content": "Hi"}}


@pytest.mark.parametrize(
    "messages, message",
    [
        ([error("[agent] Agent 1: boom")], "[agent] Agent 1: boom"),
        ([error("boom"), DONE], "boom"),
        ([error("boom"), final({"x": 1}), DONE], "boom"),
        ([dict(error("too large"), blockId="b1")], "too large"),
        ([error({"message": "boom", "code": "X"})], "boom"),
        ([error(None)], "The run failed"),
        ([error("")], "The run failed"),
        ([error([1])], "The run failed"),
        ([{"event": "error"}], "The run failed"),
        ([canvas("execution:error", error="boom", duration=5), "[DONE]"], "boom"),
        ([canvas("execution:cancelled", duration=5), "[DONE]"], "The run was cancelled"),
    ],
)
def test_an_error_event_is_raised_with_the_text_so_far(client, server, messages, message):
    server.answer(stream_of(chunk("Hel"), chunk("Un", "b2"), *messages), **SSE)
    for run in (lambda: client.execute_workflow("wf", stream=True), lambda: client.stream_workflow("wf").result()):
        with pytest.raises(SimStudioError) as caught:
            run()
        assert (str(caught.value), caught.value.code, caught.value.status) == (message, "EXECUTION_ERROR", None)
        assert caught.value.details == {"b1": "Hel", "b2": "Un"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        stream_of(chunk("Hel")),
        stream_of(chunk("Hel"), DONE),
        stream_of(chunk("Hel"), "[DONE]"),
        stream_of(chunk("Hel"), DONE, final()),  # whatever follows the mark is no part of the stream
        stream_of(chunk("Hel"), final())[:-1],  # an event without its blank line is void
        stream_of(chunk("Hel"), canvas("block:error", error="boom"), canvas("stream:done")),
        stream_of(chunk("Hel"), {"event": "stream_error", "blockId": "b1", "error": "terminated"}),
    ],
)
def test_a_stream_without_its_terminal_event_is_never_a_success(client, server, body):
    server.answer(body, **SSE)
    for run in (lambda: client.execute_workflow("wf", stream=True), lambda: client.stream_workflow("wf").result(),
                lambda: list(client.stream_workflow("wf")), lambda: list(client.stream_workflow("wf").text_stream)):
        with pytest.raises(SimStudioError) as caught:
            run()
        assert caught.value.code == "STREAM_INTERRUPTED"
        assert str(caught.value) == "The stream ended without its final event; the run may have happened"
        assert caught.value.details == ({"b1": "Hel"} if body else {})


# ---- which answers are streams ----


@pytest.mark.parametrize(
    "content_type", ["text/event-stream", "Text/Event-Stream;charset=utf-8", "text/event-stream ; charset=UTF-8"])
def test_the_content_type_makes_a_stream(client, server, content_type):
    server.answer(stream_of(chunk("Hi"), final()), Content_Type=content_type)
    assert client.execute_workflow("wf").output == {"b1": {"content": "Hi"}}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/event-streams", ""])
def test_json_to_a_streamed_call_is_the_result(client, server, content_type):
    server.answer({"success": True, "output": {"x": 1}, "metadata": {"duration": 1}}, Content_Type=content_type)
    result = WorkflowExecutionResult(True, {"x": 1}, metadata={"duration": 1})
    assert client.execute_workflow("wf", stream=True) == result
    with client.stream_workflow("wf") as stream:
        assert stream.result() == result


def test_a_failure_in_the_type_of_a_stream_is_a_failure(client, server):
    server.answer({"error": "Workflow not found"}, status=404, **SSE)
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf", stream=True)
    assert (caught.value.status, str(caught.value)) == (404, "Workflow not found")


def test_the_other_calls_do_not_read_streams(client, server):
    server.answer(stream_of(final()), **SSE)
    with pytest.raises(SimStudioError) as caught:
        client.get_workflow_status("wf")
    assert caught.value.code == "STATUS_ERROR"


# ---- asking ----


def test_what_is_asked_for(client, server):
    server.answer(stream_of(final()), **SSE)
    client.execute_workflow("wf", {"a": 1}, stream=True, selected_outputs=["agent1.content"])
    client.execute_workflow("wf", {"a": 1}, selected_outputs=("agent1.content", "b.c"))
    client.stream_workflow("wf").result()
    asked = [request.json for request in server.requests]
    assert asked == [{"a": 1, "stream": True, "selectedOutputs": ["agent1.content"]},
                     {"a": 1, "selectedOutputs": ["agent1.content", "b.c"]}, {"stream": True}]


@pytest.mark.parametrize("selected", ["agent1.content", b"agent1.content", 5, {"agent1.content": True}, {"agent1.content"}])
def test_selected_outputs_that_are_no_list_are_refused(client, server, selected):
    for run in (client.execute_workflow, client.execute_workflow_sync, client.execute_with_retry,
                client.stream_workflow):
        with pytest.raises(TypeError) as caught:
            run("wf", selected_outputs=selected)
        assert str(caught.value) == "selected_outputs must be a list of str, not " + type(selected).__name__
    assert server.requests == []


def test_a_rate_limit_before_the_stream_is_waited_for(client, server):
    server.answer({"error": "Rate limit exceeded"}, status=429, Retry_After="0")
    server.answer(stream_of(chunk("Hi"), final()), **SSE)
    result = client.execute_with_retry("wf", {"a": 1}, stream=True, initial_delay=0.0)
    assert result.output == {"b1": {"content": "Hi"}}
    assert [request.json for request in server.requests] == [{"a": 1, "stream": True}] * 2


@pytest.mark.parametrize("body", [stream_of(chunk("Hel"), error("Rate limit exceeded")), stream_of(chunk("Hel"))])
def test_a_stream_that_began_is_not_asked_for_again(client, server, body):
    server.answer(body, **SSE)
    with pytest.raises(SimStudioError):
        client.execute_with_retry("wf", stream=True, initial_delay=0.0)
    assert len(server.requests) == 1


def test_queued_and_streamed_is_what_the_server_makes_of_it():
    with SimServer() as sim:
        with SimStudioClient("key", sim.url) as client:
            queued = client.execute_workflow("agent", stream=True, async_execution=True)
            assert isinstance(queued, AsyncExecutionResult)
            assert sim.requests[-1].json["stream"] is True
            assert sim.requests[-1].headers["X-Execution-Mode"] == "async"
    with SimServer(era="2025-11-30") as sim:  # the one that does not queue
        sim.add_workflow("wf", {}, stream=Stream(["Hi"]))
        with SimStudioClient("key", sim.url) as client:
            assert client.execute_workflow("wf", stream=True, async_execution=True).output == {"agent": {"content": "Hi"}}


def test_the_rate_limit_fields_of_a_stream_are_noted(client, server):
    server.answer(stream_of(final()), X_RateLimit_Limit="60", X_RateLimit_Remaining="59", X_RateLimit_Reset="1", **SSE)
    client.execute_workflow("wf", stream=True)
    assert client.get_rate_limit_info().remaining == 59
