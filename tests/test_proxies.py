"""Proxies out of the environment: which one, what it gets to see, and how it fails."""

import base64
import os
import socket
import socketserver
import threading

import pytest
import requests.utils
from errors import error_of
from real_servers import Nginx, Tinyproxy
from world import World

from simstudio import SimStudioClient

KEY = "sk-sim-Zq7.secret"
PASSWORD = "hunter2Zq7"
DONE = {"success": True, "output": "done"}
PATIENCE_S = 30
NAMES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("REQUEST_METHOD", raising=False)


@pytest.fixture
def proxy(world_certificate, authority, monkeypatch):
    """A proxy that answers for every host, and is in no variable yet."""
    made = World(world_certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
    yield made
    made.close()


def run(base, **options):
    return SimStudioClient(KEY, base).execute_workflow("wf", {"a": 1}, **options)


def basic(credentials):
    return "Basic " + base64.b64encode(credentials.encode()).decode()


# ---- which one ----

# The proxies of a row are told apart by their user. Direct calls meet nobody: nothing is at 127.0.0.77, and names
# below .localhost are its.
HTTP, HTTPS = "http://127.0.0.77", "https://127.0.0.77"
NAME = "http://api.sim.localhost"

CHOICES = [
    (HTTP, {}, None),
    (HTTP, {"http_proxy": "a"}, "a"),
    (HTTP, {"HTTP_PROXY": "a"}, "a"),
    (HTTP, {"http_proxy": "a", "HTTP_PROXY": "b"}, "a"),
    (HTTP, {"https_proxy": "a", "HTTPS_PROXY": "b"}, None),
    (HTTP, {"all_proxy": "a"}, "a"),
    (HTTP, {"ALL_PROXY": "a"}, "a"),
    (HTTP, {"http_proxy": "a", "all_proxy": "b"}, "a"),
    (HTTP, {"HTTP_PROXY": "a", "all_proxy": "b"}, "a"),
    (HTTP, {"http_proxy": "", "HTTP_PROXY": "a"}, None),
    (HTTP, {"http_proxy": "", "all_proxy": "a"}, "a"),
    (HTTP, {"HTTP_PROXY": "", "ALL_PROXY": "a"}, "a"),
    (HTTP, {"all_proxy": "", "ALL_PROXY": "a"}, None),
    (HTTP, {"HTTP_PROXY": "a", "REQUEST_METHOD": "GET"}, None),
    (HTTP, {"http_proxy": "a", "REQUEST_METHOD": "GET"}, "a"),
    (HTTP, {"HTTP_PROXY": "a", "ALL_PROXY": "b", "REQUEST_METHOD": ""}, "b"),
    (HTTPS, {"https_proxy": "a"}, "a"),
    (HTTPS, {"HTTPS_PROXY": "a"}, "a"),
    (HTTPS, {"https_proxy": "a", "HTTPS_PROXY": "b"}, "a"),
    (HTTPS, {"HTTPS_PROXY": "a", "REQUEST_METHOD": "GET"}, "a"),
    (HTTPS, {"http_proxy": "a", "HTTP_PROXY": "b"}, None),
    (HTTPS, {"http_proxy": "a", "all_proxy": "b"}, "b"),
    # Addresses.
    (HTTP, {"no_proxy": "127.0.0.77"}, None),
    (HTTP, {"NO_PROXY": "127.0.0.77"}, None),
    (HTTP, {"no_proxy": "", "NO_PROXY": "127.0.0.77"}, None),
    (HTTP, {"no_proxy": "x", "NO_PROXY": "127.0.0.77"}, "a"),
    (HTTP, {"no_proxy": "127.0.0.7"}, "a"),
    (HTTP, {"no_proxy": "0.77"}, None),
    (HTTP, {"no_proxy": "7"}, "a"),
    (HTTP + ":8001", {"no_proxy": "127.0.0.77:8001"}, "a"),
    (HTTP + ":8001", {"no_proxy": "127.0.0.77"}, None),
    (HTTP, {"no_proxy": "127.0.0.0/8"}, None),
    (HTTP, {"no_proxy": "127.0.0.76/31"}, None),
    (HTTP, {"no_proxy": "127.0.0.78/31"}, "a"),
    (HTTP, {"no_proxy": "127.0.0.77/32"}, None),
    (HTTP, {"no_proxy": "127.0.0.76/32"}, "a"),
    (HTTP, {"no_proxy": "10.0.0.0/8,127.0.0.64/27"}, None),
    (HTTP, {"no_proxy": "127.0.0.0/33"}, "a"),
    (HTTP, {"no_proxy": "127.0.0.0/0"}, "a"),
    (HTTP, {"no_proxy": "127.0.0.77/0"}, "a"),
    (HTTP, {"no_proxy": "127.0.0.0/x"}, "a"),
    (HTTP, {"no_proxy": "127.0.0.0/"}, "a"),
    (HTTP, {"no_proxy": "nothing/8"}, "a"),
    (HTTPS, {"no_proxy": "127.0.0.77"}, None),
    # All.
    (NAME, {"no_proxy": "*"}, None),
    (NAME, {"no_proxy": "x,*"}, "a"),
    (HTTP, {"no_proxy": "*"}, None),
    # Names.
    (NAME, {"no_proxy": "api.sim.localhost"}, None),
    (NAME, {"no_proxy": "sim.localhost"}, None),
    (NAME, {"no_proxy": ".sim.localhost"}, None),
    (NAME, {"no_proxy": "..sim.localhost"}, None),
    (NAME, {"no_proxy": ".api.sim.localhost"}, None),
    (NAME, {"no_proxy": "localhost"}, None),
    (NAME, {"no_proxy": ".im.localhost"}, "a"),
    (NAME, {"no_proxy": "other.localhost"}, "a"),
    (NAME, {"no_proxy": "my.api.sim.localhost"}, "a"),
    (NAME, {"no_proxy": "SIM.localhost"}, None),
    ("http://API.sim.LOCALHOST", {"no_proxy": "api.sim.localhost"}, None),
    (NAME, {"no_proxy": "x, sim.localhost ,y"}, None),
    (NAME, {"no_proxy": "x sim.localhost"}, "a"),
    (NAME, {"no_proxy": ",,"}, "a"),
    (NAME, {"no_proxy": "sim.localhost:80"}, "a"),
    (NAME + ":80", {"no_proxy": "sim.localhost:80"}, None),
    (NAME + ":8001", {"no_proxy": "sim.localhost:8001"}, None),
    (NAME + ":8001", {"no_proxy": "sim.localhost:800"}, "a"),
    (NAME + ":8001", {"no_proxy": "sim.localhost"}, None),
    (NAME, {"no_proxy": "127.0.0.0/8"}, "a"),
    (NAME, {"no_proxy": "x" * 300 + ".sim.localhost"}, "a"),
    # IPv6.
    ("http://[::1]:1", {"no_proxy": "::1"}, None),
    ("http://[::1]:1", {"no_proxy": "[::1]"}, "a"),
    ("http://[::1]:1", {"no_proxy": "::2"}, "a"),
]


def user_of(visits):
    """The user that a proxy was asked by; None: it was not asked."""
    if not visits:
        return None
    return base64.b64decode(visits[-1].headers["Proxy-Authorization"].split()[1]).decode().rstrip(":")


@pytest.mark.parametrize("base, environment, chosen", CHOICES)
def test_the_proxy_is_the_one_that_requests_would_take(proxy, monkeypatch, base, environment, chosen):
    if any(name.lower() == "no_proxy" for name in environment):
        environment = dict(environment, all_proxy="a")
    for name, value in environment.items():
        is_proxy = value and name.lower() not in ("no_proxy", "request_method")
        monkeypatch.setenv(name, proxy.url.replace("://", "://%s:@" % value) if is_proxy else value)
    theirs = requests.utils.select_proxy(base + "/x", requests.utils.get_environ_proxies(base + "/x"))
    assert (theirs or "//None:").split("//")[1].split(":")[0] == str(chosen)
    proxy.dead.update({"https://127.0.0.77:443"})
    error_of(run, base, timeout=PATIENCE_S)  # by the proxy's answer, or since nobody is there
    assert user_of(proxy.visits + proxy.connects) == chosen


@pytest.mark.parametrize("entry", ["im.localhost", "i.sim.localhost", "pi.sim.localhost"])
def test_the_end_of_a_name_is_exempt_only_at_a_dot(proxy, monkeypatch, entry):
    """As in requests from 2.34 on; before, it took any end."""
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", entry)
    proxy.answer(NAME, DONE)
    assert run(NAME).output == "done"


def test_the_environment_is_read_at_each_call(proxy, server, monkeypatch):
    server.answer(DONE)
    proxy.answer(server.url, DONE)
    client = SimStudioClient(KEY, server.url)
    for url, visits in ((None, 0), (proxy.url, 1), (None, 1), (proxy.url, 2)):
        monkeypatch.setenv("http_proxy", url) if url else monkeypatch.delenv("http_proxy", raising=False)
        client.execute_workflow("wf")
        assert len(proxy.visits) == visits
    assert len(server.requests) == 2


def test_and_not_again_during_a_call(proxy, monkeypatch):
    """A redirect is decided while other threads run, which may be changing the environment."""
    class Changing(dict):
        def items(self):  # as the proxy writes its answer
            os.environ["http_proxy"] = "http://127.0.0.77:9"
            return super().items()

    monkeypatch.setenv("http_proxy", proxy.url)
    path = "/v1/api/workflows/wf/execute"
    proxy.answers["http://sim.example:80"] = [(307, Changing(Location=path), b""), (200, {}, b'{"success": true}')]
    assert run("http://sim.example").success
    assert proxy.urls[1] == "http://sim.example" + path
    error_of(run, "http://sim.example")
    assert len(proxy.visits) == 2


@pytest.mark.parametrize("redirected, exempt", [(False, "www.sim.localhost"), (True, "www.sim.localhost")])
def test_each_hop_has_its_own_proxy(proxy, server, monkeypatch, redirected, exempt):
    """From a host behind the proxy to one that is not: the proxy's credentials stay behind."""
    port = server.http.port
    first, second = "http://sim.localhost:%d" % port, "http://www.sim.localhost:%d" % port
    monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://user:pass@"))
    monkeypatch.setenv("no_proxy", exempt)
    server.answer(DONE)
    proxy.answer(first, {}, 307, Location=second + "/api/workflows/wf/execute")
    assert run(first if redirected else second).output == "done"
    assert [visit.headers["Proxy-Authorization"] for visit in proxy.visits] == [basic("user:pass")] * redirected
    assert [(r.headers["Proxy-Authorization"], r.headers["X-API-Key"]) for r in server.requests] == [(None, KEY)]


# ---- what it sees ----


@pytest.mark.parametrize("written, sent", [
    ("user:pass", "user:pass"), ("us%40er:p%3Aa%2fss", "us@er:p:a/ss"), ("user:p@ss", "user:p@ss"),
    ("user:pa%zzss%", "user:pa%zzss%"), ("user:", "user:"),
    ("user", "user:"), (":pass", ":pass"), ("user:" + "x" * 3000, "user:" + "x" * 3000),
])
@pytest.mark.parametrize("base", ["http://sim.example", "https://sim.example"])
def test_credentials_go_to_the_proxy_alone(proxy, monkeypatch, base, written, sent):
    monkeypatch.setenv(base[:5].rstrip(":") + "_proxy", proxy.url.replace("://", "://%s@" % written))
    proxy.answer(base, DONE)
    client = SimStudioClient(KEY, base)
    for _ in range(2):
        assert client.execute_workflow("wf").output == "done"
    assert {visit.headers["X-API-Key"] for visit in proxy.visits} == {KEY}
    if base.startswith("https"):
        (connect,) = proxy.connects  # what the proxy sees; the visits were in the tunnel
        assert connect.headers["Proxy-Authorization"] == basic(sent)
        assert connect.headers["X-API-Key"] is None and KEY not in str(connect)
        assert {name.lower() for name in connect.headers} <= {"host", "user-agent", "proxy-authorization", "proxy-connection"}
        assert [visit.headers["Proxy-Authorization"] for visit in proxy.visits] == [None] * 2
    else:
        assert [visit.headers["Proxy-Authorization"] for visit in proxy.visits] == [basic(sent)] * 2
    assert [visit.headers["Authorization"] for visit in proxy.visits] == [None] * 2


def test_credentials_of_one_proxy_do_not_go_to_the_next(proxy, monkeypatch):
    proxy.answer("http://sim.example", DONE)
    client = SimStudioClient(KEY, "http://sim.example")
    for credentials in ("user:pass@", "", "other:word@", ""):
        monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://" + credentials))
        client.execute_workflow("wf")
    sent = [visit.headers["Proxy-Authorization"] for visit in proxy.visits]
    assert sent == [basic("user:pass"), None, basic("other:word"), None]


def test_what_a_tunnel_leads_to_is_verified(proxy, monkeypatch, tmp_path_factory):
    """The proxy could be anybody's; here it has no certificate for that name."""
    monkeypatch.setenv("https_proxy", proxy.url)
    error = error_of(run, "https://unknown.example")
    assert "unknown.example" in str(error) and "set REQUESTS_CA_BUNDLE" in str(error)
    assert (len(proxy.connects), proxy.visits) == (1, [])


# ---- real ones ----


@pytest.fixture(scope="module")
def nginx(tmp_path_factory, authority):
    """https://127.0.0.1, which answers every call by itself."""
    certificate = authority.issue("nginx", ["127.0.0.1"])
    folder = tmp_path_factory.mktemp("nginx")
    made = Nginx(folder, """
        server {{
            listen 127.0.0.1:<0> ssl http2;
            ssl_certificate {0.file};
            ssl_certificate_key {0.key};
            location / {{ default_type application/json; return 200 '{{"success": true, "output": "$http_x_api_key"}}'; }}
        }}""".format(certificate))
    yield made
    made.stop()


@pytest.fixture(scope="module", params=["open", "with a password"])
def tinyproxy(request, tmp_path_factory):
    credentials = "" if request.param == "open" else "user:%s@" % PASSWORD
    more = 'BasicAuth user %s\n' % PASSWORD if credentials else ""
    made = Tinyproxy(tmp_path_factory.mktemp("tinyproxy"), more)
    made.credentials = credentials
    yield made
    made.stop()


def test_tinyproxy_forwards_plain_http(tinyproxy, server, monkeypatch):
    monkeypatch.setenv("http_proxy", tinyproxy.url(tinyproxy.credentials))
    server.answer(DONE)
    client = SimStudioClient(KEY, server.url)
    assert client.execute_workflow("wf", {"a": 1}).output == "done"
    assert client.get_job_status("job") == DONE
    for request in server.requests:
        assert "tinyproxy" in request.headers["Via"]
        assert (request.headers["X-API-Key"], request.headers["Proxy-Authorization"]) == (KEY, None)


def test_tinyproxy_tunnels_to_tls(tinyproxy, nginx, authority, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
    monkeypatch.setenv("HTTPS_PROXY", tinyproxy.url(tinyproxy.credentials))
    client = SimStudioClient(KEY, "https://127.0.0.1:%d" % nginx.ports[0])
    before = tinyproxy.read("proxy.log").count("CONNECT 127.0.0.1:%d" % nginx.ports[0])
    assert [client.execute_workflow("wf").output for _ in range(3)] == [KEY] * 3
    log = tinyproxy.read("proxy.log")
    assert log.count("CONNECT 127.0.0.1:%d" % nginx.ports[0]) == before + 1  # one tunnel for all
    assert KEY not in log and PASSWORD not in log


@pytest.mark.parametrize("credentials", ["", "user:wrong@", "nobody:%s@" % PASSWORD])
def test_tinyproxy_wants_its_password(tinyproxy, nginx, server, authority, monkeypatch, credentials):
    if not tinyproxy.credentials:
        return  # lets everybody in
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
    monkeypatch.setenv("all_proxy", tinyproxy.url(credentials))
    server.answer(DONE)
    error = error_of(SimStudioClient(KEY, server.url).get_job_status, "job")
    status = 401 if credentials else 407  # as tinyproxy has it
    assert error.status == status and str(error).startswith("HTTP %d: " % status)
    # It does not read the body before it answers and hangs up, which may cut its answer short.
    assert error_of(run, server.url).status in (status, None)
    error = error_of(run, "https://127.0.0.1:%d" % nginx.ports[0])
    assert (error.code, error.status) == ("EXECUTION_ERROR", None) and str(status) in str(error)
    assert "may have happened" not in str(error)
    assert server.requests == []


# ---- failures ----


def raw_server(answer):
    """Gives every connection that answer, and hangs up."""
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            received = b""
            while b"\r\n\r\n" not in received:
                received += self.request.recv(65536) or b"\r\n\r\n"
            self.server.received.append(received)
            self.request.sendall(answer)

    made = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads, made.received = True, []
    made.url = "http://user:%s@127.0.0.1:%d" % (PASSWORD, made.server_address[1])
    threading.Thread(target=made.serve_forever, args=(0.005,), daemon=True).start()
    return made


@pytest.mark.parametrize("answer", [
    b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\n\r\n", b"nonsense\r\n\r\n",
    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<h1>Bad Gateway</h1>", b"HTTP/1.1 200 OK\r\n\r\nno TLS",
    b"HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n",
])
def test_a_tunnel_that_cannot_be_had_is_an_error_and_no_doubt(answer, monkeypatch):
    """Nothing of the request has gone out: the run cannot have happened."""
    proxy = raw_server(answer)
    try:
        monkeypatch.setenv("https_proxy", proxy.url)
        error = error_of(run, "https://sim.example")
        assert (error.code, error.status, error.details) == ("EXECUTION_ERROR", None, None)
        assert str(error).startswith("Failed to execute workflow: ")
        assert "may have happened" not in str(error) and PASSWORD not in str(error)
        assert len(proxy.received) == 1 and KEY.encode() not in proxy.received[0]
    finally:
        proxy.shutdown()
        proxy.server_close()


def test_a_proxy_that_hangs_up_on_a_request_leaves_doubt(monkeypatch):
    """Plain http: the request itself went to the proxy."""
    proxy = raw_server(b"")
    try:
        monkeypatch.setenv("http_proxy", proxy.url)
        error = error_of(run, "http://sim.example")
        assert error.code == "EXECUTION_ERROR" and "the run may have happened" in str(error)
        assert len(proxy.received) == 1 and PASSWORD not in str(error)
    finally:
        proxy.shutdown()
        proxy.server_close()


@pytest.mark.parametrize("base", ["http://sim.example", "https://sim.example"])
def test_a_proxy_that_is_not_there_is_an_error(monkeypatch, base):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("all_proxy", "http://user:%s@127.0.0.1:%d" % (PASSWORD, closed.getsockname()[1]))
        error = error_of(run, base)
    assert error.code == "EXECUTION_ERROR" and "127.0.0.1" in str(error)
    assert "may have happened" not in str(error) and PASSWORD not in str(error)


def test_a_proxy_that_says_nothing_is_a_timeout(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:%d" % silent.getsockname()[1])
        error = error_of(run, "https://sim.example", timeout=(0.3, PATIENCE_S))
    assert error.code == "TIMEOUT"


@pytest.mark.parametrize("written", [
    "ftp://user:{0}@127.0.0.1:1", "file:///user:{0}@x", "socks9://user:{0}@127.0.0.1:1", "http://user:{0}@127.0.0.1:99999",
    "http://user:{0}@127.0.0.1:http", "http://user:{0}/x@127.0.0.1:1", "http://user:{0}#x@127.0.0.1:1", "http://user:{0}@",
    "http://user:{0} @127.0.0.1:1", "http://user:{0}\t@127.0.0.1:1", "http://user:{0}@[::1", "user:{0}@:1",
    "http://us%00er:{0}@127.0.0.1:1", "http://user:{0}\\@127.0.0.1:1", "http://", "://user:{0}@127.0.0.1:1",
])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_no_url_is_refused_without_showing_it(monkeypatch, written, scheme):
    monkeypatch.setenv("all_proxy", written.format(PASSWORD))
    error = error_of(run, scheme + "://sim.example")
    assert error.code == "EXECUTION_ERROR" and PASSWORD not in str(error)
    assert ": The proxy that the environment names for %s cannot be used: " % scheme in str(error)


# ---- other kinds ----


def test_a_proxy_by_tls_is_verified_too(world_certificate, authority, tmp_path_factory, monkeypatch):
    certificate = authority.issue("tls-proxy", ["127.0.0.1"])
    proxy = World(world_certificate, certificate)
    try:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http:", "https:"))
        proxy.answer("http://sim.example", DONE)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", world_certificate.file)  # no authority
        error = error_of(run, "http://sim.example")
        assert "checked against REQUESTS_CA_BUNDLE" in str(error) and proxy.visits == []
        assert "may have happened" not in str(error)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
        assert run("http://sim.example").output == "done"
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
        monkeypatch.setenv("SSL_CERT_DIR", authority.directory)
        assert run("http://sim.example").output == "done"
        assert len(proxy.visits) == 2
    finally:
        proxy.close()


class Socks(socketserver.ThreadingTCPServer):
    """SOCKS 5. Notes what each client offers, says of itself, and asks for; leads all to one server."""

    daemon_threads = True

    def __init__(self, target, user=None, password=None):
        super().__init__(("127.0.0.1", 0), SocksHandler)
        self.target, self.login = target, (user, password)
        self.logins, self.asked = [], []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()


class SocksHandler(socketserver.StreamRequestHandler):
    def field(self):
        return self.rfile.read(self.rfile.read(1)[0]).decode()

    def handle(self):
        assert self.rfile.read(1) == b"\x05"
        offered = self.field()
        wants_login = self.server.login[0] is not None
        method = chr(2 if wants_login else 0)
        if method not in offered:
            self.wfile.write(b"\x05\xff")
            return
        self.wfile.write(b"\x05" + method.encode())
        if wants_login:
            assert self.rfile.read(1) == b"\x01"
            self.server.logins.append((self.field(), self.field()))
            is_right = self.server.logins[-1] == self.server.login
            self.wfile.write(b"\x01" + (b"\x00" if is_right else b"\x01"))
            if not is_right:
                return
        assert self.rfile.read(3) == b"\x05\x01\x00"
        kind = self.rfile.read(1)
        if kind == b"\x03":
            host = self.field()
        else:
            family, length = {b"\x01": (socket.AF_INET, 4), b"\x04": (socket.AF_INET6, 16)}[kind]
            host = socket.inet_ntop(family, self.rfile.read(length))
        self.rfile.read(2)
        self.server.asked.append(host)
        self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
        with socket.create_connection(self.server.target) as onward:
            backward = threading.Thread(target=self.pump, args=(onward, self.connection), daemon=True)
            backward.start()
            self.pump(self.connection, onward)
            onward.shutdown(socket.SHUT_RDWR)
            backward.join()

    @staticmethod
    def pump(source, sink):
        try:
            data = source.recv(65536)
            while data:
                sink.sendall(data)
                data = source.recv(65536)
        except OSError:
            pass


@pytest.fixture
def socks(server):
    opened = []

    def open_one(*login):
        opened.append(Socks(server.http.server_address, *login))
        return opened[-1]

    yield open_one
    for each in opened:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme, asked", [
    ("socks5", ["127.0.0.1", "::1"]),  # the name is looked up here
    ("socks5h", ["sim.localhost"]),  # and there
    ("SOCKS5H", ["sim.localhost"]),
])
def test_socks_5(server, socks, monkeypatch, variable, scheme, asked):
    proxy = socks()
    server.answer(DONE)
    monkeypatch.setenv(variable, "%s://127.0.0.1:%d" % (scheme, proxy.port))
    client = SimStudioClient(KEY, "http://sim.localhost:9")
    for _ in range(2):
        assert client.execute_workflow("wf").output == "done"
    assert len(proxy.asked) == 1 and proxy.asked[0] in asked
    assert [request.headers["X-API-Key"] for request in server.requests] == [KEY] * 2


def test_socks_5_with_a_password(server, socks, monkeypatch):
    proxy = socks("us@er", "p:ss")
    server.answer(DONE)
    monkeypatch.setenv("all_proxy", "socks5h://us%%40er:p%%3ass@127.0.0.1:%d" % proxy.port)
    assert run("http://sim.localhost:9").output == "done"
    assert proxy.logins == [("us@er", "p:ss")]
    assert [name for name in server.requests[0].headers if "auth" in name.lower()] == []
    for wrong in ("user:%s@" % PASSWORD, ""):
        monkeypatch.setenv("all_proxy", "socks5h://%s127.0.0.1:%d" % (wrong, proxy.port))
        error = error_of(run, "http://sim.localhost:9")
        assert error.code == "EXECUTION_ERROR" and PASSWORD not in str(error)
        assert "may have happened" not in str(error)
    assert len(server.requests) == 1
