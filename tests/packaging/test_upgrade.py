"""From simstudio-sdk 0.1.1 of the public index to ours: the script of a user who upgrades keeps working."""

import functools
import os
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from installing import WHEELS, every_wheel, run, tag_of

import simstudio

PURE = "simstudio-sdk==0.1.1"

SCRIPT = """
import os
from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient(api_key=os.environ["SIM_API_KEY"], base_url=os.environ["SIM_BASE_URL"])
status = client.get_workflow_status("echo")
print(client.validate_workflow("echo"), status.is_deployed, status.deployed_at)
result = client.execute_workflow("echo", input_data={"message": "Hello"}, timeout=30.0)
print(result.success, result.output, result.error, result.logs)
print(client.execute_with_retry("echo", {"again": 1}, max_retries=2).output)
queued = client.execute_workflow("echo", {"later": 2}, async_execution=True)
print(type(queued).__name__, queued.success, queued.status, sorted(queued.links))
print(sorted(client.get_job_status(queued.task_id)))
print(client.get_usage_limits().usage)
try:
    client.execute_workflow("undeployed")
except SimStudioError as error:
    print(error, error.code, error.status)
client.set_api_key("wrong")
try:
    client.execute_workflow("echo")
except SimStudioError as error:
    print(error.status)
client.close()
"""


@pytest.fixture(scope="session")
def with_index(tmp_path_factory):
    """The pure-Python SDK and what it needs, as files."""
    folder = tmp_path_factory.mktemp("pure")

    def download(environment):
        command = [str(environment.python), "-m", "pip", "--disable-pip-version-check", "download",
                   "-q", "-d", str(folder), PURE]
        if subprocess.call(command):
            pytest.skip("the pure-Python SDK cannot be had here")
        return folder

    return download


class ListingHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve_index(tmp_path):
    """Serves files as an index of packages: a folder for each, named after it, is all there is to it."""
    folder = tmp_path / "index"
    (folder / "simstudio-sdk").mkdir(parents=True)
    handler = functools.partial(ListingHandler, directory=str(folder))
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def serve(*files):
        for path in files:
            shutil.copy(str(path), str(folder / "simstudio-sdk"))
        return "http://127.0.0.1:%d" % http.server_port

    yield serve
    http.shutdown()
    http.server_close()
    thread.join()


@every_wheel
def test_a_users_script_and_pinned_requirement_stay_and_uninstalling_leaves_nothing(
        wheel, interpreters, make_environment, with_index, sim, tmp_path):
    environment = make_environment(interpreters[tag_of(wheel)])
    index = with_index(environment)
    before = environment.files()
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "requirements.txt").write_text(PURE + "\n")

    def run_script():
        variables = dict(os.environ, SIM_API_KEY="key", SIM_BASE_URL=sim.url)
        sim.jobs.steps = ("queued",)
        return run([environment.python, "script.py"], cwd=str(tmp_path), env=variables)

    def install(*what):
        return environment.pip("install", "--no-index", "--find-links", index, *what,
                               cwd=str(tmp_path))

    install(wheel)
    added = {path.parts[0] for path in environment.files() - before}
    assert added == {"simstudio", "simstudio_sdk-%s.dist-info" % simstudio.__version__}
    environment.pip("uninstall", "-y", "simstudio-sdk")
    assert environment.files() == before

    install("-r", "requirements.txt")
    with_pure = environment.files()
    said_by_pure = run_script()
    assert "/_native" not in " ".join(map(str, with_pure)) and "WORKFLOW_IS_NOT" in said_by_pure

    install(wheel)
    assert run_script() == said_by_pure
    environment.pip("check")
    assert "already satisfied: " + PURE in install("-r", "requirements.txt")
    assert simstudio.__version__ in environment.pip("show", "simstudio-sdk")
    assert run_script() == said_by_pure

    environment.pip("uninstall", "-y", "simstudio-sdk")
    left = environment.files()
    assert left <= with_pure and not [path for path in left if "simstudio" in path.parts[0].lower()]
    # Everything else there is what the pure-Python SDK depends on; ours depends on nothing.
    environment.pip("uninstall", "-y", "requests", "urllib3", "idna", "certifi",
                    "charset-normalizer", "typing-extensions")
    assert environment.files() == before


@pytest.mark.parametrize("wanted", [PURE, PURE + "+native.1", "simstudio-sdk"])
def test_an_index_of_ones_own_gives_ours_also_where_it_has_the_pure_one_beside_it(
        wanted, interpreters, make_environment, with_index, serve_index):
    environment = make_environment(interpreters[tag_of(WHEELS[-1])])
    (pure,) = with_index(environment).glob("simstudio_sdk-*.whl")
    environment.pip("install", "--index-url", serve_index(pure, *WHEELS), wanted)
    assert "Version: " + simstudio.__version__ in environment.pip("show", "simstudio-sdk")
