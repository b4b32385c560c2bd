/* options.h - what every outgoing connection is told, whatever it speaks. Threads: plain data. */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include <stdbool.h>

struct net_options {
    bool allow_private;  /* the administrator allowed private addresses (guard.h) */
    const char *ca_file; /* PEM with trust anchors besides the system's; NULL: none */
    /* Asked before each step that the peer could notice, and about once a second while waiting:
     * true means give up now. May be NULL. */
    bool (*give_up)(const void *arg);
    const void *give_up_arg;
};

#endif
