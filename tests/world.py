"""Every host there is: a forward proxy that answers for whatever name it is asked for.

http_proxy and https_proxy lead to it, so tests speak to sim.ai and to others, by http and by https,
and see what would have reached whom. Nothing leaves the machine."""

import collections
import ssl

import pytest
from loopback import LoopbackServer, QuietHandler, answer_of, next_of

PORTS = {"http": "80", "https": "443"}
NAMES = [
    prefix + name
    for name in ("sim.example", "sim.ai", "other.example", "sim.example.other.example")
    for prefix in ("", "www.")
]

Visit = collections.namedtuple("Visit", "method url headers body")


def origin_of(url):
    """scheme://host:port of a URL, in lower case."""
    scheme, rest = url.split("://")
    host = rest.split("/")[0].split("?")[0].lower()
    return "%s://%s" % (scheme, host if ":" in host else host + ":" + PORTS[scheme])


class Handler(QuietHandler):
    tunnel = ""  # scheme and host, once there is one

    def do_CONNECT(self):
        world = self.server.world
        world.connects.append(Visit("CONNECT", self.path, self.headers, b""))
        self.tunnel = "https://" + (self.path[:-4] if self.path.endswith(":443") else self.path)
        if origin_of(self.tunnel) in world.dead:
            self.send_error(502)
            return
        self.send_response_only(200)
        self.end_headers()
        try:
            self.connection = world.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def finish(self):
        super().finish()
        self.connection.close()  # a tunnel's end, which the server does not know

    def answer(self):
        world = self.server.world
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        visit = Visit(self.command, self.tunnel + self.path, self.headers, body)
        world.visits.append(visit)
        if origin_of(visit.url) in world.dead:
            self.send_error(502)
            return
        self.send_answer(*world.choose(visit))

    do_GET = do_POST = answer


class World:
    """`certificate`: what the hosts have; `own`: what the proxy itself has, if it is an https proxy."""

    def __init__(self, certificate, own=None):
        self.visits, self.connects, self.dead = [], [], set()
        self.answers = {}
        self.tls = certificate.context()
        self.http = LoopbackServer(Handler)
        self.http.world = self
        if own is not None:
            self.http.socket = own.context().wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = self.http.start().url

    def answer(self, origin, body=None, status=200, **headers):
        """Queues an answer of a host; its last one stands for all further requests. Nobody lives at a
        host without answers: 404."""
        self.answers.setdefault(origin_of(origin), []).append(answer_of(body, status, headers))
        return self

    def choose(self, visit):
        answers = self.answers.get(origin_of(visit.url))
        if not answers:
            return 404, {}, b'{"error": "nobody lives here"}'
        return next_of(answers)

    @property
    def urls(self):
        return [visit.url for visit in self.visits]

    def close(self):
        self.http.close()


@pytest.fixture(scope="session")
def world_certificate(authority):
    return authority.issue("world", NAMES)


@pytest.fixture
def world(world_certificate, authority, monkeypatch):
    made = World(world_certificate)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, made.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
    yield made
    made.close()
