#include "core/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/libcurl.h"
#include "core/reason.h"

enum {
    CONNECTIONS_PER_LANE = 3,  /* a redirected origin keeps both ends, and one to spare */
    KEEPALIVE_IDLE_S = 60,     /* a silent connection is probed so often, so that NATs and */
    KEEPALIVE_INTERVAL_S = 30, /* firewalls keep it, and a dead peer is noticed */
    UPLOAD_PIECE = 16 * 1024,  /* one TLS record; after each we look for an early answer */
    MULTI_QUICK_EXIT = 21,     /* CURLMOPT_QUICK_EXIT, which headers before 8.20 do not have */
    SPIN_TURNS = 8,
    SPIN_MS = 10, /* when a libcurl does not sleep, and its pause then */
};

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sim_lane *lane = context;
    curl_socket_t descriptor;

    (void)purpose;
#ifdef SOCK_CLOEXEC
    descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    descriptor = socket(address->family, address->socktype, address->protocol);
    if (descriptor != CURL_SOCKET_BAD)
        (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
#endif
    lane->socket_errno = descriptor == CURL_SOCKET_BAD ? errno : 0;
    if (descriptor != CURL_SOCKET_BAD && !sim_sockets_add(&lane->sockets, descriptor)) {
        (void)close(descriptor);
        descriptor = CURL_SOCKET_BAD;
    }
    return descriptor;
}

static int on_close(void *context, curl_socket_t descriptor)
{
    struct sim_lane *lane = context;

    if (lane->keeps_unread)
        sim_unread_fetch(&lane->unread, descriptor);
    sim_sockets_remove(&lane->sockets, descriptor);
    /* A forked child may hold a copy and keep the connection open: closing ours alone would not end
     * it. */
    (void)shutdown(descriptor, SHUT_RDWR);
    return close(descriptor);
}

/* Of what libcurl traces, the lines that tell of frames are for us. */
static int on_trace(CURL *easy, curl_infotype kind, char *data, size_t length, void *context)
{
    struct sim_lane *lane = context;

    (void)easy;
    if (kind == CURLINFO_TEXT)
        sim_frames_read(&lane->frames, (struct sim_text){data, length});
    return 0;
}

/* What is the same for every exchange of a lane. False when libcurl is out of memory or too old. */
static bool lane_configure(struct sim_lane *lane, const struct sim_lane_callbacks *callbacks)
{
    CURL *easy = lane->easy;
    bool good = true;

#define SET(option, value) (good = good && curl_easy_setopt(easy, option, value) == CURLE_OK)
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_ERRORBUFFER, lane->message);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    /* libcurl's defaults depend on its version and on how it was built. */
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (sim_libcurl_has_zlib())
        SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_PIECE);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    SET(CURLOPT_MAXAGE_CONN, (long)SIM_LANE_IDLE_MAX_S);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_NOPROXY, "");
    lane->shows_heads = sim_libcurl_remembers_what_was_freed();
    SET(CURLOPT_HEADER, (long)lane->shows_heads);
    SET(CURLOPT_WRITEFUNCTION, callbacks->on_body);
    SET(CURLOPT_WRITEDATA, callbacks->context);
    SET(CURLOPT_HEADERFUNCTION, callbacks->on_header);
    SET(CURLOPT_HEADERDATA, callbacks->context);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, lane);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, lane);
    SET(CURLOPT_DEBUGFUNCTION, on_trace);
    SET(CURLOPT_DEBUGDATA, lane);
#if SIM_LANE_HAS_PREREQUEST
    SET(CURLOPT_PREREQFUNCTION, callbacks->on_prerequest);
    SET(CURLOPT_PREREQDATA, callbacks->context);
#else
    SET(CURLOPT_READFUNCTION, callbacks->on_read);
    SET(CURLOPT_READDATA, callbacks->context);
    SET(CURLOPT_SEEKFUNCTION, callbacks->on_seek);
    SET(CURLOPT_SEEKDATA, callbacks->context);
#endif
#undef SET
    /* A stalled look-up is left behind; from 8.20 on the threads for it are the multi handle's. */
#if LIBCURL_VERSION_NUM >= 0x075700
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    (void)curl_multi_setopt(lane->multi, (CURLMoption)MULTI_QUICK_EXIT, 1L);
    return good && curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS,
                                     (long)CONNECTIONS_PER_LANE) == CURLM_OK;
}

