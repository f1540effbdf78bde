"""The fixtures that most tests use: servers, clients of them, and what is begun before the first test."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from certificates import Authority
from libcurl import LARGE_IN_FRAMES
from real_servers import find
from scripted import ScriptedServer
from streaming import StepServer

from simstudio import SimStudioClient
from simstudio.testing import SimServer

pytest_plugins = ["world"]  # fixtures of its own file
pytest.register_assert_rewrite("errors")  # so that what fails there shows its values

ROOT = Path(__file__).resolve().parent.parent

# What `make test-packages` runs, and test_other_libcurls.py.
collect_ignore = [] if "SIMSTUDIO_DIST" in os.environ else ["packaging"]
collect_ignore += [] if LARGE_IN_FRAMES else ["test_early_frames.py"]

# A shell's background job ignores Ctrl-C, and so would whatever it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def server():
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def client(server):
    with SimStudioClient("test-key", server.url) as made:
        yield made


@pytest.fixture
def steps():
    """A server that answers step by step."""
    server = StepServer()
    yield server
    server.close()


@pytest.fixture
def step_client(steps):
    """A client of that server."""
    with SimStudioClient("test-key", steps.url) as made:
        yield made


@pytest.fixture
def sim():
    """A local Sim server."""
    with SimServer() as server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The authority that the tests' servers have their certificates from."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    return Authority(tmp_path_factory.mktemp("authorities") / "ours")


@pytest.fixture
def context(authority, loopback_certificate, monkeypatch):
    """The TLS of servers on 127.0.0.1, which clients are told to trust."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
    return loopback_certificate.context()


@pytest.fixture(scope="session")
def loopback_certificate(authority):
    return authority.issue("loopback", ["127.0.0.1"])


@pytest.fixture(scope="session")
def preload(tmp_path_factory):
    """preload("paths") is an LD_PRELOAD that has tests/paths.c in it, compiled."""

    def compiled(name):
        library = str(folder / (name + ".so"))
        source = str(Path(__file__).with_name(name + ".c"))
        subprocess.run([find("cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        return ":".join(filter(None, [os.environ.get("LD_PRELOAD"), library]))

    if not sys.platform.startswith("linux"):
        pytest.skip("LD_PRELOAD is Linux's")
    folder = tmp_path_factory.mktemp("preloaded")
    return compiled


@pytest.fixture(scope="session")
def tracked():
    """The names of the files of the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=str(ROOT), stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, universal_newlines=True)
    if listed.returncode or not listed.stdout:  # or a copy inside an ignored folder of one
        pytest.skip("this is no checkout of git")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session", autouse=True)
def long_waits(request):
    """The running long_waits.py; begun before the first test, since it takes half a minute."""
    if not any(item.path.name == "test_long_waits.py" for item in request.session.items):
        yield None
        return
    script = str(Path(__file__).parent / "long_waits.py")
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, encoding="utf-8")
    yield process
    process.kill()
    process.communicate()
