/* One side of a test of exchanges: requests to a scripted server, and their answers kept. */
#ifndef SIM_TESTS_TALK_H
#define SIM_TESTS_TALK_H

#include "core/http.h"
#include "script.h"

enum { TALK_TEXT_SIZE = 256 };

/* A session and the server that it talks to. */
struct talk {
    struct script *script;
    struct sim_session *session;
    char base[64]; /* "http://127.0.0.1:port" */
};

/* False, and ended, when either cannot be had. */
bool talk_begin(struct talk *talk, const struct script_answer *answers, size_t count);
void talk_end(struct talk *talk);

/* A GET of `path`, or a POST of `body` where that is not NULL: generous timeouts and limits. */
struct sim_request talk_request(const struct talk *talk, const char *path, const char *body);

/* What became of an exchange. */
struct talk_answer {
    enum sim_status status;
    struct sim_error error;
    long http_status;
    char reason[TALK_TEXT_SIZE], body[TALK_TEXT_SIZE];
    size_t body_length;
    bool was_sent, may_be_cut, refused_redirect;
    char redirect_host[TALK_TEXT_SIZE];
};

/* Starts, steps to the end, keeps the answer, and finishes. Returns its status. */
enum sim_status talk_perform(struct sim_session *session, const struct sim_request *request,
                             struct talk_answer *answer);

/* Steps to the end. */
enum sim_status talk_wait(struct sim_exchange *exchange, struct sim_error *error);

#endif
