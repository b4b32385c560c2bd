/* notice.h - "this changed": what a transaction tells the rest of the house once it is durable. It
 * carries ids only, the receiver reads what it needs. Threads: plain data. */
#ifndef DOMAIN_NOTICE_H
#define DOMAIN_NOTICE_H

#include <stdint.h>

enum topic {
    TOPIC_CASE,    /* id: a case was made or changed */
    TOPIC_POST,    /* id: a post was stored */
    TOPIC_MESSAGE, /* id: a message in the outbox was made or changed its state */
    TOPIC_ACCOUNT, /* id: an account or its pulse changed */
    TOPIC_BRAND,   /* id: the brand's settings, teams, rules, calendar or targets changed */
    TOPIC_AGENT,   /* id: an agent, role or session changed */
    TOPIC_HOUSE,   /* brand 0, id 0: the place itself: its disk, its backups */
    TOPIC_ALL,     /* brand 0, id 0: notices were lost, anything may have changed. Who keeps
                    * something forgets it, who waits looks again; the bus tells each of its
                    * listeners BUS_LOST, whatever topics they want */
    TOPIC_COUNT
};

struct notice {
    enum topic topic;
    int64_t brand; /* 0: of no brand */
    int64_t id;
    int64_t version; /* of the thing; 0 when it has none */
};

#endif
