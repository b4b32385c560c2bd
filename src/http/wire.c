/* wire.c - see wire.h. One function a state; each takes one byte, but for bodies, which are passed
 * over whole. */
#include "http/wire.h"

#include <string.h>

#include "http/header.h"

enum state {
    IDLE,
    EMPTY_LINE, /* LF of one line end before the request line (RFC 9112 section 2.2) */
    METHOD,
    TARGET,
    VERSION,
    VERSION_END,
    LINE, /* first byte of a header line */
    NAME,
    BLANKS, /* before a value */
    VALUE,
    VALUE_END,
    HEAD_END,
    BODY,
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_END,
    CHUNK,
    CHUNK_CR,
    CHUNK_LF,
    LAST_CR,
    LAST_LF,
    BROKEN
};

enum field { OTHER, LENGTH, CODING, HOST, COOKIE };

static const char length_malformed[] = "Content-Length is no number.";
static const char chunk_malformed[] = "A chunk of the body is malformed.";
static const char line_malformed[] = "A header line is malformed.";

void wire_init(struct wire *w)
{
    *w = (struct wire){.state = IDLE};
}

bool wire_is_idle(const struct wire *w)
{
    return w->state == IDLE && !w->empty_line;
}

bool wire_in_body(const struct wire *w)
{
    return w->state >= BODY && w->state < BROKEN;
}

static bool refuse(struct wire *w, enum wire_fault fault, const char *why)
{
    w->fault = (uint8_t)fault;
    w->why = why;
    w->state = BROKEN;
    return false;
}

static bool malformed(struct wire *w, const char *why)
{
    return refuse(w, WIRE_MALFORMED, why);
}

