/* write.c - the C text of the functions and of the table of migrations. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlc.h"

static const char *const c_types[FIELD_TYPE_COUNT] = {"int64_t ", "double ", "struct str ",
                                                      "struct str "};

static FILE *open_out(const char *path)
{
    FILE *o = fopen(path, "w");
    if (!o)
        fail(path, 0, "cannot be written");
    return o;
}

static void close_out(FILE *o, const char *path)
{
    if (ferror(o) || fclose(o) != 0) {
        remove(path);
        fail(path, 0, "cannot be written");
    }
}

void write_literal(FILE *o, struct str text)
{
    fputs("        \"", o);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '\n')
            fputs(i + 1 < text.n ? "\\n\"\n        \"" : "\\n", o);
        else if (c == '"' || c == '\\' || c == '?')
            fprintf(o, "\\%c", c);
        else if (c < 0x20 || c > 0x7e)
            fprintf(o, "\\%03o", c);
        else
            fputc(c, o);
    }
    fputc('"', o);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void write_struct(FILE *o, const char *prefix, const struct statement *s, const char *what,
                         const struct field *fields, size_t n)
{
    if (!n)
        return;
    fprintf(o, "struct %s_%.*s_%s {\n", prefix, STR_FMT(s->name), what);
    for (size_t i = 0; i < n; i++)
        fprintf(o, "    %s%.*s;%s\n", c_types[fields[i].type], STR_FMT(fields[i].name),
                fields[i].null ? " /* may be NULL */" : "");
    fputs("};\n", o);
}

static void write_signature(FILE *o, const char *prefix, const struct statement *s)
{
    const char *p = prefix;
    int n = (int)s->name.n;
    const char *name = s->name.p;
    fprintf(o, "enum err %s_%.*s(%s", p, n, name, s->writes ? "struct tx *tx" : "struct db *db");
    if (s->kind != STATEMENT_EXEC)
        fputs(", struct arena *a", o);
    if (s->in_count)
        fprintf(o, ", const struct %s_%.*s_in *in", p, n, name);
    if (s->kind == STATEMENT_ONE)
        fprintf(o, ", struct %s_%.*s_row *row", p, n, name);
    if (s->kind == STATEMENT_MANY)
        fprintf(o, ",\n    struct %s_%.*s_row **rows, size_t *n", p, n, name);
    if (s->kind == STATEMENT_EXEC)
        fputs(", int64_t *changed", o);
    fputc(')', o);
}

static void write_rows_signature(FILE *o, const char *prefix, const struct statement *s)
{
    fprintf(o, "enum err %s_%.*s_rows(struct tx *tx, const struct %s_%.*s_in *in, size_t n)",
            prefix, STR_FMT(s->name), prefix, STR_FMT(s->name));
}

static void write_header(struct sqlc *t, const struct sql_file *f)
{
    FILE *o = open_out(t->out_h);
    fprintf(o, "/* Generated from %s by tools/sqlc; do not edit. */\n", file_name(f->path));
    fprintf(o, "#ifndef GENERATED_%s_H\n#define GENERATED_%s_H\n\n", t->prefix, t->prefix);
    fputs("#include \"store/sql.h\"\n", o);
    for (size_t i = 0; i < f->statement_count; i++) {
        const struct statement *s = &f->statements[i];
        fputc('\n', o);
        write_struct(o, t->prefix, s, "in", s->in, s->in_count);
        write_struct(o, t->prefix, s, "row", s->out, s->out_count);
        write_signature(o, t->prefix, s);
        fputs(" MUST_CHECK;\n", o);
        if (s->rows) {
            write_rows_signature(o, t->prefix, s);
            fputs(" MUST_CHECK;\n", o);
        }
    }
    fprintf(o, "\n/* All of them; NULL ends the list. */\n");
    fprintf(o, "extern const struct sql_statement *const %s_statements[];\n\n#endif\n", t->prefix);
    close_out(o, t->out_h);
}

static void write_binds(FILE *o, const struct statement *s, const char *indent)
{
    for (size_t i = 0; i < s->in_count; i++)
        fprintf(o, "%ssql_bind_%s%s(&run, %d, in->%.*s);\n", indent,
                field_type_words[s->in[i].type], s->in[i].null ? "_null" : "", s->in[i].at,
                STR_FMT(s->in[i].name));
}

