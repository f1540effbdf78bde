"""Every place where this SDK differs from the pure-Python one on purpose, and why.

A row: scenarios (shell patterns, see scenarios.py), the aspect, what 0.1.1 does, what we do, why.
"…" stands for any text. Aspects: "outcome" where another kind of thing comes of a call; else a field
of the result or of the error; "rate limit", what get_rate_limit_info() says afterwards; "requests",
what the server saw; "body" and "METHOD header" of a request; "waited long", over 15 seconds.
"""

import collections

Difference = collections.namedtuple("Difference", "scenarios aspect pure native reason")

RUN = "WorkflowExecutionResult: success=True, output=…"
DONE = "WorkflowExecutionResult: success=True, output={'content': 'Paris'}, …"
JOB = "dict: value={'success': True, 'taskId': 'job', …"
ANY = "…"
NO_OBJECTS = "*/%s/list */%s/string */%s/number */%s/null"
GETS = "status job usage"


def of(pattern, *names):
    """The same pattern for several statuses or calls."""
    return " ".join(pattern.replace("%s", name) for name in names)


REQUESTS = [
    ("*", "* user-agent", "python-requests/…", "simstudio-sdk/… (native; CPython …)", "We give our own name."),
    ("*", "* connection", "keep-alive", "none", "HTTP/1.1 keeps connections without being asked."),
    ("*", "GET content-type", "application/json", "none", "A GET has no content that could have a type."),
    ("session/cookies", "POST cookie", "session=1", "none", "A cookie of a session would be believed before the key."),
    ("session/netrc", "POST authorization", "Basic …", "none", "A password from .netrc is none of the server's business."),
    ("key/empty key/set/empty", "POST x-api-key", "", "none", "An empty key is no key."),
    ("key/attribute", "POST x-api-key", "key", "other", "An assigned key takes effect, as an assigned base URL does."),
    ("id/*/slash", "requests", "server … /api/users/me…", "server … /api/…/..%2Fusers%2Fme…",
     "An id is one segment of the path: it cannot lead to another endpoint."),
    ("id/*/query", "requests", "server … /api/…/a?x=1…", "server … /api/…/a%3Fx%3D1…", "As above."),
    ("id/*/fragment", "requests", "server … /api/…/a", "server … /api/…/a%23b…", "As above."),
    ("id/*/percent", "requests", "server … /api/…/A%2F…", "server … /api/…/%2541%252F…", "An id arrives as it was given."),
    ("id/*/colon id/*/plus id/*/quote id/*/at", "requests", ANY, "…%…", "An id is escaped whole; servers read both."),
    ("id/*/dots id/*/empty id/*/line-break", "requests", "server …", "none", "No request with such an id can be right."),
    ("id/execute/dots id/execute/empty id/execute/line-break", "outcome", DONE, "ValueError: args=('workflow_id …',)",
     "Nothing is sent to a path that means something else."),
    ("id/status/dots id/status/empty id/status/line-break", "outcome", "WorkflowStatus: …",
     "ValueError: args=('workflow_id …',)", "Nothing is sent to a path that means something else."),
    ("id/job/dots id/job/empty id/job/line-break", "outcome", JOB, "ValueError: args=('task_id …',)",
     "Nothing is sent to a path that means something else."),
    ("key/unicode key/set/unicode", "outcome", "UnicodeEncodeError: args=('latin-1', 'k€', …)",
     "ValueError: args=('api_key has a character that an HTTP header cannot carry',)", "No message shows the key."),
    ("key/line-break key/set/line-break", "outcome", "SimStudioError: args=(…'secret\\\\nX-Evil: 1'…",
     "ValueError: args=('api_key has a control character at position 6 (a line break, perhaps), which …',)",
     "No message shows the key; the mistake is found where it is made."),
    ("key/space-before key/set/space-before", "outcome", "SimStudioError: args=(…' key'…",
     "ValueError: args=('api_key begins or ends with a space, which an HTTP header cannot carry',)",
     "No message shows the key; the mistake is found where it is made."),
    ("key/space-after key/set/space-after", "outcome", DONE,
     "ValueError: args=('api_key begins or ends with a space, which an HTTP header cannot carry',)",
     "What arrives has no space at its end: it is another key than was given."),
    ("key/space-after key/set/space-after", "requests", "server POST /api/workflows/wf/execute", "none", "As above."),
    ("key/int key/set/int", "outcome", "SimStudioError: …", "TypeError: args=('api_key must be a str or None, not int',)",
     "The mistake is found where it is made."),
    ("key/bytes key/set/bytes", "outcome", DONE, "TypeError: args=('api_key must be a str or None, not bytes',)",
     "A key is a str; bytes worked by chance."),
    ("key/bytes key/set/bytes", "requests", "server POST /api/workflows/wf/execute", "none", "As above."),
    ("base/unusable/empty base/unusable/no-scheme base/unusable/ftp", "outcome", "SimStudioError: …",
     "ValueError: args=('base_url: the URL must begin with http:// or https://',)", "The mistake is found where it is made."),
    ("base/unusable/port", "outcome", "SimStudioError: …",
     "ValueError: args=(\"base_url: the URL's port must be a number from 1 to 65535\",)", "As above."),
    ("base/unusable/none base/unusable/int", "outcome", "AttributeError: …",
     "TypeError: args=('base_url must be a str, not …',)", "As above, with words that help."),
    ("options/stream-false options/positional options/sync input/unchanged", "body", '…, "stream": false…', ANY,
     "stream=False is the default, so that it says nothing."),
    ("options/stream-zero", "body", '{"m": 1, "stream": 0}', '{"m": 1}', "stream is a flag; servers refuse numbers."),
    ("options/own-stream-overruled", "body", '{"stream": false}', '{"stream": "mine"}',
     "What is left out does not overwrite the workflow's own field."),
    ("options/selected-text", "outcome", DONE, "TypeError: args=('selected_outputs must be a list of str, not str',)",
     "Servers refuse it: the mistake is found where it is made."),
    ("options/selected-text", "requests", "server POST /api/workflows/wf/execute", "none", "As above."),
    ("life/override", "value", "…, 30.0, None, None), (…, 30.0, None, None, None))",
     "…, 30.0, False, None), (…, 30.0, False, None, False))", "The documented defaults are passed on."),
]

