"""Streams in time: live events, deadlines, and what becomes of the connection."""

import gc
import os
import pickle
import threading
import time
import traceback
import weakref
import zlib

import pytest
import stalls
from streaming import CHUNKED_END, DONE, RESET, chunk, chunked, error, final, head, stream_of
from waiting import eventually

from simstudio import SimStudioClient, SimStudioError
from simstudio.testing import Hold, Stream

ONE, TWO, END = stream_of(chunk("one")), stream_of(chunk("two")), stream_of(final(), DONE)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


# ---- live ----


def gzipped(*pieces):
    """The pieces as one gzip stream, flushed after each, as a proxy does."""
    coder = zlib.compressobj(wbits=31)
    packed = [coder.compress(p) + coder.flush(zlib.Z_SYNC_FLUSH) if isinstance(p, bytes) else p for p in pieces]
    return packed + [coder.flush()]


@pytest.mark.parametrize("coding", ["plain", "chunked", "gzip", "chunked gzip"])
def test_an_event_is_in_hand_while_the_server_holds_back_the_next(steps, step_client, coding):
    hold = threading.Event()
    pieces = [ONE, hold, TWO, END]
    more = {}
    if "gzip" in coding:
        pieces, more["Content_Encoding"] = gzipped(*pieces), "gzip"
    if "chunked" in coding:
        pieces, more["Transfer_Encoding"] = chunked(*pieces) + [CHUNKED_END], "chunked"
    steps.steps = [head(**more)] + pieces
    with step_client.stream_workflow("wf") as stream:
        assert next(stream).text == "one"
        assert not hold.is_set()
        assert stream.blocks == {"b1": "one"}
        hold.set()
        assert stream.result().output == {"b1": {"content": "onetwo"}}


def test_an_event_comes_with_its_last_byte(steps, step_client):
    """Not with the next event: the blank line is enough, in whatever pieces it comes."""
    hold = threading.Event()
    steps.steps = [head(), ONE[:9], 0.02, ONE[9:-1], 0.02, ONE[-1:], hold, END]
    stream = step_client.stream_workflow("wf")
    assert next(stream).text == "one"
    hold.set()
    assert stream.result().success


def test_the_with_statement_begins_with_the_head(steps, step_client):
    hold = threading.Event()
    steps.steps = [head(), hold, END]
    with step_client.stream_workflow("wf") as stream:
        assert not hold.is_set()
        hold.set()
        assert stream.result().success


def test_the_local_server_streams_live(sim):
    hold = Hold()
    sim.add_workflow("wf", {}, stream=Stream(["a", hold, "b"]))
    with SimStudioClient("key", sim.url) as client, client.stream_workflow("wf") as stream:
        assert next(stream).text == "a"
        assert hold.reached.wait(30)
        assert stream.blocks == {"agent": "a"}
        hold.release()
        assert next(stream).text == "b"
        assert stream.result().success


# ---- beside other calls ----


def test_the_client_makes_other_calls_while_a_stream_is_open(sim):
    hold = Hold()
    sim.add_workflow("wf", {}, stream=Stream(["a", hold, "b"]))
    with SimStudioClient("key", sim.url) as client, client.stream_workflow("wf") as stream:
        next(stream)
        assert client.execute_workflow("echo", {"x": 1}).output == {"x": 1}
        assert client.get_workflow_status("wf").is_deployed
        assert client.execute_workflow("agent", stream=True).success
        hold.release()
        assert stream.result().output == {"agent": {"content": "ab"}}


def test_several_streams_at_once(sim):
    holds = [Hold() for _ in range(4)]
    for number, hold in enumerate(holds):
        sim.add_workflow("wf%d" % number, {}, stream=Stream(["a%d" % number, hold, "b"]))
    with SimStudioClient("key", sim.url) as client:
        streams = [client.stream_workflow("wf%d" % number) for number in range(4)]
        assert [next(stream).text for stream in streams] == ["a0", "a1", "a2", "a3"]
        for stream, hold in list(zip(streams, holds))[::-1]:
            hold.release()
            assert [event.type for event in stream] == ["chunk", "done"]
        assert [stream.blocks["agent"] for stream in streams] == ["a0b", "a1b", "a2b", "a3b"]


def test_a_closed_client_leaves_its_open_streams_alone(sim):
    hold = Hold()
    sim.add_workflow("wf", {}, stream=Stream(["a", hold, "b"]))
    client = SimStudioClient("key", sim.url)
    stream = client.stream_workflow("wf")
    next(stream)
    client.close()
    hold.release()
    assert stream.result().output == {"agent": {"content": "ab"}}


