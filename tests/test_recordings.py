"""Exchanges recorded with real Sim servers: our requests are the recorded ones, and the recorded
answers give what the table of expectations says, however the network cuts them."""

import json
import random
from urllib.parse import unquote, urlsplit

import pytest
from recorded_expectations import (
    EXPECTED,
    FINISHED,
    JOB,
    NOT_OURS,
    RATE_LIMITS,
    STATUS,
    USAGE,
    WHOLE,
    Fails,
    Queued,
    StreamFails,
    Streams,
    StreamsTextOf,
)
from replaying import ReplayServer, load

from simstudio import (
    AsyncExecutionResult,
    SimStudioClient,
    SimStudioError,
    UsageLimits,
    WorkflowExecutionResult,
    WorkflowStatus,
)

RECORDINGS = load()
STREAMS = [name for name, recording in RECORDINGS.items() if recording.is_stream]
OURS = [name for name in RECORDINGS if name not in NOT_OURS]


@pytest.fixture(scope="module")
def replay():
    server = ReplayServer()
    yield server
    server.close()


# ---- making the recorded call ----


def id_of(recording):
    """The workflow's or the job's id, from the recorded path."""
    parts = urlsplit(recording.target).path.strip("/").split("/")
    return unquote(parts[parts.index("jobs" if "jobs" in parts else "workflows") + 1])


