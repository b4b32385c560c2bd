/* mime_int.h - inside text/ only: what reading a mail shares between mime.c (parts) and mime_head.c
 * (headers). */
#ifndef TEXT_MIME_INT_H
#define TEXT_MIME_INT_H

#include <gmime/gmime.h>

#include "text/mime.h"

struct arena;

/* Fills everything that stands in the headers. */
void mail_read_head(struct arena *a, GMimeMessage *message, struct mail *m);
/* Keeps what servers said of the sender, for mail_sender_check. */
void mail_read_verdicts(struct arena *a, GMimeObject *o, struct mail *m);
/* A header's value as one line; STR_NONE when it is missing. */
struct str mail_header(struct arena *a, GMimeObject *o, const char *name);
/* What stands between the first < and >, else the first word. */
struct str mail_id(struct str value);
/* A file name without path or anything that a file system reads in its own way. */
struct str mail_file_name(struct arena *a, struct str told);

#endif
