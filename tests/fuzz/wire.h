/* Connections that lead nowhere but to a script: in a program with wire.c, socket() gives one end
 * of a socket pair whose other end has already said what the script says, and every name is
 * unknown. */
#ifndef SIM_TESTS_WIRE_H
#define SIM_TESTS_WIRE_H

#include "fuzz.h"

enum {
    WIRE_NEXT = 0x1E, /* in a script: what follows is said on the next connection */
    WIRE_OPEN = 0x1D, /* at the end of what is said: the connection stays open */
};

/* Sets what the next connections say. Those past the script's end close at once. */
void wire_begin(struct sim_text script);

/* Ends the script: checks what was asked on the connections. A POST must have gone to no place
 * twice. Returns the number of requests. */
unsigned wire_end(void);

#endif
