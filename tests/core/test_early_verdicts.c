/* When an early answer is whole, whatever libcurl says of the transfer: this program answers for
 * it. Where libcurl is asked what it waits for, tests/core/test_early.c has the real one. */
#include "core/early.h"

#include <stdarg.h>

#include "check.h"
#include "core/clock.h"
#include "pair.h"

#define HEAD "HTTP/1.1 200 OK\r\n"
#define LENGTH HEAD "Content-Length: 15\r\n"
#define OBJECT "{\"a\": [1, \"}\"]}"

enum { BODY_LENGTH = 100 * 1000 }; /* of the request */

static struct {
    long version, connects, port;
    curl_off_t sent, received;
} told;

#undef curl_easy_getinfo
CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    va_list arguments;

    (void)easy;
    va_start(arguments, info);
    if (info == CURLINFO_HTTP_VERSION)
        *va_arg(arguments, long *) = told.version;
    else if (info == CURLINFO_NUM_CONNECTS)
        *va_arg(arguments, long *) = told.connects;
    else if (info == CURLINFO_LOCAL_PORT)
        *va_arg(arguments, long *) = told.port;
    else if (CHECK(info == CURLINFO_SIZE_UPLOAD_T || info == CURLINFO_SIZE_DOWNLOAD_T))
        *va_arg(arguments, curl_off_t *) =
            info == CURLINFO_SIZE_UPLOAD_T ? told.sent : told.received;
    va_end(arguments);
    return CURLE_OK;
}

static int64_t moved_ms;     /* when something moved last */
static struct sim_lane lane; /* nothing of it is asked but what is told above */
static struct sim_early early;
static struct sim_head head;
static struct sim_buffer body;

/* Puts an answer in place that has come after half of the request. */
static void begin(const char *lines, const char *text, long version)
{
    check_row = text;
    early = (struct sim_early){0};
    sim_head_init(&head);
    sim_buffer_init(&body, SIZE_MAX);
    for (struct sim_text rest = text_of(lines); rest.length > 0;) {
        size_t length = (size_t)(strchr(rest.data, '\n') + 1 - rest.data);
        CHECK_STATUS(sim_head_add_line(&head, (struct sim_text){rest.data, length}, NULL), SIM_OK);
        rest = sim_text_skip(rest, length);
    }
    CHECK_STATUS(sim_buffer_append(&body, text, strlen(text)), SIM_OK);
    moved_ms = sim_clock_monotonic_ms() + 30 * 1000;
    told.version = version;
    told.sent = BODY_LENGTH / 2;
    told.received = (curl_off_t)strlen(text);
}

static void end(void)
{
    sim_head_fini(&head);
    sim_buffer_fini(&body);
}

static bool is_whole(void)
{
    return sim_early_is_whole(&early, &lane, &head, &body, BODY_LENGTH, moved_ms);
}

static bool is_rescued(CURLcode code)
{
    return sim_early_rescue(&early, &lane, code, &head, &body, BODY_LENGTH);
}

static void a_length_or_the_document_tells_that_an_answer_is_whole(void)
{
    static const struct {
        const char *head, *body;
        bool is_whole;
    } rows[] = {
        {LENGTH "\r\n", OBJECT, true},
        {LENGTH "\r\n", "{\"a\": [1, \"}\"]", false},
        {LENGTH "\r\n", "", false},
        {LENGTH, OBJECT, false}, /* the head is not whole */
        {HEAD "\r\n", OBJECT, true},
        {HEAD "\r\n", OBJECT " \n", true},
        {HEAD "Content-Type: application/json; charset=utf-8\r\n\r\n", OBJECT, true},
        {HEAD "Content-Type: application/x-ndjson\r\n\r\n", OBJECT "\n", false},
        {HEAD "\r\n", "{\"a\": [1, \"}\"]", false},
        {HEAD "\r\n", "{\"a\": [1, \"}", false},
        {HEAD "\r\n", OBJECT "{", false},
        {HEAD "\r\n", "", false},
        {HEAD "\r\n", "[1]", false}, /* may be text */
        {HEAD "Content-Type: application/json\r\n\r\n", "[1]", true},
        {HEAD "Content-Type: application/json\r\n\r\n", "\"a\"", true},
        {HEAD "Content-Type: application/json\r\n\r\n", "null", true},
        {HEAD "Content-Type: application/json\r\n\r\n", "nul", false},
        {HEAD "Content-Type: application/json\r\n\r\n", "12", false}, /* digits may follow */
        {HEAD "\r\n", "<html></html>", false},
        {"HTTP/1.1 103 Early Hints\r\n\r\n", OBJECT, false},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].head, rows[i].body, CURL_HTTP_VERSION_2_0);
        CHECK(is_whole() == rows[i].is_whole);
        CHECK(is_whole() == rows[i].is_whole); /* asked again at each step */
        told.sent = BODY_LENGTH;
        CHECK(!is_whole()); /* no early one: libcurl tells */
        moved_ms = 0;       /* unless it has not sent what it says it has */
        CHECK(is_whole() == rows[i].is_whole);
        end();
    }
}

