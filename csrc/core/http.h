/* HTTP exchanges: with `lane` and `early`, the only user of libcurl's handles.
 *
 * A session keeps idle connections; an exchange is one request and its answer, driven step by step
 * by whoever waits for it. Owns the course of an exchange: its hops, its steps, and what its
 * failures mean. Must not know the API that is spoken, nor who waits.
 *
 * Threads: a session may be shared; an exchange belongs to one thread at a time. Call
 * sim_exchange_step and sim_exchange_drain, which wait, with no lock held; all else is short. */
#ifndef SIM_CORE_HTTP_H
#define SIM_CORE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/deadline.h"
#include "core/session.h"
#include "core/status.h"
#include "core/trust.h"
#include "core/text.h"

enum {
    /* A step returns after this long, so that whoever waits can look at signals. */
    SIM_HTTP_STEP_MS = 100,
    /* Idle connections that a session keeps: as many as requests keeps per host. */
    SIM_HTTP_MOST_IDLE = 10,
};

struct sim_exchange; /* one request under way, with the connection that it uses */

struct sim_request {
    bool is_post;
    struct sim_text base;       /* scheme, host and prefix, without a slash at its end */
    struct sim_text path;       /* from its first slash, escaped; goes behind the base */
    const char *const *headers; /* "Name: value", NUL-terminated */
    size_t header_count;
    struct sim_text body; /* of a POST; must stay valid until the exchange is finished */
    struct sim_timeouts timeouts;
    struct sim_trust trust; /* for https; read by sim_exchange_start only */
    const char *limit_name; /* what the message calls the limit of the body: */
    size_t response_limit;  /* a larger body (after decompression) is SIM_LIMIT */
    /* The media type of bodies that are handed over as they arrive, NULL for none. For such an
     * answer a step returns as soon as something arrives, and response_limit does not apply. */
    const char *stream_type;
};

/* A session of connections; NULL: no memory. */
struct sim_session *sim_http_session_new(void) SIM_MUST_CHECK;

/* Begins an exchange. Nothing is sent before the first step. The environment's proxy variables
 * are read here, and not again. On failure `*exchange` is NULL. */
enum sim_status sim_exchange_start(struct sim_session *session, const struct sim_request *request,
                                   struct sim_exchange **exchange,
                                   struct sim_error *error) SIM_MUST_CHECK;

/* Drives the exchange until it is done (`*done`), a signal arrives, SIM_HTTP_STEP_MS have passed,
 * or bytes of a stream have arrived, which the caller consumes before the next step: the time it
 * takes over them is not the server's silence. A failure ends the exchange; its status says
 * whether the request may have been served (SIM_AMBIGUOUS, SIM_TIMED_OUT after sending). */
enum sim_status sim_exchange_step(struct sim_exchange *exchange, bool *done,
                                  struct sim_error *error) SIM_MUST_CHECK;

/* Drives an exchange whose answer matters no more for at most SIM_HTTP_STEP_MS, so that its
 * connection can be kept if that was all; what arrives is dropped. */
void sim_exchange_drain(struct sim_exchange *exchange);

/* Ends the exchange: its connection is kept when it was done, and dropped otherwise. NULL is
 * legal. */
void sim_exchange_finish(struct sim_exchange *exchange);

/* The answer; all views hold until the next step. */
long sim_exchange_http_status(const struct sim_exchange *exchange); /* 0 before the head is there */
struct sim_text sim_exchange_reason(const struct sim_exchange *exchange);
bool sim_exchange_header(const struct sim_exchange *exchange, const char *name,
                         struct sim_text *value);
/* True once the head is there and says 2xx and the stream's media type. */
bool sim_exchange_is_stream(const struct sim_exchange *exchange);
/* The body so far; the reader of a stream consumes from it. */
struct sim_buffer *sim_exchange_body(struct sim_exchange *exchange);
/* After done: why the redirect that the answer is was not followed; NULL where it is none. `*host`
 * is where it points, empty where no host can be made out. */
const char *sim_exchange_redirect_refusal(const struct sim_exchange *exchange,
                                          struct sim_text *host);
/* True after done where nothing proves that the body is whole: it was not framed by a length, by
 * chunks or by frames of which the last one was seen, or was compressed and may have been cut
 * before that. */
bool sim_exchange_may_be_cut(const struct sim_exchange *exchange);
/* True once part of the request has gone out, be it to where a redirect was answered: a server that
 * redirects may have served it all the same. */
bool sim_exchange_was_sent(const struct sim_exchange *exchange);

#endif
