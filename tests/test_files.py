"""Files in the input: found anywhere, read from their position, sent as base64."""

import base64
import collections
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from unittest import mock

import pytest

from simstudio import SimStudioClient, SimStudioError

DONE = {"success": True}


def sent_for(data, name="file", mime="application/octet-stream"):
    text = base64.b64encode(data).decode()
    return {"type": "file", "data": "data:%s;base64,%s" % (mime, text), "name": name, "mime": mime}


@pytest.fixture
def send(client, server):
    """Runs with an input and returns what was sent."""
    server.answer(DONE)

    def run(input_data):
        del server.requests[:]
        client.execute_workflow("wf", input_data)
        return server.requests[0].json

    return run


class Reader:
    """Only read(), as a response of a web framework may have."""

    def __init__(self, data, **attributes):
        self.data, self.reads = data, []
        vars(self).update(attributes)

    def read(self, *size):
        self.reads.append(size)
        return self.data


def named(data, name):
    file = io.BytesIO(data)
    file.name = name
    return file


# ---- where ----


def test_a_file_is_found_at_every_depth(send):
    def file():
        return named(b"x", "a.bin")

    row = sent_for(b"x", "a.bin")
    assert send({
        "direct": file(),
        "list": [1, file()],
        "tuple": (file(), [file()]),
        "dict": {"deep": {"deeper": (1, {"deepest": file()})}},
    }) == {
        "direct": row,
        "list": [1, row],
        "tuple": [row, [row]],
        "dict": {"deep": {"deeper": [1, {"deepest": row}]}},
    }


def test_the_input_is_not_changed(send):
    file = named(b"x", "a.bin")
    inner = [file]
    data = {"files": inner, "n": 1}
    send(data)
    assert data == {"files": [file], "n": 1} and data["files"] is inner and inner[0] is file


def test_the_same_file_twice_is_sent_twice(send):
    file = io.BytesIO(b"x")
    assert send({"a": file, "b": file}) == {"a": sent_for(b"x"), "b": sent_for(b"x")}


def test_something_whose_read_is_not_callable_is_no_file(client, server):
    with pytest.raises(TypeError, match="Object of type Odd is not JSON serializable"):
        client.execute_workflow("wf", {"a": type("Odd", (), {"read": 7})()})
    assert server.requests == []


def test_a_dict_with_a_read_key_is_no_file(send):
    assert send({"a": {"read": 1}}) == {"a": {"read": 1}}


# ---- what is read ----


SIZES = [0, 1, 2, 3, 4, 100, 192 * 1024 - 1, 192 * 1024, 192 * 1024 + 1, 1_000_001]


@pytest.mark.parametrize("size", SIZES)
def test_bytes_of_any_number_arrive(send, size):
    data = os.urandom(size)
    assert send({"f": io.BytesIO(data)}) == {"f": sent_for(data)}


def test_a_file_is_read_from_where_it_stands_and_put_back(send):
    file = io.BytesIO(b"0123456789")
    for place in (0, 4, 10, 2):
        file.seek(place)
        assert send({"f": file}) == {"f": sent_for(b"0123456789"[place:])}
        assert file.tell() == place


@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_file_on_disk(send, tmp_path, buffering):
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG")
    with open(path, "rb", buffering=buffering) as file:
        assert send({"f": file}) == {"f": sent_for(b"\x89PNG", "photo.png", "image/png")}
        assert file.tell() == 0


@pytest.mark.parametrize("newline", [None, ""])
def test_a_file_in_text_mode_is_sent_as_utf_8(send, tmp_path, newline):
    path = tmp_path / "poem.txt"
    path.write_bytes("žluť\r\nkůň 🐎".encode("utf-16"))
    with open(path, encoding="utf-16", newline=newline) as file:
        text = file.read()
        file.seek(0)
        assert send({"f": file}) == {"f": sent_for(text.encode(), "poem.txt", "text/plain")}
        assert file.read() == text


def test_a_string_buffer_is_sent_as_utf_8_from_where_it_stands(send):
    file = io.StringIO("aé😀b")
    file.seek(1)
    assert send({"f": file}) == {"f": sent_for("é😀b".encode())}
    assert file.read() == "é😀b"


def test_a_pipe_that_cannot_seek_is_read_to_its_end(send):
    reading, writing = os.pipe()
    data = b"p" * 300_000

    def write():
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as pipe:
        assert send({"f": pipe}) == {"f": sent_for(data)}
    thread.join()


