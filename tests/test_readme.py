"""The README is true: its code runs, its tables are the API's, its commands and files exist."""

import dataclasses
import inspect
import io
import os
import pprint
import re
import subprocess
import sys
import textwrap
import typing

import pytest

import simstudio
from simstudio.testing import SimServer

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
    README = file.read()

BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)

# The blocks are read as a user reads them, from top to bottom: what one makes, the next ones use.
PREAMBLE = """
import simstudio
class SimStudioClient(simstudio.SimStudioClient):
    def __init__(self, api_key, base_url=%r):
        super().__init__(api_key, base_url)
simstudio.SimStudioClient = SimStudioClient
"""


def test_the_code_runs_from_top_to_bottom(tmp_path):
    assert len(BLOCKS) == README.count("```python") > 3
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    script = tmp_path / "readme.py"
    with SimServer() as server:
        script.write_text(PREAMBLE % server.url + "\n".join(map(textwrap.dedent, BLOCKS)))
        ran = subprocess.run([sys.executable, str(script)], cwd=str(tmp_path), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, universal_newlines=True, timeout=60,
                             env=dict(os.environ, SIM_API_KEY="any", PYTHONPATH=ROOT))
    assert ran.returncode == 0, ran.stdout
    assert "True {'message': 'Hello'}" in ran.stdout
    assert re.search(r"^Output: \{'data': 'much'\}$", ran.stdout, re.M)
    assert "One, two, three, four, five" in ran.stdout


@pytest.mark.parametrize("shown", re.findall(r"(?:^\| |, )`([a-z]\w+\(.*?\))`(?=,| \|)", README, re.M))
def test_the_table_has_the_methods_signatures(shown):
    name, parameters = re.match(r"(\w+)\((.*)\)$", shown).groups()
    client = simstudio.SimStudioClient("any")
    assert str(inspect.signature(getattr(client, name))) == "(%s)" % parameters


def test_every_method_is_in_the_table():
    for name in dir(simstudio.SimStudioClient):
        if not name.startswith("_") and callable(getattr(simstudio.SimStudioClient, name)):
            assert "`%s(" % name in README


@pytest.mark.parametrize("name, fields", re.findall(r"^\| `([A-Z]\w*[a-z]\w*)` \| (.*) \|$", README, re.M))
def test_the_table_has_the_fields_in_their_order(name, fields):
    listed = re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", fields))
    assert tuple(listed) == getattr(simstudio, name).__match_args__


def test_every_file_it_names_is_there():
    for path in re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?|[A-Z]+\.md)`", README):
        assert os.path.exists(os.path.join(ROOT, path)), path


def test_every_target_it_names_is_there():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, stdout=subprocess.PIPE, universal_newlines=True,
                            check=True).stdout
    for target in re.findall(r"(?:^ {4}|`)make ([a-z-]+)", README, re.M):
        assert re.search(r"^%s\b" % target, listed, re.M), target


# ---- what it says about moving ----


def failed_run():
    with SimServer() as server, pytest.raises(simstudio.SimStudioError) as caught:
        simstudio.SimStudioClient("any", server.url).execute_workflow("failing")
    return caught.value


def test_what_it_says_is_gone_is_gone():
    assert not hasattr(simstudio.SimStudioClient("any"), "_session")
    assert not hasattr(simstudio, "requests") and not hasattr(simstudio, "time")
    assert typing.get_type_hints(simstudio.SimStudioClient.execute_workflow) == {}
    assert failed_run().__cause__ is None and failed_run().__context__ is None


@pytest.mark.parametrize("limit, delays", [({"retry_after": 0}, {}), ({"retry_after": None}, {"initial_delay": 0})])
def test_retries_need_not_wait_in_a_test(limit, delays):
    with SimServer() as server:
        server.rate_limit(times=3, **limit)
        client = simstudio.SimStudioClient("any", server.url)
        assert client.execute_with_retry("echo", {"a": 1}, **delays).output == {"a": 1}
        assert len(server.requests) == 4


def test_a_result_is_printed_on_one_line_and_its_dict_on_several():
    result = simstudio.WorkflowExecutionResult(True, {"text": "a" * 60, "more": "b" * 60})
    assert "\n" not in pprint.pformat(result) and "\n" in pprint.pformat(dataclasses.asdict(result))


def test_an_upload_is_not_named_by_its_form_field_where_it_is_written_out():
    datastructures = pytest.importorskip("werkzeug.datastructures", reason="Flask could not be installed")
    made = {}
    exec(next(block for block in BLOCKS if "def as_file" in block).partition("\nclient.")[0], made)
    upload = datastructures.FileStorage(io.BytesIO(b"%PDF"), "report.pdf", "field", "application/pdf")
    written = made["as_file"](upload.read(), upload.filename, upload.mimetype)
    upload.seek(0)
    with SimServer() as server:
        client = simstudio.SimStudioClient("any", server.url)
        given, as_it_is = client.execute_workflow("echo", {"files": [written, upload]}).output["files"]
    assert given == dict(as_it_is, name="report.pdf") and as_it_is["name"] == "field"
