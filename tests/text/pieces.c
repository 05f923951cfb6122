/*
 * Goal: the list of pieces is a list: after any insertions and removals it holds what a plain array would.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/pieces.h"
#include "text/seeds.h"

#define ITEMS_MAX 20000

struct plain {
	uint32_t v[ITEMS_MAX];
	uint32_t n, at;
};

static uint32_t
next(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)*seed * below >> 32);
}

static int
compare(void *ctx, struct tg_piece piece)
{
	struct plain *a = ctx;

	for (uint32_t i = 0; i < piece.len; i++, a->at++)
		if (a->at >= a->n || a->v[a->at] != piece.lv + i)
			return TG_EFORMAT;
	return piece.len > 0 ? TG_OK : TG_EFORMAT;
}

/* ${spread}: how far from the last edit the next one may be. */
static void
edit_and_compare(uint32_t seed, uint32_t spread, int steps)
{
	static struct plain a;
	struct tg_pieces p;
	uint32_t lv = 0, pos = 0, start = seed;

	a.n = 0;
	ck_assert_int_eq(tg_pieces_init(&p), TG_OK);
	for (int i = 0; i < steps; i++) {
		uint32_t n = 1 + next(&seed, next(&seed, 8) == 0 ? 300 : 3);

		pos = next(&seed, 2) == 0 ? pos + next(&seed, spread) : pos - next(&seed, spread);
		pos = a.n == 0 ? 0 : pos % (a.n + 1);
		if (a.n + n > ITEMS_MAX || (a.n > 0 && next(&seed, 100) < (i / 1000 % 2 ? 70 : 40))) {
			pos = pos == a.n ? a.n - 1 : pos;
			n = next(&seed, 500) == 0 ? a.n - pos : n;
			n = n > a.n - pos ? a.n - pos : n;
			memmove(a.v + pos, a.v + pos + n, (a.n - pos - n) * sizeof *a.v);
			a.n -= n;
			ck_assert_int_eq(tg_pieces_remove(&p, pos, n), TG_OK);
		} else {
			memmove(a.v + pos + n, a.v + pos, (a.n - pos) * sizeof *a.v);
			for (uint32_t k = 0; k < n; k++)
				a.v[pos + k] = lv + k;
			a.n += n;
			ck_assert_int_eq(tg_pieces_insert(&p, pos, lv, n), TG_OK);
			lv += n + next(&seed, 2);
			pos += n;
		}
		ck_assert_uint_eq(p.total, a.n);
		if (i % 64 != 0 && i + 1 < steps)
			continue;
		a.at = 0;
		ck_assert_msg(tg_pieces_each(&p, compare, &a) == TG_OK && a.at == a.n,
		    "seed %u, spread %u, step %d", start, spread, i);
	}
	tg_pieces_free(&p);
}

START_TEST(pieces_are_what_an_array_would_be)
{
	for (uint32_t seed = 1; seed <= seeds_share(40); seed++) {
		edit_and_compare(seed, 3, 6000);
		edit_and_compare(seed, 300, 6000);
		edit_and_compare(seed, 20000, 12000);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_pieces");
	TCase *t = tcase_create("list");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, pieces_are_what_an_array_would_be);
	suite_add_tcase(s, t);
	return suite_run(s);
}
