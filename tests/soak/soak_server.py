"""The server of the soak test, in a process of its own: the workflow's id says what a run meets.

Prints its port. Counts how often each run is served, and tells it to whoever asks for the job
"report".
"""

import asyncio
import collections
import json
import socket
import struct

served = collections.Counter()
limited = set()

EVENTS = b"".join(b'data: {"blockId": "b", "chunk": "%d "}\n\n' % n for n in range(20))
FINAL = b'data: {"event": "final", "data": {"success": true, "output": {}}}\n\ndata: "[DONE]"\n\n'


def answer(body, *fields, status="200 OK"):
    data = json.dumps(body).encode()
    head = "\r\n".join(("HTTP/1.1 " + status, "Content-Length: %d" % len(data)) + fields)
    return head.encode() + b"\r\n\r\n" + data


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def reset(writer):
    """Hangs up with a RST."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def run(kind, call, writer):
    """Serves a run; True when the connection goes on."""
    good = answer({"success": True, "output": call})
    if kind == "limited" and call not in limited:
        limited.add(call)
        writer.write(answer({"error": "slow down"}, "Retry-After: 0", status="429 Too Many Requests"))
        return True
    served[call] += 1
    if kind == "cut":
        writer.write(good[: hash(call) % len(good)])
        return False
    if kind == "reset":
        reset(writer)
        return False
    if kind == "silent":
        await asyncio.sleep(1)
        return False
    if kind == "stream":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(chunk(EVENTS))
        await writer.drain()
        writer.write(chunk(FINAL) + b"0\r\n\r\n")
        return True
    writer.write(good)
    return kind != "closing"  # without a word in the answer's head


async def serve(reader, writer):
    try:
        goes_on = True
        while goes_on:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path = head.split(" ", 2)[:2]
            if method == "GET":
                twice = [call for call, count in served.items() if count > 1]
                writer.write(answer({"served": len(served), "twice": twice}))
            else:
                length = int(head.lower().split("content-length:")[1].split("\r\n")[0])
                call = json.loads(await reader.readexactly(length))["call"]
                goes_on = await run(path.split("/")[3], call, writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client has left
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
