/* init.c - what the libraries below want done once per process. */
#include <gmime/gmime.h>
#include <libxml/parser.h>
#include <pthread.h>

#include "text/unicode.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void be_silent(void *ctx, xmlErrorPtr e)
{
    (void)ctx;
    (void)e; /* callers tell what was wrong in their own words */
}

static void init(void)
{
    xmlInitParser();
    xmlSetStructuredErrorFunc(NULL, be_silent);
    g_mime_init();
}

void text_init(void)
{
    pthread_once(&once, init);
}
