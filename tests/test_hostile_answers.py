"""Malformed and endless answers: named limits, clear errors, bounded memory.

Each of them ends as an error that says that the run may have happened, after one POST; which words
libcurl has for it differs between its versions, so they are tested where they are our own.
"""

import gzip
import os
import subprocess
import sys
import zlib

import pytest
from errors import DOUBT, assert_doubtful, error_of
from libcurl import VERSION
from runs import BODY, OUTPUT, execute
from wire import CLOSE, READ, Wire, answering, chunked, http

from simstudio import SimStudioClient, SimStudioError

LENGTH = "Content-Length: %d" % len(BODY)
HOLDS = "The response exceeds %d bytes (SIMSTUDIO_MAX_RESPONSE_BYTES)"


def head(*lines):
    return "".join(line + "\r\n" for line in lines).encode() + b"\r\n"


def ok(*fields):
    return head("HTTP/1.1 200 OK", *fields)


CHUNKED = ok("Transfer-Encoding: chunked")
MALFORMED = {
    "no HTTP at all": b"hello world\r\n\r\n",
    "another protocol": head("ICY 200 OK", LENGTH) + BODY,
    "no status": head("HTTP/1.1", LENGTH) + BODY,
    "a status of letters": head("HTTP/1.1 abc OK", LENGTH) + BODY,
    "a status of two digits": head("HTTP/1.1 20", LENGTH) + BODY,
    "a status of four digits": head("HTTP/1.1 2000 OK", LENGTH) + BODY,
    "a status below 100": head("HTTP/1.1 099 OK", LENGTH) + BODY,
    "a status run into the reason": head("HTTP/1.1 200OK", LENGTH) + BODY,
    "an unknown version": head("HTTP/9.9 200 OK", LENGTH) + BODY,
    "an empty line first": b"\r\n" + ok(LENGTH) + BODY,
    "a field without a colon": ok("nonsense", LENGTH) + BODY,
    "a field without a name": ok(": nonsense", LENGTH) + BODY,
    "a blank before the colon": ok("Content-Length : 5") + BODY,
    "a NUL in a field": ok("X: a\0b", LENGTH) + BODY,
    "two lengths": ok(LENGTH, "Content-Length: 3") + BODY,
    "a list of lengths": ok(LENGTH + ", 3") + BODY,
    "a negative length": ok("Content-Length: -5") + BODY,
    "a length with a sign": ok("Content-Length: +%d" % len(BODY)) + BODY,
    "a length with more behind it": ok(LENGTH + "x") + BODY,
    "a length of letters": ok("Content-Length: many") + BODY,
    "an empty length": ok("Content-Length:") + BODY,
    "a length above 64 bits": ok("Content-Length: 99999999999999999999") + BODY,
    "a length above what comes": ok("Content-Length: 9999999999") + BODY,
    "a chunk size of letters": CHUNKED + b"zz\r\n" + BODY,
    "a negative chunk size": CHUNKED + b"-5\r\n" + BODY,
    "a chunk size above 64 bits": CHUNKED + b"fffffffffffffffff\r\n" + BODY,
    "a chunk above what comes": CHUNKED + b"ffffffff\r\n" + BODY,
    "a chunk longer than it says": CHUNKED + b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "chunks announced and not sent": CHUNKED + BODY,
    "no gzip": http(BODY, "Content-Encoding: gzip"),
    "gzip with a wrong checksum": http(gzip.compress(BODY)[:-8] + b"12345678", "Content-Encoding: gzip"),
    "gzip that breaks off": http(gzip.compress(BODY)[:-12], "Content-Encoding: gzip"),
    "gzip with more behind it": http(gzip.compress(BODY) + b"more", "Content-Encoding: gzip"),
    "deflate that is none": http(BODY, "Content-Encoding: deflate"),
}


def test_a_folded_line_without_a_field_before_it_does_no_harm():
    """Some libcurls append it to a field of the answer before, which they have freed."""
    field = b"X-Long: " + b"a" * 100 + b"\r\n"
    good, folded = (b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
                    for lines in (field, b" folded: " + b"b" * 5000 + b"\r\n"))
    with Wire([READ, good, READ, folded], answering(good)) as wire, SimStudioClient("key", wire.url) as client:
        assert client.execute_workflow("wf").output == OUTPUT
        try:  # libcurl 8 takes off the white space
            assert client.execute_workflow("wf").output == OUTPUT
        except SimStudioError as error:
            assert_doubtful(error)
        assert client.execute_workflow("wf").output == OUTPUT


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_answer_is_an_error(answer):
    with Wire([READ, answer, CLOSE]) as wire:
        assert_doubtful(error_of(execute, wire))
    assert wire.count(b"POST ") == 1


