/* A piece of somebody else's text, and how two of them compare.
 *
 * Views only: nothing is owned, nothing ends in a NUL. Letters are ASCII's, whatever the locale
 * says: in a Turkish one, strcasecmp() holds I and i for two letters. */
#ifndef SIM_CORE_TEXT_H
#define SIM_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct sim_text {
    const char *data;
    size_t length;
};

/* Up to its NUL. */
struct sim_text sim_text_of(const char *string);

/* Without its first `length` characters, of which there must be so many. */
struct sim_text sim_text_skip(struct sim_text text, size_t length);

/* A space, a tab, or a part of a line's end. */
bool sim_text_is_blank(char character);

/* Without the blanks around it. */
struct sim_text sim_text_trim(struct sim_text text);

bool sim_text_equals(struct sim_text one, struct sim_text other);

/* The same, letter case aside. */
bool sim_text_equals_nocase(struct sim_text one, struct sim_text other);
bool sim_text_starts_nocase(struct sim_text text, struct sim_text prefix);
bool sim_text_ends_nocase(struct sim_text text, struct sim_text suffix);

#endif
