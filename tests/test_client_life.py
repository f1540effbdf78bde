"""The life of a SimStudioClient: with and close(), who keeps it alive, and how it is freed."""

import gc
import threading
import time
import weakref

import pytest

from simstudio import SimStudioClient

DONE = {"success": True, "output": 1}


def test_it_is_a_context_manager(server):
    server.answer(DONE)
    with SimStudioClient("key", server.url) as client:
        assert client.execute_workflow("wf").success
    with pytest.raises(KeyError), client as same:
        assert same is client
        raise KeyError("not swallowed")


def test_leaving_the_context_closes(server):
    class Noting(SimStudioClient):
        closed = 0

        def close(self):
            self.closed += 1
            super().close()

    with Noting("key", server.url) as client:
        assert client.closed == 0
    assert client.closed == 1


def test_leaving_the_context_hides_no_exception(server):
    class Truthful(SimStudioClient):
        def close(self):
            super().close()
            return True

    with pytest.raises(KeyError), Truthful("key", server.url):
        raise KeyError("seen")


def test_it_can_be_used_again_after_close(client, server):
    server.answer(DONE)
    for _ in range(3):
        assert client.execute_workflow("wf").success
        client.close()
        client.close()
    assert client.execute_workflow("wf").success


def test_it_is_freed_at_once_and_circles_are_collected(server):
    server.answer(DONE)
    client = SimStudioClient("key", server.url)
    client.execute_workflow("wf")
    reference = weakref.ref(client)
    del client
    assert reference() is None
    circle = SimStudioClient("key")
    circle.itself = [circle]
    reference = weakref.ref(circle)
    del circle
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("link", [lambda client: client, lambda client: client.stream_workflow("wf")],
                         ids=["clients", "streams"])
def test_a_long_chain_is_freed_without_a_deep_stack(link):
    last = None
    for _ in range(200000):
        client = SimStudioClient("key")
        client._rate_limit_info = last
        last = link(client)
    gone = weakref.ref(client)
    del client, last
    assert gone() is None


@pytest.mark.parametrize("make", [lambda: SimStudioClient("key"), lambda: SimStudioClient("key").stream_workflow("wf")],
                         ids=["client", "stream"])
def test_a_finalizer_of_the_class_runs_once_and_may_resurrect(make):
    kept, one = [], make()
    kind = type(one)
    kind.__del__ = lambda self: kept.append(self)
    try:
        del one
        assert [type(each) for each in kept] == [kind]
        assert repr(kept[0]).startswith("<")
        del kept[0]
        assert kept == []
    finally:
        del kind.__del__


def test_a_call_keeps_the_client_that_nothing_else_refers_to(steps):
    hold = threading.Event()
    steps.steps = [hold, b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n", b'{"success":true,"output":"x"}']
    clients, outputs = [SimStudioClient("key", steps.url)], []
    gone = weakref.ref(clients[0])
    thread = threading.Thread(target=lambda: outputs.append(clients.pop().execute_workflow("wf").output))
    thread.start()
    end = time.monotonic() + 30
    while not steps.bodies and time.monotonic() < end:
        time.sleep(0.01)
    gc.collect()
    assert clients == [] and gone() is not None
    hold.set()
    thread.join()
    assert outputs == ["x"] and gone() is None


def test_a_type_made_of_it_can_be_collected():
    kind = type("Gone", (SimStudioClient,), {})
    kind("key").own = kind
    reference = weakref.ref(kind)
    del kind
    gc.collect()
    assert reference() is None


def test_it_is_hashable_and_equal_to_itself_alone():
    one, other = SimStudioClient("key"), SimStudioClient("key")
    assert one == one and one != other and len({one, other}) == 2


def test_threads_share_a_client(client, server):
    server.answer(DONE)
    results = []
    threads = [threading.Thread(target=lambda: results.append(client.execute_workflow("wf").output)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1] * 8


def test_calls_leave_no_objects_behind(client, server):
    server.answer({"success": True, "output": ["x"], "taskId": "t"})

    def calls():
        client.execute_workflow("wf", {"a": [1]})
        client.get_job_status("job")
        client.get_workflow_status("wf")
        client.get_usage_limits()
        client.validate_workflow("wf")
        with pytest.raises(ValueError):
            client.execute_workflow("")

    calls()
    counts = []
    for _ in range(3):
        for _ in range(10):
            calls()
        del server.requests[:]
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert counts[2] - counts[1] < 10
