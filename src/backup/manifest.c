/* manifest.c - see manifest.h. */
#include "backup/manifest.h"

#include "base/arena.h"
#include "base/buf.h"
#include "crypt/hmac.h"
#include "text/json.h"

enum { TABLES_MAX = 1000, SHA256_HEX = 64 };
#define FORMAT_NAME "zuruf-backup"

const struct backup_part *manifest_part(const struct backup_manifest *m, const char *name)
{
    for (size_t i = 0; i < m->part_count; i++)
        if (str_eq_z(m->parts[i].name, name))
            return &m->parts[i];
    return NULL;
}

struct str manifest_write(struct arena *a, const struct backup_manifest *m)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, BACKUP_TEXT_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_put_text(&w, "what", STR(FORMAT_NAME));
    json_put_i64(&w, "format", m->format);
    json_put_text(&w, "program", m->program);
    json_put_text(&w, "engine", m->engine);
    json_put_time(&w, "made_at", m->made_at);
    json_put_i64(&w, "version", m->data.version);
    json_put_text(&w, "version_name", m->data.version_name);
    json_key(&w, "parts");
    json_begin_list(&w);
    for (size_t i = 0; i < m->part_count; i++) {
        json_begin_object(&w);
        json_put_text(&w, "name", m->parts[i].name);
        json_put_i64(&w, "bytes", m->parts[i].bytes);
        json_put_text(&w, "sha256", m->parts[i].sha256);
        json_end_object(&w);
    }
    json_end_list(&w);
    json_key(&w, "rows");
    json_begin_object(&w);
    for (size_t i = 0; i < m->data.table_count; i++) {
        json_key_str(&w, m->data.tables[i].name);
        json_add_i64(&w, m->data.tables[i].rows);
    }
    json_end_object(&w);
    json_end_object(&w);
    buf_add_char(&b, '\n');
    return buf_str(&b);
}

static enum err bad(struct errinfo *e, const char *what)
{
    return err_set(e, ERR_INVALID, "manifest.json", "this is no backup of Zuruf: %s", what);
}

static bool known_part(struct str name)
{
    return str_eq_z(name, BACKUP_DATABASE) || str_eq_z(name, BACKUP_DUMP) ||
           str_eq_z(name, BACKUP_KEY) || str_eq_z(name, BACKUP_CONFIG);
}

static enum err read_parts(const struct json *parts, struct backup_manifest *out, struct errinfo *e)
{
    size_t n = json_count(parts);
    if (n > BACKUP_PARTS_MAX)
        return bad(e, "it lists more files than there are");
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_at(parts, i);
        struct backup_part p = {json_text(v, "name"), -1, json_text(v, "sha256")};
        if (!known_part(p.name) || manifest_part(out, p.name.p) ||
            !json_i64(v, "bytes", &p.bytes) || p.bytes < 0 || p.sha256.n != SHA256_HEX)
            return bad(e, "its list of files is wrong");
        out->parts[out->part_count++] = p;
    }
    if (!manifest_part(out, BACKUP_DATABASE) == !manifest_part(out, BACKUP_DUMP))
        return bad(e, "it holds no database, or two");
    return ERR_OK;
}

static enum err read_rows(struct arena *a, const struct json *rows, struct store_summary *out,
                          struct errinfo *e)
{
    if (json_count(rows) > TABLES_MAX)
        return bad(e, "it lists too many tables");
    out->tables = arena_array(a, json_count(rows), sizeof *out->tables);
    for (struct json_member m = {0}; json_next_member(rows, &m);) {
        struct store_table *t = &out->tables[out->table_count++];
        t->name = m.name;
        if (!json_as_i64(m.value, &t->rows))
            return bad(e, "its counts are wrong");
    }
    return ERR_OK;
}

enum err manifest_read(struct arena *a, struct str json, struct backup_manifest *out,
                       struct errinfo *e)
{
    struct json *v;
    int64_t format = 0, version = 0;
    *out = (struct backup_manifest){0};
    if (json_parse(a, json, &v, e) != ERR_OK || !str_eq_z(json_text(v, "what"), FORMAT_NAME) ||
        !json_i64(v, "format", &format))
        return bad(e, "its manifest.json is another");
    out->format = (int)format;
    out->program = json_text(v, "program");
    out->engine = json_text(v, "engine");
    if (format != BACKUP_FORMAT)
        return err_set(e, ERR_INVALID, "manifest.json",
                       "this backup was made by Zuruf %.*s in format %lld, this is %s and knows "
                       "format %d: restore it with that version",
                       STR_FMT(out->program), (long long)format, ZURUF_VERSION, BACKUP_FORMAT);
    if (!clock_parse(json_text(v, "made_at"), &out->made_at) || !json_i64(v, "version", &version) ||
        version < 1 || version > INT32_MAX)
        return bad(e, "its moment or its version is missing");
    out->data.version = (int)version;
    out->data.version_name = json_text(v, "version_name");
    TRY(read_parts(json_get(v, "parts"), out, e));
    return read_rows(a, json_get(v, "rows"), &out->data, e);
}

struct str manifest_sums(struct arena *a, const struct backup_manifest *m, struct str json)
{
    struct buf b;
    buf_init_in(&b, a, BACKUP_TEXT_MAX);
    buf_printf(&b, "%s  manifest.json\n", sha256_hex(a, json).p);
    for (size_t i = 0; i < m->part_count; i++)
        buf_printf(&b, "%.*s  %.*s\n", STR_FMT(m->parts[i].sha256), STR_FMT(m->parts[i].name));
    return buf_str(&b);
}

enum err manifest_compare(const struct backup_manifest *m, const struct store_summary *found,
                          struct errinfo *e)
{
    if (m->data.version != found->version || m->data.table_count != found->table_count)
        return err_set(e, ERR_INVALID, "backup",
                       "the database in it has version %d and %zu tables, its manifest says %d and "
                       "%zu",
                       found->version, found->table_count, m->data.version, m->data.table_count);
    for (size_t i = 0; i < found->table_count; i++) {
        const struct store_table *want = &m->data.tables[i], *got = &found->tables[i];
        if (!str_eq(want->name, got->name) || want->rows != got->rows)
            return err_set(e, ERR_INVALID, "backup",
                           "the database in it has %lld rows of %.*s, its manifest says %lld of "
                           "%.*s",
                           (long long)got->rows, STR_FMT(got->name), (long long)want->rows,
                           STR_FMT(want->name));
    }
    return ERR_OK;
}
