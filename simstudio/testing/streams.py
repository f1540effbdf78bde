"""What a streamed run of the local server sends."""

from __future__ import annotations

import copy
import json
import threading
from datetime import datetime
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    Literal,
    NamedTuple,
    Optional,
    Tuple,
    Union,
)

from .times import milliseconds, now


class Hold:
    """A place in a stream where the server waits until release() is called.

    `reached` is a threading.Event: set once the server has sent everything before it.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()

    def release(self) -> None:
        """Lets the server go on."""
        self.released.set()


Step = Union[str, Tuple[str, str], Dict[str, Any], bytes, float, Hold]
Metadata = Optional[Dict[str, Any]]


class _Dialect(NamedTuple):
    """The messages of a dialect, and the text after the last one.

    success: callable(output, metadata, milliseconds that the run took) -> the message.
    """

    chunk: Callable[[str, str], Dict[str, Any]]
    success: Callable[[Any, Metadata, int], Dict[str, Any]]
    failure: Callable[[str], Dict[str, Any]]
    end: str


def _chunk(block: str, text: str) -> dict[str, Any]:
    return {"blockId": block, "chunk": text}


def _final(output: Any, metadata: Metadata, _duration: int) -> dict[str, Any]:
    data = {"success": True, "output": output}
    return {"event": "final", "data": dict(data, metadata=metadata) if metadata else data}


def _done(output: Any, metadata: Metadata, duration: int) -> dict[str, Any]:
    return {"event": "done", "success": True, "output": output,
            "metadata": {"duration": duration} if metadata is None else metadata}


def _error(message: str) -> dict[str, Any]:
    return {"event": "error", "error": message}


def _canvas_chunk(block: str, text: str) -> dict[str, Any]:
    return {"type": "stream:chunk", "data": {"blockId": block, "chunk": text}}


def _canvas_completed(output: Any, metadata: Metadata, _duration: int) -> dict[str, Any]:
    return {"type": "execution:completed",
            "data": dict({"success": True, "output": output}, **(metadata or {}))}


def _canvas_error(message: str) -> dict[str, Any]:
    return {"type": "execution:error", "data": {"error": message}}


_DIALECTS = {
    "sim": _Dialect(_chunk, _final, _error, '"[DONE]"'),
    "documented": _Dialect(_chunk, _done, _error, "[DONE]"),
    "canvas": _Dialect(_canvas_chunk, _canvas_completed, _canvas_error, "[DONE]"),
}
_DEFAULT = "documented"  # of a stream that is sent by no server


class Stream:
    """What a streamed run sends.

    steps: an iterable of
        str                 a chunk of the block "agent"
        (block id, text)    a chunk of another block
        dict                an event as it is; Stream.chunk_reset() and its like make some
        bytes               sent as they are: b": a comment\\n\\n"
        number              a pause, in seconds
        Hold                a pause until the test ends it
    output: of the run; None: the text of every block, as {block id: {"content": text}}.
    dialect: "sim", what servers send; "documented"; "canvas", what a run of the draft sends. None:
        "documented" from a server of that era, "sim" from the others.
    error: str; the run ends in an error with this message.
    cut: True: the connection breaks off instead of an end; "quietly": the answer is over without
        the event that ends a run.
    pause: seconds after each step.
    metadata: dict, of the run: {"duration": 610}. None: the time that the run took, if the dialect
        is "documented"; nothing in the others.
    """

    _started: datetime | None = None

    def __init__(self, steps: Iterable[Step] = (), output: Any = None,
                 dialect: str | None = None, error: str | None = None,
                 cut: bool | Literal["quietly"] = False, pause: float = 0.0,
                 metadata: Metadata = None) -> None:
        if dialect is not None and dialect not in _DIALECTS:
            raise ValueError("dialect must be one of %s" % ", ".join(_DIALECTS))
        self.steps = list(steps)
        self.output, self.dialect, self.error = output, dialect, error
        self.cut, self.pause, self.metadata = cut, pause, metadata

    @staticmethod
    def chunk_reset(block: str = "agent") -> dict[str, Any]:
        """What the block has said so far is void."""
        return {"blockId": block, "event": "chunk_reset"}

    @staticmethod
    def thinking(text: str, block: str = "agent") -> dict[str, Any]:
        """What the block's model thinks, which is no part of its text."""
        return {"blockId": block, "event": "thinking", "data": text}

    @staticmethod
    def tool(name: str, phase: str = "start", block: str = "agent",
             **more: Any) -> dict[str, Any]:
        """A tool's use begins (phase "start"), or is over ("end", status="success")."""
        event = {"blockId": block, "event": "tool", "phase": phase, "id": "call_1", "name": name}
        return dict(event, **more)

    @staticmethod
    def stream_error(message: str, block: str = "agent") -> dict[str, Any]:
        """One block's text broke off; the run goes on."""
        return {"event": "stream_error", "blockId": block, "error": message}

    def of_run(self, dialect: str, started: datetime) -> Stream:
        """A shallow copy for a run that began then: in this dialect, where the stream has none."""
        run = copy.copy(self)
        run.dialect, run._started = self.dialect or dialect, started
        return run

    def pieces(self, wait: Callable[[float | Hold], None]) -> Iterator[bytes]:
        """The bytes of the stream, in pieces. `wait(seconds)` and `wait(Hold)` pass the time."""
        dialect, started = _DIALECTS[self.dialect or _DEFAULT], self._started or now()
        texts: dict[str, str] = {}
        for step in self.steps:
            if isinstance(step, str):
                step = ("agent", step)
            if isinstance(step, (int, float, Hold)):
                wait(step)
                continue
            if isinstance(step, tuple):
                block, text = step
                texts[block] = texts.get(block, "") + text
                step = dialect.chunk(block, text)
            elif isinstance(step, dict) and step.get("event") == "chunk_reset":
                texts[step["blockId"]] = ""
            yield step if isinstance(step, bytes) else _message(step)
            if self.pause:
                wait(self.pause)
        if self.cut:
            return
        if self.error is not None:
            yield from self.failure(self.error)
            return
        output = self.output
        if output is None:
            output = {block: {"content": text} for block, text in texts.items()}
        yield _message(dialect.success(output, self.metadata, milliseconds(started, now())))
        yield _message(dialect.end)

    def failure(self, message: str) -> Iterator[bytes]:
        """The end of a run that failed, in pieces."""
        dialect = _DIALECTS[self.dialect or _DEFAULT]
        yield _message(dialect.failure(message))
        yield _message(dialect.end)


def to_json(value: Any) -> str:
    """The value as JSON, which has no NaN; TypeError or ValueError for what it cannot hold."""
    return json.dumps(value, allow_nan=False)


def _message(data: Any) -> bytes:
    return b"data: %s\n\n" % (data if isinstance(data, str) else to_json(data)).encode()
