"""JSON both ways against the standard library: what json.loads reads, what json.dumps writes."""

import collections
import datetime
import decimal
import enum
import json
import math
import random
import string
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simstudio import SimStudioError

UNHURRIED = settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Echo:
    """Sends documents through a client, one way or the other."""

    def __init__(self, server, client):
        self.server, self.client = server, client

    def decode(self, document):
        self.server.answers[:] = [(200, {}, document)]
        return self.client.get_job_status("job")

    def encode(self, value):
        self.server.answers[:] = [(200, {}, b'{"success": true}')]
        del self.server.requests[:]
        self.client.execute_workflow("wf", value)
        return self.server.requests[0].body.decode("ascii")


@pytest.fixture
def echo(server, client):
    return Echo(server, client)


# ---- decoding ----


def test_keys_that_begin_alike_are_told_apart(echo):
    """Short keys are kept from one object to the next, several of them in one place after another."""
    letters = random.Random(1)
    for _ in range(20):
        word = "".join(letters.choice(string.ascii_letters) for _ in range(64))
        document = [{word[:length]: length} for length in range(64, 0, -1)]
        assert echo.decode(json.dumps(document).encode()) == document


def outcome_of_loads(document):
    """("value", its repr), which tells 1 from 1.0 and 0.0 from -0.0, or ("refused", json's words)."""
    try:
        try:
            value = json.loads(document)
        except UnicodeDecodeError:
            value = json.loads(document.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        return "refused", str(error)
    return "value", repr(value)


def outcome_of_decode(echo, document):
    prefix = "Failed to get job status: "
    try:
        value = echo.decode(document)
    except SimStudioError as error:
        assert (error.code, error.status) == ("STATUS_ERROR", None)
        assert str(error).startswith(prefix)
        return "refused", str(error)[len(prefix):]
    return "value", repr(value)


TEXTS = [
    # Integers and floats keep their kind, their size and their last digit.
    "0", "-0", "1", "-1", "1.0", "-0.0", "1e2", "1E+2", "1e-2", "1.5e300", "1e400", "-1e400", "1e-400",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "123456789012345678", "1234567890123456789", "12345678901234567000", "9" * 63, "9" * 64, "-" + "9" * 65,
    "1" * 200, "1" * 4299, "1" * 5000, "0.1", "0.30000000000000004", "5e-324", "2.2250738585072011e-308",
    "0." + "3" * 80, "1." + "0" * 80, "3" * 70 + "e-60", "179769313486231580793e289",
    # Not numbers in JSON, though near.
    "01", "-01", "+1", ".5", "1.", "1.e1", "-", "--1", "1e", "1e+", "0x10", "1_000", "1 2", "٣", "-.5", "00", "1.2.3",
    # What json reads on top of the standard, and what only looks like it.
    "NaN", "Infinity", "-Infinity", "[NaN, Infinity, -Infinity]", "nan", "+Infinity", "-NaN", "Inf", "NaN1",
    # Names.
    "true", "false", "null", "True", "nul", "nullx", "truefalse", "tru", "[true,false,null]",
    # Strings.
    '""', '"a"', r'"\u0000"', r'"a\u0000b"', r'{"a\u0000b": 1}', r'"\ud800"', r'"\udc00"', r'"\ud83d\ude00"',
    r'"\ude00\ud83d"', r'"\ud800\ud800"', r'"\ud800a"', r'"\ud800\n"', r'"\uD83D\uDE00"', r'"\u00e9"', '"é"', '"😀"',
    r'"\b\f\n\r\t\"\\\/"', r'"\a"', r'"\x41"', r'"\u12"', r'"\u12g4"', r'"\u 123"', r'"\u+123"', r'"\u"', r'"\ud83d\u"',
    r'"\ud83d\u12"', r'"\ud83d\ude0"', '"\x7f\u0085\u2028\u2029"', '"\n"', '"\t"', '"\x00"', '"', '"a', '"\\', '"\\"',
    "'a'", '"a" "b"', '"' + "x" * 5000 + '"', '"' + "\\n" * 3000 + '"', '"' + "é\\u0000" * 2000 + '"',
    # Objects: the last of equal keys stands, at the place of the first; case tells keys apart.
    "{}", "[]", '{"a": 1, "b": 2, "a": 3}', '{"": 0}', '{"A": 1, "a": 2}', '{"a": {"a": {"a": [[], {}]}}}',
    '{"a" : 1 , "b":[ 1 , 2 ] }', '{"é": 1, "\\u00e9": 2}', '{"' + "k" * 100 + '": 1}',
    '[{"key": 1}, {"kex": 2}, {"kfy": 3}, {"key": 4}]',
    "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", '{"a"', '{"a":', '{"a":}', '{"a":1', '{"a":1,', '{"a":1,}',
    '{a:1}', "{1:2}", '{"a" 1}', '{"a"::1}', '{"a":1 "b":2}', "{,}", "[}", '{"a":[}', "[]]", "{}{}", "[1]x", '{"a":1}\x00',
    # Spaces, the standard's four and others.
    "", " ", "\n", " \t\r\n1 \t\r\n", "\x0b1", "\x0c1", "\xa01", "1\xa0", "[1,\u30002]", "\u2028[]", "\x00", "1\x00",
    # Not JSON at all.
    "<html></html>", "/* c */ 1", "// c\n1", "undefined", "data: {}", '{"a": undefined}', ")]}'\n1",
]

SAMPLE = '{"é": ["😀", 1.0, "\ud800"], "b": null}'

DOCUMENTS = [text.encode("utf-8") for text in TEXTS] + [
    # Other encodings, with a byte-order mark and without.
    *(SAMPLE.encode(name, "surrogatepass") for name in (
        "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")),
    *("1".encode(name) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be")),
    b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf1", b"\xef\xbb", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\x00\x00",
    # A byte that is wrong in its encoding is shown as U+FFFD, and the rest is kept.
    b'"\xff"', b'"caf\xe9"', b'{"paid": "answer", "broken": "\xc3"}', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"',
    b'"\xc0\x80"', b'"\xe2\x82"', b'"\xf0\x9f\x98"', b'"\x80\x80"', b'{"\xff": 1, "\xfe": 2}', b'["\xff", "\\u0000"]',
    b'\xff', b'[1,\xff]', b'"ok" \xff', b'"\xff\\ud800"', b'"' + b"\xff" * 70000 + b'"',
    '"x'.encode("utf-16") + b"\x00\xd8" + '"'.encode("utf-16-le"), b"\xff\xfe1", b"\x00\x00\x00\x00", b"\x001\x00",
    # Large enough to be parsed while other threads run.
    json.dumps([{"id": i, "name": "n%d" % i, "v": i / 7} for i in range(3000)]).encode(),
    b"[" + b"1," * 40000 + b"]", b"[" + b'"\\u0000",' * 9000 + b"0]",
]


def name_of(document):
    return repr(document[:40])


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_a_document_is_read_as_json_reads_it(echo, document):
    assert outcome_of_decode(echo, document) == outcome_of_loads(document)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=30,
)


@UNHURRIED
@given(VALUES, st.booleans(), st.sampled_from([None, 0, 3]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-be"]))
def test_whatever_json_writes_is_read_back(echo, value, ascii_only, indent, encoding):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    document = text.encode(encoding, "surrogatepass")
    assert outcome_of_decode(echo, document) == outcome_of_loads(document)


@UNHURRIED
@given(st.data())
def test_a_damaged_document_is_read_or_refused_as_json_does(echo, data):
    document = bytearray(json.dumps(data.draw(VALUES), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(document)))
        document[place:place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    assert outcome_of_decode(echo, bytes(document)) == outcome_of_loads(bytes(document))


@UNHURRIED
@given(st.text(st.sampled_from('{}[]:,"\\u0019eE+-.dD8 \n tnf'), max_size=30))
def test_text_of_json_s_own_characters_is_read_or_refused_as_json_does(echo, text):
    assert outcome_of_decode(echo, text.encode()) == outcome_of_loads(text.encode())


def in_a_thread(action):
    """The outcome of an action whose stack begins here, far from any limit of depth."""
    outcome = []

    def run():
        try:
            outcome.append(("value", action()))
        except SimStudioError as error:
            outcome.append(("refused", str(error).split(": ", 1)[1]))
        except RecursionError as error:
            outcome.append(("refused", str(error)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


def depth_of(value):
    depth = 0
    while value:
        value = value[0] if isinstance(value, list) else value["a"]
        depth += 1
    return depth


@pytest.mark.parametrize("opening, closing, innermost", [(b"[", b"]", b"[0]"), (b'{"a":', b"}", b'{"a":0}')])
@pytest.mark.parametrize("depth", [1, 50, 900, 999, 1000, 1001, 2000, 5000, 100000])
def test_depth_ends_where_json_ends(echo, opening, closing, innermost, depth):
    def document_of(levels):
        return opening * (levels - 1) + innermost + closing * (levels - 1)

    kind, ours = in_a_thread(lambda: depth_of(echo.decode(document_of(depth))))
    # A few frames stand between the one json.loads and the other: a document so near to the limit
    # may fall on either side of it.
    outcomes = [in_a_thread(lambda: depth_of(json.loads(document_of(max(1, depth + near)))))
                for near in (-20, 0, 20)]
    if len({outcome[0] for outcome in outcomes}) == 1:
        assert (kind, ours) == outcomes[1]


# ---- encoding ----


class Text(str):
    def __str__(self):
        return "not this"

    __repr__ = __str__


class Whole(int):
    def __repr__(self):
        return "not this"

    __str__ = __repr__


class Real(float):
    def __repr__(self):
        return "not this"

    __str__ = __repr__


class Table(dict):
    def items(self):
        return [("changed", 1)]


class Row(list):
    pass


class Pair(tuple):
    pass


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    TWO = 2


class Flag(enum.IntFlag):
    A = 1
    B = 2


class Word(str, enum.Enum):
    HI = "hi"


class Opaque:
    pass


Point = collections.namedtuple("Point", "x y")

NESTED = []
for _ in range(100):
    NESTED = [NESTED]

INPUTS = {
    "empty": {},
    "integers": {"a": [0, -1, 2**53 + 1, -(2**63) - 1, 10**100, 2**64, True, False]},
    "floats": {"a": [0.0, -0.0, 1.0, 1e16, 1e22, 1e-7, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 123456789.123]},
    "strings": {"a": ["", "a\"b\\c/d", "\x00\x01\x1f\x7f\x80", "\b\f\n\r\t", "é😀\u2028\u2029\uffff\U0010ffff"]},
    "lone surrogates": {"a": ["\ud800", "\udfff\ud800"]},
    "names": {"a": [None, True, False]},
    "containers": {"a": [[], {}, (), [[[]]], {"b": {"c": ({"d": 1},)}}]},
    "100 levels": {"a": NESTED},
    "keys": {1: 1, "1": 2, None: 3, True: 4, False: 5, 1.5: 6, -0.0: 7, 1e16: 8, 10**30: 9, "": 10, "\ud800é\"": 11},
    "subclasses of scalars": {"a": [Text("text"), Whole(7), Real(1.5)]},
    "subclasses as keys": {Text("text"): 1, Whole(7): 2, Real(1.5): 3, Word.HI: 4, Number.TWO: 5},
    "subclasses of containers": {"a": [Row([1]), Pair((2,)), Table(stored=1)]},
    "ordered and default dicts": {"a": collections.OrderedDict(b=1, a=2), "d": collections.defaultdict(int, x=1)},
    "a counter at the root": collections.Counter("aab"),
    "namedtuples": {"a": Point(1, Point(2, 3))},
    "enums": {"a": [Number.TWO, Flag.A | Flag.B, Word.HI]},
    "the same object twice": (lambda shared: {"a": shared, "b": [shared, shared]})([1]),
    "a long string": {"a": "é" * 100000 + "x" * 100000},
    "a long list": {"a": list(range(50000))},
}


@pytest.mark.parametrize("value", INPUTS.values(), ids=INPUTS.keys())
def test_input_is_written_as_json_writes_it(echo, value):
    assert echo.encode(value) == json.dumps(value, allow_nan=False)


PLAIN_KEYS = st.text(max_size=8) | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
INPUT_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=6) | st.tuples(inner, inner) | st.dictionaries(PLAIN_KEYS, inner, max_size=6),
    max_leaves=30,
)


@UNHURRIED
@given(st.dictionaries(PLAIN_KEYS, INPUT_VALUES, max_size=6))
def test_any_input_is_written_as_json_writes_it(echo, value):
    assert echo.encode(value) == json.dumps(value, allow_nan=False)


class LazyRow(list):
    """Shows itself through its iterator alone."""

    def __iter__(self):
        return iter(["x", {"y": ("z",)}])


class LazyPair(tuple):
    """As a proxy of a tuple may."""

    def __iter__(self):
        yield "x"
        yield [1]


def test_a_sequence_with_an_iterator_of_its_own_is_written_as_a_loop_sees_it(echo):
    items = ["x", {"y": ["z"]}]
    given = {"a": LazyRow(), "b": [LazyRow([1, 2, 3])], "c": LazyPair((5,))}
    assert echo.encode(given) == json.dumps({"a": items, "b": [items], "c": ["x", [1]]})


def circular_list():
    value = [1]
    value.append(value)
    return value


def circular_dict():
    value = {}
    value["again"] = [(value,)]
    return value


REFUSED_AS_VALUE = {
    "nan": math.nan,
    "infinity": [math.inf],
    "minus infinity": {"b": (-math.inf,)},
    "nan in a subclass": Real("nan"),
    "nan as a key": {math.nan: 1},
    "a circle of lists": circular_list(),
    "a circle of dicts": circular_dict(),
}


@pytest.mark.parametrize("value", REFUSED_AS_VALUE.values(), ids=REFUSED_AS_VALUE.keys())
def test_a_value_that_json_refuses_is_an_execution_error_with_its_words(echo, value):
    with pytest.raises(ValueError) as expected:
        json.dumps({"a": value}, allow_nan=False)
    with pytest.raises(SimStudioError) as caught:
        echo.encode({"a": value})
    assert str(caught.value) == "Failed to execute workflow: " + str(expected.value)
    assert (caught.value.code, caught.value.status) == ("EXECUTION_ERROR", None)
    assert echo.server.requests == []


REFUSED_AS_TYPE = {
    "bytes": b"x",
    "bytearray": bytearray(b"x"),
    "set": {1},
    "object": object(),
    "an instance": Opaque(),
    "a class": Opaque,
    "a name with a dot": type("some.name", (), {})(),
    "datetime": datetime.datetime(2025, 1, 1),
    "decimal": decimal.Decimal(1),
    "complex": 1j,
    "range": range(3),
    "generator": (i for i in ()),
    "plain enum": Colour.RED,
    "dict views": {}.keys(),
    "deque": collections.deque(),
    "a tuple as a key": {(1, 2): 3},
    "bytes as a key": {b"x": 1},
    "datetime as a key": {datetime.datetime(2025, 1, 1): 1},
    "an instance as a key": {Opaque(): 1},
    "plain enum as a key": {Colour.RED: 1},
}


@pytest.mark.parametrize("value", REFUSED_AS_TYPE.values(), ids=REFUSED_AS_TYPE.keys())
def test_a_type_that_json_refuses_is_a_type_error_with_its_words(echo, value):
    with pytest.raises(TypeError) as expected:
        json.dumps({"a": [value]}, allow_nan=False)
    with pytest.raises(TypeError) as caught:
        echo.encode({"a": [value]})
    assert str(caught.value) == str(expected.value)
    assert echo.server.requests == []


@pytest.mark.parametrize("root", [[1], (1,), "text", 7, 1.5, True, b"x", {1}, Opaque()], ids=lambda root: type(root).__name__)
def test_only_a_dict_can_be_the_input(echo, root):
    with pytest.raises(TypeError, match="^input_data must be a dict or None, not %s$" % type(root).__name__):
        echo.encode(root)
    assert echo.server.requests == []


class OddItems(dict):
    """Its items() gives what no dict gives."""

    def items(self):
        return [("fine", 1), "odd"]


@pytest.mark.parametrize("given", [OddItems(a=1), {"a": OddItems(a=1)}], ids=["the input", "inside"])
def test_items_that_are_no_pairs_are_refused_in_json_s_words(echo, given):
    with pytest.raises(ValueError) as expected:
        json.dumps(given)
    with pytest.raises(SimStudioError) as caught:
        echo.encode(given)
    assert str(caught.value) == "Failed to execute workflow: " + str(expected.value)
    assert echo.server.requests == []


def test_input_too_deep_to_write_is_a_recursion_error(echo):
    value = []
    for _ in range(200000):
        value = [value]

    def refuse():
        with pytest.raises(RecursionError, match="while encoding a JSON object"):
            echo.encode({"a": value})
        refusals.append(value)

    refusals = []
    refuse()
    before = threading.stack_size(512 * 1024)  # the default of threads on some systems
    try:
        thread = threading.Thread(target=refuse)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert len(refusals) == 2 and echo.server.requests == []
    while value:  # taken apart by hand: some Pythons overrun their stack freeing so deep a list
        value = value.pop()


@pytest.mark.skipif(not hasattr(sys, "set_int_max_str_digits"), reason="this Python has no limit of digits")
def test_an_integer_with_too_many_digits_is_an_execution_error_with_json_s_words(echo):
    with pytest.raises(ValueError) as expected:
        json.dumps(10**5000)
    with pytest.raises(SimStudioError) as caught:
        echo.encode({"a": 10**5000})
    assert str(caught.value) == "Failed to execute workflow: " + str(expected.value)
    assert caught.value.code == "EXECUTION_ERROR"
