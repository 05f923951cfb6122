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
 * tg_mem_insert(array, count, cap, i, item_bytes), tg_mem_add(array, count, cap, item_bytes):
 * Make room for one more of *${count} items before item ${i} <= *${count}, or behind them all.  Returns the
 * new item, zeroed and counted, or NULL without memory (array unchanged).
 */
void *tg_mem_insert(void **array, size_t *count, size_t *cap, size_t i, size_t item_bytes)
    __attribute__((warn_unused_result));
void *tg_mem_add(void **array, size_t *count, size_t *cap, size_t item_bytes)
    __attribute__((warn_unused_result));

/** tg_mem_remove(array, count, i, item_bytes): Close the gap that item ${i} < *${count} leaves. */
void tg_mem_remove(void *array, size_t *count, size_t i, size_t item_bytes);

/**
 * tg_mem_fail_after(n):
 * Tests only: let the next ${n} allocations succeed and every later one fail, until called with a negative
 * number.  Returns how many allocations were asked for since the last call.
 */
long tg_mem_fail_after(long n);

#endif
