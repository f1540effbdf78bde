"""Answers in frames that come while a large request is still being sent."""

import gzip
import json

import pytest
from errors import assert_doubtful, error_of
from frames import AWAY, DATA, END_HEADERS, END_STREAM, FIELDS, HEADERS, NO_ERROR, RST_STREAM, SETTINGS, STATUS_200, frame, framed
from libcurl import LARGE_IN_FRAMES
from runs import BODY, LARGE, OUTPUT, execute
from streaming import DONE, chunk, final, stream_of
from turns import post_at_turn
from wire import CLOSE, GATE, READ_HEAD, RESET, Wire

from simstudio import SimStudioClient

pytestmark = pytest.mark.skipif(not LARGE_IN_FRAMES, reason="run by test_other_libcurls.py")


@pytest.fixture
def context(context):
    """Of servers that speak nothing else."""
    context.set_alpn_protocols(["h2"])
    return context


def read_some(connection):
    while len(connection.received) < 40000:
        assert connection.read_more()


@pytest.mark.parametrize("end", [[GATE], [NO_ERROR, GATE], [CLOSE], [NO_ERROR, CLOSE], [AWAY, CLOSE], [RESET],
                                 [NO_ERROR, RESET]],
                         ids=["stalled", "ended", "closed", "ended and closed", "gone away", "reset", "ended and reset"])
@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("size", [66000, 3000000])  # the first one newer libcurls take in as a whole
def test_an_answer_in_frames_is_the_answer(context, size, fields, end):
    with Wire([READ_HEAD, SETTINGS, read_some, framed(fields), *end], context=context) as wire:
        assert execute(wire, content={"text": "a" * size}).output == OUTPUT
        wire.gate.set()
    assert wire.count(b"PRI * ") == 1


@pytest.mark.parametrize("fields", FIELDS)
def test_so_is_one_in_one_record_with_the_end_of_the_request(context, fields):
    """What libcurl loses before 8.1."""
    with Wire([READ_HEAD, SETTINGS, read_some, framed(fields) + NO_ERROR, GATE], context=context) as wire:
        assert execute(wire, content=LARGE).output == OUTPUT
        wire.gate.set()
    assert wire.count(b"PRI * ") == 1


def test_so_is_a_large_one_without_a_length(context):
    output = "x" * 100000
    body = json.dumps({"success": True, "output": output}).encode()
    pieces = [frame(DATA, 0, 1, body[at : at + 16000]) for at in range(0, len(body), 16000)]
    ended = frame(DATA, END_STREAM, 1)
    with Wire([READ_HEAD, SETTINGS, read_some, framed("no length", b"", 0), *pieces, ended, GATE], context=context) as wire:
        assert execute(wire, content=LARGE).output == output
        wire.gate.set()
    assert wire.count(b"PRI * ") == 1


def test_so_is_an_error_of_a_few_words(context):
    refusal = frame(HEADERS, END_HEADERS, 1, b"\x08\x03413") + frame(DATA, END_STREAM, 1, b"too much")
    with Wire([READ_HEAD, SETTINGS, read_some, refusal, GATE], context=context) as wire:
        assert error_of(execute, wire, content=LARGE).status == 413
        wire.gate.set()
    assert wire.count(b"PRI * ") == 1


def test_a_late_error_is_waited_for_all_the_same(context):
    """Its head is no old news."""
    head = frame(HEADERS, END_HEADERS, 1, b"\x08\x03413")
    document = frame(DATA, END_STREAM, 1, b'{"error": "no"}')
    with Wire([READ_HEAD, SETTINGS, read_some, 1.2, head, 0.02, document, GATE], context=context) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert (str(error), error.status) == ("no", 413)


@pytest.mark.parametrize("fields", FIELDS)
def test_after_that_the_connection_is_not_used_again(context, fields):
    """Nobody knows in which state it is."""
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
    with Wire(redirect, answer, context=context) as wire:
        assert execute(wire, content=LARGE).output == OUTPUT
        wire.gate.set()
    assert wire.count(b"PRI * ") == 2


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("piece", [2, 3])
def test_so_it_is_before_a_reset(preload, context, piece, fields):
    assert post_at_turn(preload, context, [framed(fields)], piece, greeting=SETTINGS) == str(OUTPUT)


