/* naming.c - see naming.h. */
#include "understand/naming.h"

#include <string.h>

#include "base/arena.h"
#include "understand/tokens.h"

enum {
    NAMES_MAX = 32,
    NAME_WORDS_MAX = 6,
    NAME_PART_MIN = 5 /* letters from which the first word of a longer name stands for it */
};

struct name {
    uint64_t words[NAME_WORDS_MAX];
    size_t n;
    uint64_t joined, genitive; /* of all its letters; with an s behind */
    bool part;                 /* its first word may stand for it */
};

struct naming {
    struct name names[NAMES_MAX];
    size_t n;
};

static bool name_read(struct name *out, struct tokens *tokens, struct str name)
{
    unsigned char joined[TOKEN_WORD_MAX * NAME_WORDS_MAX + 1];
    size_t length = 0;
    tokens_read(tokens, name);
    *out = (struct name){0};
    for (size_t i = 0; i < tokens->n && out->n < NAME_WORDS_MAX; i++) {
        const struct token *t = &tokens->t[i];
        if (t->kind != TOKEN_WORD && t->kind != TOKEN_NUMBER && t->kind != TOKEN_HANDLE &&
            t->kind != TOKEN_HASHTAG)
            continue;
        memcpy(joined + length, tokens->pool + t->start, t->n);
        length += t->n;
        if (out->n == 0)
            out->part = t->n >= NAME_PART_MIN;
        out->words[out->n++] = t->hash;
    }
    out->part = out->part && out->n > 1;
    out->joined = tokens_hash(joined, length);
    joined[length] = 's';
    out->genitive = tokens_hash(joined, length + 1);
    return out->n > 0;
}

const struct naming *naming_new(struct arena *a, struct brand_names names)
{
    struct naming *b = ARENA_NEW(a, struct naming);
    struct tokens *tokens = ARENA_NEW(a, struct tokens);
    for (size_t i = 0; i < names.n && b->n < NAMES_MAX; i++)
        if (name_read(&b->names[b->n], tokens, str_trim(names.names[i])))
            b->n++;
    return b->n ? b : NULL;
}

bool naming_owns(const struct naming *b, struct str name)
{
    struct arena a;
    struct name n;
    arena_init(&a);
    bool own = false;
    if (b && name_read(&n, ARENA_NEW(&a, struct tokens), name))
        for (size_t i = 0; i < b->n && !own; i++)
            own = b->names[i].joined == n.joined;
    arena_deinit(&a);
    return own;
}

static bool is_word(const struct token *t)
{
    return t->kind == TOKEN_WORD || t->kind == TOKEN_NUMBER || t->kind == TOKEN_HASHTAG;
}

static size_t name_at(const struct name *name, const struct tokens *tokens, size_t i)
{
    const struct token *t = &tokens->t[i];
    if (t->hash == name->joined || (t->hash == name->genitive && t->kind == TOKEN_WORD))
        return 1;
    if (name->n < 2 || i + name->n > tokens->n)
        return 0;
    for (size_t k = 0; k < name->n; k++)
        if (!is_word(t + k) || t[k].hash != name->words[k])
            return 0;
    return name->n;
}

void naming_find(const struct naming *brand, const struct tokens *tokens, uint8_t *out)
{
    memset(out, NAMED_NOT, tokens->n);
    if (!brand)
        return;
    for (size_t i = 0; i < tokens->n; i++) {
        if (!is_word(&tokens->t[i]) && tokens->t[i].kind != TOKEN_HANDLE)
            continue;
        size_t n = 0;
        bool part = false;
        for (size_t k = 0; k < brand->n && !n; k++) {
            n = name_at(&brand->names[k], tokens, i);
            part |= brand->names[k].part && tokens->t[i].hash == brand->names[k].words[0];
        }
        if (n) {
            out[i] = NAMED_BRAND;
            memset(out + i + 1, NAMED_REST, n - 1);
            i += n - 1;
        } else if (part) {
            out[i] = NAMED_PART;
        }
    }
}