static void an_object_may_come_in_parts_and_grow_large(void)
{
    static const char object[] = OBJECT;

    begin(HEAD "\r\n", "", CURL_HTTP_VERSION_2_0);
    for (size_t i = 0; i < sizeof object - 1; i++) {
        CHECK(!is_whole());
        CHECK_STATUS(sim_buffer_append(&body, object + i, 1), SIM_OK);
    }
    CHECK(is_whole());
    for (size_t i = 0; i < 64 * 1024; i++)
        CHECK_STATUS(sim_buffer_append(&body, " ", 1), SIM_OK);
    CHECK(!is_whole());
    moved_ms = sim_clock_monotonic_ms() - 100; /* unless it seems to be all of it */
    CHECK(is_whole());
    end();
}

static void the_head_may_be_enough_when_nothing_moves_any_more(void)
{
    static const struct {
        const char *head, *body;
        int64_t since_ms;
        bool is_whole;
    } rows[] = {
        {"HTTP/1.1 307 Moved\r\nLocation: /\r\n\r\n", "", 100, true},
        {"HTTP/1.1 307 Moved\r\nLocation: /\r\n\r\n", "", -30 * 1000, false},
        {"HTTP/1.1 413 Too Large\r\n\r\n", "too much", 1000, true},
        {"HTTP/1.1 413 Too Large\r\n\r\n", "too much", 100, false},
        {"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\n\r\n", "{", 1000, false},
        {"HTTP/1.1 200 OK\r\n\r\n", "text", 1000, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].head, rows[i].body, CURL_HTTP_VERSION_2_0);
        moved_ms = sim_clock_monotonic_ms() - rows[i].since_ms;
        CHECK(is_whole() == rows[i].is_whole);
        CHECK(early.is_end_unseen == rows[i].is_whole);
        end();
    }
}

static void the_frame_that_ends_an_answer_is_enough(void)
{
    static const struct {
        const char *head, *body;
        bool is_whole;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", "text", true},
        {"HTTP/1.1 200 OK\r\n\r\n", "", true},
        {HEAD "Content-Type: application/json\r\n\r\n", "12", true},
        {HEAD "Content-Type: application/json\r\n\r\n", "{\"a\"", true}, /* malformed, and whole */
        {LENGTH "\r\n", "{\"a\"", false},
        {LENGTH, OBJECT, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].head, rows[i].body, CURL_HTTP_VERSION_2_0);
        lane.frames.has_ended = true;
        CHECK(is_whole() == rows[i].is_whole);
        CHECK(is_rescued(CURLE_HTTP2_STREAM) == rows[i].is_whole);
        told.sent = BODY_LENGTH;
        CHECK(!is_whole()); /* libcurl tells */
        CHECK(is_rescued(CURLE_HTTP2_STREAM) == rows[i].is_whole);
        CHECK(!early.is_end_unseen);
        lane.frames.has_ended = false;
        end();
    }
}

