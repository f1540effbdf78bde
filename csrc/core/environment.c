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

/* A bit for how a name begins: most variables are passed over by it. */
static uint64_t beginning_bit(const char *name)
{
    unsigned first = (unsigned char)name[0];

    return UINT64_C(1) << ((first != 0 ? first * 7 + (unsigned char)name[1] : 0) & 63);
}

void sim_environment_find(const char *const *names, size_t count, const char **values)
{
    uint64_t beginnings = 0;

    for (size_t i = 0; i < count; i++) {
        beginnings |= beginning_bit(names[i]);
        values[i] = NULL;
    }
    for (char **entry = ENVIRON; entry != NULL && *entry != NULL; entry++) {
        if ((beginnings & beginning_bit(*entry)) == 0)
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
