/* outgoing.h - a message of ours, as a channel gets it to send. Threads: plain data. */
#ifndef DOMAIN_OUTGOING_H
#define DOMAIN_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct outgoing {
    int64_t id;      /* the message's id */
    struct str key;  /* the same on each try: receivers drop repeats by it (mail: the Message-ID) */
    struct str text; /* signed, ready to go */
    struct str title; /* subject without "Re:"; may be empty */
    struct str to_id; /* author's identity on the channel (mail: address) */
    struct str to_name;
    struct str parent_id;     /* external id that it answers */
    const struct str *thread; /* external ids of the thread, oldest first (mail: References) */
    size_t thread_count;
    int64_t at;  /* when it was written */
    int attempt; /* 1 for the first */
};

/* What came of it. */
enum sent {
    SENT_ACCEPTED, /* the peer has it; external_id may be set */
    SENT_REFUSED,  /* for good; a person must look */
    SENT_LATER,    /* not accepted, nothing happened: try again after retry_at */
    SENT_UNCLEAR   /* the peer may have acted */
};

struct sent_result {
    enum sent sent;
    struct str external_id;
    int64_t retry_at;   /* with SENT_LATER: when; 0 lets the flow choose */
    bool whole;         /* with SENT_LATER: others to this peer would fare the same now */
    struct errinfo why; /* of every result: trouble.h */
};

#endif