def test_a_stream_keeps_its_client(sim):
    sim.add_workflow("wf", {}, stream=Stream(["a"]))
    stream = SimStudioClient("key", sim.url).stream_workflow("wf")
    gc.collect()
    assert stream.result().output == {"agent": {"content": "a"}}


# ---- the connection ----


def test_the_connection_of_a_stream_that_ended_is_used_again(steps, step_client):
    steps.keeps_open = True
    steps.steps = [head(Transfer_Encoding="chunked")] + chunked(ONE, END) + [CHUNKED_END]
    for _ in range(3):
        assert step_client.execute_workflow("wf", stream=True).success
        assert step_client.stream_workflow("wf").result().success
        assert [event.type for event in step_client.stream_workflow("wf")] == ["chunk", "final"]
        with step_client.stream_workflow("wf") as stream:
            assert next(stream).text == "one"
            assert next(stream).type == "final"
    assert (len(steps.bodies), steps.connections) == (12, 1)


def test_what_comes_late_after_the_terminal_event_is_read_for_the_connections_sake(steps, step_client):
    steps.keeps_open = True
    steps.steps = [head(Transfer_Encoding="chunked")] + chunked(
        ONE, stream_of(final()), 0.01, stream_of(DONE)) + [0.01, CHUNKED_END]
    for _ in range(15):
        assert step_client.execute_workflow("wf", stream=True).success
    assert steps.connections < 15  # not always one: it is not waited for longer than a moment


def test_the_connection_of_a_failed_run_is_used_again(steps, step_client):
    steps.keeps_open = True
    steps.steps = [head(Transfer_Encoding="chunked")] + chunked(stream_of(error("boom"), DONE)) + [CHUNKED_END]
    for _ in range(3):
        with pytest.raises(SimStudioError, match="boom"):
            step_client.stream_workflow("wf").result()
        with pytest.raises(SimStudioError, match="boom"):
            step_client.execute_workflow("wf", stream=True)
    assert (len(steps.bodies), steps.connections) == (6, 1)


def leave_by_closing(stream):
    stream.close()


def leave_the_with_statement(stream):
    with stream:
        pass


def leave_by_an_exception(stream):
    with pytest.raises(ZeroDivisionError):
        with stream:
            raise ZeroDivisionError


def leave_by_a_break(stream):
    with stream:
        for _event in stream:
            break


@pytest.mark.parametrize(
    "leave", [leave_by_closing, leave_the_with_statement, leave_by_an_exception, leave_by_a_break])
def test_leaving_a_stream_frees_its_connection(steps, step_client, leave):
    steps.steps = [head(), ONE, TWO, threading.Event()]
    before = descriptors()
    stream = step_client.stream_workflow("wf")
    assert next(stream).text == "one"
    assert descriptors() > before
    leave(stream)
    assert steps.was_left.wait(30)
    assert list(stream) == list(stream.text_stream) == []
    with pytest.raises(StopIteration):
        next(stream)
    stream.close()
    with pytest.raises(SimStudioError) as caught:
        stream.result()
    assert caught.value.code == "STREAM_INTERRUPTED"
    assert str(caught.value) == "The stream was closed before its final event; the run may have happened"
    assert caught.value.details == stream.blocks
    assert stream.blocks["b1"].startswith("one")


def test_a_closed_stream_that_never_began_sends_nothing(steps, step_client):
    stream = step_client.stream_workflow("wf")
    stream.close()
    assert list(stream) == []
    with stream:
        assert list(stream.text_stream) == []
    with pytest.raises(SimStudioError, match="^The stream was closed before its request was sent$") as caught:
        stream.result()
    error = caught.value
    assert (error.code, error.was_sent, steps.connections) == ("STREAM_INTERRUPTED", False, 0)


def test_a_stream_whose_request_cannot_be_made_sends_nothing(steps):
    class Rotating(SimStudioClient):
        api_key = property(lambda self: "two\nlines", lambda self, key: None)

    stream = Rotating("key", steps.url).stream_workflow("wf")
    with pytest.raises(ValueError, match="control character"):
        next(stream)
    with pytest.raises(SimStudioError, match="^The stream ended before its request was sent$") as caught:
        next(stream)
    error = caught.value
    assert (error.code, error.was_sent, steps.connections) == ("STREAM_INTERRUPTED", False, 0)


