"""Where the package lies without its extension, as the sources do, the import says what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simstudio

PACKAGE = Path(simstudio.__file__).parent


def run(folder, script):
    return subprocess.run([sys.executable, "-c", script], cwd=str(folder), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)


@pytest.fixture
def sources(tmp_path):
    """A folder with the package as a clone has it."""
    shutil.copytree(str(PACKAGE), str(tmp_path / "simstudio"), ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    return tmp_path


@pytest.mark.parametrize("module", ["simstudio", "simstudio._native", "simstudio.testing"])
def test_the_import_names_the_folder_and_the_ways_out(sources, module):
    done = run(sources, "import " + module)
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 1 and last.startswith("ImportError: simstudio was imported from %s, " % (sources / "simstudio"))
    assert sys.implementation.cache_tag in last and "another folder" in last and "`pip install -e .`" in last


def test_in_an_archive_the_import_says_that_none_can_be_loaded_from_there(sources):
    archive = shutil.make_archive(str(sources / "app"), "zip", str(sources), "simstudio")
    last = run(sources.parent, "import sys; sys.path.insert(0, %r); import simstudio" % archive).stdout.splitlines()[-1]
    assert last.startswith("ImportError: simstudio was imported from %s, which is in an archive: " % (archive + "/simstudio"))


def test_the_error_names_the_module_that_is_missing(sources):
    done = run(sources, "try:\n    import simstudio\nexcept ImportError as error:\n    print(error.name)")
    assert done.stdout == "simstudio._native\n"


def test_an_extension_comes_first(sources):
    """A file that is no extension shows it: the loader refuses that, and goes on to no other."""
    extension = Path(sys.modules["simstudio._native"].__file__)
    (sources / "simstudio" / extension.name).write_bytes(b"nothing to load")
    last = run(sources, "import simstudio").stdout.splitlines()[-1]
    assert last.startswith("ImportError: ") and "pip install" not in last
