/* Views of text: trimmed, cut, and compared with ASCII's letters whatever the locale says. */
#include "core/text.h"

#include <locale.h>

#include "check.h"

static void a_text_is_cut_and_trimmed(void)
{
    CHECK_TEXT(sim_text_of(""), "");
    CHECK_TEXT(sim_text_of("abc"), "abc");
    CHECK_TEXT(sim_text_skip(TEXT("abc"), 0), "abc");
    CHECK_TEXT(sim_text_skip(TEXT("abc"), 2), "c");
    CHECK_TEXT(sim_text_skip(TEXT("abc"), 3), "");
    CHECK_TEXT(sim_text_trim(TEXT(" \t a b \r\n")), "a b");
    CHECK_TEXT(sim_text_trim(TEXT(" \t\r\n")), "");
    CHECK_TEXT(sim_text_trim(TEXT("\v")), "\v");
    CHECK_INT(sim_text_trim(TEXT("\0")).length, 1);
}

static void texts_are_compared(void)
{
    static const struct {
        struct sim_text one, other;
        bool equals, equals_nocase, starts_nocase, ends_nocase;
    } rows[] = {
        {TEXT(""), TEXT(""), true, true, true, true},
        {{NULL, 0}, TEXT(""), true, true, true, true},
        {TEXT("abc"), TEXT("abc"), true, true, true, true},
        {TEXT("aBc"), TEXT("AbC"), false, true, true, true},
        {TEXT("abc"), TEXT(""), false, false, true, true},
        {TEXT(""), TEXT("a"), false, false, false, false},
        {TEXT("abab"), TEXT("AB"), false, false, true, true},
        {TEXT("abcd"), TEXT("cd"), false, false, false, true},
        {TEXT("abcd"), TEXT("ab"), false, false, true, false},
        {TEXT("abcd"), TEXT("bc"), false, false, false, false},
        {TEXT("a\0b"), TEXT("a\0c"), false, false, false, false},
        {TEXT("a\0B"), TEXT("a\0b"), false, true, true, true},
        {TEXT("@[`{"), TEXT("`{@["), false, false, false, false}, /* around the letters */
        {TEXT("\xC4"), TEXT("\xE4"), false, false, false, false}, /* Latin-1's A and a umlaut */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_text one = rows[i].one, other = rows[i].other;
        check_row = other.data;
        CHECK_INT(sim_text_equals(one, other), rows[i].equals);
        CHECK_INT(sim_text_equals_nocase(one, other), rows[i].equals_nocase);
        CHECK_INT(sim_text_starts_nocase(one, other), rows[i].starts_nocase);
        CHECK_INT(sim_text_ends_nocase(one, other), rows[i].ends_nocase);
    }
}

/* In the first of these that the system has, I and i are two letters to the C library. */
static void the_locale_says_nothing(void)
{
    static const char *const names[] = {"tr_TR.UTF-8", "tr_TR.ISO8859-9", "tr_TR", "az_AZ.UTF-8"};

    for (size_t i = 0; i < COUNT(names) && setlocale(LC_ALL, names[i]) == NULL; i++)
        continue;
    CHECK(sim_text_equals_nocase(TEXT("X-RATELIMIT-LIMIT"), TEXT("x-ratelimit-limit")));
    CHECK(sim_text_starts_nocase(TEXT("TRANSFER-ENCODING: x"), TEXT("transfer-encoding")));
    CHECK(sim_text_ends_nocase(TEXT("API.SIM.AI"), TEXT("sim.ai")));
    (void)setlocale(LC_ALL, "C");
}

static const struct check_test tests[] = {
    TEST(a_text_is_cut_and_trimmed),
    TEST(texts_are_compared),
    TEST(the_locale_says_nothing),
};

CHECK_MAIN(tests)
