"""What has to come of each recorded exchange: the answers' meaning by the contract of the Sim API.

A table by recording. What the rows leave out (the output of a finished run, the words of an error)
is what stands in the recorded body, read with json.loads.
"""

from simstudio import RateLimitInfo

ID = "00000000-0000-4000-8000-000000000%03d"
SAME_PATH = "a POST has been sent there"
OTHER_PATH = "a POST is repeated only at the same path"
STORY = 'Hello žluťoučký 🐎\nsecond line with "quotes" — end.'

# The kinds of outcome. A finished run whose fields are the body's;
FINISHED = "finished"
# one that ends in a Response block, so that the whole body is its output;
WHOLE = "whole"
# and the other calls.
STATUS, JOB, USAGE = "status", "job", "usage"


class Queued:
    def __init__(self, task_id, link, created_at=""):
        self.task_id, self.links, self.created_at = task_id, {"status": link}, created_at


class Fails:
    """A SimStudioError. message: None for the body's `error`, or that one's `message`."""

    def __init__(self, code, message=None, retry_after=None):
        self.code, self.message, self.retry_after = code, message, retry_after


class Streams:
    """A streamed run. output: None for what its final event has."""

    def __init__(self, output=None, success=True):
        self.output, self.success = output, success


class StreamsTextOf:
    """A streamed run of which the final event has everything but the text of this block."""

    def __init__(self, block):
        self.block = block


class StreamFails:
    """A streamed run that ends in an error event. blocks: the text that came before it."""

    def __init__(self, message, blocks=None):
        self.message, self.blocks = message, blocks or {}


def queued_job(execution):
    job = "workflow-execution:" + execution
    return Queued(job, "http://127.0.0.1:3001/api/jobs/" + job)


def story(*agents, **more):
    """A streamed run in which each of these blocks told the story."""
    output = {ID % agent: {"content": STORY} for agent in agents}
    output.update(more.pop("others", {}))
    return Streams(output, **more)


