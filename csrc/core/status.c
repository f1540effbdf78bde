#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>

enum sim_status sim_fail(struct sim_error *error, enum sim_status status, const char *format, ...)
{
    if (error != NULL && error->status == SIM_OK) {
        va_list arguments;
        error->status = status;
        va_start(arguments, format);
        (void)vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

const char *sim_status_meaning(enum sim_status status)
{
    switch (status) {
    case SIM_OK:
        return "no error";
#define SIM_STATUS_CASE(name, meaning)                                                             \
    case SIM_##name:                                                                               \
        return meaning;
        SIM_STATUSES(SIM_STATUS_CASE)
#undef SIM_STATUS_CASE
    }
    return "unknown status";
}
