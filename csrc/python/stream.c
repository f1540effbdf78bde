#include "python/stream.h"

#include <stdbool.h>
#include <stddef.h>

#include "python/answer.h"
#include "python/client.h"
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
    PyObject *timeout_given;
    struct pysim_timeout timeout;
    struct pysim_call call;
    struct pysim_reader reader;
    enum phase phase;
    PyObject *answer; /* the plain result, where there is one */
    bool is_in_use;   /* by a thread that waits without the GIL */
    bool must_close;  /* asked for by another thread meanwhile */
};

/* ---- beginning and ending ---- */

static void stream_end(struct stream *self)
{
    self->phase = ENDED;
    pysim_call_end(&self->call);
}

/* After the terminal event: what the server still sends is nearly always there already, and
 * reading it lets the connection be used again. */
static void stream_end_well(struct stream *self)
{
    if (self->phase == READING && self->reader.fold.result != NULL) {
        Py_BEGIN_ALLOW_THREADS
        sim_exchange_drain(self->call.exchange);
        Py_END_ALLOW_THREADS
    }
    stream_end(self);
}

/* One thread at a time reads; the lock is the GIL, and a flag for when it is released. */
static int stream_acquire(struct stream *self)
{
    if (self->is_in_use) {
        PyErr_SetString(PyExc_ValueError, "the stream is being read by another thread");
        return -1;
    }
    self->is_in_use = true;
    return 0;
}

static void stream_release(struct stream *self)
{
    self->is_in_use = false;
    if (self->must_close)
        stream_end(self);
}

/* Sends the request and waits for what answers it. 0, or -1 with an exception. */
static int stream_start(struct stream *self)
{
    struct pysim_mode mode = {.is_live = true};
    int result = -1;

    if (self->phase != NOT_STARTED)
        return 0;
    self->phase = READING;
    if (pysim_client_send(self->client, &self->call, &self->timeout, mode) < 0)
        goto done;
    if (!pysim_call_is_stream(&self->call)) {
        self->answer = pysim_answer(&self->call, false);
        if (self->answer == NULL)
            goto done;
        self->phase = ANSWERED;
    }
    result = 0;
done:
    if (result < 0)
        stream_end(self);
    return result;
}

/* ---- events ---- */

static PyObject *text_of(struct sim_text text)
{
    return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.length, "replace");
}

static PyObject *make_event(struct stream *self, const struct pysim_read_event *event)
{
    PyObject *raw = text_of(event->raw), *record = NULL;

    if (raw != NULL)
        record = pysim_record_new(self->call.state, PYSIM_StreamEvent,
                                  (PyObject *const[]){event->meaning.type, event->meaning.block_id,
                                                      event->meaning.text, event->data, raw});
    Py_XDECREF(raw);
    return record;
}

/* The plain answer as the one event of its stream. */
static PyObject *make_answer_event(struct stream *self)
{
    const struct sim_buffer *body = sim_exchange_body(self->call.exchange);
    PyObject *type = PyUnicode_FromString("final"), *raw, *record = NULL;

    raw = text_of((struct sim_text){body->length > 0 ? body->data : "", body->length});
    if (type != NULL && raw != NULL) {
        PyObject *data = PyObject_GetAttrString(self->answer, "__dict__");
        if (data != NULL)
            record = pysim_record_new(self->call.state, PYSIM_StreamEvent,
                                      (PyObject *const[]){type, NULL, NULL, data, raw});
        Py_XDECREF(data);
    }
    Py_XDECREF(type);
    Py_XDECREF(raw);
    return record;
}

/* Reads on: 1 with an event, 0 at the end, -1 with an exception. */
static int stream_read(struct stream *self, struct pysim_read_event *event)
{
    int got;

    if (self->phase == ENDED)
        return 0;
    if (pysim_fold_has_ended(&self->reader.fold)) {
        stream_end_well(self);
        return self->reader.fold.error != NULL ? (pysim_fold_raise(&self->reader.fold), -1) : 0;
    }
    got = pysim_reader_next(&self->reader, event);
    if (got > 0)
        return 1;
    if (got == 0 && !self->must_close) {
        (void)pysim_fold_raise(&self->reader.fold); /* it ended without its end */
        got = -1;
    }
    stream_end(self);
    return got;
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
    }
