/* Clocks, a wait, and the times that servers write into headers. */
#include "core/clock.h"

#include "check.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the moment of RFC 9110's examples. */
static const int64_t example_ms = INT64_C(784111777000);

static void the_clocks_go_forward(void)
{
    int64_t monotonic_ms = sim_clock_monotonic_ms(), wall_ms = sim_clock_wall_ms();
    int64_t with_suspension_ms = sim_clock_with_suspension_ms();

    sim_clock_sleep_ms(20);
    CHECK(sim_clock_monotonic_ms() - monotonic_ms >= 19);
    CHECK(sim_clock_with_suspension_ms() - with_suspension_ms >= 19);
    CHECK(wall_ms > INT64_C(1700000000000)); /* November 2023, in milliseconds */
    sim_clock_sleep_ms(0);
    sim_clock_sleep_ms(-5);
}

static void an_http_date_is_understood(void)
{
    static const struct {
        const char *text;
        int64_t epoch_ms; /* -7: none */
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", example_ms},
        {" Sunday, 06-Nov-94 08:49:37 GMT\t", example_ms},
        {"Sun Nov  6 08:49:37 1994", example_ms},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799000)},
        {"Sun, 06 Nov 1994 08:49:37 CET", -7},
        {"784111777", -7},
        {"", -7},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t epoch_ms = -7;
        check_row = rows[i].text;
        CHECK_INT(sim_clock_parse_http_date(text_of(rows[i].text), example_ms, &epoch_ms),
                  rows[i].epoch_ms != -7);
        CHECK_INT(epoch_ms, rows[i].epoch_ms);
    }
}

