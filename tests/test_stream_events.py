"""stream_workflow: the events, as they are handed over."""

import copy
import dataclasses
import inspect
import json
import pickle
import sys

import pytest
from streaming import DONE, SSE, canvas, chunk, error, final, stream_of

from simstudio import SimStudioClient, SimStudioError, StreamEvent, WorkflowStream


def test_the_signature(client):
    signature = inspect.signature(client.stream_workflow)
    assert str(signature) == "(workflow_id, input_data=None, *, selected_outputs=None, timeout=(30.0, 300.0))"


@pytest.mark.parametrize("arguments, named", [((), {}), (("wf", {}, []), {}), (("wf",), {"stream": True})])
def test_other_arguments_are_refused(client, arguments, named):
    with pytest.raises(TypeError):
        client.stream_workflow(*arguments, **named)


def test_arguments_are_looked_at_before_the_request(client, server):
    for arguments, named in ((("wf", [1]), {}), (("wf",), {"timeout": "x"}), (("wf",), {"selected_outputs": "a.b"})):
        with pytest.raises(TypeError):
            client.stream_workflow(*arguments, **named)
    for workflow_id, named in (("", {}), ("wf", {"timeout": -1}), ("wf", {"timeout": (1, 2, 3, 4)})):
        with pytest.raises(ValueError):
            client.stream_workflow(workflow_id, **named)
    with pytest.raises(SimStudioError):
        client.stream_workflow("wf", {"a": float("nan")})
    assert server.requests == []


def test_events_are_records():
    fields = [(field.name, field.default) for field in dataclasses.fields(StreamEvent)]
    assert fields == [("type", dataclasses.MISSING), ("block_id", None), ("text", None), ("data", None), ("raw", None)]


EVENTS = [
    (chunk("Hi"), "chunk", "b1", "Hi"),
    (chunk(""), "chunk", "b1", ""),
    ({"event": "chunk", "blockId": "b1", "chunk": "Hi"}, "chunk", "b1", "Hi"),
    ({"chunk": "Hi"}, "chunk", None, "Hi"),
    ({"blockId": "b1", "type": "x", "chunk": "Hi"}, "chunk", "b1", "Hi"),
    ({"event": "stream_error", "blockId": "b1", "error": "cut"}, "stream_error", "b1", "cut"),
    ({"blockId": "b1", "event": "chunk_reset"}, "chunk_reset", "b1", None),
    ({"blockId": "b1", "event": "thinking", "data": "hm"}, "thinking", "b1", "hm"),
    ({"blockId": "b1", "event": "tool", "phase": "start", "id": "c", "name": "n"}, "tool", "b1", None),
    ({"event": "news", "blockId": "b1", "chunk": "not text"}, "news", "b1", None),
    ({"event": "", "x": 1}, "", None, None),
    ({"event": 7}, "message", None, None),
    ({"blockId": 7, "x": 1}, "message", None, None),
    (canvas("block:started", blockId="b1", blockName="n"), "block:started", "b1", None),
    (canvas("stream:chunk", blockId="b1", chunk="Hi"), "chunk", "b1", "Hi"),
    (canvas("stream:chunk", blockId="b1"), "stream:chunk", "b1", None),
    ([1, {"event": "final"}], "message", None, None),
    (17, "message", None, None),
    ("text", "message", None, None),
    (True, "message", None, None),
]
ENDS = [
    (final({"x": 1}), "final"),
    ({"event": "done", "success": True, "output": {}, "metadata": {}}, "done"),
    (canvas("execution:completed", success=True, output={}), "final"),
]


@pytest.mark.parametrize("message, kind, block, text", EVENTS)
def test_an_event(client, server, message, kind, block, text):
    raw = json.dumps(message)
    server.answer(stream_of(raw, final()), **SSE)
    event = next(client.stream_workflow("wf"))
    assert event == StreamEvent(kind, block, text, message, raw)
    assert type(event) is StreamEvent


@pytest.mark.parametrize("message, kind", ENDS)
def test_a_terminal_event(client, server, message, kind):
    server.answer(stream_of(message), **SSE)
    assert list(client.stream_workflow("wf")) == [StreamEvent(kind, None, None, message, json.dumps(message))]


@pytest.mark.parametrize("raw", ["not json", "{", '{"a": NaN1}', "[DONE]]", "\ufeffx", "a\x00b", '{"blockId": "b1", "chunk": "x'])
def test_data_that_is_no_json_is_passed_on(client, server, raw):
    server.answer(stream_of(raw, final()), **SSE)
    assert next(client.stream_workflow("wf")) == StreamEvent("message", None, None, None, raw)


