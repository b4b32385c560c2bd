/* manifest.h - what a backup says of itself: manifest.json, its first file, and SHA256SUMS, the
 * second, which `sha256sum -c` reads. Threads: any. */
#ifndef BACKUP_MANIFEST_H
#define BACKUP_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

struct arena;

enum { BACKUP_FORMAT = 1, BACKUP_TEXT_MAX = 1024 * 1024 };

/* The files of a backup behind manifest.json and SHA256SUMS; others are refused. */
#define BACKUP_DATABASE "zuruf.db"
#define BACKUP_DUMP "zuruf.dump" /* of PostgreSQL, by pg_dump in its custom format */
#define BACKUP_KEY "key"
#define BACKUP_CONFIG "zuruf.conf"
enum { BACKUP_PARTS_MAX = 3 };

struct backup_part {
    struct str name;
    int64_t bytes;
    struct str sha256; /* hex */
};

struct backup_manifest {
    int format;
    struct str program; /* version that made it */
    struct str engine;  /* "sqlite" or "postgresql" */
    int64_t made_at;    /* the moment whose data it holds */
    struct store_summary data;
    struct backup_part parts[BACKUP_PARTS_MAX];
    size_t part_count;
};

const struct backup_part *manifest_part(const struct backup_manifest *m, const char *name);

struct str manifest_write(struct arena *a, const struct backup_manifest *m);
/* ERR_INVALID: not one of ours, or of a newer format (says so). */
enum err manifest_read(struct arena *a, struct str json, struct backup_manifest *out,
                       struct errinfo *e) MUST_CHECK;
/* SHA256SUMS: the parts' lines, and the manifest's. */
struct str manifest_sums(struct arena *a, const struct backup_manifest *m, struct str json);
/* The rows of each table are the same. ERR_INVALID names the first that differs. */
enum err manifest_compare(const struct backup_manifest *m, const struct store_summary *found,
                          struct errinfo *e) MUST_CHECK;

#endif
