#include "core/early.h"

#include "core/clock.h"
#include "core/json.h"

enum {
    READ_MOST = 64 * 1024, /* so large a body is read with each piece to see whether it is whole */
    QUICK_MS = 10,         /* a transfer that is over within this may be one of many */
    STILL_MS = 100,        /* nothing moves, so what has come may be all of it */
    LONG_STILL_MS = 1000,
};

/* On HTTP/2 libcurl acknowledges while it receives, from the server's first words on. An answer may
 * come, with a reset behind it, sooner than anybody looks. */
static bool may_acknowledge(const struct sim_early *early, const struct sim_lane *lane,
                            const struct sim_head *head)
{
    if (!early->is_tls)
        return false;
    if (head->http_status != 0)
        return sim_lane_is_multiplexed(lane);
    return sim_lane_is_new(lane) || sim_lane_was_multiplexed(lane);
}

static bool may_send(const struct sim_early *early, const struct sim_lane *lane,
                     const struct sim_head *head, size_t length)
{
    return (length > SIM_LANE_ONE_PIECE && sim_lane_is_sending(lane, length)) ||
           may_acknowledge(early, lane, head);
}

void sim_early_hold_resets(const struct sim_early *early, struct sim_lane *lane,
                           const struct sim_head *head, size_t length)
{
    if (may_send(early, lane, head, length))
        sim_lane_hold_resets(lane);
}

void sim_early_let_resets_through(const struct sim_early *early, struct sim_lane *lane,
                                  const struct sim_head *head, size_t length, int64_t active_ms)
{
    sim_sockets_let_resets_through(&lane->sockets, may_send(early, lane, head, length), active_ms);
}

void sim_early_end(const struct sim_early *early, struct sim_lane *lane, int64_t started_ms)
{
    bool was_quick = sim_clock_monotonic_ms() - started_ms < QUICK_MS;

    if (was_quick && early->is_tls && sim_lane_is_multiplexed(lane)) {
        sim_sockets_keep_resets_held(&lane->sockets);
        if (!sim_sockets_are_in_doubt(&lane->sockets))
            return;
    }
    sim_sockets_let_resets_through(&lane->sockets, false, 0);
}

/* The transfer under way waits to send and no more to receive. A socket beyond FD_SETSIZE is in no
 * set: nothing is known of it then. Newer libcurls have a descriptor of their own in the sets. */
static bool only_sends(const struct sim_lane *lane)
{
    fd_set reads, writes, failures;
    int highest = -1;
    bool sends = false;

    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_ZERO(&failures);
    if (curl_multi_fdset(lane->multi, &reads, &writes, &failures, &highest) != CURLM_OK)
        return false;
    for (size_t i = 0; i < lane->sockets.count; i++) {
        int descriptor = lane->sockets.open[i].descriptor;
        if (descriptor > highest)
            continue;
        if (FD_ISSET(descriptor, &reads))
            return false;
        sends = sends || FD_ISSET(descriptor, &writes);
    }
    return sends;
}

/* A JSON document has its end in itself, unless it is a number. Without a type, which may also say
 * that others follow, only an object is one for certain. */
static bool may_be_document(const struct sim_head *head, const struct sim_buffer *body)
{
    struct sim_text type;

    if (sim_head_find(head, "content-type", &type))
        return sim_head_has_type(head, "application/json") && !sim_unread_may_go_on(body);
    return body->length > 0 && body->data[0] == '{';
}

static enum sim_status read_document(const struct sim_head *head, const struct sim_buffer *body)
{
    struct sim_json document = {0};
    enum sim_status status = SIM_NOT_JSON;

    if (may_be_document(head, body))
        status = sim_json_parse((struct sim_text){body->data, body->length}, &document, NULL);
    sim_json_fini(&document);
    return status;
}

static bool is_still(int64_t active_ms, int64_t still_ms)
{
    return sim_clock_monotonic_ms() - active_ms >= still_ms;
}

/* On HTTP/2 newer libcurls call sent what waits for a window to open. */
static bool may_be_unsent(const struct sim_lane *lane, size_t length, int64_t active_ms)
{
    return sim_lane_is_sending(lane, length) ||
           (length > SIM_LANE_ONE_PIECE && sim_lane_is_multiplexed(lane) &&
            is_still(active_ms, STILL_MS));
}

/* On HTTP/2 libcurl always waits for more. Where it does not even tell of the frame that ends the
 * answer, the document does. */
static bool has_whole_document(struct sim_early *early, const struct sim_head *head,
                               const struct sim_buffer *body, int64_t active_ms)
{
    enum sim_status status;

    if (body->length == early->read_to ||
        (body->length > READ_MOST && !is_still(active_ms, STILL_MS)))
        return false;
    status = read_document(head, body);
    if (status == SIM_NOT_JSON)
        early->read_to = body->length;
    return status == SIM_OK;
}

/* What a redirect says stands in its head, and most of what an error says, unless in a document. */
static bool is_head_enough(const struct sim_head *head, int64_t active_ms)
{
    if (head->http_status < 400)
        return head->http_status >= 300 && is_still(active_ms, STILL_MS);
    return !sim_head_has_type(head, "application/json") && is_still(active_ms, LONG_STILL_MS);
}

bool sim_early_is_whole(struct sim_early *early, const struct sim_lane *lane,
                        const struct sim_head *head, const struct sim_buffer *body, size_t length,
                        int64_t active_ms)
{
    if (!sim_head_is_final(head) || length == 0 || !may_be_unsent(lane, length, active_ms))
        return false;
    if (head->http_status == 204 || head->http_status == 304)
        return true;
    if (sim_head_says_length(head))
        return sim_lane_has_received(lane, head->content_length);
    if (lane->frames.has_ended)
        return true;
    if (sim_lane_is_multiplexed(lane)) {
        if (has_whole_document(early, head, body, active_ms))
            return true;
        early->is_end_unseen = is_head_enough(head, active_ms);
        return early->is_end_unseen;
    }
    if (!only_sends(lane))
        return false;
    /* libcurl stops receiving at the end of the answer, and at that of the connection. */
    early->is_end_unseen = sim_sockets_are_at_end(&lane->sockets);
    return !early->is_end_unseen || !sim_unread_may_go_on(body);
}

static bool is_failure_of_connection(CURLcode code)
{
    return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE ||
           code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

bool sim_early_rescue(struct sim_early *early, struct sim_lane *lane, CURLcode code,
                      struct sim_head *head, struct sim_buffer *body, size_t length)
{
    if (code == CURLE_SEND_ERROR && lane->keeps_unread && (head->total == 0 || head->is_complete) &&
        sim_unread_parse(sim_lane_fetch_unread(lane), head, body))
        return true;
    if (!is_failure_of_connection(code) || !sim_head_is_final(head))
        return false;
    if (sim_head_says_length(head))
        return sim_lane_has_received(lane, head->content_length);
    if (lane->frames.has_ended)
        return true;
    /* The frames of HTTP/2 that libcurl has read are whole, and it may fail over what came behind
     * the last one; elsewhere a failure to receive is a cut. */
    if (!sim_lane_is_sending(lane, length))
        return sim_lane_is_multiplexed(lane) && read_document(head, body) == SIM_OK;
    early->is_end_unseen = code == CURLE_SEND_ERROR || sim_lane_is_multiplexed(lane);
    return early->is_end_unseen && !sim_unread_may_go_on(body);
}
