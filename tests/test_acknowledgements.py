"""Answers before a reset, over TLS: what libcurl sends while it reads them goes to nobody."""

import json
import os
import signal
import subprocess
import sys

import pytest
from errors import DOUBT
from frames import DATA, END_HEADERS, END_STREAM, HEADERS, PING, SETTINGS, frame, framed, read_post
from surroundings import without_proxies
from waiting import PATIENCE_S, eventually
from wire import GATE, READ, RESET, Wire, http

from simstudio import SimStudioClient

PROGRAM = """
import sys
from simstudio import SimStudioClient, SimStudioError
with SimStudioClient("key", sys.argv[1]) as client:
    for _ in range(int(sys.argv[2])):
        try:
            print(len(client.execute_workflow("wf", timeout=20).output))
        except SimStudioError as error:
            print(error.code, error)
"""
OUTPUT_LENGTH = 48000  # more than half of a window, and less than the client's system takes at once


def large_frames(stream):
    body = json.dumps({"success": True, "output": "x" * OUTPUT_LENGTH}).encode()
    pieces = [body[at : at + 16000] for at in range(0, len(body), 16000)]
    more = b"".join(frame(DATA, 0, stream, piece) for piece in pieces[1:-1])
    return framed("no length", pieces[0], 0, stream) + more + frame(DATA, END_STREAM, stream, pieces[-1])


STOP, GO_ON = "stop", "go on"


@pytest.fixture
def stopped(context):
    """What a program prints that makes so many calls. From STOP to GO_ON it does not run."""

    def outcome(count, steps, *others):
        def stop(connection):
            program.send_signal(signal.SIGSTOP)
            assert os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WNOWAIT)

        def go_on(connection):
            program.send_signal(signal.SIGCONT)

        steps = [{STOP: stop, GO_ON: go_on}.get(step, step) for step in steps]
        with Wire(steps, *others, context=context) as wire:
            with subprocess.Popen([sys.executable, "-c", PROGRAM, wire.url, str(count)], env=without_proxies(),
                                  stdout=subprocess.PIPE, universal_newlines=True) as program:
                printed = program.communicate(timeout=PATIENCE_S)[0]
        assert len(wire.connections) == 1 + len(others)
        return printed.splitlines()

    return outcome


@pytest.fixture
def in_frames(context):
    context.set_alpn_protocols(["h2"])


@pytest.mark.usefixtures("in_frames")
def test_a_large_answer_in_frames_before_a_reset_is_the_answer(stopped):
    assert stopped(1, [read_post(1), STOP, SETTINGS, large_frames(1), RESET, GO_ON]) == [str(OUTPUT_LENGTH)]


@pytest.mark.usefixtures("in_frames")
def test_so_is_one_on_a_connection_that_was_used_before(stopped):
    first = [read_post(1), SETTINGS, large_frames(1)]
    second = [read_post(3), STOP, PING, large_frames(3), RESET, GO_ON]
    assert stopped(2, first + second) == [str(OUTPUT_LENGTH)] * 2


@pytest.mark.usefixtures("in_frames")
@pytest.mark.parametrize("answer", [b"", large_frames(1)[:-1]], ids=["none", "cut"])
def test_a_reset_in_its_stead_is_noticed(stopped, answer):
    (printed,) = stopped(1, [read_post(1), SETTINGS, 0.05, STOP, answer, RESET, GO_ON])
    assert printed.startswith("EXECUTION_ERROR") and printed.endswith(DOUBT)


# ---- what has been reset may not know it yet ----

MOVED = b"/moved/api/workflows/wf/execute"
ANSWER = json.dumps({"success": True, "output": "new"}).encode()


def test_a_redirect_before_a_reset_leads_to_a_new_connection(stopped):
    redirect = http(b"", "Location: " + MOVED.decode(), status="307 Moved")
    assert stopped(1, [READ, STOP, redirect, RESET, GO_ON], [READ, http(ANSWER)]) == ["3"]


@pytest.mark.usefixtures("in_frames")
def test_so_does_one_in_frames(stopped):
    fields = b"\x08\x03307\x0f\x0d\x010\x0f\x1f%c%s" % (len(MOVED), MOVED)
    redirect = frame(HEADERS, END_HEADERS | END_STREAM, 1, fields)
    answer = framed("no length", ANSWER)
    first = [read_post(1), STOP, SETTINGS, redirect, RESET, GO_ON]
    assert stopped(1, first, [read_post(1), SETTINGS, answer]) == ["3"]


# ---- what a server says twice, because it was heard late, is no reset ----


def test_a_connection_is_kept_though_the_client_was_away_during_the_answer(stopped):
    answer = http(ANSWER)
    assert stopped(2, [READ, 0.05, STOP, answer[:20], answer[20:], 0.05, GO_ON, READ, answer]) == ["3"] * 2


@pytest.mark.usefixtures("in_frames")
def test_so_is_one_in_frames(stopped):
    first, second = (framed("no length", ANSWER, stream=stream) for stream in (1, 3))
    steps = [read_post(1), SETTINGS, 0.05, STOP, first[:20], first[20:], 0.05, GO_ON, read_post(3), second]
    assert stopped(2, steps) == ["3"] * 2


@pytest.mark.usefixtures("in_frames")
def test_a_reset_between_two_quick_calls_is_seen_before_the_second(context):
    answers = [framed("no length", ANSWER, stream=stream) for stream in (1, 3)]
    first = [read_post(1), SETTINGS, answers[0], read_post(3), answers[1], GATE, RESET]
    with Wire(first, [read_post(1), SETTINGS, answers[0]], context=context) as wire:
        with SimStudioClient("key", wire.url) as client:
            assert [client.execute_workflow("wf").output for _ in range(2)] == ["new"] * 2
            wire.gate.set()
            assert eventually(lambda: not wire.threads[0].is_alive())
            assert client.execute_workflow("wf").output == "new"
    assert len(wire.connections) == 2
