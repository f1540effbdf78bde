"""Answers that come while the request is still being sent, from servers that then go on, stall or reset."""

import json
import socket
from functools import partial

import pytest
from errors import DOUBT, assert_doubtful, error_of
from runs import ANSWERS, BODY, GOOD, LARGE, OUTPUT, execute
from turns import post_at_turn
from waiting import eventually
from wire import CLOSE, GATE, READ_HEAD, RESET, Wire, answering, chunked, http

from simstudio import SimStudioClient


def has_hung_up(connection):
    established = b"\x01"
    try:
        return connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != established
    except OSError:  # closed
        return True


@pytest.mark.parametrize("fault", [CLOSE, RESET, GATE], ids=["read on", "reset", "stalled"])
@pytest.mark.parametrize("field", ["Connection: keep-alive", "Connection: close"])
@pytest.mark.parametrize("framing", [http, chunked])
def test_an_answer_that_comes_while_the_body_is_being_sent_is_the_answer(framing, field, fault):
    with Wire([READ_HEAD, framing(BODY, field), fault], answering(GOOD)) as wire:
        with SimStudioClient("key", wire.url) as client:
            assert client.execute_workflow("wf", LARGE, timeout=(10, 10)).output == OUTPUT
            wire.gate.set()
            assert eventually(lambda: has_hung_up(wire.connections[0]))  # the system may have taken all of the body
            assert client.execute_workflow("wf").output == OUTPUT
    assert wire.count(b"POST ") == 2


@pytest.mark.parametrize("status", ["401 Unauthorized", "413 Too Large"])
def test_a_refusal_that_comes_while_the_body_is_being_sent_is_the_answer(status):
    with Wire([READ_HEAD, http(b'{"error":"no"}', status=status), RESET]) as wire:
        error = error_of(execute, wire, content=LARGE)
    assert (str(error), error.status, wire.count(b"POST ")) == ("no", int(status[:3]), 1)


def HANG_UP(connection):
    """A step: has no more to say, and reads no more."""
    connection.sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("fault", [[RESET], [CLOSE], [HANG_UP, GATE]], ids=["reset", "closed", "hung up"])
def test_a_part_of_an_answer_that_comes_while_the_body_is_being_sent_is_in_doubt(fault):
    cut = chunked(BODY)[:-20]
    with Wire([READ_HEAD, cut, *fault]) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert_doubtful(error)
    assert wire.count(b"POST ") == 1


# ---- in the midst of what is sent ----

MARKED = {name: answer for name, (answer, _) in ANSWERS.items() if not name.endswith("up to the end")}


@pytest.fixture(params=["http", "https"])
def post(request, preload):
    context = None if request.param == "http" else request.getfixturevalue("context")
    return partial(post_at_turn, preload, context)


@pytest.mark.parametrize("piece", [2, 5])  # the first may have the head
@pytest.mark.parametrize("answer", MARKED.values(), ids=MARKED)
def test_an_answer_before_the_reset_is_the_answer(post, answer, piece):
    assert post([answer], piece) == str(OUTPUT)


@pytest.mark.parametrize("size", [1, 40])
def test_so_is_one_that_comes_in_parts(post, size):
    assert post([GOOD[at : at + size] for at in range(0, len(GOOD), size)], 3) == str(OUTPUT)


@pytest.mark.parametrize("framing", [http, chunked])
def test_so_is_a_large_one(post, framing):
    output = "x" * 50000  # several records of TLS, in what the client's system takes at once
    assert post([framing(json.dumps({"success": True, "output": output}).encode())], 3) == output


@pytest.mark.parametrize("length", [0, 10, 60, len(GOOD) - 1])
def test_a_part_of_an_answer_before_the_reset_is_in_doubt(post, length):
    assert post([GOOD[:length]], 3).endswith(DOUBT)
