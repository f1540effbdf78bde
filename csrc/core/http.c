#include "core/http.h"

#include <string.h>

#include "core/clock.h"
#include "core/early.h"
#include "core/head.h"
#include "core/lane.h"
#include "core/libcurl.h"
#include "core/memory.h"
#include "core/process.h"
#include "core/route.h"

enum {
    KEPT_BODY_CAPACITY = 256 * 1024, /* a larger buffer is not kept for the next exchange */
    STREAM_WINDOW = 512 * 1024,      /* of a stream, a step takes little more than this at once */
};

/* A lane that is checked out of a session's pool serves one exchange, so threads never queue behind
 * each other. */
struct sim_exchange {
    struct sim_lane lane;        /* first, so that the pool's pointer is ours */
    struct sim_session *session; /* counted while checked out */

    /* The exchange under way. */
    struct sim_request request; /* views into the caller's text are void after the start */
    struct sim_route route;
    struct sim_head head;
    struct sim_buffer body;
    struct sim_error failure; /* a callback's, or one that the next step reports */
    struct sim_progress progress;
    bool is_added, is_done;     /* libcurl has the transfer; the answer is there */
    bool was_repeated;          /* by libcurl itself, which was stopped */
    bool has_news;              /* bytes of a stream have come in this step */
    bool is_stream;             /* the head says so */
    unsigned long long traffic; /* bytes sent and received of it, as noted last */
    struct sim_early early;
    bool is_cut_off;             /* an answer was taken before libcurl was done with it */
    bool is_paused, is_draining; /* its body waits for the next step; its body is dropped */
    long sent_before;            /* bytes counted before this request went out */
#if !SIM_LANE_HAS_PREREQUEST
    size_t body_sent;
#endif
};

/* ---- callbacks: they append, note, or refuse ---- */

static const char cut_short[] = "The connection closed before the response was complete";

/* The request, or its body, begins to go out: from here on the server's silence counts. */
static void note_sending(struct sim_exchange *x)
{
    x->progress.was_sent = true;
    x->progress.active_ms = sim_clock_monotonic_ms();
    sim_buffer_clear(&x->lane.unread);
    sim_early_hold_resets(&x->early, &x->lane, &x->head, x->request.body.length);
}

static enum sim_status take_body(struct sim_exchange *x, struct sim_text piece)
{
    enum sim_status status = SIM_OK;

    if (x->is_stream)
        x->body.limit = SIZE_MAX;
    else if (x->body.length == 0 && x->head.has_length) /* which compressed bodies outgrow */
        status = sim_buffer_expect(&x->body, x->head.content_length);
    if (status == SIM_OK)
        status = sim_buffer_append(&x->body, piece.data, piece.length);
    if (status == SIM_LIMIT)
        (void)sim_fail(&x->failure, status, "The response exceeds %zu bytes (%s)", x->body.limit,
                       x->request.limit_name);
    else if (status != SIM_OK)
        (void)sim_fail_no_memory(&x->failure, "the response");
    return status;
}

static size_t on_body(char *bytes, size_t unit, size_t count, void *context)
{
    struct sim_exchange *x = context;
    struct sim_text piece = {bytes, unit * count};
    enum sim_status status = SIM_OK;

    if (x->lane.shows_heads && !sim_head_is_final(&x->head)) {
        status = sim_lane_check_line(&x->lane, &x->head, piece, &x->failure);
    }
    else if (!x->is_draining) {
        x->is_paused = x->is_stream && x->has_news && x->body.length >= STREAM_WINDOW;
        if (x->is_paused)
            return CURL_WRITEFUNC_PAUSE;
        x->has_news = x->has_news || x->is_stream;
        status = take_body(x, piece);
    }
    return status == SIM_OK ? piece.length : 0;
}

static bool has_stream_head(const struct sim_exchange *x)
{
    return x->request.stream_type != NULL && x->head.http_status >= 200 &&
           x->head.http_status <= 299 && sim_head_has_type(&x->head, x->request.stream_type);
}