def test_null_is_data_too(client, server):
    server.answer(stream_of("null", final()), **SSE)
    assert next(client.stream_workflow("wf")) == StreamEvent("message", None, None, None, "null")


@pytest.mark.parametrize("data", [None, 5, "text", [1]])
def test_a_final_event_whose_data_is_no_object_ends_the_run(client, server, data):
    server.answer(stream_of({"blockId": "b1", "chunk": "Hi"}, {"event": "final", "data": data, "output": 7}), **SSE)
    result = client.stream_workflow("wf").result()
    assert (result.success, result.output) == (True, 7)


def test_an_event_nested_too_deeply_is_passed_on(client, server):
    raw = "[" * 100000 + "]" * 100000
    server.answer(stream_of(raw, final()), **SSE)
    assert next(client.stream_workflow("wf")) == StreamEvent("message", None, None, None, raw)


def test_a_plain_answer_nested_too_deeply_for_the_stack_is_passed_on(client, server):
    """It was decoded for the result, with more of the stack left."""
    body = json.dumps({"success": True, "output": eval("[" * 80 + "]" * 80)})
    server.answer(body.encode())
    stream = client.stream_workflow("wf")
    stream.__enter__()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 50)
    try:
        event = next(stream)
    finally:
        sys.setrecursionlimit(limit)
    assert (event.type, event.raw) == ("final", body)
    assert event.data is None if sys.version_info < (3, 12) else event.data == json.loads(body)  # C has a limit of its own
    assert stream.result().success


def test_bytes_that_are_no_utf8_are_replaced(client, server):
    server.answer(b'data: {"blockId": "b1", "chunk": "a\xffb"}\n\ndata: \xff\n\n' + stream_of(final()), **SSE)
    events = list(client.stream_workflow("wf"))
    assert (events[0].text, events[0].raw) == ("a\ufffdb", '{"blockId": "b1", "chunk": "a\ufffdb"}')
    assert (events[1].data, events[1].raw) == (None, "\ufffd")


@pytest.mark.parametrize(
    "raw",
    ['{"blockId":"b1","chunk":"é\\u00e9\\n"}', '{ "chunk" : "x" ,"blockId":"b1", "n": 1.50, "big": 12345678901234567890 }',
     '{"blockId":"b1","chunk":"\u2028\u2029\x85\x7f"}', '{"a":1,"a":2}'],
)
def test_raw_is_the_text_to_the_letter(client, server, raw):
    """So that a web handler forwards it without encoding it again."""
    server.answer(stream_of(raw, final()), **SSE)
    with client.stream_workflow("wf") as stream:
        event = next(stream)
    assert event.raw == raw
    assert event.data == json.loads(raw)
    assert stream_of(event.raw) == ("data: %s\n\n" % raw).encode("utf-8")


def test_the_event_field_is_the_word_where_data_has_none(client, server):
    server.answer(b'event: news\ndata: {"x": 1}\n\nevent: news\ndata: no json\n\nevent: news\ndata: {"event": "own"}\n\n'
                  b'event: news\ndata: {"chunk": "Hi"}\n\nevent: n\xffws\ndata: 1\n\n' + stream_of(final()), **SSE)
    types = [event.type for event in client.stream_workflow("wf")]
    assert types == ["news", "news", "own", "chunk", "n\ufffdws", "final"]


def test_events_with_empty_data_and_the_end_mark_are_no_events(client, server):
    server.answer(stream_of("", chunk("Hi")) + b"data\n\ndata:\n\nevent: x\n\n" + stream_of(final(), DONE), **SSE)
    assert [event.type for event in client.stream_workflow("wf")] == ["chunk", "final"]


def test_events_belong_to_who_got_them(client, server):
    """The result is not made of the terminal event's own objects where text is added to them."""
    server.answer(stream_of(chunk("Hi"), final({"b1": {"model": "m"}})), **SSE)
    with client.stream_workflow("wf") as stream:
        last = list(stream)[-1]
        assert stream.result().output == {"b1": {"model": "m", "content": "Hi"}}
    assert last.data == final({"b1": {"model": "m"}})


def test_events_can_be_copied_and_pickled(client, server):
    server.answer(stream_of(chunk("Hi"), final()), **SSE)
    event = next(client.stream_workflow("wf"))
    assert pickle.loads(pickle.dumps(event)) == copy.deepcopy(event) == event


# ---- text_stream, blocks, result ----

STORY = stream_of(chunk("One"), {"blockId": "b1", "event": "thinking", "data": "hm"}, chunk("x", "b2"), chunk(""),
                  chunk(", two"), final({"z": 1}), DONE)


