/* tar.h - the container of a backup: a tar file of a few plain files (POSIX.1-2001 pax), by its
 * name also compressed (.gz, .zst), over libarchive. Reading takes plain files only and tells the
 * caller each name, so that nothing in a foreign file decides where something is written. Threads:
 * one at a time. */
#ifndef BACKUP_TAR_H
#define BACKUP_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct tar;

enum { TAR_NAME_MAX = 64 };

/* Writes to fd, which stays the caller's. name: of the file, for its ending. */
enum err tar_create(struct tar **out, int fd, const char *name, struct errinfo *e) MUST_CHECK;
/* The next file in it: its head, then exactly size bytes by tar_write. */
enum err tar_add(struct tar *t, const char *name, int64_t size, int64_t at,
                 struct errinfo *e) MUST_CHECK;
enum err tar_write(struct tar *t, struct str bytes, struct errinfo *e) MUST_CHECK;
/* Writes the end. ERR_LIMIT here and above: the disk is full. */
enum err tar_finish(struct tar *t, struct errinfo *e) MUST_CHECK;

enum err tar_open(struct tar **out, int fd, const char *name, struct errinfo *e) MUST_CHECK;
/* The head of the next file; *name is empty behind the last. The name lives until the next call.
 * ERR_INVALID: damaged, no tar, or something else than a plain file with a short name. */
enum err tar_next(struct tar *t, struct str *name, int64_t *size, struct errinfo *e) MUST_CHECK;
/* Up to n bytes of that file; *got 0 at its end. */
enum err tar_read(struct tar *t, char *p, size_t n, size_t *got, struct errinfo *e) MUST_CHECK;

/* Either kind; what was not finished is void. */
void tar_close(struct tar *t);

#endif
