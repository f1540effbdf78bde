/* JSON documents: the only user of cJSON.
 *
 * cJSON validates the text and supplies the structure and the fractions. Its other scalars
 * are not exact (integers beyond 2^53, "\u0000", key case), so a walk goes through the source
 * text beside the tree and lexes it strictly; where the two disagree the document is
 * SIM_NOT_JSON, and the caller asks a reader whose verdict stands. The same holds for a document of
 * very many very short values, for which a tree takes too much memory. The contents of strings are
 * read by the walk alone: cJSON is given a copy in which they are empty, which saves a third
 * of its time. What is handed over is a flat list of values: it is made without any lock of
 * the caller's, and the tree is gone by then. Must not know what is built from a document. */
#ifndef SIM_CORE_JSON_H
#define SIM_CORE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

enum sim_json_kind {
    SIM_JSON_NULL,
    SIM_JSON_FALSE,
    SIM_JSON_TRUE,
    SIM_JSON_INTEGER, /* `text` is its digits, with a sign perhaps */
    SIM_JSON_FLOAT,   /* `number` is its value */
    SIM_JSON_STRING,  /* `text` is what stands between the quotes */
    SIM_JSON_ARRAY,   /* its values follow, `length` of them, each with what is inside it */
    SIM_JSON_OBJECT,  /* its members follow, `length` of them: a string, then the value */
};

/* A value in sixteen bytes: where strings are long, a document has one for every sixteen bytes of
 * its text, else more. */
struct sim_json_value {
    union {
        const char *text; /* into the document's text */
        double number;
    };
    uint64_t length : 56;
    uint64_t kind : 4;        /* enum sim_json_kind */
    uint64_t has_escapes : 1; /* a string's text needs sim_escapes_decode() */
    uint64_t is_ascii : 1;    /* of a string's text */
};

struct sim_json {                  /* start from all zero, end with sim_json_fini() */
    struct sim_json_value *values; /* in the order of the text; the root is the first */
    size_t count, capacity;
};

/* Parses a UTF-8 document (a byte order mark may lead it); needs nothing but memory, so other
 * threads may work meanwhile. The text must outlive the document. SIM_NOT_JSON when cJSON or the
 * walk refuses it; then the document is empty. Escapes are left to sim_escapes_decode(). */
enum sim_status sim_json_parse(struct sim_text text, struct sim_json *document,
                               struct sim_error *error) SIM_MUST_CHECK;
void sim_json_fini(struct sim_json *document); /* legal on all zero, and twice */

/* Reads an object whose members are strings, whole numbers and words alone, as most events of a
 * stream are: by the walk alone and without an allocation, into the caller's list of `most`, which
 * is 1 or more. How many they are; 0 where the text is anything else: ask sim_json_parse(). */
size_t sim_json_read_flat(struct sim_text text, struct sim_json_value *values, size_t most);

#endif
