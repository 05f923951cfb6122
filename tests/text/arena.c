#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/arena.h"

static _Alignas(16) uint8_t block[ARENA_BYTES];
static size_t used;

/* Before each allocation stands its size. */
#define HEAD 16

void *__wrap_tg_malloc(size_t size);
void *__wrap_tg_calloc(size_t count, size_t size);
void *__wrap_tg_realloc(void *ptr, size_t size);
void __wrap_tg_free(void *ptr);
int __wrap_tg_mem_grow(void **array, size_t *cap, size_t need, size_t item_bytes);

void *
__wrap_tg_malloc(size_t size)
{
	size_t at = used;

	used += HEAD + (size + 15) / 16 * 16;
	if (used > sizeof block)
		abort();
	memcpy(block + at, &size, sizeof size);
	return block + at + HEAD;
}

void *
__wrap_tg_calloc(size_t count, size_t size)
{
	return memset(__wrap_tg_malloc(count * size), 0, count * size);
}

void *
__wrap_tg_realloc(void *ptr, size_t size)
{
	void *p = __wrap_tg_malloc(size);
	size_t old = 0;

	if (ptr != NULL)
		memcpy(&old, (uint8_t *)ptr - HEAD, sizeof old);
	if (old > 0)
		memcpy(p, ptr, old < size ? old : size);
	return p;
}

void
__wrap_tg_free(void *ptr)
{
	(void)ptr;
}

int
__wrap_tg_mem_grow(void **array, size_t *cap, size_t need, size_t item_bytes)
{
	size_t n = *cap ? *cap : 8;

	if (need <= *cap)
		return TG_OK;
	while (n < need)
		n *= 2;
	*array = __wrap_tg_realloc(*array, n * item_bytes);
	*cap = n;
	return TG_OK;
}

void
arena_reset(void)
{
	used = 0;
}

void
arena_save(struct arena_copy *to)
{
	to->used = used;
	memcpy(to->bytes, block, used);
}

void
arena_restore(const struct arena_copy *from)
{
	used = from->used;
	memcpy(block, from->bytes, used);
}

size_t
arena_used(void)
{
	return used;
}
