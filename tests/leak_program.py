"""Calls everything public of simstudio again and again, and measures what stays behind.

    python leak_program.py            measures; prints a JSON object, one entry for each case
    python leak_program.py leaks      the same for leaks made on purpose
    python leak_program.py serve      answers the calls of the first, in a process of its own

What there is to call is found by walking the module; how to call it, by the names of parameters.
A case is one callable with one kind of arguments. Its calls are made in rounds, and a leak grows
in every one of them, while a cache does not: so the smallest growth of the rounds counts.
"""

import ctypes
import gc
import inspect
import itertools
import json
import os
import socketserver
import subprocess
import sys
import tracemalloc

import simstudio
from simstudio import _native

ROUNDS, CALLS = 4, 250
# What may stay behind after a round: less than the smallest object, or reference, for each call.
MOST = {
    "references to types": CALLS // 2, "references to None": CALLS // 2, "all references": CALLS // 2,
    "traced bytes": CALLS * 8, "bytes of the C heap": CALLS * 8, "resident bytes": CALLS * 256,
    "descriptors": 0,
}
KEY = "sk-0123456789"

EVENTS = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in [
    {"blockId": "b1", "chunk": "Hel"},
    {"blockId": "b1", "chunk": "lo"},
    {"event": "final", "data": {"success": True, "output": {"b1": {"content": "Hello"}}}},
    "[DONE]",
])
OBJECT = {"success": True, "output": {"content": "\u00e9", "n": [1.5, 2 ** 70]}, "error": None,
          "isDeployed": True, "deployedAt": "2025-11-30T10:00:00.000Z", "taskId": "run_1",
          "status": "completed", "rateLimit": {"sync": {"limit": 25}}, "usage": {"plan": "pro"}}

# What the server says to a path that begins with the name: status, content type, body.
ANSWERS = {
    "good": (200, "application/json", json.dumps(OBJECT).encode()),
    "stream": (200, "text/event-stream", EVENTS),
    "refused": (401, "application/json", b'{"error": "Invalid API key", "code": "UNAUTHORIZED"}'),
    "limited": (429, "application/json", b'{"error": "Rate limit exceeded"}'),
    "garbage": (200, "application/json", b'{"success": tru'),
    "broken": (502, "text/html", b"<html>\xff</html>"),
    "moved": (308, "text/plain", b""),
}


class Handler(socketserver.StreamRequestHandler):
    """HTTP as far as the calls need it, which is faster than http.server."""

    disable_nagle_algorithm = True

    def handle(self):
        while True:
            first, length = self.rfile.readline(), 0
            for line in iter(self.rfile.readline, b"\r\n"):
                if not line:
                    return
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            if not first:
                return
            status, kind, body = ANSWERS[first.split()[1].split(b"/")[1].decode()]
            self.wfile.write(
                b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\nRetry-After: 0\r\n"
                b"Location: http://elsewhere.invalid/\r\nX-RateLimit-Limit: 60\r\n"
                b"X-RateLimit-Remaining: 59\r\nX-RateLimit-Reset: 2025-11-30T10:01:00.000Z\r\n\r\n%s"
                % (status, kind.encode(), len(body), body))


def serve():
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


# ---- what to call, and with what ----

# By a parameter's name. Any other parameter is a field of a result type, and takes anything.
ARGUMENTS = {
    "workflow_id": "wf", "task_id": "run_1", "input_data": {"text": "\u00e9", "list": [1, None, 2.5]},
    "timeout": 5.0, "stream": False, "selected_outputs": ["agent.content"], "async_execution": False,
    "max_retries": 1, "initial_delay": 0.0, "max_delay": 0.0, "backoff_multiplier": 1.0,
    "api_key": KEY, "base_url": "https://sim.ai", "message": "went wrong", "code": "X", "status": 500,
}
# Python's own protocols, whose signatures do not say what they take.
PROTOCOLS = {
    "__exit__": (None, None, None), "__reduce_ex__": (2,), "__setstate__": ({"_api_key": KEY},),
    "__eq__": (None,), "__ne__": (None,), "__lt__": (None,), "__le__": (None,), "__gt__": (None,), "__ge__": (None,),
}
# Called by their protocol's function, or not at all: what object itself provides is not ours.
SKIPPED = {"__init__", "__new__", "__doc__", "__module__", "__dict__", "__hash__", "__class__"}


def good_arguments(function, name):
    if name in PROTOCOLS:
        return PROTOCOLS[name], {}
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return (), {}
    named = [p.name for p in parameters if p.kind != p.VAR_KEYWORD and p.kind != p.VAR_POSITIONAL]
    return (), {each: ARGUMENTS.get(each, "x") for each in named}


def types():
    return {name: value for name, value in sorted(vars(_native).items()) if isinstance(value, type)}


def make(kind, base):
    """An instance of a type of the module."""
    if kind is simstudio.SimStudioClient:
        return kind(KEY, base + "/good")
    if kind is simstudio.WorkflowStream:
        with simstudio.SimStudioClient(KEY, base + "/stream") as client:
            return client.stream_workflow("wf")
    return kind(**good_arguments(kind, "")[1])


