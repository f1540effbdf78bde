/* JSON documents: the only user of cJSON.
 *
 * cJSON checks and gives the structure. Its scalars are not exact (integers beyond
 * 2^53, "\u0000", key case), so a walk goes through the source text beside the tree and
 * lexes it strictly; where the two disagree the document is SIM_NOT_JSON, and the
 * caller asks a reader whose verdict stands. Must not know what is built from a document. */
#ifndef SIM_CORE_JSON_H
#define SIM_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/url.h" /* struct sim_text */

struct sim_json; /* a parsed document; keeps views into its text */

enum sim_json_kind {
    SIM_JSON_NULL,
    SIM_JSON_FALSE,
    SIM_JSON_TRUE,
    SIM_JSON_INTEGER, /* `text` is its digits, with a sign perhaps */
    SIM_JSON_FLOAT,   /* `number` is its value */
    SIM_JSON_STRING,  /* `text` is what stands between the quotes */
    SIM_JSON_ARRAY,
    SIM_JSON_OBJECT,
};

struct sim_json_value {
    enum sim_json_kind kind;
    struct sim_text text;
    double number;
    bool has_escapes; /* a string's text needs sim_json_unescape() */
    bool is_ascii;    /* of a string's text */
};

/* A place in the tree and in the text. */
struct sim_json_cursor {
    const char *at, *end;
    const void *node; /* the value that comes next; NULL after the last of a container */
};

/* Parses a UTF-8 document (a byte order mark may lead it); needs nothing but memory, so other
 * threads may work meanwhile. The text must outlive the document. SIM_NOT_JSON when cJSON
 * refuses it. */
enum sim_status sim_json_parse(struct sim_text text, struct sim_json **document,
                               struct sim_error *error) SIM_MUST_CHECK;
void sim_json_free(struct sim_json *document); /* NULL is legal */

/* Reads the root: the cursor stands before it. */
void sim_json_begin(const struct sim_json *document, struct sim_json_cursor *cursor);

/* Reads the value that the cursor stands before. A scalar is consumed and the cursor moves on to
 * the next sibling. Of a container the opening bracket is consumed, and the cursor moves to its
 * first member, while `*after` is where the walk goes on after its end: pass it to
 * sim_json_next(). */
enum sim_status sim_json_read(struct sim_json_cursor *cursor, struct sim_json_value *value,
                              struct sim_json_cursor *after) SIM_MUST_CHECK;

/* Inside a container: `*more` says whether a member follows (its comma is consumed, if there was
 * one to expect); otherwise its closing bracket is consumed and the cursor stands after it, at
 * `after`'s place in the tree. */
enum sim_status sim_json_next(struct sim_json_cursor *cursor, enum sim_json_kind container,
                              bool is_first, const struct sim_json_cursor *after,
                              bool *more) SIM_MUST_CHECK;

/* Reads an object member's key and its colon. */
enum sim_status sim_json_key(struct sim_json_cursor *cursor,
                             struct sim_json_value *key) SIM_MUST_CHECK;

/* Checks that nothing but white space is left. */
enum sim_status sim_json_finish(struct sim_json_cursor *cursor) SIM_MUST_CHECK;

/* Appends what a string's text stands for, as UTF-8. SIM_NOT_JSON for a lone surrogate, which UTF-8
 * cannot carry, and for an escape that is none. */
enum sim_status sim_json_unescape(struct sim_text text, struct sim_buffer *out) SIM_MUST_CHECK;

#endif
