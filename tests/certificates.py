"""Certificate authorities of our own, made by the openssl command while tests or benchmarks run."""

import shutil
import ssl
import subprocess
from pathlib import Path

CONFIGURATION = """\
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = here
[here]
dir = {folder}
database = $dir/index
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = critical, CA:false
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


class Certificate:
    def __init__(self, file, key):
        self.file, self.key = str(file), str(key)

    def context(self):
        """For a server that has this certificate."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file, self.key)
        return made


class Authority:
    """Owns a folder; `file` and `directory` are what a client is told to trust."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        (self.folder / "index").touch()
        self.file = str(self.folder / "ca.pem")
        self.self_signed("ca", "Test authority %s" % self.folder.name, "authority")
        self.directory = str(self.folder / "hashed")
        Path(self.directory).mkdir()
        name = self._openssl("x509", "-noout", "-subject_hash", "-in", self.file).strip()
        shutil.copy(self.file, str(Path(self.directory, name + ".0")))

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _configure(self, names=("localhost",)):
        path = self.folder / "openssl.cnf"
        kinds = ["%s:%s" % ("IP" if name.replace(".", "").isdigit() else "DNS", name) for name in names]
        path.write_text(CONFIGURATION.format(folder=self.folder, names=", ".join(kinds)))
        return str(path)

    def self_signed(self, file, common_name, extensions="server", names=("localhost",)):
        made = Certificate(self.folder / (file + ".pem"), self.folder / (file + ".key"))
        self._openssl("req", "-config", self._configure(names), "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", made.key, "-out", made.file,
                      "-days", "2", "-subj", "/CN=" + common_name, "-extensions", extensions)
        return made

    def issue(self, file, names, start=None, end=None):
        """A server's certificate for host names and IPv4 addresses; times as 20200131000000Z."""
        made = Certificate(self.folder / (file + ".pem"), self.folder / (file + ".key"))
        request = str(self.folder / (file + ".request"))
        configuration = self._configure(names)
        self._openssl("req", "-config", configuration, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", made.key, "-out", request, "-subj", "/CN=" + file)
        dates = ["-startdate", start, "-enddate", end] if start else ["-days", "2"]
        self._openssl("ca", "-config", configuration, "-batch", "-notext", "-in", request, "-out", made.file, *dates)
        return made
