"""The tests of the SDK, with the wheel in place of the build that `make test` makes."""

import os
import sys

from installing import ROOT, WHEELS, run, tag_of

# About the place for certificates that libcurl was built with: the wheel's has none.
NOT_OF_THE_WHEEL = "tests/test_tls.py::test_the_places_in_their_order"


def test_the_tests_pass_with_the_wheel_of_this_python(make_environment, tmp_path):
    tag = "cp%d%d" % sys.version_info[:2]
    (wheel,) = [found for found in WHEELS if tag_of(found) == tag]
    environment = make_environment(sys.executable)
    environment.pip("install", "-q", "-r", ROOT / "tests" / "requirements.txt", wheel)
    assert str(environment.folder) in run(
        [environment.python, "-c", "import simstudio; print(simstudio.__file__)"], cwd=str(tmp_path))
    clean = {name: value for name, value in os.environ.items() if name != "SIMSTUDIO_DIST"}
    printed = run([environment.folder / "bin" / "pytest", "-q", "-p", "no:cacheprovider",
                   "--deselect", NOT_OF_THE_WHEEL, "--rootdir", ROOT, ROOT / "tests"], cwd=str(tmp_path), env=clean, timeout=1800)
    assert " passed" in printed.splitlines()[-1], printed