static void write_reads(FILE *o, const struct statement *s, const char *indent)
{
    for (size_t i = 0; i < s->out_count; i++) {
        const struct field *c = &s->out[i];
        bool copied = c->type == FIELD_TEXT || c->type == FIELD_BLOB;
        fprintf(o, "%srow->%.*s = sql_%s%s(&run, %zu%s);\n", indent, STR_FMT(c->name),
                field_type_words[c->type], copied && c->null ? "_null" : "", i,
                copied ? ", a" : "");
    }
}

/* One letter a field, parameters in the order of their numbers. */
static void write_types(FILE *o, const char *name, const struct field *fields, size_t n,
                        bool numbered, const char *letters)
{
    fprintf(o, "    .%s = \"", name);
    for (size_t at = 1; at <= n; at++)
        for (size_t i = 0; i < n; i++)
            if ((size_t)(numbered ? fields[i].at : (int)i + 1) == at)
                fputc(letters[fields[i].type], o);
    fputs("\",\n", o);
}

/* The statement itself; many: of the rows. */
static void write_statement(FILE *o, const char *prefix, const struct statement *s, bool many)
{
    fprintf(o, "\nstatic struct sql_statement %s_%.*s = {\n", many ? "rows" : "statement",
            STR_FMT(s->name));
    fprintf(o, "    .name = \"%s_%.*s\",\n    .writes = %s,\n    .sql =\n", prefix,
            STR_FMT(s->name), s->writes ? "true" : "false");
    write_literal(o, s->sql);
    fputs(",\n    .pg =\n", o);
    write_literal(o, many ? s->pg_rows : s->pg);
    fputs(",\n", o);
    write_types(o, "types", s->in, s->in_count, true, many ? "IRTB" : "irtb");
    write_types(o, "columns", s->out, s->out_count, false, "irtb");
    if (s->rows && !many)
        fprintf(o, "    .rows = &rows_%.*s,\n", STR_FMT(s->name));
    fputs("};\n", o);
}

static void write_rows_function(FILE *o, const char *prefix, const struct statement *s)
{
    fputc('\n', o);
    write_rows_signature(o, prefix, s);
    fprintf(o,
            "\n{\n    struct sql_run run;\n"
            "    TRY(sql_begin_rows(&run, tx_db(tx), &statement_%.*s));\n"
            "    for (size_t i = 0; i < n; i++, in++) {\n",
            STR_FMT(s->name));
    write_binds(o, s, "        ");
    fputs("        sql_row(&run);\n    }\n    return sql_end_rows(&run);\n}\n", o);
}

static void write_function(FILE *o, const char *prefix, const struct statement *s)
{
    int n = (int)s->name.n;
    const char *name = s->name.p;
    bool copies = false;
    for (size_t i = 0; i < s->out_count; i++)
        copies = copies || s->out[i].type == FIELD_TEXT || s->out[i].type == FIELD_BLOB;
    if (s->rows)
        write_statement(o, prefix, s, true);
    write_statement(o, prefix, s, false);
    fputc('\n', o);
    write_signature(o, prefix, s);
    fprintf(o, "\n{\n    struct sql_run run;\n");
    if (s->kind == STATEMENT_ONE)
        fprintf(o, "    *row = (struct %s_%.*s_row){0};\n", prefix, n, name);
    if (s->kind == STATEMENT_ONE && !copies)
        fputs("    (void)a;\n", o);
    if (s->kind == STATEMENT_MANY)
        fprintf(o,
                "    struct vec found;\n    vec_init(&found, a, sizeof(struct %s_%.*s_row));\n"
                "    *rows = NULL;\n    *n = 0;\n",
                prefix, n, name);
    fprintf(o, "    TRY(sql_begin(&run, %s, &statement_%.*s));\n", s->writes ? "tx_db(tx)" : "db",
            n, name);
    write_binds(o, s, "    ");
    if (s->kind == STATEMENT_ONE) {
        fputs("    if (!sql_next(&run))\n        return sql_end(&run, ERR_NOT_FOUND);\n", o);
        write_reads(o, s, "    ");
        fputs("    return sql_end(&run, ERR_OK);\n}\n", o);
    } else if (s->kind == STATEMENT_MANY) {
        fprintf(
            o,
            "    while (sql_next(&run)) {\n        struct %s_%.*s_row *row = vec_push(&found);\n",
            prefix, n, name);
        write_reads(o, s, "        ");
        fputs("    }\n    TRY(sql_end(&run, ERR_OK));\n    *rows = found.p;\n    *n = found.n;\n"
              "    return ERR_OK;\n}\n",
              o);
    } else {
        fputs("    return sql_exec(&run, changed);\n}\n", o);
    }
}

