"""From simstudio-sdk 0.1.1 of the public index to ours: the script of a user who upgrades stays."""

import os
import subprocess

import pytest
from installing import every_wheel, run, tag_of

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
