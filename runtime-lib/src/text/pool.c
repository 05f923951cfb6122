#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/pool.h"

uint32_t
tg_text_hash(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a, then a finishing mix for the low bits */

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

static uint32_t *
slot_of(const struct tg_pool *pool, const void *data, size_t len)
{
	size_t mask = pool->slot_count - 1;
	size_t i = tg_text_hash(data, len) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t s = pool->slots[i];

		if (s == 0)
			return &pool->slots[i];
		if (pool->entries[s - 1].len == len &&
		    (len == 0 || memcmp(pool->bytes.data + pool->entries[s - 1].off, data, len) == 0))
			return &pool->slots[i];
	}
}

static int
rehash(struct tg_pool *pool, size_t count)
{
	uint32_t *fresh = tg_calloc(count, sizeof *fresh);

	if (fresh == NULL)
		return TG_ENOMEM;
	tg_free(pool->slots);
	pool->slots = fresh;
	pool->slot_count = count;
	for (size_t i = 0; i < pool->n; i++)
		*slot_of(pool, pool->bytes.data + pool->entries[i].off, pool->entries[i].len) =
		    (uint32_t)i + 1;
	return TG_OK;
}

int
tg_pool_init(struct tg_pool *pool)
{
	uint32_t id;
	int rc;

	if ((rc = rehash(pool, 32)) != TG_OK)
		return rc;
	return tg_pool_put(pool, "\xc0", 1, &id);
}

void
tg_pool_free(struct tg_pool *pool)
{
	tg_buf_free(&pool->bytes);
	tg_free(pool->entries);
	tg_free(pool->slots);
	memset(pool, 0, sizeof *pool);
}

int
tg_pool_put(struct tg_pool *pool, const void *data, size_t len, uint32_t *id)
{
	uint32_t *slot = slot_of(pool, data, len);
	int rc;

	if (*slot != 0) {
		*id = *slot - 1;
		return TG_OK;
	}
	if (pool->bytes.len + len > UINT32_MAX)
		return TG_ENOMEM;
	if ((rc = tg_array_need((void **)&pool->entries, &pool->cap, pool->n + 1, sizeof *pool->entries)) !=
	    TG_OK)
		return rc;
	pool->entries[pool->n].off = (uint32_t)pool->bytes.len;
	pool->entries[pool->n].len = (uint32_t)len;
	tg_buf_put(&pool->bytes, data, len);
	if ((rc = tg_buf_status(&pool->bytes)) != TG_OK)
		return rc;
	*slot = (uint32_t)++pool->n;
	*id = (uint32_t)pool->n - 1;
	if (pool->n * 2 > pool->slot_count)
		return rehash(pool, pool->slot_count * 2);
	return TG_OK;
}

int
tg_pool_find(const struct tg_pool *pool, const void *data, size_t len, uint32_t *id)
{
	uint32_t s = *slot_of(pool, data, len);

	if (s == 0)
		return 0;
	*id = s - 1;
	return 1;
}

const uint8_t *
tg_pool_get(const struct tg_pool *pool, uint32_t id, size_t *len)
{
	*len = pool->entries[id].len;
	return pool->bytes.data + pool->entries[id].off;
}

int
tg_pool_compare(const struct tg_pool *pool, uint32_t a, uint32_t b)
{
	size_t an, bn;
	const uint8_t *ap = tg_pool_get(pool, a, &an), *bp = tg_pool_get(pool, b, &bn);
	int c;

	if (a == b)
		return 0;
	if ((c = memcmp(ap, bp, an < bn ? an : bn)) != 0)
		return c;
	return an < bn ? -1 : 1;
}

void
tg_text_sort(void *array, size_t n, size_t bytes,
    int (*compare)(const void *ctx, const void *a, const void *b), const void *ctx)
{
	uint8_t *v = array, x[TG_SORT_BYTES];
	size_t gap = 1;

	while (gap < n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < n; i++) {
			size_t k = i;

			memcpy(x, v + i * bytes, bytes);
			for (; k >= gap && compare(ctx, v + (k - gap) * bytes, x) > 0; k -= gap)
				memcpy(v + k * bytes, v + (k - gap) * bytes, bytes);
			memcpy(v + k * bytes, x, bytes);
		}
}

static int
compare_numbers(const void *ctx, const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	(void)ctx;
	return x < y ? -1 : x > y;
}

void
tg_text_sort_numbers(uint32_t *v, size_t n)
{
	tg_text_sort(v, n, sizeof *v, compare_numbers, NULL);
}
