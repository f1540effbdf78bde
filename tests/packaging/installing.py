"""Environments, and what is put into them. For the tests of this folder."""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DIST = Path(os.environ.get("SIMSTUDIO_DIST") or ROOT / "dist").resolve()
WHEELS = sorted(DIST.glob("*.whl"))


def tag_of(wheel):
    """cp38, of simstudio_sdk-0.1.1+native.1-cp38-cp38-manylinux_2_34_x86_64.whl."""
    return wheel.name.split("-")[2]


def run(command, **options):
    """Runs a command that must succeed; returns what it printed."""
    options.setdefault("timeout", 600)
    finished = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, **options)
    assert finished.returncode == 0, "%s\n%s" % (" ".join(map(str, command)), finished.stdout)
    return finished.stdout


class Environment:
    """A virtual environment of an interpreter, with nothing in it."""

    def __init__(self, interpreter, folder):
        self.folder = Path(folder)
        self.python = self.folder / "bin" / "python"
        run([interpreter, "-m", "venv", self.folder])
        place = run([self.python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"])
        self.site_packages = Path(place.strip())

    def pip(self, *arguments, **options):
        return run([self.python, "-m", "pip", "--disable-pip-version-check", *arguments], **options)

    def files(self):
        """What is installed, less what Python writes by itself."""
        return {path.relative_to(self.site_packages) for path in self.site_packages.glob("**/*")
                if "__pycache__" not in path.parts}


every_wheel = pytest.mark.parametrize("wheel", WHEELS, ids=tag_of)
