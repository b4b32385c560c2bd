/* log.h - one line of logfmt on stderr per event: time, level, module, message, request id.
 * Secrets are never passed to it; text from strangers is quoted and its control characters escaped.
 * Threads: any; a line is written with one write(2). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below this level are dropped; LOG_INFO at start. */
void log_set_level(enum log_level level);
/* Added to each line of this thread as req=...; NULL ends it. At most 31 bytes are kept. */
void log_set_request(const char *id);

void log_debug(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes the line and aborts: for states from which nothing sound can follow. */
void log_fatal(const char *module, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
