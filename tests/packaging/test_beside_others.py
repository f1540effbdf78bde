"""Python's ssl, pycurl and this SDK in one process: each with a libcurl or an OpenSSL of its own."""

import itertools
import os
import subprocess

import pytest
from installing import HERE, WHEELS, run

ORDERS = list(itertools.permutations(["simstudio", "pycurl", "ssl"]))


@pytest.fixture(scope="module")
def crowded(interpreters, make_environment):
    """An environment with a wheel and pycurl: of the newest Python that there is a pycurl for."""
    for wheel in reversed(WHEELS):
        environment = make_environment(interpreters[wheel.name.split("-")[2]])
        environment.pip("install", "--no-index", wheel)
        command = [str(environment.python), "-m", "pip", "install", "-q", "--only-binary", ":all:",
                   "pycurl"]
        if subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return environment
    pytest.skip("no built pycurl can be installed here")


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_all_three_work_at_once_in_whatever_order_they_are_imported(
        order, crowded, authority, tls_url, tmp_path):
    printed = run([crowded.python, HERE / "crowd.py", tls_url, authority.file, *order],
                  cwd=str(tmp_path), env=dict(os.environ, REQUESTS_CA_BUNDLE=authority.file))
    counts = dict(line.split() for line in printed.splitlines())
    assert counts == {"simstudio": "60", "pycurl": "60", "ssl": "60"}
