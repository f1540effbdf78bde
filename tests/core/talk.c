#include "talk.h"

#include <stdio.h>
#include <string.h>

bool talk_begin(struct talk *talk, const struct script_answer *answers, size_t count)
{
    *talk =
        (struct talk){.script = script_start(answers, count), .session = sim_http_session_new()};
    if (talk->script == NULL || talk->session == NULL) {
        talk_end(talk);
        return false;
    }
    (void)snprintf(talk->base, sizeof talk->base, "http://127.0.0.1:%u", script_port(talk->script));
    return true;
}

void talk_end(struct talk *talk)
{
    sim_session_release(talk->session);
    script_stop(talk->script);
    *talk = (struct talk){0};
}

struct sim_request talk_request(const struct talk *talk, const char *path, const char *body)
{
    return (struct sim_request){
        .is_post = body != NULL,
        .base = {talk->base, strlen(talk->base)},
        .path = {path, strlen(path)},
        .body = {body != NULL ? body : "", body != NULL ? strlen(body) : 0},
        .timeouts = {.connect_ms = 60000, .read_ms = 60000},
        .response_limit = SIZE_MAX,
    };
}

static void keep_text(char *kept, struct sim_text text)
{
    (void)snprintf(kept, TALK_TEXT_SIZE, "%.*s", (int)text.length, text.data);
}

static void keep_answer(struct talk_answer *answer, struct sim_exchange *exchange)
{
    const struct sim_buffer *body = sim_exchange_body(exchange);
    struct sim_text host;

    answer->http_status = sim_exchange_http_status(exchange);
    answer->was_sent = sim_exchange_was_sent(exchange);
    answer->may_be_cut = sim_exchange_may_be_cut(exchange);
    answer->body_length = body->length;
    answer->refused_redirect = sim_exchange_redirect_refusal(exchange, &host) != NULL;
    keep_text(answer->reason, sim_exchange_reason(exchange));
    keep_text(answer->redirect_host, host);
    if (body->length > 0)
        keep_text(answer->body, (struct sim_text){body->data, body->length});
}

enum sim_status talk_wait(struct sim_exchange *exchange, struct sim_error *error)
{
    enum sim_status status = SIM_OK;
    bool done = false;

    while (status == SIM_OK && !done)
        status = sim_exchange_step(exchange, &done, error);
    return status;
}

enum sim_status talk_perform(struct sim_session *session, const struct sim_request *request,
                             struct talk_answer *answer)
{
    struct sim_exchange *exchange = NULL;

    *answer = (struct talk_answer){.status = SIM_OK};
    answer->status = sim_exchange_start(session, request, &exchange, &answer->error);
    if (answer->status == SIM_OK)
        answer->status = talk_wait(exchange, &answer->error);
    if (exchange != NULL)
        keep_answer(answer, exchange);
    sim_exchange_finish(exchange);
    return answer->status;
}
