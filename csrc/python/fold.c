#include "python/fold.h"

#include <string.h>

#include "core/memory.h"
#include "python/error.h"
#include "python/record.h"

/* The words of the canvas dialect, which a run of the draft speaks, by what they mean. */
static const char canvas_chunk[] = "stream:chunk";
static const char canvas_completed[] = "execution:completed";
static const char canvas_error[] = "execution:error";
static const char canvas_cancelled[] = "execution:cancelled";

static PyObject *get(PyObject *object, const char *key)
{
    PyObject *value =
        object != NULL && PyDict_Check(object) ? PyDict_GetItemString(object, key) : NULL;

    return value;
}

static PyObject *get_str(PyObject *object, const char *key)
{
    PyObject *value = get(object, key);

    return value != NULL && PyUnicode_Check(value) ? value : NULL;
}

static bool is_word(PyObject *text, const char *word)
{
    return text != NULL && PyUnicode_CompareWithASCIIString(text, word) == 0;
}

int pysim_fold_init(struct pysim_fold *fold, struct pysim_state *state)
{
    *fold = (struct pysim_fold){.state = state, .index = PyDict_New()};
    return fold->index != NULL ? 0 : -1;
}

void pysim_fold_fini(struct pysim_fold *fold)
{
    for (Py_ssize_t i = 0; i < fold->count; i++)
        sim_buffer_fini(&fold->texts[i]);
    sim_free(fold->texts);
    fold->texts = NULL;
    fold->count = fold->capacity = 0;
    Py_CLEAR(fold->index);
    Py_CLEAR(fold->last_id);
    Py_CLEAR(fold->result);
    Py_CLEAR(fold->error);
}

int pysim_fold_traverse(struct pysim_fold *fold, visitproc visit, void *arg)
{
    Py_VISIT(fold->index);
    Py_VISIT(fold->last_id);
    Py_VISIT(fold->result);
    Py_VISIT(fold->error);
    return 0;
}

/* ---- text ---- */

