#include "core/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool identify(int descriptor, struct sim_socket_identity *identity)
{
    struct stat found;

    if (fstat(descriptor, &found) != 0)
        return false;
    *identity = (struct sim_socket_identity){found.st_dev, found.st_ino};
    return true;
}

bool sim_sockets_add(struct sim_sockets *sockets, int descriptor)
{
    if (sockets->count == SIM_SOCKETS_MOST ||
        !identify(descriptor, &sockets->identities[sockets->count]))
        return false;
    sockets->is_talkative[sockets->count] = false;
    sockets->open[sockets->count++] = descriptor;
    return true;
}

void sim_sockets_remove(struct sim_sockets *sockets, int descriptor)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->open[i] == descriptor) {
            sockets->open[i] = sockets->open[--sockets->count];
            sockets->identities[i] = sockets->identities[sockets->count];
            sockets->is_talkative[i] = sockets->is_talkative[sockets->count];
            return;
        }
    }
}

void sim_sockets_let_talk(struct sim_sockets *sockets, int descriptor)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->open[i] == descriptor)
            sockets->is_talkative[i] = true;
}

/* The end may stand behind bytes that are yet to be read, where a peek does not see it. */
static bool is_at_end(int descriptor)
{
#ifdef POLLRDHUP
    struct pollfd asked = {.fd = descriptor, .events = POLLRDHUP};
#else
    struct pollfd asked = {.fd = descriptor};
#endif

    return poll(&asked, 1, 0) != 0;
}

bool sim_sockets_are_quiet(const struct sim_sockets *sockets)
{
    char byte;

    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->is_talkative[i]) {
            if (is_at_end(sockets->open[i]))
                return false;
            continue;
        }
        if (recv(sockets->open[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
            return false;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return false;
    }
    return true;
}

static bool are_all_ours(const struct sim_sockets *sockets)
{
    struct sim_socket_identity now;

    for (size_t i = 0; i < sockets->count; i++)
        if (!identify(sockets->open[i], &now) || now.device != sockets->identities[i].device ||
            now.inode != sockets->identities[i].inode)
            return false;
    return true;
}

bool sim_sockets_disarm(struct sim_sockets *sockets)
{
    bool disarmed = true;
    int null_device;

    if (!are_all_ours(sockets))
        return false;
    null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
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
