#include "core/head.h"

#include <limits.h>
#include <string.h>

/* True when a line is the field of that name; its value comes trimmed. Most lines are not, and are
 * told by the place of their colon. */
static bool is_field(struct sim_text line, struct sim_text name, struct sim_text *value)
{
    if (line.length <= name.length || line.data[name.length] != ':' ||
        !sim_text_starts_nocase(line, name))
        return false;
    *value = sim_text_trim(sim_text_skip(line, name.length + 1));
    return true;
}

/* The bit of a name's length. */
static uint64_t length_bit(size_t length)
{
    return UINT64_C(1) << (length & 63);
}

void sim_head_init(struct sim_head *head)
{
    *head = (struct sim_head){0};
    sim_buffer_init(&head->lines, SIM_HEAD_LIMIT);
}

void sim_head_fini(struct sim_head *head)
{
    sim_buffer_fini(&head->lines);
}

static void begin(struct sim_head *head)
{
    sim_buffer_clear(&head->lines);
    head->name_lengths = 0;
    head->http_status = 0;
    head->is_complete = head->is_chunked = head->has_length = false;
    head->content_length = 0;
}

void sim_head_reset(struct sim_head *head)
{
    begin(head);
    head->total = 0;
}

/* Digits alone: libcurl accepts trailing text, and ignores a number that is too large. */
static bool parse_length(struct sim_text text, unsigned long long *length)
{
    unsigned long long number = 0;

    if (text.length == 0)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = (unsigned)(unsigned char)text.data[i] - '0';
        if (digit > 9 || number > (ULLONG_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *length = number;
    return true;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* "HTTP/1.1 200 OK", or "HTTP/2 200"; the reason and the space before it may be missing. */
static bool parse_status_line(struct sim_text line, long *http_status)
{
    enum { NAME = 5, SHORT = NAME + 1, FULL = NAME + 3 }; /* "HTTP/", with "2", with "1.1" */
    size_t at = line.length > SHORT && line.data[SHORT] == '.' ? FULL : SHORT;
    const char *code;

    if (line.length < at + 4 || !is_digit(line.data[NAME]) || !is_digit(line.data[at - 1]) ||
        line.data[at] != ' ' || (line.length > at + 4 && line.data[at + 4] != ' '))
        return false;
    code = line.data + at + 1;
    if (!is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]))
        return false;
    *http_status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    return true;
}

static enum sim_status note_length(struct sim_head *head, struct sim_text value,
                                   struct sim_error *error)
{
    unsigned long long length;

    if (!parse_length(value, &length))
        return sim_fail(error, SIM_AMBIGUOUS, "The response's Content-Length is not a length");
    if (head->has_length && head->content_length != length)
        return sim_fail(error, SIM_AMBIGUOUS,
                        "The response has two different Content-Length fields (%llu and %llu)",
                        head->content_length, length);
    head->has_length = true;
    head->content_length = length;
    return SIM_OK;
}

/* Notes what says where the body ends. */
static enum sim_status note_field(struct sim_head *head, struct sim_text line,
                                  struct sim_error *error)
{
    const char *colon = memchr(line.data, ':', line.length);
    struct sim_text value;

    if (sim_text_is_blank(line.data[0])) /* folded: it continues the field before */
        return SIM_OK;
    if (colon == NULL || colon == line.data || sim_text_is_blank(colon[-1]))
        return sim_fail(error, SIM_AMBIGUOUS, "The response has a malformed header field");
    head->name_lengths |= length_bit((size_t)(colon - line.data));
    if (is_field(line, sim_text_of("content-length"), &value))
        return note_length(head, value, error);
    if (is_field(line, sim_text_of("transfer-encoding"), &value) &&
        sim_text_ends_nocase(value, sim_text_of("chunked")))
        head->is_chunked = true;
    return SIM_OK;
}

enum sim_status sim_head_add_line(struct sim_head *head, struct sim_text line,
                                  struct sim_error *error)
{
    enum sim_status status;
    char *place = NULL;
    bool begins;

    if (line.length > SIM_HEAD_LIMIT - head->total)
        return sim_fail(error, SIM_LIMIT, "The response's headers exceed %d bytes",
                        (int)SIM_HEAD_LIMIT);
    head->total += line.length;
    while (line.length > 0 &&
           (line.data[line.length - 1] == '\n' || line.data[line.length - 1] == '\r'))
        line.length--;
    begins = !sim_head_is_final(head) && sim_text_starts_nocase(line, sim_text_of("HTTP/"));
    if (begins)
        begin(head);
    else if (head->is_complete)
        return SIM_OK;
    if (line.length == 0) {
        head->is_complete = true;
        return SIM_OK;
    }
    if (memchr(line.data, '\0', line.length) != NULL)
        return sim_fail(error, SIM_AMBIGUOUS, "The response has a NUL byte in its headers");
    if (begins ? !parse_status_line(line, &head->http_status) : head->lines.length == 0)
        return sim_fail(error, SIM_AMBIGUOUS, "The response's status line is malformed");
    status = sim_buffer_reserve(&head->lines, line.length + 1, &place);
    if (status != SIM_OK)
        return sim_fail(error, status, "No memory for the response's headers");
    memcpy(place, line.data, line.length);
    place[line.length] = '\0';
    sim_buffer_commit(&head->lines, line.length + 1);
    return begins ? SIM_OK : note_field(head, line, error);
}

bool sim_head_is_final(const struct sim_head *head)
{
    return head->is_complete && head->http_status >= 200;
}

bool sim_head_has_fields(const struct sim_head *head)
{
    return head->name_lengths != 0;
}

bool sim_head_says_length(const struct sim_head *head)
{
    return head->has_length && !head->is_chunked;
}

bool sim_head_find(const struct sim_head *head, const char *name, struct sim_text *value)
{
    const struct sim_text wanted = sim_text_of(name);
    size_t at = 0;

    /* Most fields that are looked for are not there. */
    if ((head->name_lengths & length_bit(wanted.length)) == 0)
        return false;
    while (at < head->lines.length) {
        struct sim_text line = sim_text_of(head->lines.data + at);
        if (at > 0 && is_field(line, wanted, value))
            return true;
        at += line.length + 1;
    }
    return false;
}

bool sim_head_has_type(const struct sim_head *head, const char *media_type)
{
    struct sim_text type;
    const char *end;

    if (!head->is_complete || !sim_head_find(head, "content-type", &type))
        return false;
    end = memchr(type.data, ';', type.length);
    if (end != NULL)
        type.length = (size_t)(end - type.data);
    return sim_text_equals_nocase(sim_text_trim(type), sim_text_of(media_type));
}

struct sim_text sim_head_reason(const struct sim_head *head)
{
    struct sim_text line = sim_text_of(head->lines.length > 0 ? head->lines.data : "");

    /* "HTTP/1.1 404 Not Found": what follows the second space. */
    for (int words = 0; words < 2; words++) {
        const char *space = memchr(line.data, ' ', line.length);
        if (space == NULL)
            return (struct sim_text){"", 0};
        line = sim_text_skip(line, (size_t)(space + 1 - line.data));
    }
    return sim_text_trim(line);
}