@pytest.mark.parametrize("end", [[CLOSE], [RESET], [frame(RST_STREAM, 0, 1, b"\0\0\0\2"), GATE]],
                         ids=["closed", "reset", "ended with an error"])
@pytest.mark.parametrize("fields", FIELDS)
def test_a_part_of_an_answer_in_frames_is_in_doubt(context, fields, end):
    with Wire([READ_HEAD, SETTINGS, read_some, framed(fields, BODY[:-1], flags=0), *end], context=context) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert_doubtful(error)


def test_the_frame_that_ends_a_compressed_answer_does_not_vouch_for_it(context):
    """The frames are all there, and not all of what was packed."""
    packed = gzip.compress(BODY, mtime=0)[:-12]
    head = frame(HEADERS, END_HEADERS, 1, STATUS_200 + b"\x0f\x0b\x04gzip" + typed(b"application/json"))
    with Wire([READ_HEAD, SETTINGS, read_some, head, frame(DATA, END_STREAM, 1, packed), GATE], context=context) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert str(error).endswith("; the response may have been cut short; the run may have happened")


def typed(kind):
    """The field, as a literal."""
    return b"\x0f\x10%c%s" % (len(kind), kind)


def answered(kind, body):
    """Steps: an answer of that type, without a length, and the frame that ends it."""
    pieces = [frame(DATA, 0, 1, body[at : at + 16000]) for at in range(0, len(body), 16000)]
    head = frame(HEADERS, END_HEADERS, 1, STATUS_200 + typed(kind))
    return [READ_HEAD, SETTINGS, read_some, head, *pieces, frame(DATA, END_STREAM, 1)]


ENDS = pytest.mark.parametrize("end", [[GATE], [CLOSE], [RESET]], ids=["stalled", "closed", "reset"])


@ENDS
@pytest.mark.parametrize("body", [b"12", b"[" + b"0," * 1100000 + b"0]"], ids=["a number", "crowded"])
def test_the_frame_that_ends_a_document_is_seen(context, body, end):
    with Wire(answered(b"application/json", body) + end, context=context) as wire:
        assert execute(wire, content=LARGE).output == json.loads(body)
        wire.gate.set()
    assert wire.count(b"PRI * ") == 1


@ENDS
@pytest.mark.parametrize("body", [b"", b"<p>done</p>"])
def test_the_frame_that_ends_a_page_is_seen(context, body, end):
    """Which is no result, but nothing is missing of it either."""
    with Wire(answered(b"text/html", body) + end, context=context) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert (error.code, error.details) == ("EXECUTION_ERROR", body.decode() or None)
    assert "cut short" not in str(error)


def test_the_frame_that_ends_an_empty_answer_is_seen(context):
    head = frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_200)
    with Wire([READ_HEAD, SETTINGS, read_some, head, GATE], context=context) as wire:
        error = error_of(execute, wire, content=LARGE)
        wire.gate.set()
    assert (error.code, error.details) == ("EXECUTION_ERROR", None)


def test_the_frame_that_ends_a_stream_is_seen(context):
    events = stream_of(chunk("a"), final({"b1": {}}), DONE)
    with Wire([*answered(b"text/event-stream", events), GATE], context=context) as wire:
        with SimStudioClient("key", wire.url) as client:
            events = list(client.stream_workflow("wf", LARGE, timeout=10))
            assert [event.type for event in events] == ["chunk", "final"]
        wire.gate.set()


def test_without_it_text_may_go_on(context):
    head = frame(HEADERS, END_HEADERS, 1, STATUS_200 + typed(b"text/plain"))
    with Wire([READ_HEAD, SETTINGS, read_some, head, frame(DATA, 0, 1, b"so far"), GATE], context=context) as wire:
        error = error_of(execute, wire, content=LARGE, timeout=1.5)
        wire.gate.set()
    assert (error.code, error.details) == ("TIMEOUT", "so far")