def test_the_texts_alone(client, server):
    server.answer(STORY, **SSE)
    assert list(client.stream_workflow("wf").text_stream) == ["One", "x", "", ", two"]
    with client.stream_workflow("wf") as stream:
        assert "".join(stream.text_stream) == "Onex, two"
        assert stream.result().output == {"z": 1, "b1": {"content": "One, two"}, "b2": {"content": "x"}}


def test_events_and_texts_are_one_stream(client, server):
    server.answer(STORY, **SSE)
    stream = client.stream_workflow("wf")
    texts = stream.text_stream
    assert iter(texts) is texts and iter(stream) is stream
    assert next(texts) == "One"
    assert next(stream).type == "thinking"
    assert next(stream.text_stream) == "x"
    assert [event.type for event in stream] == ["chunk", "chunk", "final"]
    assert list(texts) == list(stream) == []


def test_the_blocks_so_far(client, server):
    server.answer(STORY, **SSE)
    stream = client.stream_workflow("wf")
    assert stream.blocks == {}
    seen = [stream.blocks for _event in stream]
    assert seen[0] == {"b1": "One"} and seen[2] == {"b1": "One", "b2": "x"}
    assert seen[-1] == {"b1": "One, two", "b2": "x"} == stream.blocks
    assert list(stream.blocks) == ["b1", "b2"]
    seen[-1]["b1"] = "changed"
    assert stream.blocks["b1"] == "One, two"


def test_blocks_follow_a_reset(client, server):
    server.answer(stream_of(chunk("no"), {"blockId": "b1", "event": "chunk_reset"}, chunk("yes"), final()), **SSE)
    stream = client.stream_workflow("wf")
    assert [stream.blocks for _event in stream] == [{"b1": "no"}, {"b1": ""}, {"b1": "yes"}, {"b1": "yes"}]


@pytest.mark.parametrize("read_before", [0, 1, 3, 5, 6])
def test_the_result_after_part_of_the_events(client, server, read_before):
    server.answer(STORY, **SSE)
    stream = client.stream_workflow("wf")
    for _ in range(read_before):
        next(stream)
    result = stream.result()
    assert result.output == {"z": 1, "b1": {"content": "One, two"}, "b2": {"content": "x"}}
    assert stream.result() is result
    assert list(stream) == list(stream.text_stream) == []
    assert len(server.requests) == 1


def test_a_failed_run_is_a_result_where_the_terminal_event_says_so(client, server):
    server.answer(stream_of(final({}, success=False, error="boom")), **SSE)
    stream = client.stream_workflow("wf")
    assert next(stream).type == "final"
    assert (stream.result().success, stream.result().error) == (False, "boom")


def test_a_stream_as_the_body_of_a_generator(client, server):
    server.answer(STORY, **SSE)

    def generate():
        with client.stream_workflow("wf") as stream:
            for event in stream:
                yield "data: %s\n\n" % event.raw

    assert "".join(generate()).encode() == STORY.replace(stream_of(DONE), b"")
    part = generate()
    next(part)
    part.close()
    assert len(server.requests) == 2


# ---- ends and failures ----


def failing_steps(stream):
    """Every way to go on with a stream."""
    return (lambda: next(stream), lambda: list(stream), lambda: next(stream.text_stream),
            lambda: list(stream.text_stream), stream.result, lambda: next(stream))


def test_an_error_event_is_handed_over_and_then_raised_by_every_step(client, server):
    server.answer(stream_of(chunk("Hel"), error("boom"), final(), DONE), **SSE)
    stream = client.stream_workflow("wf")
    assert [next(stream).type, next(stream).type] == ["chunk", "error"]
    for step in failing_steps(stream):
        with pytest.raises(SimStudioError, match="^boom$") as caught:
            step()
        assert (caught.value.code, caught.value.details) == ("EXECUTION_ERROR", {"b1": "Hel"})
    assert stream.blocks == {"b1": "Hel"}


def test_an_error_event_is_raised_by_the_texts_and_the_result(client, server):
    server.answer(stream_of(chunk("Hel"), error("boom")), **SSE)
    texts = client.stream_workflow("wf").text_stream
    assert next(texts) == "Hel"
    with pytest.raises(SimStudioError, match="^boom$"):
        next(texts)
    with pytest.raises(SimStudioError, match="^boom$"):
        client.stream_workflow("wf").result()


def test_an_interrupted_stream_is_raised_by_every_step(client, server):
    server.answer(stream_of(chunk("Hel")), **SSE)
    stream = client.stream_workflow("wf")
    next(stream)
    for step in failing_steps(stream):
        with pytest.raises(SimStudioError) as caught:
            step()
        assert (caught.value.code, caught.value.details) == ("STREAM_INTERRUPTED", {"b1": "Hel"})


