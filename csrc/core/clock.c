#include "core/clock.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

static int64_t to_ms(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int64_t read_clock_ms(clockid_t clock)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(clock, &now);
    return to_ms(now);
}

int64_t sim_clock_monotonic_ms(void)
{
    return read_clock_ms(CLOCK_MONOTONIC);
}

/* Elsewhere the monotonic clock is the nearest, and on macOS counts suspension itself. */
int64_t sim_clock_with_suspension_ms(void)
{
#ifdef CLOCK_BOOTTIME
    struct timespec now;

    if (clock_gettime(CLOCK_BOOTTIME, &now) == 0)
        return to_ms(now);
#endif
    return sim_clock_monotonic_ms();
}

int64_t sim_clock_wall_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}

void sim_clock_sleep_ms(int64_t duration_ms)
{
    struct timespec duration = {(time_t)(duration_ms / 1000), (long)(duration_ms % 1000) * 1000000};

    if (duration_ms > 0)
        (void)nanosleep(&duration, NULL);
}

/* ---- reading ---- */

/* A place in foreign text. Readers move it on; one that fails may have moved it, too. */
struct cursor {
    const char *at, *end;
};

/* Exactly `digits` digits. */
static bool read_digits(struct cursor *cursor, int digits, int *number)
{
    int value = 0;

    if (cursor->end - cursor->at < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (cursor->at[i] < '0' || cursor->at[i] > '9')
            return false;
        value = value * 10 + (cursor->at[i] - '0');
    }
    cursor->at += digits;
    *number = value;
    return true;
}

