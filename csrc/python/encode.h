/* Python objects -> JSON text by the rules of json.dumps(allow_nan=False), and files in base64. */
#ifndef PYSIM_ENCODE_H
#define PYSIM_ENCODE_H

#include "python/compat.h"

#include <stdbool.h>

#include "core/buffer.h"

enum { PYSIM_ENCODE_REFUSED = -2 };

/* Writes the body of an execute request to `out`: the members of `input_data` (a dict, or
 * None/NULL), overridden by "stream": true where `stream` is true and by "selectedOutputs" where
 * `selected_outputs` is neither NULL nor None. File objects anywhere in the input become {type,
 * data, name, mime}; a subclass of dict is asked for its items(). 0; PYSIM_ENCODE_REFUSED with the
 * ValueError that json raises for NaN, infinities, circles, ints of too many digits and items()
 * that are no pairs; or -1 with any other exception: TypeError as json words it, TypeError for an
 * input that is not a dict, MemoryError, what reading a file raised. */
int pysim_encode_body(PyObject *input_data, bool stream, PyObject *selected_outputs,
                      struct sim_buffer *out);

#endif