WELL_FORMED = {
    "no reason": head("HTTP/1.1 200", LENGTH) + BODY,
    "the same length twice": ok(LENGTH, LENGTH) + BODY,
    "a folded field": ok("X: a", "  b", LENGTH) + BODY,
    "a chunk extension": CHUNKED + b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    "deflate": http(zlib.compress(BODY), "Content-Encoding: deflate"),
    "gzip in chunks of one byte": chunked(gzip.compress(BODY), "Content-Encoding: gzip", size=1),
    "more than was announced": http(BODY) + b"more",
    "a length and chunks, which count": ok(LENGTH, "Transfer-Encoding: chunked")
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
}


@pytest.mark.parametrize("answer", WELL_FORMED.values(), ids=WELL_FORMED)
def test_what_is_unusual_and_clear_is_understood(answer):
    with Wire([READ, answer, CLOSE]) as wire:
        assert execute(wire).output == OUTPUT


@pytest.mark.parametrize("answer", ["a length and chunks, which count", "more than was announced"])
def test_a_connection_on_which_lengths_contradict_is_not_used_again(answer):
    with Wire(answering(WELL_FORMED[answer])) as wire, SimStudioClient("key", wire.url) as client:
        for _ in range(2):
            assert client.execute_workflow("wf").output == OUTPUT
    assert len(wire.connections) == 2


def test_our_own_words_say_what_is_wrong():
    for name, words in {
        "two lengths": "The response has two different Content-Length fields (%d and 3)" % len(BODY),
        "a length with more behind it": "The response's Content-Length is not a length",
        "a blank before the colon": "The response has a malformed header field",
        "a status run into the reason": "The response's status line is malformed",
        "gzip with more behind it": "The response's compressed body is damaged",
    }.items():
        with Wire([READ, MALFORMED[name], CLOSE]) as wire:
            message = str(error_of(execute, wire))
        if name != "a status run into the reason":  # libcurl may be first
            found = message.replace("Invalid Content-Length: value", words)  # newer ones are first here
            assert found == "Failed to execute workflow: " + words + DOUBT


# ---- limits ----


@pytest.mark.parametrize("framing", ["length", "chunks", "the end", "gzip"])
def test_a_body_may_have_as_many_bytes_as_the_environment_says(monkeypatch, framing):
    answer = {
        "length": http(BODY),
        "chunks": chunked(BODY),
        "the end": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        "gzip": http(gzip.compress(BODY), "Content-Encoding: gzip"),
    }[framing]
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", str(len(BODY)))
    with Wire([READ, answer]) as wire:
        assert execute(wire).output == OUTPUT
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", str(len(BODY) - 1))
    with Wire([READ, answer]) as wire:
        error = error_of(execute, wire)
    assert_doubtful(error)
    assert HOLDS % (len(BODY) - 1) in str(error)


@pytest.mark.parametrize("limit", ["0", "00", "-1", " -1", "+5", " 5", "5 ", "0x5", "1.5", "1k", "many", "\u0665",
                                   str(sys.maxsize + 1), str(sys.maxsize + 8), str(2**64), str(2**64 + 1), "9" * 40])
def test_a_limit_that_is_none_is_named(client, server, monkeypatch, limit):
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", limit)
    with pytest.raises(ValueError, match="^SIMSTUDIO_MAX_RESPONSE_BYTES must be a whole number of bytes "
                                         "from 1 to %d$" % sys.maxsize):
        client.execute_workflow("wf")
    assert server.requests == []


@pytest.mark.parametrize("limit", ["", "100", "0000100", str(sys.maxsize - 1), str(sys.maxsize)])
def test_a_limit_is_a_number_of_bytes(client, server, monkeypatch, limit):
    server.answer({"success": True})
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", limit)
    assert client.execute_workflow("wf").success
    assert client.execute_workflow("wf", stream=True).success


def test_the_limit_holds_for_errors_and_questions_too(monkeypatch):
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", "10")
    with Wire([READ, http(b'{"error": "too long"}', status="500 No")]) as wire:
        assert HOLDS % 10 in str(error_of(execute, wire))
    with Wire([READ, http(b'{"isDeployed": true}')]) as wire, SimStudioClient("key", wire.url) as client:
        assert str(error_of(client.get_workflow_status, "wf")) == "Failed to get workflow status: " + HOLDS % 10


