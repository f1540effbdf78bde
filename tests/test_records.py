"""The result types behave as dataclasses do: each is held against a real one of the same fields."""

import copy
import dataclasses
import gc
import inspect
import pickle
import subprocess
import sys
import typing
import weakref

import documented_records
import pytest

import simstudio
from simstudio import _native

NAMES = [name for name, value in vars(documented_records).items() if dataclasses.is_dataclass(value)]

OURS = {name: getattr(_native, name) for name in NAMES}
REAL = {name: getattr(documented_records, name) for name in NAMES}

each_record = pytest.mark.parametrize("name", NAMES)
each_protocol = pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))


def required_of(name):
    return [field.name for field in dataclasses.fields(REAL[name]) if field.default is dataclasses.MISSING]


def fields_of(name):
    return [field.name for field in dataclasses.fields(REAL[name])]


def both(name, action):
    """What an action gives for our type and for the real one: (value,) or (exception type, its text)."""

    def outcome(kind):
        try:
            return (action(kind),)
        except Exception as error:
            return type(error), str(error)

    return outcome(OURS[name]), outcome(REAL[name])


def same(name, action):
    ours, real = both(name, action)
    assert ours == real


def full(kind):
    return kind(*[[index, {"k": index}] for index in range(len(dataclasses.fields(kind)))])


# ---- construction ----


@each_record
def test_fields_can_be_given_in_order_or_by_name(name):
    values = list(range(len(fields_of(name))))
    for count in range(len(values) + 1):
        by_name = dict(zip(fields_of(name)[count:], values[count:]))
        same(name, lambda kind: vars(kind(*values[:count], **by_name)))


@each_record
def test_defaults_fill_what_is_not_given(name):
    same(name, lambda kind: list(vars(kind(**dict.fromkeys(required_of(name), 1))).items()))


@each_record
def test_wrong_arguments_are_python_s_own_type_errors(name):
    fields, required = fields_of(name), required_of(name)
    for count in range(len(required)):
        same(name, lambda kind: kind(*range(count)))
        same(name, lambda kind: kind(**dict.fromkeys(required[:count], 1)))
    for surplus in (1, 2):
        same(name, lambda kind: kind(*range(len(fields) + surplus)))
    same(name, lambda kind: kind(*range(len(fields)), unknown=1))
    same(name, lambda kind: kind(unknown=1))
    same(name, lambda kind: kind(1, **{fields[0]: 2}))
    same(name, lambda kind: kind(*range(len(fields)), **{fields[-1]: 2}))
    same(name, lambda kind: kind(**{"": 1}))
    same(name, lambda kind: full(kind).__init__())
    same(name, lambda kind: full(kind).__init__(*range(20)))


@each_record
def test_an_instance_can_be_initialised_again(name):
    def again(kind):
        record = full(kind)
        record.extra = 1
        record.__init__(**dict.fromkeys(required_of(name), 7))
        return vars(record)

    same(name, again)


# ---- looks ----


@each_record
def test_repr_shows_every_field_in_order(name):
    same(name, lambda kind: repr(full(kind)))
    same(name, lambda kind: str(kind(**dict.fromkeys(required_of(name), "é\n"))))


@each_record
def test_repr_of_a_record_within_itself_ends(name):
    def circle(kind):
        record = full(kind)
        setattr(record, fields_of(name)[0], [record])
        return repr(record)

    same(name, circle)


@each_record
def test_repr_names_a_subclass(name):
    same(name, lambda kind: repr(full(type("Mine", (kind,), {}))))


def raising(*_):
    raise KeyError("from the field")


@each_record
def test_what_a_field_raises_comes_through_repr_and_comparison(name):
    hostile = type("Hostile", (), {"__repr__": raising, "__eq__": raising})

    def build(kind):
        return kind(*[hostile() for _ in fields_of(name)])

    same(name, lambda kind: repr(build(kind)))
    same(name, lambda kind: build(kind) == build(kind))


