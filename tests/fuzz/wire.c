/* See wire.h. libcurl calls the functions defined here instead of the C library's. */
#include "wire.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 64, /* 30 redirects, twice, and some */
    MOST_ASKED = 1 << 20,
};

static struct {
    struct fuzz_input script;
    struct sim_text text;
    struct {
        int here, there;
    } connections[MOST_CONNECTIONS];
    size_t count;
} wire;

void wire_begin(struct sim_text script)
{
    wire.text = fuzz_copy(script.data, script.length);
    wire.script = (struct fuzz_input){(const uint8_t *)wire.text.data, wire.text.length};
    wire.count = 0;
}

int socket(int domain, int type, int protocol)
{
    int ends[2];
    struct sim_text said;
    size_t length;

    (void)domain, (void)protocol;
    if ((type & SOCK_STREAM) == 0 || wire.count == MOST_CONNECTIONS ||
        socketpair(AF_UNIX, type, 0, ends) != 0) {
        errno = EACCES;
        return -1;
    }
    said = fuzz_until(&wire.script, WIRE_NEXT);
    length = said.length;
    if (length > 0 && said.data[length - 1] == WIRE_OPEN)
        length--;
    CHECK(send(ends[1], said.data, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length);
    if (length == said.length)
        CHECK(shutdown(ends[1], SHUT_WR) == 0);
    fuzz_free(said);
    wire.connections[wire.count].here = ends[0];
    wire.connections[wire.count].there = ends[1];
    wire.count++;
    return ends[0];
}

int connect(int descriptor, const struct sockaddr *address, socklen_t length)
{
    (void)address, (void)length;
    for (size_t i = wire.count; i > 0; i--)
        if (wire.connections[i - 1].here == descriptor)
            return 0;
    errno = EACCES;
    return -1;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    (void)name, (void)service, (void)hints, (void)result;
    return EAI_NONAME;
}

/* Counts the request lines in what was asked; a POST's must differ from all before it. The bodies
 * of the harnesses hold no line that looks like one. */
static unsigned count_requests(const char *asked)
{
    const char *const methods[] = {"POST ", "GET "};
    unsigned count = 0;

    for (const char *line = asked; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
            count += strncmp(line, methods[i], strlen(methods[i])) == 0;
        if (strncmp(line, "POST ", 5) == 0) {
            size_t length = strcspn(line, "\r\n");
            for (const char *other = asked; other < line; other = strchr(other, '\n') + 1)
                CHECK(strncmp(other, line, length + 1) != 0);
        }
    }
    return count;
}

unsigned wire_end(void)
{
    static char asked[MOST_ASKED];
    size_t length = 0;

    for (size_t i = 0; i < wire.count; i++) {
        ssize_t got;
        while ((got = recv(wire.connections[i].there, asked + length, sizeof asked - 1 - length,
                           MSG_DONTWAIT)) > 0)
            length += (size_t)got;
        (void)close(wire.connections[i].there);
    }
    asked[length] = '\0';
    fuzz_free(wire.text);
    wire.count = 0;
    return count_requests(asked);
}