class Drips(io.RawIOBase):
    """Gives less than was asked for."""

    def __init__(self, pieces):
        self.pieces = list(pieces)

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self.pieces.pop(0) if self.pieces else b""
        buffer[:len(piece)] = piece
        return len(piece)


def test_a_file_that_gives_little_at_a_time_is_read_to_its_end(send):
    assert send({"f": Drips([b"a", b"bc", b"defg", b"hi"])}) == {"f": sent_for(b"abcdefghi")}


@pytest.mark.parametrize("data", [b"bytes", bytearray(b"bytearray"), memoryview(b"memory"), "text é", b""])
def test_an_object_that_only_reads_is_read_once(send, data):
    reader = Reader(data)
    expected = data.encode() if isinstance(data, str) else bytes(data)
    assert send({"f": reader}) == {"f": sent_for(expected)}
    assert reader.reads == [()]


@pytest.mark.parametrize("wrap", [
    lambda raw: raw, io.BufferedReader, lambda raw: io.TextIOWrapper(io.BufferedReader(raw), "ascii"),
], ids=["raw", "buffered", "text"])
def test_what_reads_by_io_s_own_code_is_read_in_pieces(send, wrap):
    class Raw(io.RawIOBase):
        left = 1_000_000

        def readable(self):
            return True

        def readinto(self, buffer):
            count = min(len(buffer), 1000, self.left)
            buffer[:count] = b"x" * count
            self.left -= count
            return count

        def readall(self):
            raise AssertionError("all at once")

    assert send({"f": wrap(Raw())}) == {"f": sent_for(b"x" * 1_000_000)}


class Whole(io.BytesIO):
    """Gives all that it has, however often."""

    reads = 0

    def read(self, *size):
        self.reads += 1
        assert self.reads < 5, "read again and again"
        return self.getvalue()


class Plain(io.BytesIO):
    """Knows no sizes."""

    def read(self):
        return super().read()


def stubborn_mock():
    fake = mock.MagicMock(spec=io.BytesIO)
    fake.read.side_effect = [b"abc"] * 5
    fake.name = None
    return fake


def patched():
    file = Plain(b"no")
    file.read = lambda: b"abc"
    return file


@pytest.mark.parametrize("make", [
    lambda: Whole(b"abc"), lambda: Plain(b"abc"), stubborn_mock, patched, lambda: io.TextIOWrapper(Whole(b"abc"), "ascii"),
], ids=["whole", "plain", "mock", "patched", "text"])
def test_what_has_a_read_of_its_own_is_read_once(send, make):
    assert send({"f": make()}) == {"f": sent_for(b"abc")}


def test_a_position_that_is_a_tuple_is_put_back_as_one(send):
    moves = []
    reader = Reader(b"x", tell=lambda: (3, 7), seek=lambda *place: moves.append(place))
    assert send({"f": reader}) == {"f": sent_for(b"x")}
    assert moves == [((3, 7),)]


def test_what_the_input_was_before_a_read_is_sent(send):
    inner, data = {}, {}

    class Meddling(Reader):
        def read(self):
            for members in (inner, data):
                del members["first"], members["second"]
                for number in range(100):
                    members[str(number)] = number
                for number in range(100):
                    del members[str(number)]
            return b"x"

    inner.update(first=1, second=[2], file=Meddling(b"x"), third=3)
    data.update(first=1, second=[2], inner=[0, inner], third=3, fourth={"a": 4})
    row = sent_for(b"x")
    assert list(send(data).items()) == [
        ("first", 1), ("second", [2]), ("inner", [0, {"first": 1, "second": [2], "file": row, "third": 3}]), ("third", 3),
        ("fourth", {"a": 4}),
    ]


def test_a_file_that_cannot_be_read_raises_its_own_error(client, server):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("disk gone")

    broken = Broken(b"abc")
    broken.seek(2)
    with pytest.raises(OSError, match="disk gone"):
        client.execute_workflow("wf", {"f": broken})
    assert broken.tell() == 2
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(ValueError, match="closed file"):
        client.execute_workflow("wf", {"f": closed})
    assert server.requests == []


