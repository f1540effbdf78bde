/* Growable bytes with a hard cap.
 *
 * Owns one block of memory. Once there is one, the bytes are followed by a NUL
 * that `length` does not count, so `data` can be handed to whoever wants a C
 * string. Must not know what the bytes mean. */
#ifndef SIM_CORE_BUFFER_H
#define SIM_CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "core/text.h"

struct sim_buffer {
    char *data;      /* NULL until something was appended or reserved */
    size_t length;   /* bytes in use */
    size_t capacity; /* bytes allocated, the NUL's place included */
    size_t limit;    /* `length` never exceeds this */
};

/* An empty buffer that will hold at most `limit` bytes; allocates nothing. */
void sim_buffer_init(struct sim_buffer *buffer, size_t limit);

/* Releases the memory. Legal on an all-zero buffer, and twice. */
void sim_buffer_fini(struct sim_buffer *buffer);

/* Forgets the contents and keeps the memory for the next use. */
void sim_buffer_clear(struct sim_buffer *buffer);

/* Appends a copy of `length` bytes. On SIM_NO_MEMORY and SIM_LIMIT the buffer is as it was. */
enum sim_status sim_buffer_append(struct sim_buffer *buffer, const char *bytes,
                                  size_t length) SIM_MUST_CHECK;
enum sim_status sim_buffer_append_text(struct sim_buffer *buffer, const char *text) SIM_MUST_CHECK;
enum sim_status sim_buffer_append_char(struct sim_buffer *buffer, char character) SIM_MUST_CHECK;

/* Puts a copy of a text in place of the contents. */
enum sim_status sim_buffer_set(struct sim_buffer *buffer, struct sim_text text) SIM_MUST_CHECK;

/* The contents; void when they change. */
struct sim_text sim_buffer_text(const struct sim_buffer *buffer);

/* Makes room for `length` more bytes and returns where they go through `*place`. Whoever has
 * written there calls sim_buffer_commit(), with 0 too, which puts the NUL back. */
enum sim_status sim_buffer_reserve(struct sim_buffer *buffer, size_t length,
                                   char **place) SIM_MUST_CHECK;
void sim_buffer_commit(struct sim_buffer *buffer, size_t length);

/* Makes room at once for so many more bytes as somebody says will come, where the limit allows
 * them. A hint, no more: it is believed up to 64 MiB. */
enum sim_status sim_buffer_expect(struct sim_buffer *buffer,
                                  unsigned long long length) SIM_MUST_CHECK;

#endif
