/* The words of the API: the keys of its JSON, and what the events of its streams are called.
 *
 * Each is a str in the module's state, so that looking one up creates nothing. Must not know
 * what they mean. */
#ifndef PYSIM_WORD_H
#define PYSIM_WORD_H

#include "python/state.h"

#include <stdbool.h>

#define PYSIM_WORDS(X)                                                                             \
    X(ASYNC, "async")                                                                              \
    X(BLOCK_ID, "blockId")                                                                         \
    X(CHUNK, "chunk")                                                                              \
    X(CODE, "code")                                                                                \
    X(CONTENT, "content")                                                                          \
    X(CREATED_AT, "createdAt")                                                                     \
    X(DATA, "data")                                                                                \
    X(DURATION, "duration")                                                                        \
    X(END_TIME, "endTime")                                                                         \
    X(ERROR, "error")                                                                              \
    X(EVENT, "event")                                                                              \
    X(IS_DEPLOYED, "isDeployed")                                                                   \
    X(JOB_ID, "jobId")                                                                             \
    X(LIMIT, "limit")                                                                              \
    X(LINKS, "links")                                                                              \
    X(MESSAGE, "message")                                                                          \
    X(METADATA, "metadata")                                                                        \
    X(OUTPUT, "output")                                                                            \
    X(RATE_LIMIT, "rateLimit")                                                                     \
    X(REQUESTS_PER_MINUTE, "requestsPerMinute")                                                    \
    X(RUN_ID, "runId")                                                                             \
    X(START_TIME, "startTime")                                                                     \
    X(STATUS, "status")                                                                            \
    X(STATUS_URL, "statusUrl")                                                                     \
    X(SUCCESS, "success")                                                                          \
    X(TASK_ID, "taskId")                                                                           \
    X(TYPE, "type")                                                                                \
    X(USAGE, "usage")                                                                              \
    /* What events of a stream are called; with a colon, by the canvas dialect of draft runs. */   \
    X(FINAL, "final")                                                                              \
    X(DONE, "done")                                                                                \
    X(CHUNK_RESET, "chunk_reset")                                                                  \
    X(THINKING, "thinking")                                                                        \
    X(STREAM_ERROR, "stream_error")                                                                \
    X(CANVAS_CHUNK, "stream:chunk")                                                                \
    X(CANVAS_COMPLETED, "execution:completed")                                                     \
    X(CANVAS_ERROR, "execution:error")                                                             \
    X(CANVAS_CANCELLED, "execution:cancelled")

#define PYSIM_WORD_NAME(name, text) PYSIM_WORD_##name,
enum pysim_word { PYSIM_WORDS(PYSIM_WORD_NAME) PYSIM_WORD_COUNT };
#undef PYSIM_WORD_NAME

/* Makes the words. 0, or -1 with MemoryError. */
int pysim_word_register(struct pysim_state *state);

/* Borrowed. */
static inline PyObject *pysim_word_of(const struct pysim_state *state, enum pysim_word word)
{
    return PyTuple_GET_ITEM(state->words, word);
}

/* The value of a key in decoded JSON, borrowed; NULL when `object` is not a dict (or NULL), or
 * lacks it. Never with an exception: looking up a str where all keys are str cannot fail. */
static inline PyObject *pysim_word_get(const struct pysim_state *state, PyObject *object,
                                       enum pysim_word key)
{
    return object != NULL && PyDict_Check(object)
               ? PyDict_GetItemWithError(object, pysim_word_of(state, key))
               : NULL;
}

/* The same, for a value that is a str. */
static inline PyObject *pysim_word_get_str(const struct pysim_state *state, PyObject *object,
                                           enum pysim_word key)
{
    PyObject *value = pysim_word_get(state, object, key);

    return value != NULL && PyUnicode_Check(value) ? value : NULL;
}

/* True when `text`, a str or NULL, is that word. */
static inline bool pysim_word_is(const struct pysim_state *state, PyObject *text,
                                 enum pysim_word word)
{
    return text != NULL && PyUnicode_Compare(text, pysim_word_of(state, word)) == 0;
}

#endif
