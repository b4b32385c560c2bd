/* tokens.c - see tokens.h. Letters and digits are told by ASCII tables first, then by ICU; ICU's
 * word breaks are only asked for scripts that write without blanks. */
#include "text/tokens.h"

#include <string.h>
#include <unicode/uchar.h>

#include "text/unicode.h"
#include "text/unicode_int.h"

void tokens_init(struct tokens *t, struct str folded)
{
    *t = (struct tokens){.text = folded};
}

static bool is_ascii_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Scripts that put no blanks between words: Thai to Khmer, Kana, Han. */
static bool is_unspaced(uint32_t c)
{
    return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
           (c >= 0x1780 && c <= 0x17FF) || (c >= 0x3040 && c <= 0x30FF) ||
           (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

/* Bytes of the letter, digit or mark at i, 0 when it is something else. */
static size_t letter_at(struct str s, size_t i, bool *unspaced)
{
    if (i >= s.n)
        return 0;
    if (!((unsigned char)s.p[i] & 0x80))
        return is_ascii_alnum(s.p[i]);
    size_t end = i;
    uint32_t c = utf8_next(s, &end);
    if (c >= 0xC0 && c < 0x250)
        return c == 0xD7 || c == 0xF7 ? 0 : end - i;
    if (!u_isalnum((UChar32)c) && !(U_GET_GC_MASK((UChar32)c) & U_GC_M_MASK))
        return 0;
    if (is_unspaced(c))
        *unspaced = true;
    return end - i;
}

static size_t letters_end(struct str s, size_t i, bool *unspaced)
{
    for (size_t n; (n = letter_at(s, i, unspaced)) > 0; i += n)
        ;
    return i;
}

/* End of a run of letters, digits and the given inner signs, none of them last. */
static size_t run_end(struct str s, size_t i, const char *inner)
{
    size_t end = i;
    bool unspaced;
    for (;;) {
        size_t n = letter_at(s, i, &unspaced);
        if (n) {
            i += n;
            end = i;
        } else if (i < s.n && s.p[i] && strchr(inner, s.p[i])) {
            i++;
        } else {
            return end;
        }
    }
}

/* A mail address that begins at i; its end, or 0. */
static size_t mail_end(struct str s, size_t i)
{
    size_t at = i;
    while (at < s.n && at < i + 64 && (is_ascii_alnum(s.p[at]) || strchr("._+-", s.p[at])) &&
           s.p[at])
        at++;
    if (at == i || at >= s.n || s.p[at] != '@' || at + 1 >= s.n || !is_ascii_alnum(s.p[at + 1]))
        return 0;
    size_t end = run_end(s, at + 1, ".-");
    return str_find_char(str_sub(s, 0, end), '.', at) > 0 ? end : 0;
}

/* "12.50", "1,5", "22.11.2026", "0800-1234": digits joined by single signs. */
static size_t number_end(struct str s, size_t i)
{
    while (i < s.n && is_digit(s.p[i])) {
        i++;
        if (i + 1 < s.n && strchr(".,:-", s.p[i]) && s.p[i] && is_digit(s.p[i + 1]))
            i++;
    }
    return i;
}

/* The next piece of a run that ICU cuts by dictionary. */
static bool cut_run(struct tokens *t, struct str *token)
{
    while (t->run.n) {
        UBreakIterator *it = unicode_breaks(UNICODE_WORD, t->run);
        int32_t end = it && ubrk_first(it) == 0 ? ubrk_next(it) : UBRK_DONE;
        size_t n = end > 0 ? (size_t)end : t->run.n;
        *token = str_sub(t->run, 0, n);
        t->run = str_sub(t->run, n, t->run.n);
        return true;
    }
    return false;
}

/* "https://host/…": the scheme says nothing, the host is one term. */
static bool take_host(struct tokens *t, struct str *token)
{
    static const char *const schemes[] = {"https://", "http://"};
    struct str rest = str_sub(t->text, t->at, t->at + 8);
    for (size_t i = 0; i < 2; i++)
        if (str_starts(rest, str_z(schemes[i]))) {
            size_t from = t->at + strlen(schemes[i]);
            if (str_starts(str_sub(t->text, from, from + 4), STR("www.")))
                from += 4;
            size_t end = run_end(t->text, from, ".-");
            *token = str_sub(t->text, from, end);
            t->at = end > from ? end : from;
            return end > from;
        }
    return false;
}

bool tokens_next(struct tokens *t, struct str *token, enum token_kind *kind)
{
    *kind = TOKEN_WORD;
    if (cut_run(t, token))
        return true;
    struct str s = t->text;
    while (t->at < s.n) {
        char c = s.p[t->at];
        bool unspaced = false;
        size_t from = t->at, end;
        if ((c == '@' || c == '#') &&
            (end = run_end(s, from + 1, c == '@' ? "_.-@" : "_")) > from + 1) {
            *kind = TOKEN_NAME;
        } else if (!letter_at(s, from, &unspaced)) {
            (void)utf8_next(s, &t->at);
            continue;
        } else if (c == 'h' && take_host(t, token)) {
            *kind = TOKEN_WHOLE;
            return true;
        } else {
            end = letters_end(s, from, &unspaced);
            /* only a sign that an address may hold can be followed by its "@" */
            size_t mail =
                end < s.n && strchr("._+-@", s.p[end]) && s.p[end] ? mail_end(s, from) : 0;
            size_t number = is_digit(c) ? number_end(s, from) : 0;
            if (mail) {
                end = mail;
                *kind = TOKEN_WHOLE;
            } else if (number >= end) {
                end = number;
                *kind = TOKEN_NUMBER;
            } else if (unspaced) {
                t->at = end;
                t->run = str_sub(s, from, end);
                return cut_run(t, token);
            }
        }
        *token = str_sub(s, from, end);
        t->at = end;
        return true;
    }
    return false;
}
