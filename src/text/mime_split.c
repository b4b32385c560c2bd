/* mime_split.c - mail_split: what is new in a mail, what is history, what is signature. It goes by
 * lines: a line that introduces a quotation, the header block that Outlook puts above one, marked
 * lines, "-- ". */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "text/mime.h"

enum { INTRODUCTION_LINES = 3, INTRODUCTION_MAX = 400, HEADER_LINES = 8 };

enum target { TO_TEXT, TO_QUOTED, TO_SIGNATURE, TARGETS };

struct splitter {
    struct arena *a;
    struct vec lines; /* struct str */
    struct buf out[TARGETS];
};

static struct str line_at(const struct splitter *s, size_t i)
{
    return i < s->lines.n ? *(struct str *)vec_at(&s->lines, i) : STR_NONE;
}

static void put(struct splitter *s, enum target to, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        buf_add(&s->out[to], line_at(s, i));
        buf_add_char(&s->out[to], '\n');
    }
}

static bool is_marked(struct str line)
{
    return str_starts(str_trim(line), STR(">"));
}

static bool starts_with_any(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_starts_nocase(s, str_z(*words)))
            return true;
    return false;
}

static bool has_any(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_find(s, str_z(*words), 0) >= 0)
            return true;
    return false;
}

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    return false;
}

/* Number of lines at i that say who wrote what follows ("On … wrote:", folded over up to three), or
 * 0. */
static size_t introduction(const struct splitter *s, size_t i)
{
    static const char *const verbs[] = {"wrote",      "schrieb", "a écrit", "escribió",
                                        "ha scritto", "schreef", NULL};
    static const char *const starts[] = {"On ", "Am ", "Le ", "El ", "Il ", "Op ", NULL};
    struct str first = str_trim(line_at(s, i));
    if (!first.n || is_marked(first))
        return 0;
    struct str joined = STR_NONE;
    for (size_t n = 1; n <= INTRODUCTION_LINES && i + n <= s->lines.n; n++) {
        struct str line = str_trim(line_at(s, i + n - 1));
        if (!line.n || is_marked(line))
            return 0;
        joined = n == 1 ? line : arena_join(s->a, (struct str[]){joined, line}, 2, STR(" "));
        if (joined.n > INTRODUCTION_MAX)
            return 0;
        if (!str_ends(joined, STR(":")) || !has_any(joined, verbs) || !has_digit(joined))
            continue;
        bool dated = starts_with_any(first, starts) ||
                     str_find(joined, STR("schrieb am "), 0) >= 0 ||
                     (str_find_char(joined, '@', 0) >= 0 && str_find_char(joined, '<', 0) >= 0);
        return dated ? n : 0;
    }
    return 0;
}

/* "-----Original Message-----" and its like; forwarded mail is what the sender wants to show, so it
 * is none. */
static bool is_divider(struct str line)
{
    static const char *const words[] = {"Original Message",        "Original message",
                                        "Ursprüngliche Nachricht", "Ursprüngliche Mail",
                                        "Originalnachricht",       "Original-Nachricht",
                                        "Message d'origine",       "Mensaje original",
                                        "Reply message",           NULL};
    line = str_trim(line);
    return str_starts(line, STR("--")) && str_ends(line, STR("--")) && has_any(line, words);
}

/* Outlook: From, Sent, To, Subject one below the other. */
static bool is_header_block(const struct splitter *s, size_t i)
{
    static const char *const from[] = {"From:", "Von:", "*From:*", "*Von:*", "De :", "De:", NULL};
    static const char *const sent[] = {
        "Sent:",   "Gesendet:", "Date:",  "Datum:",  "*Sent:*", "*Gesendet:*",
        "*Date:*", "*Datum:*",  "Envoyé", "Enviado", NULL};
    static const char *const rest[] = {
        "To:",        "An:",        "Subject:", "Betreff:", "*To:*", "*An:*",
        "*Subject:*", "*Betreff:*", "Objet",    "Asunto",   NULL};
    if (!starts_with_any(str_trim(line_at(s, i)), from))
        return false;
    bool has_sent = false, has_rest = false;
    for (size_t k = 1; k <= HEADER_LINES && i + k < s->lines.n; k++) {
        struct str line = str_trim(line_at(s, i + k));
        has_sent |= starts_with_any(line, sent);
        has_rest |= starts_with_any(line, rest);
    }
    return has_sent && has_rest;
}

