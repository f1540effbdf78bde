"""Every phase of a call, stalled: what deadlines and Ctrl-C are tried on.

A phase is a function that yields a Stall: where to call, and with what in the environment. As a
program this calls one and prints a line of JSON about how that ended:

    python stalls.py '{"url": ..., "timeout": ..., "kind": ..., "look_up": ...}'

The look-up is stalled by a name server that never answers, in network and mount namespaces of the
program's own; the rest is stalled on loopback.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import namedtuple
from contextlib import contextmanager

from runs import LARGE
from wire import READ, READ_HEAD, STALL, Wire, http

from simstudio import SimStudioClient, SimStudioError

Stall = namedtuple("Stall", "url environment kind wire", defaults=({}, "execute", None))
RESULT = http(b'{"success": true, "output": 1}')
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
EVENT = b'data: {"blockId":"b","chunk":"a"}\n\n'
NAMESPACES = ["unshare", "-mn"]
NAME_SERVER = (
    'file=$(mktemp) && echo "nameserver 127.0.0.1" >"$file" && mount --bind "$file" /etc/resolv.conf && rm "$file"'
    ' && exec "$0" "$@"'
)


@contextmanager
def looking_up():
    yield Stall("http://nobody.knows.example")


@contextmanager
def connecting():
    """A listener whose queue is full: the system drops what else knocks."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    callers = [socket.socket() for _ in range(4)]
    for caller in callers:
        caller.setblocking(False)
        caller.connect_ex(listener.getsockname())
    yield Stall("http://127.0.0.1:%d" % listener.getsockname()[1])
    for each in [listener] + callers:
        each.close()


def stalled(*steps, scheme="http", kind="execute"):
    """A phase on a server that does what the steps say, and then nothing."""

    @contextmanager
    def phase():
        with Wire([*steps, STALL]) as wire:
            yield Stall("%s://127.0.0.1:%d" % (scheme, wire.port), {}, kind, wire)

    return phase


@contextmanager
def asking_a_proxy():
    with Wire(STALL) as wire:
        yield Stall("https://elsewhere.example", {"https_proxy": wire.url, "no_proxy": ""}, "execute", wire)


def stop_reading(connection):
    connection.wire.gate.wait(60)


PHASES = {
    "look-up": looking_up,
    "connect": connecting,
    "TLS": stalled(scheme="https"),
    "proxy": asking_a_proxy,
    "sending": stalled(READ_HEAD, stop_reading, kind="large"),
    "waiting": stalled(READ),
    "receiving the head": stalled(READ, RESULT[:30]),
    "receiving the body": stalled(READ, RESULT[:-3]),
    "a stream before its head": stalled(READ, kind="stream"),
    "a stream before its first event": stalled(READ, EVENTS, kind="stream"),
    "a stream after an event": stalled(READ, EVENTS + EVENT, kind="stream"),
}


def call(client, kind, timeout):
    """One call of that kind; whatever it raises is the outcome."""
    if kind == "stream":
        return list(client.stream_workflow("wf", timeout=timeout))
    if kind == "retry":
        return client.execute_with_retry("wf", timeout=timeout, initial_delay=60)
    return client.execute_workflow("wf", LARGE if kind == "large" else {"n": 1}, timeout=timeout)


def why_no_namespaces():
    """Why the look-up cannot be stalled here; None where it can."""
    if shutil.which("unshare") is None:
        return "needs unshare (util-linux)"
    tried = subprocess.run([*NAMESPACES, "true"], stderr=subprocess.PIPE)
    return None if tried.returncode == 0 else "needs namespaces: " + tried.stderr.decode().strip()


def start(stall, timeout, look_up=False):
    """Starts the program on a stall."""
    task = {"url": stall.url, "kind": stall.kind, "timeout": timeout, "look_up": look_up}
    command = [sys.executable, __file__, json.dumps(task)]
    if look_up:
        command = [*NAMESPACES, "sh", "-c", NAME_SERVER, *command]
    environment = dict(os.environ, **stall.environment)
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, start_new_session=True)


def silence_the_name_server():
    """Inside the namespaces: loopback up, and somebody at its port 53 who says nothing."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS, up and running
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    return server


def main(task):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever was inherited
    server = silence_the_name_server() if task["look_up"] else None
    client = SimStudioClient("key", task["url"])
    timeout = tuple(task["timeout"]) if isinstance(task["timeout"], list) else task["timeout"]
    outcome = {"type": None, "code": None, "message": None}
    try:
        print("calling", flush=True)
        began = time.monotonic()
        call(client, task["kind"], timeout)
    except (SimStudioError, KeyboardInterrupt) as error:
        outcome = {"type": type(error).__name__, "code": getattr(error, "code", None), "message": str(error)}
    outcome.update(began=began, ended=time.monotonic())
    with Wire([READ, RESULT]) as good:
        client.base_url = good.url
        outcome["output of the next call"] = client.execute_workflow("wf").output
    print(json.dumps(outcome), flush=True)
    if server:
        server.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
