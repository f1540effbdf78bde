"""Events per CPU second and memory of a streamed run, beside requests and httpx.

Each reader does what its users write: simstudio iterates over stream_workflow(), requests over iter_lines()
with json.loads() of each line, httpx over httpx-sse's iter_sse() with json() of each event. All read the same
stream from a server in another process; each run is a process of its own, and they take turns. What counts is
the CPU time of that process (user and system) while it reads.

Two ways of sending. "each": every event is a chunk of the transfer coding, as Sim servers send them; the bar is
for these. "packed": many events fill a chunk, as behind a proxy that gathers them, so that next to nothing is left
of the transport and the rest is compared: JSON, and the objects that a loop in Python gets.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

BLOCK = "4e2b6a10-5c7d-4b1e-8f3a-91d0c6b7e254"
WORDS = [" Paris", " is", " the", " capital", " of", " France", ",", " caf\u00e9", "\n\n", ' "quoted"', " and", " so on"]
PACKED = 16 * 1024
WAYS = {"each": "one by one", "packed": "packed"}
TIMES = 5  # what is promised against each of the peers, for streams as servers send them
# The text in its buffer, which grows by half and so has room to spare, and once more as a str.
MOST_GROWTH = 2.5


# ---- the server ----


def event(data):
    return ("data: %s\n\n" % json.dumps(data, ensure_ascii=False, separators=(",", ":"))).encode()


def make_answer(count, is_packed):
    """The whole answer as bytes, head and all."""
    ring = [event({"blockId": BLOCK, "chunk": word}) for word in WORDS]
    events = (ring * (count // len(ring) + 1))[:count]
    events += [event({"event": "final", "data": {"success": True, "output": {}}}), b'data: "[DONE]"\n\n']
    if is_packed:
        whole = b"".join(events)
        events = [whole[at : at + PACKED] for at in range(0, len(whole), PACKED)]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in events) + b"0\r\n\r\n"


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65536)
        if not got:
            return None
        data += got
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                   if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head.split()[1].decode()


def serve():
    """Answers POST /.../<count>-<each|packed>/execute; prints its URL first."""
    listener = socket.create_server(("127.0.0.1", 0))
    print("http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    answers = {}

    def answer(connection):
        with connection:
            path = read_request(connection)
            if path is not None:
                count, way = path.split("/")[-2].split("-")
                if (count, way) not in answers:
                    answers[count, way] = make_answer(int(count), way == "packed")
                connection.sendall(answers[count, way])

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


# ---- the readers ----


def read_with_simstudio(url, workflow):
    from simstudio import SimStudioClient

    client = SimStudioClient("key", url)

    def read():
        count = length = 0
        with client.stream_workflow(workflow) as stream:
            for event in stream:
                if event.type == "chunk":
                    count += 1
                    length += len(event.text)
        return count, length

    return read


def read_with_requests(url, workflow):
    import requests

    session = requests.Session()

    def read():
        count = length = 0
        with session.post("%s/api/workflows/%s/execute" % (url, workflow), json={"stream": True}, stream=True) as answer:
            for line in answer.iter_lines():
                if line.startswith(b"data: "):
                    data = json.loads(line[6:])
                    if "chunk" in data:
                        count += 1
                        length += len(data["chunk"])
        return count, length

    return read


def read_with_httpx(url, workflow):
    import httpx
    from httpx_sse import connect_sse

    client = httpx.Client(timeout=None)

    def read():
        count = length = 0
        with connect_sse(client, "POST", "%s/api/workflows/%s/execute" % (url, workflow), json={"stream": True}) as source:
            for sse in source.iter_sse():
                data = sse.json()
                if "chunk" in data:
                    count += 1
                    length += len(data["chunk"])
        return count, length

    return read


READERS = {
    "simstudio": read_with_simstudio,
    "requests": read_with_requests,
    "httpx": read_with_httpx,
}


def peak_kib():
    """The most memory that this process has had, in KiB; getrusage()'s would begin with its parent's."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def read_once(name, url, workflow):
    """In a process of its own: one JSON line of what reading took. A short stream goes first, for what is made once."""
    READERS[name](url, "100-each")()
    read = READERS[name](url, workflow)
    memory, start = peak_kib(), time.process_time()
    count, length = read()
    print(json.dumps({"cpu_s": time.process_time() - start, "grown_kib": peak_kib() - memory,
                      "count": count, "length": length}))


# ---- the comparison ----

MILLION = 1000000


def run(lab, python, name, url, workflow):
    ran = subprocess.run([python, os.path.abspath(__file__), "--read", name, url, workflow],
                         stdout=subprocess.PIPE, env=lab.environment(), check=True)
    return json.loads(ran.stdout)


class Server:
    """In a process of its own; `url` is where."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--serve"], stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()


def compare(lab, url, pythons, way, count, rounds):
    """{reader: median of CPU seconds per event}."""
    took = {name: [] for name in pythons}
    for _ in range(rounds):
        for name, python in pythons.items():
            outcome = run(lab, python, name, url, "%d-%s" % (count, way))
            if outcome["count"] != count:
                raise RuntimeError("%s read %r of %d events" % (name, outcome["count"], count))
            took[name].append(outcome["cpu_s"] / count)
    return {name: statistics.median(times) for name, times in took.items()}


def growth(lab, python, url):
    """KiB that a million chunks add, and KiB of text in them."""
    outcome = run(lab, python, "simstudio", url, "%d-each" % MILLION)
    return outcome["grown_kib"], sum(len(WORDS[i % len(WORDS)].encode()) for i in range(MILLION)) / 1024


def rows(lab):
    from harness import at_least, at_most, beside, builds, python

    with Server() as server:
        for build in builds():
            pythons = {"simstudio": python(build), "requests": python("peers"), "httpx": python("peers")}
            for way in WAYS:
                took = compare(lab, server.url, pythons, way, 20000 if lab.quick else 100000, 3 if lab.quick else 7)
                ours = took.pop("simstudio")
                for peer, theirs in took.items():
                    what = "events per CPU second, %s, to those of %s" % (WAYS[way], peer)
                    text = "%.1f x (%.2f us an event; %.2f us)" % (theirs / ours, ours * 1e6, theirs * 1e6)
                    yield (at_least(what, build, theirs / ours, TIMES, text) if way == "each"
                           else beside(what, build, text))
            grown, text = growth(lab, python(build), server.url)
            yield at_most("memory that a million chunks add, to their text", build, grown / text, MOST_GROWTH,
                          "%.1f x (%.1f MiB for %.1f MiB)" % (grown / text, grown / 1024, text / 1024))


if __name__ == "__main__":
    read_once(*sys.argv[2:]) if sys.argv[1] == "--read" else serve()
