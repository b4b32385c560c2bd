/* sentence.h - a routing rule as a sentence that people read, and the words of its values both
 * ways: people write "Beschwerde" or "complaint", the rule keeps "complaint". Threads: the
 * handler's. */
#ifndef CONSOLE_SENTENCE_H
#define CONSOLE_SENTENCE_H

#include "brand/view.h"
#include "http/request.h"

/* "Kind is complaint and text holds “Rechnung” or “Mahnung”"; "Everything" of a rule without
 * conditions. */
struct str sentence_when(const struct request *rq, const struct routing_rule *rule);
/* "team Billing, priority high, tag storung"; "no team" when nothing is set. */
struct str sentence_then(const struct request *rq, const struct brand_view *b,
                         const struct routing_effects *effects);

/* "Kind", "Text holds" ... */
struct str sentence_field(const struct request *rq, enum routing_field field);
/* A value as the form shows it: stable words as people say them. */
struct str sentence_value(const struct request *rq, enum routing_field field, struct str value);
/* The other way; what is no such word stays as it is, for the rule's reader to refuse. */
struct str sentence_value_read(const struct request *rq, enum routing_field field,
                               struct str typed);
/* What may stand there, for a refusal; STR_NONE when anything may. */
struct str sentence_choices(const struct request *rq, enum routing_field field);

#endif