bool sim_lane_init(struct sim_lane *lane, const struct sim_lane_callbacks *callbacks,
                   struct sim_error *error)
{
    const char *reason;

    sim_buffer_init(&lane->header_text, SIZE_MAX);
    sim_buffer_init(&lane->ca_file, SIZE_MAX);
    sim_buffer_init(&lane->ca_directory, SIZE_MAX);
    sim_buffer_init(&lane->unread, SIM_UNREAD_MOST);
    sim_buffer_init(&lane->target, SIZE_MAX);
    errno = 0;
    lane->multi = curl_multi_init();
    lane->easy = curl_easy_init();
    lane->url = curl_url();
    if (lane->multi != NULL && lane->easy != NULL && lane->url != NULL &&
        lane_configure(lane, callbacks))
        return true;
    reason = sim_reason_of(errno); /* newer libcurls open descriptors here */
    if (reason != NULL)
        (void)sim_fail(error, SIM_NOT_SENT, "libcurl cannot be used: %s", reason);
    sim_lane_fini(lane);
    return false;
}

void sim_lane_fini(struct sim_lane *lane)
{
    /* The connections go first: closing them calls back into this lane. */
    if (lane->multi != NULL)
        (void)curl_multi_cleanup(lane->multi);
    if (lane->easy != NULL)
        curl_easy_cleanup(lane->easy);
    curl_url_cleanup(lane->url);
    curl_slist_free_all(lane->headers);
    sim_buffer_fini(&lane->header_text);
    sim_buffer_fini(&lane->ca_file);
    sim_buffer_fini(&lane->ca_directory);
    sim_buffer_fini(&lane->unread);
    sim_buffer_fini(&lane->target);
    lane->multi = NULL;
    lane->easy = NULL;
    lane->url = NULL;
    lane->headers = NULL;
}

/* Without a socket to tell by, nobody knows whether the descriptors that libcurl has besides are
 * still its own in the child. */
bool sim_lane_disarm(struct sim_lane *lane)
{
    return sim_sockets_disarm(&lane->sockets) && lane->sockets.count > 0;
}

void sim_lane_set_connect_limit(struct sim_lane *lane, int64_t limit_ms)
{
    enum { MARGIN_MS = 50 };

    if (limit_ms > SIM_CLOCK_LONGEST_MS - MARGIN_MS)
        limit_ms = SIM_CLOCK_LONGEST_MS - MARGIN_MS;
    (void)curl_easy_setopt(lane->easy, CURLOPT_CONNECTTIMEOUT_MS,
                           limit_ms > 0 ? (long)limit_ms + MARGIN_MS : (long)SIM_CLOCK_LONGEST_MS);
}

bool sim_lane_set_method(struct sim_lane *lane, bool is_post, struct sim_text body)
{
    CURL *easy = lane->easy;
    bool is_large = is_post && body.length > SIM_LANE_ONE_PIECE;
    bool in_frames = !is_large || sim_libcurl_takes_large_in_frames(), good;

    /* Refused by a libcurl without HTTP/2: it does without. */
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           (long)(in_frames ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    /* So that on_trace() gets to see the frame that ends an early answer. */
    (void)curl_easy_setopt(easy, CURLOPT_VERBOSE, (long)(is_large && in_frames));
    if (!is_post)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    good = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length) == CURLE_OK;
#if SIM_LANE_HAS_PREREQUEST
    return good && curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data) == CURLE_OK;
#else
    return good;
#endif
}

/* A kept list of header fields serves again while the fields are the same, as they are from call
 * to call of a client. */
enum sim_status sim_lane_set_headers(struct sim_lane *lane, const char *const *headers,
                                     size_t count)
{
    struct curl_slist *list = NULL, *longer;
    size_t at = 0, i;

    for (i = 0; i < count; i++) {
        size_t length = strlen(headers[i]) + 1;
        if (lane->header_text.length - at < length ||
            memcmp(lane->header_text.data + at, headers[i], length) != 0)
            break;
        at += length;
    }
    if (lane->headers != NULL && i == count && at == lane->header_text.length)
        return SIM_OK;

    sim_buffer_clear(&lane->header_text);
    (void)curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(lane->headers);
    lane->headers = NULL;
    /* No waiting for a 100 Continue, which the server does not send. */
    list = curl_slist_append(NULL, "Expect:");
    for (i = 0; list != NULL && i < count; i++) {
        size_t length = strlen(headers[i]) + 1;
        longer = curl_slist_append(list, headers[i]);
        if (longer == NULL || sim_buffer_append(&lane->header_text, headers[i], length) != SIM_OK) {
            curl_slist_free_all(list);
            list = NULL;
        }
    }
    lane->headers = list;
    if (list == NULL || curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, list) != CURLE_OK) {
        sim_buffer_clear(&lane->header_text);
        return SIM_NO_MEMORY;
    }
    return SIM_OK;
}

