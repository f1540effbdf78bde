/* The frames of HTTP/2, as libcurl's trace tells of them.
 *
 * libcurl has no other word for the frame that ends an answer while the request is still being
 * sent: it goes on, and waits for a window that may never open. Owns how a line of the trace is
 * read. One that looks otherwise than expected says nothing. Must not know libcurl. */
#ifndef SIM_CORE_FRAMES_H
#define SIM_CORE_FRAMES_H

#include <stdbool.h>

#include "core/text.h"

struct sim_frames {  /* of one transfer; start from all zero */
    unsigned stream; /* of the request; 0: it has not been sent yet */
    bool has_ended;  /* the answer: a frame of that stream had END_STREAM set */
};

/* Takes the next line. */
void sim_frames_read(struct sim_frames *frames, struct sim_text line);

#endif
