#include "python/stream.h"

#include <stdbool.h>
#include <stddef.h>

#include "python/answer.h"
#include "python/client.h"
#include "python/decode.h"
#include "python/reader.h"
#include "python/record.h"

enum phase {
    NOT_STARTED,
    READING,  /* the exchange is under way */
    ANSWERED, /* the server answered with a plain result: it is the only event */
    ENDED,    /* the connection has been given up */
};

struct stream {
    PyObject_HEAD
    PyObject *weak_references;
    PyObject *client;
    struct pysim_timeout timeout; /* with a reference of ours to `given` */
    struct pysim_call call;
    struct pysim_reader reader;
    enum phase phase;
    PyObject *answer;  /* the plain result, where there is one */
    PyObject *failure; /* the SimStudioError that ended it, which every further step raises */
    bool was_sent;     /* the request, or part of it; known at the end */
    bool is_in_use;    /* by a thread that waits without the GIL */
    bool is_closed;    /* by its user, before or after its end */
};

static const char closed_early[] = "The stream was closed before its final event" PYSIM_RUN_DOUBT;
static const char closed_unsent[] = "The stream was closed before its request was sent";
static const char ended_unsent[] = "The stream ended before its request was sent";

/* ---- beginning and ending ---- */

static void stream_end(struct stream *self)
{
    self->phase = ENDED;
    if (self->call.exchange != NULL)
        self->was_sent = sim_exchange_was_sent(self->call.exchange);
    pysim_call_end(&self->call);
}

static void stream_end_well(struct stream *self)
{
    if (self->phase == READING)
        pysim_reader_drain(&self->reader);
    stream_end(self);
}

/* Ends the stream with the pending exception, which every further step raises again. What is kept
 * is a copy: the exception itself comes to refer to its traceback, and that to the stream. */
static void stream_fail(struct stream *self)
{
    PyObject *error, *copy;

    stream_end(self);
    if (!self->call.has_failed || !PyErr_ExceptionMatches(self->call.state->SimStudioError))
        return; /* from a signal handler, say; not to be raised again */
    error = PyErr_GetRaisedException();
    copy = pysim_error_copy(error);
    if (copy == NULL) { /* without memory the reason is worth more than that */
        PyErr_Clear();
        copy = Py_NewRef(error);
    }
    Py_XSETREF(self->failure, copy);
    PyErr_SetRaisedException(error);
}

/* What a stream that has ended without a result raises. NULL always. */
static PyObject *stream_raise(struct stream *self)
{
    const char *closed = self->was_sent ? closed_early : closed_unsent;
    const char *ended = self->was_sent ? NULL : ended_unsent;

    if (self->failure != NULL) {
        PyObject *error = pysim_error_copy(self->failure);
        if (error != NULL)
            PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_XDECREF(error);
    }
    else
        (void)pysim_fold_result(&self->reader.fold, self->is_closed ? closed : ended,
                                self->was_sent);
    return NULL;
}

/* One thread at a time may read. The GIL guards the flag, and the flag guards the stream while the
 * GIL is released. Shown by tests/test_stream_threads.py: test_two_threads_do_not_read_at_once. */
static int stream_acquire(struct stream *self)
{
    if (self->is_in_use) {
        PyErr_SetString(PyExc_ValueError, "the stream is being read already");
        return -1;
    }
    self->is_in_use = true;
    return 0;
}

static void stream_release(struct stream *self)
{
    self->is_in_use = false;
    if (self->is_closed && self->phase != ENDED) /* by another thread meanwhile */
        stream_end(self);
}

/* Sends the request and waits for the answer to begin. 0, or -1 with an exception. */
static int stream_start(struct stream *self)
{
    int result;

    if (self->phase != NOT_STARTED)
        return 0;
    self->phase = READING;
    result = pysim_client_send(self->client, &self->call, &self->timeout, false);
    if (result == 0 && !self->call.is_given_up && !sim_exchange_is_stream(self->call.exchange)) {
        self->answer = pysim_answer(&self->call, false);
        self->phase = ANSWERED;
        self->call.has_failed = self->answer == NULL;
        result = self->answer != NULL ? 0 : -1;
    }
    if (result < 0)
        stream_fail(self);
    return result;
}