EXPECTED = {
    # The server with `taskId`, codes and rate limits; a failed block is a 200.
    "2025-11-01/01-exec-plain": FINISHED,
    "2025-11-01/02-exec-no-body": Fails("EXECUTION_ERROR"),
    "2025-11-01/05-exec-array": Fails("EXECUTION_ERROR"),
    "2025-11-01/07-exec-stream-wrong-type": Fails("EXECUTION_ERROR"),
    "2025-11-01/07b-exec-stream-string": FINISHED,
    "2025-11-01/07c-exec-selected-null": FINISHED,
    "2025-11-01/09-exec-no-key": Fails("UNAUTHORIZED", "Unauthorized: API key required"),
    "2025-11-01/10-exec-bad-key": Fails("UNAUTHORIZED", "Unauthorized: Invalid API key"),
    "2025-11-01/16-exec-other-users-key": Fails("UNAUTHORIZED"),
    "2025-11-01/17-exec-unknown": Fails("WORKFLOW_NOT_FOUND", "Workflow not found"),
    "2025-11-01/19-exec-undeployed": Fails("WORKFLOW_IS_NOT_DEPLOYED"),
    "2025-11-01/23-exec-response-201": WHOLE,
    "2025-11-01/25-exec-block-throws": FINISHED,
    "2025-11-01/30-exec-no-active-version": Fails("WORKFLOW_%s_HAS_NO_ACTIVE_DEPLOYMENT" % (ID % 18)),
    "2025-11-01/300-rl-usage-before": USAGE,
    "2025-11-01/301-rl-sync-1": FINISHED,
    "2025-11-01/302-rl-usage-after": USAGE,
    "2025-11-01/303-rl-stream": Fails("RATE_LIMIT_EXCEEDED", "Rate limit exceeded"),
    "2025-11-01/304-rl-async-1": Queued("run_EXECUTING_x", "/api/jobs/run_EXECUTING_x", "2026-11-23T23:11:00.146Z"),
    "2025-11-01/305-rl-usage-after-async": USAGE,
    "2025-11-01/31-async-start": Queued("run_EXECUTING_x", "/api/jobs/run_EXECUTING_x", "2026-11-23T23:07:44.163Z"),
    "2025-11-01/31b-async-start": Queued("run_stub1xmwtvsw6r", "/api/jobs/run_stub1xmwtvsw6r",
                                         "2026-11-23T23:13:00.172Z"),
    "2025-11-01/31c-poll": JOB,
    "2025-11-01/33-async-invalid-json": Fails("INVALID_JSON_IN_REQUEST_BODY", "Invalid JSON in request body"),
    "2025-11-01/62-stream-headers": story(116),
    "2025-11-01/64-stream-function": Streams({ID % 118: {"result.a": "first", "content": "first"}}),
    "2025-11-01/67-stream-throws": Streams({}, success=False),
    "2025-11-01/69-stream-agent-then-throw": story(135, success=False),
    "2025-11-01/84-status-no-key": STATUS,
    "2025-11-01/87-jobs-executing": JOB,
    "2025-11-01/90-usage": USAGE,

    # The server of 0.1.1: no codes on runs, no queue, no rate limit; a failed block is a 500.
    "2025-11-30/01-exec-plain": FINISHED,
    "2025-11-30/02-exec-no-body": Fails("EXECUTION_ERROR"),
    "2025-11-30/03-exec-empty-object": Fails("EXECUTION_ERROR"),
    "2025-11-30/04-exec-invalid-json": Fails("EXECUTION_ERROR"),
    "2025-11-30/04b-exec-invalid-json-startonly": FINISHED,
    "2025-11-30/05-exec-json-array-body": Fails(None, "Invalid request body"),
    "2025-11-30/06-exec-json-null-body": Fails(None, "Invalid request body"),
    "2025-11-30/08-exec-selected-null": Fails(None, "Invalid request body"),
    "2025-11-30/09-exec-no-key": Fails("UNAUTHORIZED"),
    "2025-11-30/10-exec-bad-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2025-11-30/110-billing-on-usage-exceeded": Fails("USAGE_LIMIT_EXCEEDED"),
    "2025-11-30/111-billing-on-usage-exceeded-stream": Fails("USAGE_LIMIT_EXCEEDED"),
    "2025-11-30/112-billing-on-alices-key-brokes-workflow": Fails("USAGE_LIMIT_EXCEEDED"),
    "2025-11-30/113-billing-on-brokes-key-alices-workflow": FINISHED,
    "2025-11-30/115-billing-on-usage-limits-broke": USAGE,
    "2025-11-30/117-billing-on-usage-limits-blocked": USAGE,
    "2025-11-30/118-billing-on-no-stats-row": Fails("USAGE_LIMIT_EXCEEDED"),
    "2025-11-30/119-billing-on-undeployed-order": Fails(None, "Workflow is not deployed"),
    "2025-11-30/12-exec-empty-key": Fails("UNAUTHORIZED"),
    "2025-11-30/120-jobs-triggerstub-CANCELED": JOB,
    "2025-11-30/120-jobs-triggerstub-COMPLETED": JOB,
    "2025-11-30/120-jobs-triggerstub-DELAYED": JOB,
    "2025-11-30/120-jobs-triggerstub-DEQUEUED": JOB,
    "2025-11-30/120-jobs-triggerstub-EXPIRED": JOB,
    "2025-11-30/120-jobs-triggerstub-FAILED": JOB,
    "2025-11-30/120-jobs-triggerstub-PENDING_VERSION": JOB,
    "2025-11-30/120-jobs-triggerstub-QUEUED": JOB,
    "2025-11-30/120-jobs-triggerstub-SYSTEM_FAILURE": JOB,
    "2025-11-30/120-jobs-triggerstub-TIMED_OUT": JOB,
    "2025-11-30/120-jobs-triggerstub-WAITING": JOB,
    "2025-11-30/121-jobs-triggerstub-404": Fails("TASK_NOT_FOUND", "Task not found"),
    "2025-11-30/122-jobs-other-users-key": JOB,
    "2025-11-30/13-exec-bearer-key": Fails("UNAUTHORIZED"),
    "2025-11-30/14-exec-legacy-key": FINISHED,
    "2025-11-30/15-exec-workspace-key": FINISHED,
    "2025-11-30/17-exec-unknown-workflow": Fails(None, "Workflow not found"),
    "2025-11-30/18-exec-non-uuid-workflow": Fails(None, "Workflow not found"),
    "2025-11-30/19-exec-undeployed": Fails(None, "Workflow is not deployed"),
    "2025-11-30/20-exec-start-only": FINISHED,
    "2025-11-30/21-exec-input-wrapped": FINISHED,
    "2025-11-30/22-exec-input-string": FINISHED,
    "2025-11-30/23-exec-response-block-201": WHOLE,
    "2025-11-30/24-exec-response-block-422": Fails("MY_CODE", "bad thing"),
    "2025-11-30/26-exec-no-start-block": Fails("EXECUTION_ERROR"),
    "2025-11-30/27-exec-null-output": FINISHED,
    "2025-11-30/32-exec-get-method": Fails(None, "HTTP 405: Method Not Allowed"),
    "2025-11-30/33-exec-trailing-slash": Fails(
        "EXECUTION_ERROR", "Failed to execute workflow: HTTP 308 redirects to 127.0.0.1, which is not followed: " + SAME_PATH),
    "2025-11-30/36-exec-no-user-agent": Fails(None, "HTTP 403: Forbidden"),
    "2025-11-30/37-exec-twofn": FINISHED,
    "2025-11-30/38-exec-no-content-type": FINISHED,
    "2025-11-30/39-exec-agent-plain": FINISHED,
    "2025-11-30/40-exec-agent-fail": Fails("EXECUTION_ERROR", "[agent] Agent 1: mock model refused"),
    "2025-11-30/41-exec-response-204": Fails("EXECUTION_ERROR"),
    "2025-11-30/43-exec-response-429": Fails("RATE_LIMIT_EXCEEDED", "Rate limit exceeded. Retry after 2000ms", 2000),
    "2025-11-30/44-exec-response-text": WHOLE,
    "2025-11-30/46-exec-hitl-paused": FINISHED,
    "2025-11-30/47-exec-stream-false": FINISHED,
    "2025-11-30/51-exec-files-nested-in-input": Fails("EXECUTION_ERROR"),
    "2025-11-30/52-exec-files-21MiB": Fails(None, "File processing failed: Failed to upload file: big.bin"),
    "2025-11-30/61-stream-agent-noselected": Streams(),
    "2025-11-30/62-stream-agent-uuid-underscore": Streams({ID % 116: {"content": STORY, "model": "vllm/mock"}}),
    "2025-11-30/63-stream-agent-bare-uuid": StreamsTextOf(ID % 116),
    "2025-11-30/65-stream-function-bare-uuid": StreamsTextOf(ID % 118),
    "2025-11-30/66-stream-unknown-selector": Streams({}),
    "2025-11-30/67-stream-block-throws": StreamFails(
        '[function] Function 1: Line 1:11: `throw new Error("boom from function")` - boom from function'),
    "2025-11-30/68-stream-agent-fails": StreamFails("[agent] Agent 1: mock model refused"),
    "2025-11-30/70-stream-response-block": Streams(),
    "2025-11-30/72-stream-undeployed": Fails(None, "Workflow is not deployed"),
    "2025-11-30/74-stream-gzip": story(116),
    "2025-11-30/76-stream-two-agents": Streams({ID % 146: {"content": STORY}, ID % 147: {"content": STORY},
                                                ID % 148: {"result": {"len": 51}}}),
    "2025-11-30/78-stream-line-separators": Streams(),
    "2025-11-30/79-stream-nostart": StreamFails("No start block found. Add a start block to this workflow."),
    "2025-11-30/79b-stream-hitl": Streams(),
    "2025-11-30/79c-stream-async": story(116),
    "2025-11-30/80-status-deployed": STATUS,
    "2025-11-30/81-status-undeployed": STATUS,
    "2025-11-30/82-status-drifted": STATUS,
    "2025-11-30/87-jobs-unknown": Fails("FAILED_TO_FETCH_TASK_STATUS"),
    "2025-11-30/88-jobs-no-key": Fails("UNAUTHORIZED", "Authentication required"),
    "2025-11-30/89-jobs-bad-key": Fails("UNAUTHORIZED", "Authentication required"),
    "2025-11-30/90-usage-alice": USAGE,
    "2025-11-30/91-usage-broke": USAGE,
    "2025-11-30/92-usage-no-key": Fails("UNAUTHORIZED", "Authentication required"),
    "2025-11-30/97-exec-12-in-a-row-no-429-at-this-commit-a": FINISHED,
    "2025-11-30/97-exec-rl-1": FINISHED,
    "2025-11-30/99-exec-40s": FINISHED,

    # v0.8.9: jobs with `jobId`; a final event leaves out what was streamed; the v2 envelope.
    "2026-08-21/01-exec-plain": FINISHED,
    "2026-08-21/02-exec-no-body": FINISHED,
    "2026-08-21/03-exec-empty-object": FINISHED,
    "2026-08-21/04-exec-invalid-json": Fails(None, "Invalid JSON in request body"),
    "2026-08-21/05-exec-json-array-body": Fails(None, "Invalid request body"),
    "2026-08-21/07-exec-stream-wrong-type": Fails(None, "Invalid request body"),
    "2026-08-21/09-exec-no-key": Fails("UNAUTHORIZED", "Unauthorized"),
    "2026-08-21/10-exec-bad-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/11-exec-expired-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/12-exec-empty-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/13-exec-bearer-key": Fails("UNAUTHORIZED", "Unauthorized"),
    "2026-08-21/14-exec-legacy-key": FINISHED,
    "2026-08-21/15-exec-workspace-key": FINISHED,
    "2026-08-21/16-exec-other-users-key": Fails(None, "Unauthorized: Access denied to read this workflow"),
    "2026-08-21/17-exec-unknown-workflow": Fails(None, "Workflow not found"),
    "2026-08-21/18-exec-non-uuid-workflow": Fails(None, "Workflow not found"),
    "2026-08-21/19-exec-undeployed": Fails(None, "Workflow is not deployed"),
    "2026-08-21/20-exec-start-only": FINISHED,
    "2026-08-21/200-async-slow8-start": queued_job("ace8a9d9-a9f2-49d1-b02d-4ad893122ec2"),
    "2026-08-21/201-async-slow8-poll-0s": JOB,
    "2026-08-21/205-async-poll-no-key": Fails("UNAUTHORIZED", "Unauthorized"),
    "2026-08-21/206-async-poll-bad-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/207-async-poll-ws-key": JOB,
    "2026-08-21/208-async-slow8-poll-done": JOB,
    "2026-08-21/21-exec-input-wrapped": FINISHED,
    "2026-08-21/210-async-fail-start": queued_job("bedd35f2-6544-4d14-a397-79cfb809d509"),
    "2026-08-21/212-async-response-block-start": queued_job("afae81c8-2d14-4581-96d9-bfbdb43ce30a"),
    "2026-08-21/213-async-response-block-poll": JOB,
    "2026-08-21/214-async-with-stream": queued_job("23584eb3-98f2-4a01-a37f-f33adaff09a4"),
    "2026-08-21/217-async-no-key": Fails("UNAUTHORIZED", "Unauthorized"),
    "2026-08-21/218-async-header-uppercase": FINISHED,
    "2026-08-21/219-async-header-sync": FINISHED,
    "2026-08-21/23-exec-response-block-201": WHOLE,
    "2026-08-21/230-v2-exec-plain": WHOLE,
    "2026-08-21/231-v2-exec-async": Queued(
        "cc79d016-8850-401c-b726-16b88a1f8bca",
        "http://127.0.0.1:3001/api/v2/workflows/%s/runs/cc79d016-8850-401c-b726-16b88a1f8bca" % (ID % 7)),
    "2026-08-21/234-v2-exec-bad-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/235-v2-exec-unknown": Fails("NOT_FOUND", "Workflow not found"),
    "2026-08-21/236-v2-exec-fail": WHOLE,
    "2026-08-21/237-v2-exec-stream": story(116),
    "2026-08-21/24-exec-response-block-422": Fails("MY_CODE", "bad thing"),
    "2026-08-21/25-exec-block-throws": Fails("EXECUTION_ERROR"),
    "2026-08-21/26-exec-no-start-block": Fails("EXECUTION_ERROR"),
    "2026-08-21/27-exec-null-output": FINISHED,
    "2026-08-21/30-exec-no-active-version": Fails(None),
    "2026-08-21/300-rl-usage-before": USAGE,
    "2026-08-21/301-rl-sync-1": FINISHED,
    "2026-08-21/302-rl-usage-exhausted": USAGE,
    "2026-08-21/303-rl-stream-429": Fails("RATE_LIMIT_EXCEEDED", "Rate limit exceeded"),
    "2026-08-21/305-rl-v2-1": Fails("RATE_LIMIT_EXCEEDED", "Rate limit exceeded. Retry after 53000ms", 53000),
    "2026-08-21/32-exec-get-method": Fails(None, "HTTP 405: Method Not Allowed"),
    "2026-08-21/33-exec-trailing-slash": Fails(
        "EXECUTION_ERROR", "Failed to execute workflow: HTTP 308 redirects to 127.0.0.1, which is not followed: " + SAME_PATH),
    "2026-08-21/36-exec-no-user-agent": FINISHED,
    "2026-08-21/37-exec-twofn": FINISHED,
    "2026-08-21/38-exec-no-content-type": FINISHED,
    "2026-08-21/41-exec-response-204": Fails("EXECUTION_ERROR"),
    "2026-08-21/42-exec-response-302": Fails(
        "EXECUTION_ERROR", "Failed to execute workflow: HTTP 302 redirects to 127.0.0.1, which is not followed: " + OTHER_PATH),
    "2026-08-21/45-exec-line-separators": FINISHED,
    "2026-08-21/47-exec-stream-false": FINISHED,
    "2026-08-21/48-exec-usedraft": Fails(None, "API key callers cannot execute draft workflow state"),
    "2026-08-21/50-exec-files": FINISHED,
    "2026-08-21/50b-exec-files-file-array-type": FINISHED,
    "2026-08-21/52-exec-files-21MiB": Fails(None, "Workflow execution request body exceeds maximum size"),
    "2026-08-21/60-stream-agent-selected": story(116),
    "2026-08-21/62-stream-agent-uuid-underscore": story(116),
    "2026-08-21/64-stream-function-selected": Streams(
        {ID % 118: {"result.a": "first"}, ID % 119: {"result": {"b": "second", "got": "first"}}}),
    "2026-08-21/65-stream-function-bare-uuid": StreamsTextOf(ID % 118),
    "2026-08-21/66-stream-unknown-selector": Streams({}),
    "2026-08-21/67-stream-block-throws": StreamFails(
        'Function 1: Line 1: `throw new Error("boom from function")` - boom from function'),
    "2026-08-21/68-stream-agent-fails": StreamFails("Agent 1: mock model refused"),
    "2026-08-21/69-stream-agent-then-throw": StreamFails(
        'Function 1: Line 1: `throw new Error("boom after stream")` - boom after stream', {ID % 135: STORY}),
    "2026-08-21/70-stream-response-block": Streams(),
    "2026-08-21/71-stream-bad-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/72-stream-undeployed": Fails(None, "Workflow is not deployed"),
    "2026-08-21/73-stream-header-form": story(116),
    "2026-08-21/74-stream-gzip": story(116),
    "2026-08-21/75-stream-draft-dialect": Fails(None, "API key callers cannot execute draft workflow state"),
    # The second agent's text begins with the server's separator between blocks.
    "2026-08-21/76-stream-two-agents": Streams({ID % 146: {"content": STORY}, ID % 147: {"content": "\n\n" + STORY},
                                                ID % 148: {"result": {"len": 51}}}),
    "2026-08-21/77-stream-slow-no-llm": Streams({"result": {"slept": 8}, "stdout": ""}),
    "2026-08-21/78-stream-line-separators": Streams(),
    "2026-08-21/79-stream-nostart": StreamFails("No start block found. Add a start block to this workflow."),
    "2026-08-21/79b-stream-hitl": Streams(),
    "2026-08-21/79d-stream-no-active-version": Fails(None),
    "2026-08-21/81-status-undeployed": STATUS,
    "2026-08-21/82-status-drifted": STATUS,
    "2026-08-21/83-status-unknown": Fails("WORKFLOW_NOT_FOUND", "Workflow not found"),
    "2026-08-21/85-status-bad-key": Fails("UNAUTHORIZED", "Unauthorized"),
    "2026-08-21/88-jobs-no-key": Fails("UNAUTHORIZED", "Unauthorized"),
    "2026-08-21/89-jobs-bad-key": Fails("UNAUTHORIZED", "Invalid API key"),
    "2026-08-21/90-usage-alice": USAGE,
    "2026-08-21/91-usage-broke": USAGE,
}