done:
    stream_release(self);
    return text;
}

/* ---- methods ---- */

PyDoc_STRVAR(result_doc, "result($self)\n--\n\n"
                         "Reads what is left and returns the WorkflowExecutionResult.\n\n"
                         "Raises SimStudioError: EXECUTION_ERROR for a run that failed,\n"
                         "STREAM_INTERRUPTED for a stream without its end, TIMEOUT.");

static PyObject *stream_result(struct stream *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *result = NULL;

    if (stream_acquire(self) < 0)
        return NULL;
    if (stream_start(self) < 0)
        goto done;
    if (self->answer != NULL) {
        result = Py_NewRef(self->answer);
        stream_end(self);
    }
    else if (self->phase == ENDED)
        result = pysim_fold_result(&self->reader.fold);
    else {
        result = pysim_reader_result(&self->reader);
        stream_end_well(self);
    }
done:
    stream_release(self);
    return result;
}

PyDoc_STRVAR(stream_close_doc,
             "close($self)\n--\n\n"
             "Gives up the connection; what has not been read is dropped. The run "
             "goes on.");

static PyObject *stream_close(struct stream *self, PyObject *Py_UNUSED(ignored))
{
    if (self->is_in_use)
        self->must_close = true;
    else if (self->phase != ENDED)
        stream_end_well(self);
    Py_RETURN_NONE;
}

static PyObject *stream_enter(struct stream *self, PyObject *Py_UNUSED(ignored))
{
    int started;

    if (stream_acquire(self) < 0)
        return NULL;
    started = stream_start(self);
    stream_release(self);
    return started < 0 ? NULL : Py_NewRef((PyObject *)self);
}

static PyObject *stream_exit(PyObject *self, PyObject *Py_UNUSED(arguments))
{
    return PyObject_CallMethod(self, "close", NULL);
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

static PyType_Slot texts_slots[] = {
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, texts_next},
    {Py_tp_traverse, texts_traverse},
    {Py_tp_dealloc, texts_dealloc},
    {0, NULL},
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
    Py_VISIT(self->timeout_given);
    Py_VISIT(self->answer);
    Py_VISIT(self->call.timeout);
    PYSIM_VISIT_TYPE(self);
    return 0;
}

static int stream_clear(struct stream *self)
{
    stream_end(self);
    Py_CLEAR(self->client);
    Py_CLEAR(self->timeout_given);
    Py_CLEAR(self->answer);
    return 0;
}

static void stream_dealloc(struct stream *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    if (self->weak_references != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    (void)stream_clear(self);
    pysim_reader_fini(&self->reader);
    pysim_call_fini(&self->call);
    type->tp_free(self);
    Py_DECREF(type);
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
    self->timeout_given = Py_NewRef(timeout->given);
    self->timeout = *timeout;
    if (pysim_reader_init(&self->reader, &self->call) == 0)
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static PyMethodDef stream_methods[] = {
    {"result", (PyCFunction)stream_result, METH_NOARGS, result_doc},
    {"close", (PyCFunction)stream_close, METH_NOARGS, stream_close_doc},
    {"__enter__", (PyCFunction)stream_enter, METH_NOARGS, NULL},
    {"__exit__", stream_exit, METH_VARARGS, NULL},
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
    "The request is sent when iteration begins, or the with statement. Leaving the with\n"
    "statement, close(), or dropping the stream frees its connection.");

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
    state->text_stream = PyType_FromSpec(&texts_spec);
    if (state->WorkflowStream == NULL || state->text_stream == NULL)
        return -1;
    /* Both are made here alone: without a constructor neither can be half made. */
    type = state->WorkflowStream;
    ((PyTypeObject *)type)->tp_new = NULL;
    ((PyTypeObject *)state->text_stream)->tp_new = NULL;
    pysim_set_offsets((PyTypeObject *)type, 0, offsetof(struct stream, weak_references));
    return 0;
}
