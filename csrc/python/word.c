#include "python/word.h"

int pysim_word_register(struct pysim_state *state)
{
#define WORD_TEXT(name, text) text,
    static const char *const texts[] = {PYSIM_WORDS(WORD_TEXT)};

    state->words = pysim_state_intern(texts, PYSIM_WORD_COUNT);
    return state->words != NULL ? 0 : -1;
}
