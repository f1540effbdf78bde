/* What the escapes in a JSON string stand for.
 *
 * Strict, as RFC 8259 is. Must not know where a string begins and ends. */
#ifndef SIM_CORE_ESCAPES_H
#define SIM_CORE_ESCAPES_H

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* Appends what the text between the quotes stands for, as UTF-8. SIM_NOT_JSON for a lone surrogate,
 * which UTF-8 cannot carry, and for an escape that is none; then nothing is appended. */
enum sim_status sim_escapes_decode(struct sim_text text, struct sim_buffer *out) SIM_MUST_CHECK;

#endif
