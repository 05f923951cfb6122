/* target.h -- what every fuzz target defines; libFuzzer or replay.c calls it. */
#ifndef TG_TESTS_FUZZ_TARGET_H
#define TG_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/** LLVMFuzzerTestOneInput(data, len): Decode ${len} hostile bytes; abort() when a promise is broken.  Returns
 * 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
