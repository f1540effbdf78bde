"""What the tests' servers in threads have in common: loopback, a port that the system chose, an end."""

import socketserver
import threading
from http.server import BaseHTTPRequestHandler

SOON_S = 0.005  # how soon a server notices that it is to end


class QuietHandler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, at once, and keeps no log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass


class LoopbackServer(socketserver.ThreadingTCPServer):
    """Serves from start() to close(), each connection in a thread; `port` and `url` are where."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.thread = threading.Thread(target=self.serve_forever, args=(SOON_S,), daemon=True)

    def start(self):
        self.thread.start()
        return self

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()
