/*
 * malloc.c -- the C library's allocator functions on our heap, over the module's memory.  The linker takes
 * these before it looks into libc.a, whose allocator is several times as large.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define PAGE_BYTES 65536u

extern uint8_t __heap_base; /* by the linker: where data and stack end */

void *
heap_more(size_t size, size_t *got)
{
	static uintptr_t end;
	uintptr_t at = end;
	size_t have = __builtin_wasm_memory_size(0) * PAGE_BYTES;

	if (at == 0)
		at = ((uintptr_t)&__heap_base + 7) & ~(uintptr_t)7;
	if (have - at < size) {
		size_t pages = (size - (have - at) + PAGE_BYTES - 1) / PAGE_BYTES;

		if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX)
			return NULL;
		have += pages * PAGE_BYTES;
	}
	*got = have - at;
	end = have;
	return (void *)at;
}

void *
malloc(size_t size)
{
	return heap_alloc(size);
}

void *
calloc(size_t count, size_t size)
{
	void *p;

	if (size != 0 && count > HEAP_MAX_BYTES / size)
		return NULL;
	if ((p = heap_alloc(count * size)) != NULL)
		memset(p, 0, count * size);
	return p;
}

void *
realloc(void *ptr, size_t size)
{
	return heap_resize(ptr, size);
}

void
free(void *ptr)
{
	heap_free(ptr);
}
