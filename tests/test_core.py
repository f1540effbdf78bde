"""Runs the C tests of the core (tests/core), one program for each unit, with sanitizers.

Each program is a test here; it says itself which of its checks failed.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from surroundings import without_proxies

FOLDER = Path(__file__).parent / "core"
PROGRAMS = sorted(source.stem for source in FOLDER.glob("test_*.c"))
ENVIRONMENT = without_proxies(
    ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1", UBSAN_OPTIONS="print_stacktrace=1")


def has_sanitizers(folder):
    source = folder / "trial.c"
    source.write_text("int main(void) { return 0; }\n")
    trial = str(folder / "trial")
    compiler = os.environ.get("CC") or "cc"
    built = subprocess.run(
        [*compiler.split(), "-fsanitize=address,undefined", str(source), "-o", trial],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return built.returncode == 0 and subprocess.run([trial], env=ENVIRONMENT).returncode == 0


def build(name, *arguments):
    """The folder with the programs built there."""
    folder = FOLDER.parent.parent / "build" / name
    command = [shutil.which("gmake") or "make", "-s", "-j%d" % (os.cpu_count() or 1), "-C", str(FOLDER)]
    built = subprocess.run(
        [*command, "OUT=%s" % folder, *(argument.format(folder) for argument in arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert built.returncode == 0, built.stdout
    return folder


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    if not has_sanitizers(tmp_path_factory.mktemp("trial")):
        pytest.skip("the C compiler has no sanitizers here")
    return build("core-test", "all")


def run(program):
    ran = subprocess.run(
        [str(program)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=300,
    )
    print(ran.stdout)
    assert ran.returncode == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_core(programs, program):
    run(programs / program)


def test_forks_beside_threads():
    """Without sanitizers, whose own locks a fork leaves held."""
    folder = build("core-plain", "SANITIZERS=", "{}/test_lane", "{}/test_threads")
    run(folder / "test_lane")
    run(folder / "test_threads")


def test_every_unit_of_the_core_has_a_program():
    units = {source.stem for source in (FOLDER.parent.parent / "csrc" / "core").glob("*.c")}
    assert {"test_" + unit for unit in units} <= set(PROGRAMS)


def test_a_failed_check_fails_its_program(programs, tmp_path):
    """The checks themselves can fail: one that must is built beside the others."""
    source = tmp_path / "failing.c"
    source.write_text(
        '#include "check.h"\n'
        "static void fails(void)\n{\n    CHECK_INT(1, 2);\n}\n"
        "static const struct check_test tests[] = {TEST(fails)};\nCHECK_MAIN(tests)\n"
    )
    program = tmp_path / "failing"
    compiler = (os.environ.get("CC") or "cc").split()
    include = [*("-I%s" % folder for folder in (FOLDER, FOLDER.parent.parent / "csrc"))]
    subprocess.check_call(
        [*compiler, "-DSIM_MEMORY_FAULTS", "-fsanitize=address,undefined", *include]
        + [str(source), str(programs / "libcore.a"), "-lm", "-lpthread", "-o", str(program)]
    )
    ran = subprocess.run([str(program)], stdout=subprocess.PIPE, universal_newlines=True)
    assert ran.returncode == 1 and "1 is 1, not 2" in ran.stdout
