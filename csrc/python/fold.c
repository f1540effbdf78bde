#include "python/fold.h"

#include "core/memory.h"
#include "python/decode.h"
#include "python/error.h"
#include "python/record.h"
#include "python/word.h"

static PyObject *get(const struct pysim_fold *fold, PyObject *object, enum pysim_word key)
{
    return pysim_word_get(fold->state, object, key);
}

static PyObject *get_str(const struct pysim_fold *fold, PyObject *object, enum pysim_word key)
{
    return pysim_word_get_str(fold->state, object, key);
}

static bool is_word(const struct pysim_fold *fold, PyObject *text, enum pysim_word word)
{
    return pysim_word_is(fold->state, text, word);
}

int pysim_fold_init(struct pysim_fold *fold, struct pysim_state *state)
{
    static const enum pysim_word chunk_keys[] = {PYSIM_WORD_EVENT, PYSIM_WORD_BLOCK_ID,
                                                 PYSIM_WORD_CHUNK};

    *fold = (struct pysim_fold){.state = state};
    for (size_t i = 0; i < sizeof chunk_keys / sizeof *chunk_keys; i++)
        if (pysim_decode_expect(state, pysim_word_of(fold->state, chunk_keys[i])) < 0)
            return -1;
    fold->index = PyDict_New();
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

/* Adds an empty block and returns its place, or -1 with an exception. */
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
    /* The buffer first, so that what the index names is always there. */
    sim_buffer_init(&fold->texts[fold->count], PY_SSIZE_T_MAX);
    place = PyLong_FromSsize_t(fold->count);
    stored = place != NULL ? PyDict_SetItem(fold->index, id, place) : -1;
    Py_XDECREF(place);
    return stored < 0 ? -1 : fold->count++;
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
    return pysim_error_check(status);
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
static int complete_block(const struct pysim_fold *fold, PyObject *output, PyObject *id,
                          PyObject *text)
{
    PyObject *block = PyDict_GetItemWithError(output, id), *completed;
    int result = -1;

    if (PyUnicode_GET_LENGTH(text) == 0 ||
        (block != NULL && (!PyDict_Check(block) || get(fold, block, PYSIM_WORD_CONTENT) != NULL)))
        return 0;
    /* A copy: the block belongs to the event too, which stays as it came. */
    completed = block != NULL ? PyDict_Copy(block) : PyDict_New();
    if (completed != NULL &&
        PyDict_SetItem(completed, pysim_word_of(fold->state, PYSIM_WORD_CONTENT), text) == 0)
        result = PyDict_SetItem(output, id, completed);
    Py_XDECREF(completed);
    return result;
}

/* The terminal event's output with the streamed text that it leaves out: a new reference. What is
 * not a dict is kept as it is; where there is no output at all, the text is the output. */
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
        if (text == NULL || complete_block(fold, completed, id, text) < 0)
            Py_CLEAR(completed);
        Py_XDECREF(text);
    }
    return completed;
}

static int end_with_result(struct pysim_fold *fold, PyObject *data, PyObject *metadata)
{
    PyObject *error = get(fold, data, PYSIM_WORD_ERROR),
             *success = get(fold, data, PYSIM_WORD_SUCCESS);
    PyObject *output = complete_output(fold, get(fold, data, PYSIM_WORD_OUTPUT));
    union pysim_WorkflowExecutionResult fields = {0};

    if (output == NULL)
        return -1;
    if (success == NULL) /* not said, but an error tells */
        success = error != NULL && error != Py_None ? Py_False : Py_True;
    fields.of.success = success;
    fields.of.output = output;
    fields.of.error = error;
    fields.of.metadata = metadata;
    fold->result = pysim_record_new(fold->state, PYSIM_WorkflowExecutionResult, fields.values);
    Py_DECREF(output);
    return fold->result != NULL ? 0 : -1;
}

