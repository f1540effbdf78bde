/* How the core says that something went wrong.
 *
 * Owns the list of outcomes and the record of the first failure. Every fallible
 * function of the core returns a `sim_status` and describes a failure in a
 * `struct sim_error` that the caller provides; neither needs the heap, so
 * "out of memory" is reported like anything else. */
#ifndef SIM_CORE_STATUS_H
#define SIM_CORE_STATUS_H

#define SIM_MUST_CHECK __attribute__((warn_unused_result))
#define SIM_PRINTF(text, first) __attribute__((format(printf, text, first)))

enum sim_status {
    SIM_OK = 0,
    SIM_NO_MEMORY, /* an allocation failed */
    SIM_BAD_INPUT, /* an argument cannot be used; nothing was sent */
    SIM_LIMIT,     /* a named limit was reached */
    SIM_TIMED_OUT, /* a deadline passed */
    SIM_NOT_SENT,  /* the transport failed before the request went out */
    SIM_AMBIGUOUS, /* the transport failed after the request went out: it may have been served */
    SIM_NOT_JSON,  /* the text is not a document that the strict reader takes */
};

enum { SIM_ERROR_MESSAGE_SIZE = 512 };

struct sim_error {
    enum sim_status status;
    char message[SIM_ERROR_MESSAGE_SIZE]; /* UTF-8 as far as its parts were; NUL-terminated */
};

/* Records a failure and returns `status`. The first failure stands: a second call changes
 * nothing, so the message names the cause and not what followed from it. A message too long
 * is cut. `error` may be NULL when only the status matters. */
enum sim_status sim_fail(struct sim_error *error, enum sim_status status, const char *format, ...)
    SIM_PRINTF(3, 4);

/* Records that there is no memory for that ("a URL") and returns SIM_NO_MEMORY. */
enum sim_status sim_fail_no_memory(struct sim_error *error, const char *what);

#endif
