/* What the events of a streamed run mean, and what they add up to.
 *
 * Owns the text so far, one byte buffer per block, and the terminal event's result.
 * Must not know where the events come from. */
#ifndef PYSIM_FOLD_H
#define PYSIM_FOLD_H

#include "python/state.h"

#include <stdbool.h>

#include "core/buffer.h"

struct pysim_fold {            /* start from all zero, end with pysim_fold_fini() */
    struct pysim_state *state; /* borrowed */
    PyObject *index;           /* dict: block id -> its place in `texts`, in order of appearance */
    struct sim_buffer *texts;
    Py_ssize_t count, capacity;
    PyObject *last_id; /* the block that spoke last, and its place: mostly the next one's too */
    Py_ssize_t last;
    PyObject *result; /* of the terminal event, or NULL */
    PyObject *error;  /* str: of the terminal error event, or NULL */
};

/* An event as understood; what is borrowed is borrowed from its decoded data. */
struct pysim_event {
    PyObject *type;     /* str, a new reference */
    PyObject *block_id; /* str or NULL, borrowed */
    PyObject *text;     /* str or NULL, borrowed */
    bool is_chunk;
};

int pysim_fold_init(struct pysim_fold *fold, struct pysim_state *state);
void pysim_fold_fini(struct pysim_fold *fold);
int pysim_fold_traverse(struct pysim_fold *fold, visitproc visit, void *arg);

/* Takes the next event: `data` is its decoded JSON, NULL where it was none, `type` the event
 * stream's own word for it or NULL. 0, or -1 with an exception. Nothing may follow the terminal
 * event. */
int pysim_fold_event(struct pysim_fold *fold, PyObject *data, PyObject *type,
                     struct pysim_event *event);

bool pysim_fold_has_ended(const struct pysim_fold *fold);

/* The text so far by block id: a new dict. */
PyObject *pysim_fold_blocks(const struct pysim_fold *fold);

/* The result of a stream that has ended well (a new reference), or NULL with the SimStudioError of
 * its error event, or of a stream without its end: STREAM_INTERRUPTED, with `interruption` as its
 * message (NULL: it ended by itself). */
PyObject *pysim_fold_result(const struct pysim_fold *fold, const char *interruption, bool was_sent);

/* If the pending exception is a SimStudioError, sets its details to the text so far, and its code
 * to STREAM_INTERRUPTED unless it is TIMEOUT. */
void pysim_fold_amend_exception(const struct pysim_fold *fold);

#endif
