/* memory.h - what happens when there is no memory. Own code does not undo half a request at each
 * allocation; instead a reserve is kept back at the start. When the system gives no more, the
 * reserve is returned to it and the call tried again, so that what runs comes to its end. From then
 * on memory_low() holds until the reserve could be had again: http/ answers new requests with 503.
 * When even that was too little, the process ends with a line in the log and exit code 1: what was
 * acknowledged is in the store, and the next start finds it (docs/reliability.md). Memory is given
 * back with free(). Threads: any. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Keeps a reserve of that many bytes back; address space only, until it is needed. A server calls
 * it at its start; without it a refusal of the system ends the process. */
void memory_reserve(size_t bytes);
/* Whether the reserve is gone. Tries to have it again, a few times a second. */
bool memory_low(void);

/* Whether that many bytes could be had now, without touching the reserve: asked before work begins
 * that is known to need much. Others may be faster. */
bool memory_has(size_t bytes);

/* As malloc, calloc and realloc, but never NULL. */
void *memory_bytes(size_t n) __attribute__((returns_nonnull, malloc));
void *memory_zeroed(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
void *memory_resize(void *p, size_t n) __attribute__((returns_nonnull));
/* As realloc, for what a client can make large: NULL, after the reserve was given back, means that
 * this one thing cannot be had. */
void *memory_try_resize(void *p, size_t n);
/* Ends the process: that many bytes cannot be had. */
void memory_end(size_t wanted) __attribute__((noreturn));

#endif
