"""What the tests' servers in threads have in common: loopback, a port that the system chose, an end."""

import json
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

SOON_S = 0.005  # how soon a server notices that it is to end


class QuietHandler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, at once, and keeps no log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def send_answer(self, status, headers, data):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def answer_of(body, status, headers):
    """(status, headers, bytes) of an answer: a body of bytes as it is, anything else as JSON; `_` stands
    for the hyphen in names of headers."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, data


def next_of(answers):
    """The next answer of a queue, whose last one stands for all that follow."""
    return answers.pop(0) if len(answers) > 1 else answers[0]


class LoopbackServer(socketserver.ThreadingTCPServer):
    """Serves from start() to close(), each connection in a thread; `port` and `url` are where."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.thread = threading.Thread(target=self.serve_forever, args=(SOON_S,), daemon=True)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client may leave, and refuse a certificate
            super().handle_error(request, client_address)

    def start(self):
        self.thread.start()
        return self

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()
