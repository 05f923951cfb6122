/*
 * pool.h -- byte strings with small numbers: keys and values are compared and stored as one u32.
 *
 * Strings are only ever added.  Id 0 is msgpack nil, so "value 0" means absent everywhere.
 */
#ifndef TG_TEXT_POOL_H
#define TG_TEXT_POOL_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"

#define TG_POOL_NIL 0

struct tg_pool {
	struct tg_buf bytes;
	struct tg_pool_entry {
		uint32_t off, len;
	} * entries;
	size_t n, cap;
	uint32_t *slots; /* open addressing, id + 1; 0 = free */
	size_t slot_count;
};

/** tg_pool_init(pool), tg_pool_free(pool): Start with nil alone; release.  Returns TG_OK, TG_ENOMEM. */
int tg_pool_init(struct tg_pool *pool) __attribute__((warn_unused_result));
void tg_pool_free(struct tg_pool *pool);

/** tg_pool_put(pool, data, len, id): The id of these bytes, new or not.  Returns TG_OK, TG_ENOMEM. */
int tg_pool_put(struct tg_pool *pool, const void *data, size_t len, uint32_t *id)
    __attribute__((warn_unused_result));

/** tg_pool_find(pool, data, len, id): 1 and *${id} when the bytes are there, else 0. */
int tg_pool_find(const struct tg_pool *pool, const void *data, size_t len, uint32_t *id);

/** tg_pool_get(pool, id, len): The bytes; borrowed until the next put. */
const uint8_t *tg_pool_get(const struct tg_pool *pool, uint32_t id, size_t *len);

/** tg_pool_compare(pool, a, b): Order of two entries by bytes, a shorter prefix first. */
int tg_pool_compare(const struct tg_pool *pool, uint32_t a, uint32_t b);

/** tg_array_need(array, cap, need, item_bytes): tg_mem_grow() without a call when there is room. */
static inline int
tg_array_need(void **array, size_t *cap, size_t need, size_t item_bytes)
{
	return need <= *cap ? TG_OK : tg_mem_grow(array, cap, need, item_bytes);
}

/**
 * tg_text_sort(array, n, bytes, compare, ctx):
 * Sort ${n} elements of ${bytes} (at most TG_SORT_BYTES) each: in place, without recursion, not stable.  One
 * sort for all that is not hot, since the module must stay small.
 */
#define TG_SORT_BYTES 64
void tg_text_sort(void *array, size_t n, size_t bytes,
    int (*compare)(const void *ctx, const void *a, const void *b), const void *ctx);

/** tg_text_sort_numbers(v, n): Ascending. */
void tg_text_sort_numbers(uint32_t *v, size_t n);

/** tg_text_hash(data, len): A fixed 32-bit hash for the tables of this folder; order never depends on it. */
uint32_t tg_text_hash(const void *data, size_t len);

#endif
