"""Answers so large that building them takes a while: other threads get their turns, and see nothing that is half made."""

import gc
import os
import subprocess
import sys
import threading

import pytest
from surroundings import without_proxies

ROWS = 200000
# The collector knows the root once that holds a container, and long before its last member is there.
ANSWER = {"first": {"of": "two"}, "rows": [[str(n), None] for n in range(ROWS)], "last": [1]}


class Watcher(threading.Thread):
    """Looks through all that the collector knows, again and again."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.saw_half_an_answer = self.saw_the_collector_rest = False

    def run(self):
        while not self.stop.is_set():
            self.saw_the_collector_rest |= not gc.isenabled()
            for known in gc.get_objects():
                if type(known) is dict and "first" in known and "last" not in known:
                    self.saw_half_an_answer = True
                elif type(known) is list and known:
                    known[-1]  # where its place is not taken yet, this would crash
            del known


def test_threads_run_while_an_answer_is_built_and_see_only_what_is_whole(client, server):
    server.answer(ANSWER)
    gc.freeze()  # what was there before need not be looked through
    watcher = Watcher()
    watcher.start()
    try:
        for _ in range(20):
            assert client.get_job_status("job") == ANSWER
            if watcher.saw_half_an_answer:
                break
    finally:
        watcher.stop.set()
        watcher.join()
        gc.unfreeze()
    assert watcher.saw_half_an_answer
    assert not watcher.saw_the_collector_rest and gc.isenabled()


PROGRAM = """
import sys
from simstudio import SimStudioClient

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))  # in KiB

with SimStudioClient("key", sys.argv[1]) as client:
    before = client.get_job_status("small") and resident()
    assert len(client.get_job_status("large")["x"]) == 2**26
    print(resident() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's /proc to see the memory")
def test_the_memory_of_a_large_answer_is_given_back(server):
    """Though the connection that brought it is kept, with what is kept for its next answer."""
    server.answer({"x": ""}).answer({"x": "x" * 2**26})
    frugal = dict(without_proxies(), ASAN_OPTIONS="quarantine_size_mb=1")  # a sanitizer keeps what is freed
    printed = subprocess.run([sys.executable, "-c", PROGRAM, server.url], stdout=subprocess.PIPE, env=frugal,
                             universal_newlines=True, check=True).stdout
    assert int(printed) < 2**14
