/* fuzz.h - what each fuzz target offers, to libFuzzer or to replay.c: reads the bytes as its parser
 * does, checks what must always hold with assert, and returns 0. Threads: one. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
