"""Ends: of the interpreter, of objects, of threads, each while a call or a stream is under way.

Each program must end by itself, with the code and the words that it would have without us.
"""

import json
import subprocess
import sys
import threading

import pytest
from waiting import PATIENCE_S, eventually
from wire import GATE, READ, STALL, Wire, answering, http

DONE = http(json.dumps({"success": True, "output": "done"}).encode())
EVENT = b'data: {"blockId": "b", "chunk": "one"}\n\n'
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n" + EVENT

ANSWERED, SILENT, STREAMING, GATED = [answering(DONE)], [READ, STALL], [READ, STREAM, STALL], [READ, GATE, DONE, STALL]

PREAMBLE = """
import atexit, gc, os, sys, threading, time, weakref
from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient("key", sys.argv[1])

def start(function):
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread

def ask(test):
    print(test, flush=True)
    sys.stdin.readline()

def until_asked(count=1):
    "Returns once so many runs have arrived at the server."
    ask("asked? %d" % count)

def let_it_answer():
    "Opens the gate."
    ask("answer!")

def until(condition):
    while not condition():
        time.sleep(0.005)

def is_read(stream):
    "Whether another thread waits in the stream."
    try:
        stream.__enter__()
    except ValueError:
        return True
    return False
"""

# name: (what the server does, the program, what it prints)
PROGRAMS = {
    "a daemon thread is in a call": (SILENT, """
start(lambda: client.execute_workflow("wf", timeout=None))
until_asked()
print("over")
""", "over"),
    "many daemon threads are in calls": (SILENT, """
for _ in range(16):
    start(lambda: client.execute_workflow("wf", timeout=None))
until_asked(16)
print("over")
""", "over"),
    "daemon threads make calls all the time": (ANSWERED, """
def work():
    while True:
        client.execute_workflow("wf")
for _ in range(4):
    start(work)
until_asked(100)
print("over")
""", "over"),
    "a daemon thread waits before it tries again": ([answering(http(
        b"{}", "Retry-After: 60", "X-RateLimit-Limit: 1", status="429 Too Many Requests"))], """
start(lambda: client.execute_with_retry("wf"))
until(client.get_rate_limit_info)
print("over")
""", "over"),
    "a daemon thread reads a stream": (STREAMING, """
stream = client.stream_workflow("wf")
texts = []
start(lambda: texts.extend(event.text for event in stream))
until(lambda: texts and is_read(stream))
print("over")
""", "over"),
    "a stream is half read": (STREAMING, """
stream = client.stream_workflow("wf")
print(next(stream).text)
""", "one"),
    "a stream is in a cycle": (STREAMING, """
stream = client.stream_workflow("wf")
next(stream)
class Holder:
    pass
holder = Holder()
holder.stream, holder.itself, client.holder = stream, holder, holder
texts = stream.text_stream
del stream, holder
print("over")
""", "over"),
    "the client is used when the interpreter ends": (ANSWERED, """
atexit.register(lambda: print(client.execute_workflow("wf").output))
""", "done"),
    "the client is used by a __del__ at the very end": (ANSWERED, """
class Last:
    def __init__(self):
        self.client = client
    def __del__(self, write=os.write, repr=repr, error=SimStudioError):
        try:
            write(1, self.client.execute_workflow("wf").output.encode())
        except error as caught:
            write(1, repr(caught).encode())
sys.last = Last()
""", "done"),
    "a thread that is no daemon is waited for": (GATED, """
threading.Thread(target=lambda: print(client.execute_workflow("wf").output)).start()
until_asked()
def after_main():
    threading.main_thread().join()
    let_it_answer()
threading.Thread(target=after_main).start()
""", "done"),
    "SystemExit in a thread": (ANSWERED, """
def work():
    client.execute_workflow("wf")
    raise SystemExit(3)
start(work).join()
print(client.execute_workflow("wf").output)
""", "done"),
    "a client in a cycle": (ANSWERED, """
def make():
    mine = SimStudioClient("key", sys.argv[1])
    mine.execute_workflow("wf")
    mine.itself = mine
    return weakref.ref(mine)
dropped = make()
assert dropped() is not None
gc.collect()
print(dropped())
""", "None"),
    "a client that is dropped during its call in another thread": (GATED, """
outputs = []
def work(mine):
    outputs.append(mine.execute_workflow("wf").output)
thread = threading.Thread(target=work, args=(SimStudioClient("key", sys.argv[1]),))
thread.start()
until_asked()
gc.collect()
let_it_answer()
thread.join()
print(outputs)
""", "['done']"),
    "a stream that outlives its client's name": ([READ, STREAM.replace(b"9999", b"%d" % len(EVENT)), STALL], """
stream = client.stream_workflow("wf")
del client
gc.collect()
try:
    print([event.text for event in stream])
except SimStudioError as error:
    print(error.code, stream.blocks)
""", "STREAM_INTERRUPTED {'b': 'one'}"),
    "a stream that another thread reads is closed": (STREAMING, """
stream = client.stream_workflow("wf", timeout=(5, 5))
next(stream)
thread = start(lambda: list(stream))
until(lambda: is_read(stream))
stream.close()
thread.join(20)
print(thread.is_alive(), stream.blocks)
""", "False {'b': 'one'}"),
    "the client is closed during a call": (GATED, """
outputs = []
thread = start(lambda: outputs.append(client.execute_workflow("wf").output))
until_asked()
client.close()
let_it_answer()
thread.join(20)
print(outputs)
""", "['done']"),
}


def serve(process, wire):
    """Does what the program asks for; returns what else it prints."""
    printed = []
    for line in process.stdout:
        if line.startswith("asked? "):
            count = int(line.split()[1])
            assert eventually(lambda: wire.count(b"POST ") >= count)
        elif line == "answer!\n":
            wire.gate.set()
        else:
            printed.append(line)
            continue
        process.stdin.write("\n")
        process.stdin.flush()
    return "".join(printed).strip()


@pytest.mark.parametrize("options", [[], ["-X", "dev"]], ids=["plain", "dev"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_crashes_and_nothing_hangs_when(name, options, monkeypatch):
    # What a daemon thread holds when the interpreter ends is never freed, as LeakSanitizer tells.
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    steps, program, expected = PROGRAMS[name]
    command = [sys.executable, "-W", "ignore", *options, "-c", PREAMBLE + program]
    with Wire(steps) as wire, subprocess.Popen(
            [*command, wire.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True) as process:
        too_late = threading.Timer(PATIENCE_S, process.kill)
        too_late.start()
        try:
            printed, errors = serve(process, wire), process.stderr.read()
            assert (process.wait(), errors, printed) == (0, "", expected)
        finally:
            process.kill()
            too_late.cancel()
