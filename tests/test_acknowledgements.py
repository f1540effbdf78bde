"""Answers in frames before a reset: what libcurl acknowledges while it reads them goes to nobody."""

import json
import os
import signal
import subprocess
import sys

import pytest
from frames import DATA, END_STREAM, PING, SETTINGS, frame, framed, read_post
from surroundings import without_proxies
from test_faults import DOUBT
from waiting import PATIENCE_S
from wire import RESET, Wire

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


def large_frames(stream, end=END_STREAM):
    body = json.dumps({"success": True, "output": "x" * OUTPUT_LENGTH}).encode()
    pieces = [body[at : at + 16000] for at in range(0, len(body), 16000)]
    more = b"".join(frame(DATA, 0, stream, piece) for piece in pieces[1:-1])
    return framed("no length", pieces[0], 0, stream) + more + frame(DATA, end, stream, pieces[-1])


@pytest.fixture
def stopped(context):
    """What a program prints that makes so many calls, and is stopped while its server does the last steps."""
    context.set_alpn_protocols(["h2"])

    def outcome(count, before, after):
        def stop(connection):
            program.send_signal(signal.SIGSTOP)
            assert os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WNOWAIT)

        def go_on(connection):
            program.send_signal(signal.SIGCONT)

        with Wire([read_post(1), *before, stop, *after, RESET, go_on], context=context) as wire:
            with subprocess.Popen([sys.executable, "-c", PROGRAM, wire.url, str(count)], env=without_proxies(),
                                  stdout=subprocess.PIPE, universal_newlines=True) as program:
                printed = program.communicate(timeout=PATIENCE_S)[0]
        assert wire.count(b"PRI * ") == 1
        return printed.splitlines()

    return outcome


def test_a_large_answer_in_frames_before_a_reset_is_the_answer(stopped):
    assert stopped(1, [], [SETTINGS, large_frames(1)]) == [str(OUTPUT_LENGTH)]


def test_so_is_one_on_a_connection_that_was_used_before(stopped):
    first = [SETTINGS, large_frames(1), read_post(3), 0.05]
    assert stopped(2, first, [PING, large_frames(3)]) == [str(OUTPUT_LENGTH)] * 2


@pytest.mark.parametrize("answer", [b"", large_frames(1)[:-1]], ids=["none", "cut"])
def test_a_reset_in_its_stead_is_noticed(stopped, answer):
    (printed,) = stopped(1, [SETTINGS, 0.05], [answer])
    assert printed.startswith("EXECUTION_ERROR") and printed.endswith(DOUBT)