/* Adds an empty block; its place, or -1. */
static Py_ssize_t add_block(struct pysim_fold *fold, PyObject *id)
{
    PyObject *place;
    int stored;

    if (fold->count == fold->capacity) {
        Py_ssize_t capacity = fold->capacity > 0 ? fold->capacity * 2 : 4;
        struct sim_buffer *texts = sim_realloc(fold->texts, (size_t)capacity * sizeof *fold->texts);
        if (texts == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        fold->texts = texts;
        fold->capacity = capacity;
    }
    place = PyLong_FromSsize_t(fold->count);
    stored = place != NULL ? PyDict_SetItem(fold->index, id, place) : -1;
    Py_XDECREF(place);
    if (stored < 0)
        return -1;
    sim_buffer_init(&fold->texts[fold->count], PY_SSIZE_T_MAX);
    return fold->count++;
}

static struct sim_buffer *find_block(struct pysim_fold *fold, PyObject *id)
{
    PyObject *place;
    Py_ssize_t at;

    if (fold->last_id != NULL && PyUnicode_Compare(fold->last_id, id) == 0)
        return &fold->texts[fold->last];
    place = PyDict_GetItemWithError(fold->index, id);
    if (place == NULL && PyErr_Occurred())
        return NULL;
    at = place != NULL ? PyLong_AsSsize_t(place) : add_block(fold, id);
    if (at < 0)
        return NULL;
    fold->last = at;
    Py_INCREF(id);
    Py_XSETREF(fold->last_id, id);
    return &fold->texts[at];
}

static int add_text(struct pysim_fold *fold, PyObject *id, PyObject *text)
{
    struct sim_buffer *block = find_block(fold, id);
    PyObject *encoded = NULL;
    const char *bytes;
    Py_ssize_t length = 0;
    enum sim_status status;

    if (block == NULL)
        return -1;
    bytes = PyUnicode_AsUTF8AndSize(text, &length);
    if (bytes == NULL) { /* a lone surrogate is kept as json.loads gives it */
        PyErr_Clear();
        encoded = PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
        if (encoded == NULL)
            return -1;
        bytes = PyBytes_AS_STRING(encoded);
        length = PyBytes_GET_SIZE(encoded);
    }
    status = sim_buffer_append(block, bytes, (size_t)length);
    Py_XDECREF(encoded);
    if (status == SIM_OK)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static int reset_text(struct pysim_fold *fold, PyObject *id)
{
    struct sim_buffer *block = find_block(fold, id);

    if (block == NULL)
        return -1;
    sim_buffer_clear(block);
    return 0;
}

static PyObject *text_at(const struct pysim_fold *fold, PyObject *place)
{
    const struct sim_buffer *block = &fold->texts[PyLong_AsSsize_t(place)];

    return PyUnicode_DecodeUTF8(block->length > 0 ? block->data : "", (Py_ssize_t)block->length,
                                "surrogatepass");
}

PyObject *pysim_fold_blocks(const struct pysim_fold *fold)
{
    PyObject *blocks = PyDict_New(), *id, *place;
    Py_ssize_t at = 0;

    while (blocks != NULL && fold->index != NULL && PyDict_Next(fold->index, &at, &id, &place)) {
        PyObject *text = text_at(fold, place);
        if (text == NULL || PyDict_SetItem(blocks, id, text) < 0)
            Py_CLEAR(blocks);
        Py_XDECREF(text);
    }
    return blocks;
}

/* ---- the terminal event ---- */

/* Puts one block's text where the output leaves it out; `output` is ours to change. */
static int complete_block(PyObject *output, PyObject *id, PyObject *text)
{
    PyObject *block = PyDict_GetItemWithError(output, id), *completed;
    int result;

    if (block == NULL && PyErr_Occurred())
        return -1;
    if (PyUnicode_GET_LENGTH(text) == 0 ||
        (block != NULL && (!PyDict_Check(block) || get(block, "content") != NULL)))
        return 0;
    /* A copy: the block belongs to the event too, which stays as it came. */
    completed = block != NULL ? PyDict_Copy(block) : PyDict_New();
    if (completed == NULL)
        return -1;
    result = PyDict_SetItemString(completed, "content", text) < 0
                 ? -1
                 : PyDict_SetItem(output, id, completed);
    Py_DECREF(completed);
    return result;
}

/* The terminal event's output with the streamed text that it leaves out: a new reference. What is
 * no dict is kept as it is; where there is none at all, the text is the output. */
static PyObject *complete_output(const struct pysim_fold *fold, PyObject *output)
{
    PyObject *completed, *id, *place;
    Py_ssize_t at = 0;
    bool is_absent = output == NULL || output == Py_None;

    if (fold->count == 0 || (!is_absent && !PyDict_Check(output)))
        return Py_NewRef(output != NULL ? output : Py_None);
    completed = is_absent ? PyDict_New() : PyDict_Copy(output);
    while (completed != NULL && PyDict_Next(fold->index, &at, &id, &place)) {
        PyObject *text = text_at(fold, place);
        if (text == NULL || complete_block(completed, id, text) < 0)
            Py_CLEAR(completed);
        Py_XDECREF(text);
    }
    return completed;
}

static int end_with_result(struct pysim_fold *fold, PyObject *data, PyObject *metadata)
{
    PyObject *error = get(data, "error"), *success = get(data, "success");
    PyObject *output = complete_output(fold, get(data, "output"));
    PyObject *values[7] = {NULL};

    if (output == NULL)
        return -1;
    if (success == NULL) /* unsaid: an error says it */
        success = error != NULL && error != Py_None ? Py_False : Py_True;
    values[0] = success;
    values[1] = output;
    values[2] = error;
    values[4] = metadata;
    fold->result = pysim_record_new(fold->state, PYSIM_WorkflowExecutionResult, values);
    Py_DECREF(output);
    return fold->result != NULL ? 0 : -1;
}

/* The canvas dialect has the metadata's members beside the output. */
static int end_with_canvas_result(struct pysim_fold *fold, PyObject *data)
{
    static const char *const names[] = {"duration", "startTime", "endTime"};
    PyObject *metadata = PyDict_New();
    int result = metadata != NULL ? 0 : -1;

    for (size_t i = 0; result == 0 && i < sizeof names / sizeof *names; i++) {
        PyObject *value = get(data, names[i]);
        if (value != NULL)
            result = PyDict_SetItemString(metadata, names[i], value);
    }
    if (result == 0)
        result = end_with_result(fold, data, PyDict_GET_SIZE(metadata) > 0 ? metadata : NULL);
    Py_XDECREF(metadata);
    return result;
}

static int end_with_error(struct pysim_fold *fold, PyObject *message, const char *otherwise)
{
    if (message == NULL || !PyUnicode_Check(message))
        message = get_str(message, "message");
    fold->error = message != NULL ? Py_NewRef(message) : PyUnicode_FromString(otherwise);
    return fold->error != NULL ? 0 : -1;
}

/* ---- events ---- */

static int fold_canvas(struct pysim_fold *fold, PyObject *data, PyObject *word,
                       struct pysim_event *event)
{
    PyObject *inner = get(data, "data");

    event->block_id = get_str(inner, "blockId");
    if (is_word(word, canvas_chunk)) {
        event->text = get_str(inner, "chunk");
        event->is_chunk = event->text != NULL;
        if (event->is_chunk && event->block_id != NULL)
            return add_text(fold, event->block_id, event->text);
        return 0;
    }
    if (is_word(word, canvas_completed))
        return end_with_canvas_result(fold, inner);
    if (is_word(word, canvas_error))
        return end_with_error(fold, get(inner, "error"), "The run failed");
    if (is_word(word, canvas_cancelled))
        return end_with_error(fold, NULL, "The run was cancelled");
    return 0;
}

static int fold_named(struct pysim_fold *fold, PyObject *data, PyObject *word,
                      struct pysim_event *event)
{
    if (is_word(word, "final"))
        return end_with_result(fold, get(data, "data"), get(get(data, "data"), "metadata"));
    if (is_word(word, "done"))
        return end_with_result(fold, data, get(data, "metadata"));
    if (is_word(word, "error"))
        return end_with_error(fold, get(data, "error"), "The run failed");
    if (is_word(word, "chunk_reset") && event->block_id != NULL)
        return reset_text(fold, event->block_id);
    if (is_word(word, "thinking"))
        event->text = get_str(data, "data");
    else if (is_word(word, "stream_error"))
        event->text = get_str(data, "error");
    return 0;
}

/* The word for an event: its own, or "chunk"; the canvas dialect's words for a chunk and the ends
 * are translated, so that a reader needs to know one dialect. */
static PyObject *event_type(PyObject *word, PyObject *stream_type, const struct pysim_event *event)
{
    if (event->is_chunk)
        return PyUnicode_InternFromString("chunk");
    if (is_word(word, canvas_completed))
        return PyUnicode_InternFromString("final");
    if (is_word(word, canvas_error) || is_word(word, canvas_cancelled))
        return PyUnicode_InternFromString("error");
    if (word != NULL)
        return Py_NewRef(word);
    return stream_type != NULL ? Py_NewRef(stream_type) : PyUnicode_InternFromString("message");
}

int pysim_fold_event(struct pysim_fold *fold, PyObject *data, PyObject *type,
                     struct pysim_event *event)
{
    PyObject *word = get_str(data, "event"),
             *canvas_word = word == NULL ? get_str(data, "type") : NULL;
    struct pysim_event understood = {.block_id = get_str(data, "blockId")};
    int result = 0;

    if (pysim_fold_has_ended(fold))
        ; /* whatever comes now changes nothing */
    else if (word != NULL)
        result = fold_named(fold, data, word, &understood);
    else if (canvas_word != NULL)
        result = fold_canvas(fold, data, canvas_word, &understood);
    else if ((understood.text = get_str(data, "chunk")) != NULL) {
        understood.is_chunk = true;
        if (understood.block_id != NULL)
            result = add_text(fold, understood.block_id, understood.text);
    }
    if (event == NULL || result < 0)
        return result;
    understood.type = event_type(word != NULL ? word : canvas_word, type, &understood);
    *event = understood;
    return understood.type != NULL ? 0 : -1;
}

bool pysim_fold_has_ended(const struct pysim_fold *fold)
{
    return fold->result != NULL || fold->error != NULL;
}

/* ---- outcomes ---- */

PyObject *pysim_fold_raise(const struct pysim_fold *fold)
{
    struct pysim_failure failure = {.retry_after_ms = PYSIM_NO_RETRY_AFTER};

    failure.message = fold->error != NULL
                          ? Py_NewRef(fold->error)
                          : PyUnicode_FromString("The stream ended without its final event; the "
                                                 "run may have happened");
    failure.code =
        PyUnicode_FromString(fold->error != NULL ? "EXECUTION_ERROR" : "STREAM_INTERRUPTED");
    failure.details = pysim_fold_blocks(fold);
    if (failure.message != NULL && failure.code != NULL && failure.details != NULL)
        (void)pysim_raise(fold->state, &failure);
    Py_XDECREF(failure.message);
    Py_XDECREF(failure.code);
    Py_XDECREF(failure.details);
    return NULL;
}

void pysim_fold_amend_exception(const struct pysim_fold *fold)
{
    PyObject *type, *value, *traceback, *code, *blocks, *interrupted;

    if (!PyErr_ExceptionMatches(fold->state->SimStudioError))
        return;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    code = PyObject_GetAttrString(value, "code");
    blocks = pysim_fold_blocks(fold);
    interrupted = PyUnicode_FromString("STREAM_INTERRUPTED");
    if (code != NULL && blocks != NULL && interrupted != NULL &&
        PyObject_SetAttrString(value, "details", blocks) == 0 &&
        !(PyUnicode_Check(code) && is_word(code, "TIMEOUT")))
        (void)PyObject_SetAttrString(value, "code", interrupted);
    PyErr_Clear(); /* without memory the exception stands as it is */
    Py_XDECREF(code);
    Py_XDECREF(blocks);
    Py_XDECREF(interrupted);
    PyErr_Restore(type, value, traceback);
}

PyObject *pysim_fold_result(const struct pysim_fold *fold)
{
    return fold->result != NULL ? Py_NewRef(fold->result) : pysim_fold_raise(fold);
}
