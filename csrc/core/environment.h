/* Environment variables, many at a time.
 *
 * Owns and keeps nothing; the caller sees to it that nobody changes the environment meanwhile. Must
 * not know what the variables mean. */
#ifndef SIM_CORE_ENVIRONMENT_H
#define SIM_CORE_ENVIRONMENT_H

#include <stddef.h>

/* Finds the values of `count` variables, each with a name, in one pass, as getenv() would one by
 * one; NULL for a variable that is not set. The text is the environment's. */
void sim_environment_find(const char *const *names, size_t count, const char **values);

#endif
