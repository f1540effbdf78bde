/* File objects in the input: what they are called, what they hold, in the form the API takes. */
#ifndef PYSIM_UPLOAD_H
#define PYSIM_UPLOAD_H

#include "python/compat.h"

#include <stdbool.h>

#include "core/buffer.h"

/* A file as the API takes it: {"type": "file", "data": "data:<mime>;base64,...", "name": ...,
 * "mime": ...}, its members in this order. */
#define PYSIM_FILE "file"
#define PYSIM_FILE_TYPE "type"
#define PYSIM_FILE_DATA "data"
#define PYSIM_FILE_DATA_START "data:"
#define PYSIM_FILE_BASE64 ";base64,"
#define PYSIM_FILE_NAME "name"
#define PYSIM_FILE_MIME "mime"

/* Whether `value` is of an exact builtin type of JSON's: it has no code of its own to run. */
bool pysim_upload_is_plain(PyObject *value);

/* 1 when `value` has a callable read(), which makes it a file to the API; 0 when not; -1 with an
 * exception. The exact types that JSON has are not even asked. */
int pysim_upload_is_file(PyObject *value);

/* What describes a file: new references. */
struct pysim_upload {
    PyObject *name; /* str: the base name, "file" where there is none */
    PyObject *mime; /* str: content_type, else guessed from the name,
                      * else application/octet-stream */
};

int pysim_upload_describe(PyObject *file, struct pysim_upload *upload);
void pysim_upload_fini(struct pysim_upload *upload);

/* Appends the base64 of what `file` holds from its position on, text encoded as UTF-8. What reads
 * by io's own code is read in pieces, anything else by one read(). The position is put back where
 * the file can seek, also after a failure. 0, or -1 with an exception. */
int pysim_upload_read(PyObject *file, struct sim_buffer *out);

/* A new reference to `value` with every file object in it read and replaced by what the API takes,
 * as a dict. Only the dicts, lists and tuples around a file are copied, as plain ones; what has no
 * file in it is the same object. */
PyObject *pysim_upload_convert(PyObject *value);

/* 0 when `item`, of a dict's items(), is a pair; or -1 with ValueError in json's words, or with
 * MemoryError. */
int pysim_upload_check_item(PyObject *item);

#endif
