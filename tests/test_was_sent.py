"""Whether anything of a failed call's request went out: what says that calling again is safe."""

import copy
import pickle
import socket
import subprocess
import sys

import pytest
import stalls
from errors import error_of
from runs import BODY, OUTPUT
from surroundings import without_proxies
from wire import READ, READ_HEAD, RESET, Wire, http

from simstudio import SimStudioClient, SimStudioError

BEFORE = {"connect", "TLS", "proxy"}


@pytest.mark.parametrize("phase", [phase for phase in stalls.PHASES if phase != "look-up"])
def test_a_timeout_tells(monkeypatch, phase):
    with stalls.PHASES[phase]() as stall, SimStudioClient("key", stall.url) as client:
        for name, value in stall.environment.items():
            monkeypatch.setenv(name, value)
        error = error_of(stalls.call, client, stall.kind, 0.25)
        if stall.wire:
            stall.wire.gate.set()
    assert (error.code, error.was_sent) == ("TIMEOUT", phase not in BEFORE)


def refused_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def test_nothing_was_sent_where_nobody_listens(monkeypatch):
    with SimStudioClient("key", "http://127.0.0.1:%d" % refused_port()) as client:
        for call in (client.execute_workflow, client.get_workflow_status):
            error = error_of(call, "wf")
            assert error.was_sent is False and str(error).endswith(": connection refused")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:%d" % refused_port())
    with SimStudioClient("key", "http://elsewhere.example") as client:
        error = error_of(client.execute_workflow, "wf")
        assert error.was_sent is False and str(error).endswith(": connection refused (the proxy)")


CROWDED = """
import resource, sys
from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient("key", sys.argv[1])
assert client.execute_workflow("wf").success
client.close()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
files = []
try:
    while True:
        files.append(open("/dev/null"))
except OSError:
    pass
try:
    client.execute_workflow("wf")
except SimStudioError as error:
    print(error.was_sent, error)
"""


def test_nothing_was_sent_where_no_file_can_be_opened():
    with Wire([READ, http(BODY), READ]) as wire:
        printed = subprocess.run([sys.executable, "-c", CROWDED, wire.url], stdout=subprocess.PIPE, env=without_proxies(),
                                 universal_newlines=True, check=True).stdout
    assert printed.startswith("False ") and printed.endswith(": too many open files in this process\n")
    assert wire.count(b"POST ") == 1


def test_nor_what_json_refuses(client, server):
    assert error_of(client.execute_workflow, "wf", {"n": float("nan")}).was_sent is False
    assert server.requests == []


def test_nor_to_whom_the_client_does_not_trust(context, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))  # nobody
    with Wire([READ], context=context) as wire, SimStudioClient("key", wire.url) as client:
        assert error_of(client.execute_workflow, "wf").was_sent is False
    assert wire.count(b"POST ") == 0


@pytest.mark.parametrize("kind", ["execute", "stream"])
@pytest.mark.parametrize("steps", [
    [READ, RESET],
    [READ_HEAD, RESET],
    [READ, http(b"{", status="200 OK")],
    [READ, http(b'{"error": "no"}', status="401 Unauthorized")],
    [READ, http(b"", "Location: http://other.invalid/", status="307 Moved")],
], ids=["reset", "reset in mid-request", "no JSON", "refused", "redirected"])
def test_a_request_that_reached_a_server_was_sent(kind, steps):
    with Wire(steps) as wire, SimStudioClient("key", wire.url) as client:
        assert error_of(stalls.call, client, kind, 10).was_sent is True


def test_one_that_found_its_connection_dead_was_sent_once_all_the_same():
    with Wire([READ, http(b'{"success": true, "output": 1}'), READ, RESET]) as wire:
        with SimStudioClient("key", wire.url) as client:
            assert client.execute_workflow("wf").output != OUTPUT
            assert error_of(client.execute_workflow, "wf").was_sent is True
    assert wire.count(b"POST ") == 2


def test_an_error_of_other_hands_does_not_tell():
    assert SimStudioError("made by a user").was_sent is None


def test_copies_tell_too(client, server):
    error = error_of(client.execute_workflow, "wf", {"n": float("nan")})
    assert copy.copy(error).was_sent is pickle.loads(pickle.dumps(error)).was_sent is False