void write_functions(struct sqlc *t, const struct sql_file *f)
{
    write_header(t, f);
    FILE *o = open_out(t->out_c);
    fprintf(o, "/* Generated from %s by tools/sqlc; do not edit. */\n", file_name(f->path));
    fprintf(o, "#include \"%s\"\n\n#include \"base/vec.h\"\n", file_name(t->out_h));
    for (size_t i = 0; i < f->statement_count; i++)
        write_function(o, t->prefix, &f->statements[i]);
    for (size_t i = 0; i < f->statement_count; i++)
        if (f->statements[i].rows)
            write_rows_function(o, t->prefix, &f->statements[i]);
    fprintf(o, "\nconst struct sql_statement *const %s_statements[] = {\n", t->prefix);
    for (size_t i = 0; i < f->statement_count; i++)
        fprintf(o, "    &statement_%.*s,\n", STR_FMT(f->statements[i].name));
    for (size_t i = 0; i < f->statement_count; i++)
        if (f->statements[i].rows)
            fprintf(o, "    &rows_%.*s,\n", STR_FMT(f->statements[i].name));
    fputs("    NULL,\n};\n", o);
    close_out(o, t->out_c);
}

void write_schema(struct sqlc *t, sqlite3 *db)
{
    FILE *o = open_out(t->out_h);
    fputs("/* Generated from schema/ by tools/sqlc; do not edit. */\n", o);
    fprintf(o, "#ifndef GENERATED_%s_H\n#define GENERATED_%s_H\n\n", t->table, t->table);
    fputs("#include \"store/copy.h\"\n#include \"store/store.h\"\n\n", o);
    fprintf(o, "/* For store_options: the files of schema/ in order. */\n");
    fprintf(o, "extern const struct migration %s_table[];\n", t->table);
    fprintf(o, "extern const size_t %s_count;\n\n", t->table);
    fprintf(o, "/* Each table as a whole, in an order in which none points to a later one. */\n");
    fprintf(o, "extern const struct copy_table %s_tables[];\n", t->table);
    fprintf(o, "extern const size_t %s_tables_count;\n\n#endif\n", t->table);
    close_out(o, t->out_h);

    o = open_out(t->out_c);
    fputs("/* Generated from schema/ by tools/sqlc; do not edit. */\n", o);
    fprintf(
        o, "#include \"%s\"\n\n#include \"store/sql.h\"\n\nconst struct migration %s_table[] = {\n",
        file_name(t->out_h), t->table);
    for (size_t i = 0; i < t->schema_count; i++) {
        struct str name;
        int64_t number = migration_number(t, i, &name);
        fprintf(o, "    {%lld, \"%.*s\",\n", (long long)number, STR_FMT(name));
        write_literal(o, read_file(&t->arena, t->schema[i]));
        fputs(",\n", o);
        write_literal(o, translate_schema(t, db, t->schema[i]));
        fputs("},\n", o);
    }
    fprintf(o, "    {0, NULL, NULL, NULL},\n};\n\nconst size_t %s_count = %zu;\n", t->table,
            t->schema_count);
    write_tables(t, db, o);
    close_out(o, t->out_c);
}

void write_depend(struct sqlc *t, const char *const *paths, size_t n)
{
    if (!t->depend)
        return;
    FILE *o = open_out(t->depend);
    fprintf(o, "%s:", t->out_h);
    for (size_t i = 0; i < n; i++) {
        FILE *there = fopen(paths[i], "rb");
        if (!there) /* a twin that may come or not */
            continue;
        fclose(there);
        fprintf(o, " %s", paths[i]);
    }
    fputc('\n', o);
    close_out(o, t->depend);
}
