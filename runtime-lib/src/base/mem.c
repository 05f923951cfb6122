#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"

static long allowed = -1; /* < 0: no limit */
static long asked;

static int
may_allocate(void)
{
	asked++;
	if (allowed < 0)
		return 1;
	if (allowed == 0)
		return 0;
	allowed--;
	return 1;
}

long
tg_mem_fail_after(long n)
{
	long count = asked;

	allowed = n;
	asked = 0;
	return count;
}

void *
tg_malloc(size_t size)
{
	return may_allocate() ? malloc(size) : NULL;
}

void *
tg_calloc(size_t count, size_t size)
{
	return may_allocate() ? calloc(count, size) : NULL;
}

void *
tg_realloc(void *ptr, size_t size)
{
	return may_allocate() ? realloc(ptr, size) : NULL;
}

void
tg_free(void *ptr)
{
	free(ptr);
}

int
tg_mem_grow(void **array, size_t *cap, size_t need, size_t item_bytes)
{
	size_t n = *cap ? *cap : 8;
	void *p;

	if (need <= *cap)
		return TG_OK;
	while (n < need) {
		if (n > SIZE_MAX / 2)
			return TG_ENOMEM;
		n *= 2;
	}
	if (n > SIZE_MAX / item_bytes)
		return TG_ENOMEM;
	if ((p = tg_realloc(*array, n * item_bytes)) == NULL)
		return TG_ENOMEM;
	*array = p;
	*cap = n;
	return TG_OK;
}

void *
tg_mem_insert(void **array, size_t *count, size_t *cap, size_t i, size_t item_bytes)
{
	uint8_t *item;

	if (tg_mem_grow(array, cap, *count + 1, item_bytes) != TG_OK)
		return NULL;
	item = (uint8_t *)*array + i * item_bytes;
	memmove(item + item_bytes, item, (*count - i) * item_bytes);
	++*count;
	return memset(item, 0, item_bytes);
}

void *
tg_mem_add(void **array, size_t *count, size_t *cap, size_t item_bytes)
{
	return tg_mem_insert(array, count, cap, *count, item_bytes);
}

void
tg_mem_remove(void *array, size_t *count, size_t i, size_t item_bytes)
{
	uint8_t *item = (uint8_t *)array + i * item_bytes;

	memmove(item, item + item_bytes, (--*count - i) * item_bytes);
}