def test_an_interrupt_while_the_position_is_put_back_is_not_lost(client, server):
    class Interrupted(io.BytesIO):
        raised = KeyboardInterrupt

        def seek(self, *place):
            raise self.raised

    with pytest.raises(KeyboardInterrupt):
        client.execute_workflow("wf", {"f": Interrupted(b"abc")})

    class Broken(Interrupted):
        def read(self, size=-1):
            raise OSError("disk gone")

    with pytest.raises(KeyboardInterrupt) as caught:
        client.execute_workflow("wf", {"f": Broken(b"abc")})
    assert str(caught.value.__context__) == "disk gone"

    class Explained(Broken):
        def seek(self, *place):
            try:
                raise EOFError
            finally:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        client.execute_workflow("wf", {"f": Explained(b"abc")})
    assert type(caught.value.__context__) is EOFError

    class Name:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.execute_workflow("wf", {"f": Reader(b"abc", name=Name())})
    assert server.requests == []
    server.answer(DONE)
    Interrupted.raised = OSError
    client.execute_workflow("wf", {"f": Interrupted(b"abc")})
    assert server.requests[0].json == {"f": sent_for(b"abc")}


@pytest.mark.parametrize("data", [None, 7, ["x"]])
def test_a_read_that_gives_neither_bytes_nor_text_is_a_type_error(client, server, data):
    with pytest.raises(TypeError, match="must give bytes or str, not %s" % type(data).__name__):
        client.execute_workflow("wf", {"f": Reader(data)})
    assert server.requests == []


def test_a_non_blocking_file_without_data_is_an_error_and_not_an_empty_file(client, server):
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(reading, "rb", buffering=0) as pipe, os.fdopen(writing, "wb"):
        with pytest.raises(TypeError, match="not NoneType"):
            client.execute_workflow("wf", {"f": pipe})
    assert server.requests == []


# ---- name and type ----


@pytest.mark.parametrize("name, sent, mime", [
    ("a.txt", "a.txt", "text/plain"),
    ("/long/way/to/a.txt", "a.txt", "text/plain"),
    ("report.PDF", "report.PDF", "application/pdf"),
    ("data.json", "data.json", "application/json"),
    ("archive.tar.gz", "archive.tar.gz", "application/octet-stream"),
    ("without", "without", "application/octet-stream"),
    ("odd.zzz", "odd.zzz", "application/octet-stream"),
    ("čaj \"1\".png", "čaj \"1\".png", "image/png"),
    (pathlib.PurePosixPath("/x/b.csv"), "b.csv", "text/csv"),
    (b"/x/c.html", "c.html", "text/html"),
    ("/ends/in/", "file", "application/octet-stream"),
    ("", "file", "application/octet-stream"),
    (5, "file", "application/octet-stream"),
    (None, "file", "application/octet-stream"),
])
def test_name_and_type_come_from_the_file_s_name(send, name, sent, mime):
    assert send({"f": named(b"x", name)}) == {"f": sent_for(b"x", sent, mime)}
    assert send({"f": Reader(b"x", name=name)}) == {"f": sent_for(b"x", sent, mime)}


def test_a_temporary_file_has_no_name_of_its_own(send):
    with tempfile.TemporaryFile() as file:
        assert isinstance(file.name, int)
        file.write(b"x")
        file.seek(0)
        assert send({"f": file}) == {"f": sent_for(b"x")}
    with tempfile.SpooledTemporaryFile() as file:
        file.write(b"spooled")
        file.seek(1)
        assert send({"f": file}) == {"f": sent_for(b"pooled")}
        assert file.tell() == 1
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        assert send({"f": file}) == {"f": sent_for(b"", os.path.basename(file.name), "image/png")}


def test_the_object_s_content_type_comes_first(send):
    assert send({"f": Reader(b"x", name="a.txt", content_type="text/x-own")}) == {"f": sent_for(b"x", "a.txt", "text/x-own")}
    for useless in (None, "", 7):
        assert send({"f": Reader(b"x", name="a.txt", content_type=useless)})["f"]["mime"] == "text/plain"


# ---- what the documentation does not say, and what must not happen ----


def test_the_bytes_sent_are_those_of_the_dict(client, server):
    server.answer(DONE)
    client.execute_workflow("wf", {"f": named(b"hello", "a.txt"), "n": 1})
    assert server.requests[0].body.decode() == json.dumps({"f": sent_for(b"hello", "a.txt", "text/plain"), "n": 1})


SEND_ZEROS = """
import io, resource, sys
from simstudio import SimStudioClient

class Zeros(io.RawIOBase):
    def __init__(self, left):
        self.left = left
    def readable(self):
        return True
    def readinto(self, buffer):
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform == "linux" else 1)

client = SimStudioClient("key", sys.argv[1])
client.execute_workflow("wf", {"f": Zeros(1000)})
before = peak()
client.execute_workflow("wf", {"f": Zeros(int(sys.argv[2]))})
print(peak() - before)
"""