@each_record
def test_the_type_says_where_it_comes_from(name):
    kind = OURS[name]
    assert (kind.__name__, kind.__qualname__, kind.__module__) == (name, name, "simstudio")
    assert getattr(simstudio, name) is kind
    assert kind.__doc__


@each_record
def test_the_signature_has_names_order_and_defaults(name):
    def parameters(kind):
        return [(p.name, p.default, p.kind) for p in inspect.signature(kind).parameters.values()]

    same(name, parameters)


# ---- comparing ----


@each_record
def test_equality_is_that_of_the_fields(name):
    same(name, lambda kind: full(kind) == full(kind))
    same(name, lambda kind: full(kind) != full(kind))
    for field in fields_of(name):
        def changed(kind):
            record = full(kind)
            setattr(record, field, "other")
            return record == full(kind), record != full(kind)

        same(name, changed)


@each_record
def test_extra_attributes_do_not_count(name):
    def with_extra(kind):
        record = full(kind)
        record.extra = 1
        return record == full(kind)

    same(name, with_extra)


@each_record
def test_only_the_same_class_is_equal(name):
    def others(kind):
        sub = type("Sub", (kind,), {})
        record = full(kind)
        return [record == other for other in (full(sub), None, 1, tuple(vars(record).values()), vars(record), kind)]

    same(name, others)
    assert full(OURS[name]) != full(REAL[name])


@each_record
def test_nan_is_equal_where_a_dataclass_says_so(name):
    nan = float("nan")
    count = len(fields_of(name))
    same(name, lambda kind: kind(*[nan] * count) == kind(*[nan] * count))
    same(name, lambda kind: kind(*[nan] * count) == kind(*[float("nan")] * count))


@each_record
def test_there_is_no_order_and_no_hash(name):
    same(name, lambda kind: full(kind) < full(kind))
    same(name, lambda kind: full(kind) >= full(kind))
    same(name, lambda kind: hash(full(kind)))
    same(name, lambda kind: {full(kind)})
    same(name, lambda kind: kind.__hash__)


# ---- attributes ----


@each_record
def test_fields_can_be_changed_and_attributes_added(name):
    def touched(kind):
        record = full(kind)
        setattr(record, fields_of(name)[0], "new")
        record.extra = "more"
        return list(vars(record).items()), repr(record)

    same(name, touched)


@each_record
def test_a_deleted_field_falls_back_on_its_default(name):
    for field in fields_of(name):
        def without(kind):
            record = full(kind)
            delattr(record, field)
            return getattr(record, field)

        def shown(kind):
            record = full(kind)
            delattr(record, field)
            return repr(record)

        same(name, without)
        same(name, shown)
    same(name, lambda kind: delattr(full(kind), "nothing"))


@each_record
def test_the_dict_can_be_replaced(name):
    def replaced(kind):
        record = full(kind)
        record.__dict__ = dict.fromkeys(fields_of(name), 5)
        return repr(record), vars(record)

    same(name, replaced)
    same(name, lambda kind: setattr(full(kind), "__dict__", 1))


@each_record
def test_defaults_are_class_attributes(name):
    for field in fields_of(name):
        same(name, lambda kind: getattr(kind, field))


@each_record
def test_annotations_are_those_of_the_documentation(name):
    same(name, lambda kind: list(kind.__annotations__))
    same(name, typing.get_type_hints)
    same(name, lambda kind: [(field.name, field.type) for field in dataclasses.fields(kind)])
    same(name, lambda kind: kind.__annotations__)  # once they have been asked for
    same(name, lambda kind: inspect.signature(dataclasses.dataclass(type(name, (kind,), {}))))


@each_record
def test_match_args_are_the_fields(name):
    assert OURS[name].__match_args__ == tuple(fields_of(name))


@pytest.mark.skipif(sys.version_info < (3, 10), reason="this Python has no match statement")
def test_a_record_can_be_matched():
    found = {}
    source = "match record:\n    case Status(True, deployed_at=when): pass"
    exec(source, {"record": _native.WorkflowStatus(True, "now"), "Status": _native.WorkflowStatus}, found)
    assert found == {"when": "now"}