/* ---- events ---- */

static PyObject *text_of(struct sim_text text)
{
    return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.length, "replace");
}

static PyObject *make_event(struct stream *self, const struct pysim_read_event *event)
{
    const union pysim_StreamEvent fields = {{
        .type = event->meaning.type,
        .block_id = event->meaning.block_id,
        .text = event->meaning.text,
        .data = event->data,
        .raw = text_of(event->raw),
    }};
    PyObject *record = NULL;

    if (fields.of.raw != NULL)
        record = pysim_record_new(self->call.state, PYSIM_StreamEvent, fields.values);
    Py_XDECREF(fields.of.raw);
    return record;
}

/* The plain answer as the one event of its stream. */
static PyObject *make_answer_event(struct stream *self)
{
    const struct sim_buffer *body = sim_exchange_body(self->call.exchange);
    struct pysim_read_event event = {.raw = {body->length > 0 ? body->data : "", body->length}};
    PyObject *record = NULL;

    event.meaning.type = PyUnicode_FromString("final");
    if (event.meaning.type == NULL)
        return NULL;
    event.data = pysim_decode(self->call.state, event.raw.data, event.raw.length);
    if (event.data == NULL && pysim_decode_was_refused())
        PyErr_Clear(); /* an empty answer, which is allowed */
    if (!PyErr_Occurred())
        record = make_event(self, &event);
    pysim_read_event_clear(&event);
    return record;
}

/* Reads on: 1 with an event, 0 at the end, -1 with an exception. */
static int stream_read(struct stream *self, struct pysim_read_event *event)
{
    int got = 0;

    if (self->phase == READING && !self->is_closed) {
        if (pysim_fold_has_ended(&self->reader.fold))
            stream_end_well(self);
        else
            got = pysim_reader_next(&self->reader, event);
        if (got > 0)
            return 1;
        if (got < 0) {
            stream_fail(self);
            return -1;
        }
        stream_end(self);
    }
    if (self->is_closed || self->reader.fold.result != NULL || self->answer != NULL)
        return 0;
    (void)stream_raise(self);
    return -1;
}

static PyObject *stream_next(struct stream *self)
{
    struct pysim_read_event event = {0};
    PyObject *record = NULL;

    if (stream_acquire(self) < 0)
        return NULL;
    if (stream_start(self) < 0)
        goto done;
    if (self->phase == ANSWERED) {
        record = make_answer_event(self);
        stream_end(self);
    }
    else if (stream_read(self, &event) > 0)
        record = make_event(self, &event);
done:
    pysim_read_event_clear(&event);
    stream_release(self);
    return record;
}

/* The text of the next chunk; NULL without an exception at the end. */
static PyObject *stream_next_text(struct stream *self)
{
    PyObject *text = NULL;
    int got = 1;

    if (stream_acquire(self) < 0)
        return NULL;
    if (stream_start(self) < 0)
        goto done;
    if (self->phase == ANSWERED)
        stream_end(self);
    while (text == NULL && got > 0) {
        struct pysim_read_event event = {0};
        got = stream_read(self, &event);
        if (got > 0 && event.meaning.is_chunk)
            text = Py_NewRef(event.meaning.text);
        pysim_read_event_clear(&event);
        if (text == NULL && got > 0 && PyErr_CheckSignals() < 0) { /* many may come at once */
            stream_fail(self);
            got = -1;
        }
    }
done:
    stream_release(self);
    return text;
}

/* ---- methods ---- */

PyDoc_STRVAR(result_doc, "result($self)\n--\n\n"
                         "Reads what is left and returns the run's result.\n\n"
                         "Returns WorkflowExecutionResult, the same object each time. Raises\n"
                         "SimStudioError: EXECUTION_ERROR for a run that failed,\n"
                         "STREAM_INTERRUPTED for a stream without its end, TIMEOUT.");

