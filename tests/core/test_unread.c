/* What a dead connection still holds is fetched, and an answer in it is read or refused whole. */
#include "core/unread.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static void what_a_socket_holds_is_fetched_without_waiting(void)
{
    enum { LENGTH = 50000 };
    struct sim_buffer bytes;
    char *said = malloc(LENGTH);
    int ends[2];

    if (!CHECK(said != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0))
        return;
    memset(said, 'x', LENGTH);
    sim_buffer_init(&bytes, SIM_UNREAD_MOST);
    sim_unread_fetch(&bytes, ends[0]);
    CHECK_INT(bytes.length, 0);
    CHECK_INT(send(ends[1], said, LENGTH, MSG_DONTWAIT), LENGTH);
    sim_unread_fetch(&bytes, ends[0]);
    CHECK_BYTES(bytes.data, bytes.length, said, LENGTH);
    CHECK_INT(send(ends[1], "new", 3, MSG_DONTWAIT), 3);
    (void)close(ends[1]);
    sim_unread_fetch(&bytes, ends[0]);
    CHECK_BUFFER(bytes, "new");
    sim_unread_fetch(&bytes, -1);
    CHECK_INT(bytes.length, 0);
    sim_buffer_fini(&bytes);
    (void)close(ends[0]);
    free(said);
}

static void no_more_is_fetched_than_memory_and_limit_allow(void)
{
    struct sim_buffer bytes;
    int ends[2];

    if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0))
        return;
    CHECK_INT(send(ends[1], "bytes", 5, MSG_DONTWAIT), 5);
    sim_buffer_init(&bytes, SIM_UNREAD_MOST);
    sim_memory_fail_after(0);
    sim_unread_fetch(&bytes, ends[0]);
    sim_memory_fail_after(-1);
    CHECK_INT(bytes.length, 0);
    bytes.limit = 4;
    sim_unread_fetch(&bytes, ends[0]);
    CHECK_INT(bytes.length, 0);
    sim_buffer_fini(&bytes);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *bytes;
    long http_status;
    const char *body; /* NULL: refused */
} rows[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 200, "hello"},
    {"HTTP/1.1 413 Too Large\nContent-Length: 0\n\n", 413, ""},
    {"HTTP/1.1 204 No Content\r\n\r\nno body", 204, ""},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", 401, "no"},
    {"HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 5\r\n\r\nplain", 200,
     "plain"},
    {CHUNKED "5\r\nhello\r\n0\r\n\r\n", 200, "hello"},
    {CHUNKED "3;x=1\r\nhel\r\n2 \r\nlo\r\n000\r\nX-Late: 1\r\n\r\n", 200, "hello"},
    {CHUNKED "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", 200, "abcdefghijklmnopqrstuvwxyz"},
    {CHUNKED "1A\nabcdefghijklmnopqrstuvwxyz\n0\n\n", 200, "abcdefghijklmnopqrstuvwxyz"},

    {"", 0, NULL},
    {"HTTP/1.1 200 OK", 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", 0, NULL},
    {"HTTP/1.1 100 Continue\r\n\r\n", 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 0, NULL},
    {"HTTP/1.1 200 OK\r\n\r\nto the end", 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\npacked", 0, NULL},
    {"HTTP/1.1 200 OK\r\nno field\r\n\r\nhello", 0, NULL},
    {"\x15\x03\x03\x00\x02\n\n", 0, NULL},
    {CHUNKED, 0, NULL},
    {CHUNKED "5\r\nhello", 0, NULL},
    {CHUNKED "5\r\nhell", 0, NULL},
    {CHUNKED "5\r\nhello\r\n", 0, NULL},
    {CHUNKED "5\r\nhello\r\n0\r\n", 0, NULL},
    {CHUNKED "5\r\nhello!\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "5hello\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "\r\n", 0, NULL},
    {CHUNKED " 5\r\nhello\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "+5\r\nhello\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "-5\r\nhello\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "FFFFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 0, NULL},
    {CHUNKED "100001\r\nhello\r\n0\r\n\r\n", 0, NULL},
};

static void an_answer_is_read_whole_or_not_at_all(void)
{
    struct sim_head head;
    struct sim_buffer body;

    sim_head_init(&head);
    sim_buffer_init(&body, SIZE_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* A block of exactly these bytes and their NUL. */
        struct sim_buffer bytes = {.limit = SIZE_MAX};
        check_row = rows[i].bytes;
        CHECK_STATUS(sim_buffer_append_text(&bytes, rows[i].bytes), SIM_OK);
        CHECK_INT(sim_unread_parse(&bytes, &head, &body), rows[i].body != NULL);
        CHECK_INT(head.is_complete, rows[i].body != NULL);
        CHECK_INT(head.http_status, rows[i].http_status);
        CHECK_BUFFER(body, rows[i].body != NULL ? rows[i].body : "");
        sim_buffer_fini(&bytes);
    }
    sim_buffer_fini(&body);
    sim_head_fini(&head);
}

static void a_head_with_a_nul_is_refused(void)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nX-Cut: a\0b\r\nContent-Length: 5\r\n\r\nhello";
    struct sim_buffer bytes = {.limit = SIZE_MAX}, body = {.limit = SIZE_MAX};
    struct sim_head head;

    sim_head_init(&head);
    CHECK_STATUS(sim_buffer_append(&bytes, text, sizeof text - 1), SIM_OK);
    CHECK(!sim_unread_parse(&bytes, &head, &body));
    CHECK(!head.is_complete);
    sim_buffer_fini(&bytes);
    sim_buffer_fini(&body);
    sim_head_fini(&head);
}