static size_t on_header(char *bytes, size_t unit, size_t count, void *context)
{
    struct sim_exchange *x = context;
    struct sim_text line = {bytes, unit * count};

    x->progress.was_sent = true; /* what is answered has gone out */
    /* Newer libcurls hand over what had come of a line when the connection broke. */
    if (line.length == 0 || line.data[line.length - 1] != '\n') {
        (void)sim_fail(&x->failure, SIM_AMBIGUOUS, "%s", cut_short);
        return 0;
    }
    if (sim_head_add_line(&x->head, line, &x->failure) != SIM_OK)
        return 0;
    if (x->head.http_status >= 200)
        x->lane.keeps_unread = false; /* what follows is the rest of it */
    if (sim_head_is_final(&x->head))
        sim_lane_pass_unknown_coding(&x->lane, &x->head);
    /* Known with the last line of a head, and asked for with every piece of the body. */
    x->is_stream = x->head.is_complete && has_stream_head(x);
    x->has_news = x->has_news || x->is_stream;
    return line.length;
}

#if SIM_LANE_HAS_PREREQUEST
/* Runs before each time the request is sent. libcurl sends again by itself when a kept connection
 * dies before an answer. That is right as long as nothing went out, and for a GET; a POST that
 * went out may have been served, and is not sent twice. */
