"""The source distribution builds with nothing of the checkout in sight, and is the checkout's files."""

import tarfile

import pytest
from installing import ROOT, run

import simstudio


@pytest.fixture(params=["isolated", "not isolated"])
def built(request, sdist, interpreters, make_environment, hide, tmp_path):
    """An environment into which pip has built the source distribution, out of the checkout's sight."""
    environment = make_environment(interpreters[max(interpreters, key=lambda tag: int(tag[3:]))])
    options = []
    if request.param == "not isolated":
        environment.pip("install", "setuptools")
        options = ["--no-build-isolation", "--no-index"]
    copy = tmp_path / sdist.name
    copy.write_bytes(sdist.read_bytes())
    seen = ["sh", "-c", 'test -z "$(ls -A "$0")" && exec "$@"', ROOT]
    run(hide([*seen, environment.python, "-m", "pip", "install", "--no-cache-dir", *options, copy],
             "--folder", ROOT), cwd=str(tmp_path))
    return environment


def test_it_builds_against_the_systems_libraries_and_runs(built, hide, tmp_path):
    program = ("from simstudio import SimStudioClient as C; from simstudio.testing import SimServer\n"
               "with SimServer() as server:\n"
               "    print(C('key', server.url).execute_workflow('echo', {'n': 1}).output)\n")
    printed = run(hide([built.python, "-c", program], "--folder", ROOT), cwd=str(tmp_path))
    assert printed == "{'n': 1}\n"
    (extension,) = built.site_packages.glob("simstudio/_native*.so")
    assert "libcurl" in run(["ldd", extension])


def test_it_has_every_file_of_the_checkout_and_no_other(sdist, tracked):
    with tarfile.open(str(sdist)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()
                 if archive.getmember(name).isfile()}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert names - made == {name for name in tracked if not name.startswith((".ci/", ".git"))}


@pytest.mark.usefixtures("tracked")
def test_pip_installs_it_from_git(interpreters, make_environment, tmp_path):
    environment = make_environment(interpreters[max(interpreters, key=lambda tag: int(tag[3:]))])
    environment.pip("install", "git+file://%s" % ROOT)
    printed = run([environment.python, "-c", "import simstudio; print(simstudio.__version__)"],
                  cwd=str(tmp_path))
    assert printed.strip() == simstudio.__version__
