#include "core/reason.h"

#include <errno.h>
#include <stddef.h>

static const struct {
    long number;
    const char *words;
} reasons[] = {
    {EACCES, "permission denied"},
    {EPERM, "permission denied"},
    {ELOOP, "too many symbolic links"},
    {ENAMETOOLONG, "its name is too long"},
    {EMFILE, "too many open files in this process"},
    {ENFILE, "too many open files in the system"},
    {ECONNREFUSED, "connection refused"},
    {ENETUNREACH, "network unreachable"},
    {EHOSTUNREACH, "no route to host"},
    {EADDRNOTAVAIL, "no address or port to connect from"},
    {EINVAL, "no such address can be connected to"},
};

const char *sim_reason_of(long number)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].number == number)
            return reasons[i].words;
    return NULL;
}
