/* Lines as libcurl 8.12.1 and 8.23.0 wrote them, and others. */
#include "core/frames.h"

#include <stdlib.h>

#include "check.h"

static void read_all(struct sim_frames *frames, const char *const *lines)
{
    *frames = (struct sim_frames){0};
    for (; *lines != NULL; lines++)
        sim_frames_read(frames, text_of(*lines));
}

#define SENT "[HTTP/2] [3] -> FRAME[HEADERS, len=172, hend=1, eos=0]\n"

static void the_end_of_the_answer_to_the_request_is_seen(void)
{
    static const struct {
        const char *why, *lines[5];
        bool has_ended;
    } rows[] = {
        {"nothing but the request", {SENT}, false},
        {"data", {SENT, "[HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]\n"}, true},
        {"no body", {SENT, "[HTTP/2] [3] <- FRAME[HEADERS, len=1, hend=1, eos=1]\n"}, true},
        {"no line's end", {SENT, "[HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]"}, true},
        {"and what follows",
         {SENT, "[HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]\n",
          "[HTTP/2] [3] <- FRAME[RST_STREAM, len=4, flags=0]\n",
          "[HTTP/2] [0] <- FRAME[GOAWAY, error=0, reason='', last_stream=3]\n"},
         true},
        {"more to come",
         {SENT, "[HTTP/2] [3] <- FRAME[HEADERS, len=1, hend=1, eos=0]\n",
          "[HTTP/2] [3] <- FRAME[DATA, len=5, eos=0, padlen=0]\n"},
         false},
        {"of another stream",
         {SENT, "[HTTP/2] [1] <- FRAME[DATA, len=5, eos=1, padlen=0]\n"},
         false},
        {"before the request",
         {"[HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]\n", SENT},
         false},
        {"the end of the request",
         {SENT, "[HTTP/2] [3] -> FRAME[DATA, len=5, eos=1, padlen=0]\n"},
         false},
        {"a frame of another kind",
         {SENT, "[HTTP/2] [3] <- FRAME[PRIORITY, len=5, eos=1]\n"},
         false},
        {"what a server may have others write",
         {SENT, "[HTTP/2] [3] header: a: [HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]\n",
          "* [HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]\n"},
         false},
        {"nothing to go by",
         {SENT, "", "\n", "[HTTP/2] [3] <- FRAME[DATA", "[HTTP/2] [3] <- FRAME[DATA, len=5]"},
         false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *lines[COUNT(rows[i].lines) + 1] = {NULL};
        struct sim_frames frames;

        check_row = rows[i].why;
        memcpy(lines, rows[i].lines, sizeof rows[i].lines);
        read_all(&frames, lines);
        CHECK(frames.has_ended == rows[i].has_ended);
    }
}

static void a_line_is_read_to_its_end_and_no_further(void)
{
    static const char line[] = "[HTTP/2] [3] <- FRAME[DATA, len=5, eos=1, padlen=0]";
    static const size_t needed = sizeof "[HTTP/2] [3] <- FRAME[DATA, len=5, eos=1" - 1;

    for (size_t length = 0; length < sizeof line; length++) {
        struct sim_frames frames = {.stream = 3};
        char *copy = malloc(length); /* so that a sanitizer sees what is read beyond it */
        if (!CHECK(copy != NULL || length == 0))
            return;
        if (length > 0)
            memcpy(copy, line, length);
        sim_frames_read(&frames, (struct sim_text){copy, length});
        CHECK(frames.has_ended == (length >= needed));
        free(copy);
    }
}

static const struct check_test tests[] = {
    TEST(the_end_of_the_answer_to_the_request_is_seen),
    TEST(a_line_is_read_to_its_end_and_no_further),
};

CHECK_MAIN(tests)