static void a_body_beyond_the_limit_is_refused(void)
{
    struct sim_buffer bytes = {.limit = SIZE_MAX}, body;
    struct sim_head head;

    sim_head_init(&head);
    sim_buffer_init(&body, 4);
    for (size_t i = 0; i < COUNT(rows) && rows[i].body != NULL; i++) {
        check_row = rows[i].bytes;
        sim_buffer_clear(&bytes);
        CHECK_STATUS(sim_buffer_append_text(&bytes, rows[i].bytes), SIM_OK);
        CHECK_INT(sim_unread_parse(&bytes, &head, &body), strlen(rows[i].body) <= 4);
    }
    sim_buffer_fini(&bytes);
    sim_buffer_fini(&body);
    sim_head_fini(&head);
}

static void only_a_number_may_go_on(void)
{
    static const struct {
        struct sim_text body;
        bool may_go_on;
    } bodies[] = {
        {TEXT("12"), true},    {TEXT("1.5 \r\n\t"), true},
        {TEXT("12\0"), false}, {TEXT(""), false},
        {TEXT(" "), false},    {TEXT("true"), false},
        {TEXT("null"), false}, {TEXT("\"a1\""), false},
        {TEXT("[1]"), false},  {TEXT("{\"a\": 1}\n"), false},
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct sim_buffer body = {.limit = SIZE_MAX};
        check_row = bodies[i].body.data;
        CHECK_STATUS(sim_buffer_append(&body, bodies[i].body.data, bodies[i].body.length), SIM_OK);
        CHECK_INT(sim_unread_may_go_on(&body), bodies[i].may_go_on);
        sim_buffer_fini(&body);
    }
}

static enum sim_status read_an_answer(void)
{
    struct sim_buffer bytes = {.limit = SIZE_MAX}, body = {.limit = SIZE_MAX};
    struct sim_head head;
    enum sim_status status = sim_buffer_append_text(&bytes, rows[0].bytes);

    sim_head_init(&head);
    if (status == SIM_OK && !sim_unread_parse(&bytes, &head, &body))
        status = SIM_NO_MEMORY;
    CHECK_INT(head.is_complete, status == SIM_OK);
    CHECK_INT(body.length, status == SIM_OK ? 5 : 0);
    sim_head_fini(&head);
    sim_buffer_fini(&body);
    sim_buffer_fini(&bytes);
    return status;
}

static void without_memory_nothing_is_read(void)
{
    CHECK(check_every_refusal(read_an_answer) >= 3);
}

static const struct check_test tests[] = {
    TEST(what_a_socket_holds_is_fetched_without_waiting),
    TEST(no_more_is_fetched_than_memory_and_limit_allow),
    TEST(an_answer_is_read_whole_or_not_at_all),
    TEST(a_head_with_a_nul_is_refused),
    TEST(a_body_beyond_the_limit_is_refused),
    TEST(only_a_number_may_go_on),
    TEST(without_memory_nothing_is_read),
};

CHECK_MAIN(tests)
