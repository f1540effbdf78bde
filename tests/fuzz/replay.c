/* Stands in for libFuzzer: runs a harness once for each file named, however many there are. */
#include "fuzz.h"

static void replay(const char *path)
{
    static uint8_t bytes[1 << 20]; /* no input of a corpus is larger */
    FILE *file = fopen(path, "rb");
    struct sim_text input;

    if (file == NULL)
        fuzz_fail("cannot be read", path, __FILE__, __LINE__);
    input = fuzz_copy(bytes, fread(bytes, 1, sizeof bytes, file));
    CHECK(feof(file) && !ferror(file));
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.length);
    fuzz_free(input);
}

int main(int count, char **paths)
{
    for (int i = 1; i < count; i++) {
        /* Says which input it was, should the next line be the last. */
        (void)fprintf(stderr, "%s\n", paths[i]);
        replay(paths[i]);
    }
    return 0;
}
