#include "core/environment.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__ /* where a shared library has no `environ` */
#include <crt_externs.h>
#define ENVIRON (*_NSGetEnviron())
#else
#define ENVIRON environ
#endif

/* The bit of a first character: most variables are passed over by it. */
static uint64_t bit_of(char first)
{
    return UINT64_C(1) << ((unsigned char)first & 63);
}

void sim_environment_find(const char *const *names, size_t count, const char **values)
{
    uint64_t first_characters = 0;

    for (size_t i = 0; i < count; i++) {
        first_characters |= bit_of(names[i][0]);
        values[i] = NULL;
    }
    for (char **entry = ENVIRON; entry != NULL && *entry != NULL; entry++) {
        if ((first_characters & bit_of(**entry)) == 0)
            continue;
        for (size_t i = 0; i < count; i++) {
            size_t length;
            if (names[i][0] != (*entry)[0] || names[i][1] != (*entry)[1] || values[i] != NULL)
                continue;
            length = strlen(names[i]);
            if (strncmp(*entry, names[i], length) == 0 && (*entry)[length] == '=')
                values[i] = *entry + length + 1;
        }
    }
}
