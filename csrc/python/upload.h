/* File objects in the input: what they are called, what they hold, in the form the API takes. */
#ifndef PYSIM_UPLOAD_H
#define PYSIM_UPLOAD_H

#include "core/buffer.h"
#include "python/compat.h"

/* 1 when `value` has a callable read(), which makes it a file to the API; 0 when not; -1 with an
 * exception. The exact builtin types are not even asked. */
int pysim_upload_is_file(PyObject *value);

/* What describes a file: new references. */
struct pysim_upload {
    PyObject *name; /* str: the base name, "file" where there is none */
    PyObject *mime; /* str: content_type, else guessed from the name, else octets */
};

int pysim_upload_describe(PyObject *file, struct pysim_upload *upload);
void pysim_upload_fini(struct pysim_upload *upload);

/* Appends the base64 of what `file` holds from its position on, text encoded as UTF-8. What is an
 * io.IOBase is read in pieces, anything else by one read(). The position is put back where the
 * file can seek, also after a failure. 0, or -1 with an exception. */
int pysim_upload_read(PyObject *file, struct sim_buffer *out);

#endif
