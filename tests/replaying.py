"""Recorded exchanges, and a server that gives a recorded answer byte for byte."""

import json
import socketserver
from pathlib import Path

from loopback import LoopbackServer
from waiting import PATIENCE_S

FOLDER = Path(__file__).parent / "recordings"


class Recording:
    """One line of a recording: a request, and the answer that a Sim server gave."""

    def __init__(self, era, line):
        recorded = json.loads(line)
        request, response = recorded["request"], recorded["response"]
        self.name = "%s/%s" % (era, recorded["name"])
        self.method, self.target = request["method"], request["target"]
        self.request_headers, self.request_body = request["headers"], request["body"]
        self.status, self.reason, self.headers = response["status"], response["reason"], response["headers"]
        assert response["body_encoding"] == "utf-8"
        self.text = response["body"]
        self.body = self.text.encode("utf-8")
        self.chunks = response["chunks"] or []

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def is_stream(self):
        return self.header("content-type") == "text/event-stream"

    def answer(self, chunks=None):
        """The answer as it was on the wire; `chunks` are other sizes to cut its body into."""
        assert self.header("transfer-encoding") == "chunked"
        head = "HTTP/1.1 %d %s\r\n" % (self.status, self.reason)
        head += "".join("%s: %s\r\n" % (name, value) for name, value in self.headers) + "\r\n"
        parts, at = [head.encode("latin-1")], 0
        for size in self.chunks if chunks is None else chunks:
            parts.append(b"%x\r\n%s\r\n" % (size, self.body[at : at + size]))
            at += size
        assert at == len(self.body)
        return b"".join(parts) + b"0\r\n\r\n"


def load():
    """All recordings, by name: "era/name"."""
    recordings = {}
    for path in sorted(FOLDER.glob("*.jsonl")):
        # Not by splitlines(): some hold U+2028.
        for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n"):
            recording = Recording(path.stem, line)
            assert recording.name not in recordings
            recordings[recording.name] = recording
    return recordings


class ReplayedRequest:
    """A request as it came. headers: (name in lower case, value) in their order."""

    def __init__(self, start, lines):
        self.method, self.target, self.version = start.split(" ")
        self.headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]
        self.body = b""

    def header(self, name):
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, "%s was sent twice" % name
        return values[0] if values else None


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    timeout = PATIENCE_S

    def handle(self):
        """Like the real server, leaves the connection open after the end of an answer: a client that
        takes the connection's end for the answer's waits forever."""
        try:
            while self.read():
                for piece in self.server.pieces:
                    self.wfile.write(piece)
        except OSError:
            pass  # the client has what it wanted

    def read(self):
        """Notes the next request; False where there is none any more."""
        lines = []
        for line in iter(self.rfile.readline, b"\r\n"):
            if not line:
                return False
            lines.append(line.decode("latin-1"))
        request = ReplayedRequest(lines[0].rstrip(), lines[1:])
        request.body = self.rfile.read(int(request.header("content-length") or 0))
        self.server.requests.append(request)
        return True


class ReplayServer(LoopbackServer):
    """Answers every request with `pieces`, each sent by itself, and keeps the `requests`."""

    def __init__(self):
        super().__init__(_Handler)
        self.pieces, self.requests = [], []
        self.start()
