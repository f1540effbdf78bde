#include "core/deadline.h"

#include <stddef.h>

enum sim_status sim_deadline_left(const struct sim_timeouts *timeouts,
                                  const struct sim_progress *progress, int64_t now_ms,
                                  int64_t limit_ms, int64_t *left_ms, struct sim_error *error)
{
    const struct {
        int64_t length_ms, since_ms;
        const char *what;
    } deadlines[] = {
        {progress->was_sent ? 0 : timeouts->connect_ms, progress->active_ms,
         "No connection within the timeout"},
        {progress->was_sent ? timeouts->read_ms : 0, progress->active_ms,
         "The server was silent for too long"},
        {timeouts->total_ms, progress->started_ms, "The whole exchange took too long"},
    };

    *left_ms = limit_ms;
    for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++) {
        int64_t left = deadlines[i].since_ms + deadlines[i].length_ms - now_ms;
        if (deadlines[i].length_ms == 0)
            continue;
        if (left <= 0)
            return sim_fail(error, SIM_TIMED_OUT, "%s", deadlines[i].what);
        if (left < *left_ms)
            *left_ms = left;
    }
    return SIM_OK;
}

int64_t sim_deadline_to_connect(const struct sim_timeouts *timeouts)
{
    int64_t connect_ms = timeouts->connect_ms, total_ms = timeouts->total_ms;

    return connect_ms == 0 || (total_ms != 0 && total_ms < connect_ms) ? total_ms : connect_ms;
}