@pytest.mark.parametrize(
    "status, body, code",
    [
        (400, {"error": "Invalid request body", "details": [{"path": "stream"}]}, None),
        (401, {"error": "Invalid API key"}, "UNAUTHORIZED"),
        (402, {"error": "Usage limit exceeded"}, "USAGE_LIMIT_EXCEEDED"),
        (403, {"error": "Workflow is not deployed", "code": "WORKFLOW_IS_NOT_DEPLOYED"}, "WORKFLOW_IS_NOT_DEPLOYED"),
        (404, {"error": "Workflow not found"}, None),
        (429, {"error": "Rate limit exceeded"}, "RATE_LIMIT_EXCEEDED"),
        (500, {"success": False, "error": "boom", "output": {}}, "EXECUTION_ERROR"),
        (504, b"<html>", None),
    ],
)
def test_a_failure_before_the_stream_is_an_ordinary_error(client, server, status, body, code):
    server.answer(body, status=status, Retry_After="7")
    with pytest.raises(SimStudioError) as ordinary:
        client.execute_workflow("wf")
    assert (ordinary.value.code, ordinary.value.status) == (code, status)
    before = len(server.requests)
    stream = client.stream_workflow("wf")
    assert len(server.requests) == before
    for step in failing_steps(stream):
        with pytest.raises(SimStudioError) as caught:
            step()
        assert vars(caught.value) == vars(ordinary.value)
        assert str(caught.value) == str(ordinary.value)
    assert len(server.requests) == before + 1
    with pytest.raises(SimStudioError):
        with client.stream_workflow("wf"):
            raise AssertionError("the with statement began")


def test_a_plain_answer_is_the_only_event(client, server):
    body = {"success": True, "output": {"x": 1}, "metadata": {"duration": 1}}
    server.answer(body)
    with client.stream_workflow("wf") as stream:
        assert list(stream) == [StreamEvent("final", None, None, body, json.dumps(body))]
        assert stream.result().output == {"x": 1}
        assert (stream.blocks, list(stream), list(stream.text_stream)) == ({}, [], [])
    assert list(client.stream_workflow("wf").text_stream) == []


def test_an_empty_answer(client, server):
    server.answer(b"", status=204)
    stream = client.stream_workflow("wf")
    assert list(stream) == [StreamEvent("final", None, None, None, "")]
    assert stream.result().output is None


def test_a_plain_answer_that_is_no_json_is_an_error(client, server):
    server.answer(b"<html>", Content_Type="text/html")
    with pytest.raises(SimStudioError):
        next(client.stream_workflow("wf"))


# ---- the object ----


def test_streams_are_made_by_a_client_alone(client):
    with pytest.raises(TypeError):
        WorkflowStream()
    with pytest.raises(TypeError):
        object.__new__(WorkflowStream)
    with pytest.raises(TypeError):
        type(client.stream_workflow("wf").text_stream)()
    with pytest.raises(TypeError):
        type("Mine", (WorkflowStream,), {})


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_stream_cannot_be_pickled(client, protocol):
    stream = client.stream_workflow("wf")
    for thing in (stream, stream.text_stream):
        with pytest.raises(TypeError, match="reads a connection and cannot be copied or pickled"):
            pickle.dumps(thing, protocol)


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
def test_a_stream_cannot_be_copied(client, make_copy):
    stream = client.stream_workflow("wf")
    for thing in (stream, stream.text_stream):
        with pytest.raises(TypeError, match="reads a connection and cannot be copied or pickled"):
            make_copy(thing)


def test_a_subclass_of_the_client_streams(server):
    server.answer(stream_of(chunk("Hi"), final()), **SSE)

    class Mine(SimStudioClient):
        def stream_workflow(self, workflow_id, *arguments, **named):
            return super().stream_workflow("mine-" + workflow_id, *arguments, **named)

    with Mine("key", server.url) as client, client.stream_workflow("wf") as stream:
        assert [event.type for event in stream] == ["chunk", "final"]
    assert server.requests[0].path == "/api/workflows/mine-wf/execute"


def test_the_key_and_url_of_the_moment_it_begins(client, server):
    server.answer(stream_of(final()), **SSE)
    stream = client.stream_workflow("wf")
    client.set_api_key("another key")
    stream.result()
    assert server.requests[0].headers["X-API-Key"] == "another key"


def test_input_is_taken_when_the_stream_is_made(client, server):
    server.answer(stream_of(final()), **SSE)
    given = {"a": 1}
    stream = client.stream_workflow("wf", given)
    given["a"] = 2
    stream.result()
    assert server.requests[0].json == {"a": 1, "stream": True}
