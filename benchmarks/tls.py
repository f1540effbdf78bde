"""The same call over TLS."""

from call import against_limit


def rows(lab):
    for what, way in (("TLS, HTTP/1.1", "tls"), ("TLS, HTTP/2", "http2")):
        found, _ = against_limit(lab, what, way)
        yield from found
