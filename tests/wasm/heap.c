/*
 * The module's allocator against a list of what was asked for: blocks never overlap, keep their bytes, and
 * what is freed is used again.  The heap has no way to begin anew, so each test leaves it empty.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "suite.h"

#define ARENA_BYTES ((size_t)48 << 20)
#define PAGE_BYTES  65536u
#define BLOCKS	    600
#define OPERATIONS  50000

static _Alignas(8) uint8_t arena[ARENA_BYTES];
static size_t handed_out;
static size_t limit = ARENA_BYTES;

struct held {
	uint8_t *at;
	size_t size;
	uint8_t mark;
};

static struct held held[BLOCKS];

void *
heap_more(size_t size, size_t *got)
{
	void *at = arena + handed_out;

	size = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	if (size > limit - handed_out)
		return NULL;
	handed_out += size;
	*got = size;
	return at;
}

static uint32_t
below(uint32_t *seed, uint32_t bound)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*seed >> 8) * bound >> 24);
}

/* Mostly small, at times large: the sizes of records, arrays and chunks. */
static size_t
some_size(uint32_t *seed)
{
	uint32_t kind = below(seed, 100);

	return below(seed, kind < 60 ? 100 : kind < 95 ? 3000 : 100000);
}

static void
fill(struct held *h)
{
	memset(h->at, h->mark, h->size);
}

static void
check_bytes(const struct held *h, size_t len, uint32_t first_seed)
{
	for (size_t i = 0; i < len; i++)
		if (h->at[i] != h->mark)
			ck_abort_msg("seed %u: byte %zu of a block of %zu changed", first_seed, i, h->size);
}

static void
free_all(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		heap_free(held[i].at);
		held[i] = (struct held){0};
	}
}

START_TEST(blocks_keep_their_bytes)
{
	uint32_t first = (uint32_t)_i * 7919u + 1, seed = first;

	for (int n = 0; n < OPERATIONS; n++) {
		struct held *h = &held[below(&seed, BLOCKS)];
		size_t size = some_size(&seed);
		uint8_t *at;

		if (h->at == NULL) {
			if ((at = heap_alloc(size)) == NULL)
				continue;
			*h = (struct held){at, size, (uint8_t)below(&seed, 256)};
		} else if (below(&seed, 3) == 0) {
			if ((at = heap_resize(h->at, size)) == NULL)
				continue;
			h->at = at;
			check_bytes(h, size < h->size ? size : h->size, first);
			h->size = size;
		} else {
			check_bytes(h, h->size, first);
			heap_free(h->at);
			h->at = NULL;
			continue;
		}
		ck_assert_uint_eq((uintptr_t)h->at % 8, 0);
		fill(h);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		if (held[i].at != NULL)
			check_bytes(&held[i], held[i].size, first);
	free_all();
}
END_TEST

START_TEST(what_was_freed_is_one_block_again)
{
	size_t before = handed_out;
	void *all;

	ck_assert_uint_gt(before, 0); /* the tests before this one left it */
	all = heap_alloc(before - 64);
	ck_assert_ptr_nonnull(all);
	ck_assert_uint_eq(handed_out, before);
	heap_free(all);
}
END_TEST

START_TEST(small_blocks_cost_eight_bytes_more)
{
	void **list = NULL, *p;
	size_t rest = handed_out, count = 0;

	while ((p = heap_alloc(40)) != NULL && handed_out == rest) {
		*(void **)p = list;
		list = p;
		count++;
	}
	heap_free(p);
	ck_assert_uint_ge(count, rest / 48 - 2);
	while (list != NULL) {
		p = *list;
		heap_free(list);
		list = p;
	}
}
END_TEST

START_TEST(an_array_at_the_end_grows_where_it_is)
{
	uint8_t *p = heap_alloc(1000), *q = heap_resize(p, 1 << 20);

	ck_assert_ptr_eq(p, q);
	q = heap_resize(p, 10);
	ck_assert_ptr_eq(p, q);
	heap_free(q);
}
END_TEST

START_TEST(without_memory_the_old_block_stays)
{
	struct held h = {heap_alloc(5000), 5000, 0x3c};
	void *wall = heap_alloc(10);

	fill(&h);
	limit = handed_out;
	ck_assert_ptr_null(heap_resize(h.at, handed_out));
	ck_assert_ptr_null(heap_alloc(handed_out));
	ck_assert_ptr_null(heap_alloc(HEAP_MAX_BYTES + (size_t)1));
	ck_assert_ptr_null(heap_alloc(SIZE_MAX));
	ck_assert_ptr_null(heap_resize(h.at, SIZE_MAX));
	limit = ARENA_BYTES;
	check_bytes(&h, h.size, 0);
	heap_free(h.at);
	heap_free(wall);
	heap_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wasm/heap");
	TCase *tc = tcase_create("heap");

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, blocks_keep_their_bytes, 0, 5);
	tcase_add_test(tc, what_was_freed_is_one_block_again);
	tcase_add_test(tc, small_blocks_cost_eight_bytes_more);
	tcase_add_test(tc, an_array_at_the_end_grows_where_it_is);
	tcase_add_test(tc, without_memory_the_old_block_stays);
	tcase_add_test(tc, what_was_freed_is_one_block_again);
	return suite_run(suite);
}
