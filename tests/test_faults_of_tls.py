"""Answers that break off inside TLS, with and without close_notify, and silence masked by HTTP/2 PINGs."""

import struct
import time

import pytest
from errors import assert_doubtful, error_of
from frames import PING, SETTINGS, SETTINGS_KIND, frame, framed, read_post
from runs import ANSWERS, BODY, OUTPUT, execute
from waiting import PATIENCE_S
from wire import CLOSE, LEAVE, READ, READ_HEAD, RESET, STALL, Wire, dripping

from simstudio import SimStudioClient, SimStudioError


def notify_close(connection):
    """close_notify, and no wait for the client's."""
    connection.sock.settimeout(0.2)
    try:
        connection.sock = connection.sock.unwrap()
    except (OSError, ValueError):
        pass


@pytest.mark.parametrize("fault", [CLOSE, RESET, notify_close], ids=["cut", "reset", "cut in order"])
def test_an_answer_that_breaks_off_is_an_error(context, fault):
    answer, _ = ANSWERS["content-length"]
    for offset in range(0, len(answer), 11):
        with Wire([READ, answer[:offset], fault], context=context) as wire:
            assert_doubtful(error_of(execute, wire))
        assert wire.count(b"POST ") == 1


@pytest.mark.parametrize("answer", [answer for answer, _ in ANSWERS.values()], ids=ANSWERS)
def test_a_complete_answer_is_never_lost(context, answer):
    with Wire([READ, answer, notify_close], context=context) as wire:
        assert execute(wire).output == OUTPUT


@pytest.mark.parametrize("fault", [CLOSE, notify_close], ids=["cut", "cut in order"])
def test_an_answer_without_a_length_is_known_by_its_json(context, fault):
    """libcurl takes a connection's end for the answer's even without close_notify; that something is
    missing is noticed because an object cut short is not JSON."""
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY
    for offset in range(0, len(answer), 11):
        with Wire([READ, answer[:offset], fault], context=context) as wire:
            assert_doubtful(error_of(execute, wire))


def test_a_kept_connection_that_ends_without_close_notify_is_replaced(context):
    answer, _ = ANSWERS["content-length"]
    with Wire([READ, answer, LEAVE], [READ, answer], context=context) as wire, SimStudioClient("key", wire.url) as client:
        assert client.execute_workflow("wf").output == OUTPUT
        assert wire.gate.wait(PATIENCE_S)
        assert client.execute_workflow("wf").output == OUTPUT
    assert wire.count(b"POST ") == 2


# ---- silence ----

def keep_pinging(connection):
    connection.read_more()
    while connection.send(PING):
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["execute_workflow", "stream_workflow"])
def test_pings_of_http_2_are_silence(context, kind):
    """Something in between may keep the connection alive for a dead server."""
    context.set_alpn_protocols(["h2"])
    with Wire([lambda connection: connection.send(SETTINGS), keep_pinging], context=context) as wire:
        with SimStudioClient("key", wire.url) as client:
            began = time.monotonic()
            with pytest.raises(SimStudioError) as caught:
                for _ in getattr(client, kind)("wf", timeout=(10, 0.5)):
                    pass
            took = time.monotonic() - began
    assert caught.value.code == "TIMEOUT" and 0.499 < took < 5
    assert bytes(wire.connections[0].received).startswith(b"PRI * HTTP/2.0")


def test_a_body_that_waits_for_a_window_of_http_2_waits_asleep(context):
    no_window = frame(SETTINGS_KIND, 0, 0, struct.pack(">HI", 4, 0))  # from the second request on
    context.set_alpn_protocols(["h2"])
    with Wire([read_post(1), no_window, framed("length"), STALL], context=context) as wire:
        with SimStudioClient("key", wire.url) as client:
            assert client.execute_workflow("wf", {"text": "first"}).output == OUTPUT
            worked = time.process_time()
            assert error_of(client.execute_workflow, "wf", {"text": "second"}, timeout=(10, 2)).code == "TIMEOUT"
            assert time.process_time() - worked < 1
    (connection,) = wire.connections
    assert b"first" in connection.received and b"second" not in connection.received


def test_every_byte_of_an_answer_ends_a_silence(context):
    answer, _ = ANSWERS["content-length"]
    with Wire([READ, answer[:-8], dripping(answer[-8:], 0.25)], context=context) as wire:
        with SimStudioClient("key", wire.url) as client:
            began = time.monotonic()
            assert client.execute_workflow("wf", timeout=(10, 1.5)).output == OUTPUT
            assert time.monotonic() - began > 1.7


def test_what_is_taken_of_a_body_ends_a_silence(context):
    def take_slowly(connection):
        for some in range(2000000, 16000000 + 1, 2000000):
            time.sleep(0.3)
            while len(connection.received) < some and connection.read_more():
                pass

    answer, _ = ANSWERS["content-length"]
    with Wire([READ_HEAD, take_slowly, answer], context=context) as wire, SimStudioClient("key", wire.url) as client:
        began = time.monotonic()
        assert client.execute_workflow("wf", {"text": "a" * 16000000}, timeout=(10, 1.5)).output == OUTPUT
        assert time.monotonic() - began > 1.7