def attribute_cases(label, kind, name, base):
    """The cases of one name of a type: reading it, or calling it well and badly."""
    instance = make(kind, base)
    value = getattr(instance, name)
    is_shared = kind is not simstudio.WorkflowStream  # a stream is used up by its first reader
    fresh = (lambda: instance) if is_shared else (lambda: make(kind, base))
    if not callable(value):
        yield label + " read", lambda: getattr(fresh(), name)
        return
    positional, keywords = good_arguments(value, name)
    yield label + " called", lambda: getattr(fresh(), name)(*positional, **keywords)
    yield label + " with too much", lambda: getattr(fresh(), name)(*[object()] * 17)
    if keywords:
        wrong = {each: object() for each in keywords}
        yield label + " with what is wrong", lambda: getattr(fresh(), name)(**wrong)
    if kind is simstudio.SimStudioClient and ("id" in "".join(keywords) or name == "get_usage_limits"):
        for answer in ANSWERS:
            client = kind(KEY, base + "/" + answer)
            yield "%s answered %s" % (label, answer), lambda c=client: getattr(c, name)(**keywords)
        lost = kind(KEY, "http://127.0.0.1:1")
        yield label + " without a server", lambda: getattr(lost, name)(**keywords)


def cases(base):
    for type_name, kind in types().items():
        if type_name != "WorkflowStream":
            keywords = good_arguments(kind, "")[1]
            wrong = {each: object() for each in keywords}
            yield type_name + " made", lambda k=kind, a=keywords: k(**a)
            yield type_name + " made of what is wrong", lambda k=kind, a=wrong: k(**a)
        yield type_name + " made of too much", lambda k=kind: k(*[None] * 17)
        yield type_name + " subclassed", lambda k=kind: type("Sub", (k,), {})
        instance = make(kind, base)
        for name in sorted(vars(kind)):
            if name not in SKIPPED and hasattr(instance, name):
                for case in attribute_cases("%s.%s" % (type_name, name), kind, name, base):
                    yield case
    client = simstudio.SimStudioClient(KEY, base + "/stream")
    for name, use in [
        ("stream events", lambda s: [repr(event) for event in s]),
        ("stream texts", lambda s: "".join(s.text_stream)),
        ("stream result", lambda s: s.result()),
        ("stream left", lambda s: next(s)),
        ("stream in a cycle", lambda s: s.__class__ and [s].append(s.text_stream)),
    ]:
        yield name, lambda u=use: u(client.stream_workflow("wf"))
    for answer in ANSWERS:
        other = simstudio.SimStudioClient(KEY, base + "/" + answer)
        yield "stream answered " + answer, lambda c=other: list(c.stream_workflow("wf"))
    yield "closed connections", lambda: (client.execute_workflow("wf", stream=True), client.close())


# ---- measuring ----


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]


def is_sanitized():
    """Memory is then allocated by other rules, and LeakSanitizer looks for its leaks."""
    return any(hasattr(ctypes.CDLL(None), name) for name in ("__asan_init", "__tsan_init"))


def heap_reader():
    """A function that tells the bytes in use on the C heap, where the C library can say."""
    try:
        function = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return lambda: 0
    function.restype = Mallinfo
    return lambda: function().uordblks + function().hblkhd


def resident_bytes():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def descriptors():
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 0


class Meter:
    def __init__(self, base):
        stream_texts = make(simstudio.WorkflowStream, base).text_stream
        self.watched = list(types().values()) + [type(stream_texts), _native]
        self.heap = heap_reader()
        self.resident = (lambda: 0) if is_sanitized() else resident_bytes
        self.total = getattr(sys, "gettotalrefcount", lambda: 0)

    def read(self):
        gc.collect()
        return {
            "references to types": sum(map(sys.getrefcount, self.watched)),
            "references to None": sys.getrefcount(None),
            "all references": self.total(),
            "traced bytes": tracemalloc.get_traced_memory()[0],
            "bytes of the C heap": self.heap(),
            "resident bytes": self.resident(),
            "descriptors": descriptors(),
        }


def outcome_of(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "returned"


def measure(meter, call):
    outcomes = {outcome_of(call) for _ in range(30)}  # fills the caches
    least = {}
    for number in range(3 * ROUNDS):
        if number >= ROUNDS and all(least[name] <= MOST[name] for name in MOST):
            break
        before = meter.read()
        for _ in range(CALLS):
            outcomes.add(outcome_of(call))
        after = meter.read()
        least = {name: min(after[name] - before[name], least.get(name, sys.maxsize)) for name in MOST}
    return {"outcomes": sorted(outcomes), "grows": {name: least[name] for name in MOST if least[name] > MOST[name]}}


def leaks():
    """Each kind of leak, made on purpose."""
    kept = []
    libc, incref = ctypes.CDLL(None), ctypes.pythonapi.Py_IncRef
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    incref.argtypes = [ctypes.py_object]
    yield "nothing", lambda: None
    yield "a type", lambda: incref(simstudio.SimStudioClient)
    yield "an object", lambda: kept.append(object())
    yield "an object that nobody knows", lambda: incref(object())
    yield "C memory", lambda: libc.malloc(24)
    yield "pages", lambda: ctypes.memset(libc.malloc(4096), 1, 4096)
    yield "all of memory", lambda: (kept.append(bytes(4096)), ctypes.memset(libc.malloc(4096), 1, 4096))
    calls = itertools.count()
    yield "a descriptor", lambda: os.dup(0) if next(calls) % 50 == 0 else None  # there are few


def report(meter, found):
    print(json.dumps({name: measure(meter, call) for name, call in found}))


def main():
    server = subprocess.Popen([sys.executable, os.path.abspath(__file__), "serve"], stdout=subprocess.PIPE)
    try:
        base = "http://127.0.0.1:%d" % int(server.stdout.readline())
        if not is_sanitized():  # tracemalloc leaks its notes, and LeakSanitizer finds objects too
            tracemalloc.start()
        meter = Meter(base)
        gc.collect()
        gc.freeze()  # what was there before need not be gone through each time
        report(meter, leaks() if sys.argv[1:] == ["leaks"] else cases(base))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
