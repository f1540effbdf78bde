/* What the harnesses rely on: each fault that an input names ends the program.
 *
 * Input: a word below; anything else passes. Not a unit: built by the tests alone. */
#include <limits.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_text text = fuzz_copy(data, size);
    char *word = fuzz_string(text);
    volatile int number = INT_MAX;
    volatile size_t place = size;

    if (strcmp(word, "check") == 0)
        CHECK(size == 0);
    if (strcmp(word, "overread") == 0)
        number = text.data[place];
    if (strcmp(word, "undefined") == 0)
        number = number + 1;
    if (strcmp(word, "leak") == 0)
        word = NULL;
    free(word);
    fuzz_free(text);
    return 0;
}
