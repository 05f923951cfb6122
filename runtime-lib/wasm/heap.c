#include <stdint.h>
#include <string.h>

#include "heap.h"

/*
 *     | before | size+used | bytes ...  | before | size+used | bytes ...  | ... | before | 0+used |
 *
 * `before` is the size of the block before, 0 for the first, so both neighbours can be found.  Sizes include
 * the header and are multiples of 8; bit 0 says that the block is in use.  The heap ends with a header in
 * use.
 */
struct block {
	uint32_t before;
	uint32_t size;
	struct block *next, *prev; /* in its list; only while free */
};

#define USED	   1u
#define HEAD_BYTES offsetof(struct block, next)
#define LISTS	   128

static struct block *lists[LISTS];
static struct block *end; /* the last header; NULL before the first call */

static struct block *
behind(struct block *b, uint32_t size)
{
	return (struct block *)(void *)((uint8_t *)b + size);
}

static struct block *
before(struct block *b)
{
	return (struct block *)(void *)((uint8_t *)b - b->before);
}

/* List number of a free block: the power of two below ${size}, and the two bits that follow the first. */
static unsigned int
list_of(uint32_t size)
{
	unsigned int log = 31u - (unsigned int)__builtin_clz(size);

	return log << 2 | (size >> (log - 2) & 3);
}

static void
take_out(struct block *b)
{
	if (b->prev != NULL)
		b->prev->next = b->next;
	else
		lists[list_of(b->size)] = b->next;
	if (b->next != NULL)
		b->next->prev = b->prev;
}

/* ${b} becomes free, with ${size} bytes, and joins free neighbours: the block that comes of it. */
static struct block *
put_in(struct block *b, uint32_t size)
{
	struct block *after = behind(b, size), **list;

	if (!(after->size & USED)) {
		take_out(after);
		size += after->size;
	}
	if (b->before != 0) {
		struct block *front = before(b);

		if (!(front->size & USED)) {
			take_out(front);
			size += front->size;
			b = front;
		}
	}
	b->size = size;
	behind(b, size)->before = size;
	list = &lists[list_of(size)];
	b->prev = NULL;
	if ((b->next = *list) != NULL)
		b->next->prev = b;
	*list = b;
	return b;
}

/* ${b}, in no list and of ${have} bytes, is in use from now on: ${need} bytes of it, and the rest is free. */
static void *
use(struct block *b, uint32_t have, uint32_t need)
{
	if (have - need < sizeof *b)
		need = have;
	b->size = need | USED;
	behind(b, need)->before = need;
	if (need < have)
		put_in(behind(b, need), have - need);
	return (uint8_t *)b + HEAD_BYTES;
}

/* What a request takes from the heap, or 0 when it is over the limit. */
static uint32_t
bytes_for(size_t size)
{
	if (size > HEAP_MAX_BYTES)
		return 0;
	size = (size + HEAD_BYTES + 7) & ~(size_t)7;
	return (uint32_t)(size < sizeof(struct block) ? sizeof(struct block) : size);
}

/* A free block of ${need} bytes or more at the heap's end, or NULL. */
static struct block *
grow(uint32_t need)
{
	uint32_t held = 0;
	struct block *b;
	size_t got;

	if (end != NULL && end->before != 0 && !(before(end)->size & USED))
		held = end->before;
	if (held >= need)
		return before(end);
	if ((b = heap_more(need - held + HEAD_BYTES, &got)) == NULL)
		return NULL;
	if (end != NULL) {
		b = end; /* the old last header begins the new block */
	} else {
		b->before = 0;
		got -= HEAD_BYTES;
	}
	end = behind(b, (uint32_t)got);
	end->size = USED;
	return put_in(b, (uint32_t)got);
}

void *
heap_alloc(size_t size)
{
	uint32_t need = bytes_for(size);
	struct block *b;
	unsigned int i;

	if (need == 0)
		return NULL;
	/* The first block of the list of its own size may do; every block of a later list does. */
	i = list_of(need);
	if ((b = lists[i]) == NULL || b->size < need)
		for (b = NULL; b == NULL && ++i < LISTS;)
			b = lists[i];
	if (b == NULL && (b = grow(need)) == NULL)
		return NULL;
	take_out(b);
	return use(b, b->size, need);
}

void *
heap_resize(void *ptr, size_t size)
{
	struct block *b, *after;
	uint32_t need = bytes_for(size), have;
	void *fresh;

	if (ptr == NULL)
		return heap_alloc(size);
	if (need == 0)
		return NULL;
	b = (struct block *)(void *)((uint8_t *)ptr - HEAD_BYTES);
	have = b->size & ~USED;
	after = behind(b, have);
	if (have < need && !(after->size & USED) && have + after->size >= need) {
		take_out(after);
		have += after->size;
	}
	if (have >= need)
		return use(b, have, need);
	if ((fresh = heap_alloc(size)) == NULL)
		return NULL;
	memcpy(fresh, ptr, have - HEAD_BYTES);
	heap_free(ptr);
	return fresh;
}

void
heap_free(void *ptr)
{
	struct block *b;

	if (ptr == NULL)
		return;
	b = (struct block *)(void *)((uint8_t *)ptr - HEAD_BYTES);
	put_in(b, b->size & ~USED);
}
