"""Threads, faults and forks together for many calls: nothing is lost, served twice or left behind.

    tests/soak/soak.py [--calls 100000] [--threads 8]

Prints what the calls came to, and memory and descriptors on the way. Exits with 1 unless every
call ended as its kind must, no run was served twice, and both are flat. A server that hangs up
without a word ("closing") may do so just as the next run goes out: that run is in doubt, and says so.
"""

import argparse
import collections
import gc
import itertools
import os
import random
import subprocess
import sys
import threading
import time

from simstudio import SimStudioClient, SimStudioError

FORK_EVERY = 500  # calls
SAMPLES = 10
MOST_GROWTH_KB = 4096  # of resident memory, from the second sample on: the first warms up
AS_IT_MUST, DOUBTFUL = "as it must", "in doubt"

# An error's code, and words of its message.
IN_DOUBT = ("EXECUTION_ERROR", "the run may have happened")
NO_FAILURE = (None, "")

# kind: how often it comes, how it is asked for, how it must end: the output, or code and words.
KINDS = {
    "plain": (600, lambda client, call: client.execute_workflow("plain", call).output, NO_FAILURE),
    "closing": (100, lambda client, call: client.execute_workflow("closing", call).output, NO_FAILURE),
    "limited": (50, lambda client, call: client.execute_with_retry("limited", call, initial_delay=0).output, NO_FAILURE),
    "stream": (50, lambda client, call: read_stream(client, call), NO_FAILURE),
    "dropped": (50, lambda client, call: drop_stream(client, call), NO_FAILURE),
    "cut": (75, lambda client, call: client.execute_workflow("cut", call), IN_DOUBT),
    "reset": (75, lambda client, call: client.execute_workflow("reset", call), IN_DOUBT),
    "silent": (5, lambda client, call: client.execute_workflow("silent", call, timeout=(30, 0.1)),
               ("TIMEOUT", "timed out after")),
}


def read_stream(client, call):
    result = client.execute_workflow("stream", call, stream=True)
    assert result.output == {"b": {"content": "".join("%d " % n for n in range(20))}}, result
    return call["call"]


def drop_stream(client, call):
    stream = client.stream_workflow("stream", call)
    assert next(stream).text == "0 "
    return call["call"]


def make_call(client, kind, call_id):
    """How the call ended: as it must, in doubt, or what is wrong with it."""
    _, make, failure = KINDS[kind]
    try:
        output = make(client, {"call": call_id})
    except SimStudioError as error:
        for (code, words), outcome in ((failure, AS_IT_MUST), (IN_DOUBT, DOUBTFUL)):
            if error.code == code and words in str(error):
                return outcome
        return "%s: %s" % (error.code, error)
    return AS_IT_MUST if failure is NO_FAILURE and output == call_id else "returned %r" % (output,)


class Soak:
    def __init__(self, client, calls):
        self.client, self.calls = client, calls
        self.numbers = itertools.count()
        self.outcomes = collections.Counter()
        self.lock = threading.Lock()

    def work(self):
        dice = random.Random()
        weights = [weight for weight, _, _ in KINDS.values()]
        while True:
            number = next(self.numbers)
            if number >= self.calls:
                return
            kind = dice.choices(list(KINDS), weights)[0]
            outcome = make_call(self.client, kind, "call %d" % number)
            with self.lock:
                self.outcomes[kind, outcome] += 1

    def fork(self, number):
        """A child makes calls of its own, and leaves; 0 where all ended as they must."""
        child = os.fork()
        if child == 0:
            ended = [make_call(self.client, kind, "child %d %s" % (number, kind)) for kind in ("plain", "stream", "cut")]
            os._exit(sum(outcome != AS_IT_MUST for outcome in ended))
        return os.waitpid(child, 0)[1]


def measure():
    """Resident memory (KiB), descriptors."""
    gc.collect()
    with open("/proc/self/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return resident, len(os.listdir("/proc/self/fd"))


def run(client, calls, thread_count):
    """The soak, and the samples on the way; forks that failed."""
    soak, samples, forks, failed_forks = Soak(client, calls), [], 0, 0
    threads = [threading.Thread(target=soak.work) for _ in range(thread_count)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.01)
        with soak.lock:
            done = sum(soak.outcomes.values())
        if done >= forks * FORK_EVERY:
            forks += 1
            failed_forks += soak.fork(forks) != 0
        if done >= calls * (len(samples) + 1) / (SAMPLES + 1) and len(samples) < SAMPLES:
            samples.append(measure())
            print("%8d calls  %7d KiB  %3d descriptors" % ((done,) + samples[-1]), flush=True)
    client.close()
    samples.append(measure())
    print("%8s        %7d KiB  %3d descriptors" % (("closed",) + samples[-1]))
    return soak.outcomes, samples, forks, failed_forks


def judge(outcomes, samples, descriptors, report, failed_forks):
    """What is wrong: a list of sentences."""
    wrong = ["%d of %s: %s" % (count, kind, outcome) for (kind, outcome), count in sorted(outcomes.items())
             if outcome not in (AS_IT_MUST, DOUBTFUL)]
    doubtful = sum(count for (kind, outcome), count in outcomes.items() if outcome == DOUBTFUL)
    if doubtful > outcomes["closing", AS_IT_MUST]:
        wrong.append("%d runs are in doubt, more than connections were closed without a word" % doubtful)
    if report["twice"]:
        wrong.append("served twice: %s" % report["twice"][:10])
    if failed_forks:
        wrong.append("%d children failed" % failed_forks)
    warm, last = samples[1], samples[-2]
    if last[0] - warm[0] > MOST_GROWTH_KB:
        wrong.append("memory grew by %d KiB" % (last[0] - warm[0]))
    if samples[-1][1] != descriptors:
        wrong.append("%d descriptors at the end, %d at the beginning" % (samples[-1][1], descriptors))
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soak_server.py")
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, universal_newlines=True) as server:
        try:
            client = SimStudioClient("key", "http://127.0.0.1:%d" % int(server.stdout.readline()))
            begin, descriptors = time.monotonic(), measure()[1]
            outcomes, samples, forks, failed_forks = run(client, options.calls, options.threads)
            seconds = time.monotonic() - begin
            report = client.get_job_status("report")
        finally:
            server.terminate()
    for (kind, outcome), count in sorted(outcomes.items()):
        print("%8d %-8s %s" % (count, kind, outcome))
    print("%8d runs served, %d forks, %.0f s" % (report["served"], forks, seconds))
    wrong = judge(outcomes, samples, descriptors, report, failed_forks)
    print("\n".join(wrong) or "all is well")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
