/* Makes the allocations of CPython, libcurl and cJSON fail, for the thread that asks for it.
 *
 * A shared library that torture.py loads with ctypes before simstudio is first used: libcurl and
 * cJSON take their hooks before they allocate. The core has a hook of its own (core/memory.h).
 * Of CPython's allocations those are refused that it makes for our code; when it runs Python code
 * it has failures of its own in store (lost exceptions, leaks, crashes in the compiler). */
#include <Python.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum kind { PYTHON, LIBCURL, CJSON, KINDS };

/* How many allocations of that kind may still pass; negative: no limit. Other threads, such as
 * those that look names up, are let alone. */
static _Thread_local long allowed[KINDS] = {-1, -1, -1};
static _Thread_local int was_refused;

/* Blocks that are in use; what existed before the start and is freed later makes it smaller. */
static atomic_long live[KINDS];

/* Machine code: of our extension, and of the interpreter's loop over Python code. */
struct range {
    uintptr_t start, end;
};

static struct range extension, interpreter;

static int holds(const struct range *range, const void *address)
{
    return (uintptr_t)address >= range->start && (uintptr_t)address < range->end;
}

/* Whether our code has called for this allocation without Python code between. */
static int is_for_us(void)
{
    enum { DEEPEST = 64 };
    void *callers[DEEPEST];
    const int count = backtrace(callers, DEEPEST);

    for (int i = 0; i < count; i++) {
        if (holds(&interpreter, callers[i]))
            return 0;
        if (holds(&extension, callers[i]))
            return 1;
    }
    return 0;
}

static int may_allocate(enum kind kind)
{
    if (allowed[kind] < 0 || (kind == PYTHON && !is_for_us()) || allowed[kind]-- > 0)
        return 1;
    was_refused = 1;
    return 0;
}

static void *counted(enum kind kind, void *block)
{
    if (block != NULL)
        (void)atomic_fetch_add(&live[kind], 1);
    return block;
}

static void uncount(enum kind kind, const void *block)
{
    if (block != NULL)
        (void)atomic_fetch_sub(&live[kind], 1);
}

/* ---- CPython ---- */

static PyMemAllocatorEx behind[3]; /* of the domains RAW, MEM and OBJ, in this order */

static void *python_malloc(void *context, size_t size)
{
    const PyMemAllocatorEx *next = context;

    return may_allocate(PYTHON) ? counted(PYTHON, next->malloc(next->ctx, size)) : NULL;
}

static void *python_calloc(void *context, size_t count, size_t size)
{
    const PyMemAllocatorEx *next = context;

    return may_allocate(PYTHON) ? counted(PYTHON, next->calloc(next->ctx, count, size)) : NULL;
}

static void *python_realloc(void *context, void *block, size_t size)
{
    const PyMemAllocatorEx *next = context;
    void *moved;

    /* What shrinks to nothing never fails in earnest, and CPython counts on it. */
    if (size > 0 && !may_allocate(PYTHON))
        return NULL;
    moved = next->realloc(next->ctx, block, size);
    return block == NULL ? counted(PYTHON, moved) : moved;
}

static void python_free(void *context, void *block)
{
    const PyMemAllocatorEx *next = context;

    uncount(PYTHON, block);
    next->free(next->ctx, block);
}

/* ---- the libraries ---- */

static void *curl_hook_malloc(size_t size)
{
    return may_allocate(LIBCURL) ? counted(LIBCURL, malloc(size)) : NULL;
}

static void *curl_hook_calloc(size_t count, size_t size)
{
    return may_allocate(LIBCURL) ? counted(LIBCURL, calloc(count, size)) : NULL;
}

static void *curl_hook_realloc(void *block, size_t size)
{
    void *moved = may_allocate(LIBCURL) ? realloc(block, size) : NULL;

    return block == NULL ? counted(LIBCURL, moved) : moved;
}

static char *curl_hook_strdup(const char *text)
{
    return may_allocate(LIBCURL) ? counted(LIBCURL, strdup(text)) : NULL;
}

static void curl_hook_free(void *block)
{
    uncount(LIBCURL, block);
    free(block);
}

static void *cjson_hook_malloc(size_t size)
{
    return may_allocate(CJSON) ? counted(CJSON, malloc(size)) : NULL;
}

static void cjson_hook_free(void *block)
{
    uncount(CJSON, block);
    free(block);
}

/* ---- what torture.py calls ---- */

/* 0, or -1 when libcurl had been started before. */
int faults_install(void)
{
    static const PyMemAllocatorDomain domains[] = {
        PYMEM_DOMAIN_RAW,
        PYMEM_DOMAIN_MEM,
        PYMEM_DOMAIN_OBJ,
    };
    cJSON_Hooks hooks = {cjson_hook_malloc, cjson_hook_free};

    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_hook_malloc, curl_hook_free,
                             curl_hook_realloc, curl_hook_strdup, curl_hook_calloc) != CURLE_OK)
        return -1;
    cJSON_InitHooks(&hooks);
    for (int i = 0; i < 3; i++) {
        PyMemAllocatorEx hook = {
            &behind[i], python_malloc, python_calloc, python_realloc, python_free,
        };
        PyMem_GetAllocator(domains[i], &behind[i]);
        PyMem_SetAllocator(domains[i], &hook);
    }
    return 0;
}

static int find_extension(struct dl_phdr_info *object, size_t size, void *address)
{
    struct range found = {UINTPTR_MAX, 0};

    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        const uintptr_t start = object->dlpi_addr + part->p_vaddr;
        if (part->p_type != PT_LOAD)
            continue;
        found.start = start < found.start ? start : found.start;
        found.end = start + part->p_memsz > found.end ? start + part->p_memsz : found.end;
    }
    if (holds(&found, address))
        extension = found;
    return 0;
}

/* Tells what our code is: the shared object that `address` is in. 0, or -1 when something cannot be
 * found. */
int faults_watch(void *address)
{
    void *loop = dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault");
    const ElfW(Sym) *symbol = NULL;
    Dl_info place;

    (void)dl_iterate_phdr(find_extension, address);
    if (loop == NULL || dladdr1(loop, &place, (void **)&symbol, RTLD_DL_SYMENT) == 0 ||
        symbol == NULL)
        return -1;
    interpreter.start = (uintptr_t)loop;
    interpreter.end = interpreter.start + symbol->st_size;
    (void)is_for_us(); /* its first call loads a library */
    return extension.end > 0 ? 0 : -1;
}

/* Calls `callable` with so many allocations of that kind let pass and the next one refused; a
 * negative number refuses none. What it returns or raises. */
PyObject *faults_call(PyObject *callable, int kind, long pass)
{
    PyObject *result;

    was_refused = 0;
    allowed[kind] = pass;
    result = PyObject_CallObject(callable, NULL);
    allowed[kind] = -1;
    return result;
}

/* Whether the last call was refused an allocation. */
int faults_was_refused(void)
{
    return was_refused;
}

/* Writes the blocks in use, kind by kind. */
void faults_count_live(long *counts)
{
    for (int kind = 0; kind < KINDS; kind++)
        counts[kind] = atomic_load(&live[kind]);
}