INPUT = [
    ("input/list input/pairs", "outcome", DONE, "TypeError: args=('input_data must be a dict or None, not list',)",
     "Servers refuse a body that is no object."),
    ("input/list input/pairs", "requests", "server POST /api/workflows/wf/execute", "none", "As above."),
    ("input/mapping input/list-and-stream", "args", ANY, "('input_data must be a dict or None, not …',)", "Words that help."),
    ("input/str input/int", "outcome", "AttributeError: …", "TypeError: args=('input_data must be a dict or None, not …',)",
     "Words that help."),
    ("input/cycle", "outcome", "RecursionError: …",
     "SimStudioError: args=('Failed to execute workflow: Circular reference detected',), code='EXECUTION_ERROR', status=None",
     "json's own verdict, found without exhausting the stack."),
    ("file/named-txt", "body", "…application/octet-stream…", "…data:text/plain;base64,aGVsbG8=…",
     "The type is guessed from the name."),
    ("file/named-pdf", "body", "…application/octet-stream…", "…data:application/pdf;base64,aGVsbG8=…",
     "The type is guessed from the name."),
    ("file/type-none file/type-empty", "body", '…"data": "data:…;base64,aGVsbG8=", …',
     '…"data": "data:application/octet-stream;base64,aGVsbG8=", "name": "file", "mime": "application/octet-stream"}}',
     "No type is no type."),
    ("file/named-slash", "body", '…"name": "",…', '…"name": "file",…', "Servers skip a file without a name."),
    ("file/named-int file/named-none file/on-disk/temporary", "body", '…"name": …, "mime"…', '…"name": "file", "mime"…',
     "A temporary file's name is a number; the API wants text."),
    ("file/named-bytes file/name-path file/in/tuple", "outcome", "TypeError: …", DONE, "It is a file like any other."),
    ("file/text file/upload-of-text file/on-disk/opened-as-text", "outcome", "TypeError: …", DONE, "Text is sent as UTF-8."),
    ("file/upload-of-none", "args", ANY, "('read() of a file in input_data must give bytes or str, not NoneType',)",
     "Words that help."),
    ("file/on-disk/pipe", "outcome", "OSError: args=(29, 'Illegal seek')", DONE, "A pipe is read where it stands."),
    ("file/named-bytes file/name-path file/in/tuple file/text file/upload-of-text file/on-disk/opened-as-text "
     "file/on-disk/pipe", "requests", "none", "server POST /api/workflows/wf/execute", "As above."),
]

