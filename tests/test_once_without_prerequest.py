"""How a second POST is prevented below libcurl 7.80, which has no callback before a request.

The package is built that way with the libcurl that is here, and the tests of kept connections, of
early answers and of deadlines run against it, those of the core too. One of them is left out: where the connection dies
between the head and the body, this way lets libcurl send again, since nothing of the body has gone
out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHOSEN = "(kept_connection or while_idle) and not before-the-body or early_answers or counted or counts"
FILES = ["test_faults.py", "test_early_answers.py", "test_deadlines.py"]
CORE_TESTS = "http http_time http_addresses"

pytestmark = pytest.mark.skipif(
    shutil.which("pkg-config") is not None
    and subprocess.call(["pkg-config", "--atleast-version=8", "libcurl"]) == 0,
    reason="libcurl 8 always has the callback, and keeps connections that older ones do not")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("without-prerequest")
    shutil.copytree(str(ROOT / "simstudio"), str(folder / "simstudio"), ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    flags = os.environ.get("CFLAGS", "") + " -DSIM_LANE_HAS_PREREQUEST=0"
    subprocess.run(
        [sys.executable, "-W", "ignore", "setup.py", "-q", "build_ext", "--build-temp", str(folder / "objects"),
         "--build-lib", str(folder)],
        cwd=str(ROOT), env=dict(os.environ, CFLAGS=flags), check=True,
    )
    return folder


def test_a_run_is_posted_once_all_the_same(built):
    environment = dict(os.environ, PYTHONPATH=str(built), PYTHONDONTWRITEBYTECODE="1")
    where = subprocess.run(
        [sys.executable, "-c", "import simstudio._native as n; print(n.__file__)"],
        cwd=str(built), env=environment, stdout=subprocess.PIPE, check=True,
    )
    assert where.stdout.decode().startswith(str(built))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", CHOSEN,
         *(str(ROOT / "tests" / name) for name in FILES)],
        cwd=str(built), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    output = ran.stdout.decode(errors="replace")
    assert ran.returncode == 0, output[-6000:]
    assert int(output.rsplit(" passed", 1)[0].split()[-1]) > 100


def test_the_core_keeps_its_deadlines_all_the_same(tmp_path):
    subprocess.run(
        [shutil.which("gmake") or "make", "-s", "-C", str(ROOT / "tests" / "core"), "OUT=%s" % tmp_path, "SANITIZERS=",
         "TESTS=" + CORE_TESTS, "CFLAGS=-DSIM_LANE_HAS_PREREQUEST=0", "run"],
        check=True,
    )
