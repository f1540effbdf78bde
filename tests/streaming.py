"""What the tests of streams share: messages of each dialect, and a server that sends bytes step by step."""

import json
import socketserver
import threading
import time

from loopback import LoopbackServer
from waiting import PATIENCE_S

SSE = {"Content-Type": "text/event-stream"}


def stream_of(*messages):
    """The bytes of a stream: one event per message, a str as it is, anything else as JSON."""
    lines = (m if isinstance(m, str) else json.dumps(m) for m in messages)
    return "".join("data: %s\n\n" % line for line in lines).encode("utf-8", "surrogatepass")


def chunk(text, block="b1"):
    return {"blockId": block, "chunk": text}


def final(output=None, **more):
    return {"event": "final", "data": dict({"success": True, "output": {} if output is None else output}, **more)}


def error(message):
    return {"event": "error", "error": message}


def canvas(kind, **data):
    return {"type": kind, "executionId": "e1", "workflowId": "wf", "data": data}


DONE = '"[DONE]"'
RESET = object()  # a step: the connection breaks off


def head(**more):
    """The head of a stream whose end is the connection's, or as its further fields say."""
    fields = dict({"Content-Type": "text/event-stream"}, **{k.replace("_", "-"): v for k, v in more.items()})
    return ("HTTP/1.1 200 OK\r\n" + "".join("%s: %s\r\n" % field for field in fields.items()) + "\r\n").encode()


def chunked(*pieces):
    """The pieces, each as a chunk of the transfer coding; what is no bytes stays as it is."""
    return [b"%x\r\n%s\r\n" % (len(p), p) if isinstance(p, bytes) else p for p in pieces]


CHUNKED_END = b"0\r\n\r\n"


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    timeout = PATIENCE_S

    def handle(self):
        self.server.connections += 1
        try:
            while self.read():
                for step in self.server.steps:
                    if not self.take(step):
                        return
                if not self.server.keeps_open:
                    return
        except OSError:
            self.server.was_left.set()

    def read(self):
        length = 0
        first = line = self.rfile.readline()
        while line not in (b"", b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            line = self.rfile.readline()
        if first:
            self.server.bodies.append(self.rfile.read(length))
        return bool(first)

    def take(self, step):
        """True to go on."""
        if isinstance(step, bytes):
            self.wfile.write(step)
        elif step is RESET:
            return False
        elif isinstance(step, threading.Event):
            self.wait(step)
        else:
            time.sleep(step)
        return True

    def wait(self, event):
        """Waits for the test, or for the client to leave."""
        self.connection.settimeout(0.01)
        end = time.monotonic() + PATIENCE_S
        while not event.is_set() and time.monotonic() < end:
            try:
                if self.connection.recv(1) == b"":
                    raise ConnectionResetError()
            except (TimeoutError, OSError) as failure:
                if isinstance(failure, ConnectionError):
                    raise
        self.connection.settimeout(PATIENCE_S)


class StepServer(LoopbackServer):
    """Answers every request with `steps`: bytes are sent, a number is a pause in seconds, a threading.Event is
    waited for, RESET ends the connection there.

    keeps_open: whether the connection stays after an answer. bodies: of the requests. connections: how many there
    were. was_left: set when a client left before the end.
    """

    def __init__(self):
        super().__init__(_Handler)
        self.steps, self.bodies, self.connections, self.keeps_open = [], [], 0, False
        self.was_left = threading.Event()
        self.start()
