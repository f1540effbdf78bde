"""HTTP/2 by hand, for the steps of a Wire: RFC 9113, and RFC 7541 for what a field looks like."""

import struct

from runs import BODY

DATA, HEADERS, RST_STREAM, SETTINGS_KIND, PING_KIND, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    """Section 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


SETTINGS = frame(SETTINGS_KIND, 0, 0)
PING = frame(PING_KIND, 0, 0, b"sim-ping")
NO_ERROR = frame(RST_STREAM, 0, 1, bytes(4))  # as section 8.1 has a server end a request that it needs no more of
AWAY = frame(GOAWAY, 0, 0, struct.pack(">II", 1, 0))
STATUS_200 = b"\x88"  # in HPACK's static table
FIELDS = {"length": STATUS_200 + b"\x0f\x0d\x02%d" % len(BODY), "no length": STATUS_200}


def framed(fields, body=BODY, flags=END_STREAM, stream=1):
    """An answer."""
    return frame(HEADERS, END_HEADERS, stream, FIELDS[fields]) + frame(DATA, flags, stream, body)


def read_post(stream):
    """A step: reads the frames of a connection up to the end of that request."""

    def step(connection):
        at = len(PREFACE)
        while True:
            while len(connection.received) < at + 9:
                assert connection.read_more()
            high, low, kind, flags, of = struct.unpack(">BHBBI", connection.received[at : at + 9])
            if of == stream and flags & END_STREAM and kind in (DATA, HEADERS):
                return
            at += 9 + (high << 16) + low

    return step
