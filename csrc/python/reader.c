#include "python/reader.h"

#include <string.h>

#include "python/decode.h"
#include "python/error.h"

int pysim_reader_init(struct pysim_reader *reader, struct pysim_call *call)
{
    reader->call = call;
    reader->is_fed = reader->has_done = false;
    sim_sse_init(&reader->sse, call->response_limit);
    return pysim_fold_init(&reader->fold, call->state);
}

void pysim_reader_fini(struct pysim_reader *reader)
{
    sim_sse_fini(&reader->sse);
    pysim_fold_fini(&reader->fold);
}

void pysim_read_event_clear(struct pysim_read_event *event)
{
    Py_CLEAR(event->meaning.type);
    Py_CLEAR(event->data);
}

/* Servers write the mark as JSON, the documentation and the canvas dialect write it bare. */
static bool is_done_mark(struct sim_text data)
{
    return (data.length == 6 && memcmp(data.data, "[DONE]", 6) == 0) ||
           (data.length == 8 && memcmp(data.data, "\"[DONE]\"", 8) == 0);
}

/* Understands one event; where its data is not JSON, `event->data` is NULL. */
static int understand(struct pysim_reader *reader, const struct sim_sse_event *parsed,
                      struct pysim_read_event *event)
{
    PyObject *type = NULL;
    int result;

    event->raw = parsed->data;
    event->data = pysim_decode(reader->call->state, parsed->data.data, parsed->data.length);
    if (event->data == NULL) {
        if (!pysim_decode_was_refused())
            return -1;
        PyErr_Clear();
    }
    if (parsed->type.length > 0) {
        type = PyUnicode_DecodeUTF8(parsed->type.data, (Py_ssize_t)parsed->type.length, "replace");
        if (type == NULL)
            return -1;
    }
    result = pysim_fold_event(&reader->fold, event->data, type, &event->meaning);
    Py_XDECREF(type);
    return result;
}

/* The next event in the bytes that are there: 1; 0 if there is none; -1 with an exception. */
static int next_in_hand(struct pysim_reader *reader, struct pysim_read_event *event)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_sse_event parsed;
    bool found = true;

    while (!reader->has_done) {
        if (sim_sse_next(&reader->sse, &parsed, &found, &error) != SIM_OK) {
            reader->call->has_failed = true;
            (void)pysim_raise_core_steals(reader->call->state, &error,
                                          reader->call->endpoint->failure,
                                          reader->call->endpoint->code, NULL, true);
            return -1;
        }
        if (!found)
            return 0;
        if (is_done_mark(parsed.data))
            reader->has_done = true;
        else if (parsed.data.length > 0)
            return understand(reader, &parsed, event) < 0 ? -1 : 1;
    }
    return 0;
}

int pysim_reader_next(struct pysim_reader *reader, struct pysim_read_event *event)
{
    struct sim_buffer *body = sim_exchange_body(reader->call->exchange);
    int got;

    *event = (struct pysim_read_event){0};
    for (;;) {
        if (!reader->is_fed) {
            sim_sse_feed(&reader->sse, (struct sim_text){body->data, body->length});
            reader->is_fed = true;
        }
        got = next_in_hand(reader, event);
        if (got != 0)
            break;
        sim_buffer_clear(body); /* all of it has been read */
        reader->is_fed = false;
        if (reader->call->is_done || reader->call->is_given_up || reader->has_done)
            return 0;
        if (pysim_call_step(reader->call) < 0) {
            got = -1;
            break;
        }
    }
    if (got < 0) {
        pysim_read_event_clear(event);
        if (reader->call->has_failed)
            pysim_fold_amend_exception(&reader->fold);
    }
    return got;
}

int pysim_reader_finish(struct pysim_reader *reader)
{
    struct pysim_read_event event;
    int got = 1;

    while (got > 0 && !pysim_fold_has_ended(&reader->fold)) {
        got = pysim_reader_next(reader, &event);
        pysim_read_event_clear(&event);
        if (got >= 0 && PyErr_CheckSignals() < 0) /* many events may have come at once */
            got = -1;
    }
    return got < 0 ? -1 : 0;
}

void pysim_reader_drain(struct pysim_reader *reader)
{
    if (reader->call->is_done || !pysim_fold_has_ended(&reader->fold))
        return;
    pysim_call_drain(reader->call);
}
