/* backup.h - one file that holds an installation: database, sealing key, configuration, and a
 * manifest with counts and sums (docs/guide tells an administrator how to use it, and how to do
 * without Zuruf). Threads: any; one backup or restore is one thread's. */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "backup/manifest.h"
#include "base/err.h"

struct arena;

/* What goes in. Paths; NULL leaves a part out, and so does a configuration that is not there. */
struct backup_input {
    const char *database; /* a copy that nobody changes: store_backup, or pg_dump's custom format */
    const char *part;     /* BACKUP_DATABASE or BACKUP_DUMP */
    const char *key, *config;
    struct store_summary data; /* what the copy holds */
    const char *engine;
    int64_t made_at;
};

/* Writes FILE (0600): under another name first, renamed when it is whole and on the disk. Its
 * ending chooses the form: .tar, .tar.gz, .tar.zst. ERR_CONFLICT: it exists and replace is false;
 * ERR_BUSY: another backup writes the same; ERR_LIMIT: the disk is full. out may be NULL. */
enum err backup_pack(const struct backup_input *in, const char *file, bool replace,
                     const struct store_watch *watch, struct arena *a, struct backup_manifest *out,
                     struct errinfo *e) MUST_CHECK;

/* Only what the backup says of itself. */
enum err backup_describe(const char *file, struct arena *a, struct backup_manifest *out,
                         struct errinfo *e) MUST_CHECK;
/* The same of a manifest.json that lies beside the unpacked parts. */
enum err backup_read_manifest(const char *path, struct arena *a, struct backup_manifest *out,
                              struct errinfo *e) MUST_CHECK;
/* Writes the parts and manifest.json into dir, which is there and empty, each on the disk, and
 * compares all sums. known: the version of the database that this program knows. ERR_INVALID:
 * damaged, cut off, foreign or newer. What was written before an error stays. */
enum err backup_unpack(const char *file, const char *dir, int known,
                       const struct store_watch *watch, struct arena *a,
                       struct backup_manifest *out, struct errinfo *e) MUST_CHECK;
/* Whether the database that was unpacked into dir is sound and has the rows that the manifest
 * promises. Of a dump nothing can be told here: ERR_OK. */
enum err backup_verify(const char *dir, const struct backup_manifest *m,
                       const struct store_watch *watch, struct arena *a,
                       struct errinfo *e) MUST_CHECK;
/* Unpacks into DIR (made when it is missing), verifies, and moves the parts to their places, the
 * database last. url: an empty database of PostgreSQL for a backup of that engine; NULL: the backup
 * is SQLite's. ERR_CONFLICT: DIR or the database is not empty. An end at any moment leaves DIR
 * complete, or with BACKUP_UNFINISHED in it, which no server opens. Other errors leave it as empty
 * as it was. */
enum err backup_restore(const char *file, const char *dir, const char *url, int known,
                        const struct store_watch *watch, struct arena *a,
                        struct backup_manifest *out, struct errinfo *e) MUST_CHECK;
#define BACKUP_UNFINISHED "restore.part"
/* Where the settings of an installation on PostgreSQL go: they name the database of then. */
#define BACKUP_CONFIG_ASIDE "zuruf.conf.from-backup"

/* A copy of PostgreSQL by pg_dump into the new file path, of one snapshot, with what that held:
 * fills database, part, engine and data of in. ERR_NOT_FOUND: pg_dump is not installed. */
enum err backup_dump(const char *url, const char *path, const struct store_watch *watch,
                     struct arena *a, struct backup_input *in, struct errinfo *e) MUST_CHECK;
/* Such a copy by pg_restore into an empty database, all or nothing, and the rows compared.
 * database: another one on the server; NULL: the URL's. */
enum err backup_load(const char *dump, const char *url, const char *database,
                     const struct backup_manifest *m, struct arena *a,
                     const struct store_watch *watch, struct errinfo *e) MUST_CHECK;
/* Only reads it from end to end. */
enum err backup_read_dump(const char *dump, struct arena *a, const struct store_watch *watch,
                          struct errinfo *e) MUST_CHECK;

/* Removes the files of dir, and dir; for scratch places. */
void backup_remove_folder(const char *dir);

/* Where the server keeps backups: DIR/backups, made when it is missing (0700). */
#define BACKUP_FOLDER "backups"
#define BACKUP_NAME_START "zuruf-" /* of those that the server makes */
/* A name in there that nobody else uses, for a copy or a folder that the process pid removes. What
 * processes that are no more have left is removed first. */
enum err backup_scratch(const char *dir, int64_t pid, struct arena *a, struct str *path,
                        struct errinfo *e) MUST_CHECK;

#endif
