#include "core/text.h"

#include <string.h>

struct sim_text sim_text_of(const char *string)
{
    return (struct sim_text){string, strlen(string)};
}

struct sim_text sim_text_skip(struct sim_text text, size_t length)
{
    return (struct sim_text){text.data + length, text.length - length};
}

bool sim_text_is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

struct sim_text sim_text_trim(struct sim_text text)
{
    while (text.length > 0 && sim_text_is_blank(text.data[0]))
        text = sim_text_skip(text, 1);
    while (text.length > 0 && sim_text_is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

bool sim_text_equals(struct sim_text one, struct sim_text other)
{
    return one.length == other.length &&
           (one.length == 0 || memcmp(one.data, other.data, one.length) == 0);
}

static int to_lower(int character)
{
    return character >= 'A' && character <= 'Z' ? character - 'A' + 'a' : character;
}

bool sim_text_equals_nocase(struct sim_text one, struct sim_text other)
{
    if (one.length != other.length)
        return false;
    for (size_t i = 0; i < one.length; i++)
        if (to_lower(one.data[i]) != to_lower(other.data[i]))
            return false;
    return true;
}

bool sim_text_starts_nocase(struct sim_text text, struct sim_text prefix)
{
    if (text.length < prefix.length)
        return false;
    text.length = prefix.length;
    return sim_text_equals_nocase(text, prefix);
}

bool sim_text_ends_nocase(struct sim_text text, struct sim_text suffix)
{
    return text.length >= suffix.length &&
           sim_text_equals_nocase(sim_text_skip(text, text.length - suffix.length), suffix);
}
