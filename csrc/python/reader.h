/* Reads a streamed run: from the bytes of a call to its events, and what they add up to.
 *
 * Shared by execute_workflow(), which wants the sum, and by streams, which hand out
 * the events. Must not know either of them. */
#ifndef PYSIM_READER_H
#define PYSIM_READER_H

#include "python/call.h"
#include "python/fold.h"

#include <stdbool.h>

#include "core/sse.h"

struct pysim_reader {        /* start from all zero, end with pysim_reader_fini() */
    struct pysim_call *call; /* borrowed */
    struct sim_sse sse;
    struct pysim_fold fold;
    bool is_fed;   /* the parser has bytes of the body before it */
    bool has_done; /* [DONE] was read */
};

/* One event: what it means, its decoded data (NULL where it is not JSON), its text. */
struct pysim_read_event {
    struct pysim_event meaning;
    PyObject *data;
    struct sim_text raw; /* valid until the reader reads on */
};

int pysim_reader_init(struct pysim_reader *reader, struct pysim_call *call);
void pysim_reader_fini(struct pysim_reader *reader);

/* Reads the next event, waiting for it. 1 when there is one, 0 at the stream's end, -1 with an
 * exception. Clear the event with pysim_read_event_clear(). */
int pysim_reader_next(struct pysim_reader *reader, struct pysim_read_event *event);
void pysim_read_event_clear(struct pysim_read_event *event);

/* Reads what is left. 0, or -1 with an exception; the fold says what it adds up to. */
int pysim_reader_finish(struct pysim_reader *reader);

/* After the terminal event: what the server still sends is nearly always there already, and reading
 * it lets the connection be used again. Nothing to do before that event. */
void pysim_reader_drain(struct pysim_reader *reader);

#endif
