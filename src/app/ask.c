/* ask.c - see ask.h. */
#include "app/ask.h"

#include "app/app.h"

bool ask_open(struct ask *q, const char *command, const struct place *p)
{
    struct errinfo e = {0};
    *q = (struct ask){.command = command};
    arena_init(&q->arena);
    buf_init(&q->request, CONTROL_FRAME_MAX);
    if (control_open(&q->control, p, &e) == ERR_OK)
        return true;
    app_fail(command, &e);
    ask_close(q);
    return false;
}

void ask_close(struct ask *q)
{
    control_close(q->control);
    buf_deinit(&q->request);
    arena_deinit(&q->arena);
}

void ask_begin(struct ask *q, const char *op)
{
    buf_clear(&q->request);
    json_writer_init(&q->w, &q->request);
    json_begin_object(&q->w);
    json_put_text(&q->w, "op", str_z(op));
}

void ask_put(struct ask *q, const char *name, const char *value)
{
    if (value)
        json_put_text(&q->w, name, str_z(value));
}

bool ask_send(struct ask *q, struct json **reply)
{
    struct errinfo e = {0};
    json_end_object(&q->w);
    if (control_call(q->control, &q->arena, buf_str(&q->request), reply, &e) == ERR_OK)
        return true;
    app_fail(q->command, &e);
    return false;
}