RESULTS = [
    ("status/* limit/status/* id/status/*", "is_published", "none", "False", "The documented field."),
    ("status/200/every-field", "is_published", "none", "True", "The documented field."),
    ("usage/200/today", "rate_limit", "{'sync': {…}}", "{'sync': {…, 'limit': 150}}",
     "The documented key, where servers have another word for it."),
    ("execute/20?/*", "outcome", "KeyError: args=('success',)",
     RUN + ", error=None, logs=None, metadata=None, trace_spans=None, total_duration=None",
     "A workflow that ends in a Response block answers with a body of its own, which was paid for."),
    (of("execute/20?/%s", "list", "string", "number", "null"), "outcome", "TypeError: …",
     RUN + ", error=None, logs=None, metadata=None, trace_spans=None, total_duration=None", "As above."),
    ("execute/204/no-content", "outcome", "SimStudioError: …", "WorkflowExecutionResult: success=True, output=None, …",
     "A run without an answer has succeeded."),
    (of(NO_OBJECTS.replace("*/%s", "status/20?"), ""), "outcome", "AttributeError: …",
     "SimStudioError: args=('Failed to get workflow status: expected a JSON object, got …',), code='STATUS_ERROR', status=None",
     "One kind of error for an answer that is of no use."),
    (of(NO_OBJECTS.replace("*/%s", "usage/20?"), ""), "outcome", "AttributeError: …",
     "SimStudioError: args=('Failed to get usage limits: expected a JSON object, got …',), code='USAGE_ERROR', status=None",
     "One kind of error for an answer that is of no use."),
    (of("validate/*/%s", "list", "string", "number", "null"), "outcome", "AttributeError: …", "bool: value=False",
     "Whatever the server says, validate_workflow() answers."),
    ("execute/20?/latin-1", "output", "'café'", "'caf\ufffd'", "No guessing at encodings: JSON is UTF-8."),
    ("job/20?/latin-1", "value", "…'café'…", "…'caf\ufffd'…", "No guessing at encodings: JSON is UTF-8."),
    ("queued/job queued/unasked/job", "outcome", "WorkflowExecutionResult: success=True, output=None, …",
     "AsyncExecutionResult: success=True, task_id='run_1', status='queued', created_at='', links={'status': 'https://…'}",
     "What later servers call jobId is the task to poll; it is not lost."),
    ("queued/run", "outcome", "KeyError: args=('success',)",
     "AsyncExecutionResult: success=True, task_id='run_1', status='queued', created_at='', links={'status': 'https://…'}",
     "What version 2 of the API calls runId is the task to poll."),
    ("queued/unasked/run", "outcome", "KeyError: args=('success',)", RUN, "Unasked, it is a workflow's own answer."),
    ("stream/whole stream/unasked", "outcome", "SimStudioError: …",
     "WorkflowExecutionResult: success=True, output={'b1': {'content': 'Hello'}}, …", "Streams work."),
    ("stream/failed", "args", "('Failed to execute workflow: Expecting value: …',)", "('boom',)", "Streams work."),
    ("stream/cut-off", "args", "('Failed to execute workflow: Expecting value: …',)",
     "('The stream ended without its final event; the run may have happened',)", "Streams work."),
    ("stream/cut-off", "code", "'EXECUTION_ERROR'", "'STREAM_INTERRUPTED'", "Streams work."),
]

