/* options.h - what every outgoing connection is told, whatever it speaks. Threads: plain data. */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include <stdbool.h>

struct net_options {
    bool allow_private;        /* the administrator allowed private addresses (guard.h) */
    const char *ca_file;       /* PEM with trust anchors besides the system's; NULL: none */
    volatile const bool *stop; /* set when the process ends: give up within a second; may be NULL */
};

#endif
