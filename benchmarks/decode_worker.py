"""Times our decoder against json.loads in one process, taking turns: decode_worker.py FOLDER [quick]

FOLDER holds the decoder as an extension module; the outcome is JSON: for each document its size, and the
seconds of CPU time of both and of our parsing alone; then the wall-clock seconds that one thread
takes for a few documents, and two threads for twice as many, given two idle processors."""

import json
import sys
import threading
import time
from statistics import median

import corpus


def timed(clock, function, *arguments):
    start = clock()
    function(*arguments)
    return clock() - start


def repeat(function, body, count):
    for _ in range(count):
        function(body)


def compare(functions, body, rounds):
    count = max(1, 200000 // len(body))
    seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            seconds[name].append(timed(time.thread_time, repeat, function, body, count) / count)
    return {name: median(values) for name, values in seconds.items()}


def in_threads(function, body, threads):
    workers = [threading.Thread(target=repeat, args=(function, body, 2)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def main():
    folder, quick = sys.argv[1], len(sys.argv) > 2
    sys.path.insert(0, folder)
    import decoder

    functions = {"ours": decoder.decode, "json": json.loads, "parse": decoder.parse}
    result = {"documents": {}, "threads": {}}
    for name, body in corpus.documents(quick).items():
        if decoder.decode(body) != json.loads(body):
            sys.exit("the decoder errs in " + name)
        result["documents"][name] = {"size": len(body), **compare(functions, body, 5 if quick else 15)}
        if name in ("large", "numbers"):
            turns = [
                [timed(time.perf_counter, in_threads, decoder.decode, body, threads) for threads in (1, 2)]
                for _ in range(3 if quick else 9)
            ]
            result["threads"][name] = [median(column) for column in zip(*turns)]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
