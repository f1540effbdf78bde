"""Each wheel in an empty environment of its Python, where the system has none of its libraries."""

import json

import pytest
from installing import HERE, every_wheel, run
from surroundings import without_proxies

# Where distributions have their certificates: each must be found without a word from the user.
PLACES = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
]


@pytest.fixture
def calls(environments, hide, sim, tls_url, tmp_path):
    """Makes calls with a wheel where its libraries are hidden; returns what calls.py found."""

    def make(wheel, *hidden, **variables):
        clean = {name: value for name, value in without_proxies().items()
                 if not name.startswith(("SSL_CERT", "REQUESTS_CA", "CURL_CA", "PYTHON"))}
        environment = environments(wheel)
        printed = run(hide([environment.python, HERE / "calls.py", sim.url, tls_url],
                           "--libraries", *hidden),
                      cwd=str(tmp_path), env=dict(clean, **variables))
        found = json.loads(printed)
        assert found["from"].startswith(str(environment.folder))
        return found

    return make


@every_wheel
def test_a_wheel_needs_no_library_of_the_system_for_http_nor_for_verified_https(
        wheel, calls, authority):
    found = calls(wheel, "--certificates", "-", "-", SSL_CERT_FILE=authority.file)
    assert found["system's"] == []
    assert (found["tls"], found["refusal"]) == ("TLSv1.3", None)


@every_wheel
def test_a_server_that_nobody_vouches_for_is_refused(wheel, calls):
    found = calls(wheel, "--certificates", "-", "-")
    assert found["tls"] is None and "certificate" in found["refusal"], found


@every_wheel
@pytest.mark.parametrize("place", PLACES)
def test_certificates_are_found_at_run_time_where_the_distribution_has_them(
        wheel, place, calls, authority):
    found = calls(wheel, "--certificates", authority.file, place)
    assert (found["tls"], found["refusal"]) == ("TLSv1.3", None)


@every_wheel
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_are_found_at_run_time_where_a_variable_names_them(
        wheel, variable, calls, authority):
    found = calls(wheel, "--certificates", "-", "-", **{variable: authority.file})
    assert (found["tls"], found["refusal"]) == ("TLSv1.3", None)
