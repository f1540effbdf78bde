/* What the harnesses share: a check that ends the program, and a reader of the input.
 *
 * A harness is one LLVMFuzzerTestOneInput(). libFuzzer calls it with inputs of its
 * own making (make fuzz), replay.c with the files of corpus/ (make test). */
#ifndef SIM_TESTS_FUZZ_H
#define SIM_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/url.h" /* struct sim_text */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds in every build, unlike assert(). */
#define CHECK(condition)                                                                           \
    ((condition) ? (void)0 : fuzz_fail("does not hold", #condition, __FILE__, __LINE__))

static inline void fuzz_fail(const char *what, const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, condition);
    abort();
}

/* What of the input has not been read yet. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* The next byte, or 0 after the last. */
static inline unsigned char fuzz_byte(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

/* A block of exactly these bytes, so that reading past them is seen; to be freed. */
static inline struct sim_text fuzz_copy(const void *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    CHECK(copy != NULL);
    if (length > 0)
        memcpy(copy, bytes, length);
    return (struct sim_text){copy, length};
}

static inline void fuzz_free(struct sim_text text)
{
    free((char *)text.data);
}

/* The bytes up to the next `end`, which is consumed, as a block of their own. */
static inline struct sim_text fuzz_until(struct fuzz_input *input, char end)
{
    const uint8_t *mark = input->left > 0 ? memchr(input->at, end, input->left) : NULL;
    size_t length = mark != NULL ? (size_t)(mark - input->at) : input->left;
    struct sim_text text = fuzz_copy(input->at, length);

    input->at += length + (mark != NULL);
    input->left -= length + (mark != NULL);
    return text;
}

/* All that is left, as a block of its own. */
static inline struct sim_text fuzz_rest(struct fuzz_input *input)
{
    struct sim_text text = fuzz_copy(input->at, input->left);

    input->left = 0;
    return text;
}

/* A C string of the same bytes, cut at a NUL; to be freed. */
static inline char *fuzz_string(struct sim_text text)
{
    char *string = calloc(text.length + 1, 1);

    CHECK(string != NULL);
    if (text.length > 0)
        memcpy(string, text.data, text.length);
    return string;
}

static inline bool fuzz_equal(struct sim_text one, struct sim_text other)
{
    return one.length == other.length &&
           (one.length == 0 || memcmp(one.data, other.data, one.length) == 0);
}

#endif
