/* sqlc.c - turns named SQL statements into typed C functions while the product is built.
 *
 *   sqlc --schema FILE... --in care.sql --prefix care_sql --out-h care_sql.h --out-c care_sql.c
 *   sqlc --schema FILE... --table schema --out-h schema.h --out-c schema.c
 *
 * The second form writes the schema itself as the table of migrations that store_open takes, and
 * the tables with what reads and writes them whole (store/copy.h).
 *
 * Statements and schema are written in SQLite's SQL and become PostgreSQL's here: parameters as $n
 * with the same numbers, types of columns by their place (dialect.c). What the two engines would
 * read in different senses is refused (portable.c). Where one text cannot serve both, PostgreSQL's
 * stands in care.pg.sql beside care.sql, under the same name and without signature, with the same
 * parameters:
 *
 *   --: find
 *   SELECT post AS id FROM post_search WHERE brand = :brand AND terms @@ :match::tsquery;
 *
 * A list of texts is bound as JSON and read in FROM, before the table that is asked for each of
 * them: json_each(:ids) AS wanted CROSS JOIN post p ... p.external_id = wanted.value.
 *
 * What schema/003-posts.sql makes on SQLite alone (virtual tables, triggers) is left out, and
 * schema/003-posts.pg.sql runs behind the rest.
 *
 * A .sql file lies beside its room. A statement is a header of lines that begin with "--:" and one
 * SQL statement:
 *
 *   --owns: case, note                               (first: the tables that this file may write)
 *
 *   -- Cases of a brand.                             (an ordinary comment)
 *   --: get one (brand i64, id i64) -> (id i64, title text, team i64?)
 *   SELECT id, title, team FROM "case" WHERE brand = :brand AND id = :id;
 *
 *   --: list many (brand i64, before i64, limit i64)
 *   --:   -> (id i64, title text)
 *   SELECT id, title FROM "case" WHERE brand = :brand AND id < :before
 *   ORDER BY id DESC LIMIT :limit;
 *
 *   --: close exec (brand i64, id i64, version i64)
 *   UPDATE "case" SET state = 3 WHERE brand = :brand AND id = :id AND version = :version;
 *
 * Kinds: one (first row, or ERR_NOT_FOUND; also INSERT or UPDATE ... RETURNING), many (all rows),
 * exec (changed rows).
 * Types: i64, real, text, blob. "i64?", "text?" and "blob?" mean that SQL NULL is 0 or STR_NONE,
 * both ways; without '?' an absent text goes in and comes out as ''.
 * At the end of an exec's header, INSERT ... VALUES (...): rows, and there is a second function,
 * which inserts many of them (on PostgreSQL with one statement, on SQLite one after the other).
 * At the end of a header: unbounded "reason" for a many without LIMIT, any-brand "reason" for a
 * statement that touches tables with a column brand without binding :brand.
 *
 * Each becomes (prefix care_sql; a parameter or row list that is empty is left out):
 *
 *   enum err care_sql_get(struct db *db, struct arena *a,
 *                         const struct care_sql_get_in *in, struct care_sql_get_row *row);
 *   enum err care_sql_list(struct db *db, struct arena *a, const struct care_sql_list_in *in,
 *                          struct care_sql_list_row **rows, size_t *n);
 *   enum err care_sql_close(struct tx *tx, const struct care_sql_close_in *in,
 *                           int64_t *changed);      (changed may be NULL)
 *   enum err care_sql_add_rows(struct tx *tx, const struct care_sql_add_in *in, size_t n);
 *
 * A statement that writes takes a struct tx * in place of the struct db *. Texts of rows live in
 * the arena.
 *
 * In a folder's meson.build the file joins the list of names; the functions are private to the
 * folder and to what stands above it (#include "care_sql.h").
 */
#include "sqlc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *path, int line, const char *fmt, ...)
{
    if (line)
        fprintf(stderr, "%s:%d: ", path, line);
    else
        fprintf(stderr, "%s: ", path);
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

int line_of(struct str text, const char *at)
{
    int line = 1;
    for (const char *p = text.p; p < at; p++)
        line += *p == '\n';
    return line;
}

struct str read_file(struct arena *a, const char *path)
{
    enum { LARGEST = 16 << 20 };
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        fail(path, 0, "cannot be read");
    long n = ftell(f);
    if (n < 0 || n > LARGEST)
        fail(path, 0, "is larger than %d bytes", LARGEST);
    rewind(f);
    char *p = arena_alloc(a, (size_t)n + 1);
    if (fread(p, 1, (size_t)n, f) != (size_t)n)
        fail(path, 0, "cannot be read");
    fclose(f);
    if (memchr(p, 0, (size_t)n))
        fail(path, 0, "contains a NUL byte");
    return (struct str){p, (size_t)n};
}

static void usage(void)
{
    fputs("usage: sqlc --schema FILE... (--in FILE --prefix NAME | --table NAME) --out-h FILE "
          "--out-c FILE [--depend FILE]\n",
          stderr);
    exit(2);
}

static void read_arguments(struct sqlc *t, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--in", &t->in},       {"--prefix", &t->prefix}, {"--table", &t->table},
                   {"--out-h", &t->out_h}, {"--out-c", &t->out_c},   {"--depend", &t->depend}};
    t->schema = arena_array(&t->arena, (size_t)argc, sizeof *t->schema);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--schema") == 0) {
            while (i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0)
                t->schema[t->schema_count++] = argv[++i];
            continue;
        }
        size_t o = 0;
        while (o < sizeof options / sizeof *options && strcmp(argv[i], options[o].name) != 0)
            o++;
        if (o == sizeof options / sizeof *options || i + 1 == argc)
            usage();
        *options[o].value = argv[++i];
    }
    if (!t->out_h || !t->out_c || !t->in == !t->table || !t->in != !t->prefix)
        usage();
}

int main(int argc, char **argv)
{
    struct sqlc t = {0};
    arena_init(&t.arena);
    read_arguments(&t, argc, argv);
    sqlite3 *db = open_schema(&t);
    if (t.table) {
        write_schema(&t, db);
        const char **twins = arena_array(&t.arena, t.schema_count, sizeof *twins);
        for (size_t i = 0; i < t.schema_count; i++)
            (void)read_twin(&t.arena, t.schema[i], &twins[i]);
        write_depend(&t, twins, t.schema_count);
    } else {
        struct sql_file f = {.path = t.in, .text = read_file(&t.arena, t.in)};
        read_statements(&t, &f);
        read_twins(&t, &f);
        check_twins(&f);
        check_statements(&t, db, &f);
        write_functions(&t, &f);
        write_depend(&t, &f.twin_path, 1);
    }
    sqlite3_close(db);
    arena_deinit(&t.arena);
    return 0;
}