/* In the canvas dialect the metadata's members stand beside the output. */
static int end_with_canvas_result(struct pysim_fold *fold, PyObject *data)
{
    static const enum pysim_word names[] = {PYSIM_WORD_DURATION, PYSIM_WORD_START_TIME,
                                            PYSIM_WORD_END_TIME};
    PyObject *metadata = PyDict_New();
    int result = metadata != NULL ? 0 : -1;

    for (size_t i = 0; result == 0 && i < sizeof names / sizeof *names; i++) {
        PyObject *value = get(fold, data, names[i]);
        if (value != NULL)
            result = PyDict_SetItem(metadata, pysim_word_of(fold->state, names[i]), value);
    }
    if (result == 0)
        result = end_with_result(fold, data, PyDict_GET_SIZE(metadata) > 0 ? metadata : NULL);
    Py_XDECREF(metadata);
    return result;
}

static int end_with_error(struct pysim_fold *fold, PyObject *message, const char *otherwise)
{
    if (message == NULL || !PyUnicode_Check(message))
        message = get_str(fold, message, PYSIM_WORD_MESSAGE);
    fold->error = message != NULL && PyUnicode_GET_LENGTH(message) > 0
                      ? Py_NewRef(message)
                      : PyUnicode_FromString(otherwise);
    return fold->error != NULL ? 0 : -1;
}

/* ---- events ---- */

static int fold_chunk(struct pysim_fold *fold, PyObject *text, struct pysim_event *event)
{
    event->text = text;
    event->is_chunk = text != NULL;
    if (!event->is_chunk || event->block_id == NULL)
        return 0;
    return add_text(fold, event->block_id, event->text);
}

static int fold_canvas(struct pysim_fold *fold, PyObject *data, PyObject *word,
                       struct pysim_event *event)
{
    PyObject *inner = get(fold, data, PYSIM_WORD_DATA);

    event->block_id = get_str(fold, inner, PYSIM_WORD_BLOCK_ID);
    if (is_word(fold, word, PYSIM_WORD_CANVAS_CHUNK))
        return fold_chunk(fold, get_str(fold, inner, PYSIM_WORD_CHUNK), event);
    if (is_word(fold, word, PYSIM_WORD_CANVAS_COMPLETED))
        return end_with_canvas_result(fold, inner);
    if (is_word(fold, word, PYSIM_WORD_CANVAS_ERROR))
        return end_with_error(fold, get(fold, inner, PYSIM_WORD_ERROR), "The run failed");
    if (is_word(fold, word, PYSIM_WORD_CANVAS_CANCELLED))
        return end_with_error(fold, NULL, "The run was cancelled");
    return 0;
}

static int fold_named(struct pysim_fold *fold, PyObject *data, PyObject *word,
                      struct pysim_event *event)
{
    if (is_word(fold, word, PYSIM_WORD_FINAL) || is_word(fold, word, PYSIM_WORD_DONE)) {
        /* Servers wrap in `data` what the documentation has beside `event`. */
        PyObject *inner = get(fold, data, PYSIM_WORD_DATA);
        if (inner == NULL || !PyDict_Check(inner))
            inner = data;
        return end_with_result(fold, inner, get(fold, inner, PYSIM_WORD_METADATA));
    }
    if (is_word(fold, word, PYSIM_WORD_ERROR))
        return end_with_error(fold, get(fold, data, PYSIM_WORD_ERROR), "The run failed");
    if (is_word(fold, word, PYSIM_WORD_CHUNK))
        return fold_chunk(fold, get_str(fold, data, PYSIM_WORD_CHUNK), event);
    if (is_word(fold, word, PYSIM_WORD_CHUNK_RESET) && event->block_id != NULL)
        return reset_text(fold, event->block_id);
    if (is_word(fold, word, PYSIM_WORD_THINKING))
        event->text = get_str(fold, data, PYSIM_WORD_DATA);
    else if (is_word(fold, word, PYSIM_WORD_STREAM_ERROR))
        event->text = get_str(fold, data, PYSIM_WORD_ERROR);
    return 0;
}

