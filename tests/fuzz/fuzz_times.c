/* Retry-After and X-RateLimit-Reset: never negative, never more than the cap, and where the C
 * library can read the same text, the same moment.
 *
 * Input: the header's value. */
#include "core/clock.h"

#include <time.h>

#include "fuzz.h"

#define NOW_MS INT64_C(1764496860123) /* 2025-11-30T10:01:00.123Z */
#define UNTOUCHED INT64_C(-77)

enum { LAST_YEAR_OF_WINDOW = 2025 + 50 };

/* The three forms of RFC 9110. Read with strptime(), which takes more than them; `*is_exact` says
 * that the text is what strftime() writes. */
static bool read_http_date(const char *text, int64_t *epoch_s, bool *is_exact)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    char written[64];

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm moment = {0};
        const char *end = strptime(text, forms[i], &moment);
        if (end == NULL || *end != '\0')
            continue;
        if (i == 1) {
            moment.tm_year = moment.tm_year % 100 + 100;
            if (moment.tm_year + 1900 > LAST_YEAR_OF_WINDOW)
                moment.tm_year -= 100;
        }
        *epoch_s = timegm(&moment); /* also finds the day of the week */
        (void)strftime(written, sizeof written, forms[i], &moment);
        *is_exact = moment.tm_year >= 0 && strcmp(written, text) == 0;
        return true;
    }
    return false;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0' &&
           strpbrk(text, "0123456789") != NULL &&
           (strchr(text, '.') == NULL || strchr(strchr(text, '.') + 1, '.') == NULL);
}

static char *trim(char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

static void check_retry_after(struct sim_text value, const char *text)
{
    int64_t delay_ms = UNTOUCHED, epoch_s = 0, expected_ms;
    bool is_exact = false;
    bool is_good = sim_clock_parse_retry_after(value, NOW_MS, &delay_ms);

    CHECK(is_good ? delay_ms >= 0 && delay_ms <= SIM_CLOCK_LONGEST_MS : delay_ms == UNTOUCHED);
    if (is_number(text)) {
        long double seconds = strtold(text, NULL);
        CHECK(is_good);
        if (seconds * 1000 >= SIM_CLOCK_LONGEST_MS)
            CHECK(delay_ms == SIM_CLOCK_LONGEST_MS);
        else
            CHECK((long double)delay_ms > seconds * 1000 - 0.001L &&
                  (long double)delay_ms < seconds * 1000 + 1.001L);
    }
    else if (read_http_date(text, &epoch_s, &is_exact)) {
        expected_ms = epoch_s * 1000 - NOW_MS;
        if (expected_ms < 0)
            expected_ms = 0;
        if (expected_ms > SIM_CLOCK_LONGEST_MS)
            expected_ms = SIM_CLOCK_LONGEST_MS;
        CHECK(is_good || !is_exact);
        CHECK(!is_good || delay_ms == expected_ms);
    }
    else
        CHECK(!is_good);
}

/* "2025-11-30T10:01:00.123+02:00" with strptime(): date and time, fraction, offset. */
static bool read_iso_date(const char *text, int64_t *epoch_s)
{
    struct tm moment = {0};
    const char *end = strptime(text, "%Y-%m-%d", &moment);
    int hours = 0, minutes = 0;
    char sign;

    if (end == NULL || strchr("Tt ", *end) == NULL || *end == '\0')
        return false;
    end = strptime(end + 1, "%H:%M:%S", &moment);
    if (end == NULL)
        return false;
    if (*end == '.' || *end == ',')
        end += 1 + strspn(end + 1, "0123456789");
    *epoch_s = timegm(&moment);
    if (*end == '\0' || strcmp(end, "Z") == 0 || strcmp(end, "z") == 0)
        return true;
    sign = *end;
    if (sign != '+' && sign != '-')
        return false;
    if (sscanf(end + 1, strchr(end, ':') != NULL ? "%2d:%2d" : "%2d%2d", &hours, &minutes) < 1)
        return false;
    *epoch_s -= (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * INT64_C(60);
    return true;
}

static void check_reset(struct sim_text value, const char *text)
{
    int64_t epoch_s = UNTOUCHED, expected_s = 0;
    bool is_good = sim_clock_parse_reset(value, &epoch_s);

    CHECK(is_good || epoch_s == UNTOUCHED);
    if (is_good && is_number(text)) {
        expected_s = (int64_t)strtoull(text, NULL, 10);
        if (expected_s >= INT64_C(100000000000))
            expected_s /= 1000;
        CHECK(epoch_s == expected_s);
    }
    else if (is_good) {
        CHECK(read_iso_date(text, &expected_s));
        CHECK(epoch_s == expected_s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_text value = fuzz_copy(data, size);
    char *string = fuzz_string(value), *text = trim(string);
    bool has_nul = size > 0 && memchr(data, '\0', size) != NULL;
    int64_t ignored = 0;

    if (has_nul) { /* for our eyes only: the C library stops there */
        CHECK(!sim_clock_parse_retry_after(value, NOW_MS, &ignored));
        CHECK(!sim_clock_parse_reset(value, &ignored));
    }
    else {
        check_retry_after(value, text);
        check_reset(value, text);
    }
    free(string);
    fuzz_free(value);
    return 0;
}
