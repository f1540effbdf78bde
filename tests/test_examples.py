"""Every example runs by itself against the local Sim server, and prints what it is about."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from surroundings import without_proxies

from simstudio import SimStudioClient
from simstudio.testing import SimServer

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PATIENCE_S = 60
KEY = "the-key"


def nothing(_server):
    pass


def limited(times, **options):
    return lambda server: server.rate_limit(times, **options)


def with_job_steps(*steps):
    def prepare(server):
        server.jobs.steps = steps

    return prepare


def spent(server):
    server.usage.update(currentPeriodCost=20.13, limit=20)


def blocked(server):
    server.usage.update(limit=0)


def nearly_spent(server):
    server.usage.update(currentPeriodCost=18.5)


def announcing(server):
    server.headers.update({"X-RateLimit-Limit": 60, "X-RateLimit-Remaining": 59, "X-RateLimit-Reset": 1764496860})


def failing_jobs(server):
    server.workflows["workflow-id"] = server.workflows["failing"]


class cancelling_jobs:
    """Cancels a job as soon as it has been polled once."""

    def __init__(self, server):
        poll = server.jobs.poll

        def poll_and_cancel(job_id):
            state = poll(job_id)
            server.jobs.cancel(job_id)
            return state

        server.jobs.poll = poll_and_cancel


# (script, arguments, environment, what the server is like, its era, exit status, what is printed: a pattern)
RUNS = [
    ("quick_start.py", [], {}, nothing, None, 0, r"It ran: WorkflowExecutionResult\(success=True, output=\{\}, .*\)"),
    ("quick_start.py", [], {"SIM_API_KEY": "wrong"}, nothing, None, 0, "It did not run: Unauthorized: Invalid API key"),
    ("basic_execution.py", [], {}, nothing, None, 0,
     r"Output: \{'message': 'Process this data', 'user_id': '12345'\}\nMilliseconds: \d+"),
    ("basic_execution.py", [], {"SIM_API_KEY": "wrong"}, nothing, None, 0, "my-workflow-id is not deployed"),
    ("basic_execution.py", [], {}, limited(1, retry_after=7), None, 0, "The workflow failed: Rate limit exceeded. .* 7000ms"),
    ("error_handling.py", [], {}, nothing, None, 0, r"Output: \{'seconds': 5\}"),
    ("error_handling.py", ["failing"], {}, nothing, None, 1,
     r"Failed: \[function\] Function 1: boom\nCode EXECUTION_ERROR, HTTP status 500\n"
     r"The server said: \{.*'output': \{\}.*\}\nThe workflow itself failed.*"),
    ("error_handling.py", ["failing"], {}, nothing, "2025-11-01", 0, r"Output: \{\}"),
    ("error_handling.py", ["slow"], {"TIMEOUT": "1"}, nothing, None, 1,
     r"Failed: Workflow execution timed out after 1.0 seconds\nCode TIMEOUT, HTTP status None\nIt took too long.*"),
    ("error_handling.py", ["undeployed"], {}, nothing, None, 1,
     r"Failed: Workflow is not deployed\nCode WORKFLOW_IS_NOT_DEPLOYED, HTTP status 403\n.*\nSee the message."),
    ("error_handling.py", [], {"SIM_API_KEY": "wrong"}, nothing, None, 1,
     r"Failed: .*\nCode UNAUTHORIZED, HTTP status 401\n.*\nIs .* valid.*"),
    ("error_handling.py", [], {}, spent, None, 1,
     r"Failed: .*\nCode USAGE_LIMIT_EXCEEDED, HTTP status 402\n.*\n.* usage is spent."),
    ("error_handling.py", [], {}, limited(1), None, 1, r"Failed: .*\nCode RATE_LIMIT_EXCEEDED, HTTP status 429\n.*\n.*waits.*"),
    ("context_manager.py", [], {}, nothing, None, 0, r"Output: \{'n': 1\}"),
    ("batch.py", [], {}, nothing, None, 0,
     r"workflow-1 +\{'type': 'analysis', 'data': 'sample1'\}\nworkflow-2 +\{'type': 'processing', 'data': 'sample2'\}\n"
     r"undeployed +not deployed\nfailing +\[function\] Function 1: boom\n2 of 4 succeeded"),
    ("async_polling.py", [], {}, nothing, None, 0,
     r"Task: run_1\nWhere to look: /api/jobs/run_1\nStatus: queued\nStatus: processing\nStatus: completed\n"
     r"Output: \{'data': 'large dataset'\}\nMilliseconds: \d+"),
    ("async_polling.py", [], {}, nothing, "2026-08-21", 0,
     r"Task: workflow-execution:(.+)\nWhere to look: http://.*/api/jobs/workflow-execution:\1\n"
     r"Status: pending\nStatus: processing\nStatus: completed\n"
     r"Output: \{'data': 'large dataset'\}\nMilliseconds: unknown"),
    ("async_polling.py", [], {}, nothing, "2026-08-21/v2", 0, r"Task: .+\n(.*\n)*Status: completed\n"
     r"Output: \{'data': 'large dataset'\}\n.*"),
    ("async_polling.py", [], {}, nothing, "2025-11-30", 0, r"Output: \{'data': 'large dataset'\}"),
    ("async_polling.py", [], {}, with_job_steps("unknown", "waiting", "running"), None, 0,
     r"(.*\n){2}Status: unknown\nStatus: waiting\nStatus: running\nStatus: completed\n(.*\n).*"),
    ("async_polling.py", [], {}, failing_jobs, None, 0,
     r"(.*\n){2}Status: queued\nStatus: processing\nStatus: failed\nNo output: \[function\] Function 1: boom"),
    ("async_polling.py", [], {}, cancelling_jobs, None, 0,
     r"(.*\n){2}Status: queued\nStatus: cancelled\nNo output: cancelled"),
    ("async_polling.py", [], {"SIM_API_KEY": "wrong"}, nothing, None, 0, "Failed: Unauthorized: Invalid API key"),
    ("retry.py", [], {}, limited(2, retry_after=0.05), None, 0, r"Output: \{'message': 'Process this'\}"),
    ("retry.py", [], {"MAX_RETRIES": "1"}, limited(None, retry_after=0.05), None, 0,
     r"The rate limit is exceeded after all retries\nThe server asks to wait for 0.1 seconds\nIt resets at \d{4}-\d\d-\d\d .*"),
    ("retry.py", [], {"MAX_RETRIES": "0"}, limited(None, retry_after=None, limit=None), None, 0,
     "The rate limit is exceeded after all retries"),
    ("rate_limit_info.py", [], {}, nothing, None, 0, "The server's answers say nothing about a rate limit"),
    ("rate_limit_info.py", [], {}, announcing, None, 0, r"59 of 60 runs are left until 2025-\d\d-\d\d \d\d:\d\d:00"),
    ("usage.py", [], {}, nothing, None, 0,
     r"Sync runs:\n  limit +25\n  remaining +25\n  resetAt +20.*Z\n  isLimited +False\nAsync runs:\n  limit +200\n(.*\n){3}"
     r"Plan: pro\nCost: \$3.21 of \$20.00\nUsed: 16.1%"),
    ("usage.py", [], {}, nothing, "2026-08-21", 0, r"Sync runs:\n  limit +25\n(.*\n)*Used: 16.1%"),
    ("usage.py", [], {}, nearly_spent, None, 0, r"(.*\n)*Used: 92.5%\nWarning: the usage limit is near"),
    ("usage.py", [], {}, blocked, None, 0, r"(.*\n)*Cost: \$3.21 of \$0.00\nNothing can be run"),
    ("usage.py", [], {"SIM_API_KEY": "wrong"}, nothing, None, 0, "The usage could not be fetched: .*Invalid API key"),
    ("workflow_status.py", [], {}, nothing, None, 0,
     r"Ready: True\nDeployed: True\nSince: 2025-11-28T09:12:44.031Z\nChanged since then: False"),
    ("workflow_status.py", ["undeployed"], {}, nothing, None, 0,
     r"Ready: False\nDeployed: False\nSince: None\nChanged since then: False"),
    ("workflow_status.py", ["no-such"], {}, nothing, None, 0, r"Ready: False\nWhy: Workflow not found"),
    ("file_upload.py", ["README.md"], {}, nothing, None, 0,
     r"The workflow got:\n  README.md, .*, \d{3,} characters of base64\n"
     r"  report.pdf, application/pdf, 44 characters of base64"),
    ("environment.py", [], {}, nothing, None, 0, r"Server: http://127.0.0.1:\d+\nKey: set\nReady: True"),
    ("environment.py", [], {"SIM_API_KEY": ""}, nothing, None, 0, r"Server: .*\nKey: missing\nReady: False"),
    ("environment.py", [], {"SIM_ENV": "production"}, nothing, None, 0, r"Server: .*\nKey: set\nReady: True"),
    ("environment.py", [], {"SIM_ENV": "production", "SIM_API_KEY": ""}, nothing, None, 1, "SIM_API_KEY is not set"),
    ("switching.py", [], {}, nothing, None, 0, r"Ready: True\nReady after close\(\): True"),
]


# Of the demo, with every run of white space as one blank: it breaks lines where they are full.
DEMO = re.compile(
    r"simstudio \S+ on Python \S+ A local Sim server at .*"
    r"WorkflowExecutionResult\(success=True, output=\{'message': 'Hello, world!', 'n': 1180591620717411303424\}.*"
    r"data:text/plain;base64,.*'status': 'queued'.*'status': 'processing'.*'status': 'completed'.*"
    r"after \d+ ms chunk Once .*\{'agent': \{'content': 'Once upon a time'\}\}.*"
    r"code='EXECUTION_ERROR'.*code='TIMEOUT'.*code='UNAUTHORIZED'.*TypeError.*code='RATE_LIMIT_EXCEEDED'.*"
    r"output=\{'patient': True\}.*RateLimitInfo\(limit=60.*'plan': 'pro'.*24 succeeded.*\{'here': 1\}.*")


def run(script, arguments, environment):
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / script)] + arguments, cwd=str(ROOT), env=without_proxies(**environment),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=PATIENCE_S, check=False)


@pytest.mark.parametrize("script, arguments, environment, prepare, era, status, printed", RUNS)
def test_an_example_prints_what_it_is_about(script, arguments, environment, prepare, era, status, printed):
    with SimServer(KEY, era=era or "documented") as server:
        prepare(server)
        given = dict({"SIM_API_KEY": KEY, "SIM_BASE_URL": server.url, "POLL_SECONDS": "0.01"}, **environment)
        done = run(script, arguments, given)
    assert (done.returncode, re.fullmatch(printed, done.stdout.rstrip("\n")) is not None) == (status, True), done.stdout


def test_the_demo_makes_every_call():
    done = run("demo.py", [], {})
    assert done.returncode == 0 and DEMO.fullmatch(" ".join(done.stdout.split())), done.stdout
    calls = {name for name in dir(SimStudioClient) if not name.startswith("_")} - {"api_key"}  # which is shown nowhere
    assert {call for call in calls if call not in done.stdout} == set()


def test_every_example_is_run_and_listed():
    listed = re.findall(r"^\| `(\w+\.py)` \|", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    scripts = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert sorted(listed) == scripts
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    assert [script for script in scripts if '"%s"' % script not in tests] == []
