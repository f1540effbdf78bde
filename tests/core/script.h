/* A scripted HTTP server in a thread: it answers on loopback what a test has written down.
 *
 * Allocates nothing after its start, so that a test may make allocations fail meanwhile. */
#ifndef SIM_TESTS_SCRIPT_H
#define SIM_TESTS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SCRIPT_REQUESTS = 64,       /* so many are kept to be looked at; all are counted */
    SCRIPT_REQUEST_SIZE = 4096, /* bytes kept of each, the NUL included */
};

enum script_end {
    SCRIPT_KEEP,  /* the connection stays for the next request */
    SCRIPT_CLOSE, /* it is closed after the answer */
    SCRIPT_RESET, /* it is reset */
};

struct script_answer {
    const char *path;  /* answers requests whose path begins so; the first row that fits is used */
    const char *bytes; /* sent as they are */
    size_t length;     /* of the bytes; 0: up to their NUL */
    enum script_end end;
    unsigned times;    /* used so often, then other rows follow; 0: always */
    const char *later; /* sent after a pause of `pause_ms`; NULL: nothing */
    int pause_ms;
};

struct script;

/* Starts a server; NULL when the system has no socket, memory or thread for it. The answers must
 * stay valid. What no row answers is met with silence. */
struct script *script_start(const struct script_answer *answers, size_t count);
void script_stop(struct script *script);

unsigned script_port(const struct script *script);
/* Since the start; the server writes them down before it answers. */
unsigned script_connections(struct script *script);
unsigned script_requests(struct script *script);
/* The bytes of the request with that number, from 0; NUL-terminated. */
const char *script_request(struct script *script, unsigned number);

#endif
