"""Run by the tests with the interpreter of an environment: calls.py HTTP_URL HTTPS_URL [--refused].

Makes calls of every kind over http, and one over https, whose server's certificate must be
accepted; with --refused, refused. Prints what was found, as JSON.
"""

import ctypes
import ctypes.util
import io
import json
import sys

import simstudio
from simstudio import SimStudioClient, SimStudioError


def loads(name):
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def call_over_http(url):
    with SimStudioClient("key", url) as client:
        assert client.validate_workflow("echo") is True
        given = {"text": "h\u00e9", "file": io.BytesIO(b"content")}
        output = client.execute_workflow("echo", given).output
        assert output["text"] == given["text"] and output["file"]["data"].endswith("Y29udGVudA==")
        assert client.execute_with_retry("echo", {"n": 1}, max_retries=1).output == {"n": 1}
        with client.stream_workflow("agent") as stream:
            assert "".join(stream.text_stream) == "One, two, three, four, five"
        queued = client.execute_workflow("echo", {"n": 2}, async_execution=True)
        state = client.get_job_status(queued.task_id)
        while state["status"] != "completed":
            state = client.get_job_status(queued.task_id)
        assert state["output"]["output"] == {"n": 2}
        assert client.get_usage_limits().success is True
        try:
            client.execute_workflow("failing")
        except SimStudioError as error:
            assert error.status == 500
        else:
            raise AssertionError("the failing workflow did not fail")


def call_over_https(url):
    """The version of TLS, or the words of the refusal."""
    with SimStudioClient("key", url) as client:
        try:
            return client.execute_workflow("any").output["tls"], None
        except SimStudioError as error:
            return None, str(error)


call_over_http(sys.argv[1])
tls, refusal = call_over_https(sys.argv[2])
print(json.dumps({
    "from": simstudio._native.__file__,
    "version": simstudio.__version__,
    "tls": tls,
    "refusal": refusal,
    "system's": [name for name in ("libcurl.so.4", "libcjson.so.1", "libssl.so.3") if loads(name)],
}))