@each_record
def test_classes_can_be_patched(name):
    sub = type("Sub", (OURS[name],), {})
    sub.method = lambda self: 7
    assert full(sub).method() == 7


# ---- the dataclasses module ----


@each_record
def test_dataclasses_knows_the_type_and_its_fields(name):
    def description(kind):
        return [(f.name, f.default, f.default_factory, f.init, f.repr, f.compare, f.hash, dict(f.metadata), f._field_type)
                for f in dataclasses.fields(kind)]

    same(name, dataclasses.is_dataclass)
    same(name, lambda kind: dataclasses.is_dataclass(full(kind)))
    same(name, description)
    same(name, lambda kind: [f.name for f in dataclasses.fields(full(kind))])
    same(name, lambda kind: repr(kind.__dataclass_params__))


@each_record
def test_asdict_and_astuple_go_deep(name):
    def nested(kind):
        record = full(kind)
        setattr(record, fields_of(name)[-1], [full(kind), {"k": (full(kind),)}])
        return record

    same(name, lambda kind: dataclasses.asdict(nested(kind)))
    same(name, lambda kind: dataclasses.astuple(nested(kind)))
    same(name, lambda kind: dataclasses.asdict(full(kind), dict_factory=list))

    def is_copied(kind):
        record = full(kind)
        value = dataclasses.asdict(record)[fields_of(name)[0]]
        return value is getattr(record, fields_of(name)[0])

    same(name, is_copied)


@each_record
def test_replace_makes_another(name):
    field = fields_of(name)[-1]

    def replaced(kind):
        record = full(kind)
        other = dataclasses.replace(record, **{field: "new"})
        return type(other) is kind, vars(other), vars(record)

    same(name, replaced)
    same(name, lambda kind: dataclasses.replace(full(kind), unknown=1))
    if hasattr(copy, "replace"):
        same(name, lambda kind: vars(copy.replace(full(kind), **{field: "new"})))


@each_record
def test_a_dataclass_can_be_derived(name):
    def derived(kind, **options):
        @dataclasses.dataclass(**options)
        class Derived(kind):
            extra: int = 3

        return Derived

    arguments = list(range(len(fields_of(name))))
    same(name, lambda kind: repr(derived(kind)(*arguments)).rpartition(".")[2])
    same(name, lambda kind: repr(derived(kind)(*arguments, extra=9)).rpartition(".")[2])
    same(name, lambda kind: [f.name for f in dataclasses.fields(derived(kind))])
    same(name, lambda kind: dataclasses.astuple(derived(kind)(*arguments, 4)))
    same(name, lambda kind: derived(kind, frozen=True))
    same(name, lambda kind: hash(derived(kind, unsafe_hash=True)(*arguments)))
    same(name, lambda kind: derived(kind, order=True)(*arguments, 1) < derived(kind, order=True)(*arguments, 1))

    def ordered(kind):
        made = derived(kind, order=True)
        return made(*arguments, 1) < made(*arguments, 2), made(*arguments) == made(*arguments)

    same(name, ordered)
    same(name, lambda kind: [f.name for f in dataclasses.fields(
        dataclasses.make_dataclass("Made", [("extra", int, 1)], bases=(kind,)))])


@each_record
def test_a_plain_subclass_is_a_dataclass_too(name):
    def described(kind):
        sub = type("Sub", (kind,), {"method": lambda self: 1})
        return dataclasses.is_dataclass(sub), dataclasses.asdict(full(sub)), full(sub).method()

    same(name, described)


def run(*lines):
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_dataclasses_is_not_imported_before_it_is_asked_for():
    assert run(
        "import sys",
        "before = 'dataclasses' in sys.modules",
        "import simstudio, copy, pickle",
        "record = simstudio.WorkflowStatus(True)",
        "repr(record), record == copy.deepcopy(record), pickle.loads(pickle.dumps(record)), vars(record)",
        "simstudio.SimStudioClient('key')",
        "print(before, 'dataclasses' in sys.modules)",
    ).split() == ["False", "False"]


