#include "core/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Notes which file the number stands for. */
static bool identify(struct sim_socket *socket)
{
    struct stat found;

    if (fstat(socket->descriptor, &found) != 0)
        return false;
    socket->device = found.st_dev;
    socket->inode = found.st_ino;
    return true;
}

bool sim_sockets_add(struct sim_sockets *sockets, int descriptor)
{
    struct sim_socket added = {.descriptor = descriptor};

    if (sockets->count == SIM_SOCKETS_MOST || !identify(&added))
        return false;
    sockets->open[sockets->count++] = added;
    return true;
}

void sim_sockets_remove(struct sim_sockets *sockets, int descriptor)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->open[i].descriptor == descriptor) {
            /* Without a reset, what the system has still to send would be sent for ever. */
            sim_resets_let_through(&sockets->open[i].resets, descriptor, false, 0);
            sockets->open[i] = sockets->open[--sockets->count];
            return;
        }
    }
}

void sim_sockets_let_talk(struct sim_sockets *sockets, int descriptor)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->open[i].descriptor == descriptor)
            sockets->open[i].is_talkative = true;
}

static bool has_port(const struct sim_socket *socket, long port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof address;

    if (getsockname(socket->descriptor, &address.any, &size) != 0)
        return false;
    return (address.any.sa_family == AF_INET && ntohs(address.ipv4.sin_port) == port) ||
           (address.any.sa_family == AF_INET6 && ntohs(address.ipv6.sin6_port) == port);
}

/* The one that a transfer uses, which is known by its own port. */
static bool is_in_use(const struct sim_sockets *sockets, size_t place, long port)
{
    return sockets->count == 1 || has_port(&sockets->open[place], port);
}

bool sim_sockets_may_talk(const struct sim_sockets *sockets, long port)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->open[i].is_talkative && is_in_use(sockets, i, port))
            return true;
    return false;
}

void sim_sockets_hold_resets(struct sim_sockets *sockets, long port)
{
    sockets->port_in_use = port;
    for (size_t i = 0; i < sockets->count; i++)
        if (!sockets->open[i].resets.are_held && is_in_use(sockets, i, port))
            sim_resets_hold(&sockets->open[i].resets, sockets->open[i].descriptor);
}

void sim_sockets_keep_resets_held(struct sim_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        sim_resets_keep_held(&sockets->open[i].resets, sockets->open[i].descriptor);
}

void sim_sockets_let_resets_through(struct sim_sockets *sockets, bool may_send, int64_t active_ms)
{
    for (size_t i = 0; i < sockets->count; i++)
        sim_resets_let_through(&sockets->open[i].resets, sockets->open[i].descriptor, may_send,
                               active_ms);
}

bool sim_sockets_are_in_doubt(struct sim_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sim_resets_leave_doubt(&sockets->open[i].resets, sockets->open[i].descriptor))
            return true;
    return false;
}

void sim_sockets_wait(const struct sim_sockets *sockets, int limit_ms)
{
    struct pollfd asked = {.fd = -1, .events = POLLIN}; /* -1 is passed by */

    for (size_t i = 0; i < sockets->count; i++)
        if (is_in_use(sockets, i, sockets->port_in_use))
            asked.fd = sockets->open[i].descriptor;
    (void)poll(&asked, 1, limit_ms);
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

bool sim_sockets_are_at_end(const struct sim_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (is_at_end(sockets->open[i].descriptor))
            return true;
    return false;
}

static bool is_quiet(const struct sim_socket *socket)
{
    char byte;

    if (socket->is_talkative)
        return !is_at_end(socket->descriptor);
    return recv(socket->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool sim_sockets_are_quiet(struct sim_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (!is_quiet(&sockets->open[i]))
            return false;
    return !sim_sockets_are_in_doubt(sockets);
}

static bool are_all_ours(const struct sim_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        const struct sim_socket *noted = &sockets->open[i];
        struct sim_socket now = {.descriptor = noted->descriptor};
        if (!identify(&now) || now.device != noted->device || now.inode != noted->inode)
            return false;
    }
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
        if (dup2(null_device, sockets->open[i].descriptor) < 0)
            disarmed = false;
        else
            (void)fcntl(sockets->open[i].descriptor, F_SETFD, FD_CLOEXEC);
    }
    (void)close(null_device);
    return disarmed;
}
