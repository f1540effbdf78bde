"""Streams beside signals and other threads."""

import gc
import signal
import subprocess
import sys
import threading
import time

import pytest
from streaming import DONE, chunk, final, head, stream_of
from waiting import eventually

from simstudio import SimStudioClient, SimStudioError

ONE, END = stream_of(chunk("one")), stream_of(final(), DONE)

INTERRUPTED = """
import os, signal, sys, threading, time
from simstudio import SimStudioClient, SimStudioError

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
client = SimStudioClient("key", sys.argv[1])
stream = client.stream_workflow("wf")
assert next(stream).text == "one"
sent = []
def interrupt():
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(0.2, interrupt).start()
try:
    {step}
except KeyboardInterrupt:
    print(time.monotonic() - sent[0])
assert stream.blocks == {{"b1": "one"}}
try:
    stream.result()
except SimStudioError as error:
    assert error.code == "STREAM_INTERRUPTED", error.code
"""


@pytest.mark.parametrize(
    "step", ["next(stream)", "list(stream)", "stream.result()", "list(stream.text_stream)",
             'stream.close(); client.execute_workflow("wf", timeout=None)'])
def test_ctrl_c_ends_the_waiting_at_once(steps, step):
    steps.steps = [head(), ONE, threading.Event()]
    waited = []
    for _ in range(15):  # the best counts: the machine may be busy
        ran = subprocess.run([sys.executable, "-c", INTERRUPTED.format(step=step), steps.url],
                             capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        waited.append(float(ran.stdout))
        if waited[-1] < 0.2:
            break
    assert min(waited) < 0.2


def test_a_signal_handler_that_does_not_raise_changes_nothing(steps, step_client):
    seen, hold = [], threading.Event()

    def handle(*_):
        seen.append(1)
        if len(seen) == 5:
            hold.set()

    previous = signal.signal(signal.SIGALRM, handle)
    try:
        steps.steps = [head(), ONE, hold, END]
        stream = step_client.stream_workflow("wf")
        next(stream)
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        assert next(stream).type == "final"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert len(seen) >= 5


class Cancelled(SimStudioError):
    """What a program's own signal handler raises."""


@pytest.mark.parametrize("read", [
    lambda stream, client: next(stream), lambda stream, client: stream.result(),
    lambda stream, client: list(stream.text_stream), lambda stream, client: client.execute_workflow("wf", stream=True),
], ids=["next", "result", "texts", "execute"])
@pytest.mark.parametrize("kind", [Cancelled, SimStudioError])
def test_what_a_signal_handler_raises_is_not_the_stream_s_failure(steps, step_client, read, kind):
    cancelled = kind("stop", "CANCELLED", 499)

    def handler(*_):
        raise cancelled

    steps.steps = [head(), ONE, threading.Event()]
    stream = step_client.stream_workflow("wf")
    next(stream)
    previous = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(kind) as caught:
            read(stream, step_client)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert caught.value is cancelled
    assert vars(cancelled) == {"code": "CANCELLED", "status": 499}
    stream.close()
    with pytest.raises(SimStudioError) as caught:
        stream.result()
    assert (caught.value is not cancelled, caught.value.code) == (True, "STREAM_INTERRUPTED")


def in_thread(call):
    """Runs `call` in a thread: the thread, and a list that gets the outcome."""
    outcome = []

    def run():
        try:
            outcome.append(call())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def join(thread):
    thread.join(30)
    assert not thread.is_alive()


def test_a_stream_goes_from_thread_to_thread(sim):
    with SimStudioClient("key", sim.url) as client:
        stream = client.stream_workflow("agent")
        texts = []
        for _ in range(5):
            thread, outcome = in_thread(lambda: next(stream).text)
            join(thread)
            texts += outcome
        assert texts == ["One", ", two", ", three", ", four", ", five"]
        assert stream.result().success


def wait_until_read(stream):
    """Returns once another thread waits in the stream."""
    def is_read():
        try:
            iter(stream).__enter__()
        except ValueError:
            return True
        return False

    assert eventually(is_read), "nobody reads the stream"


def test_two_threads_do_not_read_at_once(steps, step_client):
    hold = threading.Event()
    steps.steps = [head(), hold, ONE, END]
    stream = step_client.stream_workflow("wf")
    stream.__enter__()
    thread, outcome = in_thread(lambda: next(stream).text)
    wait_until_read(stream)
    for step in (lambda: next(stream), lambda: next(stream.text_stream), stream.result):
        with pytest.raises(ValueError, match="the stream is being read already"):
            step()
    assert stream.blocks == {}
    hold.set()
    join(thread)
    assert outcome == ["one"]
    assert stream.result().success


@pytest.mark.parametrize("steps_before", [[], [head()], [head(), ONE]])
def test_closing_ends_the_waiting_of_another_thread(steps, step_client, steps_before):
    steps.steps = steps_before + [threading.Event()]
    stream = step_client.stream_workflow("wf", timeout=None)
    texts, expected = [], ["one"] if len(steps_before) == 2 else []
    thread, outcome = in_thread(lambda: texts.extend(event.text for event in stream))
    assert eventually(lambda: steps.bodies and texts == expected)
    wait_until_read(stream)
    time.sleep(0.1)  # nothing tells when it has got from there into the wait itself
    stream.close()
    join(thread)
    assert (outcome, texts) == ([None], expected)
    assert steps.was_left.wait(30)
    assert list(stream) == []


def test_closing_ends_the_result_that_another_thread_waits_for(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]
    stream = step_client.stream_workflow("wf", timeout=None)
    next(stream)
    thread, outcome = in_thread(stream.result)
    wait_until_read(stream)
    stream.close()
    join(thread)
    assert (outcome[0].code, outcome[0].details) == ("STREAM_INTERRUPTED", {"b1": "one"})
    assert str(outcome[0]).startswith("The stream was closed before its final event")


def test_other_threads_run_while_one_waits_for_an_event(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]
    stream = step_client.stream_workflow("wf", timeout=(30, 1.0))
    next(stream)
    thread, outcome = in_thread(lambda: next(stream))
    count = 0
    while thread.is_alive():
        count += 1
        time.sleep(0.001)
    assert count > 20
    assert outcome[0].code == "TIMEOUT"


def test_many_threads_with_streams_of_one_client(sim):
    with SimStudioClient("key", sim.url) as client:
        runs = [in_thread(lambda: "".join(client.stream_workflow("agent").text_stream)) for _ in range(12)]
        for thread, outcome in runs:
            join(thread)
            assert outcome == ["One, two, three, four, five"]


def test_a_finalizer_that_reads_the_stream_does_no_harm(steps, step_client):
    """Whatever runs during a step finds the stream in use."""
    steps.steps = [head()] + [stream_of(*[chunk("x")] * 200, {"event": "n", "many": [[] for _ in range(500)]})] * 5 + [END]
    stream = step_client.stream_workflow("wf")
    seen = []

    class Reader:
        def __init__(self):
            self.me = self

        def __del__(self):
            try:
                seen.append(stream.blocks)
                next(stream)
            except (ValueError, StopIteration):
                pass

    thresholds = gc.get_threshold()
    gc.set_threshold(10, 1, 1)
    try:
        for _event in stream:
            Reader()
        assert stream.result().success
    finally:
        gc.set_threshold(*thresholds)
    assert len(seen) > 100