static bool is_rule(struct str line)
{
    line = str_trim(line);
    size_t n = 0;
    while (n < line.n && line.p[n] == '_')
        n++;
    return n >= 10 && n == line.n;
}

static bool is_signature(struct str line)
{
    while (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return str_eq(line, STR("-- ")) || str_eq(line, STR("--"));
}

static bool is_device_note(struct str line)
{
    static const char *const notes[] = {"Sent from my ",
                                        "Von meinem ",
                                        "Gesendet von ",
                                        "Sent from Outlook",
                                        "Holen Sie sich Outlook",
                                        "Get Outlook for ",
                                        "Von meiner mobilen",
                                        "Diese Nachricht wurde von meinem",
                                        NULL};
    line = str_trim(line);
    return line.n < 100 && starts_with_any(line, notes);
}

static size_t skip_blank(const struct splitter *s, size_t i)
{
    while (i < s->lines.n && !str_trim(line_at(s, i)).n)
        i++;
    return i;
}

/* Sorts the lines into the three targets. */
static void sort_lines(struct splitter *s)
{
    enum target to = TO_TEXT;
    for (size_t i = 0; i < s->lines.n;) {
        struct str line = line_at(s, i);
        size_t intro = introduction(s, i);
        bool rule = is_rule(line) && is_header_block(s, skip_blank(s, i + 1));
        if (rule || is_divider(line) || is_header_block(s, i)) {
            put(s, TO_QUOTED, i, s->lines.n);
            return;
        }
        if (intro) {
            size_t behind = skip_blank(s, i + intro);
            if (behind < s->lines.n &&
                !is_marked(line_at(s, behind))) { /* unmarked: all of it is history */
                put(s, TO_QUOTED, i, s->lines.n);
                return;
            }
            put(s, TO_QUOTED, i, i + intro);
            i += intro;
            continue;
        }
        if (is_marked(line)) {
            put(s, TO_QUOTED, i, i + 1);
            if (to == TO_SIGNATURE)
                to = TO_TEXT; /* answers between quotations go on behind a signature at the top */
        } else {
            if (is_signature(line)) {
                to = TO_SIGNATURE;
                i++;
                continue;
            }
            bool note = to == TO_TEXT && is_device_note(line);
            put(s, note ? TO_SIGNATURE : to, i, i + 1);
        }
        i++;
    }
}

/* Without empty lines at the ends. */
static struct str trimmed(const struct buf *b)
{
    struct str s = buf_str(b);
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]) && s.p[s.n - 1])
        s.n--;
    while (s.n && (s.p[0] == '\n' || s.p[0] == '\r'))
        s = str_sub(s, 1, s.n);
    return s;
}

void mail_split(struct arena *a, struct str whole, struct str *text, struct str *quoted,
                struct str *signature)
{
    struct splitter s = {.a = a};
    vec_init(&s.lines, a, sizeof(struct str));
    for (int i = 0; i < TARGETS; i++)
        buf_init_in(&s.out[i], a, whole.n + 2);
    struct str rest = whole, line;
    while (str_next_line(&rest, &line))
        *(struct str *)vec_push(&s.lines) = line;
    sort_lines(&s);
    *text = trimmed(&s.out[TO_TEXT]);
    *quoted = trimmed(&s.out[TO_QUOTED]);
    *signature = trimmed(&s.out[TO_SIGNATURE]);
    if (!text->n && quoted->n) { /* nothing but history: then that is what was sent */
        *text = str_trim(whole);
        *quoted = *signature = STR("");
    }
}
