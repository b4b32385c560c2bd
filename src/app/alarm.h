/* alarm.h - tells a brand's administrators by mail that an account needs somebody, and that it is
 * well again: once per incident, several in one letter, and not more than a few letters an hour.
 * Those who administer every brand get a letter when the plan's backup failed, once a day while it
 * lasts. Mail goes over the server of mail_url, else over one of a brand's own mail accounts.
 *
 * Also looks whether anything can be saved and how much room is left (flow/house.h); the desks hear
 * of a change (TOPIC_HOUSE).
 *
 * On a thread of its own, for mail servers may be slow. Threads: made and ended by one. */
#ifndef APP_ALARM_H
#define APP_ALARM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

struct alarm_mailer;
struct app;

enum err alarm_start(struct alarm_mailer **out, struct app *app, struct errinfo *e) MUST_CHECK;
/* Ends it within about a second, whatever a mail server does. */
void alarm_stop(struct alarm_mailer *m);
/* One round on this thread, for tests; how many letters a server took. stop: set to give up; may
 * be NULL. */
int alarm_round(struct app *app, const atomic_bool *stop);

#endif