/* A text that may be NULL, which an empty one stands for. */
static enum sim_status keep(struct sim_buffer *out, const char *text)
{
    return sim_buffer_set(out, sim_text_of(text != NULL ? text : ""));
}

static bool is_kept(const struct sim_buffer *buffer, const char *text)
{
    return strcmp(buffer->data, text != NULL ? text : "") == 0;
}

/* A kind of place that this libcurl cannot take need not be set to none: it has none. */
static CURLcode set_place(CURL *easy, CURLoption option, const char *place)
{
    CURLcode code = curl_easy_setopt(easy, option, place);

    return place == NULL && code != CURLE_OUT_OF_MEMORY ? CURLE_OK : code;
}

enum sim_status sim_lane_set_trust(struct sim_lane *lane, const struct sim_trust *trust,
                                   struct sim_error *error)
{
    CURL *easy = lane->easy;
    CURLcode code;

    if (lane->has_trust && is_kept(&lane->ca_file, trust->file) &&
        is_kept(&lane->ca_directory, trust->directory))
        return SIM_OK;
    lane->has_trust = false;
    if (keep(&lane->ca_file, trust->file) != SIM_OK ||
        keep(&lane->ca_directory, trust->directory) != SIM_OK)
        return sim_fail_no_memory(error, "a request");
    code = set_place(easy, CURLOPT_CAINFO, trust->file);
    if (code == CURLE_OK)
        code = set_place(easy, CURLOPT_CAPATH, trust->directory);
    if (code != CURLE_OK && code != CURLE_OUT_OF_MEMORY)
        return sim_fail(error, SIM_NOT_SENT, "This libcurl takes no certificates from %s (%s)",
                        trust->source, curl_easy_strerror(code));
    /* Those of proxies are refused by a libcurl without https proxies, which needs none. */
    lane->has_trust =
        code == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, trust->file) != CURLE_OUT_OF_MEMORY &&
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, trust->directory) != CURLE_OUT_OF_MEMORY;
    return lane->has_trust ? SIM_OK : sim_fail_no_memory(error, "a request");
}

/* NULL for either part means none, so that those of an earlier exchange do not stand. */
static bool set_credentials(CURL *easy, CURLoption user_option, CURLoption password_option,
                            const struct sim_credentials *credentials)
{
    const char *user = credentials != NULL ? credentials->user.data : NULL;
    const char *password = credentials != NULL ? credentials->password.data : NULL;

    return curl_easy_setopt(easy, user_option, user) == CURLE_OK &&
           curl_easy_setopt(easy, password_option, password) == CURLE_OK;
}

/* A URL as text is taken apart and put together again for each transfer; a handle is copied, which
 * takes a small call a tenth less. The text is set too: what libcurl says of redirects starts from
 * it, and it has the words for a URL that the handle refuses. */
static bool set_url(struct sim_lane *lane, const char *url)
{
    CURLUcode code = curl_url_set(lane->url, CURLUPART_URL, url, 0);

    return code != CURLUE_OUT_OF_MEMORY &&
           curl_easy_setopt(lane->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(lane->easy, CURLOPT_CURLU, code == CURLUE_OK ? lane->url : NULL) ==
               CURLE_OK;
}

enum sim_status sim_lane_set_route(struct sim_lane *lane, const struct sim_route *route,
                                   bool is_fresh)
{
    CURL *easy = lane->easy;
    const struct sim_proxy *proxy = &route->proxy;
    bool good;

    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)is_fresh);
    if (route->generation != 0 && lane->route_generation == route->generation)
        return SIM_OK;
    lane->route_generation = 0;
    good = set_url(lane, route->url.data) &&
           curl_easy_setopt(easy, CURLOPT_PROXY, proxy->url.data) == CURLE_OK &&
           set_credentials(easy, CURLOPT_USERNAME, CURLOPT_PASSWORD,
                           route->sends_credentials ? &route->credentials : NULL) &&
           set_credentials(easy, CURLOPT_PROXYUSERNAME, CURLOPT_PROXYPASSWORD,
                           proxy->credentials.are_given ? &proxy->credentials : NULL);
    if (good)
        lane->route_generation = route->generation;
    return good ? SIM_OK : SIM_NO_MEMORY;
}

