"""nginx with fixed answers on loopback, so that the client is what is measured.

Owns a directory of its own under the temporary one: configuration, answers, a throw-away
certificate. The system's nginx configuration is neither read nor written."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from certificates import Authority  # noqa: E402
from real_servers import Nginx  # noqa: E402

CONFIGURATION = """
    server {
        listen 127.0.0.1:<0>;
        listen 127.0.0.1:<1> ssl;
        listen 127.0.0.1:<2> ssl http2;
        ssl_certificate %(certificate)s;
        ssl_certificate_key %(key)s;
        access_log off;
        sendfile on;
        tcp_nopush on;
        keepalive_timeout 600s;
        keepalive_requests 1000000000;
        client_max_body_size 256m;
        client_body_buffer_size 64m;
        root %(root)s;
        default_type application/json;
        # A static file answers no POST, but the page of an error is one: 405 becomes the answer.
        error_page 405 =200 $uri;
        location / { }
    }
"""


def on_one_processor(process=0):
    """Server and clients of one thread share a processor, since a call costs twice as much where they have to
    wake each other across two. For a new process to call, or of a process with one thread."""
    os.sched_setaffinity(process, {min(os.sched_getaffinity(0))})


class Server:
    """with Server({"small": b"..."}) as server: server.urls["plain"], ["tls"], ["http2"]; server.authority"""

    def __init__(self, answers):
        self.answers = answers

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="simstudio-bench-"))
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def start(self):
        for name, body in self.answers.items():
            place = self.folder / "answers" / "api" / "workflows" / name
            place.mkdir(parents=True)
            (place / "execute").write_bytes(body)
        authority = Authority(self.folder / "authority")
        own = authority.issue("server", ["127.0.0.1"])
        places = {"certificate": own.file, "key": own.key, "root": self.folder / "answers"}
        self.nginx = Nginx(self.folder, CONFIGURATION % places, 3)
        on_one_processor(self.nginx.process.pid)
        plain, tls, http2 = ("127.0.0.1:%d" % port for port in self.nginx.ports)
        self.urls = {"plain": "http://" + plain, "tls": "https://" + tls, "http2": "https://" + http2}
        self.authority = authority.file

    def __exit__(self, *_):
        self.nginx.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
