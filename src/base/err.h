/* err.h - how functions fail. A function that can fail returns enum err and is marked MUST_CHECK;
 * where a person or a log wants to know more, it also fills a struct errinfo that the caller owns.
 * What each code means to HTTP, to an API client and to a retry stands in one table (err_row).
 * Threads: any. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_OK,
    ERR_NOT_FOUND, /* the thing asked for does not exist, or not for this asker */
    ERR_INVALID,   /* the input is wrong; trying again unchanged is useless */
    ERR_CONFLICT,  /* somebody else was faster, or it exists already */
    ERR_DENIED,    /* not allowed, or not signed in */
    ERR_LIMIT,     /* larger, longer or more often than allowed */
    ERR_BUSY,      /* a bounded queue is full; later it may work */
    ERR_PEER,      /* the other side refused or answered nonsense */
    ERR_UNCLEAR,   /* the other side may or may not have acted */
    ERR_IO,        /* disk, network or another resource failed */
    ERR_BUG,       /* cannot happen */
    ERR_COUNT
};

struct errinfo {
    enum err code;
    char where[64]; /* field, line, header or file that is wrong; may be empty */
    char what[320]; /* one English sentence: what happened, and what to do when that is not plain */
    char said[320]; /* the same as code and parameters (trouble.h); empty: there are none */
};

struct err_row {
    const char *code; /* stable word for API answers and logs */
    int http;         /* status */
    bool retry;       /* may succeed when tried again unchanged */
};

extern const struct err_row err_table[ERR_COUNT];

/* Fills e (which may be NULL) and returns code, so that it can be returned at once. */
enum err err_set(struct errinfo *e, enum err code, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
const char *err_code(enum err code);

/* Returns from the function when x failed. The only macro that hides control flow. */
#define TRY(x)                                                                                     \
    do {                                                                                           \
        enum err try_err_ = (x);                                                                   \
        if (try_err_ != ERR_OK)                                                                    \
            return try_err_;                                                                       \
    } while (0)

#endif