def input_of(recording):
    """The recorded body as arguments: (input_data, stream, selected_outputs)."""
    try:
        body = json.loads(recording.request_body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return None, False, None
    stream = body.get("stream") is True and body.pop("stream")
    selected = body.pop("selectedOutputs") if isinstance(body.get("selectedOutputs"), list) else None
    return body, stream, selected


def make_call(client, recording):
    """The public call that sends the recorded request, or, where none does, the nearest one."""
    if recording.target.startswith("/api/users/me/"):
        return client.get_usage_limits()
    if recording.target.startswith("/api/jobs/"):
        return client.get_job_status(id_of(recording))
    if recording.target.endswith("/status"):
        return client.get_workflow_status(id_of(recording))
    input_data, stream, selected = input_of(recording)
    is_async = recording.request_headers.get("X-Execution-Mode") == "async" or '"async":true}' in recording.request_body
    return client.execute_workflow(
        id_of(recording), input_data, stream=stream, selected_outputs=selected, async_execution=is_async)


def client_for(recording, server):
    return SimStudioClient(recording.request_headers.get("X-API-Key"), server.url)


# ---- what has to come of it ----


def finished(body):
    return WorkflowExecutionResult(body["success"], body.get("output"), body.get("error"), body.get("logs"),
                                   body.get("metadata"), body.get("traceSpans"), body.get("totalDuration"))


def usage(body):
    for bucket in ("sync", "async"):
        bucket = body["rateLimit"][bucket]
        if "requestsPerMinute" in bucket:  # today's word for the documented one
            bucket["limit"] = bucket["requestsPerMinute"]
    return UsageLimits(body["success"], body["rateLimit"], body["usage"])


BY_KIND = {
    FINISHED: finished,
    WHOLE: lambda body: WorkflowExecutionResult(True, body),
    STATUS: lambda body: WorkflowStatus(body["isDeployed"], body["deployedAt"], False, body["needsRedeployment"]),
    JOB: lambda body: body,
    USAGE: usage,
}


def messages_of(recording):
    """The recorded stream's messages, as text, without the mark of its end."""
    parts = recording.text.split("\n\n")
    assert parts.pop() == "" and all(part.startswith("data: ") for part in parts)
    return [part[len("data: ") :] for part in parts if part != 'data: "[DONE]"']


def streamed(recording, expected):
    final = json.loads(messages_of(recording)[-1])["data"]
    output = final["output"]
    if isinstance(expected, StreamsTextOf):
        events = [json.loads(message) for message in messages_of(recording)[:-1]]
        assert {event["blockId"] for event in events} == {expected.block}
        output.setdefault(expected.block, {})["content"] = "".join(event["chunk"] for event in events)
        success = True
    else:
        success = expected.success
        output = expected.output if expected.output is not None else output
    return WorkflowExecutionResult(success, output, final.get("error"))


def expected_result(recording, expected):
    if isinstance(expected, Queued):
        return AsyncExecutionResult(True, expected.task_id, "queued", expected.created_at, expected.links)
    if isinstance(expected, (Streams, StreamsTextOf)):
        return streamed(recording, expected)
    return BY_KIND[expected](json.loads(recording.text))


def error_facts(error):
    return (type(error), str(error), error.args, error.code, error.status, error.details, error.retry_after)


def expected_facts(recording, expected):
    if isinstance(expected, StreamFails):
        return (SimStudioError, expected.message, (expected.message,), "EXECUTION_ERROR", None, expected.blocks, None)
    try:
        details = json.loads(recording.text)
    except ValueError:
        details = recording.text or None
    message = expected.message
    if message is None:
        message = details["error"]
    return (SimStudioError, message, (message,), expected.code, recording.status, details, expected.retry_after)


def check_outcome(name, call):
    recording, expected = RECORDINGS[name], EXPECTED[name]
    if isinstance(expected, (Fails, StreamFails)):
        with pytest.raises(SimStudioError) as caught:
            call()
        assert error_facts(caught.value) == expected_facts(recording, expected)
    else:
        result, wanted = call(), expected_result(recording, expected)
        assert (type(result), result) == (type(wanted), wanted)


# ---- the tests ----


def test_every_recording_has_its_expectation():
    assert set(EXPECTED) == set(RECORDINGS)
    assert set(RATE_LIMITS) | set(NOT_OURS) <= set(RECORDINGS)


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_recorded_answer_gives_what_it_means(replay, name):
    recording = RECORDINGS[name]
    replay.pieces = [recording.answer()]
    with client_for(recording, replay) as client:
        check_outcome(name, lambda: make_call(client, recording))
        assert client.get_rate_limit_info() == RATE_LIMITS.get(name)


@pytest.mark.parametrize("name", OURS)
def test_the_request_is_the_recorded_one(replay, name):
    recording = RECORDINGS[name]
    replay.pieces = [recording.answer()]
    del replay.requests[:]
    with client_for(recording, replay) as client:
        try:
            make_call(client, recording)
        except SimStudioError:
            pass
    (request,) = replay.requests
    # A job's id holds a colon, which servers take as it is or escaped.
    assert (request.method, unquote(request.target)) == (recording.method, recording.target)
    if recording.method == "GET":
        assert request.body == b"" and request.header("content-length") is None
    else:
        assert json.loads(request.body) == json.loads(recording.request_body)
        assert request.header("content-length") == str(len(request.body))
    recorded = {key.lower(): value for key, value in recording.request_headers.items()}
    for header in ("x-api-key", "x-execution-mode", "content-type", "authorization", "cookie"):
        assert request.header(header) == recorded.get(header), header
    assert request.header("user-agent").startswith("simstudio-sdk/")


def cuts(length, size_of):
    sizes = []
    while length > 0:
        sizes.append(min(length, size_of()))
        length -= sizes[-1]
    return sizes


def ways_to_send(recording):
    """The answer as it was; its body in chunks of a byte, and of random sizes; the wire cut at random."""
    dice = random.Random(recording.name)
    length = len(recording.body)
    yield [recording.answer()]
    yield [recording.answer([1] * length)]
    for _ in range(3):
        yield [recording.answer(cuts(length, lambda: dice.choice((1, 2, 3, 7, 40, 200))))]
    wire, at, pieces = recording.answer(), 0, []
    for size in cuts(len(wire), lambda: dice.randint(1, 60)):
        pieces.append(wire[at : at + size])
        at += size
    yield pieces


def expected_events(recording):
    """(type, block id, text, data, raw) of each event."""
    for raw in messages_of(recording):
        data = json.loads(raw)
        yield data.get("event", "chunk"), data.get("blockId"), data.get("chunk"), data, raw


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_is_the_same_however_it_is_cut(replay, name):
    recording, expected = RECORDINGS[name], EXPECTED[name]
    input_data, _, selected = input_of(recording)
    wanted = list(expected_events(recording))
    for pieces in ways_to_send(recording):
        replay.pieces = pieces
        with client_for(recording, replay) as client:
            check_outcome(name, lambda: make_call(client, recording))
            stream = client.stream_workflow(id_of(recording), input_data, selected_outputs=selected)
            events = []
            with stream:
                try:
                    events.extend(iter(lambda: next(stream), None))
                except StopIteration:
                    assert not isinstance(expected, StreamFails)
                except SimStudioError:
                    assert isinstance(expected, StreamFails)
                check_outcome(name, stream.result)
            assert [(event.type, event.block_id, event.text, event.data, event.raw) for event in events] == wanted
            assert client.get_rate_limit_info() == RATE_LIMITS.get(name)


@pytest.mark.parametrize("name", [name for name in STREAMS if name in OURS])
def test_stream_workflow_sends_the_recorded_request(replay, name):
    recording = RECORDINGS[name]
    replay.pieces = [recording.answer()]
    del replay.requests[:]
    input_data, _, selected = input_of(recording)
    with client_for(recording, replay) as client:
        with client.stream_workflow(id_of(recording), input_data, selected_outputs=selected) as stream:
            next(stream)
    (request,) = replay.requests
    assert (request.method, request.target) == ("POST", recording.target)
    assert json.loads(request.body) == json.loads(recording.request_body)
    assert request.header("x-api-key") == recording.request_headers["X-API-Key"]
