/* The libcurl at hand, which may be newer or older than the headers that this was built with.
 *
 * Owns its once-only start, and what its version and features mean for us. Must not know any of its
 * handles: those are `lane`'s. */
#ifndef SIM_CORE_LIBCURL_H
#define SIM_CORE_LIBCURL_H

#include <stdbool.h>

#include "core/status.h"
#include "core/text.h"
#include "core/trust.h"

/* Until 8.1 an answer in frames is lost that comes, in one record of TLS, with the frame by which a
 * server ends a request that it has not taken as a whole. So a large request goes over HTTP/1.1
 * with a libcurl older than the oldest one that was seen to be right. Settable, so that both ways
 * are tested here. */
#ifndef SIM_LIBCURL_LARGE_IN_FRAMES_FROM
#define SIM_LIBCURL_LARGE_IN_FRAMES_FROM 0x080c01 /* 8.12.1 */
#endif

/* Before anything else of libcurl is used; cheap from the second time on. False when it cannot be
 * used. */
bool sim_libcurl_start(void) SIM_MUST_CHECK;

/* Its name and version, and those of the libraries that it uses. */
const char *sim_libcurl_version(void);

/* True when a large request can go over HTTP/2 without losing an early answer. */
bool sim_libcurl_takes_large_in_frames(void);

/* True when a handle remembers the header that came last even when it has been freed: a folded line
 * at the head of the next answer would be appended to it. */
bool sim_libcurl_remembers_what_was_freed(void);

/* True when it decompresses gzip and deflate. */
bool sim_libcurl_has_zlib(void);

/* True when it can decode such a Content-Encoding, and is not to be kept from trying. */
bool sim_libcurl_knows_coding(struct sim_text coding);

/* The place of certificates that it was built with; false where it is none or not there. */
bool sim_libcurl_default_trust(struct sim_trust *trust);

#endif
