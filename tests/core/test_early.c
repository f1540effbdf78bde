/* Answers that come before the whole request is sent, from a server that resets the connection at
 * once, when libcurl has not looked for an answer: where the reset is held, and where it is not and
 * the next piece cannot be sent.
 *
 * The server is in this program's send(), which libcurl calls instead of the C library's: nothing
 * is left to chance. */
#include "core/early.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "talk.h"

enum { BODY_LENGTH = 200 * 1000 };

#define LENGTH "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct {
    int listener, connection;
    const char *interim; /* said once the first piece is sent; NULL: nothing */
    unsigned pieces;     /* that are sent before the answer comes */
    struct sim_text answer;
    bool has_answered;
    bool keeps; /* the connection, instead of a reset */
    int idle;   /* another connection, on which it then says what nobody asked for */
} server;

static bool holds_resets; /* whether the system does as it is asked */

int setsockopt(int descriptor, int level, int option, const void *value, socklen_t length)
{
    if (level == SOL_SOCKET && option == SO_ATTACH_FILTER && !holds_resets)
        return -1;
    return (int)syscall(SYS_setsockopt, descriptor, level, option, value, length);
}

static void say(int connection, struct sim_text text)
{
    CHECK(write(connection, text.data, text.length) == (ssize_t)text.length);
}

static void accept_connection(void)
{
    if (server.connection < 0)
        server.connection = accept(server.listener, NULL, NULL);
}

static void answer(void)
{
    const struct linger at_once = {.l_onoff = 1};

    accept_connection();
    say(server.connection, server.answer);
    server.has_answered = true;
    if (server.idle >= 0)
        say(server.idle, TEXT(LENGTH "stale"));
    if (server.keeps)
        return;
    CHECK(setsockopt(server.connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    CHECK(close(server.connection) == 0);
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags)
{
    ssize_t sent;

    if (!server.has_answered && server.pieces-- == 0)
        answer();
    sent = sendto(descriptor, bytes, length, flags, NULL, 0);
    if (server.interim != NULL) {
        accept_connection();
        say(server.connection, text_of(server.interim));
        server.interim = NULL;
    }
    return sent;
}

/* POSTs to a server that answers so after so many pieces. */
static void post_body(struct sim_session *session, const char *body, struct sim_text text,
                      unsigned pieces, struct talk_answer *found)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    struct talk talk = {.session = session};
    struct sim_request request;

    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    server.connection = -1;
    server.answer = text;
    server.has_answered = text.data == NULL;
    server.pieces = pieces;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (CHECK(bind(server.listener, (struct sockaddr *)&address, size) == 0) &&
        CHECK(listen(server.listener, 1) == 0) &&
        CHECK(getsockname(server.listener, (struct sockaddr *)&address, &size) == 0)) {
        (void)snprintf(talk.base, sizeof talk.base, "http://127.0.0.1:%d", ntohs(address.sin_port));
        request = talk_request(&talk, "/run", body);
        (void)talk_perform(session, &request, found);
        CHECK(server.has_answered && server.interim == NULL);
    }
    (void)close(server.listener);
}

static void post(struct sim_text text, unsigned pieces, struct talk_answer *found)
{
    struct sim_session *session = sim_http_session_new();
    char *body = malloc(BODY_LENGTH + 1);

    if (CHECK(body != NULL && session != NULL)) {
        memset(body, 'x', BODY_LENGTH);
        body[BODY_LENGTH] = '\0';
        server.idle = -1;
        server.keeps = false;
        post_body(session, body, text, pieces, found);
    }
    sim_session_release(session);
    free(body);
}

static const bool both_ways[] = {true, false};

static void a_whole_answer_is_the_answer(void)
{
    static const struct {
        const char *answer;
        long http_status;
        const char *body;
    } rows[] = {
        {LENGTH "hello", 200, "hello"},
        {CHUNKED "5\r\nhello\r\n0\r\n\r\n", 200, "hello"},
        {"HTTP/1.1 103 Early Hints\r\n\r\n" LENGTH "hello", 200, "hello"},
        {"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno", 413, "no"},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
    };

    for (size_t way = 0; way < COUNT(both_ways); way++)
        for (size_t i = 0; i < COUNT(rows); i++)
            for (unsigned pieces = 0; pieces < 3; pieces++) {
                struct talk_answer answer;
                check_row = rows[i].answer;
                holds_resets = both_ways[way];
                post(text_of(rows[i].answer), pieces, &answer);
                CHECK_STATUS(answer.status, SIM_OK);
                CHECK_INT(answer.http_status, rows[i].http_status);
                CHECK_TEXT(text_of(answer.body), rows[i].body);
                CHECK(answer.was_sent);
            }
}

static void half_an_answer_leaves_the_requests_fate_in_doubt(void)
{
    static const char *const rows[] = {
        "",
        "HTTP/1.1 200 O",
        LENGTH,
        LENGTH "hell",
        CHUNKED "5\r\nhell",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
    };

    for (size_t way = 0; way < COUNT(both_ways); way++)
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct talk_answer answer;
            check_row = rows[i];
            holds_resets = both_ways[way];
            post(text_of(rows[i]), 1, &answer);
            CHECK(answer.status == SIM_AMBIGUOUS || answer.may_be_cut);
        }
}

