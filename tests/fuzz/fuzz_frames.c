/* Lines of libcurl's trace: what ends an answer is a line that says so of the stream of the last
 * request before it.
 *
 * Input: the lines, each with a line end. */
#include "core/frames.h"

#include "fuzz.h"

enum { START = 10, MOST_DIGITS = 9 };

/* True when the line begins with a stream's number, so many digits, and that. */
static bool begins(const char *line, int digits, const char *rest)
{
    char expected[64];
    int length =
        snprintf(expected, sizeof expected, "[HTTP/2] [%.*s] %s", digits, line + START, rest);

    return strncmp(line, expected, (size_t)length) == 0;
}

static void expect(struct sim_frames *expected, const char *line)
{
    int digits = (int)strspn(line + START, "0123456789");
    unsigned stream = (unsigned)strtoul(line + START, NULL, 10);

    if (begins(line, digits, "-> FRAME[HEADERS, "))
        *expected = (struct sim_frames){.stream = stream};
    else if (begins(line, digits, "<- FRAME[HEADERS, ") || begins(line, digits, "<- FRAME[DATA, "))
        expected->has_ended =
            expected->has_ended ||
            (stream == expected->stream && strstr(strchr(line, ',') + 2, ", eos=1") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_frames frames = {0}, expected = {0};

    while (input.left > 0) {
        struct sim_text line = fuzz_until(&input, '\n');
        char *string = fuzz_string(line);
        bool is_string = strlen(string) == line.length; /* the C library stops at a NUL */
        if (line.length < START ||
            (is_string && strspn(string + START, "0123456789") <= MOST_DIGITS)) {
            sim_frames_read(&frames, line);
            if (line.length >= START)
                expect(&expected, string);
            CHECK(frames.has_ended == expected.has_ended && frames.stream == expected.stream);
        }
        free(string);
        fuzz_free(line);
    }
    return 0;
}
