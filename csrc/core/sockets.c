#include "core/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

bool sim_sockets_add(struct sim_sockets *sockets, int descriptor)
{
    if (sockets->count == SIM_SOCKETS_MOST)
        return false;
    sockets->open[sockets->count++] = descriptor;
    return true;
}

void sim_sockets_remove(struct sim_sockets *sockets, int descriptor)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->open[i] == descriptor) {
            sockets->open[i] = sockets->open[--sockets->count];
            return;
        }
    }
}

bool sim_sockets_are_quiet(const struct sim_sockets *sockets)
{
    char byte;

    for (size_t i = 0; i < sockets->count; i++) {
        if (recv(sockets->open[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
            return false;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return false;
    }
    return true;
}

bool sim_sockets_disarm(struct sim_sockets *sockets)
{
    bool disarmed = true;
    int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null_device < 0)
        return sockets->count == 0;
    for (size_t i = 0; i < sockets->count; i++) {
        if (dup2(null_device, sockets->open[i]) < 0)
            disarmed = false;
        else
            (void)fcntl(sockets->open[i], F_SETFD, FD_CLOEXEC);
    }
    (void)close(null_device);
    return disarmed;
}