ERRORS = [
    ("*/null-fields */error-null */error-empty */error-number", "args", ANY, "('HTTP …',)",
     "A message is text, and says something."),
    ("*/error-object retry/other-word", "args", "({'code': 'RATE_LIMITED', …},)", "('API rate limit exceeded',)",
     "Version 2 of the API has the message within."),
    ("*/599/*", "args", "('HTTP 599: ',)", "('HTTP 599',)", "No colon before nothing."),
    ("execute/reason/none", "args", "('HTTP 404: ',)", "('HTTP 404: Not Found',)", "The standard's phrase, where none was sent."),
    ("*/401/* retry/not-on-401", "code", "None", "'UNAUTHORIZED'", "The documented code, where servers send none."),
    ("*/402/* retry/not-on-402", "code", "None", "'USAGE_LIMIT_EXCEEDED'", "The documented code, where servers send none."),
    ("*/429/* limit/job-429/*", "code", "None", "'RATE_LIMIT_EXCEEDED'", "The documented code, where servers send none."),
    ("*/failed", "code", "None", "'EXECUTION_ERROR'", "The documented code of a run that failed."),
    ("*/error-object", "code", "None", "'RATE_LIMIT_EXCEEDED'", "The documented code, for version 2's word."),
    ("*/error-and-long-code", "code", "'UNAUTHORIZED:_INVALID_API_KEY'", "'UNAUTHORIZED'", "The documented code."),
    ("*/error-and-other-word", "code", "'AUTHENTICATION_REQUIRED'", "'UNAUTHORIZED'", "The documented code."),
    (of(NO_OBJECTS, "400", "403", "404", "5??"), "outcome", "AttributeError: …",
     "SimStudioError: args=(…HTTP …,), code=None, status=…", "An error body that is no object is an error all the same."),
    (of(NO_OBJECTS, "401"), "outcome", "AttributeError: …",
     "SimStudioError: args=('HTTP 401: Unauthorized',), code='UNAUTHORIZED', status=401", "As above."),
    (of(NO_OBJECTS, "402"), "outcome", "AttributeError: …",
     "SimStudioError: args=('HTTP 402: Payment Required',), code='USAGE_LIMIT_EXCEEDED', status=402", "As above."),
    (of(NO_OBJECTS, "429"), "outcome", "AttributeError: …",
     "SimStudioError: args=('HTTP 429: Too Many Requests',), code='RATE_LIMIT_EXCEEDED', status=429", "As above."),
    ("execute/broken/* retry/not-on-closed", "args", "…Failed to execute workflow: …",
     "('Failed to execute workflow: …; the run may have happened',)",
     "What libcurl says; and that the run was paid for, perhaps."),
    ("execute/broken/refused", "args", "…Failed to execute workflow: …",
     '("Failed to execute workflow: Failed to connect to …",)', "What libcurl says."),
    (of("%s/broken/*", "status", "job", "usage"), "args", "…Failed to get …", "…Failed to get …", "What libcurl says."),
]

LIMITS = [
    ("execute/429/* retry/* limit/429/none", "args", "('Rate limit exceeded. Retry after 1000ms',)", "('Rate limit exceeded',)",
     "No number that the server did not give."),
    ("limit/429/*", "args", "('Rate limit exceeded. Retry after Nonems',)", "('Rate limit exceeded',)", "As above."),
    ("limit/429/empty", "args", "('Rate limit exceeded. Retry after 1000ms',)", "('Rate limit exceeded',)", "As above."),
    ("limit/429/retry-after-alone", "args", "('Rate limit exceeded. Retry after 1000ms',)",
     "('Rate limit exceeded. Retry after 7000ms',)", "Retry-After counts without an X-RateLimit header too."),
    ("limit/status/* limit/validate/*", "rate limit", "None", "RateLimitInfo(…)", "Every answer's headers count."),
    ("limit/*/negative", "rate limit", "RateLimitInfo(limit=60, remaining=-1, …)", "RateLimitInfo(limit=60, remaining=0, …)",
     "No fewer than none remain."),
]
for _name, _info in (
    ("iso", "RateLimitInfo(limit=60, remaining=59, reset=1764496860, retry_after=None)"),
    ("fraction", "RateLimitInfo(limit=60, remaining=0, reset=0, retry_after=1500)"),
    ("date", "RateLimitInfo(limit=60, remaining=0, reset=0, retry_after=0)"),
):
    LIMITS.append(("limit/*/" + _name, "rate limit", "None", _info, "Servers send times in this form."))
