/* A whole answer thrown at a client: a call ends in a result or in a SimStudioError that does not
 * show the key, and so does a stream.
 *
 * Input: a letter for the call (A, B, ... in the order of the program below), then what the server
 * says (wire.h). */
#include "python.h"
#include "wire.h"

PyMODINIT_FUNC PyInit__native(void);

static const char program[] =
    "from _native import SimStudioClient, SimStudioError\n"
    "KEY = 'sk-0123456789'\n"
    "def read(stream):\n"
    "    for event in stream:\n"
    "        repr(event)\n"
    "    return stream.result()\n"
    "def read_texts(stream):\n"
    "    with stream:\n"
    "        texts = ''.join(stream.text_stream)\n"
    "        assert len(texts) >= 0 and isinstance(stream.blocks, dict)\n"
    "def leave(stream):\n"
    "    with stream:\n"
    "        next(stream, None)\n"
    "CALLS = [\n"
    "    lambda client: client.execute_workflow('wf', {'a': 1}),\n"
    "    lambda client: client.execute_workflow('wf', {}, async_execution=True),\n"
    "    lambda client: client.execute_workflow('wf', stream=True),\n"
    "    lambda client: client.get_workflow_status('wf'),\n"
    "    lambda client: client.validate_workflow('wf'),\n"
    "    lambda client: client.get_job_status('run_1'),\n"
    "    lambda client: client.get_usage_limits(),\n"
    "    lambda client: read(client.stream_workflow('wf', {}, selected_outputs=['a.b'])),\n"
    "    lambda client: read_texts(client.stream_workflow('wf')),\n"
    "    lambda client: leave(client.stream_workflow('wf')),\n"
    "]\n"
    "def run(choice):\n"
    "    with SimStudioClient(KEY, 'http://127.0.0.1:8080') as client:\n"
    "        try:\n"
    "            repr(CALLS[choice % len(CALLS)](client))\n"
    "        except SimStudioError as error:\n"
    "            assert KEY not in str(error) and isinstance(error.code, (str, type(None)))\n"
    "            assert error.status is None or 200 <= error.status <= 999\n"
    "            assert error.retry_after is None or error.retry_after >= 0\n"
    "            repr(error.details)\n"
    "        limit = client.get_rate_limit_info()\n"
    "        assert limit is None or isinstance(limit.reset, int)\n";

/* The program's function; a new reference. */
static PyObject *start(void)
{
    PyObject *names, *result, *run;

    CHECK(PyImport_AppendInittab("_native", PyInit__native) == 0);
    fuzz_python_start();
    names = PyDict_New();
    fuzz_python_check(names != NULL &&
                      PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) == 0);
    result = PyRun_String(program, Py_file_input, names, names);
    fuzz_python_check(result != NULL);
    run = Py_NewRef(PyDict_GetItemString(names, "run"));
    Py_DECREF(result);
    Py_DECREF(names);
    return run;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static PyObject *run;
    struct fuzz_input input = {data, size};
    int choice = (unsigned char)(fuzz_byte(&input) - 'A');
    struct sim_text script = fuzz_rest(&input);
    PyObject *result;

    if (run == NULL)
        run = start();
    /* A connection that stays open would be waited for, for as long as a user would. */
    if (script.length == 0 || memchr(script.data, WIRE_OPEN, script.length) == NULL) {
        wire_begin(script);
        result = PyObject_CallFunction(run, "i", choice);
        fuzz_python_check(result != NULL);
        Py_DECREF(result);
        (void)wire_end();
    }
    fuzz_free(script);
    return 0;
}
