/* The two ends of a TCP connection on loopback. */
#ifndef SIM_TESTS_PAIR_H
#define SIM_TESTS_PAIR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static inline bool pair_connect(int *client, int *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bool good;

    *client = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    good = bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
           getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
           connect(*client, (struct sockaddr *)&address, size) == 0;
    *server = good ? accept(listener, NULL, NULL) : -1;
    (void)close(listener);
    return CHECK(*server >= 0);
}

/* The port of an end. */
static inline long pair_port(int descriptor)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    CHECK(getsockname(descriptor, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

/* Hangs up with a reset. */
static inline void pair_reset(int descriptor)
{
    const struct linger at_once = {.l_onoff = 1};

    CHECK(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    CHECK(close(descriptor) == 0);
}

#endif
