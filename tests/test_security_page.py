"""SECURITY.md is true: its limits are those of the C code, and what it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "csrc").rglob("*.[ch]")))
LIMITS = re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)


def value_in_code(name):
    (expression,) = re.findall(r"\b%s = ([\d *]+)[,} ]" % name, CODE)
    product = 1
    for factor in expression.split("*"):
        product *= int(factor)
    return product


@pytest.mark.parametrize("name, value", LIMITS)
def test_a_limit_has_the_value_that_the_page_says(name, value):
    assert value_in_code(name) == int(value)


def test_the_page_lists_limits():
    assert len(LIMITS) >= 8


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w./]+)`", PAGE))))
def test_a_test_that_the_page_names_exists(path):
    assert (ROOT / path).exists()


def test_each_target_that_the_page_names_exists():
    rules = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "Makefile", *(ROOT / "scripts").glob("*.mk")])
    named = set(re.findall(r"^    make (\w+)", PAGE, re.MULTILINE))
    assert named and named <= set(re.findall(r"^([\w-]+):.*## ", rules, re.MULTILINE))


def test_the_environment_s_variables_on_the_page_are_those_that_are_read():
    for name in set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE)) - {limit for limit, _ in LIMITS}:
        assert '"%s"' % name in CODE, name