def test_a_stream_closed_while_it_connects_has_sent_nothing():
    with stalls.connecting() as stall, SimStudioClient("key", stall.url) as client:
        stream = client.stream_workflow("wf")
        reader = threading.Thread(target=list, args=(stream,))
        reader.start()
        time.sleep(0.1)
        stream.close()
        reader.join()
        with pytest.raises(SimStudioError, match="^The stream was closed before its request was sent$") as caught:
            stream.result()
        assert caught.value.was_sent is False


def test_a_stream_closed_after_its_end_keeps_its_result(sim):
    with SimStudioClient("key", sim.url) as client:
        stream = client.stream_workflow("agent")
        result = stream.result()
        stream.close()
        assert stream.result() is result
        assert list(stream) == []


def test_a_failure_does_not_grow_with_each_time_that_it_is_raised(steps, step_client):
    steps.steps = [head(Transfer_Encoding="chunked"), *chunked(ONE), RESET]
    stream = step_client.stream_workflow("wf")
    errors, depths = [], []
    for _ in range(5):
        with pytest.raises(SimStudioError) as caught:
            list(stream)
        errors.append(caught.value)
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert set(depths) == {1} and {pickle.dumps(error) for error in errors} == {pickle.dumps(errors[0])}
    assert [len(traceback.extract_tb(error.__traceback__)) for error in errors] == depths  # each is its own
    assert stream_error(stream) == vars(errors[0]) and not any(error.__context__ for error in errors)


def stream_error(stream):
    with pytest.raises(SimStudioError) as caught:
        stream.result()
    return vars(caught.value)


def test_a_failure_keeps_nothing_of_who_read_alive(steps, step_client):
    class Local:
        pass

    def read():
        local, stream = Local(), step_client.stream_workflow("wf")
        gone.append(weakref.ref(local))
        list(stream)

    gone = []
    steps.steps = [head(Transfer_Encoding="chunked"), *chunked(ONE), RESET]
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(SimStudioError):
            read()
        assert gone[0]() is None
    finally:
        gc.enable()


def test_dropping_a_stream_frees_its_connection(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]
    stream = step_client.stream_workflow("wf")
    next(stream)
    gone = weakref.ref(stream)
    del stream
    assert gone() is None
    assert steps.was_left.wait(30)


def test_dropping_many_streams_leaves_no_descriptor(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]
    next(step_client.stream_workflow("wf"))
    before = descriptors()
    for _ in range(20):
        next(step_client.stream_workflow("wf"))
    step_client.close()
    assert eventually(lambda: descriptors() <= before)  # the server's side of the connections is in this process too


def test_a_stream_in_a_cycle_is_collected(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]

    class Holder:
        pass

    holder = Holder()
    holder.stream = step_client.stream_workflow("wf")
    holder.texts = holder.stream.text_stream
    step_client.holder = holder  # the stream holds its client
    assert next(holder.texts) == "one"
    gone = weakref.ref(holder.stream)
    del holder.texts, holder, step_client.holder
    gc.collect()
    assert gone() is None
    assert steps.was_left.wait(30)


def test_a_cycle_through_client_and_result_is_collected(sim):
    client = SimStudioClient("key", sim.url)
    stream = client.stream_workflow("agent")
    client.stream = stream
    stream.result().stream = stream
    gone = [weakref.ref(stream), weakref.ref(client)]
    del client, stream
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_a_stream_of_a_failed_run_is_collected(sim):
    sim.add_workflow("wf", {}, stream=Stream(error="boom"))
    client = SimStudioClient("key", sim.url)
    stream = client.stream_workflow("wf")
    with pytest.raises(SimStudioError):
        stream.result()
    gone = weakref.ref(stream)
    del stream
    gc.collect()
    assert gone() is None


def test_a_cycle_through_the_failure_is_collected(sim):
    stream = SimStudioClient("key", sim.url).stream_workflow("no-such")
    with pytest.raises(SimStudioError) as caught:
        next(stream)
    caught.value.stream = stream
    gone = weakref.ref(stream)
    del stream, caught
    gc.collect()
    assert gone() is None


def test_texts_keep_their_stream(sim):
    with SimStudioClient("key", sim.url) as client:
        texts = client.stream_workflow("agent").text_stream
        gc.collect()
        assert "".join(texts) == "One, two, three, four, five"


# ---- what breaks off ----


