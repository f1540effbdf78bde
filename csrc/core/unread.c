#include "core/unread.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/text.h"

enum { PIECE = 16 * 1024 };

void sim_unread_fetch(struct sim_buffer *bytes, int descriptor)
{
    char *place = NULL;

    sim_buffer_clear(bytes);
    while (sim_buffer_reserve(bytes, PIECE, &place) == SIM_OK) {
        ssize_t length = recv(descriptor, place, PIECE, MSG_DONTWAIT);
        sim_buffer_commit(bytes, length > 0 ? (size_t)length : 0);
        if (length <= 0)
            return;
    }
}

static struct sim_text take(struct sim_text *text, size_t length)
{
    struct sim_text taken = {text->data, length};

    *text = sim_text_skip(*text, length);
    return taken;
}

/* The next line with its end; false when it has none. */
static bool take_line(struct sim_text *text, struct sim_text *line)
{
    const char *end = text->length > 0 ? memchr(text->data, '\n', text->length) : NULL;

    if (end == NULL)
        return false;
    *line = take(text, (size_t)(end + 1 - text->data));
    return true;
}

static bool is_empty_line(struct sim_text line)
{
    return line.length == 1 || (line.length == 2 && line.data[0] == '\r');
}

/* The number that begins a chunk's first line; false for none, and for one too large to be here. */
static bool parse_size(struct sim_text line, size_t *size)
{
    size_t digits = strspn(line.data, "0123456789abcdefABCDEF"); /* stops at the line's end */

    if (digits == 0 || line.data[digits] == '\0' || strchr("; \t\r\n", line.data[digits]) == NULL)
        return false;
    *size = strtoul(line.data, NULL, 16);
    return *size <= SIM_UNREAD_MOST;
}

static bool take_chunks(struct sim_text *rest, struct sim_buffer *body)
{
    struct sim_text line;
    size_t size = 0;

    while (take_line(rest, &line) && parse_size(line, &size)) {
        if (size > 0) {
            if (size > rest->length ||
                sim_buffer_append(body, take(rest, size).data, size) != SIM_OK ||
                !take_line(rest, &line) || !is_empty_line(line))
                return false;
            continue;
        }
        while (take_line(rest, &line)) /* trailers */
            if (is_empty_line(line))
                return true;
        return false;
    }
    return false;
}

static bool take_body(struct sim_text rest, const struct sim_head *head, struct sim_buffer *body)
{
    struct sim_text encoding;

    if (sim_head_find(head, "content-encoding", &encoding) &&
        !sim_text_equals_nocase(encoding, sim_text_of("identity")))
        return false;
    if (head->http_status == 204 || head->http_status == 304)
        return true;
    if (head->is_chunked)
        return take_chunks(&rest, body);
    return head->has_length && head->content_length <= rest.length &&
           sim_buffer_append(body, rest.data, (size_t)head->content_length) == SIM_OK;
}

bool sim_unread_parse(const struct sim_buffer *bytes, struct sim_head *head,
                      struct sim_buffer *body)
{
    struct sim_text rest = {bytes->data, bytes->length}, line;
    bool is_good = true;

    sim_head_reset(head);
    sim_buffer_clear(body);
    /* Interim answers are passed over. */
    while (is_good && !sim_head_is_final(head))
        is_good = take_line(&rest, &line) && sim_head_add_line(head, line, NULL) == SIM_OK;
    if (is_good && take_body(rest, head, body))
        return true;
    sim_head_reset(head);
    sim_buffer_clear(body);
    return false;
}

bool sim_unread_may_go_on(const struct sim_buffer *body)
{
    size_t length = body->length;

    while (length > 0 && sim_text_is_blank(body->data[length - 1]))
        length--;
    return length > 0 && isdigit((unsigned char)body->data[length - 1]);
}
