"""Forward a streamed run to a browser, event by event, as a WSGI application.

    SIM_API_KEY=... PORT=8000 python examples/forward_wsgi.py
    curl -N http://127.0.0.1:8000/
"""

import json
import os
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient(os.getenv("SIM_API_KEY"), os.getenv("SIM_BASE_URL", "https://sim.ai"))


def server_sent_event(raw):
    return b"data: %s\n\n" % raw.encode("utf-8")


def events(stream):
    """The bytes for the browser. When it leaves, the server closes this generator, which closes
    the stream."""
    with stream:
        try:
            for event in stream:
                yield server_sent_event(event.raw)  # as it came: nothing is encoded again
        except SimStudioError as error:
            if error.code != "EXECUTION_ERROR":  # which the last event has told already
                yield server_sent_event(json.dumps({"event": "error", "error": str(error)}))


def application(environ, start_response):
    stream = client.stream_workflow(
        "workflow-id", {"message": "Generate a story"}, selected_outputs=["agent1.content"]
    )
    try:
        stream.__enter__()  # sends the request: a failure before the stream need not be a 200
    except SimStudioError as error:
        start_response("502 Bad Gateway", [("Content-Type", "application/json")])
        return [json.dumps({"error": str(error), "code": error.code}).encode("utf-8")]
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")])
    return events(stream)


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    port = int(os.getenv("PORT", "0"))
    with make_server("127.0.0.1", port, application, server_class=Server) as server:
        print("http://127.0.0.1:%d/" % server.server_port, flush=True)
        server.serve_forever()
