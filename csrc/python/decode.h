/* JSON text -> Python objects, with json.loads's outcome, always. */
#ifndef PYSIM_DECODE_H
#define PYSIM_DECODE_H

#include "python/state.h"

#include <stdbool.h>

/* What json.loads gives for the bytes (a new reference); bytes that are not valid in their
 * encoding are decoded with U+FFFD first. What json.loads refuses raises its exception
 * (ValueError with its message, RecursionError): see pysim_decode_was_refused(). */
PyObject *pysim_decode(struct pysim_state *state, const char *text, size_t length);

/* True when the exception under way is json's refusal of a document: not JSON, or not JSON that can
 * be decoded. */
bool pysim_decode_was_refused(void);

/* Keeps a key (str, ASCII, not empty) for the documents to come, so that theirs is the very same
 * object and looking it up takes no comparing. 0, or -1 with MemoryError. */
int pysim_decode_expect(struct pysim_state *state, PyObject *key);

#endif