@pytest.mark.parametrize("first", [
    "dataclasses.is_dataclass(simstudio.WorkflowStatus)",
    "dataclasses.is_dataclass(simstudio.WorkflowStatus(True))",
    "[f.name for f in dataclasses.fields(simstudio.WorkflowStatus)]",
    "dataclasses.asdict(simstudio.WorkflowStatus(True))",
    "dataclasses.replace(simstudio.WorkflowStatus(True), is_deployed=False)",
    "dataclasses.is_dataclass(type('Sub', (simstudio.WorkflowStatus,), {}))",
    "dataclasses.dataclass(type('Sub', (simstudio.WorkflowStatus,), {'__annotations__': {'x': int}, 'x': 1}))(True)",
    "dir(simstudio.WorkflowStatus) and dir(simstudio.WorkflowStatus(True))",
])
def test_any_question_can_be_the_first(first):
    assert run("import dataclasses, simstudio", "print(bool(%s))" % first) == "True"


# ---- copying, pickling, life ----


class Derived(_native.WorkflowExecutionResult):
    """Importable by name, as pickle needs it."""


def with_extra(kind):
    record = full(kind)
    record.extra = [1]
    return record


@each_record
def test_a_copy_shares_and_a_deep_copy_does_not(name):
    record = with_extra(OURS[name])
    shallow, deep = copy.copy(record), copy.deepcopy(record)
    field = fields_of(name)[0]
    assert shallow == record and deep == record and shallow is not record
    assert getattr(shallow, field) is getattr(record, field)
    assert getattr(deep, field) is not getattr(record, field)
    assert vars(shallow) == vars(deep) == vars(record)
    assert type(shallow) is type(deep) is OURS[name]


@each_record
@each_protocol
def test_pickle_keeps_everything(name, protocol):
    record = with_extra(OURS[name])
    again = pickle.loads(pickle.dumps(record, protocol))
    assert type(again) is OURS[name] and again == record and vars(again) == vars(record)


@each_protocol
def test_pickle_keeps_a_subclass_and_a_circle(protocol):
    record = full(Derived)
    record.output = [record]
    again = pickle.loads(pickle.dumps(record, protocol))
    assert type(again) is Derived and again.output[0] is again


@each_record
def test_the_collector_frees_a_circle(name):
    def circle(kind):
        record = full(kind)
        setattr(record, fields_of(name)[0], {"again": record})
        return weakref.ref(record)

    references = [circle(OURS[name]), circle(type("Sub", (OURS[name],), {}))]
    gc.collect()
    assert [reference() for reference in references] == [None, None]


@each_record
def test_a_record_is_freed_at_once(name):
    gc.disable()
    try:
        record = full(OURS[name])
        reference = weakref.ref(record)
        assert gc.is_tracked(record) and reference() is record
        del record
        assert reference() is None
    finally:
        gc.enable()


@each_record
def test_a_subclass_can_leave_init_out(name):
    class Bare(OURS[name]):
        def __init__(self):
            pass

    record = Bare()
    assert vars(record) == {}
    with pytest.raises(AttributeError, match=fields_of(name)[0]):
        repr(record)


@each_record
def test_arguments_outlive_the_dict_that_they_came_in(name):
    given = {field: [field, object()] for field in fields_of(name)}

    class Clearing(OURS[name]):
        def __setattr__(self, attribute, value):
            given.clear()  # 3.8 hands a function of C the caller's own dict
            super().__setattr__(attribute, value)

    record = Clearing(**given)
    assert [getattr(record, field)[0] for field in fields_of(name)] == fields_of(name)


def test_what_stands_for_a_dataclass_until_it_is_made_cannot_be_made_by_others():
    program = """
import simstudio
kind = type(vars(simstudio.WorkflowStatus)["__dataclass_fields__"])
for make in (kind, lambda: object.__new__(kind)):
    try:
        make().__get__(None, int)
    except TypeError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, universal_newlines=True)
    assert (done.returncode, done.stdout) == (0, "refused\n" * 2)