LIMITS += [
    (of("limit/execute/%s", "iso", "fraction", "date", "words"), "outcome", "ValueError: args=(\"invalid literal for int() …",
     DONE, "A header never costs an answer that was paid for."),
    (of("limit/job/%s", "iso", "fraction", "date", "words"), "outcome", "ValueError: …", JOB, "As above."),
    (of("limit/usage/%s", "iso", "fraction", "date", "words"), "outcome", "ValueError: …", "UsageLimits: …", "As above."),
    ("limit/429/iso limit/429/words", "outcome", "ValueError: …",
     "SimStudioError: args=('Rate limit exceeded',), code='RATE_LIMIT_EXCEEDED', status=429", "As above."),
    ("limit/429/fraction", "outcome", "ValueError: …",
     "SimStudioError: args=('Rate limit exceeded. Retry after 1500ms',), code='RATE_LIMIT_EXCEEDED', status=429", "As above."),
    ("limit/429/date", "outcome", "ValueError: …",
     "SimStudioError: args=('Rate limit exceeded. Retry after 0ms',), code='RATE_LIMIT_EXCEEDED', status=429", "As above."),
    (of("limit/500/%s", "iso", "fraction", "date", "words"), "outcome", "ValueError: …",
     "SimStudioError: args=('boom',), code=None, status=500", "As above."),
    (of("limit/job-429/%s", "iso", "fraction", "date", "words"), "outcome", "ValueError: …",
     "SimStudioError: args=('slow down',), code='RATE_LIMIT_EXCEEDED', status=429", "As above."),
    ("retry/zero", "waited long", "True", "False", "Retry-After: 0 is an answer, not an absence."),
    ("retry/stale-hint", "waited long", "True", "False", "An earlier answer's Retry-After says nothing about this one."),
    ("retry/hours", "waited long", "True", "False", "Nobody wants to wait for over an hour: the error comes at once."),
    ("retry/hours", "outcome", DONE, "SimStudioError: args=('Rate limit exceeded. Retry after 7200000ms',), …", "As above."),
    ("retry/hours", "requests", "server POST …, server POST …", "server POST /api/workflows/wf/execute", "As above."),
    ("retry/negative", "outcome", "SimStudioError: args=('Max retries exceeded',), code='MAX_RETRIES_EXCEEDED', status=None",
     "ValueError: args=('max_retries must be 0 or greater, not -1',)", "A mistake is not a failed run."),
    ("retry/other-word", "outcome", "SimStudioError: args=({'code': 'RATE_LIMITED', 'message': 'm'},), code=None, status=503",
     DONE, "Version 2 of the API has another word for the rate limit."),
    ("retry/other-word", "requests", "server POST …", "server POST …, server POST …", "As above."),
]

NETWORK = [
    ("timeout/hang/triple", "outcome", "ValueError: args=('Invalid timeout …",
     "SimStudioError: args=('Workflow execution timed out after (5, 5, 0.2) seconds',), code='TIMEOUT', status=None",
     "A bound for the whole call, which 0.1.1 has not."),
    ("timeout/hang/triple", "requests", "none", "server POST …", "As above."),
    ("timeout/hang/zero timeout/hang/negative timeout/hang/nan", "args", ANY,
     "('timeout must be greater than 0 seconds, not …',)", "Our own words."),
    ("timeout/hang/text timeout/hang/list timeout/hang/bool", "outcome", "ValueError: …",
     "TypeError: args=('timeout must be a number of seconds or None, not …',)", "The wrong type is a TypeError."),
    ("redirect/execute/30?/elsewhere redirect/execute/30?/other-path", "outcome", DONE,
     "SimStudioError: args=('Failed to execute workflow: HTTP … redirects to 127.0.0.1, which is not followed',), …",
     "The key goes to no other site, and no run is turned into something else."),
    ("redirect/execute/30?/elsewhere redirect/execute/30?/other-path", "requests", "server POST …, …",
     "server POST /api/workflows/wf/execute", "As above."),
    ("redirect/job/30?/elsewhere", "outcome", JOB,
     "SimStudioError: args=('Failed to get job status: HTTP … redirects to 127.0.0.1, which is not followed',), …",
     "The key goes to no other site."),
    ("redirect/job/30?/elsewhere", "requests", "server GET …, elsewhere GET …", "server GET /api/jobs/job", "As above."),
    ("redirect/execute/30?/nowhere", "outcome", "KeyError: args=('success',)", "SimStudioError: args=('x',), code=None, status=…",
     "A 3xx that leads nowhere is an error."),
    ("redirect/job/30?/nowhere", "outcome", "dict: value={'error': 'x'}", "SimStudioError: args=('x',), code=None, status=…",
     "A 3xx that leads nowhere is an error."),
    ("redirect/job/loop", "args", "('Failed to get job status: Exceeded 30 redirects.',)",
     "('Failed to get job status: HTTP 302 redirects to 127.0.0.1, which is not followed',)", "Our own words."),
    ("redirect/job/loop", "status", "None", "302", "The answer's own status."),
]

DIFFERENCES = [Difference(*row) for row in REQUESTS + INPUT + RESULTS + ERRORS + LIMITS + NETWORK]
