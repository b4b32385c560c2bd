/* rand.h - randomness from the kernel. Good for keys and tokens. Threads: any. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Fills n bytes; aborts when the kernel gives none. */
void rand_bytes(void *p, size_t n);
uint64_t rand_u64(void);
/* Even over 0 .. below-1; below > 0. */
uint64_t rand_below(uint64_t below);

#endif
