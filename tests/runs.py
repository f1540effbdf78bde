"""The run that tests make over a Wire: what it sends, its output, and every kind of answer that has that output."""

import gzip
import json

from wire import chunked, http

from simstudio import SimStudioClient

LARGE = {"text": "a" * 3000000}  # content: more than the sockets between us hold
OUTPUT = {"done": [1, 2]}
BODY = json.dumps({"success": True, "output": OUTPUT}).encode()
GOOD = http(BODY)

ZIPPED = gzip.compress(BODY)
# An answer, and how many of its last bytes carry nothing: without them the body is whole all the
# same. That is the line feed behind the last chunk, whose loss libcurl does not report, and, where
# only the connection's end marks the body's, the checksum of gzip (and the bits before it that
# fill a byte): no client can know then that something is missing.
ANSWERS = {
    "content-length": (http(BODY), 0),
    "chunked": (chunked(BODY), 1),
    "chunked with a trailer": (chunked(BODY)[:-2] + b"X-Sum: 1\r\n\r\n", 1),
    "gzip": (http(ZIPPED, "Content-Encoding: gzip"), 0),
    "gzip and chunked": (chunked(ZIPPED, "Content-Encoding: gzip"), 1),
    "after an interim answer": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + http(BODY), 0),
    "HTTP/1.0 with a length": (http(BODY, version="1.0"), 0),
    "connection: close": (http(BODY, "Connection: close"), 0),
    "up to the end": (b"HTTP/1.0 200 OK\r\n\r\n" + BODY, 0),
    "gzip up to the end": (b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + ZIPPED, 9),
}


def execute(wire, timeout=10.0, workflow="wf", content=None):
    with SimStudioClient("key", wire.url) as client:
        return client.execute_workflow(workflow, content or {"n": 1}, timeout=timeout)
