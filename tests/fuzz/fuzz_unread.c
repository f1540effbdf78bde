/* Answers out of a dead connection: read whole or not at all, and bytes behind the end of one that
 * says its end change nothing.
 *
 * Input: what the connection held. */
#include "core/unread.h"

#include "fuzz.h"

enum { MOST_BODY = 1000 };

static bool parse(struct sim_text text, struct sim_head *head, struct sim_buffer *body)
{
    struct sim_text copy = fuzz_copy(text.data, text.length);
    struct sim_buffer bytes = {(char *)copy.data, copy.length, copy.length, SIZE_MAX};
    bool is_whole = sim_unread_parse(&bytes, head, body);

    fuzz_free(copy);
    if (is_whole)
        CHECK(head->is_complete && head->http_status >= 200 && body->length <= text.length &&
              body->length <= MOST_BODY);
    else
        CHECK(head->total == 0 && !head->is_complete && body->length == 0);
    return is_whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_head heads[2];
    struct sim_buffer bodies[2];

    for (int i = 0; i < 2; i++) {
        sim_head_init(&heads[i]);
        sim_buffer_init(&bodies[i], MOST_BODY);
    }
    if (size > 0 && parse((struct sim_text){(const char *)data, size - 1}, &heads[0], &bodies[0]) &&
        (heads[0].has_length || heads[0].is_chunked)) {
        CHECK(parse((struct sim_text){(const char *)data, size}, &heads[1], &bodies[1]));
        CHECK(heads[1].http_status == heads[0].http_status);
        CHECK(fuzz_equal((struct sim_text){bodies[0].data, bodies[0].length},
                         (struct sim_text){bodies[1].data, bodies[1].length}));
    }
    for (int i = 0; i < 2; i++) {
        sim_head_fini(&heads[i]);
        sim_buffer_fini(&bodies[i]);
    }
    return 0;
}
