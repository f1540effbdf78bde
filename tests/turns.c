/* For tests, under LD_PRELOAD: gives the test a turn in the midst of what one process sends.
 *
 * TURN=5:7:8 has that process stop before it sends a fifth large piece, write a byte to descriptor
 * 7, and go on once it has read one from descriptor 8. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 16 * 1024 };

static int pieces_left, to_test = -1, from_test = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("TURN");

    if (text == NULL || sscanf(text, "%d:%d:%d", &pieces_left, &to_test, &from_test) != 3)
        abort();
}

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

#define REAL(name) (*(__typeof__(&(name)))real(#name))

static void let_test_act(size_t length)
{
    char byte = 0;

    if (length < LARGE || --pieces_left != 0)
        return;
    if (REAL(write)(to_test, &byte, 1) != 1 || read(from_test, &byte, 1) != 1)
        abort();
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags)
{
    let_test_act(length);
    return REAL(send)(descriptor, bytes, length, flags);
}

/* What OpenSSL calls where it has the socket from libcurl. */
ssize_t write(int descriptor, const void *bytes, size_t length)
{
    let_test_act(length);
    return REAL(write)(descriptor, bytes, length);
}