static void a_failure_leaves_what_has_come(void)
{
    enum { HTTP_1 = CURL_HTTP_VERSION_1_1, HTTP_2 = CURL_HTTP_VERSION_2_0 };
    static const struct {
        const char *head, *body;
        long version;
        CURLcode code;
        bool is_rescued, is_end_unseen;
    } rows[] = {
        {LENGTH "\r\n", OBJECT, HTTP_1, CURLE_SEND_ERROR, true, false},
        {LENGTH "\r\n", OBJECT, HTTP_1, CURLE_RECV_ERROR, true, false},
        {LENGTH "\r\n", OBJECT, HTTP_2, CURLE_HTTP2_STREAM, true, false},
        {LENGTH "\r\n", OBJECT, HTTP_1, CURLE_WRITE_ERROR, false, false},
        {LENGTH "\r\n", OBJECT, HTTP_1, CURLE_OPERATION_TIMEDOUT, false, false},
        {LENGTH "\r\n", "{\"a\"", HTTP_1, CURLE_SEND_ERROR, false, false},
        {LENGTH "\r\n", "{\"a\"", HTTP_2, CURLE_HTTP2, false, false},
        {LENGTH, OBJECT, HTTP_2, CURLE_RECV_ERROR, false, false},
        {HEAD "\r\n", OBJECT, HTTP_1, CURLE_SEND_ERROR, true, true},
        {HEAD "\r\n", OBJECT, HTTP_1, CURLE_RECV_ERROR, false, false},
        {HEAD "\r\n", OBJECT, HTTP_2, CURLE_RECV_ERROR, true, true},
        {HEAD "\r\n", OBJECT, HTTP_2, CURLE_PARTIAL_FILE, true, true},
        {HEAD "\r\n", "12", HTTP_2, CURLE_HTTP2_STREAM, false, true},
        {"HTTP/1.1 100 Continue\r\n\r\n", "", HTTP_1, CURLE_SEND_ERROR, false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].head, rows[i].body, rows[i].version);
        CHECK(is_rescued(rows[i].code) == rows[i].is_rescued);
        CHECK(early.is_end_unseen == rows[i].is_end_unseen);
        end();
    }
}

static void so_it_does_when_all_was_sent_where_the_answer_has_its_end_in_itself(void)
{
    static const struct {
        const char *head, *body;
        long version;
        bool is_rescued;
    } rows[] = {
        {LENGTH "\r\n", OBJECT, CURL_HTTP_VERSION_2_0, true},
        {HEAD "\r\n", OBJECT, CURL_HTTP_VERSION_2_0, true},
        {HEAD "\r\n", "{\"a\"", CURL_HTTP_VERSION_2_0, false},
        {HEAD "\r\n", "<html></html>", CURL_HTTP_VERSION_2_0, false},
        {HEAD "\r\n", OBJECT, CURL_HTTP_VERSION_1_1, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].head, rows[i].body, rows[i].version);
        told.sent = BODY_LENGTH;
        CHECK(is_rescued(CURLE_RECV_ERROR) == rows[i].is_rescued);
        CHECK(!early.is_end_unseen);
        end();
    }
}

