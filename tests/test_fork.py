"""Forks: a child never touches its parent's connections, and both go on.

Each test runs a program that forks, and looks at what arrives at the server, connection by
connection: a byte of a child on its parent's connection would be counted there, and over TLS the
parent could not go on after a child's farewell.
"""

import json
import pickle
import subprocess
import sys

import pytest
from waiting import eventually
from wire import GATE, READ, Wire, answering, http

from simstudio import SimStudioClient

DONE = http(json.dumps({"success": True, "output": {}}).encode())
EVENT = b'data: {"blockId": "b", "chunk": "one"}\n\n'
FINAL = b'data: {"event": "final", "data": {"success": true, "output": {}}}\n\ndata: "[DONE]"\n\n'
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(EVENT + FINAL)

PREAMBLE = """
import os, signal, sys, threading
from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient("key", sys.argv[1])

def run(who):
    assert client.execute_workflow("wf", {"who": who}, timeout=20).success

def wait_for(child):
    status = os.waitpid(child, 0)[1]
    assert status == 0, status

def pause():
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=["http", "https"])
def serve(request):
    """A function that starts a Wire of the steps given."""
    started = []
    context = request.getfixturevalue("context") if request.param == "https" else None

    def start(*scripts):
        started.append(Wire(*scripts, context=context))
        return started[-1]

    yield start
    for wire in started:
        wire.close()


@pytest.fixture
def launch(tmp_path, monkeypatch):
    """A function that runs a program to its end; at its n-th pause the n-th of `meanwhile` is called."""
    # In a child CPython makes its locks anew and forgets the old ones, which LeakSanitizer tells.
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")

    def run(wire, program, *meanwhile):
        file = tmp_path / "program.py"
        file.write_text(PREAMBLE + program)
        with subprocess.Popen([sys.executable, "-W", "ignore", str(file), wire.url], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True) as process:
            try:
                for act in meanwhile:
                    assert process.stdout.readline() == "ready\n", process.stderr.read()
                    act()
                    process.stdin.write("go on\n")
                    process.stdin.flush()
                _, errors = process.communicate(timeout=40)
            finally:
                process.kill()
        assert (process.returncode, errors) == (0, "")

    return run


def until(condition):
    """A function that waits for the condition."""

    def wait():
        assert eventually(condition), "it never came"

    return wait


def runs_on(connection):
    """Who ran over a connection, in order."""
    return [json.loads(head_and_body.split(b"\r\n\r\n", 1)[1])["who"] for head_and_body in requests_on(connection)]


def requests_on(connection):
    rest, requests = bytes(connection.received), []
    while rest:
        head, _, body = rest.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        requests.append(head + b"\r\n\r\n" + body[:length])
        rest = body[length:]
    return requests


ENDS = ["os._exit(0)", "sys.exit(0)", "client.close(); os._exit(0)", "del client; os._exit(0)",
        "os.close(2); raise SystemExit"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("uses_it", [True, False], ids=["used", "unused"])
def test_a_child_leaves_its_parents_idle_connection_alone(serve, launch, uses_it, end):
    wire = serve([answering(DONE)])
    launch(wire, """
run("before")
child = os.fork()
if child == 0:
    %s
    %s
wait_for(child)
run("after")
""" % ("run('child')" if uses_it else "pass", end))
    assert [runs_on(connection) for connection in wire.connections] == [["before", "after"]] + [["child"]] * uses_it


def test_a_child_that_has_closed_all_descriptors_keeps_its_own_files(serve, launch, tmp_path):
    """As a daemon does: what it opens then has the numbers that the connections had."""
    wire = serve([answering(DONE)])
    launch(wire, """
run("before")
child = os.fork()
if child == 0:
    os.closerange(3, 256)
    files = [open(os.path.join(os.path.dirname(sys.argv[0]), "log-%d" % i), "w") for i in range(32)]
    run("child")
    for file in files:
        file.write("written")
        file.close()
    os._exit(0)
wait_for(child)
run("after")
""")
    assert [(tmp_path / ("log-%d" % i)).read_text() for i in range(32)] == ["written"] * 32
    assert [runs_on(connection) for connection in wire.connections] == [["before", "after"], ["child"]]


def test_a_grandchild_does_as_well(serve, launch):
    wire = serve([answering(DONE)])
    launch(wire, """
run("parent")
child = os.fork()
if child == 0:
    run("child")
    grandchild = os.fork()
    if grandchild == 0:
        run("grandchild")
        sys.exit(0)
    wait_for(grandchild)
    run("child")
    sys.exit(0)
