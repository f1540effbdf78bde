"""Several interpreters in one process, and several copies of the module in one interpreter.

Each test is a program of its own, since what goes wrong here ends the process."""

import subprocess
import sys
import textwrap

import pytest

from simstudio.testing import SimServer

HAS_OWN_GIL = sys.version_info >= (3, 12)
KINDS = ["shared"] + (["own"] if HAS_OWN_GIL else [])

# One interface to what each version of Python has.
PRELUDE = '''
import gc, os, sys, threading
URL = sys.argv[1]
try:
    import _interpreters as interpreters  # 3.13
except ImportError:
    import _xxsubinterpreters as interpreters

def create(gil):
    if hasattr(interpreters, "exec"):
        return interpreters.create("legacy" if gil == "shared" else "isolated")
    if sys.version_info >= (3, 12):
        return interpreters.create(isolated=gil == "own")
    return interpreters.create()

def run(interpreter, code):
    """Runs the code, in which URL is set; an exception there is one here."""
    code = "URL = %r\\n%s" % (URL, code)
    if hasattr(interpreters, "exec"):
        failure = interpreters.exec(interpreter, code)
        if failure is not None:
            raise RuntimeError(failure.formatted)
    else:
        interpreters.run_string(interpreter, code)

def ask(interpreter, expression):
    """The repr of what the expression is over there."""
    here, there = os.pipe()
    run(interpreter, "import os\\nos.write(%d, repr(%s).encode())\\nos.close(%d)" % (there, expression, there))
    with os.fdopen(here) as file:
        return file.read()

def descriptors():
    return len(os.listdir("/dev/fd"))

USE = """
import simstudio
client = simstudio.SimStudioClient("key", URL)
assert client.execute_workflow("echo", {"a": 1}).output is not None
assert client.execute_workflow("echo", {"a": 1}, stream=True).success
for event in client.stream_workflow("echo", {"a": 1}):
    repr(event)
try:
    client.execute_workflow("failing")
    assert False
except simstudio.SimStudioError as error:
    assert error.status == 500
"""
'''


@pytest.fixture(scope="module")
def url():
    with SimServer(api_key="key") as server:
        yield server.url


def run_program(url, program, *words):
    source = PRELUDE + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", source, url] + list(words), timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    assert (done.returncode, done.stdout) == (0, "good\n")


@pytest.mark.parametrize("gil", KINDS)
def test_one_after_another_imports_calls_and_ends(url, gil):
    run_program(url, """
        for round in range(10):
            interpreter = create(sys.argv[2])
            run(interpreter, USE)
            interpreters.destroy(interpreter)
            if round == 0:
                gc.collect()
                before = descriptors()
        gc.collect()
        assert descriptors() <= before, "connections outlive their interpreter"
        exec(USE)
        print("good")
    """, gil)


@pytest.mark.parametrize("gil", KINDS)
def test_several_at_once_have_nothing_in_common(url, gil):
    run_program(url, """
        import simstudio
        exec(USE)
        others = [create(sys.argv[2]) for _ in range(3)]
        for number, other in enumerate(others):
            run(other, USE)
            run(other, "simstudio.SimStudioClient.mark = %d" % number)
            run(other, "simstudio.SimStudioError.code = %d" % number)
        for number, other in enumerate(others):
            assert ask(other, "simstudio.SimStudioClient.mark") == str(number)
            assert ask(other, "simstudio.SimStudioError('x').__class__.code") == str(number)
        assert not hasattr(simstudio.SimStudioClient, "mark") and simstudio.SimStudioError.code is None
        names = ["SimStudioClient", "SimStudioError", "WorkflowStream", "RateLimitInfo", "StreamEvent"]
        places = {ask(other, "[id(getattr(simstudio, n)) for n in %r]" % names) for other in others}
        places.add(repr([id(getattr(simstudio, name)) for name in names]))
        assert len(places) == 4
        interpreters.destroy(others[1])
        run(others[0], USE)
        exec(USE)
        interpreters.destroy(others[0])
        run(others[2], USE)
        exec(USE)
        print("good")
    """, gil)


@pytest.mark.parametrize("gil", KINDS)
def test_threads_use_interpreters_side_by_side(url, gil):
    run_program(url, """
        failures = []
        def work():
            try:
                for _ in range(3):
                    interpreter = create(sys.argv[2])
                    run(interpreter, USE + "for _ in range(20): client.get_workflow_status('echo')")
                    interpreters.destroy(interpreter)
            except BaseException as error:
                failures.append(error)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            exec(USE)
        for thread in threads:
            thread.join()
        assert not failures, failures
        print("good")
    """, gil)


@pytest.mark.parametrize("gil", KINDS)
def test_the_process_ends_while_others_hold_open_streams(url, gil):
    run_program(url, """
        others = [create(sys.argv[2]) for _ in range(2)]
        for other in others:
            run(other, USE + "stream = client.stream_workflow('echo', {'a': 1}); next(stream)")
        exec(USE)
        stream = client.stream_workflow("echo", {"a": 1})
        next(stream)
        print("good")
    """, gil)


def test_a_second_copy_in_one_interpreter_is_a_module_of_its_own(url):
    run_program(url, """
        import importlib.util, pickle, weakref
        from simstudio import _native
        def load():
            spec = importlib.util.spec_from_file_location("simstudio._native", _native.__file__)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        for _ in range(20):
            copy = load()
            assert copy is not _native and copy.SimStudioClient is not _native.SimStudioClient
            client = copy.SimStudioClient("key", URL)
            result = client.execute_workflow("echo", {"a": 1})
            assert type(result) is copy.WorkflowExecutionResult
            assert not isinstance(result, _native.WorkflowExecutionResult)
            try:
                client.execute_workflow("failing")
                assert False
            except copy.SimStudioError as error:
                assert not isinstance(error, _native.SimStudioError)
            gone = [weakref.ref(copy.SimStudioClient), weakref.ref(copy.SimStudioError)]
            del copy, client, result
            gc.collect()
            assert [reference() for reference in gone] == [None, None], "a type outlives its module"
        exec(USE)
        print("good")
    """)


def test_an_object_outlives_the_module_that_made_it(url):
    run_program(url, """
        import simstudio
        mine = simstudio.SimStudioClient("key", URL)
        stream = mine.stream_workflow("echo", {"a": 1})
        next(stream)
        for name in [name for name in sys.modules if name.startswith("simstudio")]:
            del sys.modules[name]
        del simstudio
        gc.collect()
        stream.result()
        assert mine.execute_workflow("echo", {"a": 1}).success
        exec(USE)
        assert type(client) is simstudio.SimStudioClient and not isinstance(mine, type(client))
        print("good")
    """)


def test_a_reload_changes_nothing(url):
    run_program(url, """
        import importlib, simstudio
        from simstudio import _native
        before = dict(vars(_native))
        client = simstudio.SimStudioClient("key", URL)
        assert importlib.reload(_native) is _native and importlib.reload(simstudio) is simstudio
        assert {name: vars(_native)[name] for name in before} == before
        assert type(client) is simstudio.SimStudioClient
        assert client.execute_workflow("echo", {"a": 1}).success
        exec(USE)
        print("good")
    """)