static PyObject *stream_result(struct stream *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *result = NULL;

    if (stream_acquire(self) < 0)
        return NULL;
    if (!self->is_closed && stream_start(self) < 0)
        goto done;
    if (self->phase == READING && !self->is_closed) {
        if (pysim_reader_finish(&self->reader) < 0) {
            stream_fail(self);
            goto done;
        }
        stream_end_well(self);
    }
    result = self->answer != NULL ? self->answer : self->reader.fold.result;
    if (result != NULL)
        Py_INCREF(result);
    else
        (void)stream_raise(self);
    if (self->phase == ANSWERED)
        stream_end(self);
done:
    stream_release(self);
    return result;
}

PyDoc_STRVAR(stream_close_doc,
             "close($self)\n--\n\n"
             "Gives up the connection; what has not been read is dropped. The run goes on.");

static PyObject *stream_close(struct stream *self, PyObject *Py_UNUSED(ignored))
{
    self->is_closed = true;
    if (self->is_in_use) /* by a thread that will end it as soon as it looks */
        self->call.is_given_up = true;
    else if (self->phase != ENDED) {
        self->is_in_use = true;
        stream_end_well(self);
        self->is_in_use = false;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(stream_enter_doc,
             "__enter__($self)\n--\n\n"
             "Sends the request, if that has not been done, and returns the stream itself. Raises\n"
             "SimStudioError where no stream begins.");

static PyObject *stream_enter(struct stream *self, PyObject *Py_UNUSED(ignored))
{
    int started;

    if (stream_acquire(self) < 0)
        return NULL;
    started = stream_start(self);
    stream_release(self);
    return started < 0 ? NULL : Py_NewRef((PyObject *)self);
}

/* A copy would read the same connection. */
static PyObject *refuse_copy(PyObject *self, PyObject *Py_UNUSED(protocol))
{
    return PyErr_Format(PyExc_TypeError,
                        "a %.100s reads a connection and cannot be copied or pickled",
                        Py_TYPE(self)->tp_name);
}

static PyObject *stream_get_blocks(struct stream *self, void *Py_UNUSED(closure))
{
    return pysim_fold_blocks(&self->reader.fold);
}

/* ---- the iterator over texts ---- */

struct texts {
    PyObject_HEAD
    PyObject *stream;
};

static PyObject *stream_get_text_stream(struct stream *self, void *Py_UNUSED(closure))
{
    PyTypeObject *type = (PyTypeObject *)self->call.state->text_stream;
    struct texts *texts = (struct texts *)type->tp_alloc(type, 0);

    if (texts != NULL)
        texts->stream = Py_NewRef((PyObject *)self);
    return (PyObject *)texts;
}

static PyObject *texts_next(struct texts *self)
{
    return stream_next_text((struct stream *)self->stream);
}

static int texts_traverse(struct texts *self, visitproc visit, void *arg)
{
    Py_VISIT(self->stream);
    PYSIM_VISIT_TYPE(self);
    return 0;
}

static void texts_dealloc(struct texts *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->stream);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef texts_methods[] = {
    {"__reduce_ex__", refuse_copy, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot texts_slots[] = {
    {Py_tp_methods, texts_methods},   {Py_tp_iter, PyObject_SelfIter}, {Py_tp_iternext, texts_next},
    {Py_tp_traverse, texts_traverse}, {Py_tp_dealloc, texts_dealloc},  {0, NULL},
};

static PyType_Spec texts_spec = {
    .name = "simstudio._native.TextStream",
    .basicsize = sizeof(struct texts),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = texts_slots,
};

/* ---- the type ---- */

static int stream_traverse(struct stream *self, visitproc visit, void *arg)
{
    int result = pysim_fold_traverse(&self->reader.fold, visit, arg);

    if (result != 0)
        return result;
    Py_VISIT(self->client);
    Py_VISIT(self->timeout.given);
    Py_VISIT(self->answer);
    Py_VISIT(self->failure);
    Py_VISIT(self->call.timeout);
    PYSIM_VISIT_TYPE(self);
    return 0;
}

static int stream_clear(struct stream *self)
{
    stream_end(self);
    Py_CLEAR(self->client);
    Py_CLEAR(self->timeout.given);
    Py_CLEAR(self->answer);
    Py_CLEAR(self->failure);
    Py_CLEAR(self->call.timeout);
    return 0;
}

static void stream_dealloc(struct stream *self)
{
    PyTypeObject *type = Py_TYPE(self);

    if (PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, stream_dealloc);
    if (self->weak_references != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    (void)stream_clear(self);
    pysim_reader_fini(&self->reader);
    pysim_call_fini(&self->call);
    type->tp_free(self);
    Py_DECREF(type);
    Py_TRASHCAN_END;
}

PyObject *pysim_stream_new(struct pysim_state *state, PyObject *client, struct pysim_call *call,
                           const struct pysim_timeout *timeout)
{
    PyTypeObject *type = (PyTypeObject *)state->WorkflowStream;
    struct stream *self = (struct stream *)type->tp_alloc(type, 0);

    if (self == NULL) {
        pysim_call_fini(call);
        return NULL;
    }
    self->call = *call;
    self->client = Py_NewRef(client);
    self->timeout = *timeout;
    Py_INCREF(self->timeout.given);
    if (pysim_reader_init(&self->reader, &self->call) == 0)
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static PyMethodDef stream_methods[] = {
    {"result", (PyCFunction)stream_result, METH_NOARGS, result_doc},
    {"close", (PyCFunction)stream_close, METH_NOARGS, stream_close_doc},
    {"__enter__", (PyCFunction)stream_enter, METH_NOARGS, stream_enter_doc},
    {"__exit__", pysim_client_exit, METH_VARARGS, PyDoc_STR(PYSIM_EXIT_DOC)},
    {"__reduce_ex__", refuse_copy, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef stream_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct stream, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef stream_getset[] = {
    {"blocks", (getter)stream_get_blocks, NULL, "The text so far: a dict of str by block id.",
     NULL},
    {"text_stream", (getter)stream_get_text_stream, NULL,
     "An iterator over the texts (str) of the chunks alone.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    stream_doc,
    "A streamed run: an iterator of StreamEvent, made by SimStudioClient.stream_workflow().\n\n"
    "The request is sent when iteration or the with statement begins. Leaving the with\n"
    "statement, close(), or dropping the stream frees its connection. One thread at a time may\n"
    "read it. Each step raises SimStudioError: TIMEOUT, EXECUTION_ERROR for a run that failed,\n"
    "STREAM_INTERRUPTED for a stream that breaks off.");

/* clang-format off */
static PyType_Slot stream_slots[] = {
    {Py_tp_doc, (void *)stream_doc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, stream_next},
    {Py_tp_traverse, stream_traverse},
    {Py_tp_clear, stream_clear},
    {Py_tp_dealloc, stream_dealloc},
    {Py_tp_methods, stream_methods},
    {Py_tp_members, stream_members},
    {Py_tp_getset, stream_getset},
    {0, NULL},
};
/* clang-format on */

static PyType_Spec stream_spec = {
    .name = "simstudio.WorkflowStream",
    .basicsize = sizeof(struct stream),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = stream_slots,
};

int pysim_stream_register(PyObject *module, struct pysim_state *state)
{
    PyObject *type;

    state->WorkflowStream = pysim_state_add_type(module, &stream_spec, NULL);
    state->text_stream = pysim_type_from_spec(module, &texts_spec, NULL);
    if (state->WorkflowStream == NULL || state->text_stream == NULL)
        return -1;
    /* Both are made here alone: without a constructor neither can be half made. */
    type = state->WorkflowStream;
    ((PyTypeObject *)type)->tp_new = NULL;
    ((PyTypeObject *)state->text_stream)->tp_new = NULL;
    pysim_set_offsets((PyTypeObject *)type, 0, offsetof(struct stream, weak_references));
    return 0;
}
