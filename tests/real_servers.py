"""Real servers, as a distribution packages them, each on loopback, in a folder of its own, with its own
configuration: nginx and tinyproxy. scripts/test-tools.sh installs them."""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

from waiting import PATIENCE_S, eventually

SEARCH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
    log_format seen '$server_port $server_protocol $ssl_protocol $connection $request_method $request_uri $status';
    access_log {folder}/access.log seen;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    client_max_body_size 64m;
{servers}
}}
"""

TINYPROXY = """\
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 60
MaxClients 20
LogLevel Info
LogFile "{folder}/proxy.log"
PidFile "{folder}/proxy.pid"
{more}
"""


def find(command):
    """The path of a command; skips the test where it is not installed."""
    path = shutil.which(command) or shutil.which(command, path=SEARCH)
    if path is None:
        import pytest  # not at the top: the benchmarks start nginx too, without pytest

        pytest.skip("%s is not installed" % command)
    return path


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A process with ports: `make(ports)` gives its command line. Tried again with other ports should
    somebody have taken one meanwhile."""

    def __init__(self, folder, count, make):
        self.folder = Path(folder)
        for _ in range(5):
            self.ports = free_ports(count)
            with open(str(self.folder / "output"), "wb") as output:
                self.process = subprocess.Popen(make(self.ports), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            if self._came_up():
                return
            self.stop()
        raise AssertionError(self.read("output") + self.read("error.log") + self.read("proxy.log"))

    def _came_up(self):
        return eventually(lambda: self.process.poll() is not None or all(map(is_listening, self.ports))) and (
            self.process.poll() is None)

    def read(self, name):
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nginx(Server):
    """`servers` is text in which <0>, <1>, ... stand for the ports."""

    def __init__(self, folder, servers, ports=1):
        program = find("nginx")
        configuration = Path(folder) / "nginx.conf"

        def make(chosen):
            text = NGINX.format(folder=folder, servers=servers)
            for number, port in enumerate(chosen):
                text = text.replace("<%d>" % number, str(port))
            configuration.write_text(text)
            return [program, "-p", str(folder), "-c", str(configuration)]

        super().__init__(folder, ports, make)

    def requests(self):
        """What the access log has of each request, as dicts; logged when it is over."""
        names = "port protocol tls connection method uri status".split()
        return [dict(zip(names, line.split())) for line in self.read("access.log").splitlines()]


class Tinyproxy(Server):
    def __init__(self, folder, more=""):
        program = find("tinyproxy")
        configuration = Path(folder) / "proxy.conf"

        def make(chosen):
            configuration.write_text(TINYPROXY.format(folder=folder, port=chosen[0], more=more))
            return [program, "-d", "-c", str(configuration)]

        super().__init__(folder, 1, make)

    def url(self, credentials=""):
        return "http://%s127.0.0.1:%d" % (credentials, self.ports[0])