static int on_prerequest(void *context, char *peer, char *local, int peer_port, int local_port)
{
    struct sim_exchange *x = context;
    long sent = 0;

    (void)peer, (void)local, (void)peer_port, (void)local_port;
    (void)curl_easy_getinfo(x->lane.easy, CURLINFO_REQUEST_SIZE, &sent);
    if (x->progress.was_sent && x->request.is_post && sent > x->sent_before) {
        x->was_repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    x->sent_before = sent; /* what a proxy was asked for does not count */
    sim_head_reset(&x->head);
    sim_buffer_clear(&x->body);
    note_sending(x);
    return CURL_PREREQFUNC_OK;
}
#else
static size_t on_read(char *place, size_t unit, size_t count, void *context)
{
    struct sim_exchange *x = context;
    size_t length = x->request.body.length - x->body_sent;

    if (length > unit * count)
        length = unit * count;
    if (x->body_sent == 0)
        note_sending(x);
    memcpy(place, x->request.body.data + x->body_sent, length);
    x->body_sent += length;
    return length;
}

/* libcurl rewinds the body before it sends it again: refused. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct sim_exchange *x = context;

    (void)offset, (void)origin;
    if (x->body_sent == 0)
        return CURL_SEEKFUNC_OK;
    x->was_repeated = true;
    return CURL_SEEKFUNC_FAIL;
}

/* For a request without a body libcurl calls nobody. */
static void notice_sending(struct sim_exchange *x)
{
    double seconds = 0; /* until the connection was ready for the request */

    if (!x->progress.was_sent &&
        curl_easy_getinfo(x->lane.easy, CURLINFO_PRETRANSFER_TIME, &seconds) == CURLE_OK &&
        seconds > 0)
        note_sending(x);
}
#endif

/* ---- lanes in their session ---- */

static void entry_free(struct sim_pool_entry *entry)
{
    struct sim_exchange *x = (struct sim_exchange *)entry;

    sim_lane_fini(&x->lane);
    sim_route_fini(&x->route);
    sim_buffer_fini(&x->body);
    sim_head_fini(&x->head);
    sim_free(x);
}

static bool entry_is_usable(struct sim_pool_entry *entry)
{
    return sim_sockets_are_quiet(&((struct sim_exchange *)entry)->lane.sockets);
}

static bool entry_disarm(struct sim_pool_entry *entry)
{
    return sim_lane_disarm(&((struct sim_exchange *)entry)->lane);
}

static const struct sim_pool_kind lanes = {
    .free_entry = entry_free,
    .is_usable = entry_is_usable,
    .disarm = entry_disarm,
    .most_idle = SIM_HTTP_MOST_IDLE,
    .idle_max_ms = SIM_LANE_IDLE_MAX_S * INT64_C(1000),
};

struct sim_session *sim_http_session_new(void)
{
    return sim_session_new(&lanes);
}

static struct sim_exchange *exchange_new(struct sim_error *error)
{
    struct sim_exchange *x = sim_alloc_zeroed(1, sizeof *x);
    struct sim_lane_callbacks callbacks = {
        .on_body = on_body, .on_header = on_header, .context = x};

    if (x == NULL)
        return NULL;
    sim_route_init(&x->route);
    sim_buffer_init(&x->body, SIZE_MAX);
    sim_head_init(&x->head);
#if SIM_LANE_HAS_PREREQUEST
    callbacks.on_prerequest = on_prerequest;
#else
    callbacks.on_read = on_read;
    callbacks.on_seek = on_seek;
#endif
    if (!sim_lane_init(&x->lane, &callbacks, error)) {
        sim_free(x);
        return NULL;
    }
    return x;
}

/* The warmest idle lane, or a new one. NULL, and perhaps told why: there can be none. */
static struct sim_exchange *session_check_out(struct sim_session *session, struct sim_error *error)
{
    struct sim_exchange *x;

    sim_session_notice_fork(session);
    x = (struct sim_exchange *)sim_pool_take(&session->pool);
    if (x == NULL) {
        x = exchange_new(error);
        if (x == NULL)
            return NULL;
        sim_pool_add(&session->pool, &x->lane.entry);
    }
    x->session = session;
    (void)atomic_fetch_add(&session->references, 1);
    return x;
}

/* ---- one exchange ---- */

/* Sends the request where the route leads, for the first time or after a redirect. */
static enum sim_status exchange_begin_hop(struct sim_exchange *x, struct sim_error *error)
{
    sim_head_reset(&x->head);
    x->early = (struct sim_early){.is_tls = x->route.is_https};
    sim_buffer_clear(&x->body);
    x->progress.was_sent = x->was_repeated = x->has_news = x->is_paused = x->is_stream = false;
    x->body.limit = x->request.response_limit;
    x->sent_before = 0;
#if !SIM_LANE_HAS_PREREQUEST
    x->body_sent = 0;
#endif
    x->lane.message[0] = '\0';
    x->lane.keeps_unread = x->request.is_post && !x->route.is_https;
    x->traffic = 0;
    x->progress.active_ms = sim_clock_monotonic_ms();
    /* What has been reset behind a redirect may not know it yet. */
    if (sim_lane_set_route(&x->lane, &x->route,
                           x->is_cut_off || sim_sockets_are_in_doubt(&x->lane.sockets)) != SIM_OK ||
        !sim_lane_begin(&x->lane))
        return sim_fail_no_memory(error, "a request");
    x->is_added = true;
    return SIM_OK;
}

enum sim_status sim_exchange_start(struct sim_session *session, const struct sim_request *request,
                                   struct sim_exchange **exchange, struct sim_error *error)
{
    struct sim_exchange *x = NULL;
    enum sim_status status = SIM_OK;

    *exchange = NULL;
    if (!sim_libcurl_start())
        return sim_fail(error, SIM_NO_MEMORY, "libcurl cannot be initialised");
    x = session_check_out(session, error);
    if (x == NULL)
        return error != NULL && error->status != SIM_OK ? error->status
                                                        : sim_fail_no_memory(error, "a request");
    x->request = *request;
    x->failure = (struct sim_error){SIM_OK, ""};
    x->is_done = x->is_draining = x->is_cut_off = false;
    x->progress.started_ms = sim_clock_monotonic_ms();
    sim_lane_set_connect_limit(&x->lane, sim_deadline_to_connect(&request->timeouts));
    if (sim_lane_set_headers(&x->lane, request->headers, request->header_count) != SIM_OK ||
        !sim_lane_set_method(&x->lane, request->is_post, request->body))
        status = sim_fail_no_memory(error, "a request");
    if (status == SIM_OK)
        status = sim_lane_set_trust(&x->lane, &request->trust, error);
    if (status == SIM_OK)
        status = sim_route_begin(&x->route, &session->moves, request->base, request->path, error);
    if (status == SIM_OK)
        status = exchange_begin_hop(x, error);
    if (status != SIM_OK) {
        sim_exchange_finish(x);
        return status;
    }
    *exchange = x;
    return SIM_OK;
}

/* True, and told, when a deadline has passed. */
static bool is_late(const struct sim_exchange *x, struct sim_error *error)
{
    int64_t left_ms = 0;

    return sim_deadline_left(&x->request.timeouts, &x->progress, sim_clock_monotonic_ms(),
                             SIM_HTTP_STEP_MS, &left_ms, error) != SIM_OK;
}

/* What libcurl's result means for the one question: may the request have been served? */
static enum sim_status exchange_fail(struct sim_exchange *x, CURLcode code, struct sim_error *error)
{
    const char *text = sim_lane_explain(&x->lane, code, x->route.proxy.url.length > 0);

    if (x->failure.status != SIM_OK) /* a callback refused, and has said why */
        return sim_fail(error, x->failure.status, "%s", x->failure.message);
    if (x->was_repeated)
        return sim_fail(error, SIM_AMBIGUOUS,
                        "The connection was lost after the request had been sent");
    if (code == CURLE_OPERATION_TIMEDOUT && is_late(x, error))
        return SIM_TIMED_OUT;
    if (code == CURLE_OUT_OF_MEMORY && !x->progress.was_sent)
        return sim_fail_no_memory(error, "a request");
    /* libcurl calls a header line beyond its own limit (100 KiB) out of memory before 8.6. */
    if (code == CURLE_OUT_OF_MEMORY)
        return sim_fail(
            error, SIM_LIMIT,
            "A line of the response's headers is too long, or there is no memory for it");
    if (code == CURLE_WRITE_ERROR) /* no callback refused: it is what unpacks the body */
        return sim_fail(error, SIM_AMBIGUOUS, "The response's compressed body is damaged");
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return sim_fail(error, SIM_NOT_SENT,
                        "%s; certificates were checked against %s; to trust other authorities, set "
                        "REQUESTS_CA_BUNDLE to a file or directory of them",
                        text,
                        x->request.trust.source != NULL ? x->request.trust.source
                                                        : "nothing, as no authorities were found");
    return sim_fail(error, x->progress.was_sent ? SIM_AMBIGUOUS : SIM_NOT_SENT, "%s", text);
}

/* Takes libcurl's verdict, or ours of an early answer. False while there is neither. */
static bool take_verdict(struct sim_exchange *x, CURLcode *code)
{
    CURLMsg *message;
    int queued = 0;

    do
        message = curl_multi_info_read(x->lane.multi, &queued);
    while (message != NULL && message->msg != CURLMSG_DONE);
    if (message == NULL &&
        (x->is_paused || !sim_early_is_whole(&x->early, &x->lane, &x->head, &x->body,
                                             x->request.body.length, x->progress.active_ms)))
        return false;
    x->is_cut_off = x->is_cut_off || message == NULL;
    *code = message != NULL ? message->data.result : CURLE_OK;
    /* What a proxy says before the request is sent is no answer to it. */
    if (*code != CURLE_OK && x->progress.was_sent && !x->is_paused &&
        sim_early_rescue(&x->early, &x->lane, *code, &x->head, &x->body, x->request.body.length)) {
        x->is_stream = has_stream_head(x);
        x->is_cut_off = true;
        *code = CURLE_OK;
    }
    return true;
}

/* Goes where the answer redirects to, or takes it as the one that was asked for (`*done`). */
static enum sim_status follow_or_finish(struct sim_exchange *x, bool *done, struct sim_error *error)
{
    struct sim_text written;
    const char *target = sim_lane_redirect_target(&x->lane, &x->route, &x->head, &written);
    bool followed = false;
    enum sim_status status;

    sim_lane_note_protocol(&x->lane);
    status = sim_route_redirect(&x->route, x->head.http_status, x->request.is_post, target, written,
                                &followed, error);
    (void)curl_multi_remove_handle(x->lane.multi, x->lane.easy);
    x->is_added = false;
    if (status != SIM_OK)
        return status;
    if (followed)
        return exchange_begin_hop(x, error);
    if (x->head.http_status < 300)
        sim_route_arrive(&x->route, &x->session->moves);
    x->is_done = *done = true;
    return SIM_OK;
}

/* After each advance: what has come of the hop under way. */
static enum sim_status exchange_conclude(struct sim_exchange *x, bool *done,
                                         struct sim_error *error)
{
    CURLcode code;

#if !SIM_LANE_HAS_PREREQUEST
    notice_sending(x);
#endif
    if (!take_verdict(x, &code))
        return SIM_OK;
    if (code != CURLE_OK)
        return exchange_fail(x, code, error);
    /* libcurl reports success for a head that was cut short and for an interim answer alone. */
    if (!sim_head_is_final(&x->head))
        return sim_fail(error, SIM_AMBIGUOUS, "%s", cut_short);
    return follow_or_finish(x, done, error);
}

/* What libcurl tells of the exchange counts: bodies, header lines. Under TLS nothing else does:
 * HTTP/2 PINGs, sent for a server that is dead, would keep us waiting for ever. */
static void note_traffic(struct sim_exchange *x)
{
    unsigned long long traffic = sim_lane_traffic(&x->lane) + x->head.total;

    if (traffic == x->traffic)
        return;
    if (x->progress.was_sent)
        x->progress.active_ms = sim_clock_monotonic_ms();
    x->traffic = traffic;
    x->lane.idle_turns = 0;
    x->lane.has_moved = true;
}

/* All that libcurl can do without waiting. Forks are held off: OpenSSL has locks that a child would
 * find held (tests/test_fork.py). Other calls of libcurl do not hold them off: the caller keeps
 * those apart from its forks, as the binding does by the GIL. */
static enum sim_status exchange_advance(struct sim_exchange *x, bool *done)
{
    CURLcode resumed = CURLE_OK;
    int running = 0;
    enum sim_status status;

    sim_process_hold_forks();
    if (x->progress.was_sent)
        sim_early_hold_resets(&x->early, &x->lane, &x->head, x->request.body.length);
    if (x->is_paused)
        resumed = curl_easy_pause(x->lane.easy, CURLPAUSE_CONT); /* it may pause again */
    if (resumed != CURLE_OK)
        status = exchange_fail(x, resumed, &x->failure);
    else if (curl_multi_perform(x->lane.multi, &running) != CURLM_OK)
        status = sim_fail_no_memory(&x->failure, "a request");
    else {
        note_traffic(x);
        status = exchange_conclude(x, done, &x->failure);
    }
    if (x->is_added)
        sim_early_let_resets_through(&x->early, &x->lane, &x->head, x->request.body.length,
                                     x->progress.active_ms);
    else
        sim_early_end(&x->early, &x->lane, x->progress.started_ms);
    sim_process_let_fork();
    return status;
}

enum sim_status sim_exchange_step(struct sim_exchange *x, bool *done, struct sim_error *error)
{
    int64_t now_ms = sim_clock_monotonic_ms(), left_ms = 0;
    const int64_t end_ms = now_ms + SIM_HTTP_STEP_MS;
    bool is_woken = false;
    enum sim_status status;

    *done = x->is_done;
    if (x->failure.status != SIM_OK)
        return sim_fail(error, x->failure.status, "%s", x->failure.message);
    if (x->has_news)
        x->progress.active_ms = now_ms; /* what the caller did with them took its own time */
    x->has_news = false;
    /* A signal handler of the caller may have forked: the connection is the parent's. */
    if (x->lane.entry.owner != sim_process_identity())
        return sim_fail(error, SIM_AMBIGUOUS, "The process has forked during the exchange");
    while (!*done) {
        status = exchange_advance(x, done);
        now_ms = sim_clock_monotonic_ms();
        if (status == SIM_OK && !*done)
            status = sim_deadline_left(&x->request.timeouts, &x->progress, now_ms, end_ms - now_ms,
                                       &left_ms, &x->failure);
        if (status != SIM_OK) /* what came before it first: a stream's end may be in hand */
            return x->has_news ? SIM_OK : sim_fail(error, status, "%s", x->failure.message);
        if (*done || x->has_news || now_ms >= end_ms)
            return SIM_OK;
        if (!sim_lane_wait(&x->lane, x->progress.was_sent ? x->request.body.length : 0, left_ms,
                           &is_woken))
            return sim_fail_no_memory(error, "a request");
        if (!is_woken)
            return SIM_OK; /* a signal, or a moment that libcurl waited for: the caller looks */
        if (x->progress.was_sent && !x->route.is_https)
            x->progress.active_ms = sim_clock_monotonic_ms();
    }
    return SIM_OK;
}

void sim_exchange_drain(struct sim_exchange *x)
{
    bool done = x->is_done;

    sim_buffer_clear(&x->body);
    x->is_draining = true;
    if (!done)
        (void)!sim_exchange_step(x, &done, NULL);
}

void sim_exchange_finish(struct sim_exchange *x)
{
    struct sim_session *session;

    if (x == NULL)
        return;
    session = x->session;
    x->session = NULL;
    sim_session_notice_fork(session);
    if (x->lane.entry.owner == session->pool.owner) {
        x->lane.keeps_unread = false;
        sim_buffer_fini(&x->lane.unread);
        /* Taken out before it is done, a transfer loses its connection: what is left of its
         * answer must not be read as the next one's. */
        if (x->is_added)
            (void)curl_multi_remove_handle(x->lane.multi, x->lane.easy);
        x->is_added = false;
        if (x->body.capacity > KEPT_BODY_CAPACITY)
            sim_buffer_fini(&x->body);
    }
    /* After two lengths at once nobody knows what else that server sends, nor in which state
     * HTTP/2 is after an answer that was cut off. */
    sim_pool_give_back(&session->pool, &x->lane.entry,
                       x->is_done && !x->is_cut_off && !(x->head.has_length && x->head.is_chunked));
    sim_session_release(session);
}

/* ---- the answer ---- */

long sim_exchange_http_status(const struct sim_exchange *x)
{
    return x->head.http_status;
}

struct sim_text sim_exchange_reason(const struct sim_exchange *x)
{
    return sim_head_reason(&x->head);
}

bool sim_exchange_header(const struct sim_exchange *x, const char *name, struct sim_text *value)
{
    return sim_head_find(&x->head, name, value);
}

bool sim_exchange_is_stream(const struct sim_exchange *x)
{
    return x->is_stream;
}

struct sim_buffer *sim_exchange_body(struct sim_exchange *x)
{
    return &x->body;
}

const char *sim_exchange_redirect_refusal(const struct sim_exchange *x, struct sim_text *host)
{
    return sim_route_refusal(&x->route, host);
}

bool sim_exchange_may_be_cut(const struct sim_exchange *x)
{
    struct sim_text encoding;

    if (x->head.http_status == 204) /* has no body */
        return false;
    if (x->early.is_end_unseen || sim_exchange_header(x, "content-encoding", &encoding))
        return true;
    return !x->head.has_length && !x->lane.frames.has_ended &&
           (sim_lane_is_multiplexed(&x->lane) || !x->head.is_chunked);
}

bool sim_exchange_was_sent(const struct sim_exchange *x)
{
    return x->progress.was_sent || x->route.redirects.hops > 0;
}
