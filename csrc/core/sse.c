#include "core/sse.h"

#include <stdint.h>
#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

enum {
    BOM_LENGTH = 3,
    FIRST_WINDOW = 256,                /* most lines are shorter */
    NAME_LENGTH = sizeof "data: " - 1, /* what stands before an event's data in its line */
};

void sim_sse_init(struct sim_sse *parser, size_t event_limit)
{
    *parser = (struct sim_sse){.event_limit = event_limit};
    sim_buffer_init(&parser->line,
                    event_limit < SIZE_MAX - NAME_LENGTH ? event_limit + NAME_LENGTH : SIZE_MAX);
    sim_buffer_init(&parser->data, event_limit);
    sim_buffer_init(&parser->type, event_limit);
}

void sim_sse_fini(struct sim_sse *parser)
{
    sim_buffer_fini(&parser->line);
    sim_buffer_fini(&parser->data);
    sim_buffer_fini(&parser->type);
}

void sim_sse_feed(struct sim_sse *parser, struct sim_text bytes)
{
    parser->input = bytes;
}

static enum sim_status sse_fail(const struct sim_sse *parser, enum sim_status status,
                                struct sim_error *error)
{
    if (status == SIM_LIMIT)
        return sim_fail(error, status, "An event of the stream exceeds %zu bytes",
                        parser->event_limit);
    return sim_fail(error, status, "No memory for an event of the stream");
}

static void skip_input(struct sim_sse *parser, size_t length)
{
    parser->input = sim_text_skip(parser->input, length);
}

/* A mark counts at the very beginning only, and may come in pieces; what turns out to be none is
 * the beginning of the first line. */
static enum sim_status skip_byte_order_mark(struct sim_sse *parser)
{
    enum sim_status status = SIM_OK;
    unsigned matched = parser->bom_matched;

    while (matched < BOM_LENGTH && parser->input.length > 0 &&
           parser->input.data[0] == byte_order_mark[matched]) {
        skip_input(parser, 1);
        matched++;
    }
    if (matched < BOM_LENGTH && parser->input.length > 0) {
        status = sim_buffer_append(&parser->line, byte_order_mark, matched);
        matched = BOM_LENGTH;
    }
    parser->bom_matched = matched;
    return status;
}

/* The next CR or LF, NULL when the input ends before one. Looked for in windows that double, so
 * that the cost is the line's length, whichever of the two ends the lines. */
static const char *find_line_end(struct sim_text input)
{
    size_t window = FIRST_WINDOW;

    while (input.length > 0) {
        size_t length = input.length < window ? input.length : window;
        const char *feed = memchr(input.data, '\n', length);
        const char *carriage =
            memchr(input.data, '\r', feed != NULL ? (size_t)(feed - input.data) : length);
        if (carriage != NULL || feed != NULL)
            return carriage != NULL ? carriage : feed;
        input.data += length;
        input.length -= length;
        window *= 2;
    }
    return NULL;
}

/* Takes the next whole line; false when the input ends in its midst, which is then kept. */
static enum sim_status take_line(struct sim_sse *parser, struct sim_text *line, bool *found)
{
    const char *end;
    enum sim_status status;
    size_t length;

    *found = false;
    if (parser->after_cr && parser->input.length > 0) {
        parser->after_cr = false;
        if (parser->input.data[0] == '\n')
            skip_input(parser, 1);
    }
    if (parser->input.length == 0)
        return SIM_OK;
    end = find_line_end(parser->input);
    length = end != NULL ? (size_t)(end - parser->input.data) : parser->input.length;
    *line = (struct sim_text){parser->input.data, length};
    if (end == NULL || parser->line.length > 0) {
        status = sim_buffer_append(&parser->line, line->data, length);
        if (status != SIM_OK)
            return status;
        *line = sim_buffer_text(&parser->line);
    }
    else if (length > parser->line.limit)
        return SIM_LIMIT;
    skip_input(parser, length);
    if (end == NULL)
        return SIM_OK;
    parser->after_cr = *end == '\r';
    skip_input(parser, 1);
    *found = true;
    return SIM_OK;
}

static bool is_field(struct sim_text name, const char *field)
{
    return sim_text_equals(name, sim_text_of(field));
}

/* Reads one line of fields. The fields id and retry steer a reconnection, and there is none here:
 * a request is not made twice. */
static enum sim_status read_field(struct sim_sse *parser, struct sim_text line)
{
    const char *colon = memchr(line.data, ':', line.length);
    struct sim_text name = line, value = {"", 0};
    enum sim_status status = SIM_OK;

    if (colon != NULL) {
        name.length = (size_t)(colon - line.data);
        value = (struct sim_text){colon + 1, line.length - name.length - 1};
        if (value.length > 0 && value.data[0] == ' ') {
            value.data++;
            value.length--;
        }
    }
    if (is_field(name, "data")) {
        if (parser->has_data)
            status = sim_buffer_append_char(&parser->data, '\n');
        if (status == SIM_OK)
            status = sim_buffer_append(&parser->data, value.data, value.length);
        parser->has_data = true;
    }
    else if (is_field(name, "event")) {
        sim_buffer_clear(&parser->type);
        status = sim_buffer_append(&parser->type, value.data, value.length);
    }
    return status;
}

static void forget_event(struct sim_sse *parser)
{
    sim_buffer_clear(&parser->data);
    sim_buffer_clear(&parser->type);
    parser->has_data = false;
    parser->is_handed_out = false;
}

enum sim_status sim_sse_next(struct sim_sse *parser, struct sim_sse_event *event, bool *found,
                             struct sim_error *error)
{
    enum sim_status status = SIM_OK;
    struct sim_text line;
    bool has_line = true;

    *found = false;
    if (parser->is_handed_out)
        forget_event(parser);
    if (parser->bom_matched < BOM_LENGTH)
        status = skip_byte_order_mark(parser);
    while (status == SIM_OK && !*found) {
        status = take_line(parser, &line, &has_line);
        if (status != SIM_OK || !has_line)
            break;
        if (line.length > 0)
            status = read_field(parser, line);
        else if (parser->has_data) {
            *event = (struct sim_sse_event){
                .data = {parser->data.data, parser->data.length},
                .type = {parser->type.data, parser->type.length},
            };
            parser->is_handed_out = *found = true;
        }
        else
            forget_event(parser);
        sim_buffer_clear(&parser->line);
    }
    return status == SIM_OK ? SIM_OK : sse_fail(parser, status, error);
}
