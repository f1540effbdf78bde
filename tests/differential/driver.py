"""Runs the scenarios with the `simstudio` that is importable, and prints what became of each: a line
of JSON with the requests that the server saw, the outcome, and the rate limit.

Run by test_differential.py, once for each SDK. The argument is a file that the lines go to.
"""

import gzip
import json
import os
import random
import re
import socket
import sys
import threading
import time

from loopback import LoopbackServer, QuietHandler

import simstudio
from differential.scenarios import all_scenarios

LONGEST_HANG_S = 20
LONG_WAIT_S = 15  # the longest that a busy machine may take over what is no wait


class Handler(QuietHandler):
    def serve(self):
        script = self.server.script
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        script.requests.append({
            "place": self.server.name, "method": self.command, "path": self.path, "body": body.decode("latin-1"),
            "headers": {name.lower(): value for name, value in self.headers.items()},
        })
        answers = script.answers
        self.give(answers.pop(0) if len(answers) > 1 else answers[0])

    do_GET = do_POST = serve

    def give(self, answer):
        body, headers = answer.body, [(name, self.server.script.places_in(value)) for name, value in answer.headers]
        if answer.way == "hang":
            self.server.script.over.wait(LONGEST_HANG_S)
        if answer.way in ("hang", "closed", "bytes"):
            if answer.way == "bytes":
                self.wfile.write(body)
            self.close_connection = True
            return
        if answer.way == "gzip":
            body, headers = gzip.compress(body), headers + [("Content-Encoding", "gzip")]
        reason = {"own-reason": "Nothing Here", "no-reason": ""}.get(answer.way)
        self.send_response(answer.status, reason)
        for name, value in headers:
            self.send_header(name, value)
        if answer.way != "no-body":
            self.send_header("Content-Length", str(len(body) + (9 if answer.way == "truncated" else 0)))
        self.end_headers()
        self.wfile.write(body)
        if answer.way == "truncated":
            self.close_connection = True


class Script:
    """The two servers, what they answer next, and what they were asked."""

    def __init__(self):
        self.requests, self.answers, self.over = [], [], threading.Event()
        self.servers = [self.serve(name) for name in ("server", "elsewhere")]
        with socket.create_server(("127.0.0.1", 0)) as unused:
            nobody = unused.getsockname()[1]
        ports = [("server", self.servers[0].port), ("elsewhere", self.servers[1].port), ("nobody", nobody)]
        self.places = {name: "http://127.0.0.1:%d" % port for name, port in ports}
        self.ports = ports

    def serve(self, name):
        server = LoopbackServer(Handler)
        server.name, server.script = name, self
        return server.start()

    def places_in(self, text):
        return text.replace("{elsewhere}", self.places["elsewhere"])

    def plain(self, text):
        """Text without what differs from run to run."""
        for name, port in self.ports:
            text = text.replace("127.0.0.1:%d" % port, "{%s}" % name).replace("port=%d" % port, "port={%s}" % name)
        return re.sub(r"0x[0-9a-f]+", "0x…", text)


def describe_error(error, plain):
    kind = type(error)
    facts = {"class": kind.__name__, "args": plain(repr(error.args))}
    if isinstance(error, simstudio.SimStudioError):
        facts["code"], facts["status"] = repr(error.code), repr(error.status)
    return facts


def describe_value(value, plain):
    if type(value).__module__.startswith("simstudio"):
        facts = {name: plain(repr(getattr(value, name))) for name in type(value).__annotations__}
        return dict(facts, **{"class": type(value).__name__})
    return {"class": type(value).__name__, "value": plain(repr(value))}


def run(scenario, script):
    del script.requests[:]
    script.answers, script.over = list(scenario.answers), threading.Event()
    client = simstudio.SimStudioClient("key", script.places["server"])
    planned = []
    # A wait of the pure-Python SDK is noted, not waited; the native one's cannot be.
    time.sleep = planned.append
    began = time.monotonic()
    try:
        outcome = describe_value(scenario.call(client, script.places), script.plain)
    except Exception as error:
        outcome = describe_error(error, script.plain)
    waited = time.monotonic() - began + sum(planned)
    script.over.set()
    limit = repr(client.get_rate_limit_info())
    client.close()
    for request in script.requests:
        for name, value in request["headers"].items():
            request["headers"][name] = script.plain(value)
    outcome["waited long"] = repr(waited > LONG_WAIT_S)
    return {"name": scenario.name, "requests": script.requests, "outcome": outcome, "rate limit": limit}


def main():
    script = Script()
    random.seed(7)
    os.environ["NETRC"] = os.devnull
    with open(sys.argv[1], "w", encoding="utf-8") as lines:
        lines.write(json.dumps({"package": simstudio.__file__, "version": simstudio.__version__}) + "\n")
        for scenario in all_scenarios():
            lines.write(json.dumps(run(scenario, script)) + "\n")


if __name__ == "__main__":
    main()