# The answers that say something about the rate limit; all others leave it unknown. The resets
# are ISO 8601 there: 2026-11-23 23:00:00, 23:04:52.129 and 23:06:45.844 UTC.
RATE_LIMITS = {
    "2025-11-30/43-exec-response-429": RateLimitInfo(10, 0, 1795474800, 2000),
    "2026-08-21/230-v2-exec-plain": RateLimitInfo(10000, 9999, 1795475092),
    "2026-08-21/231-v2-exec-async": RateLimitInfo(10000, 9998, 1795475092),
    "2026-08-21/235-v2-exec-unknown": RateLimitInfo(10000, 9997, 1795475092),
    "2026-08-21/236-v2-exec-fail": RateLimitInfo(10000, 9996, 1795475092),
    "2026-08-21/237-v2-exec-stream": RateLimitInfo(10000, 9995, 1795475092),
    "2026-08-21/305-rl-v2-1": RateLimitInfo(2, 1, 1795475205, 53000),
}

# Requests that this client does not make: their answers are replayed to the nearest call.
NOT_OURS = {
    "2025-11-01/02-exec-no-body": "no body",
    "2025-11-01/05-exec-array": "a body that is no object",
    "2025-11-01/33-async-invalid-json": "a body that is not JSON",
    "2025-11-01/62-stream-headers": "headers that ask for a stream",
    "2025-11-30/02-exec-no-body": "no body",
    "2025-11-30/04-exec-invalid-json": "a body that is not JSON",
    "2025-11-30/04b-exec-invalid-json-startonly": "a body that is not JSON",
    "2025-11-30/05-exec-json-array-body": "a body that is no object",
    "2025-11-30/06-exec-json-null-body": "a body that is no object",
    "2025-11-30/12-exec-empty-key": "an empty key in a header: we send no header",
    "2025-11-30/13-exec-bearer-key": "the key as a bearer token",
    "2025-11-30/32-exec-get-method": "a run by GET",
    "2025-11-30/33-exec-trailing-slash": "a path with a slash at its end",
    "2025-11-30/36-exec-no-user-agent": "no User-Agent",
    "2025-11-30/38-exec-no-content-type": "no Content-Type",
    "2025-11-30/52-exec-files-21MiB": "a body of which the recording keeps a part",
    "2025-11-30/74-stream-gzip": "an Accept-Encoding of its own",
    "2026-08-21/02-exec-no-body": "no body",
    "2026-08-21/04-exec-invalid-json": "a body that is not JSON",
    "2026-08-21/05-exec-json-array-body": "a body that is no object",
    "2026-08-21/12-exec-empty-key": "an empty key in a header: we send no header",
    "2026-08-21/13-exec-bearer-key": "the key as a bearer token",
    "2026-08-21/218-async-header-uppercase": "another word for async",
    "2026-08-21/219-async-header-sync": "a header for a run that is not async",
    "2026-08-21/230-v2-exec-plain": "version 2 of the API",
    "2026-08-21/231-v2-exec-async": "version 2 of the API",
    "2026-08-21/234-v2-exec-bad-key": "version 2 of the API",
    "2026-08-21/235-v2-exec-unknown": "version 2 of the API",
    "2026-08-21/236-v2-exec-fail": "version 2 of the API",
    "2026-08-21/237-v2-exec-stream": "version 2 of the API",
    "2026-08-21/305-rl-v2-1": "version 2 of the API",
    "2026-08-21/32-exec-get-method": "a run by GET",
    "2026-08-21/33-exec-trailing-slash": "a path with a slash at its end",
    "2026-08-21/36-exec-no-user-agent": "no User-Agent",
    "2026-08-21/38-exec-no-content-type": "no Content-Type",
    "2026-08-21/52-exec-files-21MiB": "a body of which the recording keeps a part",
    "2026-08-21/73-stream-header-form": "headers that ask for a stream",
    "2026-08-21/74-stream-gzip": "an Accept-Encoding of its own",
}
