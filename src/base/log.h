/* log.h - one line of logfmt on stderr per event: time, level, module, request id, message, fields.
 * Secrets are never passed to it, and what looks like one is taken out (base/redact.h). Text from
 * strangers is quoted; what could end a line, steer a terminal or turn the direction of writing is
 * escaped as \xNN, so one event is always one line. Threads: any; a line is written with one
 * write(2). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVELS };
/* Of a request id; longer ones are cut. */
enum { LOG_REQUEST_MAX = 64 };

/* Lines below this level are dropped; LOG_INFO at start. */
void log_set_level(enum log_level level);
/* Added to each line of this thread as req=...; NULL ends it. */
void log_set_request(const char *id);
/* How many lines of this level there were, dropped ones included. */
uint64_t log_count(enum log_level level);

void log_debug(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes the line and aborts: for states from which nothing sound can follow. */
void log_fatal(const char *module, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* The same with fields behind the message, for what programs read. */
struct log_field {
    const char *key; /* letters */
    struct str value;
};
void log_fields(enum log_level level, const char *module, const char *message,
                const struct log_field *fields, size_t n);

#endif