static bool enter(struct wire *w, enum state state)
{
    w->state = (uint8_t)state;
    w->part = 0;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool fits(struct wire *w, size_t bytes, size_t rows)
{
    w->rows = (uint16_t)(w->rows + rows);
    w->cost = (uint16_t)(w->cost + bytes + rows);
    return w->rows <= HEAD_ROWS_MAX && w->cost <= HEAD_COST_MAX;
}

/* --- the request line --- */

static bool take_idle(struct wire *w, char c)
{
    bool after_empty_line = w->empty_line;
    if (c == '\r' && !after_empty_line) {
        w->empty_line = true;
        return enter(w, EMPTY_LINE);
    }
    if (!header_token_byte(c))
        return malformed(w, "The request line is malformed.");
    wire_init(w);
    enter(w, METHOD);
    w->part = 1;
    return true;
}

static bool take_method(struct wire *w, char c)
{
    if (c == ' ')
        return enter(w, TARGET);
    if (!header_token_byte(c) || ++w->part > METHOD_MAX)
        return malformed(w, "The method is malformed.");
    return true;
}

static bool take_target(struct wire *w, char c)
{
    if (c == ' ' && w->part)
        return enter(w, VERSION);
    if ((unsigned char)c <= 0x20 || c == 0x7f)
        return malformed(w, "The request line is malformed.");
    if (++w->part > TARGET_MAX || !fits(w, 1, c == '?' || c == '&' ? HEAD_ROW : 0))
        return refuse(w, WIRE_TARGET_LONG, "The address is too long.");
    return true;
}

static bool take_version(struct wire *w, char c)
{
    static const char name[] = "HTTP/1.";
    size_t at = w->part++;
    if (at < sizeof name - 1 && c == name[at])
        return true;
    if (at == sizeof name - 1 && (c == '0' || c == '1')) {
        w->http_1_0 = c == '0';
        return true;
    }
    if (at == sizeof name && c == '\r')
        return enter(w, VERSION_END);
    return malformed(w, "This is not a request of HTTP/1.1.");
}

/* --- header lines --- */

static bool count_head(struct wire *w, size_t rows)
{
    bool copied = w->state == VALUE && w->field == COOKIE;
    if (++w->head > HEADER_BYTES_MAX || !fits(w, 1, copied + rows * HEAD_ROW))
        return refuse(w, WIRE_HEAD_LARGE, "The request's headers are too large.");
    return true;
}

static enum field field_of(const struct wire *w)
{
    static const struct {
        const char *name;
        enum field field;
    } known[] = {{"content-length", LENGTH},
                 {"transfer-encoding", CODING},
                 {"host", HOST},
                 {"cookie", COOKIE}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (w->name_n == strlen(known[i].name) && memcmp(w->name, known[i].name, w->name_n) == 0)
            return known[i].field;
    return OTHER;
}

static bool take_line(struct wire *w, char c)
{
    if (c == '\r')
        return enter(w, HEAD_END);
    if (!header_token_byte(c))
        return malformed(w, line_malformed);
    w->name[0] = lower(c);
    w->name_n = 1;
    return enter(w, NAME);
}

static bool take_name(struct wire *w, char c)
{
    if (c != ':') {
        if (!header_token_byte(c))
            return malformed(w, line_malformed);
        if (w->name_n < sizeof w->name)
            w->name[w->name_n++] = lower(c);
        return true;
    }
    w->field = (uint8_t)field_of(w);
    bool *const seen = w->field == LENGTH   ? &w->length
                       : w->field == CODING ? &w->coding
                       : w->field == HOST   ? &w->host
                                            : NULL;
    if (seen && *seen)
        return malformed(w, "A header that may stand once stands twice.");
    if (seen)
        *seen = true;
    return enter(w, BLANKS);
}

static bool take_value(struct wire *w, char c)
{
    static const char coding[] = "chunked";
    if (w->state == BLANKS) {
        if (c == ' ' || c == '\t')
            return true;
        enter(w, VALUE);
    }
    size_t at = w->part;
    if (c == '\r') {
        if (w->field == LENGTH && !at)
            return malformed(w, length_malformed);
        if (w->field == CODING && at != sizeof coding - 1)
            return malformed(w, "The length of the body is not clear.");
        if (w->field == HOST && !at)
            w->host = false;
        return enter(w, VALUE_END);
    }
    w->part++;
    if (((unsigned char)c < 0x20 && c != '\t') || c == 0x7f)
        return malformed(w, line_malformed);
    if (w->field == LENGTH) {
        if (c < '0' || c > '9' || at == LENGTH_DIGITS_MAX)
            return malformed(w, length_malformed);
        w->left = w->left * 10 + (uint64_t)(c - '0');
    }
    if (w->field == CODING && (at >= sizeof coding - 1 || lower(c) != coding[at]))
        return malformed(w, "The length of the body is not clear.");
    if (w->field == HOST && strchr(" \t,/\\@?#\"<>", c))
        return malformed(w, "The Host header is malformed.");
    return true;
}

static bool end_head(struct wire *w)
{
    if (w->coding && (w->length || w->http_1_0))
        return malformed(w, "The length of the body is not clear.");
    if (!w->host && !w->http_1_0)
        return malformed(w, "The Host header is missing.");
    w->body = 0;
    if (w->coding)
        return enter(w, CHUNK_SIZE);
    return enter(w, w->left ? BODY : IDLE);
}

/* --- chunks --- */

static bool take_chunk_size(struct wire *w, char c)
{
    int digit = hex_value(c);
    if (digit < 0) {
        if (!w->part || (c != ';' && c != '\r'))
            return malformed(w, chunk_malformed);
        return enter(w, c == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_END);
    }
    if (!w->part)
        w->left = 0;
    if (++w->part > CHUNK_DIGITS_MAX)
        return malformed(w, chunk_malformed);
    w->left = w->left * 16 + (uint64_t)digit;
    return true;
}

static bool take_chunk_extension(struct wire *w, char c)
{
    if (c == '\r')
        return enter(w, CHUNK_SIZE_END);
    if (((unsigned char)c < 0x20 && c != '\t') || c == 0x7f || ++w->part > CHUNK_EXTENSION_MAX)
        return malformed(w, chunk_malformed);
    return true;
}

/* One byte that must be this one. */
static bool expect(struct wire *w, char c, char wanted, enum state next, const char *why)
{
    return c == wanted ? enter(w, next) : malformed(w, why);
}

static bool take_byte(struct wire *w, char c)
{
    switch ((enum state)w->state) {
    case IDLE:
        return take_idle(w, c);
    case EMPTY_LINE:
        return expect(w, c, '\n', IDLE, "The request line is malformed.");
    case METHOD:
        return take_method(w, c);
    case TARGET:
        return take_target(w, c);
    case VERSION:
        return take_version(w, c);
    case VERSION_END:
        return expect(w, c, '\n', LINE, "The request line is malformed.");
    case LINE:
        return count_head(w, 1) && take_line(w, c);
    case NAME:
        return count_head(w, 0) && take_name(w, c);
    case BLANKS:
    case VALUE:
        return count_head(w, w->field == COOKIE && c == ';') && take_value(w, c);
    case VALUE_END:
        return expect(w, c, '\n', LINE, line_malformed);
    case HEAD_END:
        return c == '\n' ? end_head(w) : malformed(w, line_malformed);
    case CHUNK_SIZE:
        return take_chunk_size(w, c);
    case CHUNK_EXTENSION:
        return take_chunk_extension(w, c);
    case CHUNK_SIZE_END:
        return expect(w, c, '\n', w->left ? CHUNK : LAST_CR, chunk_malformed);
    case CHUNK_CR:
        return expect(w, c, '\r', CHUNK_LF, chunk_malformed);
    case CHUNK_LF:
        return expect(w, c, '\n', CHUNK_SIZE, chunk_malformed);
    case LAST_CR:
        return expect(w, c, '\r', LAST_LF, "The body has trailers, which are not taken here.");
    case LAST_LF:
        return expect(w, c, '\n', IDLE, chunk_malformed);
    case BODY:
    case CHUNK:
    case BROKEN:
        break;
    }
    return false;
}

static size_t pass_body(struct wire *w, size_t n)
{
    size_t part = w->left < n ? (size_t)w->left : n;
    w->left -= part;
    w->body += part;
    if (!w->left)
        enter(w, w->state == CHUNK ? CHUNK_CR : IDLE);
    return part;
}

/* The run of bytes that a value may hold anyway; most of a head is that. */
static size_t pass_plain(struct wire *w, const char *p, size_t n)
{
    size_t at = 0, room = HEADER_BYTES_MAX - w->head, dear = HEAD_COST_MAX - w->cost;
    room = room < dear ? room : dear;
    while (at < n && at < room && (unsigned char)p[at] >= 0x20 && p[at] != 0x7f)
        at++;
    w->part = (uint16_t)(w->part + at);
    w->head = (uint16_t)(w->head + at);
    w->cost = (uint16_t)(w->cost + at);
    return at;
}

size_t wire_take(struct wire *w, const char *p, size_t n, size_t *whole)
{
    size_t at = 0;
    *whole = 0;
    while (at < n && w->state != BROKEN) {
        bool begun = w->state != EMPTY_LINE && w->state != IDLE;
        bool plain = w->state == VALUE && w->field == OTHER;
        size_t run = plain ? pass_plain(w, p + at, n - at) : 0;
        if (run)
            at += run;
        else if (w->state == BODY || w->state == CHUNK)
            at += pass_body(w, n - at);
        else if (take_byte(w, p[at]))
            at++;
        if (begun && w->state == IDLE)
            *whole = at;
    }
    return at;
}
