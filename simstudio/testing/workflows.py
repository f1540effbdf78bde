"""What the local server runs."""

from __future__ import annotations

import inspect
import json
import time
from typing import Any, Callable, Mapping

from .eras import Era
from .streams import Stream, to_json


class Workflow:
    """A workflow of the local server.

    run: callable(input: dict) -> output. An exception that it raises is a failed block; a Response
        that it returns is the whole answer.
    deployed: bool; a run of one that is not is answered with 403.
    stream: what a streamed run sends: a Stream, or a callable(input: dict) -> Stream. None: `run`'s
        output alone, in the final event.

    TypeError for what can be told beforehand to be none of these. What is found when it runs is
    answered with 500, or ends the stream in an error, and has its traceback on stderr.
    """

    def __init__(self, run: Callable[[Any], Any], deployed: bool = True,
                 stream: Stream | Callable[[Any], Stream] | None = None) -> None:
        _check("run", run, callable(run), "a callable(input) -> output")
        _check("deployed", deployed, isinstance(deployed, bool), "a bool")
        _check("stream", stream, stream is None or callable(stream) or isinstance(stream, Stream),
               "a Stream or a callable(input) -> Stream")
        for name, call in (("run", run), ("stream", stream)):
            if callable(call):
                _check_takes_input(name, call)
        if isinstance(stream, Stream):
            _check_can_be_sent(stream)
        self.run, self.deployed, self.stream = run, deployed, stream

    def streamed(self, given: Any, era: Era) -> Stream:
        """The Stream of a run."""
        if self.stream is not None:
            stream = self.stream(given) if callable(self.stream) else self.stream
            if not isinstance(stream, Stream):
                raise TypeError("stream must give a Stream, not %s" % type(stream).__name__)
            return stream
        try:
            output = self.run(given)
        except Exception as error:
            return Stream(error=str(error))
        return Stream(output=output_of(output, era))


class Response:
    """The answer of a workflow that ends in a Response block: body, status and headers are its own.

    body: what JSON can hold, or bytes, sent as they are; as the output of a queued or streamed run
        they are the JSON that they hold, or else text. headers: dict of str.
    """

    def __init__(self, body: Any, status: int = 200,
                 headers: Mapping[str, str] | None = None) -> None:
        self.body, self.status, self.headers = body, status, dict(headers or {})


def _check(name: str, value: Any, fits: bool, expected: str) -> None:
    if not fits:
        raise TypeError("%s must be %s, not %s" % (name, expected, type(value).__name__))


def _check_takes_input(name: str, call: Callable[..., Any]) -> None:
    for function in (call, type(call).__call__):
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("%s must be a callable(input) that is not async" % name)
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return  # of a built-in, which does not say
    try:
        signature.bind(None)
    except TypeError as error:
        raise TypeError("%s must be a callable(input): %s" % (name, error)) from None


def _check_can_be_sent(stream: Stream) -> None:
    if type(stream).pieces is not Stream.pieces:
        return  # its own may wait, or never end
    try:
        for _ in stream.pieces(lambda _pause: None):
            pass
    except Exception as error:
        raise TypeError("stream must be of what a Stream can send: %s" % error) from error


def fixed(output: Any) -> Callable[[Any], Any]:
    """The callable of a workflow that always has this output."""
    body = output.body if isinstance(output, Response) else output
    if body is output or not isinstance(body, bytes):
        try:
            to_json(body)
        except (TypeError, ValueError, RecursionError) as error:
            raise TypeError("run must be a callable(input) -> output, or what JSON can hold: %s"
                            % error) from error
    return lambda _given: output


def output_of(given_back: Any, era: Era) -> Any:
    """The output of a run, of what it gave back; that of a Response, where it is not the answer."""
    if not isinstance(given_back, Response):
        return given_back
    headers = dict({"Content-Type": "application/json"}, **given_back.headers)
    return era.response(_output_of_body(given_back.body), given_back.status, headers)


def _output_of_body(body: Any) -> Any:
    if not isinstance(body, bytes):
        return body
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except ValueError:
        return body.decode("utf-8", "replace")


def _refuse_constant(name: str) -> Any:
    raise ValueError("JSON has no %s" % name)


def _echo(given: Any) -> Any:
    return given


def _fail(_given: Any) -> Any:
    raise RuntimeError("[function] Function 1: boom")


def _sleep(given: Any) -> Any:
    seconds = float(given.get("seconds", 1))
    time.sleep(seconds)
    return {"slept": seconds}


def _count(_given: Any) -> Stream:
    return Stream(["One", ", two", ", three", ", four", ", five"], pause=0.02)


#: The workflows that every server begins with.
BUILT_IN = {
    "echo": Workflow(_echo),
    "failing": Workflow(_fail),
    "undeployed": Workflow(_echo, deployed=False),
    "slow": Workflow(_sleep),
    "agent": Workflow(_echo, stream=_count),
    # The names that the documentation's examples use.
    "workflow-id": Workflow(_echo, stream=_count),
    "my-workflow-id": Workflow(_echo),
    "workflow-1": Workflow(_echo),
    "workflow-2": Workflow(_echo),
}