@pytest.mark.parametrize("coding", ["utf-8", "x-secret", "aws-chunked", "identity, x-secret", "x-secret, gzip", ""])
def test_a_coding_that_nobody_knows_is_none(coding):
    """A workflow's Response block may say so of its JSON. From 8.5 on libcurl has refused it by the end of the head."""
    coded, limited = (http(body, "Content-Encoding: " + coding, status=status)
                      for body, status in ((BODY, "200 OK"), (b"{}", "429 Too Many Requests")))
    zipped = http(gzip.compress(BODY), "Content-Encoding: gzip")
    with Wire([READ, coded, READ, zipped, READ, limited]) as wire, SimStudioClient("key", wire.url) as client:
        if VERSION >= (8, 5) and coding:
            error = error_of(client.execute_workflow, "wf")
            assert_doubtful(error)
            assert "encoding" in str(error)
            return
        assert [client.execute_workflow("wf").output for _ in range(2)] == [OUTPUT] * 2
        assert error_of(client.execute_workflow, "wf").code == "RATE_LIMIT_EXCEEDED"
    assert len(wire.connections) == 1


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 No"])
def test_the_limit_holds_for_what_calls_itself_a_stream_and_is_an_error(monkeypatch, status):
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", "10")
    answer = http(b"data: too long\n\n", status=status).replace(b"application/json", b"text/event-stream")
    with Wire([READ, answer]) as wire:
        assert HOLDS % 10 in str(error_of(execute, wire))


@pytest.mark.parametrize("brackets", ["[]", ('{"a":', "}")], ids=["lists", "objects"])
def test_an_answer_nested_too_deeply_is_an_error(client, server, brackets):
    server.answer(200000 * brackets[0].encode() + b"1" + 200000 * brackets[1].encode())
    for call in (client.execute_workflow, client.get_job_status):
        error = error_of(call, "wf")
        assert (error.status, error.was_sent) == (None, True) and "recursion" in str(error)


def endless(beginning, piece):
    """A step: sends as long as somebody takes it, 256 MB at the most."""

    def step(connection):
        block = piece * (1 + 65536 // len(piece))
        connection.read_request()
        connection.send(beginning)
        for _ in range(256000000 // len(block)):
            if not connection.send(block):
                return

    return step


def endless_gzip(connection):
    compressor = zlib.compressobj(9, wbits=31)
    zeros = bytes(1000000)
    connection.read_request()
    connection.send(ok("Content-Encoding: gzip"))
    while connection.send(compressor.compress(zeros) + compressor.flush(zlib.Z_SYNC_FLUSH)):
        pass


LINE = b"X: " + b"a" * 97 + b"\r\n"  # so long that the bytes exceed a limit before libcurl's on lines
ENDLESS = {
    "status line": endless(b"HTTP/1.1 200 ", b"a"),
    "header line": endless(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "header lines": endless(b"HTTP/1.1 200 OK\r\n", LINE),
    "interim answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "trailers": endless(CHUNKED + b"0\r\n", LINE),
    "chunk size": endless(CHUNKED, b"0"),
    "body": endless(ok(), b'"aaaa'),
    "chunks": endless(CHUNKED, b"5\r\naaaaa\r\n"),
    "gzip": endless_gzip,
}

CALLER = """
import sys
from simstudio import SimStudioClient, SimStudioError

def peak_mb():  # ru_maxrss would begin with what the parent takes
    with open("/proc/self/status") as status:
        return [int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")][0]

before = peak_mb()
for url in sys.argv[1:]:
    try:
        SimStudioClient("key", url).execute_workflow("wf", timeout=(10, 10, 60))
        print("no error")
    except SimStudioError as error:
        print(error.code, error)
print(peak_mb() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's /proc to see the memory")
def test_what_never_ends_is_cut_off_and_takes_no_memory(monkeypatch):
    monkeypatch.setenv("SIMSTUDIO_MAX_RESPONSE_BYTES", "2000000")
    wires = [Wire(step) for step in ENDLESS.values()]
    try:
        called = subprocess.run(
            [sys.executable, "-c", CALLER] + [wire.url for wire in wires], stdout=subprocess.PIPE, timeout=120
        )
    finally:
        for wire in wires:
            wire.close()
    *outcomes, grown_mb = called.stdout.decode().splitlines()
    print("grew by", grown_mb, "MB")
    assert len(outcomes) == len(ENDLESS)
    for name, outcome in zip(ENDLESS, outcomes):
        assert outcome.startswith("EXECUTION_ERROR ") and outcome.endswith(DOUBT), (name, outcome)
        assert (HOLDS % 2000000 in outcome) == (name in ("body", "chunks", "gzip")), (name, outcome)
        named = "The response's headers exceed 262144 bytes" in outcome
        assert named == (name in ("header lines", "interim answers", "trailers")), (name, outcome)
    assert int(grown_mb) < 100  # libcurl itself and a body of 2 MB take 7, and 40 with a sanitizer
    assert [wire.count(b"POST ") for wire in wires] == [1] * len(wires)
