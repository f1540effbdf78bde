"""What a user installs, tried where a user installs it. Too slow for `make test`: `make test-packages`.

SIMSTUDIO_DIST names the folder with the wheels and the source distribution.
"""

import shutil
import subprocess
import sys

import pytest
from installing import DIST, HERE, ROOT, Environment, tag_of
from loopback import LoopbackServer, QuietHandler

from simstudio.testing import SimServer

sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture(scope="session")
def interpreters():
    """The interpreter for each wheel, by its tag."""
    from build_wheels import find_interpreters

    return {"cp%d%d" % found.version[:2]: found.path for found in find_interpreters()}


@pytest.fixture(scope="session")
def make_environment(tmp_path_factory):
    def make(interpreter):
        return Environment(interpreter, tmp_path_factory.mktemp("environment") / "venv")

    return make


@pytest.fixture(scope="session")
def environments(interpreters, make_environment):
    """For each wheel an environment that has nothing else: made once, when it is asked for."""
    made = {}

    def environment_of(wheel):
        if wheel not in made:
            made[wheel] = make_environment(interpreters[tag_of(wheel)])
            made[wheel].pip("install", "--no-index", wheel)
        return made[wheel]

    return environment_of


@pytest.fixture(scope="session")
def sdist():
    (found,) = DIST.glob("*.tar.gz")
    return found


@pytest.fixture(scope="session")
def hide():
    """Puts a command where files are hidden: hide(command, mount options of hidden.sh...)."""
    command = ["unshare", "--mount", "--propagation", "private"]
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here")
    if subprocess.call([*command, "true"], stderr=subprocess.DEVNULL):
        command[1:1] = ["--user", "--map-root-user"]
        if subprocess.call([*command, "true"], stderr=subprocess.DEVNULL):
            pytest.skip("mount namespaces may not be made here")

    def hidden(inner, *options):
        return [*command, HERE / "hidden.sh", *options, "--", *inner]

    return hidden


@pytest.fixture
def sim():
    with SimServer(api_key="key") as server:
        yield server


class TlsHandler(QuietHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"success": true, "output": {"tls": "%s"}}' % self.connection.version().encode()
        self.send_answer(200, {}, body)

    do_GET = do_POST = answer


@pytest.fixture(scope="session")
def tls_url(authority):
    """An https server whose certificate the authority has issued."""
    certificate = authority.issue("localhost", ["localhost", "127.0.0.1"])
    http = LoopbackServer(TlsHandler)
    http.socket = certificate.context().wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    yield "https://localhost:%d" % http.start().port
    http.close()
