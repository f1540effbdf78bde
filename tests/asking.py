"""Requests to the local Sim server without a client of ours."""

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit


def ask(server, method, path, body=None, **headers):
    """One request: (status, headers, body as text)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("User-Agent", "test")
    text = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)) as connection:
        connection.request(method, path, text, named)
        with connection.getresponse() as answer:
            return answer.status, answer.headers, answer.read().decode()


def run(server, workflow_id="echo", body=None, **headers):
    return ask(server, "POST", "/api/workflows/%s/execute" % workflow_id, body or {}, **headers)
