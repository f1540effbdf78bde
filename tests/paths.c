/* For tests, under LD_PRELOAD: makes files and directories appear elsewhere, or not at all, for one
 * process.
 *
 * PATHS=/a=/b:/c= has whoever asks for /a or /a/x get /b or /b/x, and there is no /c. The first that
 * fits counts. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The path to use instead; NULL, with errno set, for one that shall not exist. */
static const char *map(const char *path, char *place, size_t size)
{
    const char *at = getenv("PATHS");

    while (at != NULL && *at != '\0') {
        size_t length = strcspn(at, "="), entry = strcspn(at, ":");
        if (length < entry && strncmp(at, path, length) == 0 &&
            (path[length] == '\0' || path[length] == '/')) {
            (void)snprintf(place, size, "%.*s%s", (int)(entry - length - 1), at + length + 1,
                           path + length);
            errno = ENOENT;
            return entry > length + 1 ? place : NULL;
        }
        at += entry + (at[entry] == ':');
    }
    return path;
}

#define REAL(name) (*(__typeof__(&(name)))real(#name))

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

int stat(const char *restrict path, struct stat *restrict status)
{
    char place[4096];

    path = map(path, place, sizeof place);
    return path != NULL ? REAL(stat)(path, status) : -1;
}

int stat64(const char *restrict path, struct stat64 *restrict status)
{
    char place[4096];

    path = map(path, place, sizeof place);
    return path != NULL ? REAL(stat64)(path, status) : -1;
}

int lstat(const char *restrict path, struct stat *restrict status)
{
    char place[4096];

    path = map(path, place, sizeof place);
    return path != NULL ? REAL(lstat)(path, status) : -1;
}

int lstat64(const char *restrict path, struct stat64 *restrict status)
{
    char place[4096];

    path = map(path, place, sizeof place);
    return path != NULL ? REAL(lstat64)(path, status) : -1;
}

/* What an OpenSSL or a libcurl that was built with a libc before 2.33 calls. */
int __xstat(int version, const char *path, struct stat *status)
{
    (void)version;
    return stat(path, status);
}

int __xstat64(int version, const char *path, struct stat64 *status)
{
    (void)version;
    return stat64(path, status);
}

int __lxstat(int version, const char *path, struct stat *status)
{
    (void)version;
    return lstat(path, status);
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    char place[4096];

    path = map(path, place, sizeof place);
    return path != NULL ? REAL(fopen)(path, mode) : NULL;
}

FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    char place[4096];

    path = map(path, place, sizeof place);
    return path != NULL ? REAL(fopen64)(path, mode) : NULL;
}
