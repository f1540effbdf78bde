"""Ctrl-C, in every phase of a call: it comes through at once, and the client stays usable."""

import _thread
import collections
import ctypes
import io
import itertools
import json
import operator
import os
import signal
import time

import pytest
import stalls
from streaming import chunk, final, stream_of
from waiting import eventually
from wire import GATE, READ, Wire, http

from simstudio import SimStudioClient, SimStudioError

PROMISED_S = 0.2
TRIES = 5  # on a busy machine the first may be late


def interrupt(phase, look_up=False):
    """Interrupts the program in that phase, and returns how long that took."""
    with phase() as stall:
        program = stalls.start(stall, timeout=60, look_up=look_up)
        assert program.stdout.readline() == b"calling\n"
        if stall.wire is not None:
            assert eventually(lambda: any(connection.received for connection in stall.wire.connections))
        time.sleep(0.3)  # nothing tells when the program has got from there into the wait itself
        sent = time.monotonic()  # one clock for all processes
        os.kill(program.pid, signal.SIGINT)
        outcome = json.loads(program.communicate(timeout=60)[0])
        assert (outcome["type"], outcome["output of the next call"]) == ("KeyboardInterrupt", 1)
        if stall.wire is not None:
            stall.wire.gate.set()
            for thread in stall.wire.threads:
                thread.join(20)
            assert stall.wire.open_connections() == 0  # the one in use was dropped
            assert stall.wire.count(b"POST ") <= 1
    return outcome["ended"] - sent


def assert_prompt(phase, look_up=False):
    delays = []
    while not delays or (min(delays) >= PROMISED_S and len(delays) < TRIES):
        delays.append(interrupt(phase, look_up))
    assert min(delays) < PROMISED_S


@pytest.mark.parametrize("phase", [phase for phase in stalls.PHASES if phase != "look-up"])
def test_an_interrupt_comes_through_at_once(phase):
    assert_prompt(stalls.PHASES[phase])


def test_an_interrupt_comes_through_the_look_up_of_a_name():
    reason = stalls.why_no_namespaces()
    if reason:
        pytest.skip(reason)
    assert_prompt(stalls.looking_up, look_up=True)


def test_an_interrupt_comes_through_the_wait_before_another_attempt():
    limited = http(b"{}", "Retry-After: 60", status="429 Too Many Requests")
    assert_prompt(stalls.stalled(READ, limited, kind="retry"))


def test_an_answer_that_is_there_already_is_not_lost_to_an_interrupt():
    """A signal during a call that then succeeds: the handler ran, and the call returns."""
    with Wire([READ, lambda _: os.kill(os.getpid(), signal.SIGUSR1), GATE, stalls.RESULT]) as wire:
        before = signal.signal(signal.SIGUSR1, lambda *_: wire.gate.set())
        try:
            with SimStudioClient("key", wire.url) as client:
                assert client.execute_workflow("wf").output == 1
            assert wire.gate.is_set()
        finally:
            signal.signal(signal.SIGUSR1, before)


def interrupt_of(*parameters):
    """Ctrl-C, which nobody notices but C: not a line of Python is run by calling this."""
    return ctypes.PYFUNCTYPE(None, *parameters)(("PyErr_SetInterrupt", ctypes.pythonapi))


def interrupted(action):
    """Does that after Ctrl-C."""
    with pytest.raises(KeyboardInterrupt):
        collections.deque(itertools.chain(itertools.starmap(interrupt_of(), [()]), action), maxlen=0)


# ---- before anything is sent ----


def test_an_interrupt_while_the_input_is_encoded_keeps_it_from_being_sent(client, server):
    class File(io.BytesIO):
        name, content_type, seek = "f", "a/b", interrupt_of(ctypes.py_object)

    with pytest.raises(KeyboardInterrupt):
        client.execute_workflow("wf", {"file": File(b"x")})
    assert server.requests == []


def test_an_interrupt_before_a_stream_begins_keeps_it_from_being_sent(client, server):
    stream = client.stream_workflow("wf")
    interrupted(map(next, [stream]))
    with pytest.raises(SimStudioError, match="^The stream ended before its request was sent$"):
        stream.result()
    assert server.requests == []


def test_an_interrupt_ends_the_reading_of_a_file(client, server):
    class Seeking(io.BytesIO):
        name, content_type, tell, places = "f", "a/b", interrupt_of(), []

        def seek(self, *place):
            self.places.append(super().tell())

    file = Seeking(bytes(10 << 20))
    with pytest.raises(KeyboardInterrupt):
        client.execute_workflow("wf", {"file": file})
    assert len(file.places) == 1 and 0 < file.places[0] < 1 << 20  # a piece of it
    assert server.requests == []


def test_an_interrupt_ends_attempts_without_a_wait_between_them():
    limited = http(b"{}", "Retry-After: 0", status="429 Too Many Requests")
    with Wire([READ, lambda _: _thread.interrupt_main(), limited] + [READ, limited] * 49) as wire:
        with SimStudioClient("key", wire.url) as client, pytest.raises(KeyboardInterrupt):
            client.execute_with_retry("wf", max_retries=49)
        assert wire.count(b"POST ") == 1


# ---- among events that are in hand ----

BEFORE, AFTER = chunk("before"), chunk("after")
THINKING = [{"event": "thinking", "blockId": "b1", "data": "hm"}] * 3


@pytest.fixture
def in_hand(client, server):
    """A stream whose first chunk has been read; all that follows it has come."""
    server.answer(stream_of(BEFORE, *THINKING, AFTER, final()), Content_Type="text/event-stream")
    stream = client.stream_workflow("wf")
    assert next(stream.text_stream) == "before"
    return stream


def test_an_interrupt_comes_between_two_events_that_are_no_text(in_hand):
    interrupted(in_hand.text_stream)
    assert in_hand.blocks == {"b1": "before"}


def test_an_interrupt_comes_between_two_events_of_a_result(in_hand):
    interrupted(map(operator.methodcaller("result"), [in_hand]))
    assert in_hand.blocks == {"b1": "before"}