static void retry_after_is_understood(void)
{
    static const struct {
        const char *text;
        int64_t now_ms, delay_ms;
    } rows[] = {
        {"0", 0, 0},
        {"3", 0, 3000},
        {" 3\t", 0, 3000},
        {"0.5", 0, 500},
        {".5", 0, 500},
        {"1.", 0, 1000},
        {"1.0001", 0, 1001}, /* never earlier */
        {"1.0000", 0, 1000},
        {"0003", 0, 3000},
        {"2147483.646", 0, SIM_CLOCK_LONGEST_MS - 1},
        {"2147483.647", 0, SIM_CLOCK_LONGEST_MS},
        {"2147483.648", 0, SIM_CLOCK_LONGEST_MS},
        {"99999999999999999999999999", 0, SIM_CLOCK_LONGEST_MS},
        {"Sun, 06 Nov 1994 08:49:37 GMT", example_ms - 1500, 1500},
        {"Sunday, 06-Nov-94 08:49:37 GMT", example_ms - 1500, 1500},
        {"Sun Nov  6 08:49:37 1994", example_ms - 1500, 1500},
        {"Sun Nov 16 08:49:37 1994", example_ms, 10 * 86400 * 1000},
        {"Sun, 06 Nov 1994 08:49:37 GMT", example_ms, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", example_ms + 60000, 0},        /* it has passed */
        {"Sat, 31 Dec 2016 23:59:60 GMT", INT64_C(1483228799000), 1000}, /* a leap second */
        {"Thu, 29 Feb 2024 00:00:00 GMT", INT64_C(1709164799000), 1000},
        {"Tue, 29 Feb 2000 00:00:00 GMT", INT64_C(951782399000), 1000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 0, SIM_CLOCK_LONGEST_MS},
        /* Two digits: more than 50 years ahead is the last century. 2026 here. */
        {"Wednesday, 01-Jan-76 00:00:00 GMT", INT64_C(1780000000000), SIM_CLOCK_LONGEST_MS},
        {"Friday, 01-Jan-77 00:00:00 GMT", INT64_C(1780000000000), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t delay_ms = -7;
        check_row = rows[i].text;
        CHECK(sim_clock_parse_retry_after(text_of(rows[i].text), rows[i].now_ms, &delay_ms));
        CHECK_INT(delay_ms, rows[i].delay_ms);
    }
}

static void what_is_no_retry_after_is_left_alone(void)
{
    static const char *const texts[] = {
        "",
        " ",
        ".",
        "-1",
        "+1",
        "1e3",
        "nan",
        "inf",
        "0x10",
        "3s",
        "3 4",
        "1,5",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT!",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 No",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun",
        "Sunday",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 UTC",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov 6 08:49:37 1994",
        "1994-11-06T08:49:37Z",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t delay_ms = -7;
        check_row = texts[i];
        CHECK(!sim_clock_parse_retry_after(text_of(texts[i]), example_ms, &delay_ms));
        CHECK_INT(delay_ms, -7);
    }
}

static void a_reset_is_understood(void)
{
    static const struct {
        const char *text;
        int64_t epoch_s;
    } rows[] = {
        {"0", 0},
        {"1764496860", 1764496860},
        {" 1764496860 ", 1764496860},
        {"1764496860.9", 1764496860},
        {"1764496860123", 1764496860}, /* milliseconds */
        {"99999999999", INT64_C(99999999999)},
        {"100000000000", 100000000},
        {"2025-11-30T10:01:00.000Z", 1764496860},
        {"2025-11-30T10:01:00Z", 1764496860},
        {"2025-11-30t10:01:00z", 1764496860},
        {"2025-11-30 10:01:00", 1764496860},
        {"2025-11-30T10:01:00,25Z", 1764496860},
        {"2025-11-30T12:01:00+02:00", 1764496860},
        {"2025-11-30T12:01:00+02", 1764496860},
        {"2025-11-30T04:31:00-0530", 1764496860},
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2000-02-29T00:00:00Z", 951782400},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t epoch_s = -7;
        check_row = rows[i].text;
        CHECK(sim_clock_parse_reset(text_of(rows[i].text), &epoch_s));
        CHECK_INT(epoch_s, rows[i].epoch_s);
    }
}

static void what_is_no_reset_is_left_alone(void)
{
    static const char *const texts[] = {
        "",
        "soon",
        "-5",
        "1e9",
        "99999999999999999999999999",
        "2025-11-30",
        "2025-11-30T10:01",
        "2025-13-30T10:01:00Z",
        "2025-11-31T10:01:00Z",
        "2025-11-30T25:01:00Z",
        "2025-11-30T10:01:00.Z",
        "2025-11-30T10:01:00Zx",
        "2025-11-30T10:01:00 Z",
        "2025-11-30T10:01:00+2",
        "2025-11-30T10:01:00+24:00",
        "2025-11-30T10:01:00+02:60",
        "2025-11-30T10:01:00+02:0",
        "2025-11-30T10:01:00+02:",
        "2025-11-30X10:01:00Z",
        "2025/11/30T10:01:00Z",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t epoch_s = -7;
        check_row = texts[i];
        CHECK(!sim_clock_parse_reset(text_of(texts[i]), &epoch_s));
        CHECK_INT(epoch_s, -7);
    }
}

/* No terminator behind it, no byte read past it: the sanitizer watches the copy on the heap. */
static void no_byte_behind_a_text_is_read(void)
{
    static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49",
                                        "Sun Nov  6 08:49:37 1994", "2025-11-30T10:01:00+02:00",
                                        "1764496860.5"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t length = 0; length <= strlen(texts[i]); length++) {
            char *copy = sim_alloc(length);
            int64_t number = 0;
            memcpy(copy, texts[i], length);
            (void)sim_clock_parse_retry_after((struct sim_text){copy, length}, 0, &number);
            (void)sim_clock_parse_http_date((struct sim_text){copy, length}, 0, &number);
            (void)sim_clock_parse_reset((struct sim_text){copy, length}, &number);
            sim_free(copy);
        }
    }
}

static const struct check_test tests[] = {
    TEST(the_clocks_go_forward),         TEST(an_http_date_is_understood),
    TEST(retry_after_is_understood),     TEST(what_is_no_retry_after_is_left_alone),
    TEST(a_reset_is_understood),         TEST(what_is_no_reset_is_left_alone),
    TEST(no_byte_behind_a_text_is_read),
};

CHECK_MAIN(tests)
