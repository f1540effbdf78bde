"""Answers that are cut, reset or stalled at every byte, and servers that hang up at the wrong moment.

What must hold each time: a complete answer is a result, an incomplete one is an error that says
that the run may have happened, and the server has seen one POST.
"""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from errors import DOUBT, assert_doubtful, error_of
from runs import ANSWERS, BODY, GOOD, LARGE, OUTPUT, execute
from wire import CLOSE, READ, READ_HEAD, RESET, STALL, Wire, answering, chunked, http

from simstudio import SimStudioClient


def assert_timed_out(error):
    assert (error.code, str(error)[:34]) == ("TIMEOUT", "Workflow execution timed out after")


# ---- every byte ----


@pytest.mark.parametrize("fault", [CLOSE, RESET, STALL], ids=["cut", "reset", "stalled"])
@pytest.mark.parametrize("answer, spare", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_breaks_off_at_any_byte_is_an_error(answer, spare, fault):
    def break_off(connection):
        offset = int(connection.read_request().split(b"/")[3])  # /api/workflows/OFFSET/execute
        connection.send(answer[:offset])
        fault(connection)

    def outcome(offset):
        return error_of(execute, wire, (10, 0.03) if fault is STALL else 10, str(offset))

    offsets = range(len(answer) - spare)
    with Wire([break_off]) as wire, ThreadPoolExecutor(8) as threads:
        errors = list(threads.map(outcome, offsets))
    texts = [error.details or "" for error in errors]
    for error, text in zip(errors, texts):
        (assert_timed_out if fault is STALL else assert_doubtful)(error)
        assert BODY.decode().startswith(text)  # what has come of it is there
    if fault is not STALL:  # whose time may be over before all has come
        assert texts == sorted(texts, key=len) and len(texts[-1]) >= len(BODY) - 1
    assert len(wire.connections) == len(wire.requests) == wire.count(b"POST ") == len(offsets)


@pytest.mark.parametrize("fault", [CLOSE, RESET, STALL], ids=["closed", "reset", "kept"])
@pytest.mark.parametrize("answer", [answer for answer, _ in ANSWERS.values()], ids=ANSWERS)
def test_a_complete_answer_is_never_lost(answer, fault):
    if answer.startswith(b"HTTP/1.0 200 OK\r\n") and b"Length" not in answer:
        fault = CLOSE  # nothing else ends this one
    for size in (1, 40, len(answer)):
        pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
        with Wire([READ, *pieces, fault]) as wire:
            assert execute(wire).output == OUTPUT
        assert wire.count(b"POST ") == 1


def test_an_error_that_breaks_off_is_an_error_of_the_transport():
    answer = http(b'{"error":"no"}', status="400 Bad Request")
    with Wire([READ, answer[:-3]]) as wire:
        assert_doubtful(error_of(execute, wire))
    with Wire([READ, answer]) as wire:
        error = error_of(execute, wire)
        assert (str(error), error.status) == ("no", 400)


@pytest.mark.parametrize(
    "method, arguments, code",
    [
        ("get_workflow_status", ["wf"], "STATUS_ERROR"),
        ("get_job_status", ["job"], "STATUS_ERROR"),
        ("get_usage_limits", [], "USAGE_ERROR"),
    ],
)
def test_a_question_whose_answer_breaks_off_is_an_error_without_doubt(method, arguments, code):
    def break_off(connection):
        connection.read_request()
        connection.send(GOOD[: next(offsets)])

    offsets = iter(range(len(GOOD)))
    with Wire(break_off) as wire, SimStudioClient("key", wire.url) as client:
        for _ in GOOD:
            error = error_of(getattr(client, method), *arguments)
            assert error.code == code and DOUBT not in str(error)


@pytest.mark.parametrize("fault", [CLOSE, RESET], ids=["cut", "reset"])
def test_a_stream_that_breaks_off_at_any_byte_is_interrupted(fault):
    events = b'data: {"blockId":"b","chunk":"a"}\n\ndata: {"event":"final","data":{"success":true}}\n\n'
    answer = chunked(events, "Content-Type: text/event-stream", size=len(events))

    def outcome(offset):
        with Wire([READ, answer[:offset], fault]) as wire, SimStudioClient("key", wire.url) as client:
            return error_of(client.stream_workflow("wf", timeout=(10, 10)).result), wire.count(b"POST ")

    head, last = answer.index(b"\r\n\r\n") + 4, answer.index(b"\n\r\n0\r\n")  # the last event ends there
    with ThreadPoolExecutor(8) as threads:
        for offset, (error, posts) in enumerate(threads.map(outcome, range(last))):
            assert (str(error).endswith(DOUBT), posts) == (True, 1)
            if offset < head:
                assert (error.code, error.details) == ("EXECUTION_ERROR", None)
            else:
                chunk_is_there = b'"a"}\n\n' in answer[:offset]
                assert (error.code, error.details) == ("STREAM_INTERRUPTED", {"b": "a"} if chunk_is_there else {})


# ---- what else may come ----


def test_interim_answers_are_passed_over():
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-RateLimit-Limit: 9\r\n\r\n"
    with Wire([READ, interim, GOOD]) as wire, SimStudioClient("key", wire.url) as client:
        assert client.execute_workflow("wf").output == OUTPUT
        assert client.get_rate_limit_info() is None
    with Wire([READ, interim]) as wire:
        assert_doubtful(error_of(execute, wire))
    with Wire([READ, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"]) as wire:
        assert_doubtful(error_of(execute, wire))


def test_a_large_body_does_not_wait_for_leave_to_be_sent():
    with Wire([READ, GOOD]) as wire:
        assert execute(wire, content=LARGE).output == OUTPUT
    assert b"expect:" not in wire.requests[0].lower()
    assert json.loads(wire.requests[0].split(b"\r\n\r\n")[1]) == LARGE


# ---- kept connections ----


@pytest.mark.parametrize(
    "farewell", [[CLOSE], [RESET], [http(b"{}", status="408 Request Timeout"), CLOSE], [b"x", STALL]],
    ids=["closed", "reset", "408", "a stray byte"],
)
def test_a_connection_that_dies_while_idle_is_replaced(farewell):
    with Wire([READ, GOOD, *farewell], answering(GOOD)) as wire:
        with SimStudioClient("key", wire.url) as client:
            for _ in range(3):
                assert client.execute_workflow("wf").output == OUTPUT
                time.sleep(0.05)  # the farewell arrives
    assert (len(wire.connections), wire.count(b"POST ")) == (2, 3)


@pytest.mark.parametrize("content", [{}, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("kept", [1, 3])
@pytest.mark.parametrize(
    "farewell", [[READ, CLOSE], [READ, RESET], [READ_HEAD, RESET], [READ, GOOD[:12], CLOSE], [READ, GOOD[:40], RESET]],
    ids=["closed", "reset", "reset-before-the-body", "cut in the status line", "cut in the head"],
)
def test_a_run_is_not_posted_again_when_a_kept_connection_dies_under_it(farewell, kept, content):
    barrier = threading.Barrier(kept)
    steps = [READ, lambda connection: barrier.wait(20), GOOD, *farewell]
    everybody = [steps] * kept + [STALL]  # libcurl connects anew before it learns that it may not send
    with Wire(*everybody) as wire, SimStudioClient("key", wire.url) as client, ThreadPoolExecutor(kept) as threads:
        warm = [threads.submit(client.execute_workflow, "wf") for _ in range(kept)]
        assert all(call.result().output == OUTPUT for call in warm)
        assert_doubtful(error_of(client.execute_workflow, "wf", content))
    assert wire.count(b"POST ") == kept + 1


def test_a_read_is_asked_again_when_a_kept_connection_dies_under_it():
    answer = http(b'{"isDeployed": true}')
    with Wire([READ, answer, READ, CLOSE], answering(answer)) as wire, SimStudioClient("key", wire.url) as client:
        for _ in range(2):
            assert client.get_workflow_status("wf").is_deployed is True
    assert (len(wire.connections), wire.count(b"GET ")) == (2, 3)


def test_a_new_connection_that_dies_is_not_tried_again():
    with Wire([READ, CLOSE]) as wire:
        assert_doubtful(error_of(execute, wire))
    assert (len(wire.connections), wire.count(b"POST ")) == (1, 1)


def test_what_was_never_sent_is_not_in_doubt():
    with Wire([READ]) as wire:
        pass  # nobody listens any more
    error = error_of(execute, wire)
    assert error.code == "EXECUTION_ERROR" and DOUBT not in str(error)
