/* Heads of answers: bounded, the last status line's fields alone, values trimmed, and never two
 * lengths.
 *
 * Input: header lines, given one by one with their line ends. */
#include "core/head.h"

#include <strings.h>

#include "fuzz.h"

static bool is_blank(char character)
{
    return strchr(" \t\r\n", character) != NULL; /* a NUL too: nothing holds one */
}

static void check(const struct sim_head *head)
{
    struct sim_text reason = sim_head_reason(head), value, again;
    static const char *const fields[] = {"Content-Length", "content-type", "X", ""};

    CHECK(head->lines.length <= SIM_HEAD_LIMIT && head->total <= SIM_HEAD_LIMIT);
    CHECK(reason.length == 0 ||
          (!is_blank(reason.data[0]) && !is_blank(reason.data[reason.length - 1])));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!sim_head_find(head, fields[i], &value))
            continue;
        CHECK(value.length == 0 ||
              (!is_blank(value.data[0]) && !is_blank(value.data[value.length - 1])));
        CHECK(sim_head_find(head, fields[i], &again) && again.data == value.data);
    }
    if (head->has_length) {
        bool is_found = sim_head_find(head, "CONTENT-LENGTH", &value);
        CHECK(is_found || head->lines.data == NULL || strchr(head->lines.data, ':') != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_head head;
    struct sim_error error = {SIM_OK, ""};

    sim_head_init(&head);
    while (input.left > 0 && error.status == SIM_OK) {
        struct sim_text line = fuzz_until(&input, '\n'), whole;
        char *longer = calloc(line.length + 1, 1);
        bool had_length = head.has_length && head.lines.length > 0;
        unsigned long long length = head.content_length;
        CHECK(longer != NULL);
        memcpy(longer, line.data, line.length);
        longer[line.length] = '\n';
        whole = fuzz_copy(longer, line.length + 1);
        if (sim_head_add_line(&head, whole, &error) != SIM_OK)
            CHECK(error.status == SIM_LIMIT || error.status == SIM_AMBIGUOUS);
        else if (had_length && head.has_length && strncasecmp(longer, "HTTP/", 5) != 0)
            CHECK(head.content_length == length);
        check(&head);
        fuzz_free(whole);
        fuzz_free(line);
        free(longer);
    }
    sim_head_fini(&head);
    return 0;
}
