"""A scripted server that speaks bytes: whatever a test wants a connection to do, in steps.

    with Wire([READ, b"HTTP/1.1 200 OK\r\n", 0.5, RESET]) as wire:
        ...wire.url...
    assert wire.count(b"POST ") == 1

A step is bytes to send, a number of seconds to wait, or a function of the Connection. Each
connection in turn gets its own steps (a list, or one alone), the last ones serve all that follow;
a connection whose steps are done is closed without losing what was sent. Leaving the block waits
for every connection to be served to its end and every byte to be counted.
"""

import fcntl
import socket
import struct
import termios
import threading
import time

from waiting import PATIENCE_S


class Connection:
    def __init__(self, wire, sock):
        self.wire, self.sock, self.received, self.taken = wire, sock, bytearray(), 0
        sock.settimeout(PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_more(self):
        """Takes what arrives next; False when the client has hung up or the wire is closing."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        self.received += data
        return len(data) > 0

    def read_head(self):
        """The head of the next request (bytes); empty when none comes any more."""
        while self.received.find(b"\r\n\r\n", self.taken) < 0:
            if not self.read_more():
                return b""
        start, self.taken = self.taken, self.received.find(b"\r\n\r\n", self.taken) + 4
        return bytes(self.received[start : self.taken])

    def read_request(self):
        """The next request with its body; empty when none comes any more."""
        head = self.read_head()
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        while len(self.received) < self.taken + length:
            if not self.read_more():
                return b""
        body = bytes(self.received[self.taken : self.taken + length])
        self.taken += length
        if head:
            self.wire.requests.append(head + body)
        return head + body

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:  # hung up, or the wire is closing
            return False
        return True

    def drip(self, data, pause_s):
        for at in range(len(data)):
            if not self.send(data[at : at + 1]):
                return
            time.sleep(pause_s)

    def stall(self):
        """Neither answers nor hangs up; keeps what still comes."""
        while self.read_more():
            pass

    def reset(self):
        """Hangs up with a RST, once the client's system, if it is there, has what was sent before."""
        unacknowledged = bytearray(4)
        for _ in range(100):
            fcntl.ioctl(self.sock, termios.TIOCOUTQ, unacknowledged)
            if not any(unacknowledged):
                break
            time.sleep(0.001)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        """Hangs up in order: unread bytes of the client do not turn the end into a RST."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
            self.stall()
        except OSError:
            pass
        self.sock.close()

    def run(self, steps):
        for step in steps if isinstance(steps, list) else [steps]:
            if isinstance(step, bytes):
                self.send(step)
            elif callable(step):
                step(self)
            else:
                time.sleep(step)
        if self.sock.fileno() >= 0:
            self.close()


READ_HEAD, READ = Connection.read_head, Connection.read_request
STALL, RESET, CLOSE = Connection.stall, Connection.reset, Connection.close


def GATE(connection):
    """A step: waits for the test to set wire.gate."""
    connection.wire.gate.wait(PATIENCE_S)


def LEAVE(connection):
    """A step: hangs up in order, and sets wire.gate for the test: by then loopback has brought the end."""
    connection.sock.shutdown(socket.SHUT_WR)
    connection.wire.gate.set()
    connection.close()


def answering(data, pause_s=0.0):
    """A step: answers every request with `data`, until the client hangs up."""

    def step(connection):
        while connection.read_request():
            time.sleep(pause_s)
            if not connection.send(data):
                return

    return step


def dripping(data, pause_s):
    """A step: sends `data` byte by byte."""
    return lambda connection: connection.drip(data, pause_s)


def http(body, *fields, status="200 OK", version="1.1"):
    """An answer with a Content-Length."""
    fields = ("Content-Type: application/json", "Content-Length: %d" % len(body)) + fields
    return ("HTTP/%s %s\r\n%s\r\n\r\n" % (version, status, "\r\n".join(fields))).encode() + body


def chunked(body, *fields, size=16):
    """An answer in chunks of `size` bytes."""
    head = "HTTP/1.1 200 OK\r\n" + "".join(field + "\r\n" for field in fields)
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


class Wire:
    def __init__(self, *scripts, context=None, backlog=128):
        self.scripts, self.context = scripts, context
        self.requests, self.connections, self.threads = [], [], []
        self.gate = threading.Event()  # set by the test for GATE, or by LEAVE for the test
        self.is_closing = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.listener.settimeout(0.02)  # how soon it notices that the wire is closing
        self.port = self.listener.getsockname()[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if context else "http", self.port)
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        """Accepts until the wire is closing and nobody waits any more to be accepted."""
        while True:
            was_closing = self.is_closing
            try:
                sock = self.listener.accept()[0]
            except OSError:
                if was_closing:
                    return
                continue
            steps = self.scripts[min(len(self.connections), len(self.scripts) - 1)]
            connection = Connection(self, sock)
            self.connections.append(connection)
            self.threads.append(threading.Thread(target=self.serve, args=(connection, steps), daemon=True))
            self.threads[-1].start()

    def serve(self, connection, steps):
        if self.context is not None:
            try:
                connection.sock = self.context.wrap_socket(connection.sock, server_side=True)
            except OSError:
                connection.sock.close()
                return
        connection.run(steps)

    def count(self, word):
        """How often `word` has arrived, on all connections together."""
        return sum(connection.received.count(word) for connection in self.connections)

    def open_connections(self):
        """How many connections neither side has closed."""
        return sum(thread.is_alive() for thread in self.threads)

    def close(self):
        self.is_closing = True
        self.acceptor.join()
        self.listener.close()
        for connection in self.connections:
            try:
                connection.sock.shutdown(socket.SHUT_RD)  # ends a read; what has arrived is read
            except OSError:
                pass
        for thread in self.threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.close()
