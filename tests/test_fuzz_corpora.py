"""The fuzzers' corpora, replayed under the sanitizers: make fuzz looks for more.

Needs a compiler with AddressSanitizer and UndefinedBehaviorSanitizer, but no libFuzzer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
UNITS = sorted(path.name for path in CORPUS.iterdir())
EMBEDDING = ("client", "json")  # have an interpreter inside

# What the tests run under must not reach programs that bring a sanitizer of their own.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if name not in ("ASAN_OPTIONS", "LD_PRELOAD", "CFLAGS", "LDFLAGS")}


def run(*command):
    return subprocess.run([str(word) for word in command], cwd=str(ROOT), env=ENVIRONMENT, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, errors="replace")


def make(folder, *units):
    return run("make", "-s", "-j2", "-f", "tests/fuzz/build.mk", "ENGINE=replay", "OUT=%s" % folder,
               "PYTHON=" + sys.executable, "UNITS=" + " ".join(units))


def can_embed():
    return run(sys.executable, "tests/fuzz/embed_flags.py", "link").returncode == 0


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of the harnesses, made once."""
    folder = tmp_path_factory.mktemp("fuzz")
    trial = folder / "trial.c"
    trial.write_text("int main(void) { return 0; }\n")
    if run("cc", "-fsanitize=address,undefined", "-o", folder / "trial", trial).returncode:
        pytest.skip("the C compiler has no AddressSanitizer to link")
    units = [unit for unit in UNITS if unit not in EMBEDDING or can_embed()]
    made = make(folder, *units, "self")
    assert made.returncode == 0, made.stdout
    return folder


@pytest.mark.parametrize("unit", UNITS)
def test_no_known_input_finds_a_fault(programs, unit):
    if unit in EMBEDDING and not can_embed():
        pytest.skip("this Python has no library to link a program with")
    inputs = sorted((CORPUS / unit).iterdir())
    replayed = run(programs / unit, *inputs)
    assert replayed.returncode == 0, replayed.stdout[-4000:]
    assert replayed.stdout.split() == [str(path) for path in inputs]


@pytest.mark.parametrize("fault, words", [
    ("check", "does not hold: size == 0"),
    ("overread", "AddressSanitizer: heap-buffer-overflow"),
    ("undefined", "signed integer overflow"),
    ("leak", "LeakSanitizer: detected memory leaks"),
])
def test_a_harness_sees_every_kind_of_fault(programs, tmp_path, fault, words):
    harmless, harmful = tmp_path / "harmless", tmp_path / "harmful"
    harmless.write_text("none")
    harmful.write_text(fault)
    assert run(programs / "self", harmless).returncode == 0
    seen = run(programs / "self", harmless, harmful)
    assert seen.returncode != 0 and words in seen.stdout, seen.stdout


def test_each_harness_has_a_corpus_and_stands_in_the_build():
    harnesses = {path.stem.replace("fuzz_", "") for path in (ROOT / "tests" / "fuzz").glob("fuzz_*.c")}
    listed = run("make", "-s", "--no-print-directory", "-f", "tests/fuzz/build.mk", "units").stdout.split()
    assert harnesses - {"self"} == set(UNITS) == set(listed)
    assert all(any((CORPUS / unit).iterdir()) for unit in UNITS)
