#include "script.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 48, MOST_ANSWERS = 32, PIECE = 65536 };

struct connection {
    int socket;
    size_t held; /* bytes of the request under way */
    char request[SCRIPT_REQUEST_SIZE];
    size_t skip; /* bytes of a body that are not kept */
};

struct script {
    const struct script_answer *answers;
    size_t count;
    unsigned used[MOST_ANSWERS];
    int listener, stop[2];
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    unsigned connected, requested;
    char requests[SCRIPT_REQUESTS][SCRIPT_REQUEST_SIZE];
    struct connection connections[MOST_CONNECTIONS]; /* the thread's own */
    size_t open;
};

static void send_all(int socket, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void pause_for(int duration_ms)
{
    struct timespec duration = {duration_ms / 1000, (long)(duration_ms % 1000) * 1000000};

    (void)nanosleep(&duration, NULL);
}

static const struct script_answer *choose(struct script *script, const char *request)
{
    const char *path = strchr(request, ' ');

    for (size_t i = 0; path != NULL && i < script->count; i++) {
        const struct script_answer *answer = &script->answers[i];
        if (strncmp(path + 1, answer->path, strlen(answer->path)) != 0 ||
            (answer->times > 0 && script->used[i] >= answer->times))
            continue;
        script->used[i]++;
        return answer;
    }
    return NULL;
}

/* False when the connection is to be closed. */
static bool answer_request(struct script *script, struct connection *connection)
{
    static const struct linger at_once = {1, 0};
    const struct script_answer *answer;

    (void)pthread_mutex_lock(&script->lock);
    if (script->requested < SCRIPT_REQUESTS)
        memcpy(script->requests[script->requested], connection->request, connection->held + 1);
    script->requested++;
    (void)pthread_mutex_unlock(&script->lock);
    answer = choose(script, connection->request);
    connection->held = 0;
    if (answer == NULL)
        return true;
    send_all(connection->socket, answer->bytes,
             answer->length > 0 ? answer->length : strlen(answer->bytes));
    if (answer->later != NULL) {
        pause_for(answer->pause_ms);
        send_all(connection->socket, answer->later, strlen(answer->later));
    }
    if (answer->end == SCRIPT_RESET)
        (void)setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return answer->end == SCRIPT_KEEP;
}

/* Takes what has arrived; false at its end. A body longer than what is kept is counted only. */
static bool read_request(struct script *script, struct connection *connection)
{
    static char piece[PIECE];
    const ssize_t got = recv(connection->socket, piece, sizeof piece, 0);
    size_t length = got > 0 ? (size_t)got : 0, room, kept, body = 0;
    const char *blank, *field;

    if (got <= 0)
        return false;
    if (connection->skip > 0) {
        connection->skip -= length < connection->skip ? length : connection->skip;
        return connection->skip > 0 || answer_request(script, connection);
    }
    room = sizeof connection->request - 1 - connection->held;
    kept = length < room ? length : room;
    memcpy(connection->request + connection->held, piece, kept);
    connection->held += kept;
    connection->request[connection->held] = '\0';
    blank = strstr(connection->request, "\r\n\r\n");
    if (blank == NULL)
        return true;
    field = strstr(connection->request, "Content-Length: ");
    if (field != NULL && field < blank)
        body = strtoul(field + 16, NULL, 10);
    body += (size_t)(blank + 4 - connection->request); /* the whole request */
    if (connection->held + (length - kept) >= body)
        return answer_request(script, connection);
    if (connection->held == sizeof connection->request - 1)
        connection->skip = body - connection->held - (length - kept);
    return true;
}

static void accept_connection(struct script *script)
{
    int socket = accept(script->listener, NULL, NULL);

    if (socket < 0)
        return;
    if (script->open == MOST_CONNECTIONS) {
        (void)close(socket);
        return;
    }
    (void)pthread_mutex_lock(&script->lock);
    script->connected++;
    (void)pthread_mutex_unlock(&script->lock);
    script->connections[script->open].socket = socket;
    script->connections[script->open].held = script->connections[script->open].skip = 0;
    script->open++;
}

static void *serve(void *context)
{
    struct script *script = context;

    for (;;) {
        struct pollfd watched[MOST_CONNECTIONS + 2] = {
            {.fd = script->stop[0], .events = POLLIN},
            {.fd = script->listener, .events = POLLIN},
        };
        for (size_t i = 0; i < script->open; i++)
            watched[i + 2] = (struct pollfd){script->connections[i].socket, POLLIN, 0};
        if (poll(watched, script->open + 2, -1) < 0)
            continue;
        if (watched[0].revents != 0)
            return NULL;
        for (size_t i = script->open; i > 0; i--) {
            struct connection *connection = &script->connections[i - 1];
            if (watched[i + 1].revents == 0 || read_request(script, connection))
                continue;
            (void)close(connection->socket);
            script->open--;
            if (i - 1 < script->open)
                *connection = script->connections[script->open];
        }
        if (watched[1].revents != 0)
            accept_connection(script);
    }
}

static bool listen_on_loopback(struct script *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (script->listener < 0 ||
        bind(script->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(script->listener, MOST_CONNECTIONS) != 0 ||
        getsockname(script->listener, (struct sockaddr *)&address, &length) != 0)
        return false;
    script->port = ntohs(address.sin_port);
    return true;
}

struct script *script_start(const struct script_answer *answers, size_t count)
{
    struct script *script = count <= MOST_ANSWERS ? calloc(1, sizeof *script) : NULL;

    if (script == NULL)
        return NULL;
    script->answers = answers;
    script->count = count;
    if (listen_on_loopback(script) && pipe(script->stop) == 0 &&
        pthread_mutex_init(&script->lock, NULL) == 0 &&
        pthread_create(&script->thread, NULL, serve, script) == 0)
        return script;
    free(script);
    return NULL;
}

void script_stop(struct script *script)
{
    if (script == NULL)
        return;
    (void)!write(script->stop[1], "x", 1);
    (void)pthread_join(script->thread, NULL);
    for (size_t i = 0; i < script->open; i++)
        (void)close(script->connections[i].socket);
    (void)close(script->listener);
    (void)close(script->stop[0]);
    (void)close(script->stop[1]);
    (void)pthread_mutex_destroy(&script->lock);
    free(script);
}

unsigned script_port(const struct script *script)
{
    return script->port;
}

static unsigned read_counter(struct script *script, const unsigned *counter)
{
    unsigned value;

    (void)pthread_mutex_lock(&script->lock);
    value = *counter;
    (void)pthread_mutex_unlock(&script->lock);
    return value;
}

unsigned script_connections(struct script *script)
{
    return read_counter(script, &script->connected);
}

unsigned script_requests(struct script *script)
{
    return read_counter(script, &script->requested);
}

const char *script_request(struct script *script, unsigned number)
{
    return number < SCRIPT_REQUESTS && number < script_requests(script) ? script->requests[number]
                                                                        : "";
}
