"""What every benchmark needs: the builds and their peers, processes to measure, medians, rows.

bench.mk makes the folder $BENCH: source/ (ours on the system's libraries), wheel/ (ours with its own,
where one could be built), peers/ (the pure-Python SDK and the other packages): virtual environments;
limit-source and limit-wheel: the C program with the libraries of each; decoder-source and
decoder-wheel: the decoder as a module of its own."""

import json
import os
import statistics
import subprocess
import time
from collections import namedtuple

from server import Server, on_one_processor

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.environ.get("BENCH") or os.path.join(os.path.dirname(HERE), "build", "bench")
WORKER = os.path.join(HERE, "worker.py")

# One line of the table: what is measured, of which build, what came out, and its bar. `met` is None
# where there is no bar.
Row = namedtuple("Row", "what of measured bar met")

SMALL = (
    b'{"success":true,"executionId":"0358719f-c3ac-44f3-8f58-b5412c19ff50","output":{"result":{"echo":"hi","n":3},'
    b'"stdout":"hello from fn"},"metadata":{"duration":8073.638017000001,"startTime":"2026-11-23T22:55:24.885Z",'
    b'"endTime":"2026-11-23T22:55:32.961Z"}}'
)
BIG_BYTES = 50 * 1000 * 1000


def big():
    """Fifty megabytes, as a run with long texts gives them."""
    texts = ",".join('"%s"' % ("the answer of a model, %06d " % i * 40) for i in range(BIG_BYTES // 1130))
    return b'{"success":true,"output":{"texts":[%s]}}' % texts.encode()


def python(environment):
    return os.path.join(BENCH, environment, "bin", "python")


def builds():
    """Ours: "wheel" where there is one, and "source"."""
    return [name for name in ("wheel", "source") if os.path.exists(os.path.join(BENCH, name, ".ready"))]


def at_most(what, of, value, limit, measured=None, unit="x"):
    return Row(what, of, measured or "%.2f %s" % (value, unit), "<= %.2f %s" % (limit, unit), value <= limit)


def at_least(what, of, value, limit, measured=None, unit="x"):
    return Row(what, of, measured or "%.2f %s" % (value, unit), ">= %.2f %s" % (limit, unit), value >= limit)


def beside(what, of, measured):
    """A figure without a bar."""
    return Row(what, of, measured, "", None)


class Lab:
    """The server, and how thorough to be: `quick` is for a look: its figures scatter."""

    def __init__(self, quick):
        self.quick = quick
        self.server = Server({"small": SMALL, "big": big()})

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def environment(self):
        """What a measured process sees: the throw-away authority, and no proxy of the machine's."""
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return dict(kept, REQUESTS_CA_BUNDLE=self.server.authority)

    def client(self, environment, name="sdk", way="plain", workflow="small", threads=1):
        return [python(environment), WORKER, name, self.server.urls[way], workflow, str(threads)]

    def limit(self, build, way="plain", *more):
        return [os.path.join(BENCH, "limit-" + build), self.server.urls[way], "small", *more]

    def interleave(self, commands, count, rounds, threads=1):
        """{name: medians of wall and CPU seconds per call} of clients that take turns."""
        seen = {name: [] for name in commands}
        workers = {name: Worker(command, self.environment(), threads) for name, command in commands.items()}
        try:
            for worker in workers.values():
                worker.batch(max(count // 2, 1))  # connected and warm
            for _ in range(rounds):
                for name, worker in workers.items():
                    seen[name].append(worker.batch(count))
        finally:
            for worker in workers.values():
                worker.end()
        return {
            name: {key: statistics.median(batch[key] for batch in batches) / count for key in ("wall", "cpu")}
            for name, batches in seen.items()
        }

    def once(self, command, count):
        """What one batch of `count` calls took in a fresh process, and its memory after it."""
        worker = Worker(command, self.environment())
        try:
            return worker.batch(count)
        finally:
            worker.end()

    def instructions(self, command, text=""):
        """User-space instructions of a process that reads `text`, as callgrind counts them."""
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
            input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(), cwd=BENCH,
            universal_newlines=True, check=True,
        )
        return int(run.stderr.rsplit("Collected : ", 1)[1].split()[0])

    def instructions_of_call(self, command, few=50, many=250):
        """Two runs of a client, so that its start cancels out."""
        return (self.instructions(command, "%d\n" % many) - self.instructions(command, "%d\n" % few)) / (many - few)

    def processes(self, commands, rounds):
        """{name: medians of (wall, CPU) seconds} of whole processes that take turns. They start in a folder
        without packages: `python -c` looks for one there first."""
        seen = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                process = subprocess.Popen(command, env=self.environment(), stdout=subprocess.DEVNULL, cwd=BENCH)
                _, status, usage = os.wait4(process.pid, 0)
                wall = time.perf_counter() - start
                process.returncode = status
                if status != 0:
                    raise RuntimeError("failed: %s" % " ".join(command))
                if turn > 0:  # the first one found nothing in the page cache
                    seen[name].append((wall, usage.ru_utime + usage.ru_stime))
        return {name: tuple(statistics.median(column) for column in zip(*pairs)) for name, pairs in seen.items()}


class Worker:
    """A client under measurement; each batch() is one line of worker.py's protocol."""

    def __init__(self, command, environment, threads=1):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, universal_newlines=True,
            preexec_fn=on_one_processor if threads == 1 else None,
        )

    def batch(self, count):
        self.process.stdin.write("%d\n" % count)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a client failed: %s" % " ".join(self.process.args))
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
