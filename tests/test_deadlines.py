"""Timeouts: to the millisecond, in every phase, and in total.

That a deadline is kept is tested from below exactly and from above with patience: the best of a few
tries has to end before a timeout that is counted in whole seconds would.
"""

import json
import time

import pytest
import stalls
from wire import CLOSE, READ, Wire, answering, dripping, http

from simstudio import SimStudioClient, SimStudioError

SHORT_S = 0.25
SOON_S = 0.75
TRIES = 4
RESULT = stalls.RESULT


def time_out(url, timeout, kind="execute"):
    """How long a call took that had to time out."""
    with SimStudioClient("key", url) as client:
        began = time.monotonic()
        with pytest.raises(SimStudioError) as caught:
            stalls.call(client, kind, timeout)
        took = time.monotonic() - began
    assert (caught.value.code, str(caught.value)) == (
        "TIMEOUT", "Workflow execution timed out after %s seconds" % (timeout,)
    )
    return took


def assert_kept(attempt, least=SHORT_S, most=SOON_S):
    times = []
    while not times or (min(times) >= most and len(times) < TRIES):
        times.append(attempt())
    assert least <= min(times) + 0.001 and min(times) < most


@pytest.mark.parametrize("timeout", [SHORT_S, (SHORT_S, SHORT_S), (30, 30, SHORT_S), (None, None, SHORT_S)], ids=str)
@pytest.mark.parametrize("phase", [phase for phase in stalls.PHASES if phase != "look-up"])
def test_every_phase_has_its_deadline(monkeypatch, phase, timeout):
    with stalls.PHASES[phase]() as stall:
        for name, value in stall.environment.items():
            monkeypatch.setenv(name, value)
        assert_kept(lambda: time_out(stall.url, timeout, stall.kind))
        if stall.wire:
            stall.wire.gate.set()


@pytest.mark.parametrize("timeout", [SHORT_S, [30, 30, SHORT_S]], ids=str)
def test_the_look_up_of_a_name_has_its_deadline(timeout):
    reason = stalls.why_no_namespaces()
    if reason:
        pytest.skip(reason)

    def attempt():
        with stalls.looking_up() as stall:
            program = stalls.start(stall, timeout, look_up=True)
            outcome = json.loads(program.communicate(timeout=60)[0].splitlines()[-1])
        assert (outcome["code"], outcome["output of the next call"]) == ("TIMEOUT", 1)
        return outcome["ended"] - outcome["began"]

    assert_kept(attempt)


@pytest.mark.parametrize("phase", ["connect", "TLS", "proxy"])
def test_until_the_request_is_sent_the_first_part_counts(monkeypatch, phase):
    with stalls.PHASES[phase]() as stall:
        for name, value in stall.environment.items():
            monkeypatch.setenv(name, value)
        assert_kept(lambda: time_out(stall.url, (SHORT_S, 30)))
        assert_kept(lambda: time_out(stall.url, (0.6, 0.1)), least=0.6, most=5)


@pytest.mark.parametrize("phase", ["sending", "waiting", "receiving the body", "a stream after an event"])
def test_after_that_the_second_part_counts(phase):
    with stalls.PHASES[phase]() as stall:
        assert_kept(lambda: time_out(stall.url, (30, SHORT_S), stall.kind))
        assert_kept(lambda: time_out(stall.url, (5, 0.6), stall.kind), least=0.6, most=5)
        stall.wire.gate.set()


def test_silence_is_counted_from_the_request_on(monkeypatch):
    """Connecting takes its time, and so does the answer: neither counts for the other."""

    def slow_proxy(connection):  # SOCKS 4
        while not connection.received.endswith(b"\0"):
            assert connection.read_more()
        connection.taken = len(connection.received)
        time.sleep(0.6)
        connection.send(b"\0\x5a" + bytes(6))

    with Wire([slow_proxy, answering(RESULT, 0.6)]) as wire:
        monkeypatch.setenv("http_proxy", wire.url.replace("http:", "socks4:"))
        with SimStudioClient("key", "http://127.0.0.9:9") as client:
            assert client.execute_workflow("wf", timeout=(10, 0.9)).success is True


@pytest.mark.parametrize("timeout", [0.001, 0.0001, (1e-9, 1e-9)], ids=str)
def test_a_millisecond_is_a_deadline_too(timeout):
    with stalls.PHASES["waiting"]() as stall:
        assert_kept(lambda: time_out(stall.url, timeout), least=0)


def test_silence_is_counted_from_the_last_byte():
    with Wire([READ, RESULT[:-8], dripping(RESULT[-8:], 0.25)]) as wire, SimStudioClient("key", wire.url) as client:
        began = time.monotonic()
        assert client.execute_workflow("wf", timeout=(10, 1.5)).output == 1
        assert time.monotonic() - began > 1.7  # longer than the silence that is allowed


@pytest.mark.parametrize(
    "beginning, drip",
    [
        (b"", RESULT * 100),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"a" * 100000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 10000),
    ],
    ids=["head", "interim answers", "body", "chunks"],
)
@pytest.mark.parametrize("kind", ["execute", "stream"])
def test_a_drip_never_exceeds_the_total(beginning, drip, kind):
    slow = drip if beginning else b"HTTP/1.1 200 OK\r\nX: " + b"a" * 90000
    with Wire([READ, beginning, dripping(slow, 0.01)]) as wire:
        assert_kept(lambda: time_out(wire.url, (30, 30, SHORT_S), kind))


def test_a_stream_of_events_never_exceeds_the_total():
    with Wire([READ, stalls.EVENTS, dripping(stalls.EVENT * 1000, 0.001)]) as wire:
        assert_kept(lambda: time_out(wire.url, (30, 30, SHORT_S), "stream"))


def test_a_flood_of_events_never_exceeds_the_total():
    """The server is always ahead of a slow reader, so there is never a moment without news."""
    event = b'data: {"blockId":"b","chunk":"%s"}\n\n' % (b"a" * 70000)

    def attempt():
        with Wire([READ, stalls.EVENTS] + [event] * 300) as wire, SimStudioClient("key", wire.url) as client:
            began = time.monotonic()
            with pytest.raises(SimStudioError, match="timed out"):
                for _ in client.stream_workflow("wf", timeout=(30, 30, SHORT_S)):
                    time.sleep(0.01)
            return time.monotonic() - began

    assert_kept(attempt, most=2)


def test_the_time_that_a_reader_of_a_stream_takes_is_not_the_servers_silence():
    with Wire([READ, stalls.EVENTS + stalls.EVENT, 0.5, stalls.EVENT, 0.1, stalls.EVENT, CLOSE]) as wire:
        with SimStudioClient("key", wire.url) as client:
            stream = client.stream_workflow("wf", timeout=(10, 1.0))
            assert next(stream).text == "a"
            time.sleep(1.3)
            assert [next(stream).text, next(stream).text] == ["a", "a"]


def test_a_timeout_drops_its_connection_and_the_client_goes_on():
    with Wire([READ, 0.4, RESULT], [READ, RESULT]) as wire, SimStudioClient("key", wire.url) as client:
        with pytest.raises(SimStudioError, match="timed out"):
            client.execute_workflow("wf", timeout=0.1)
        assert client.execute_workflow("wf").output == 1
    assert len(wire.connections) == 2


def test_retries_have_a_deadline_each():
    limited = http(b"{}", "Retry-After: 0", status="429 Too Many Requests")
    with Wire([READ, 0.8, limited, READ, 0.8, RESULT]) as wire, SimStudioClient("key", wire.url) as client:
        assert client.execute_with_retry("wf", timeout=(10, 10, 1.5), initial_delay=0.01).output == 1
