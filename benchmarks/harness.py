"""What every benchmark needs: the builds and their peers, processes to measure, medians, rows.

bench.mk makes the folder $BENCH: source/ (ours on the system's libraries), wheel/ (ours with its own,
where one was built), peers/ (the pure-Python SDK and the other packages): virtual environments; and
limit-source, limit-wheel: the C program with the libraries of each."""

import json
import os
import statistics
import subprocess
import sys
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.environ.get("BENCH") or os.path.join(os.path.dirname(HERE), "build", "bench")
WORKER = os.path.join(HERE, "worker.py")

# `met` is None where a row has no bar; `of` is the build that it speaks of.
Row = namedtuple("Row", "what of measured bar met")

SMALL = (
    b'{"success":true,"executionId":"0358719f-c3ac-44f3-8f58-b5412c19ff50","output":{"result":{"echo":"hi","n":3},'
    b'"stdout":"hello from fn"},"metadata":{"duration":8073.638017000001,"startTime":"2026-11-23T22:55:24.885Z",'
    b'"endTime":"2026-11-23T22:55:32.961Z"}}'
)


def python(environment):
    return os.path.join(BENCH, environment, "bin", "python")


def builds():
    """Ours: "wheel" where there is one, and "source"."""
    return [name for name in ("wheel", "source") if os.path.exists(python(name))]


def bar(what, of, value, limit, unit="x", least=False, beside=""):
    """A row that is met where value <= limit (value >= limit for `least`)."""
    sign = ">=" if least else "<="
    met = value >= limit if least else value <= limit
    return Row(what, of, "%.2f%s%s" % (value, unit, beside), "%s %.2f%s" % (sign, limit, unit), met)


def environment_for(server):
    """What a measured process sees: the throw-away authority, and no proxy of the machine's."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "REQUESTS_CA_BUNDLE": server.authority, "PYTHONDONTWRITEBYTECODE": "1"}


class Worker:
    """A client under measurement; each batch() is one line of worker.py's protocol."""

    def __init__(self, server, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment_for(server), universal_newlines=True
        )

    def batch(self, count):
        self.process.stdin.write("%d\n" % count)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a client failed: %s" % " ".join(self.process.args))
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def client_command(environment, name, url, workflow, threads=1):
    return [python(environment), WORKER, name, url, workflow, str(threads)]


def limit_command(build, url, workflow):
    return [os.path.join(BENCH, "limit-" + build), url, workflow]


def interleave(server, commands, count, rounds, figure="cpu"):
    """{name: median of a figure per call} of the clients in `commands`, which take turns."""
    seen = {name: [] for name in commands}
    workers = {name: Worker(server, command) for name, command in commands.items()}
    try:
        for worker in workers.values():
            worker.batch(max(count // 10, 2))  # connected and warm
        for _ in range(rounds):
            for name, worker in workers.items():
                seen[name].append(worker.batch(count))
    finally:
        for worker in workers.values():
            worker.__exit__()
    return {
        name: {key: statistics.median(batch[key] for batch in batches) / count for key in ("wall", "cpu", "user")}
        for name, batches in seen.items()
    }


def instructions(server, command, few=50, many=250):
    """User-space instructions per call: two runs under callgrind, so that the start cancels out."""
    counts = {}
    for calls in (few, many):
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
            input="%d\n" % calls, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment_for(server),
            universal_newlines=True, check=True,
        )
        counts[calls] = int(run.stderr.rsplit("Collected : ", 1)[1].split()[0])
    return (counts[many] - counts[few]) / (many - few)


def median_of_processes(server, commands, rounds):
    """{name: (wall, CPU)} in seconds of whole processes, which take turns."""
    import time

    seen = {name: [] for name in commands}
    environment = environment_for(server) if server else dict(os.environ)
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = status
            if status != 0:
                raise RuntimeError("failed: %s" % " ".join(command))
            seen[name].append((wall, usage.ru_utime + usage.ru_stime))
    return {name: tuple(statistics.median(column) for column in zip(*pairs)) for name, pairs in seen.items()}


def main(rows):
    """Runs one benchmark by itself: `python benchmarks/call.py [--quick]`."""
    from run import show

    show(rows("--quick" in sys.argv[1:]))