@pytest.mark.parametrize(
    "cut",
    [
        [head(), ONE, RESET],
        [head(Transfer_Encoding="chunked")] + chunked(ONE, TWO)[:1] + [RESET],
        [head(Content_Length="1000"), ONE, RESET],
        [head(Content_Encoding="gzip"), gzipped(ONE, TWO, END)[0], RESET],
        [head(), ONE, TWO[:-1], RESET],
    ],
)
def test_a_stream_that_breaks_off_is_an_error_with_the_text_so_far(steps, step_client, cut):
    steps.steps = cut
    for run in (lambda: step_client.execute_workflow("wf", stream=True), lambda: list(step_client.stream_workflow("wf")),
                lambda: step_client.stream_workflow("wf").result()):
        with pytest.raises(SimStudioError) as caught:
            run()
        assert (caught.value.code, caught.value.details) == ("STREAM_INTERRUPTED", {"b1": "one"})
        assert str(caught.value).endswith("; the run may have happened")
    assert len(steps.bodies) == 3


def test_a_connection_that_breaks_after_the_terminal_event_does_no_harm(steps, step_client):
    steps.steps = [head(Transfer_Encoding="chunked")] + chunked(ONE, END) + [RESET]
    assert step_client.execute_workflow("wf", stream=True).output == {"b1": {"content": "one"}}
    with step_client.stream_workflow("wf") as stream:
        assert [event.type for event in stream] == ["chunk", "final"]
        assert stream.result().success


def test_a_server_that_stays_after_the_terminal_event_is_not_waited_for(steps, step_client):
    """The result is there; whatever keeps the connection open is not."""
    steps.steps = [head(), ONE, END, threading.Event()]
    assert step_client.execute_workflow("wf", stream=True, timeout=15).success
    assert [event.type for event in step_client.stream_workflow("wf", timeout=15)] == ["chunk", "final"]


def test_an_event_whose_text_is_no_gzip_after_all(steps, step_client):
    steps.steps = [head(Content_Encoding="gzip"), ONE]
    with pytest.raises(SimStudioError):
        step_client.execute_workflow("wf", stream=True)


# ---- deadlines ----


def test_silence_is_a_timeout_that_keeps_the_text(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]
    stream = step_client.stream_workflow("wf", timeout=(30, 1.0))
    assert next(stream).text == "one"
    started = time.monotonic()
    for step in (lambda: next(stream), lambda: list(stream.text_stream), stream.result):
        with pytest.raises(SimStudioError) as caught:
            step()
        assert (caught.value.code, caught.value.details) == ("TIMEOUT", {"b1": "one"})
        assert str(caught.value) == "Workflow execution timed out after (30, 1.0) seconds"
    assert time.monotonic() - started >= 0.9
    assert stream.blocks == {"b1": "one"}
    assert steps.was_left.wait(30)


def test_silence_before_the_stream_is_a_timeout(steps, step_client):
    steps.steps = [threading.Event()]
    for run in (lambda: next(step_client.stream_workflow("wf", timeout=0.2)),
                lambda: step_client.execute_workflow("wf", stream=True, timeout=0.2)):
        with pytest.raises(SimStudioError) as caught:
            run()
        assert caught.value.code == "TIMEOUT"


def test_silence_of_an_ordinary_call_keeps_the_text(steps, step_client):
    steps.steps = [head(), ONE, threading.Event()]
    with pytest.raises(SimStudioError) as caught:
        step_client.execute_workflow("wf", stream=True, timeout=1.0)
    assert (caught.value.code, caught.value.details) == ("TIMEOUT", {"b1": "one"})


def test_the_total_deadline_holds_for_a_stream_that_is_never_silent(steps, step_client):
    steps.steps = [head()] + [ONE, 0.02] * 1000
    stream = step_client.stream_workflow("wf", timeout=(30, 30, 1.0))
    with pytest.raises(SimStudioError) as caught:
        for _event in stream:
            pass
    assert caught.value.code == "TIMEOUT"
    assert stream.blocks["b1"].startswith("oneone")


def test_no_bound(steps, step_client):
    steps.steps = [head(), 0.3, ONE, END]
    assert step_client.stream_workflow("wf", timeout=None).result().success


def test_pauses_shorter_than_the_read_part_are_none(steps, step_client):
    steps.steps = [head()] + [ONE, 0.05] * 40 + [END]
    assert step_client.stream_workflow("wf", timeout=(30, 1.5)).result().success


def test_what_the_reader_takes_its_time_for_is_not_the_servers_silence(steps, step_client):
    second, third = threading.Event(), threading.Event()
    steps.steps = [head(), ONE, second, TWO, third, END]
    stream = step_client.stream_workflow("wf", timeout=(30, 1.2))
    next(stream)
    second.set()
    time.sleep(1.5)  # longer than the read part, before an event that is there
    assert next(stream).text == "two"
    time.sleep(1.5)  # and before one that comes after a while
    threading.Timer(0.1, third.set).start()
    assert next(stream).type == "final"