/* What libcurl reads itself it reads as ever. */
static void a_compressed_answer_is_found_where_resets_are_held(void)
{
    struct talk_answer answer;

    holds_resets = true;
    post(TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 13\r\n\r\n"
              "\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"),
         1, &answer);
    CHECK_STATUS(answer.status, SIM_OK);
    CHECK_TEXT(text_of(answer.body), "hello");
}

/* This one does not end in the path asked for. */
static void such_a_redirect_is_judged_as_ever(void)
{
    struct talk_answer answer;

    holds_resets = false;
    post(TEXT("HTTP/1.1 307 Moved\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"), 1, &answer);
    CHECK_STATUS(answer.status, SIM_OK);
    CHECK_INT(answer.http_status, 307);
    CHECK(answer.refused_redirect);
    CHECK_TEXT(text_of(answer.redirect_host), "127.0.0.1");
}

static void the_answer_after_an_interim_one_is_the_answer(void)
{
    struct talk_answer answer;

    for (size_t way = 0; way < COUNT(both_ways); way++) {
        holds_resets = both_ways[way];
        server.interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
        post(TEXT(LENGTH "hello"), 2, &answer);
        CHECK_STATUS(answer.status, SIM_OK);
        CHECK_TEXT(text_of(answer.body), "hello");
    }
}

/* libcurl closes the oldest of its connections when a fourth is to be kept, which it does for a
 * moment with one that has failed. */
static void what_another_connection_holds_is_not_the_answer(void)
{
    struct sim_session *session = sim_http_session_new();
    int idle[3];
    struct talk_answer answer;

    if (!CHECK(session != NULL))
        return;
    server.idle = -1;
    server.keeps = true;
    for (size_t i = 0; i < COUNT(idle); i++) {
        server.interim = LENGTH "hello";
        post_body(session, "{}", (struct sim_text){NULL, 0}, 0, &answer);
        CHECK_TEXT(text_of(answer.body), "hello");
        idle[i] = server.connection;
        (void)usleep(5000); /* the oldest is known by the millisecond */
    }
    server.idle = idle[0];
    server.keeps = false;
    post_body(session, "{}", TEXT(""), 0, &answer);
    CHECK_STATUS(answer.status, SIM_AMBIGUOUS);
    CHECK_TEXT(text_of(answer.body), "");
    sim_session_release(session);
    for (size_t i = 0; i < COUNT(idle); i++)
        (void)close(idle[i]);
}

static const struct check_test tests[] = {
    TEST(a_whole_answer_is_the_answer),
    TEST(half_an_answer_leaves_the_requests_fate_in_doubt),
    TEST(a_compressed_answer_is_found_where_resets_are_held),
    TEST(such_a_redirect_is_judged_as_ever),
    TEST(the_answer_after_an_interim_one_is_the_answer),
    TEST(what_another_connection_holds_is_not_the_answer),
};

CHECK_MAIN(tests)
