/* lex.c - cuts SQL into lexemes, as far as both engines agree on what one is. */
#include <string.h>

#include "base/vec.h"
#include "sqlc.h"

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* End of what is quoted from p on; a doubled quote is one inside. */
static const char *quoted_end(const char *p, const char *end)
{
    char quote = *p++;
    for (; p < end; p++)
        if (*p == quote) {
            if (p + 1 == end || p[1] != quote)
                return p + 1;
            p++;
        }
    return NULL;
}

/* Signs of two characters; "::" and "@@" stand in twins only. */
static size_t sign_length(const char *p, const char *end)
{
    static const char *const two[] = {"<>", "!=", "<=", ">=", "==", "||",
                                      "<<", ">>", "::", "@@", "->"};
    for (size_t i = 0; end - p > 1 && i < sizeof two / sizeof *two; i++)
        if (p[0] == two[i][0] && p[1] == two[i][1])
            return 2;
    return 1;
}

static struct lexeme lexeme_at(const char *p, const char *end)
{
    struct lexeme l = {.text = {p, 1}};
    const char *to = p;
    if (*p == '\'' || *p == '"') {
        to = quoted_end(p, end);
        l.kind = !to ? LEX_END : *p == '"' ? LEX_QUOTED : LEX_TEXT;
    } else if (*p == ':' && end - p > 1 && word_char(p[1]) && !digit(p[1])) {
        l.kind = LEX_PARAMETER;
        for (to = p + 1; to < end && word_char(*to);)
            to++;
    } else if (word_char(*p)) {
        l.kind = digit(*p) ? LEX_NUMBER : LEX_WORD;
        while (to < end && (word_char(*to) || (l.kind == LEX_NUMBER && *to == '.')))
            to++;
    } else {
        l.kind = LEX_SIGN;
        to = p + sign_length(p, end);
    }
    l.text.n = to ? (size_t)(to - p) : (size_t)(end - p);
    return l;
}

const char *skip_blanks(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        if (strchr(" \t\r\n\f", *p)) {
            p++;
        } else if (end - p > 1 && p[0] == '-' && p[1] == '-') {
            const char *eol = memchr(p, '\n', (size_t)(end - p));
            p = eol ? eol + 1 : end;
        } else if (end - p > 1 && p[0] == '/' && p[1] == '*') {
            ptrdiff_t close = str_find((struct str){p, (size_t)(end - p)}, STR("*/"), 2);
            p = close < 0 ? end : p + close + 2;
        } else {
            break;
        }
    }
    return p;
}

struct lexemes lex(struct arena *a, struct str sql)
{
    struct vec v;
    vec_init(&v, a, sizeof(struct lexeme));
    const char *end = sql.p + sql.n;
    for (const char *p = skip_blanks(sql); p < end;) {
        struct lexeme *l = vec_push(&v);
        *l = lexeme_at(p, end);
        p += l->text.n;
        p = skip_blanks((struct str){p, (size_t)(end - p)});
    }
    *(struct lexeme *)vec_push(&v) = (struct lexeme){LEX_END, {end, 0}};
    return (struct lexemes){v.p, v.n - 1};
}

bool lex_is(const struct lexeme *l, const char *word)
{
    return (l->kind == LEX_WORD || l->kind == LEX_SIGN) && str_eq_nocase(l->text, str_z(word));
}

struct str lex_name(const struct lexeme *l)
{
    return l->kind == LEX_QUOTED ? str_sub(l->text, 1, l->text.n - 1)
           : l->kind == LEX_WORD ? l->text
                                 : STR("");
}
