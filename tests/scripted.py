"""A scripted HTTP server for the tests: it answers what a test tells it to and keeps what it got."""

import json

from loopback import LoopbackServer, QuietHandler, answer_of, next_of


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class ScriptedServer:
    """Answers with the queued answers in turn; the last one stands for all further requests."""

    def __init__(self):
        self.requests = []
        self.answers = []
        script = self

        class Handler(QuietHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, self.headers, self.rfile.read(length))
                script.requests.append(request)
                self.send_answer(*next_of(script.answers))

            do_GET = do_POST = answer

        self.http = LoopbackServer(Handler).start()
        self.url = self.http.url

    def answer(self, body=None, status=200, **headers):
        """Queues an answer: a body of bytes as it is, anything else as JSON."""
        self.answers.append(answer_of(body, status, headers))
        return self

    def close(self):
        self.http.close()
