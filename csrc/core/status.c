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

enum sim_status sim_fail_no_memory(struct sim_error *error, const char *what)
{
    return sim_fail(error, SIM_NO_MEMORY, "No memory for %s", what);
}
