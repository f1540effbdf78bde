"""What is done for other libcurls than the one that is here: built that way, and run with this one.

- Below 7.80 there is no callback before a request, and a second POST is prevented another way. One test
  of kept connections is left out: where the connection dies between the head and the body, this way lets
  libcurl send again, since nothing of the body has gone out.
- From 8.12.1 on a large request goes over HTTP/2. Left out is what older libcurls get wrong then, which
  is why they do not, and what their traces do not tell.
"""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from libcurl import LARGE_IN_FRAMES, VERSION

ROOT = Path(__file__).parent.parent
Way = namedtuple("Way", "flag files chosen least")
WAYS = {}
if VERSION < (8,):  # which always has the callback, and keeps connections that older ones do not
    WAYS["without the callback"] = Way(
        "-DSIM_LANE_HAS_PREREQUEST=0", ["test_faults.py", "test_early_answers.py", "test_deadlines.py"],
        "(kept_connection or while_idle) and not before-the-body or early_answers or counted or counts", 90)
if not LARGE_IN_FRAMES:
    WAYS["large requests in frames"] = Way(
        "-DSIM_LIBCURL_LARGE_IN_FRAMES_FROM=1", ["test_early_frames.py"], "not one_record and not frame_that_ends", 40)


def build(folder, flag):
    shutil.copytree(str(ROOT / "simstudio"), str(folder / "simstudio"), ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    flags = os.environ.get("CFLAGS", "") + " " + flag
    subprocess.run(
        [sys.executable, "-W", "ignore", "setup.py", "-q", "build_ext", "--build-temp", str(folder / "objects"),
         "--build-lib", str(folder)],
        cwd=str(ROOT), env=dict(os.environ, CFLAGS=flags), check=True,
    )


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_suite_passes_all_the_same(tmp_path, way):
    build(tmp_path, way.flag)
    environment = dict(os.environ, PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    where = subprocess.run(
        [sys.executable, "-c", "import simstudio._native as n; print(n.__file__)"],
        cwd=str(tmp_path), env=environment, stdout=subprocess.PIPE, check=True,
    )
    assert where.stdout.decode().startswith(str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", way.chosen,
         *(str(ROOT / "tests" / name) for name in way.files)],
        cwd=str(tmp_path), env=dict(environment, LARGE_IN_FRAMES="1"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    output = ran.stdout.decode(errors="replace")
    assert ran.returncode == 0, output[-6000:]
    assert int(output.rsplit(" passed", 1)[0].split()[-1]) >= way.least


@pytest.mark.parametrize("way", [way for way in WAYS.values() if "PREREQUEST" in way.flag], ids=str)
def test_the_core_keeps_its_deadlines_all_the_same(tmp_path, way):
    subprocess.run(
        [shutil.which("gmake") or "make", "-s", "-C", str(ROOT / "tests" / "core"), "OUT=%s" % tmp_path, "SANITIZERS=",
         "TESTS=http http_time http_addresses", "CFLAGS=" + way.flag, "run"],
        check=True,
    )
