/* metrics_int.h - the rows of metrics_table, as metrics.c fills them. */
#ifndef APP_METRICS_INT_H
#define APP_METRICS_INT_H

enum {
    M_BUILD,
    M_MODEL,
    M_START,
    M_CPU,
    M_RESIDENT,
    M_VIRTUAL,
    M_FDS,
    M_FDS_MAX,
    M_THREADS,
    M_ANSWERS,
    M_TOOK,
    M_CONNECTIONS,
    M_STREAMS,
    M_QUEUE,
    M_QUEUE_MAX,
    M_OVERFLOWS,
    M_STORE_UP,
    M_NODE,
    M_NODES,
    M_READERS,
    M_WRITE_FAILED,
    M_WRITE_TOOK,
    M_POSTS,
    M_UNREADABLE,
    M_POLLS,
    M_DELIVERIES,
    M_ACCOUNT_HEARS,
    M_ACCOUNT_FAILURES,
    M_ACCOUNT_SUCCESS,
    M_ACCOUNT_POST,
    M_ACCOUNT_DUE,
    M_INCIDENTS,
    M_MESSAGES,
    M_MESSAGE_WAIT,
    M_CASES,
    M_CASES_LATE,
    M_CASES_SOON,
    M_CASES_PROBLEM,
    M_BACKUP_AGE,
    M_BACKUP_FAILED,
    M_LOG_LINES
};

#endif
