"""nginx with fixed answers on loopback, so that the client is what is measured.

Owns a directory of its own under the temporary one: configuration, answers, a throw-away
certificate. Nothing of the system's nginx is read or written."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

CONFIGURATION = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log errors.log warn;
events { worker_connections 256; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    client_max_body_size 256m;
    client_body_buffer_size 64m;
    client_body_temp_path bodies;
    proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    server {
        listen 127.0.0.1:%(plain)d;
        listen 127.0.0.1:%(tls)d ssl;
        listen 127.0.0.1:%(http2)d ssl http2;
        root answers;
        default_type application/json;
        # A static file answers no POST, but the page of an error is one: 405 becomes the answer.
        error_page 405 =200 $uri;
        location / { }
    }
}
"""

PORTS = ("plain", "tls", "http2")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def make_certificates(folder):
    """A throw-away authority, and a certificate of 127.0.0.1 that it signed."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with open(os.path.join(folder, "names"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-days", "2", "-subj", "/CN=benchmark authority",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *new_key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "request.pem")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")


def on_one_processor():
    """For a new process to call: server and clients of one thread share one, since a call costs twice as much
    where they have to wake each other across two."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class Server:
    """with Server({"small": b"..."}) as server: server.urls["plain"], ["tls"], ["http2"]; server.authority"""

    def __init__(self, answers):
        self.answers = answers
        self.folder = self.process = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="simstudio-bench-")
        ports = dict(zip(PORTS, free_ports(len(PORTS))))
        for name, body in self.answers.items():
            place = os.path.join(self.folder, "answers", "api", "workflows", name)
            os.makedirs(place)
            with open(os.path.join(place, "execute"), "wb") as file:
                file.write(body)
        if os.geteuid() == 0:  # the worker is another user then
            subprocess.run(["chmod", "-R", "a+rX", self.folder], check=True)
        make_certificates(self.folder)
        with open(os.path.join(self.folder, "nginx.conf"), "w") as file:
            file.write(CONFIGURATION % ports)
        self.urls = {name: "%s://127.0.0.1:%d" % ("http" if name == "plain" else "https", port) for name, port in ports.items()}
        self.authority = os.path.join(self.folder, "ca.pem")
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", "nginx.conf", "-e", "errors.log"], stderr=subprocess.DEVNULL,
            preexec_fn=on_one_processor,
        )
        try:
            self.wait_until_it_listens(ports["http2"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_it_listens(self, port):
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("nginx does not start") from None
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
