"""Answers that come while the client may still send, from servers that then go on, stall or reset."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys

import pytest
from errors import error_of
from surroundings import without_proxies
from test_faults import ANSWERS, BODY, DOUBT, GOOD, LARGE, OUTPUT, assert_doubtful, chunked, execute
from waiting import PATIENCE_S
from wire import CLOSE, GATE, READ_HEAD, RESET, Wire, answering, http

from simstudio import SimStudioClient


@pytest.mark.parametrize("fault", [CLOSE, RESET, GATE], ids=["read on", "reset", "stalled"])
@pytest.mark.parametrize("field", ["Connection: keep-alive", "Connection: close"])
@pytest.mark.parametrize("framing", [http, chunked])
def test_an_answer_that_comes_while_the_body_is_being_sent_is_the_answer(framing, field, fault):
    with Wire([READ_HEAD, framing(BODY, field), fault], answering(GOOD)) as wire:
        with SimStudioClient("key", wire.url) as client:
            assert client.execute_workflow("wf", LARGE, timeout=(10, 10)).output == OUTPUT
            wire.gate.set()
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


# ---- in the midst of what is sent, so that nothing is left to chance ----

PROGRAM = """
import sys
from simstudio import SimStudioClient, SimStudioError
try:
    print(SimStudioClient("key", sys.argv[1]).execute_workflow("wf", {"text": "a" * 3000000}, timeout=20).output)
except SimStudioError as error:
    print(error)
"""
MARKED = {name: answer for name, (answer, _) in ANSWERS.items() if not name.endswith("up to the end")}


@pytest.fixture(params=["http", "https"])
def post(request, preload):
    """What a program prints whose server answers and resets right before its client sends the nth piece."""
    context = None if request.param == "http" else request.getfixturevalue("context")
    if request.param == "h2":
        context.set_alpn_protocols(["h2"])

    def outcome(answer, piece, greeting=b""):
        def wait_for_turn(connection):
            assert select.select([turn_begins], [], [], PATIENCE_S)[0]

        def end_turn(connection):
            os.write(end_of_turn, b"x")

        turn_begins, begin_turn = os.pipe()
        turn_ends, end_of_turn = os.pipe()
        turn = "%d:%d:%d" % (piece, begin_turn, turn_ends)
        steps = [READ_HEAD, greeting, wait_for_turn, *answer, RESET, end_turn]
        try:
            with Wire(steps, context=context) as wire:
                environment = without_proxies(LD_PRELOAD=preload("turns"), TURN=turn)
                done = subprocess.run([sys.executable, "-c", PROGRAM, wire.url], env=environment, check=True,
                                      pass_fds=(begin_turn, turn_ends), stdout=subprocess.PIPE, universal_newlines=True)
            assert wire.count(b"PRI * " if greeting else b"POST ") == 1
        finally:
            for descriptor in (turn_begins, begin_turn, turn_ends, end_of_turn):
                os.close(descriptor)
        return done.stdout.strip()

    return outcome


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


# ---- in the frames of HTTP/2 ----


def frame(kind, flags, stream, payload=b""):
    """RFC 9113, section 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


DATA, HEADERS, RST_STREAM, SETTINGS_KIND, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
SETTINGS = frame(SETTINGS_KIND, 0, 0)
STATUS_200 = b"\x88"  # in HPACK's static table
FIELDS = {"length": STATUS_200 + b"\x0f\x0d\x02%d" % len(BODY), "no length": STATUS_200}
NO_ERROR = frame(RST_STREAM, 0, 1, bytes(4))  # as RFC 9113, section 8.1, has a server end the request
AWAY = frame(GOAWAY, 0, 0, struct.pack(">II", 1, 0))


def framed(fields, body=BODY, flags=END_STREAM, stream=1):
    return frame(HEADERS, END_HEADERS, stream, FIELDS[fields]) + frame(DATA, flags, stream, body)


def read_some(connection):
    while len(connection.received) < 40000:
        assert connection.read_more()


@pytest.mark.parametrize("end", [[GATE], [NO_ERROR, GATE], [CLOSE], [NO_ERROR, CLOSE], [AWAY, CLOSE], [RESET],
                                 [NO_ERROR, RESET]],
                         ids=["stalled", "ended", "closed", "ended and closed", "gone away", "reset", "ended and reset"])
@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("size", [66000, 3000000])  # the first one newer libcurls take in as a whole
def test_an_answer_in_frames_is_the_answer(context, size, fields, end):
    context.set_alpn_protocols(["h2"])
    with Wire([READ_HEAD, SETTINGS, read_some, framed(fields), *end], context=context) as wire:
        assert execute(wire, content={"text": "a" * size}).output == OUTPUT
        wire.gate.set()
    assert wire.count(b"PRI * ") == 1


@pytest.mark.parametrize("fields", FIELDS)
def test_after_that_the_connection_is_not_used_again(context, fields):
    """Nobody knows in which state it is."""
    context.set_alpn_protocols(["h2"])
    steps = [READ_HEAD, SETTINGS, read_some, framed(fields), GATE]
    with Wire(steps, context=context) as wire, SimStudioClient("key", wire.url) as client:
        for _ in range(2):
            assert client.execute_workflow("wf", LARGE, timeout=10).output == OUTPUT
        wire.gate.set()
    assert wire.count(b"PRI * ") == 2


