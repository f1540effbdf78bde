"""The types that the package declares, held against the extension and against programs that use
them: one that was written for it, the README's code and the examples.

Needs what `make lint` installs; `make check-types` runs it with that.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simstudio

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(simstudio.__file__).parent
PROGRAM = ROOT / "tests" / "typing" / "program.py"
EXAMPLES = sorted(map(str, (ROOT / "examples").glob("*.py")))

pytest.importorskip("mypy", reason="mypy is not installed here (make lint installs it)")


# What the stub says, what it must not say, and whom stubtest blames then.
LIES = [
    ("timeout: _Timeout = 30.0,", "timeout: _Timeout = 31.0,", "SimStudioClient.execute_workflow"),
    ("def set_base_url(self, base_url", "def set_base_url(self, url", "SimStudioClient.set_base_url"),
    ("    created_at: str", "    created: str", "AsyncExecutionResult"),
    ("    details: Any", "    detail: Any", "SimStudioError.detail"),
    ("@final\n", "", "WorkflowStream"),
    ("    def get_usage_limits(self)", "    def get_usage(self)", "SimStudioClient.get_usage_limits"),
]


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Runs a checker, where `import simstudio` finds the package's source."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", *arguments], cwd=str(PACKAGE.parent), timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
            env=dict(os.environ, MYPY_CACHE_DIR=str(cache), **environment))

    return run


def test_the_package_and_a_program_that_uses_all_of_it_pass_mypy_in_strict_mode(check):
    finished = check("mypy", "--strict", "--config-file=", "simstudio", str(PROGRAM))
    assert finished.returncode == 0, finished.stdout


def test_the_program_passes_pyright_in_strict_mode(check):
    pytest.importorskip("pyright", reason="pyright is not installed here (make lint installs it)")
    finished = check("pyright", "--pythonpath", sys.executable, str(PROGRAM))
    assert finished.returncode == 0, finished.stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The programs that the documentation shows: the README's code, in one, and the examples."""
    pytest.importorskip("flask", reason="Flask could not be installed, which an example imports")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    readme = tmp_path_factory.mktemp("shown") / "code_of_the_readme.py"
    readme.write_text("\n".join(blocks), encoding="utf-8")
    assert len(blocks) > 3 and len(EXAMPLES) > 10
    return [str(readme), *EXAMPLES]


def test_what_the_documentation_shows_passes_mypy(check, shown):
    finished = check("mypy", "--check-untyped-defs", "--config-file=", *shown)
    assert finished.returncode == 0, finished.stdout


def test_what_the_documentation_shows_passes_pyright(check, shown):
    pytest.importorskip("pyright", reason="pyright is not installed here (make lint installs it)")
    finished = check("pyright", "--pythonpath", sys.executable, *shown)
    assert finished.returncode == 0, finished.stdout


def test_the_stub_says_what_the_extension_has(check):
    finished = check("mypy.stubtest", "simstudio")
    assert finished.returncode == 0, finished.stdout


def test_a_stub_that_says_anything_else_is_found_out(check, tmp_path):
    package = shutil.copytree(str(PACKAGE), str(tmp_path / "simstudio"),
                              ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    stub = Path(package) / "_native.pyi"
    text = stub.read_text()
    for truth, lie, _blamed in LIES:
        assert truth in text
        text = text.replace(truth, lie)
    stub.write_text(text)
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    finished = check("mypy.stubtest", "simstudio._native", "--mypy-config-file",
                     str(tmp_path / "mypy.ini"), MYPYPATH=str(tmp_path))
    assert finished.returncode != 0
    for _truth, _lie, blamed in LIES:
        assert "error: simstudio._native." + blamed in finished.stdout


def test_the_program_names_everything_that_is_public():
    text = PROGRAM.read_text()
    for module in (simstudio, __import__("simstudio.testing").testing):
        for name in module.__all__:
            assert name in text, name


def test_the_package_is_marked_as_typed():
    assert (PACKAGE / "py.typed").is_file()
