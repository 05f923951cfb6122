/*
 * mem.h -- the one door to the allocator.
 *
 * All of the runtime allocates here, so that a test can make the Nth allocation fail and count what is live.
 * The hook is the only global of the core; production code never sets it.
 */
#ifndef TG_BASE_MEM_H
#define TG_BASE_MEM_H

#include <stddef.h>

/** tg_malloc(size): ${size} > 0 bytes, or NULL.  Release with tg_free. */
void *tg_malloc(size_t size) __attribute__((malloc, warn_unused_result));

/** tg_calloc(count, size): As tg_malloc, zeroed; NULL also when ${count} * ${size} overflows. */
void *tg_calloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/** tg_realloc(ptr, size): As realloc with ${size} > 0; on failure NULL and ${ptr} stays valid. */
void *tg_realloc(void *ptr, size_t size) __attribute__((warn_unused_result));

/** tg_free(ptr): Release ${ptr}; NULL does nothing. */
void tg_free(void *ptr);

/**
 * tg_mem_grow(array, cap, need, item_bytes):
 * Make *${array} (of *${cap} items) hold at least ${need} items, doubling.  Returns TG_OK, TG_ENOMEM (array
 * unchanged).
 */
int tg_mem_grow(void **array, size_t *cap, size_t need, size_t item_bytes)
    __attribute__((warn_unused_result));

/**
 * tg_mem_fail_after(n):
 * Tests only: let the next ${n} allocations succeed and every later one fail, until called with a negative
 * number.  Returns how many allocations were asked for since the last call.
 */
long tg_mem_fail_after(long n);

#endif
