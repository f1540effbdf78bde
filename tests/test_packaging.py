"""The source distribution and its metadata; what is too slow for here stands in tests/packaging."""

import email
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import simstudio

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def sdist(tracked, tmp_path_factory):
    """The files of a source distribution made from a copy of the checkout, by name."""
    copy = tmp_path_factory.mktemp("sdist") / "copy"
    for name in tracked:
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(ROOT / name), str(target))
    for litter in ("csrc/core/buffer.o", "simstudio/_native.so", "tests/__pycache__/a.pyc"):
        (copy / litter).parent.mkdir(exist_ok=True)
        (copy / litter).touch()
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "setup.py", "-q", "sdist"], cwd=str(copy), timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    assert finished.returncode == 0, finished.stdout
    (made,) = (copy / "dist").glob("*.tar.gz")
    with tarfile.open(str(made)) as archive:
        return {member.name.partition("/")[2]: archive.extractfile(member).read()
                for member in archive.getmembers() if member.isfile()}


@pytest.fixture(scope="module")
def metadata(sdist):
    return email.message_from_bytes(sdist["PKG-INFO"])


def test_it_has_every_file_of_the_checkout_and_no_other(sdist, tracked):
    made = {name for name in sdist if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    kept_back = {name for name in tracked if name.startswith((".ci/", ".git"))}
    assert set(sdist) - made == set(tracked) - kept_back
    for name in set(sdist) - made:
        assert sdist[name] == (ROOT / name).read_bytes(), name


def test_it_is_the_api_version_with_a_number_of_ours(metadata):
    assert metadata["Name"] == "simstudio-sdk"
    assert metadata["Version"] == simstudio.__version__
    assert re.fullmatch(r"0\.1\.1\+native\.\d+", simstudio.__version__)


def test_it_asks_for_no_package_at_run_time_and_for_python_38(metadata):
    assert metadata.get_all("Requires-Dist") is None
    assert metadata["Requires-Python"] == ">=3.8"


def test_it_tells_each_python_that_it_is_tested_on(metadata):
    told = [re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", line)
            for line in metadata.get_all("Classifier")]
    assert [int(match.group(1)) for match in told if match] == [8, 9, 10, 11, 12, 13]
    assert "Typing :: Typed" in metadata.get_all("Classifier")


def test_it_has_its_licence_and_says_which(metadata, sdist):
    assert "Apache-2.0" in (metadata["License-Expression"] or metadata["License"])
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert b"Apache License" in sdist["LICENSE"]


def test_it_links_to_sim_and_to_the_documentation(metadata):
    links = dict(line.split(", ") for line in metadata.get_all("Project-URL"))
    assert set(links) >= {"Sim", "Documentation of the API"}
    assert all(link.startswith("https://") for link in links.values())


def test_the_long_description_is_the_readme_whose_links_work_on_an_index_too(metadata):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert metadata["Description-Content-Type"].startswith("text/markdown")
    shown = metadata.get_payload(decode=True).decode("utf-8") or metadata["Description"]
    assert shown.strip() == text.strip()
    assert re.findall(r"\]\((?!https://|#)[^)]*\)", text) == []


def test_the_changelog_has_the_version():
    assert "## %s\n" % simstudio.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_contributing_names_targets_that_exist():
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    files = [ROOT / "Makefile", *ROOT.glob("scripts/*.mk"), *ROOT.glob("benchmarks/*.mk")]
    targets = set(re.findall(r"^([a-z-]+):.*##", "\n".join(path.read_text() for path in files),
                             re.MULTILINE))
    assert len(named) > 8 and named <= targets
