"""HTTP/2: calls one after the other share a connection, though the server talks in between."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from frames import SETTINGS, framed, read_post
from libcurl import LARGE_IN_FRAMES
from runs import OUTPUT
from wire import Wire

from simstudio import SimStudioClient

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from server import Server  # type: ignore # noqa: E402

pytestmark = [
    pytest.mark.skipif(not shutil.which("nginx") or not shutil.which("openssl"), reason="needs nginx and openssl"),
    pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc, which shows the sockets"),
]


def open_sockets():
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink("/proc/self/fd/" + name))
        except OSError:  # that of the listing itself
            pass
    return {link for link in links if link.startswith("socket:")}


@pytest.fixture(scope="module")
def nginx():
    with Server({"wf": b'{"success": true, "output": 1}'}) as server:
        yield server


@pytest.mark.parametrize("way", ["plain", "tls", "http2"])
def test_calls_one_after_the_other_share_a_connection(nginx, way, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", nginx.authority)
    before = open_sockets()
    with SimStudioClient("key", nginx.urls[way]) as client:
        seen = []
        for _ in range(10):
            assert client.execute_workflow("wf", {"a": 1}).output == 1
            seen.append(open_sockets() - before)
    assert seen[0] and all(sockets == seen[0] for sockets in seen)  # a new one would have a number of its own


def test_a_slow_answer_without_a_length_leaves_the_connection_open(context):
    context.set_alpn_protocols(["h2"])
    steps = [read_post(1), SETTINGS, 0.15, framed("no length"), read_post(3), 0.15, framed("no length", stream=3)]
    with Wire(steps, context=context) as wire, SimStudioClient("key", wire.url) as client:
        for _ in range(2):
            assert client.execute_workflow("wf").output == OUTPUT
    assert len(wire.connections) == 1


def test_large_requests_have_a_connection_of_their_own_where_libcurl_is_old(nginx, monkeypatch):
    """One over HTTP/1.1, since before 8.1 libcurl may lose an early answer over HTTP/2."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", nginx.authority)
    before = open_sockets()
    with SimStudioClient("key", nginx.urls["http2"]) as client:
        seen = []
        for size in [1, 10000] * 3:
            assert client.execute_workflow("wf", {"a": "x" * size}).output == 1
            seen.append(len(open_sockets() - before))
    more = 0 if LARGE_IN_FRAMES else 1
    assert seen == [seen[0]] + [seen[0] + more] * 5