def test_a_large_file_is_in_memory_once(server):
    server.answer(DONE)
    size = 24_000_000
    run = subprocess.run([sys.executable, "-c", SEND_ZEROS, server.url, str(size)], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert server.requests[1].json == {"f": sent_for(bytes(size))}
    assert int(run.stdout) < 1.5 * len(server.requests[1].body)


def test_a_retry_sends_the_same_bytes_without_reading_again(client, server):
    server.answer({}, status=429, Retry_After="0").answer({}, status=429, Retry_After="0").answer(DONE)
    reader, file = Reader(b"once"), io.BytesIO(b"skip me")
    file.seek(5)
    assert client.execute_with_retry("wf", {"r": reader, "f": (file,)}).success
    assert reader.reads == [()]
    first, second, third = (request.body for request in server.requests)
    assert first == second == third
    assert json.loads(first) == {"r": sent_for(b"once"), "f": [sent_for(b"me")]}


def test_an_override_gets_the_converted_form(server):
    seen = []

    class Mine(SimStudioClient):
        def execute_workflow(self, workflow_id, input_data=None, *others):
            seen.append(input_data)
            if len(seen) < 3:
                raise SimStudioError("again", "RATE_LIMIT_EXCEEDED", 429)
            return "done"

    reader = Reader(b"once", name="a.txt")
    given = {"r": reader, "t": (reader, 1), "n": {"m": [reader]}}
    mine = Mine("key", server.url)
    assert mine.execute_with_retry("wf", given, initial_delay=0.0) == "done"
    row = sent_for(b"once", "a.txt", "text/plain")
    assert seen == [{"r": row, "t": (row, 1), "n": {"m": [row]}}] * 3
    assert len(reader.reads) == 3 and given["r"] is reader


class Payload(dict):
    """An input that an override expects to get."""


Point = collections.namedtuple("Point", "x y")


def test_an_override_gets_the_very_objects_around_which_there_are_no_files():
    seen = []

    class Mine(SimStudioClient):
        def execute_workflow(self, workflow_id, input_data=None, *others):
            seen.append(input_data)
            input_data["attempts"] = len(seen)
            if len(seen) < 2:
                raise SimStudioError("again", "RATE_LIMIT_EXCEEDED", 429)

    given = Payload(point=Point(1, [2]), rows=[{"a": ()}])
    given["circle"] = {"outer": [given]}
    Mine("key").execute_with_retry("wf", given, initial_delay=0.0)
    assert seen[0] is seen[1] is given and given["attempts"] == 2
    del seen[:], given["attempts"]
    given["file"] = ({"deep": [Reader(b"x"), Point(3, 4)]}, Point(Reader(b"y"), 5))
    Mine("key").execute_with_retry("wf", given, initial_delay=0.0)
    assert seen[0] is seen[1] is not given and "attempts" not in given
    assert all(seen[0][name] is given[name] for name in ("point", "rows"))
    assert seen[0]["file"] == ({"deep": [sent_for(b"x"), Point(3, 4)]}, (sent_for(b"y"), 5))
    assert seen[0]["file"][0]["deep"][1] is given["file"][0]["deep"][1]
    assert seen[0]["circle"]["outer"][0] is given


def test_an_override_gets_an_empty_file_as_an_empty_one(server):
    class Mine(SimStudioClient):
        def execute_workflow(self, workflow_id, input_data=None, *others):
            return input_data

    mine, empty = Mine("key", server.url), {"f": Reader(b"")}
    for _ in range(20):
        used = [b"not the file's" * 70 for _ in range(100)]
        del used  # what a buffer would show that is not ended
        assert mine.execute_with_retry("wf", empty) == {"f": sent_for(b"")}


def test_an_override_gets_any_input_that_has_no_files():
    class Mine(SimStudioClient):
        def execute_workflow(self, workflow_id, input_data=None, *others):
            return input_data

    marker = object()
    for given in (None, {}, {"a": marker}, [marker], "text", marker):
        assert Mine("key").execute_with_retry("wf", given) == given


def test_streams_and_queued_runs_take_files_too(client, server):
    server.answer(DONE)
    client.execute_workflow("wf", {"f": io.BytesIO(b"x")}, async_execution=True)
    client.stream_workflow("wf", {"f": io.BytesIO(b"x")}).result()
    assert server.requests[0].json == {"f": sent_for(b"x")}
    assert server.requests[1].json == {"f": sent_for(b"x"), "stream": True}
