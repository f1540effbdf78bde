"""The same scenarios through the pure-Python SDK 0.1.1 and through this one.

Requests, results, errors and the rate limit must be the same, except where
differential/differences.py says on purpose what is better here.
"""

import fnmatch
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from differential.differences import DIFFERENCES
from surroundings import without_proxies

FOLDER = Path(__file__).parent
PURE = Path(sys.prefix) / "pure-sdk"  # where the Makefile installs simstudio-sdk 0.1.1, with requests
PATIENCE_S = 300


def start(output, **environment):
    command = [sys.executable, "-m", "differential.driver", str(output)]
    return subprocess.Popen(command, cwd=str(FOLDER), env=without_proxies(**environment))


def read(process, output):
    assert process.wait(PATIENCE_S) == 0
    about, *records = (json.loads(line) for line in output.read_text(encoding="utf-8").splitlines())
    return about, {record["name"]: record for record in records}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    if not (PURE / "simstudio" / "__init__.py").exists():
        pytest.skip("simstudio-sdk 0.1.1 could not be installed from PyPI beside this one")
    outputs = [tmp_path_factory.mktemp(name) / "lines" for name in ("pure", "native")]
    processes = [start(outputs[0], PYTHONPATH=str(PURE)), start(outputs[1])]
    (pure, pure_records), (native, native_records) = map(read, processes, outputs)
    assert Path(pure["package"]).parent == PURE / "simstudio"
    assert native["version"].endswith("+native.1")
    return pure_records, native_records


def summary(outcome):
    facts = ", ".join("%s=%s" % item for item in outcome.items() if item[0] not in ("class", "waited long"))
    return "%s: %s" % (outcome["class"], facts)


def seen(record):
    lines = ["%s %s %s" % (request["place"], request["method"], request["path"]) for request in record["requests"]]
    return ", ".join(lines) or "none"


def differences_of(pure, native):
    """(aspect, what the one did, what the other did) wherever they differ."""
    one, other = pure["outcome"], native["outcome"]
    facts = sorted(set(one) | set(other))
    if one["class"] != other["class"]:
        yield "outcome", summary(one), summary(other)
        facts = ["waited long"]
    for fact in facts:
        if one.get(fact) != other.get(fact):
            yield fact, one.get(fact, "none"), other.get(fact, "none")
    if pure["rate limit"] != native["rate limit"]:
        yield "rate limit", pure["rate limit"], native["rate limit"]
    if seen(pure) != seen(native):
        yield "requests", seen(pure), seen(native)
    for one, other in zip(pure["requests"], native["requests"]):
        if one["body"] != other["body"]:
            yield "body", one["body"], other["body"]
        for header in sorted(set(one["headers"]) | set(other["headers"])):
            values = [request["headers"].get(header, "none") for request in (one, other)]
            # Another body has another length, which test_requests_are_framed looks at.
            if values[0] != values[1] and header != "content-length":
                yield "%s %s" % (other["method"], header), values[0], values[1]


def form(pattern):
    """A pattern of the table, compiled."""
    return re.compile(".*".join(map(re.escape, pattern.split("…"))), re.DOTALL)


class Row:
    """A row of the table, compiled: it is tried on thousands of differences."""

    def __init__(self, difference):
        names = "|".join(map(fnmatch.translate, difference.scenarios.split()))
        self.patterns = [re.compile(names), form(difference.pure), form(difference.native)]
        self.difference = difference
        self.is_used = False

    def is_about(self, aspect):
        return fnmatch.fnmatchcase(aspect, self.difference.aspect)

    def explains(self, *texts):
        return all(pattern.fullmatch(text) for pattern, text in zip(self.patterns, texts))


def test_what_differs_is_listed_and_what_is_listed_differs(both):
    pure, native = both
    assert set(pure) == set(native) and len(native) > 2000
    rows, by_aspect, unexplained = [Row(difference) for difference in DIFFERENCES], {}, []
    for name in native:
        for aspect, one, other in differences_of(pure[name], native[name]):
            if aspect not in by_aspect:
                by_aspect[aspect] = [row for row in rows if row.is_about(aspect)]
            explaining = [row for row in by_aspect[aspect] if row.explains(name, one, other)]
            for row in explaining:
                row.is_used = True
            if not explaining:
                unexplained.append("%s, %s:\n  0.1.1: %s\n  here:  %s" % (name, aspect, one, other))
    assert not unexplained, "\n".join(unexplained[:50])
    unused = [repr(row.difference) for row in rows if not row.is_used]
    assert not unused, "\n".join(unused)


def test_requests_are_framed(both):
    for record in both[1].values():
        for request in record["requests"]:
            length = request["headers"].get("content-length")
            assert length == (str(len(request["body"])) if request["method"] == "POST" else None)


def test_nothing_but_documented_exceptions_comes_of_an_answer(both):
    """Where the server answered at all, the outcome is a value or a SimStudioError."""
    for name, record in both[1].items():
        if record["requests"]:
            assert not record["outcome"]["class"].endswith("Error") or record["outcome"]["class"] == "SimStudioError", name


@pytest.mark.parametrize("pattern, text, fits", [
    ("…", "", True), ("a…c", "abc", True), ("a…c", "ab", False), ("(x)", "(x)", True), ("(x)", "x", False),
    ("a", "ab", False), ("…\n…", "a\nb", True),
])
def test_patterns_of_the_table(pattern, text, fits):
    assert (form(pattern).fullmatch(text) is not None) is fits
