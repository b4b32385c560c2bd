/* words.c - see words.h. */
#include "console/words.h"

#include "base/arena.h"
#include "page/page.h"

struct str word_kind(const struct request *rq, int kind)
{
    static const char *const words[KIND_COUNT] = {N_("Question"), N_("Complaint"), N_("Praise"),
                                                  N_("Idea"),     N_("Other"),     N_("Spam")};
    return page_text(rq, kind >= 0 && kind < KIND_COUNT ? words[kind] : N_("Unclear"));
}

struct str word_fact(const struct request *rq, int fact)
{
    static const char *const words[FACT_COUNT] = {N_("Language"), N_("About us"), N_("Reaction"),
                                                  N_("Request"),  N_("Kind"),     N_("Mood"),
                                                  N_("Offence")};
    return page_text(rq, words[fact]);
}

struct str word_value(const struct request *rq, int fact, int value)
{
    static const char *const words[FACT_COUNT][KIND_COUNT] = {
        [FACT_LANGUAGE] = {N_("German"), N_("English"), N_("another language")},
        [FACT_RELEVANCE] = {N_("no"), N_("yes")},
        [FACT_REACTION] = {N_("not needed"), N_("needed")},
        [FACT_REQUEST] = {N_("none"), N_("between the lines"), N_("plain")},
        [FACT_SENTIMENT] = {N_("angry"), N_("calm"), N_("friendly")},
        [FACT_OFFENCE] = {N_("no"), N_("yes")},
    };
    if (fact == FACT_KIND)
        return word_kind(rq, value);
    return page_text(rq, value >= 0 && value < fact_table[fact].words->n ? words[fact][value]
                                                                         : N_("cannot be told"));
}

struct str word_priority(const struct request *rq, int priority)
{
    static const char *const words[PRIORITY_COUNT] = {N_("low"), N_("normal"), N_("high")};
    return page_text(rq,
                     priority >= 0 && priority < PRIORITY_COUNT ? words[priority] : N_("normal"));
}

struct str word_role(const struct request *rq, int role)
{
    static const char *const words[ROLE_COUNT] = {N_("reads along"), N_("agent"), N_("team lead"),
                                                  N_("administrator")};
    return page_text(rq, role >= 0 && role < ROLE_COUNT ? words[role] : words[0]);
}

struct str word_network(const struct request *rq, struct str network)
{
    static const char *const names[][2] = {
        {"mail", N_("Mail")},     {"feed", N_("Feed")},           {"api", N_("API")},
        {"file", N_("File")},     {"mastodon", "Mastodon"},       {"instagram", "Instagram"},
        {"facebook", "Facebook"}, {"whatsapp", "WhatsApp"},       {"x", "X"},
        {"bluesky", "Bluesky"},   {"forum", N_("Forum")},         {"news", N_("News")},
        {"demo", N_("Demo")},     {"community", N_("Community")},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_z(network, names[i][0]))
            return page_text(rq, names[i][1]);
    return network;
}

struct str word_audit(const struct request *rq, struct str what)
{
    static const char *const words[][2] = {
        {"case.take", N_("took it")},
        {"case.release", N_("gave it back")},
        {"case.assign", N_("gave it to somebody")},
        {"case.close", N_("closed it without an answer")},
        {"case.reopen", N_("opened it again")},
        {"case.snooze", N_("put it off")},
        {"case.priority", N_("changed the priority")},
        {"case.note", N_("wrote a note")},
        {"case.reply", N_("wrote an answer")},
        {"case.reply_close", N_("answered and closed it")},
        {"case.open", N_("made a case of it")},
        {"message.recall", N_("took the answer back")},
        {"message.again", N_("had the answer sent again")},
        {"message.arrived", N_("found that the answer had arrived")},
        {"message.drop", N_("dropped the answer")},
        {"post.correct", N_("corrected what was understood")},
        {"session.start", N_("signed in")},
        {"brand.create", N_("made the brand")},
        {"brand.change", N_("changed the brand")},
        {"agent.create", N_("added an agent")},
        {"agent.change", N_("changed an agent")},
        {"agent.disable", N_("shut an agent out")},
        {"agent.enable", N_("let an agent in again")},
        {"agent.password", N_("set a password")},
        {"agent.link", N_("made a link to sign in")},
        {"agent.remove", N_("took an agent out of the brand")},
        {"account.create", N_("added an account")},
        {"account.change", N_("changed an account")},
        {"account.state", N_("switched an account")},
        {"account.fetch", N_("had an account fetched at once")},
        {"account.alarm", N_("raised an alarm about an account")},
        {"account.well", N_("found an account well again")},
        {"account.fine", N_("said that the alarm of an account is fine")},
        {"account.token", N_("made a new token")},
        {"account.moved", N_("followed an account to its new address")},
        {"routing.change", N_("changed the routing key")},
        {"team.change", N_("changed a team")},
        {"team.delete", N_("deleted a team")},
        {"calendar.change", N_("changed the calendar")},
        {"backup.plan", N_("changed when backups are made")},
        {"backup.start", N_("had a backup made")},
        {"backup.download", N_("took a backup away")},
        {"backup.restore", N_("came back from a backup")},
        {"retention.delete", N_("deleted what is not kept any longer")},
        {"target.change", N_("changed the targets")},
        {"denied.right", N_("was refused: the role does not allow it")},
        {"denied.form", N_("was refused: the form was too old, or of another site")},
        {"denied.often", N_("was refused: too much at a time")},
        {"denied.password", N_("signed in with a wrong password, in vain")},
        {"denied.wait", N_("had to wait after too many wrong passwords")},
        {"denied.token", N_("came with a token that is valid no longer")},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_z(what, words[i][0]))
            return page_text(rq, words[i][1]);
    return what;
}

struct str words_fill(const struct request *rq, const char *msgid, const struct str *args, size_t n)
{
    return locale_fill(rq->arena, page_locale(rq), msgid, args, n, NULL);
}

struct str words_with(const struct request *rq, const char *msgid, struct str arg)
{
    return words_fill(rq, msgid, &arg, 1);
}

struct str words_count(const struct request *rq, const char *one, const char *many, int64_t n)
{
    struct str text = locale_plural(page_locale(rq), one, many, n);
    ptrdiff_t at = str_find(text, STR("%d"), 0);
    if (at < 0)
        return text;
    return arena_printf(rq->arena, "%.*s%lld%.*s", STR_FMT(str_sub(text, 0, (size_t)at)),
                        (long long)n, STR_FMT(str_sub(text, (size_t)at + 2, text.n)));
}
