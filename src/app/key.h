/* key.h - the key that seals secrets, DIR/key, and its fingerprint in the store: every node of an
 * installation, and every restored copy of it, needs the same key. */
#ifndef APP_KEY_H
#define APP_KEY_H

#include "base/err.h"

struct app;

/* Opens a->key from DIR/key for the opened store. A new installation gets a key; with the store of
 * an older one ERR_DENIED says that the key is missing or is another one, and what to do. */
enum err key_open(struct app *a, struct errinfo *e) MUST_CHECK;

#endif
