#include "python/word.h"

int pysim_word_register(struct pysim_state *state)
{
#define PYSIM_WORD_TEXT(name, text) text,
    static const char *const texts[] = {PYSIM_WORDS(PYSIM_WORD_TEXT)};
#undef PYSIM_WORD_TEXT

    state->words = pysim_state_intern(texts, PYSIM_WORD_COUNT);
    return state->words != NULL ? 0 : -1;
}
