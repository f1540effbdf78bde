"""A server for torture.py, in a process of its own, since memory must fail on one side only.

It answers by the name of the workflow, always the same. Prints its port, and ends when
its standard input does.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def answer(status, body, *headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(data), *headers, "", ""]
    return "\r\n".join(lines).encode() + data


def stream(*events, end="data: [DONE]\n\n"):
    body = "".join("data: %s\n\n" % json.dumps(event) for event in events) + end
    return answer("200 OK", body.encode(), "Content-Type: text/event-stream")


# A stream whose connection is lost midway.
DROPPED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\nConnection: close\r\n\r\n"
    b'event: note\ndata: {"blockId": "a", "chunk": "Hel"}\n\ndata: {'
)
LIMITS = ("X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 59", "X-RateLimit-Reset: 2030-01-01T00:00:00Z")
CHUNKS = (
    {"blockId": "a", "chunk": "Hel"},
    {"blockId": "a", "chunk": "lo \ud83d\ude00"},
    {"blockId": "b", "chunk": "\ud800"},
)
FINAL = {"event": "final", "data": {"success": True, "output": {"a": {"tokens": 1}}, "metadata": {"duration": 1}}}
RESULT = {
    "success": True,
    "output": {"text": "caf\u00e9 \ud83d\ude00 \ud800", "numbers": [1, -2.5e3, 2**70, 10**150], "none": None, "yes": True},
    "metadata": {"duration": 12},
    "logs": [{"blockId": "x"}],
    "traceSpans": [],
    "totalDuration": 12.5,
}
ANSWERS = {
    "/api/workflows/good/execute": answer("200 OK", RESULT, *LIMITS),
    "/api/workflows/block/execute": answer("200 OK", {"custom": [1, "two"]}),
    "/api/workflows/empty/execute": answer("204 No Content", b""),
    "/api/workflows/queued/execute": answer("202 Accepted", {"success": True, "taskId": "t", "links": {"status": "/s"}}),
    "/api/workflows/job/execute": answer("202 Accepted", {"async": True, "data": {"runId": "r", "statusUrl": "/u"}}),
    "/api/workflows/denied/execute": answer("401 No", {"error": "Invalid key", "code": "INVALID_API_KEY: x"}),
    "/api/workflows/poor/execute": answer("402", {"error": {"message": "Pay", "code": "BILLING"}}),
    "/api/workflows/busy/execute": answer("429 Slow", {"error": "busy"}, "Retry-After: 0", *LIMITS),
    "/api/workflows/failed/execute": answer("500 Oh", {"success": False, "output": {"partial": 1}}),
    "/api/workflows/html/execute": answer("502", b"<html>\xff</html>"),
    "/api/workflows/odd/execute": answer("499", b""),
    "/api/workflows/broken/execute": answer("200 OK", b'{"success": tru'),
    "/api/workflows/latin/execute": answer("200 OK", b'{"success": true, "output": "caf\xe9"}'),
    "/api/workflows/away/execute": answer("307 Away", b"", "Location: http://elsewhere.invalid/x"),
    "/api/workflows/big/execute": answer("200 OK", {"success": True, "output": ["x" * 40] * 2000}),
    "/api/workflows/good/status": answer("200 OK", {"isDeployed": True, "deployedAt": "2025-01-01", "needsRedeployment": False}),
    "/api/workflows/list/status": answer("200 OK", [1]),
    "/api/workflows/gone/status": answer("404 Not Found", {"error": "Workflow not found"}),
    "/api/jobs/good": answer("200 OK", {"success": True, "taskId": "good", "status": "completed", "output": {"a": 1}}),
    "/api/users/me/usage-limits": answer(
        "200 OK",
        {"success": True, "rateLimit": {"sync": {"requestsPerMinute": 60}, "authType": "api"}, "usage": {"cost": 1.5}},
    ),
    "/api/workflows/stream/execute": stream(*CHUNKS, FINAL),
    "/api/workflows/reset/execute": stream(
        *CHUNKS, {"event": "chunk_reset", "blockId": "a"}, {"event": "thinking", "data": "hm"}, "no dict", FINAL
    ),
    "/api/workflows/canvas/execute": stream(
        {"type": "execution:started"},
        {"type": "stream:chunk", "data": {"blockId": "a", "chunk": "Hello"}},
        {"type": "execution:completed", "data": {"success": True, "output": {}, "duration": 5}},
    ),
    "/api/workflows/crash/execute": stream(*CHUNKS, {"event": "error", "error": "it broke"}),
    "/api/workflows/cut/execute": stream(*CHUNKS, end=""),
    "/api/workflows/dropped/execute": DROPPED,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/api/workflows/silent/execute":
            time.sleep(0.5)
            self.close_connection = True
            return
        self.wfile.write(ANSWERS[self.path])
        self.close_connection = ANSWERS[self.path] is DROPPED

    do_GET = do_POST


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that hangs up is no error."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()  # until torture.py is gone, however it went
