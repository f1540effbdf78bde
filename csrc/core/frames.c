#include "core/frames.h"

#include <string.h>

/* True when the text begins so, which is skipped then. */
static bool take(struct sim_text *text, const char *word)
{
    size_t length = strlen(word);
    bool begins = text->length >= length && memcmp(text->data, word, length) == 0;

    if (begins)
        *text = sim_text_skip(*text, length);
    return begins;
}

/* The number that the text begins with, which is skipped; 0 where there is none. A stream's has 31
 * bits. */
static unsigned take_number(struct sim_text *text)
{
    unsigned number = 0;

    while (text->length > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        number = number * 10 + (unsigned)(text->data[0] - '0');
        *text = sim_text_skip(*text, 1);
    }
    return number;
}

static bool contains(struct sim_text text, const char *word)
{
    while (text.length > 0) {
        if (take(&text, word))
            return true;
        text = sim_text_skip(text, 1);
    }
    return false;
}

/* Such lines are: "[HTTP/2] [1] -> FRAME[HEADERS, len=172, hend=1, eos=0]", and with "<-" and DATA
 * for what has come. */
void sim_frames_read(struct sim_frames *frames, struct sim_text line)
{
    unsigned stream;

    if (!take(&line, "[HTTP/2] ["))
        return;
    stream = take_number(&line);
    if (take(&line, "] -> FRAME[HEADERS, "))
        *frames = (struct sim_frames){.stream = stream};
    else if (stream == frames->stream &&
             (take(&line, "] <- FRAME[HEADERS, ") || take(&line, "] <- FRAME[DATA, ")))
        frames->has_ended = frames->has_ended || contains(line, ", eos=1");
}