bool sim_lane_begin(struct sim_lane *lane)
{
    lane->idle_turns = 0;
    lane->has_moved = false;
    lane->frames = (struct sim_frames){0};
    lane->is_line_open = false;
    lane->socket_errno = 0;
    if (lane->leaves_coded)
        (void)curl_easy_setopt(lane->easy, CURLOPT_HTTP_CONTENT_DECODING, 1L);
    lane->leaves_coded = false;
    return curl_multi_add_handle(lane->multi, lane->easy) == CURLM_OK;
}

enum sim_status sim_lane_check_line(struct sim_lane *lane, const struct sim_head *head,
                                    struct sim_text piece, struct sim_error *error)
{
    bool is_folded = !lane->is_line_open && (piece.data[0] == ' ' || piece.data[0] == '\t');

    lane->is_line_open = piece.data[piece.length - 1] != '\n';
    if (is_folded && !sim_head_has_fields(head))
        return sim_fail(error, SIM_AMBIGUOUS, "The response has a malformed header field");
    return SIM_OK;
}

const char *sim_lane_explain(struct sim_lane *lane, CURLcode code, bool by_proxy)
{
    long number = lane->socket_errno;
    const char *reason = NULL;
    long tunnel = 0; /* what a proxy said to CONNECT */
    size_t length;

    if (lane->message[0] == '\0')
        (void)snprintf(lane->message, sizeof lane->message, "%s", curl_easy_strerror(code));
    if (code != CURLE_COULDNT_CONNECT)
        return lane->message;
    if (number == 0)
        (void)curl_easy_getinfo(lane->easy, CURLINFO_OS_ERRNO, &number);
    (void)curl_easy_getinfo(lane->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    if (tunnel == 0) /* else there was a connection, and that number is another's */
        reason = sim_reason_of(number);
    length = strlen(lane->message);
    if (reason != NULL && sim_text_ends_nocase(sim_text_of(lane->message), sim_text_of(reason)))
        reason = NULL; /* older libcurls say it themselves */
    (void)snprintf(lane->message + length, sizeof lane->message - length, "%s%s%s",
                   reason != NULL ? ": " : "", reason != NULL ? reason : "",
                   by_proxy ? " (the proxy)" : "");
    return lane->message;
}

void sim_lane_pass_unknown_coding(struct sim_lane *lane, const struct sim_head *head)
{
    struct sim_text codings;

    if (!sim_head_find(head, "content-encoding", &codings))
        return;
    while (codings.length > 0 && !lane->leaves_coded) {
        const char *comma = memchr(codings.data, ',', codings.length);
        size_t length = comma != NULL ? (size_t)(comma - codings.data) : codings.length;
        lane->leaves_coded =
            !sim_libcurl_knows_coding(sim_text_trim((struct sim_text){codings.data, length}));
        codings = sim_text_skip(codings, length + (comma != NULL ? 1 : 0));
    }
    if (lane->leaves_coded)
        (void)curl_easy_setopt(lane->easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
}

/* While pieces of a body go there is no wait: the system takes more than it wakes a writer for, and
 * a piece for each wait would hide for long that a server reads no more.
 * libcurls before 8 do not sleep while the windows of HTTP/2 are full: they wait for a socket that
 * can be written to, which it can be. What opens the windows is something to read. */
bool sim_lane_wait(struct sim_lane *lane, size_t length, int64_t limit_ms, bool *is_woken)
{
    int ready = 0;

    *is_woken = lane->has_moved && sim_lane_is_sending(lane, length);
    lane->has_moved = false;
    if (*is_woken)
        return true;
    if (lane->idle_turns >= SPIN_TURNS && sim_lane_is_sending(lane, length)) {
        sim_sockets_wait(&lane->sockets, limit_ms < SPIN_MS ? (int)limit_ms : SPIN_MS);
        *is_woken = true;
        return true;
    }
    if (curl_multi_poll(lane->multi, NULL, 0, (int)limit_ms, &ready) != CURLM_OK)
        return false;
    *is_woken = ready > 0;
    lane->idle_turns += *is_woken ? 1 : 0;
    return true;
}

/* As libcurl does it: a scheme that it does not know is not for it to refuse. */
static bool resolve(const char *from, struct sim_buffer *target)
{
    CURLU *url = curl_url();
    char *text = NULL;
    bool is_found =
        url != NULL && curl_url_set(url, CURLUPART_URL, from, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, target->data, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK &&
        sim_buffer_set(target, sim_text_of(text)) == SIM_OK;

    curl_free(text);
    curl_url_cleanup(url);
    return is_found;
}

const char *sim_lane_redirect_target(struct sim_lane *lane, const struct sim_route *route,
                                     const struct sim_head *head, struct sim_text *written)
{
    char *target = NULL;

    if (!sim_head_find(head, "location", written))
        *written = (struct sim_text){"", 0};
    if (head->http_status < 300 || head->http_status > 399)
        return NULL;
    (void)curl_easy_getinfo(lane->easy, CURLINFO_REDIRECT_URL, &target);
    if (target != NULL || written->length == 0)
        return target;
    return sim_buffer_set(&lane->target, *written) == SIM_OK &&
                   resolve(route->url.data, &lane->target)
               ? lane->target.data
               : NULL;
}

const struct sim_buffer *sim_lane_fetch_unread(struct sim_lane *lane)
{
    curl_socket_t descriptor = CURL_SOCKET_BAD;

    /* One that failed with the first byte of the request has not been closed; another may have
     * been, to make room for it among those that are kept. */
    if (curl_easy_getinfo(lane->easy, CURLINFO_ACTIVESOCKET, &descriptor) == CURLE_OK &&
        descriptor != CURL_SOCKET_BAD)
        sim_unread_fetch(&lane->unread, descriptor);
    return &lane->unread;
}

/* On HTTP/2 bytes between the answers are no other answer. */
void sim_lane_note_protocol(struct sim_lane *lane)
{
    curl_socket_t descriptor = CURL_SOCKET_BAD;

    if (sim_lane_is_multiplexed(lane) &&
        curl_easy_getinfo(lane->easy, CURLINFO_ACTIVESOCKET, &descriptor) == CURLE_OK)
        sim_sockets_let_talk(&lane->sockets, descriptor);
}

bool sim_lane_is_multiplexed(const struct sim_lane *lane)
{
    long version = 0;

    return curl_easy_getinfo(lane->easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK &&
           version >= CURL_HTTP_VERSION_2_0;
}

unsigned long long sim_lane_traffic(const struct sim_lane *lane)
{
    curl_off_t sent = 0, arrived = 0;

    (void)curl_easy_getinfo(lane->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    (void)curl_easy_getinfo(lane->easy, CURLINFO_SIZE_DOWNLOAD_T, &arrived);
    return (unsigned long long)sent + (unsigned long long)arrived;
}

bool sim_lane_has_received(const struct sim_lane *lane, unsigned long long length)
{
    curl_off_t arrived = 0;

    (void)curl_easy_getinfo(lane->easy, CURLINFO_SIZE_DOWNLOAD_T, &arrived);
    return (unsigned long long)arrived == length;
}

bool sim_lane_is_sending(const struct sim_lane *lane, size_t length)
{
    curl_off_t sent = 0;

    (void)curl_easy_getinfo(lane->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return (size_t)sent < length;
}

static long local_port(const struct sim_lane *lane)
{
    long port = 0;

    (void)curl_easy_getinfo(lane->easy, CURLINFO_LOCAL_PORT, &port);
    return port;
}

void sim_lane_hold_resets(struct sim_lane *lane)
{
    sim_sockets_hold_resets(&lane->sockets, local_port(lane));
}

bool sim_lane_is_new(const struct sim_lane *lane)
{
    long made = 0;

    (void)curl_easy_getinfo(lane->easy, CURLINFO_NUM_CONNECTS, &made);
    return made > 0;
}

bool sim_lane_was_multiplexed(const struct sim_lane *lane)
{
    return sim_sockets_may_talk(&lane->sockets, local_port(lane));
}