/* Resets are kept from a connection while libcurl may send on it. */
static void when_libcurl_may_send(void)
{
    enum { IS_NEW = 1, IS_KNOWN = 2, IS_TLS = 4, LARGE = 8, IS_SENT = 16 };
    enum { HTTP_1 = CURL_HTTP_VERSION_1_1, HTTP_2 = CURL_HTTP_VERSION_2_0 };
    static const struct {
        const char *why;
        unsigned is;
        const char *head;
        long version; /* known with the answer */
        bool may_send;
    } rows[] = {
        {"a large body", LARGE, "", 0, true},
        {"that was sent", LARGE | IS_SENT, "", 0, false},
        {"that is answered", LARGE, HEAD, HTTP_1, true},
        {"a small body goes at once", 0, "", 0, false},
        {"so it does on a known connection that speaks HTTP/1", IS_TLS, "", 0, false},
        {"a new connection may speak HTTP/2", IS_TLS | IS_NEW, "", 0, true},
        {"without TLS it does not", IS_NEW, "", 0, false},
        {"one that did may do so again", IS_TLS | IS_KNOWN, "", 0, true},
        {"it does", IS_TLS, HEAD, HTTP_2, true},
        {"it does not", IS_TLS | IS_NEW, HEAD, HTTP_1, false},
        {"it does, after all was sent", IS_TLS | LARGE | IS_SENT, HEAD, HTTP_2, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t length = (rows[i].is & LARGE) != 0 ? BODY_LENGTH : 1000;
        int client, server;
        if (!pair_connect(&client, &server))
            return;
        begin(rows[i].head, "", rows[i].version);
        check_row = rows[i].why;
        early.is_tls = (rows[i].is & IS_TLS) != 0;
        told.sent = (rows[i].is & IS_SENT) != 0 ? (curl_off_t)length : 0;
        told.connects = (rows[i].is & IS_NEW) != 0;
        told.port = pair_port(client);
        CHECK(sim_sockets_add(&lane.sockets, client));
        if ((rows[i].is & IS_KNOWN) != 0)
            sim_sockets_let_talk(&lane.sockets, client);
        sim_early_hold_resets(&early, &lane, &head, length);
        CHECK(lane.sockets.open[0].resets.are_held == rows[i].may_send);
        sim_lane_hold_resets(&lane);
        sim_early_let_resets_through(&early, &lane, &head, length, moved_ms);
        CHECK(lane.sockets.open[0].resets.are_held == rows[i].may_send);
        sim_sockets_remove(&lane.sockets, client);
        (void)close(client);
        (void)close(server);
        end();
    }
}

static void after_a_quick_answer_in_frames_they_are_held_on(void)
{
    static const struct {
        const char *why;
        bool is_tls;
        long version;
        int64_t began_ms; /* before now */
        bool is_reset, are_held;
    } rows[] = {
        {"quick", true, CURL_HTTP_VERSION_2_0, 0, false, true},
        {"slow", true, CURL_HTTP_VERSION_2_0, 11, false, false},
        {"not in frames", true, CURL_HTTP_VERSION_1_1, 0, false, false},
        {"frames without TLS", false, CURL_HTTP_VERSION_2_0, 0, false, false},
        {"reset", true, CURL_HTTP_VERSION_2_0, 0, true, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int client, server;
        if (!pair_connect(&client, &server))
            return;
        begin(HEAD, "", rows[i].version);
        check_row = rows[i].why;
        early.is_tls = rows[i].is_tls;
        told.port = pair_port(client);
        CHECK(sim_sockets_add(&lane.sockets, client));
        sim_lane_hold_resets(&lane);
        if (rows[i].is_reset)
            pair_reset(server);
        sim_early_end(&early, &lane, sim_clock_monotonic_ms() - rows[i].began_ms);
        CHECK(lane.sockets.open[0].resets.are_held == rows[i].are_held);
        CHECK(sim_sockets_are_in_doubt(&lane.sockets) == rows[i].is_reset);
        sim_sockets_remove(&lane.sockets, client);
        (void)close(client);
        if (!rows[i].is_reset)
            (void)close(server);
        end();
    }
}

static void without_memory_the_object_is_read_another_time(void)
{
    long allowed = 0;
    bool was_refused = true;

    begin(HEAD "\r\n", OBJECT, CURL_HTTP_VERSION_2_0);
    for (; was_refused; allowed++) {
        bool whole;
        sim_memory_fail_after(allowed);
        whole = is_whole();
        was_refused = sim_memory_has_failed() != 0;
        sim_memory_fail_after(-1);
        CHECK(whole != was_refused);
    }
    CHECK(allowed > 1);
    end();
}

static const struct check_test tests[] = {
    TEST(a_length_or_the_document_tells_that_an_answer_is_whole),
    TEST(an_object_may_come_in_parts_and_grow_large),
    TEST(the_head_may_be_enough_when_nothing_moves_any_more),
    TEST(the_frame_that_ends_an_answer_is_enough),
    TEST(a_failure_leaves_what_has_come),
    TEST(so_it_does_when_all_was_sent_where_the_answer_has_its_end_in_itself),
    TEST(when_libcurl_may_send),
    TEST(after_a_quick_answer_in_frames_they_are_held_on),
    TEST(without_memory_the_object_is_read_another_time),
};

CHECK_MAIN(tests)