wait_for(child)
run("parent")
""")
    assert [runs_on(connection) for connection in wire.connections] == [
        ["parent", "parent"], ["child", "child"], ["grandchild"]]


@pytest.mark.parametrize("end", ENDS)
def test_a_call_under_way_in_another_thread_comes_to_its_end(serve, launch, end):
    wire = serve([READ, GATE, DONE, answering(DONE)], [answering(DONE)])
    launch(wire, """
thread = threading.Thread(target=run, args=("parent",))
thread.start()
pause()
child = os.fork()
if child == 0:
    run("child")
    %s
wait_for(child)
pause()
thread.join()
run("after")
""" % end, until(lambda: wire.requests), wire.gate.set)
    assert [runs_on(connection) for connection in wire.connections] == [["parent", "after"], ["child"]]


@pytest.mark.parametrize("child", [
    "stream.close()", "del stream", "client.close()", "run('child')", "pass",
    # The child has no part in its parent's stream, and says so.
    """
    try:
        next(stream)
    except SimStudioError as error:
        assert "forked" in str(error) and error.code == "STREAM_INTERRUPTED", error
    else:
        os._exit(1)
    """])
@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)"])
def test_a_stream_under_way_comes_to_its_end(serve, launch, child, end):
    wire = serve([READ, STREAM_HEAD + EVENT, GATE, FINAL, answering(DONE)], [answering(DONE)])
    launch(wire, """
stream = client.stream_workflow("wf", {"who": "parent"})
assert next(stream).text == "one"
child = os.fork()
if child == 0:
    %s
    %s
wait_for(child)
pause()
assert stream.result().output == {"b": {"content": "one"}}
run("after")
""" % (child, end), wire.gate.set)
    expected = [["parent", "after"]] + [["child"]] * ("run" in child)
    assert [runs_on(connection) for connection in wire.connections] == expected


def test_a_signal_handler_may_fork_during_a_call(serve, launch):
    """The child comes back into the call, whose connection is not its own."""
    wire = serve([READ, GATE, DONE, answering(DONE)], [answering(DONE)])
    launch(wire, """
children = []
signal.signal(signal.SIGUSR1, lambda *_: children.append(os.fork()))
def send():
    pause()
    os.kill(os.getpid(), signal.SIGUSR1)
    while not children:
        pass
    wait_for(children[0])
    pause()
threading.Thread(target=send).start()
try:
    run("parent")
except SimStudioError as error:
    assert children == [0] and "forked" in str(error), error
    run("child")
    os._exit(0)
assert children[0] > 0
run("after")
""", until(lambda: wire.requests), wire.gate.set)
    assert [runs_on(connection) for connection in wire.connections] == [["parent", "after"], ["child"]]


def test_forks_amid_busy_threads_all_go_on(serve, launch):
    wire = serve([answering(DONE)])
    launch(wire, """
is_over = threading.Event()
failures = []
def work():
    try:
        while not is_over.is_set():
            run("thread")
    except BaseException as error:
        failures.append(error)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(15):
    child = os.fork()
    if child == 0:
        run("child")
        run("child")
        os._exit(0)
    wait_for(child)
is_over.set()
for thread in threads:
    thread.join()
assert failures == [], failures
""")
    owners = [set(runs_on(connection)) for connection in wire.connections]
    assert all(len(owner) == 1 for owner in owners)
    assert owners.count({"child"}) >= 15  # one in doubt after its first answer is not used again


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_takes_a_client_along(serve, launch, method):
    """By its memory (fork) or pickled (spawn, and as an argument in any case)."""
    wire = serve([answering(DONE)])
    launch(wire, """
import multiprocessing

def work(client, who):
    assert client.execute_workflow("wf", {"who": who}, timeout=20).success

if __name__ == "__main__":
    run("parent")
    context = multiprocessing.get_context("%s")
    with context.Pool(2) as pool:
        pool.starmap(work, [(client, "child")] * 4)
        pool.close()
        pool.join()
    run("parent")
""" % method)
    owners = [runs_on(connection) for connection in wire.connections]
    assert owners.count(["parent", "parent"]) == 1
    assert sum(owner.count("child") for owner in owners) == 4
    assert all(len(set(owner)) == 1 for owner in owners)


def test_a_pickled_client_has_no_connection(serve):
    wire = serve([answering(DONE)])
    with SimStudioClient("key", wire.url) as client:
        copy = pickle.loads(pickle.dumps(client))
    assert (copy.api_key, copy.base_url) == ("key", wire.url)
    assert wire.connections == []