@pytest.mark.parametrize("end", [[GATE], [CLOSE], [RESET]], ids=["stalled", "closed", "reset"])
@pytest.mark.parametrize("length", [b"", b"\x0f\x0d\x010"], ids=["no length", "length"])
def test_a_redirect_in_frames_is_followed(context, length, end):
    location = b"/moved/api/workflows/wf/execute"
    fields = b"\x08\x03307" + length + b"\x0f\x1f%c%s" % (len(location), location)
    redirect = [READ_HEAD, SETTINGS, read_some, frame(HEADERS, END_HEADERS | END_STREAM, 1, fields), *end]
    answer = [READ_HEAD, SETTINGS, read_some, framed("length"), GATE]
    context.set_alpn_protocols(["h2"])
    with Wire(redirect, answer, context=context) as wire:
        assert execute(wire, content=LARGE).output == OUTPUT
        wire.gate.set()
    assert wire.count(b"PRI * ") == 2


@pytest.mark.parametrize("post", ["h2"], indirect=True)
@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("piece", [2, 3])
def test_so_it_is_before_a_reset(post, piece, fields):
    assert post([framed(fields)], piece, greeting=SETTINGS) == str(OUTPUT)


@pytest.mark.parametrize("end", [[CLOSE], [RESET], [frame(RST_STREAM, 0, 1, b"\0\0\0\2"), GATE]],
                         ids=["closed", "reset", "ended with an error"])
@pytest.mark.parametrize("fields", FIELDS)
def test_a_part_of_an_answer_in_frames_is_in_doubt(context, fields, end):
    context.set_alpn_protocols(["h2"])
    with Wire([READ_HEAD, SETTINGS, read_some, framed(fields, BODY[:-1], flags=0), *end], context=context) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert_doubtful(error)


# ---- what libcurl acknowledges in frames, behind the request ----

SMALL_POSTS = """
import sys
from simstudio import SimStudioClient, SimStudioError
with SimStudioClient("key", sys.argv[1]) as client:
    for _ in range(int(sys.argv[2])):
        try:
            print(len(client.execute_workflow("wf", timeout=20).output))
        except SimStudioError as error:
            print(error.code, error)
"""
PING = frame(6, 0, 0, bytes(8))
OUTPUT_LENGTH = 48000  # more than half of a window, and less than the client's system takes at once


def large_frames(stream, end=END_STREAM):
    body = json.dumps({"success": True, "output": "x" * OUTPUT_LENGTH}).encode()
    pieces = [body[at : at + 16000] for at in range(0, len(body), 16000)]
    more = b"".join(frame(DATA, 0, stream, piece) for piece in pieces[1:-1])
    return framed("no length", pieces[0], 0, stream) + more + frame(DATA, end, stream, pieces[-1])


def read_post(stream):
    """A step: reads frames up to the end of that request."""

    def step(connection):
        at = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        while True:
            while len(connection.received) < at + 9:
                assert connection.read_more()
            high, low, kind, flags, of = struct.unpack(">BHBBI", connection.received[at : at + 9])
            if of == stream and flags & END_STREAM and kind in (DATA, HEADERS):
                return
            at += 9 + (high << 16) + low

    return step


@pytest.fixture
def stopped(context):
    """What a program prints that makes so many calls, and is stopped while the server does the last steps."""
    context.set_alpn_protocols(["h2"])

    def outcome(count, *steps):
        def stop(connection):
            program.send_signal(signal.SIGSTOP)
            assert os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WNOWAIT)

        def go_on(connection):
            program.send_signal(signal.SIGCONT)

        steps = [go_on if step is GO_ON else stop if step is STOP else step for step in steps]
        with Wire([read_post(1), *steps, go_on], context=context) as wire:
            with subprocess.Popen([sys.executable, "-c", SMALL_POSTS, wire.url, str(count)], env=without_proxies(),
                                  stdout=subprocess.PIPE, universal_newlines=True) as program:
                printed = program.communicate(timeout=PATIENCE_S)[0]
        assert wire.count(b"PRI * ") == 1
        return printed.splitlines()

    return outcome


STOP, GO_ON = "stop", "go on"


def test_a_large_answer_in_frames_before_a_reset_is_the_answer(stopped):
    assert stopped(1, STOP, SETTINGS, large_frames(1), RESET) == [str(OUTPUT_LENGTH)]


def test_so_is_one_on_a_connection_that_was_used_before(stopped):
    first = [SETTINGS, large_frames(1), read_post(3)]
    assert stopped(2, *first, 0.05, STOP, PING, large_frames(3), RESET) == [str(OUTPUT_LENGTH)] * 2


@pytest.mark.parametrize("answer", [b"", large_frames(1)[:-1]], ids=["none", "cut"])
def test_a_reset_in_its_stead_is_noticed(stopped, answer):
    (printed,) = stopped(1, SETTINGS, 0.05, STOP, answer, RESET)
    assert printed.startswith("EXECUTION_ERROR") and printed.endswith(DOUBT)
