"""What is called a thousand times leaves nothing behind: leak_program.py calls and measures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simstudio import _native

PROGRAM = Path(__file__).resolve().parent / "leak_program.py"
QUANTITIES = ["references to types", "references to None", "all references", "traced bytes", "bytes of the C heap",
              "resident bytes", "descriptors"]


def run(*arguments):
    # Where a sanitizer is at work, it must not report the leaks that are made on purpose.
    options = {"ASAN_OPTIONS": "detect_leaks=%d" % (not arguments)}
    done = subprocess.run([sys.executable, str(PROGRAM)] + list(arguments), stdout=subprocess.PIPE, timeout=900,
                          env=dict(os.environ, **options))
    assert done.returncode == 0
    return json.loads(done.stdout.decode())


@pytest.fixture(scope="module")
def measured():
    return run()


@pytest.fixture(scope="module")
def leaked():
    return run("leaks")


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_nothing_stays_behind_when_calls_return_or_raise(measured, quantity):
    growing = {name: case["grows"] for name, case in measured.items() if quantity in case["grows"]}
    assert not growing


def test_every_type_and_name_of_the_module_was_called(measured):
    for type_name, kind in vars(_native).items():
        if isinstance(kind, type):
            assert any(case.startswith(type_name + " ") for case in measured)
            methods = [name for name, value in vars(kind).items() if callable(value) and not name.startswith("__")]
            for name in methods:
                assert "%s.%s called" % (type_name, name) in measured


def test_the_calls_took_both_ways_out(measured):
    for name, case in measured.items():
        wanted = "returned" if name.endswith((" called", " made", " read", "answered good")) else None
        if "with too much" in name or "of too much" in name:
            wanted = "TypeError"
        elif name.endswith("without a server"):
            wanted = "SimStudioError"
        # What reports its failures otherwise, later, or not at all.
        if any(word in name for word in ("validate_workflow", "stream_workflow", "__reduce", "__exit__")):
            continue
        assert wanted is None or case["outcomes"] == [wanted], name
    for answer in ("refused", "limited", "garbage", "broken", "moved"):
        for method in ("execute_workflow", "get_workflow_status", "get_job_status", "get_usage_limits"):
            assert measured["SimStudioClient.%s answered %s" % (method, answer)]["outcomes"] == ["SimStudioError"]
        assert measured["stream answered " + answer]["outcomes"] == ["SimStudioError"]


@pytest.mark.parametrize("leak, quantity", [
    ("a type", "references to types"),
    ("an object", "traced bytes"),
    ("an object that nobody knows", "traced bytes"),
    ("C memory", "bytes of the C heap"),
    ("pages", "resident bytes"),
    ("a descriptor", "descriptors"),
])
def test_every_kind_of_leak_is_seen(leaked, leak, quantity):
    if quantity not in ("references to types", "descriptors") and quantity not in leaked["all of memory"]["grows"]:
        pytest.skip("this C library, or the sanitizer in its place, does not tell what is in use")
    assert quantity in leaked[leak]["grows"]
    assert not leaked["nothing"]["grows"]
