"""What the local server runs: workflows, and the streams that they may answer with."""

import time


class Stream:
    """What a streamed run sends.

    chunks: list of (block id, text), or of text alone for a block "agent".
    output: the terminal event's output; None: every block's whole text.
    ending: "final", "done" (the documented dialect), "error", or "cut" (no terminal event).
    pause: seconds (float) between chunks.
    events: further events (dicts, or str for raw data), sent before the ending.
    """

    def __init__(self, chunks, output=None, ending="final", pause=0.0, error="Block failed", events=()):
        self.chunks = [("agent", c) if isinstance(c, str) else tuple(c) for c in chunks]
        self.ending, self.pause, self.error, self.events = ending, pause, error, list(events)
        self.output = output if output is not None else self._texts()

    def _texts(self):
        texts = {}
        for block, text in self.chunks:
            texts[block] = texts.get(block, "") + text
        return {block: {"content": text} for block, text in texts.items()}

    def messages(self):
        """The stream's data, one after the other; sleeps between the chunks."""
        for number, (block, text) in enumerate(self.chunks):
            if number and self.pause:
                time.sleep(self.pause)
            yield {"blockId": block, "chunk": text}
        yield from self.events
        if self.ending == "final":
            yield {"event": "final", "data": {"success": True, "output": self.output}}
            yield '"[DONE]"'
        elif self.ending == "done":
            yield {"event": "done", "success": True, "output": self.output, "metadata": {"duration": 610}}
            yield "[DONE]"
        elif self.ending == "error":
            yield {"event": "error", "error": self.error}


class Workflow:
    """A workflow of the local server.

    run: callable(input: dict) -> output; an exception that it raises is a failed block.
    deployed: bool; a run of one that is not is answered with 403.
    stream: a Stream for streamed runs; None: one that sends the output as a single chunk.
    """

    def __init__(self, run, deployed=True, stream=None):
        self.run, self.deployed, self.stream = run, deployed, stream


def _fail(_input):
    raise RuntimeError("[function] Function 1: boom")


def _sleep(given):
    time.sleep(float(given.get("seconds", 1)))
    return {"slept": given.get("seconds", 1)}


def _echo(given):
    return given


_COUNT = Stream(["One", ", two", ", three", ", four", ", five"], pause=0.02)

#: The workflows that every server has.
BUILT_IN = {
    "echo": Workflow(_echo),
    "failing": Workflow(_fail),
    "undeployed": Workflow(_echo, deployed=False),
    "slow": Workflow(_sleep),
    "agent": Workflow(_echo, stream=_COUNT),
    # The names that the documentation's examples use.
    "workflow-id": Workflow(_echo, stream=_COUNT),
    "my-workflow-id": Workflow(_echo),
    "workflow-1": Workflow(_echo),
    "workflow-2": Workflow(_echo),
}
