"""The bytes of a stream: the WHATWG's rules for event streams, at every cut, and the limit for one event."""

import json
import os
import re
import subprocess
import sys
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streaming import CHUNKED_END, SSE, chunk, chunked, final, head, stream_of

from simstudio import SimStudioError

END = stream_of(final())
BOM = b"\xef\xbb\xbf"


def events_of(client, server, body):
    """(type, raw) of the events in the body, to which the terminal event is added."""
    server.answers.clear()
    server.answer(body, **SSE)
    events = list(client.stream_workflow("wf"))
    assert events.pop().raw == json.dumps(final())
    return [(event.type, event.raw) for event in events]


def message(*raws):
    return [("message", raw) for raw in raws]


@pytest.mark.parametrize(
    "body, events",
    [
        # Line ends, mixed as well.
        (b"data: 1\n\ndata: 2\n\n", message("1", "2")),
        (b"data: 1\r\n\r\ndata: 2\r\n\r\n", message("1", "2")),
        (b"data: 1\r\rdata: 2\r\r", message("1", "2")),
        (b"data: 1\n\rdata: 2\r\n\n", message("1", "2")),
        (b"data: 1\r\n\ndata: 2\r\r\n", message("1", "2")),
        (b"\n\n\r\n\rdata: 1\n\n\n\n\n", message("1")),
        # The colon, and the one space behind it.
        (b"data:1\n\ndata: 2\n\ndata:  3\n\ndata:\t4\n\n", message("1", "2", " 3", "\t4")),
        (b"data: a: b\n\ndata::\n\n", message("a: b", ":")),
        # Several data lines are one text.
        (b'data: {"x":\ndata: 1}\n\n', message('{"x":\n1}')),
        (b"data: 1\ndata\ndata: 2\ndata:\n\n", message("1\n\n2\n")),
        (b"data\ndata\n\n", message("\n")),
        # Comments, and fields that are not ours or not at all.
        (b": hello\n\n:\n\n:data: 1\n\ndata: 2\n: between\ndata: 3\n\n", message("2\n3")),
        (b"id: 7\nretry: 100\ndata: 1\n\nretry: x\n\nid\n\n", message("1")),
        (b"Data: 1\n\n data: 1\n\ndata : 1\n\ndatas: 1\n\ndat: 1\n\nfoo\n\ndata: 2\n\n", message("2")),
        # The event field: the last one, for the event under way alone.
        (b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\n", [("b", "1"), ("message", "2")]),
        (b"event: a\nevent\ndata: 1\n\n", message("1")),
        (b"event: void\n\ndata: 1\n\n", message("1")),
        (b"data: 1\nevent:a \n\n", [("a ", "1")]),
        # A byte order mark, at the very beginning alone.
        (BOM + b"data: 1\n\n", message("1")),
        (BOM + b"\n\ndata: 1\n\n", message("1")),
        (BOM + BOM + b"data: 1\n\ndata: 2\n\n", message("2")),
        (BOM[:2] + b"data: 1\n\ndata: 2\n\n", message("2")),
        (b"data: 1\n\n" + BOM + b"data: 2\n\n", message("1")),
        (b"\n" + BOM + b"data: 1\n\n", []),
        # What ends lines elsewhere does not here; nor does a NUL end anything.
        ("data: a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x7f\n\n".encode("utf-8"),
         message("a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x7f")),
        (b"data: a\x00b\n\nda\x00ta: c\n\nid: \x00\ndata: 2\n\n", message("a\x00b", "2")),
        # An event with empty data is none.
        (b"data\n\ndata:\n\ndata: \n\ndata: 1\n\n", message("1")),
    ],
)
def test_the_rules_of_event_streams(client, server, body, events):
    assert events_of(client, server, body + END) == events


@pytest.mark.parametrize("end", [b"", b"\n", b"\r", b"\r\n"])
def test_what_no_blank_line_ends_is_void(client, server, end):
    server.answer(b"data: 1\n\ndata: " + json.dumps(final()).encode() + end, **SSE)
    stream = client.stream_workflow("wf")
    assert next(stream).raw == "1"
    with pytest.raises(SimStudioError) as caught:
        next(stream)
    assert caught.value.code == "STREAM_INTERRUPTED"


def test_the_blank_line_may_be_a_lone_cr(client, server):
    """A CR ends a line without waiting for a LF that may follow it."""
    server.answer(b"data: " + json.dumps(final()).encode() + b"\r\r", **SSE)
    assert client.execute_workflow("wf").success


# ---- every cut ----

SAMPLE = BOM + (
    ': comment\r\ndata: {"blockId": "b1",\r\ndata: "chunk": "žluťoučký 🐎\u2028"}\r\n\r\n'
    'event: news\rid: 7\rdata: [1]\r\rdata:{"blockId":"b1","chunk":"\\ud83d\\udc0e\\n\\nend"}\n\n'
).encode("utf-8") + END
SAMPLE_TEXT = "žluťoučký 🐎\u2028🐎\n\nend"


def check_sample(step_client):
    with step_client.stream_workflow("wf") as stream:
        events = list(stream)
        assert [event.type for event in events] == ["chunk", "news", "chunk", "final"]
        assert stream.result().output == {"b1": {"content": SAMPLE_TEXT}}


def test_a_stream_that_comes_byte_by_byte(steps, step_client):
    steps.steps = [head()] + [step for at in range(len(SAMPLE)) for step in (SAMPLE[at : at + 1], 0.0005)]
    check_sample(step_client)


@pytest.mark.parametrize("quarter", range(4))
def test_a_stream_that_is_cut_at_any_byte(steps, step_client, quarter):
    for at in range(1 + quarter, len(SAMPLE), 4):
        steps.steps = [head(), SAMPLE[:at], 0.002, SAMPLE[at:]]
        check_sample(step_client)


def described(body):
    """The events of a whole stream by the letter of the rules: (type, text)."""
    text = body.decode("utf-8", "replace")
    lines = re.split("\r\n|\n|\r", text[1:] if text.startswith("\ufeff") else text)
    kind, data = "", []
    for line in lines[:-1]:  # what stands behind the last line end is no line
        name, colon, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if line == "":
            if data and data != [""]:
                yield kind, "\n".join(data)
            kind, data = "", []
        elif colon == "" or name:
            if name == "data":
                data.append(value)
            elif name == "event":
                kind = value


FRAGMENTS = st.sampled_from([
    b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"data", b"data:", b"data: ", b"data: {}", b"data: 17", b"data: x",
    b"event:", b"event: news", b"event", b": comment", b":", b"id: 1", b"retry", BOM, b"\x00", b"\xff", b" ",
    "é\u2028\u2029\x85🐎".encode("utf-8"), b"\xf0\x9f", b"\x90\x8e", b"data: " + b"x" * 300,
])


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(parts=st.lists(FRAGMENTS, max_size=25), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_the_events_do_not_depend_on_the_cuts(steps, step_client, parts, cuts):
    body = b"".join(parts)
    if body.startswith(BOM + BOM):
        body = body[3:]
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    pieces = [body[start:end] for start, end in zip(places, places[1:])]
    whole = b"\n\n" + END  # ends what is under way, and then the stream
    outcomes, steps.keeps_open = [], True
    for way in ([body + whole], [step for piece in pieces for step in (piece, 0.001)] + [whole]):
        steps.steps = [head(Transfer_Encoding="chunked")] + chunked(*filter(None, way)) + [CHUNKED_END]
        outcomes.append([(event.type, event.raw) for event in step_client.stream_workflow("wf")])
    assert outcomes[0] == outcomes[1]
    # Text and words are decoded event by event, so the bytes of a broken character stay where they are.
    expected = [(kind or "message", text) for kind, text in described(body + whole)]
    assert outcomes[0][:-1] == expected[:-1]
    assert outcomes[0][-1] == ("final", json.dumps(final()))


# ---- limits ----

LIMITED = """
import json, sys
from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient("key", sys.argv[1])
for call in (lambda: client.execute_workflow("wf", stream=True), lambda: client.stream_workflow("wf").result()):
    try:
        result = call()
        print(json.dumps(["ok", len(result.output["text"]) if "text" in result.output else result.output]))
    except SimStudioError as error:
        print(json.dumps([error.code, str(error), error.details]))
"""
LIMIT = 50000


def run_limited(url, limit=LIMIT):
    """What both ways of reading come to, with that limit in the environment."""
    ran = subprocess.run([sys.executable, "-c", LIMITED, url], capture_output=True, text=True, timeout=60,
                         env=dict(os.environ, SIMSTUDIO_MAX_RESPONSE_BYTES=str(limit)))
    assert ran.returncode == 0, ran.stderr
    outcomes = [json.loads(line) for line in ran.stdout.splitlines()]
    assert outcomes[0] == outcomes[1]
    return outcomes[0]


EMPTY = json.dumps(final({"text": ""}))


def data_of(size):
    """The data of a terminal event, of `size` bytes."""
    return json.dumps(final({"text": "x" * (size - len(EMPTY))})).encode()


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_one_event_may_be_as_large_as_an_answer_and_no_larger(steps, pieces):
    for size in (LIMIT, LIMIT + 1):
        body = stream_of(chunk("Hi")) + b"data: " + data_of(size) + b"\n\n"
        cut = -(-len(body) // pieces)
        steps.steps = [head()] + [step for at in range(0, len(body), cut) for step in (body[at : at + cut], 0.01)]
        if size == LIMIT:
            assert run_limited(steps.url) == ["ok", LIMIT - len(EMPTY)]
        else:
            assert run_limited(steps.url) == [
                "STREAM_INTERRUPTED", "Failed to execute workflow: An event of the stream exceeds %d bytes" % LIMIT,
                {"b1": "Hi"}]


def test_the_lines_of_one_event_count_together(steps):
    """Two lines, and the LF that joins them; JSON allows white space around what it holds."""
    half = LIMIT // 2
    for size, outcome in ((LIMIT, "ok"), (LIMIT + 1, "STREAM_INTERRUPTED")):
        steps.steps = [head(), b"data: %s\ndata: %s\n\n" % (b" " * half, data_of(size - half - 1))]
        assert run_limited(steps.url)[0] == outcome


@pytest.mark.parametrize("name", [b":", b"event: ", b"unheard-of: "])
@pytest.mark.parametrize("pause", [[], [0.01]])
def test_other_lines_may_be_as_long_as_one_with_data_and_no_longer(steps, name, pause):
    for length, outcome in ((LIMIT, "ok"), (LIMIT + 1, "STREAM_INTERRUPTED")):
        line = name + b" " * (len(b"data: ") + length - len(name))
        steps.steps = [head(), line[:100], *pause, line[100:] + b"\n" + END]
        assert run_limited(steps.url)[0] == outcome


@pytest.mark.parametrize("coding", ["plain", "gzip"])
def test_a_stream_as_a_whole_has_no_limit(steps, coding):
    """However much of it arrives at once."""
    body, more = stream_of(*[chunk("x" * 90)] * 20000), {}
    body += END
    if coding == "gzip":
        coder = zlib.compressobj(wbits=31)
        body, more = coder.compress(body) + coder.flush(), {"Content_Encoding": "gzip"}
    steps.steps = [head(**more), body]
    assert run_limited(steps.url, 2000) == ["ok", {"b1": {"content": "x" * 90 * 20000}}]


def test_a_plain_answer_to_a_streamed_call_has_the_limit(server):
    server.answer({"success": True, "output": {"text": "x" * 3000}})
    code, message, details = run_limited(server.url, 2000)
    assert (code, message) == (
        "EXECUTION_ERROR",
        "Failed to execute workflow: The response exceeds 2000 bytes (SIMSTUDIO_MAX_RESPONSE_BYTES); the run may have happened")


def test_a_stream_that_is_left_in_the_midst_of_a_flood_leaves_the_client_sound(steps, step_client):
    """A transfer that was paused because the reader is slow does not trouble the next one."""
    flood = stream_of(*[chunk("x" * 90)] * 20000) + END
    for _ in range(5):
        steps.steps = [head(), flood]
        with step_client.stream_workflow("wf") as stream:
            assert next(stream).type == "chunk"
        steps.steps = [head(), flood]
        assert step_client.execute_workflow("wf").output == {"b1": {"content": "x" * 90 * 20000}}


GROWTH = """
import sys
from simstudio import SimStudioClient

def peak_mib():  # ru_maxrss would begin with what the parent takes
    with open("/proc/self/status") as status:
        return [int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")][0]

client = SimStudioClient("key", sys.argv[1])
before, count = peak_mib(), 0
with client.stream_workflow("wf") as stream:
    for event in stream:
        count += 1
    length = len(stream.result().output["b1"]["content"])
print(count, length, peak_mib() - before, "libasan" in open("/proc/self/maps").read())
"""


def growth(url):
    """(events, characters of text, MiB by which memory grew) of reading the stream."""
    if not os.path.exists("/proc/self/status"):
        pytest.skip("needs Linux's /proc to see the memory")
    ran = subprocess.run([sys.executable, "-c", GROWTH, url], stdout=subprocess.PIPE, timeout=120, check=True)
    count, length, grown_mib, keeps_freed = ran.stdout.decode().split()
    if keeps_freed == "True":
        pytest.skip("the sanitizer keeps what is freed")
    return int(count), int(length), float(grown_mib)


def test_memory_grows_by_the_text_alone(steps):
    """However many events there are: objects of a million of them would take half a gigabyte."""
    steps.steps = [head()] + [stream_of(*[chunk("abcde")] * 1000)] * 1000 + [END]
    count, length, grown_mib = growth(steps.url)
    assert (count, length) == (1000001, 5000000)
    assert grown_mib < 5 * 2.5 + 15  # the buffer and the str; libraries, and the allocator's play


def test_a_packed_flood_is_unpacked_as_it_is_read(steps):
    """What arrives at once may unpack to much more than is to be in memory at once."""
    coder = zlib.compressobj(wbits=31)
    flood = stream_of({"event": "news", "x": "x" * 10000}) * 8000
    steps.steps = [head(Content_Encoding="gzip"), coder.compress(stream_of(chunk("Hi")) + flood + END) + coder.flush()]
    count, length, grown_mib = growth(steps.url)
    assert (count, length) == (8002, 2)
    assert grown_mib < 50  # of 77: what one read from the network unpacks to, and libraries
