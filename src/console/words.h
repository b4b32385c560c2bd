/* words.h - the closed sets of domain/words.h as people read them, and phrases made of several
 * parts. All in the asker's language. Threads: the handler's. */
#ifndef CONSOLE_WORDS_H
#define CONSOLE_WORDS_H

#include "domain/facts.h"
#include "http/request.h"
#include "page/locale.h"

struct str word_kind(const struct request *rq, int kind);
struct str word_fact(const struct request *rq, int fact); /* "Kind", "Request" */
struct str word_value(const struct request *rq, int fact,
                      int value); /* "complaint", "not needed" */
struct str word_priority(const struct request *rq, int priority);
struct str word_role(const struct request *rq, int role);
struct str word_network(const struct request *rq, struct str network);
/* An entry of the audit log: "closed it". */
struct str word_audit(const struct request *rq, struct str what);
/* msgid's text with each %s replaced in order. */
struct str words_fill(const struct request *rq, const char *msgid, const struct str *args,
                      size_t n);
struct str words_with(const struct request *rq, const char *msgid, struct str arg);
/* The form for n with %d replaced. */
struct str words_count(const struct request *rq, const char *one, const char *many, int64_t n);

#endif
