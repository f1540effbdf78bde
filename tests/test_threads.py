"""One client in many threads, and the connections that it keeps."""

import os
import re
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from waiting import eventually
from wire import GATE, READ, STALL, Wire, answering, http

from simstudio import SimStudioClient, SimStudioError

RESULT = http(b'{"success": true, "output": 1}')
MOST_IDLE = 10  # SIM_HTTP_MOST_IDLE


def together(count):
    """Steps that answer a connection's first request once `count` connections have one, then all."""
    barrier = threading.Barrier(count)
    return [READ, lambda connection: barrier.wait(30), RESULT, answering(RESULT)]


def run(client, times=1):
    for _ in range(times):
        assert client.execute_workflow("wf", timeout=60).output == 1


def in_threads(count, function, *arguments):
    with ThreadPoolExecutor(count) as threads:
        for future in [threads.submit(function, *arguments) for _ in range(count)]:
            future.result()


# ---- threads ----


@pytest.mark.parametrize("count", [2, 16])
def test_calls_of_many_threads_are_under_way_at_the_same_time(count):
    """The server answers nobody before everybody has asked: one lock across two calls, and none ends."""
    with Wire(together(count)) as wire, SimStudioClient("key", wire.url) as client:
        in_threads(count, run, client)
    assert len(wire.connections) == len(wire.requests) == count


def test_streams_and_calls_of_one_client_are_under_way_at_the_same_time():
    events = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"blockId\":\"b\",\"chunk\":\"a\"}\n\n"
    end = b'data: {"event":"final","data":{"success":true,"output":2}}\n\n'
    with Wire([READ, events, GATE, end], answering(RESULT)) as wire, SimStudioClient("key", wire.url) as client:
        with client.stream_workflow("wf") as stream:
            assert next(stream).text == "a"
            in_threads(4, run, client)
            wire.gate.set()
            assert stream.result().output == 2


def test_threads_have_no_more_connections_than_calls_at_a_time():
    with Wire(answering(RESULT)) as wire, SimStudioClient("key", wire.url) as client:
        in_threads(4, run, client, 50)
    assert len(wire.requests) == 200
    assert len(wire.connections) <= 4


def test_key_and_url_may_change_while_other_threads_call():
    keys = ["first" * 20, "second" * 20]
    with Wire(answering(RESULT)) as one, Wire(answering(RESULT)) as two:
        with SimStudioClient(keys[0], one.url) as client:
            stop = threading.Event()

            def change():
                while not stop.is_set():
                    for key, wire in zip(keys, (one, two)):
                        client.set_api_key(key)
                        client.base_url = wire.url

            changer = threading.Thread(target=change)
            changer.start()
            rounds = 0
            try:
                while rounds < 50 and not (one.requests and two.requests):  # who runs when is the system's affair
                    in_threads(4, run, client, 50)
                    rounds += 1
            finally:
                stop.set()
                changer.join()
    requests = one.requests + two.requests
    assert len(requests) == 200 * rounds and one.requests and two.requests
    assert {re.search(rb"X-API-Key: (\w+)\r\n", request).group(1).decode() for request in requests} <= set(keys)


def test_an_exception_in_one_thread_leaves_the_others_alone():
    def fail(client):
        with pytest.raises(SimStudioError):
            client.execute_workflow("wf", timeout=0.05)

    with Wire([READ, GATE, RESULT]) as wire, SimStudioClient("key", wire.url) as client:
        with ThreadPoolExecutor(2) as threads:
            waiting = threads.submit(run, client)
            assert eventually(lambda: wire.requests)
            threads.submit(fail, client).result()
            assert not waiting.done()
            wire.gate.set()
            waiting.result()


# ---- connections ----


def test_a_connection_is_used_again():
    with Wire(answering(RESULT)) as wire, SimStudioClient("key", wire.url) as client:
        run(client, 100)
    assert (len(wire.connections), len(wire.requests)) == (1, 100)


@pytest.mark.parametrize("count, kept", [(MOST_IDLE, MOST_IDLE), (MOST_IDLE + 1, MOST_IDLE), (2 * MOST_IDLE, MOST_IDLE)])
def test_idle_connections_are_kept_up_to_a_limit(count, kept):
    with Wire(together(count)) as wire, SimStudioClient("key", wire.url) as client:
        in_threads(count, run, client)
        assert eventually(lambda: wire.open_connections() == kept)
        run(client, kept)
        assert (wire.open_connections(), len(wire.connections)) == (kept, count)


def test_close_lets_a_call_in_flight_finish_and_closes_the_rest():
    barrier = threading.Barrier(2)

    def answer_late(connection):
        if connection.read_request():
            GATE(connection)
            connection.send(RESULT)

    steps = [READ, lambda connection: barrier.wait(30), RESULT, answer_late, STALL]
    with Wire(steps, steps, answering(RESULT)) as wire, SimStudioClient("key", wire.url) as client:
        in_threads(2, run, client)
        with ThreadPoolExecutor(1) as thread:
            flying = thread.submit(run, client)
            assert eventually(lambda: len(wire.requests) == 3)
            assert wire.open_connections() == 2
            client.close()
            assert eventually(lambda: wire.open_connections() == 1)  # the idle one is gone
            assert not flying.done()
            wire.gate.set()
            flying.result()
        assert eventually(lambda: wire.open_connections() == 0)  # and so is the one that was busy
        run(client, 2)  # use after close opens anew
        assert (wire.open_connections(), len(wire.connections)) == (1, 3)
        client.close()
        client.close()
        assert eventually(lambda: wire.open_connections() == 0)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the child does nothing
def test_a_closed_connection_ends_although_a_forked_child_has_it_too():
    with Wire(answering(RESULT)) as wire, SimStudioClient("key", wire.url) as client:
        run(client)
        blocked, unblock = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(unblock)
            os.read(blocked, 1)  # until the parent closes its end
            os._exit(0)
        os.close(blocked)
        client.close()
        ended = eventually(lambda: wire.open_connections() == 0)
        os.close(unblock)
        os.waitpid(child, 0)
        assert ended


def socket_to(port):
    """The descriptor of this process's one socket whose other end is that port."""
    found = []
    for descriptor in range(3, 200):
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as copy:
                peer = copy.getpeername() if copy.family == socket.AF_INET else None
        except OSError:  # not open, or not connected
            continue
        if peer and peer[1] == port:
            found.append(descriptor)
    (descriptor,) = found
    return descriptor


def test_connections_send_at_once_probe_the_silent_and_are_not_inherited():
    with Wire(answering(RESULT)) as wire, SimStudioClient("key", wire.url) as client:
        run(client)
        descriptor = socket_to(wire.port)
        assert not os.get_inheritable(descriptor)
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            assert copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert copy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
            assert copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 30
