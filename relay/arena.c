#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "arena.h"

static struct {
	uint8_t *base;
	size_t slot_bytes, slots;
	uint32_t *free; /* stack of slot numbers that were used and given back */
	size_t free_count;
	size_t fresh; /* slots from here on were never used */
} arena;

static int
is_ours(const void *ptr)
{
	const uint8_t *p = ptr;

	return p >= arena.base && p < arena.base + arena.slots * arena.slot_bytes;
}

static void *
slot_get(void)
{
	if (arena.free_count > 0)
		return arena.base + (size_t)arena.free[--arena.free_count] * arena.slot_bytes;
	if (arena.fresh < arena.slots)
		return arena.base + arena.fresh++ * arena.slot_bytes;
	return NULL;
}

static void
slot_put(void *ptr)
{
	size_t slot = (size_t)((uint8_t *)ptr - arena.base) / arena.slot_bytes;

	madvise(ptr, arena.slot_bytes, MADV_DONTNEED);
	arena.free[arena.free_count++] = (uint32_t)slot;
}

static void *
allocate(void *ptr, size_t size, const char *reason)
{
	if (ptr != NULL && is_ours(ptr)) {
		if (size == 0)
			slot_put(ptr);
		return size == 0 ? NULL : ptr; /* lws never grows one */
	}
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	if (ptr == NULL && size <= arena.slot_bytes && reason != NULL && strcmp(reason, "rx_ubuf") == 0) {
		void *slot = slot_get();

		if (slot != NULL)
			return slot;
	}
	return realloc(ptr, size);
}

int
tg_arena_install(size_t slots, size_t slot_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	slot_bytes = (slot_bytes + page - 1) / page * page;
	arena.base = mmap(NULL, slots * slot_bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena.base == MAP_FAILED)
		return -1;
	/* Huge pages would undo the point of it. */
	madvise(arena.base, slots * slot_bytes, MADV_NOHUGEPAGE);
	if ((arena.free = calloc(slots, sizeof *arena.free)) == NULL) {
		munmap(arena.base, slots * slot_bytes);
		return -1;
	}
	arena.slots = slots;
	arena.slot_bytes = slot_bytes;
	lws_set_allocator(allocate);
	return 0;
}