static bool read_literal(struct cursor *cursor, const char *literal)
{
    size_t length = strlen(literal);

    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, literal, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

static bool read_month(struct cursor *cursor, int *month)
{
    static const char names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    if (cursor->end - cursor->at < 3)
        return false;
    for (int i = 0; i < 12; i++) {
        if (memcmp(cursor->at, names[i], 3) == 0) {
            cursor->at += 3;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* A civil date and time; the time zone aside. */
struct moment {
    int year, month, day, hour, minute, second;
};

static bool is_possible(const struct moment *moment)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (moment->year % 4 == 0 && moment->year % 100 != 0) || moment->year % 400 == 0;

    return moment->year >= 1 && moment->month >= 1 && moment->month <= 12 && moment->day >= 1 &&
           moment->day <= days[moment->month - 1] + (moment->month == 2 && is_leap) &&
           moment->hour <= 23 && moment->minute <= 59 && moment->second <= 60;
}

/* Seconds since 1970 of a possible moment in UTC. Days are counted from 1 March, so that the leap
 * day is the last of its year. */
static int64_t to_epoch(const struct moment *moment)
{
    int64_t year = moment->month > 2 ? moment->year : moment->year - 1;
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year =
        (153 * (moment->month + (moment->month > 2 ? -3 : 9)) + 2) / 5 + moment->day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * 146097 + day_of_era - 719468;

    return ((days * 24 + moment->hour) * 60 + moment->minute) * 60 + moment->second;
}

static bool read_time(struct cursor *cursor, struct moment *moment)
{
    return read_digits(cursor, 2, &moment->hour) && read_literal(cursor, ":") &&
           read_digits(cursor, 2, &moment->minute) && read_literal(cursor, ":") &&
           read_digits(cursor, 2, &moment->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", after the day's name. */
static bool read_imf_date(struct cursor cursor, struct moment *moment)
{
    return read_literal(&cursor, ", ") && read_digits(&cursor, 2, &moment->day) &&
           read_literal(&cursor, " ") && read_month(&cursor, &moment->month) &&
           read_literal(&cursor, " ") && read_digits(&cursor, 4, &moment->year) &&
           read_literal(&cursor, " ") && read_time(&cursor, moment) &&
           read_literal(&cursor, " GMT") && cursor.at == cursor.end;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT", after the day's name: a year more than 50 years ahead
 * belongs to the previous century. */
static bool read_rfc850_date(struct cursor cursor, int64_t now_ms, struct moment *moment)
{
    int this_year = 1970 + (int)(now_ms / 1000 / 31556952), century = this_year - this_year % 100;

    if (!(read_literal(&cursor, ", ") && read_digits(&cursor, 2, &moment->day) &&
          read_literal(&cursor, "-") && read_month(&cursor, &moment->month) &&
          read_literal(&cursor, "-") && read_digits(&cursor, 2, &moment->year) &&
          read_literal(&cursor, " ") && read_time(&cursor, moment) &&
          read_literal(&cursor, " GMT") && cursor.at == cursor.end))
        return false;
    moment->year += century;
    if (moment->year > this_year + 50)
        moment->year -= 100;
    return true;
}

/* "Sun Nov  6 08:49:37 1994", after the day's name. */
static bool read_asctime_date(struct cursor cursor, struct moment *moment)
{
    return read_literal(&cursor, " ") && read_month(&cursor, &moment->month) &&
           read_literal(&cursor, " ") &&
           (read_digits(&cursor, 2, &moment->day) ||
            (read_literal(&cursor, " ") && read_digits(&cursor, 1, &moment->day))) &&
           read_literal(&cursor, " ") && read_time(&cursor, moment) && read_literal(&cursor, " ") &&
           read_digits(&cursor, 4, &moment->year) && cursor.at == cursor.end;
}

static bool read_http_date(struct cursor cursor, int64_t now_ms, int64_t *epoch_s)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    struct moment moment = {0};

    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct cursor after = cursor;
        bool found =
            read_literal(&after, days[i])
                ? read_rfc850_date(after, now_ms, &moment)
                : (size_t)(cursor.end - cursor.at) > 3 && memcmp(cursor.at, days[i], 3) == 0 &&
                      (read_imf_date((struct cursor){cursor.at + 3, cursor.end}, &moment) ||
                       read_asctime_date((struct cursor){cursor.at + 3, cursor.end}, &moment));
        if (found && is_possible(&moment)) {
            *epoch_s = to_epoch(&moment);
            return true;
        }
    }
    return false;
}

static struct cursor trimmed(struct sim_text text)
{
    text = sim_text_trim(text);
    return (struct cursor){text.data, text.data + text.length};
}

#define SATURATED (INT64_MAX / 10000)

/* Digits with an optional fraction: the whole ones, from SATURATED on inexact, and thousandths
 * rounded up, so up to 1000. */
static bool read_decimal(struct cursor cursor, int64_t *whole, int64_t *thousandths)
{
    int64_t number = 0, place = 100, fraction = 0;
    bool has_digits = false, has_rest = false;

    for (; cursor.at < cursor.end && isdigit((unsigned char)*cursor.at); cursor.at++) {
        has_digits = true;
        if (number < SATURATED)
            number = number * 10 + (*cursor.at - '0');
    }
    if (cursor.at < cursor.end && *cursor.at == '.') {
        for (cursor.at++; cursor.at < cursor.end && isdigit((unsigned char)*cursor.at);
             cursor.at++) {
            has_digits = true;
            fraction += (*cursor.at - '0') * place;
            has_rest = has_rest || (place == 0 && *cursor.at != '0');
            place /= 10;
        }
    }
    if (!has_digits || cursor.at != cursor.end)
        return false;
    *whole = number;
    *thousandths = fraction + has_rest;
    return true;
}

bool sim_clock_parse_http_date(struct sim_text text, int64_t now_ms, int64_t *epoch_ms)
{
    int64_t epoch_s = 0;

    if (!read_http_date(trimmed(text), now_ms, &epoch_s))
        return false;
    *epoch_ms = epoch_s * 1000;
    return true;
}

bool sim_clock_parse_retry_after(struct sim_text text, int64_t now_ms, int64_t *delay_ms)
{
    struct cursor cursor = trimmed(text);
    int64_t whole = 0, delay = 0;

    if (read_decimal(cursor, &whole, &delay))
        delay += whole < SIM_CLOCK_LONGEST_MS ? whole * 1000 : SIM_CLOCK_LONGEST_MS;
    else if (read_http_date(cursor, now_ms, &whole))
        delay = whole * 1000 - now_ms;
    else
        return false;
    if (delay < 0)
        delay = 0;
    *delay_ms = delay < SIM_CLOCK_LONGEST_MS ? delay : SIM_CLOCK_LONGEST_MS;
    return true;
}

/* "Z", "+02:00", "-0530", or nothing: seconds to take off. */
static bool read_offset(struct cursor *cursor, int *offset_s)
{
    int hours = 0, minutes = 0, sign;

    *offset_s = 0;
    if (cursor->at == cursor->end || read_literal(cursor, "Z") || read_literal(cursor, "z"))
        return true;
    sign = *cursor->at == '-' ? -1 : 1;
    if (!read_literal(cursor, "+") && !read_literal(cursor, "-"))
        return false;
    if (!read_digits(cursor, 2, &hours))
        return false;
    if ((read_literal(cursor, ":") || cursor->at != cursor->end) &&
        !read_digits(cursor, 2, &minutes))
        return false;
    *offset_s = sign * (hours * 60 + minutes) * 60;
    return hours <= 23 && minutes <= 59;
}

static bool read_iso_date(struct cursor cursor, int64_t *epoch_s)
{
    struct moment moment = {0};
    int offset_s = 0;

    if (!(read_digits(&cursor, 4, &moment.year) && read_literal(&cursor, "-") &&
          read_digits(&cursor, 2, &moment.month) && read_literal(&cursor, "-") &&
          read_digits(&cursor, 2, &moment.day) &&
          (read_literal(&cursor, "T") || read_literal(&cursor, "t") ||
           read_literal(&cursor, " ")) &&
          read_time(&cursor, &moment)))
        return false;
    if (read_literal(&cursor, ".") || read_literal(&cursor, ",")) {
        const char *digits = cursor.at;
        while (cursor.at < cursor.end && isdigit((unsigned char)*cursor.at))
            cursor.at++;
        if (cursor.at == digits)
            return false;
    }
    if (!read_offset(&cursor, &offset_s) || cursor.at != cursor.end || !is_possible(&moment))
        return false;
    *epoch_s = to_epoch(&moment) - offset_s;
    return true;
}

bool sim_clock_parse_reset(struct sim_text text, int64_t *epoch_s)
{
    const int64_t first_milliseconds = INT64_C(100000000000); /* as seconds, the year 5138 */
    struct cursor cursor = trimmed(text);
    int64_t whole = 0, thousandths = 0;

    if (!read_decimal(cursor, &whole, &thousandths))
        return read_iso_date(cursor, epoch_s);
    if (whole >= SATURATED)
        return false;
    *epoch_s = whole >= first_milliseconds ? whole / 1000 : whole;
    return true;
}
