"""One client in a process of its own, so that its CPU time and memory are nobody else's.

    worker.py CLIENT URL WORKFLOW [THREADS]

Reads a number of calls from each line of its input, makes them, and prints what they took as JSON.
Clients are the SDK (ours or the pure-Python one: whichever this interpreter finds) and what a careful
user would write with other packages."""

import json
import os
import resource
import sys
import threading
import time

HEADERS = {"Content-Type": "application/json", "X-API-Key": "benchmark"}
INPUT = {"message": "Hello", "count": 3}
UPLOAD_BYTES = 20 * 1000 * 1000


def bare(_url, _workflow):
    """No client at all: what the others are measured over."""
    return lambda: None


def sdk(url, workflow):
    import simstudio

    client = simstudio.SimStudioClient(api_key="benchmark", base_url=url)
    return lambda: client.execute_workflow(workflow, INPUT)


def upload(url, workflow):
    """A file in the input: an ordinary one, on disk."""
    import tempfile

    import simstudio

    client = simstudio.SimStudioClient(api_key="benchmark", base_url=url)
    file = tempfile.TemporaryFile()
    file.write(os.urandom(1000) * (UPLOAD_BYTES // 1000))
    file.seek(0)
    return lambda: client.execute_workflow(workflow, {"file": file}, timeout=300)


def pycurl_orjson(url, workflow):
    import orjson
    import pycurl

    target = "%s/api/workflows/%s/execute" % (url, workflow)
    curl = pycurl.Curl()
    received = []
    curl.setopt(pycurl.URL, target)
    curl.setopt(pycurl.HTTPHEADER, ["%s: %s" % field for field in HEADERS.items()] + ["Expect:"])
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.ACCEPT_ENCODING, "gzip, deflate")
    curl.setopt(pycurl.WRITEFUNCTION, received.append)
    curl.setopt(pycurl.CONNECTTIMEOUT, 30)
    curl.setopt(pycurl.CAINFO, os.environ["REQUESTS_CA_BUNDLE"])

    def call():
        received.clear()
        curl.setopt(pycurl.POSTFIELDS, orjson.dumps(INPUT))
        curl.perform()
        if curl.getinfo(pycurl.RESPONSE_CODE) != 200:
            raise RuntimeError("not 200")
        return orjson.loads(b"".join(received))

    return call


def httpx(url, workflow):
    import ssl

    import httpx

    target = "%s/api/workflows/%s/execute" % (url, workflow)
    trust = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    client = httpx.Client(headers=HEADERS, timeout=30, verify=trust, http2=True)

    def call():
        answer = client.post(target, json=INPUT)
        answer.raise_for_status()
        return answer.json()

    return call


def aiohttp(url, workflow):
    import asyncio
    import ssl

    import aiohttp

    target = "%s/api/workflows/%s/execute" % (url, workflow)
    trust = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    loop = asyncio.new_event_loop()

    async def open_session():
        return aiohttp.ClientSession(headers=HEADERS, connector=aiohttp.TCPConnector(ssl=trust))

    session = loop.run_until_complete(open_session())

    async def ask():
        async with session.post(target, json=INPUT) as answer:
            answer.raise_for_status()
            return await answer.json()

    return lambda: loop.run_until_complete(ask())


CLIENTS = {one.__name__: one for one in (bare, sdk, upload, pycurl_orjson, httpx, aiohttp)}


def memory():
    """Kilobytes of this process: resident, private and written to, and the most ever resident."""
    figures = {}
    for path in ("/proc/self/smaps_rollup", "/proc/self/status"):
        with open(path) as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in ("Rss", "Private_Dirty", "VmHWM"):
                    figures[name] = int(rest.split()[0])
    return figures


def repeat(call, count):
    for _ in range(count):
        call()


def measure(call, count, threads):
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    if threads == 1:
        repeat(call, count)
    else:
        workers = [threading.Thread(target=repeat, args=(call, count)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall": wall,
        "cpu": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        **memory(),
    }


def main():
    name, url, workflow, *rest = sys.argv[1:]
    call = CLIENTS[name](url, workflow)
    threads = int(rest[0]) if rest else 1
    for line in sys.stdin:
        print(json.dumps(measure(call, int(line), threads)), flush=True)
    os._exit(0)  # an event loop of a peer's would complain


if __name__ == "__main__":
    main()
