/* The event-stream parser: however the bytes are cut, the events are the same, and they are those
 * of the WHATWG's rules read over the whole input.
 *
 * Input: a byte for the cuts, a byte for the limit (0: none), the stream. */
#include "core/sse.h"

#include "fuzz.h"

enum { NO_LIMIT = 1 << 24 };

struct log {
    struct sim_buffer events; /* type, data, each with a mark behind it */
    enum sim_status status;
};

static void note(struct log *log, struct sim_text text)
{
    size_t length = text.length;

    CHECK(sim_buffer_append(&log->events, (const char *)&length, sizeof length) == SIM_OK);
    CHECK(length == 0 || sim_buffer_append(&log->events, text.data, length) == SIM_OK);
}

static void note_event(struct log *log, struct sim_text type, struct sim_text data)
{
    note(log, type);
    note(log, data);
}

/* Parses `stream` cut into pieces of 1...`most` bytes, each in memory of its own. */
static struct log parse(struct sim_text stream, size_t limit, size_t most)
{
    struct log log = {{0}, SIM_OK};
    struct sim_sse parser;
    struct sim_sse_event event;
    size_t at = 0, number = most;
    bool found = true;

    sim_buffer_init(&log.events, SIZE_MAX);
    sim_sse_init(&parser, limit);
    while (at < stream.length && log.status == SIM_OK) {
        size_t length = number % most + 1;
        struct sim_text piece;
        number = number * 1103515245 + 12345;
        if (length > stream.length - at)
            length = stream.length - at;
        piece = fuzz_copy(stream.data + at, length);
        sim_sse_feed(&parser, piece);
        do {
            log.status = sim_sse_next(&parser, &event, &found, NULL);
            if (log.status == SIM_OK && found) {
                CHECK(event.data.length <= limit && event.type.length <= limit);
                note_event(&log, event.type, event.data);
            }
        } while (log.status == SIM_OK && found);
        CHECK(log.status == SIM_OK || log.status == SIM_LIMIT);
        fuzz_free(piece);
        at += length;
    }
    sim_sse_fini(&parser);
    return log;
}

/* The same without the parser: lines first, then fields, then events. */
static struct log read_as_described(struct sim_text stream)
{
    struct log log = {{0}, SIM_OK};
    char *data = calloc(stream.length + 1, 1), *type = calloc(stream.length + 1, 1);
    size_t data_length = 0, type_length = 0, at = 0;

    CHECK(data != NULL && type != NULL);
    sim_buffer_init(&log.events, SIZE_MAX);
    if (stream.length >= 3 && memcmp(stream.data, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    for (;;) {
        const char *line = stream.data + at, *value;
        size_t length = 0, name_length, value_length;
        while (at + length < stream.length && line[length] != '\r' && line[length] != '\n')
            length++;
        if (at + length == stream.length)
            break; /* a line without an end is none */
        at += length + 1;
        if (line[length] == '\r' && at < stream.length && stream.data[at] == '\n')
            at++;
        if (length == 0) {
            if (data_length > 0)
                note_event(&log, (struct sim_text){type, type_length},
                           (struct sim_text){data, data_length - 1});
            data_length = type_length = 0;
            continue;
        }
        for (name_length = 0; name_length < length && line[name_length] != ':';)
            name_length++;
        value = line + name_length + (name_length < length);
        value_length = (size_t)(line + length - value);
        if (value_length > 0 && *value == ' ') {
            value++;
            value_length--;
        }
        if (name_length == 4 && memcmp(line, "data", 4) == 0) {
            memcpy(data + data_length, value, value_length);
            data_length += value_length;
            data[data_length++] = '\n';
        }
        else if (name_length == 5 && memcmp(line, "event", 5) == 0) {
            memcpy(type, value, value_length);
            type_length = value_length;
        }
    }
    free(data);
    free(type);
    return log;
}

static bool is_same(const struct log *one, const struct log *other)
{
    return one->status == other->status &&
           fuzz_equal((struct sim_text){one->events.data, one->events.length},
                      (struct sim_text){other->events.data, other->events.length});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    size_t cuts = fuzz_byte(&input), limit = fuzz_byte(&input);
    struct sim_text stream = fuzz_rest(&input);
    struct log described = read_as_described(stream);
    const size_t limits[] = {NO_LIMIT, limit > 0 ? limit : NO_LIMIT};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct log whole = parse(stream, limits[i], NO_LIMIT);
        struct log pieces = parse(stream, limits[i], cuts + 1);
        struct log bytes = parse(stream, limits[i], 1);
        CHECK(is_same(&whole, &pieces));
        CHECK(is_same(&whole, &bytes));
        CHECK(limits[i] < NO_LIMIT || is_same(&whole, &described));
        sim_buffer_fini(&whole.events);
        sim_buffer_fini(&pieces.events);
        sim_buffer_fini(&bytes.events);
    }
    sim_buffer_fini(&described.events);
    fuzz_free(stream);
    return 0;
}
