"""Calls per second of eight threads that share a client."""

from harness import at_least, builds

THREADS = 8


def rows(lab):
    commands = {name: lab.client(name, threads=THREADS) for name in [*builds(), "peers"]}
    medians = lab.interleave(commands, *((30, 3) if lab.quick else (60, 11)), THREADS)
    pure = THREADS / medians["peers"]["wall"]
    for build in builds():
        ours = THREADS / medians[build]["wall"]
        text = "%.1f x (%.0f/s; %.0f/s)" % (ours / pure, ours, pure)
        yield at_least("calls a second, %d threads, to the pure-Python SDK" % THREADS, build, ours / pure, 6.0, text)