/* The word for an event (a new reference): its own, or "chunk"; the canvas dialect's words for a
 * chunk and the ends are translated, so that a reader needs to know one dialect. */
static PyObject *event_type(const struct pysim_fold *fold, PyObject *word, bool is_chunk)
{
    enum pysim_word translated =
        PYSIM_WORD_MESSAGE; /* the standard's word for an event without any */

    if (is_chunk)
        translated = PYSIM_WORD_CHUNK;
    else if (is_word(fold, word, PYSIM_WORD_CANVAS_COMPLETED))
        translated = PYSIM_WORD_FINAL;
    else if (is_word(fold, word, PYSIM_WORD_CANVAS_ERROR) ||
             is_word(fold, word, PYSIM_WORD_CANVAS_CANCELLED))
        translated = PYSIM_WORD_ERROR;
    else if (word != NULL)
        return Py_NewRef(word);
    return Py_NewRef(pysim_word_of(fold->state, translated));
}

int pysim_fold_event(struct pysim_fold *fold, PyObject *data, PyObject *type,
                     struct pysim_event *event)
{
    PyObject *word = get_str(fold, data, PYSIM_WORD_EVENT), *text = NULL, *canvas_word = NULL;
    int result = 0;

    *event = (struct pysim_event){.block_id = get_str(fold, data, PYSIM_WORD_BLOCK_ID)};
    if (word == NULL)
        text = get_str(fold, data, PYSIM_WORD_CHUNK);
    if (word == NULL && text == NULL) {
        canvas_word = get_str(fold, data, PYSIM_WORD_TYPE);
        word = canvas_word != NULL ? canvas_word : type; /* the event stream's own way to name it */
    }
    if (text != NULL)
        result = fold_chunk(fold, text, event);
    else if (canvas_word != NULL)
        result = fold_canvas(fold, data, word, event);
    else if (word != NULL && data != NULL && PyDict_Check(data))
        result = fold_named(fold, data, word, event);
    if (result == 0)
        event->type = event_type(fold, word, event->is_chunk);
    return event->type != NULL ? 0 : -1;
}

bool pysim_fold_has_ended(const struct pysim_fold *fold)
{
    return fold->result != NULL || fold->error != NULL;
}

/* ---- outcomes ---- */

PyObject *pysim_fold_result(const struct pysim_fold *fold, const char *interruption, bool was_sent)
{
    enum pysim_code code = fold->error != NULL ? PYSIM_EXECUTION_ERROR : PYSIM_STREAM_INTERRUPTED;
    PyObject *message;

    if (fold->result != NULL)
        return Py_NewRef(fold->result);
    if (interruption == NULL)
        interruption = "The stream ended without its final event" PYSIM_RUN_DOUBT;
    message = fold->error != NULL ? Py_NewRef(fold->error) : PyUnicode_FromString(interruption);
    return pysim_raise_steals(fold->state, message, code,
                              message != NULL ? pysim_fold_blocks(fold) : NULL, was_sent);
}

void pysim_fold_amend_exception(const struct pysim_fold *fold)
{
    PyObject *error, *blocks, *interrupted;

    if (!PyErr_ExceptionMatches(fold->state->SimStudioError))
        return;
    error = PyErr_GetRaisedException();
    blocks = pysim_fold_blocks(fold);
    interrupted = blocks != NULL ? pysim_error_code(PYSIM_STREAM_INTERRUPTED) : NULL;
    if (interrupted != NULL && PyObject_SetAttrString(error, "details", blocks) == 0 &&
        pysim_error_has_code(error, PYSIM_TIMEOUT) == 0)
        (void)PyObject_SetAttrString(error, "code", interrupted);
    PyErr_Clear(); /* without memory the exception stands as it is */
    Py_XDECREF(blocks);
    Py_XDECREF(interrupted);
    PyErr_SetRaisedException(error);
}
