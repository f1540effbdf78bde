#include "core/libcurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stddef.h>

#include "core/process.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode start_code;
static unsigned number; /* its version, which it takes long to tell */
static int features;

/* From 8.3 on. Weak where the library is another package's, older or newer than the headers. */
#if defined(__ELF__) && !defined(SIM_PRIVATE_LIBCURL)
CURLcode curl_global_trace(const char *config) __attribute__((weak));
#define HAS_TRACE (curl_global_trace != NULL)
#elif LIBCURL_VERSION_NUM >= 0x080300
#define HAS_TRACE true
#endif

/* Has libcurl's traces tell of the frames of HTTP/2. So do those of others in the process, if they
 * share the library and are verbose; and what they ask of it instead holds for us. */
static void trace_frames(void)
{
#ifdef HAS_TRACE
    if (HAS_TRACE)
        (void)curl_global_trace("http/2");
#endif
}

/* libcurl and OpenSSL have locks of their own here, which a fork would leave held in the child. */
static void start(void)
{
    const curl_version_info_data *info;

    sim_process_hold_forks();
    start_code = curl_global_init(CURL_GLOBAL_DEFAULT);
    info = curl_version_info(CURLVERSION_NOW);
    number = info->version_num;
    features = info->features;
    if (sim_libcurl_takes_large_in_frames())
        trace_frames();
    sim_process_let_fork();
}

bool sim_libcurl_start(void)
{
    (void)pthread_once(&once, start);
    return start_code == CURLE_OK;
}

const char *sim_libcurl_version(void)
{
    return curl_version();
}

bool sim_libcurl_takes_large_in_frames(void)
{
    return number >= SIM_LIBCURL_LARGE_IN_FRAMES_FROM;
}

bool sim_libcurl_remembers_what_was_freed(void)
{
    return number >= 0x075300 && number < 0x080200; /* 7.83 to 8.1 */
}

bool sim_libcurl_has_zlib(void)
{
    return (features & CURL_VERSION_LIBZ) != 0;
}

bool sim_libcurl_knows_coding(struct sim_text coding)
{
    static const struct {
        const char *name;
        int feature;
    } codings[] = {
        {"identity", 0},
        {"gzip", CURL_VERSION_LIBZ},
        {"x-gzip", CURL_VERSION_LIBZ},
        {"deflate", CURL_VERSION_LIBZ},
        {"br", CURL_VERSION_BROTLI},
#ifdef CURL_VERSION_ZSTD
        {"zstd", CURL_VERSION_ZSTD},
#endif
    };

    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        if (sim_text_equals_nocase(coding, sim_text_of(codings[i].name)))
            return (features & codings[i].feature) == codings[i].feature;
    return coding.length == 0;
}

bool sim_libcurl_default_trust(struct sim_trust *trust)
{
#if LIBCURL_VERSION_NUM >= 0x074600
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    return info->age >= CURLVERSION_SEVENTH &&
           (sim_trust_from_path(info->cainfo, "libcurl's default", trust) ||
            sim_trust_from_path(info->capath, "libcurl's default", trust));
#else
    (void)trust;
    return false;
#endif
}
