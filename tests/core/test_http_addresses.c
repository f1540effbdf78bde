/* A host with two addresses of which the first one is dead.
 *
 * The look-up is this program's own: the library's finds it first. */
#include "core/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "check.h"
#include "talk.h"

enum { QUEUE = 8 }; /* more than a listener with a backlog of none lets wait */

static const char *const addresses[] = {"127.0.0.2", "127.0.0.1"}; /* the dead one first */

static struct sockaddr_in address_of(const char *address, unsigned port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    CHECK(inet_pton(AF_INET, address, &name.sin_addr) == 1);
    return name;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    unsigned port = service != NULL ? (unsigned)strtoul(service, NULL, 10) : 0;

    (void)node, (void)hints;
    *found = NULL;
    for (size_t i = COUNT(addresses); i-- > 0;) {
        struct addrinfo *entry = calloc(1, sizeof *entry);
        struct sockaddr_in *name = malloc(sizeof *name);
        if (entry == NULL || name == NULL) {
            free(name);
            free(entry);
            return EAI_MEMORY;
        }
        *name = address_of(addresses[i], port);
        *entry = (struct addrinfo){
            .ai_family = AF_INET,
            .ai_socktype = SOCK_STREAM,
            .ai_protocol = IPPROTO_TCP,
            .ai_addrlen = sizeof *name,
            .ai_addr = (struct sockaddr *)name,
            .ai_next = *found,
        };
        *found = entry;
    }
    return 0;
}

/* A listener whose queue is full answers nobody. */
static int listen_deafly(unsigned port, int *queue)
{
    struct sockaddr_in name = address_of(addresses[0], port);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (!CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&name, sizeof name) == 0 &&
               listen(listener, 0) == 0))
        return listener;
    for (int i = 0; i < QUEUE; i++) {
        queue[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        CHECK(queue[i] >= 0);
        (void)connect(queue[i], (struct sockaddr *)&name, sizeof name);
    }
    return listener;
}

static void a_dead_address_is_passed_by(void)
{
    static const struct script_answer answers[] = {
        {.path = "/", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
    };
    static const struct sim_timeouts bounds[] = {
        {.connect_ms = 2000, .read_ms = 60000},
        {.total_ms = 2000},
    };
    int queue[QUEUE], listener;
    struct talk talk;
    char base[64];

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    listener = listen_deafly(script_port(talk.script), queue);
    (void)snprintf(base, sizeof base, "http://two.test:%u", script_port(talk.script));
    for (size_t i = 0; i < COUNT(bounds); i++) {
        struct sim_session *session = sim_http_session_new();
        struct sim_request request = talk_request(&talk, "/x", "body");
        struct talk_answer answer;
        request.base = text_of(base);
        request.timeouts = bounds[i];
        CHECK_STATUS(talk_perform(session, &request, &answer), SIM_OK);
        CHECK_TEXT(text_of(answer.body), "hello");
        sim_session_release(session);
    }
    for (int i = 0; i < QUEUE; i++)
        (void)close(queue[i]);
    (void)close(listener);
    talk_end(&talk);
}

static const struct check_test tests[] = {TEST(a_dead_address_is_passed_by)};

CHECK_MAIN(tests)
