/* A base64 encoder (RFC 4648, with padding) that can be fed in pieces. */
#ifndef SIM_CORE_BASE64_H
#define SIM_CORE_BASE64_H

#include <stddef.h>

#include "core/buffer.h"
#include "core/status.h"

/* Bytes that wait until three are together. Start from all zero. */
struct sim_base64 {
    unsigned char held[3];
    size_t held_length;
};

/* Encodes `length` more bytes into `out`; holds back up to two. On failure (SIM_NO_MEMORY,
 * SIM_LIMIT) the encoder and `out` are as they were. */
enum sim_status sim_base64_feed(struct sim_base64 *encoder, const void *bytes, size_t length,
                                struct sim_buffer *out) SIM_MUST_CHECK;

/* Writes what is held back, padded, and leaves the encoder ready for the next text. */
enum sim_status sim_base64_finish(struct sim_base64 *encoder,
                                  struct sim_buffer *out) SIM_MUST_CHECK;

#endif
