"""Values that are tried as input: what JSON takes, what it refuses, and files of every kind."""

import collections
import datetime
import decimal
import enum
import io
import pathlib
import types


class Named:
    def __str__(self):
        return "named"


Point = collections.namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    RED = 1


class Word(str, enum.Enum):
    YES = "yes"


class Floating(float):
    def __repr__(self):
        return "floating"


def _deep(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def _cycle():
    value = []
    value.append(value)
    return value


INPUTS = {
    "none": None, "empty": {}, "nested": {"a": [1, {"b": [None, True, 2.5]}]}, "tuple": {"a": (1, (2, 3))},
    "namedtuple": {"p": Point(1, 2)}, "int-enum": {"c": Colour.RED}, "str-enum": {"w": Word.YES},
    "float-subclass": {"f": Floating(2.5)}, "bool-key": {True: 1, False: 2}, "none-key": {None: 1}, "int-key": {1: 2},
    "float-key": {1.5: 2}, "tuple-key": {(1, 2): 3}, "bytes-key": {b"a": 1}, "ordered": collections.OrderedDict(b=1, a=2),
    "default-dict": collections.defaultdict(list, a=[1]), "counter": collections.Counter("aab"),
    "big-int": {"i": 10**40}, "negative": {"i": -(2**63)}, "floats": {"f": [0.1, 1e16, 1e-7, 5e-324, 1.7e308, -0.0, 100.0]},
    "text": {"t": 'a"b\\c/\b\f\n\r\t\x00\x1f\x7f\x80é\u2028\u2029\ufeff\U0001f600'}, "surrogate": {"t": "\ud800x"},
    "nan": {"f": float("nan")}, "infinity": {"f": float("inf")}, "nan-key": {float("nan"): 1}, "bytes": {"b": b"x"},
    "bytearray": {"b": bytearray(b"x")}, "set": {"s": {1}}, "datetime": {"d": datetime.date(2025, 11, 30)},
    "decimal": {"d": decimal.Decimal("1.5")}, "path": {"p": pathlib.PurePosixPath("/a")}, "object": {"o": Named()},
    "complex": {"c": 1j}, "range": {"r": range(3)}, "generator": {"g": iter([1])}, "deep": {"d": _deep(150)},
    "cycle": {"c": _cycle()}, "list": [1, 2], "str": "text", "int": 7, "pairs": [("a", 1)],
    "mapping": collections.ChainMap({"a": 1}), "mapping-proxy": types.MappingProxyType({"a": {"b": [1]}}),
    "large": {"t": "x" * 100_000},
}


class Upload:
    """What a web framework hands over: no io object, and a type of its own."""

    def __init__(self, content, **attributes):
        self.content = content
        self.__dict__.update(attributes)

    def read(self):
        return self.content


def named(name, content=b"hello"):
    file = io.BytesIO(content)
    file.name = name
    return file


def closed():
    file = io.BytesIO(b"hello")
    file.close()
    return file


class ReadingDict(dict):
    def read(self):
        return b"hello"


def at(position, content=b"hello world"):
    file = io.BytesIO(content)
    file.seek(position)
    return file


FILES = {
    "bytes-io": lambda: io.BytesIO(b"hello"), "empty": lambda: io.BytesIO(b""), "binary": lambda: io.BytesIO(bytes(range(256))),
    "named": lambda: named("/tmp/notes"), "named-txt": lambda: named("/tmp/notes.txt"),
    "named-pdf": lambda: named("report.pdf"), "named-slash": lambda: named("/tmp/folder/"),
    "named-int": lambda: named(5), "named-none": lambda: named(None), "named-unicode": lambda: named("žluť"),
    "named-bytes": lambda: named(b"raw"), "half-read": lambda: at(6), "at-end": lambda: at(11),
    "text": lambda: io.StringIO("žluť"), "upload": lambda: Upload(b"hello", name="a", content_type="image/png"),
    "upload-bare": lambda: Upload(b"hello"), "upload-of-text": lambda: Upload("hello"), "upload-of-none": lambda: Upload(None),
    "upload-of-bytearray": lambda: Upload(bytearray(b"hello")), "upload-of-memory": lambda: Upload(memoryview(b"hello")),
    "type-none": lambda: Upload(b"hello", content_type=None), "type-empty": lambda: Upload(b"hello", content_type=""),
    "type-quotes": lambda: Upload(b"hello", name='a"b\\', content_type='text/plain; charset="utf-8"'),
    "name-path": lambda: Upload(b"hello", name=pathlib.PurePosixPath("/tmp/notes")), "closed": lambda: closed(),
    "dict-that-reads": lambda: ReadingDict(a=1),
}
