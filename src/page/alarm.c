/* alarm.c - see alarm.h. */
#include "page/alarm.h"

#include "base/arena.h"
#include "base/trouble.h"
#include "domain/words.h"
#include "page/format.h"
#include "page/locale.h"

struct str fault_text(struct arena *a, const struct locale *l, struct str kept)
{
    struct str params[TROUBLE_PARAMS];
    enum trouble t = trouble_read(kept, params);
    return t == TROUBLE_OTHER
               ? kept
               : locale_fill(a, l, trouble_table[t].text, params, TROUBLE_PARAMS, NULL);
}

struct str fault_todo(const struct locale *l, struct str kept)
{
    struct str params[TROUBLE_PARAMS];
    const char *todo = trouble_table[trouble_read(kept, params)].todo;
    return todo ? locale_text(l, todo) : STR_NONE;
}

/* --- incidents --- */

static struct str one(struct arena *a, const struct locale *l, const char *msgid, struct str arg)
{
    return locale_fill(a, l, msgid, &arg, 1, NULL);
}

static void say_silent(struct arena *a, const struct locale *l, int64_t quiet, struct str when,
                       const struct alarm *in, struct alarm_words *out)
{
    const struct str args[] = {format_duration(a, l, in->usual), when};
    out->title = one(a, l, N_("Quiet for %s"), format_duration(a, l, quiet));
    out->detail =
        locale_fill(a, l, N_("At this time a post usually comes every %s. The last one came %s."),
                    args, 2, NULL);
    out->todo = locale_text(
        l,
        N_("Fetch now, and look on the channel itself whether somebody wrote. If nobody did, say "
           "that it is fine: then this counts as usual, too."));
}

void alarm_say(struct arena *a, const struct locale *l, const struct zone *z, int64_t now,
               const struct alarm *in, struct alarm_words *out)
{
    struct str when =
        in->since ? format_moment(a, l, z, now, in->since) : locale_text(l, N_("never"));
    struct str last = one(a, l, N_("It was last reached %s."), when);
    struct str what = in->what.n ? fault_text(a, l, in->what) : STR_NONE;
    const char *stop = what.n && what.p[what.n - 1] == '.' ? "" : ".";
    out->detail =
        what.n ? arena_printf(a, "%.*s%s %.*s", STR_FMT(what), stop, STR_FMT(last)) : last;
    switch (in->kind) {
    case INCIDENT_SILENT:
        say_silent(a, l, now - in->since, when, in, out);
        break;
    case INCIDENT_LATE:
        out->title = locale_text(l, N_("Nobody fetches it"));
        out->detail = last;
        out->todo =
            locale_text(l, N_("Its time has come, but no server took it up. Look whether one "
                              "runs, and what its log says."));
        break;
    case INCIDENT_UNSENT:
        out->title = locale_text(l, N_("Answers do not leave"));
        out->detail = arena_printf(a, "%.*s%s", STR_FMT(what), stop);
        out->todo = fault_todo(l, in->what);
        if (!out->todo.n)
            out->todo = locale_text(l, N_("They are tried again by themselves, and leave in order "
                                          "once the other side takes them."));
        break;
    case INCIDENT_DENIED:
        out->title = locale_text(l, N_("The other side does not let us in"));
        out->todo = locale_text(l, N_("Enter password or token anew in the account, save, and try "
                                      "it. Until then nothing is heard there."));
        break;
    case INCIDENT_GONE:
        out->title = locale_text(l, N_("The source is gone"));
        out->todo = locale_text(l, N_("Enter its new address in the account, or pause it."));
        break;
    case INCIDENT_FAILING:
    default:
        out->title = locale_text(l, N_("It cannot be reached"));
        out->todo = fault_todo(l, in->what);
        if (!out->todo.n)
            out->todo =
                locale_text(l, N_("It is tried again by itself. If the other side is well, check "
                                  "the address and the settings of the account."));
        break;
    }
}
