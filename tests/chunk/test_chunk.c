#define _GNU_SOURCE /* memmem */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "log/fixture.h"
#include "suite.h"

static struct person alice, bob, stranger, replica;
static struct tg_buf record, stored, value, opened;

static void
setup(void)
{
	tg_crypto_init();
	person_init(&alice, TG_MODE_EDIT, 1, 1);
	person_init(&bob, TG_MODE_VIEW, 1, 2);
	person_init(&stranger, TG_MODE_EDIT, 2, 3);
	person_init(&replica, TG_MODE_REPLICA, 1, 4);
}

static void
free_buffers(void)
{
	tg_buf_free(&record);
	tg_buf_free(&stored);
	tg_buf_free(&value);
	tg_buf_free(&opened);
}

static void
teardown(void)
{
	free_buffers();
	person_free(&alice);
	person_free(&bob);
	person_free(&stranger);
	person_free(&replica);
}

static void
fill(uint8_t *data, size_t len, uint64_t seed)
{
	struct tg_rng rng = {0};
	struct tg_secret s;

	secret_of("data", seed, &s);
	tg_rng_seed(&rng, &s);
	tg_rng_bytes(&rng, data, len);
}

START_TEST(equal_data_has_one_name_and_one_stored_form_in_a_grid)
{
	struct tg_hash n1, n2, l1, l2;

	ck_assert_int_eq(tg_chunk_plain("same bytes", 10, &record, &n1), TG_OK);
	ck_assert_int_eq(tg_chunk_seal(&alice.access, &n1, record.data, record.len, &stored), TG_OK);
	ck_assert_int_eq(tg_chunk_locator(&alice.access, &n1, &l1), TG_OK);
	tg_buf_reset(&record);
	ck_assert_int_eq(tg_chunk_plain("same bytes", 10, &record, &n2), TG_OK);
	ck_assert_int_eq(tg_chunk_seal(&bob.access, &n2, record.data, record.len, &opened), TG_OK);
	ck_assert_int_eq(tg_chunk_locator(&bob.access, &n2, &l2), TG_OK);
	ck_assert_int_eq(tg_hash_cmp(&n1, &n2), 0);
	ck_assert_int_eq(tg_hash_cmp(&l1, &l2), 0);
	ck_assert_uint_eq(stored.len, opened.len);
	ck_assert_int_eq(memcmp(stored.data, opened.data, stored.len), 0);
}
END_TEST

START_TEST(two_grids_share_no_stored_form_and_no_locator)
{
	struct tg_hash name, l1, l2;

	ck_assert_int_eq(tg_chunk_plain("same bytes", 10, &record, &name), TG_OK);
	ck_assert_int_eq(tg_chunk_seal(&alice.access, &name, record.data, record.len, &stored), TG_OK);
	ck_assert_int_eq(tg_chunk_seal(&stranger.access, &name, record.data, record.len, &value), TG_OK);
	ck_assert_int_ne(memcmp(stored.data, value.data, stored.len), 0);
	ck_assert_int_eq(tg_chunk_locator(&alice.access, &name, &l1), TG_OK);
	ck_assert_int_eq(tg_chunk_locator(&stranger.access, &name, &l2), TG_OK);
	ck_assert_int_ne(tg_hash_cmp(&l1, &l2), 0);
	ck_assert_ptr_null(memmem(stored.data, stored.len, "same", 4));
}
END_TEST

START_TEST(a_chunk_comes_back_for_link_holders_only)
{
	uint8_t nonce[TG_CHUNK_NONCE_BYTES] = {3};
	struct tg_hash name;
	struct tg_chunk c;

	for (int is_signed = 0; is_signed < 2; is_signed++) {
		free_buffers();
		if (is_signed)
			ck_assert_int_eq(
			    tg_chunk_signed(&alice.device, nonce, "abc", 3, &record, &name), TG_OK);
		else
			ck_assert_int_eq(tg_chunk_plain("abc", 3, &record, &name), TG_OK);
		ck_assert_int_eq(
		    tg_chunk_seal(&alice.access, &name, record.data, record.len, &stored), TG_OK);
		ck_assert_int_eq(
		    tg_chunk_open(&bob.access, &name, stored.data, stored.len, &opened, &c), TG_OK);
		ck_assert_int_eq(c.is_signed, is_signed);
		ck_assert_uint_eq(c.data.len, 3);
		ck_assert_int_eq(memcmp(c.data.data, "abc", 3), 0);
		if (is_signed)
			ck_assert_int_eq(tg_key_cmp(&c.origin, &alice.device.public_key), 0);
		ck_assert_int_eq(tg_chunk_open(&stranger.access, &name, stored.data, stored.len, &opened, &c),
		    TG_EDECRYPT);
		ck_assert_int_eq(
		    tg_chunk_open(&replica.access, &name, stored.data, stored.len, &opened, &c), TG_EPERM);
		ck_assert_int_eq(tg_chunk_seal(&replica.access, &name, "x", 1, &opened), TG_EPERM);
		ck_assert_uint_eq(opened.len, record.len);
	}
}
END_TEST

START_TEST(every_flipped_bit_is_refused_by_reader_and_replica)
{
	uint8_t nonce[TG_CHUNK_NONCE_BYTES] = {3};
	struct tg_bytes kept;
	struct tg_hash name;
	struct tg_chunk c;

	ck_assert_int_eq(tg_chunk_signed(&alice.device, nonce, "abc", 3, &record, &name), TG_OK);
	ck_assert_int_eq(tg_chunk_seal(&alice.access, &name, record.data, record.len, &stored), TG_OK);
	ck_assert_int_eq(tg_chunk_keep(stored.data, stored.len, &value), TG_OK);
	ck_assert_int_eq(tg_chunk_kept(value.data, value.len, &kept), TG_OK);
	ck_assert_uint_eq(kept.len, stored.len);
	for (size_t bit = 0; bit < record.len * 8; bit++) {
		record.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_ne(tg_chunk_decode(&name, record.data, record.len, &c), TG_OK);
		/* Without a name to compare with, the signature still covers all of it. */
		ck_assert_int_ne(tg_chunk_decode(NULL, record.data, record.len, &c), TG_OK);
		record.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < value.len * 8; bit++) {
		value.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(tg_chunk_kept(value.data, value.len, &kept), TG_EHASH);
		value.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < stored.len * 8; bit += 3) {
		stored.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(
		    tg_chunk_open(&bob.access, &name, stored.data, stored.len, &opened, &c), TG_EDECRYPT);
		stored.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < record.len; n++)
		ck_assert_int_ne(tg_chunk_decode(NULL, record.data, n, &c), TG_OK);
	for (size_t n = 0; n < value.len; n++)
		ck_assert_int_ne(tg_chunk_kept(value.data, n, &kept), TG_OK);
}
END_TEST

START_TEST(the_largest_chunk_fits_the_stored_limit_and_one_byte_more_does_not)
{
	static uint8_t data[TG_CHUNK_DATA_MAX + 1];
	uint8_t nonce[TG_CHUNK_NONCE_BYTES] = {3};
	struct tg_hash name;
	struct tg_chunk c;

	ck_assert_int_eq(tg_chunk_plain(data, sizeof data, &record, &name), TG_ETOOBIG);
	ck_assert_int_eq(tg_chunk_plain(data, sizeof data - 1, &record, &name), TG_OK);
	ck_assert_int_eq(tg_chunk_seal(&alice.access, &name, record.data, record.len, &stored), TG_OK);
	ck_assert_uint_eq(stored.len, TG_CHUNK_STORED_MAX_BYTES);
	ck_assert_int_eq(tg_chunk_keep(stored.data, stored.len, &value), TG_OK);
	ck_assert_int_eq(tg_chunk_open(&bob.access, &name, stored.data, stored.len, &opened, &c), TG_OK);
	ck_assert_uint_eq(c.data.len, sizeof data - 1);
	tg_buf_reset(&record);
	ck_assert_int_eq(
	    tg_chunk_signed(&alice.device, nonce, data, TG_CHUNK_SIGNED_DATA_MAX, &record, &name), TG_OK);
	ck_assert_uint_eq(record.len, TG_CHUNK_RECORD_MAX);
	ck_assert_int_eq(tg_chunk_decode(&name, record.data, record.len, &c), TG_OK);
	ck_assert_int_eq(
	    tg_chunk_signed(&alice.device, nonce, data, TG_CHUNK_SIGNED_DATA_MAX + 1, &record, &name),
	    TG_ETOOBIG);
}
END_TEST

/* ---- files ---- */

#define FILE_BYTES (9u << 20)
#define HELD_MAX   4096

struct held {
	struct tg_hash name;
	uint8_t *record;
	size_t len;
};

static struct held held[HELD_MAX];
static size_t held_count, put_count;
static int put_rc;

static struct held *
find(const struct tg_hash *name)
{
	for (size_t i = 0; i < held_count; i++)
		if (tg_hash_cmp(&held[i].name, name) == 0)
			return &held[i];
	return NULL;
}

static int
put(void *ctx, const struct tg_hash *name, const void *data, size_t len)
{
	struct held *h;

	(void)ctx;
	put_count++;
	if (put_rc != TG_OK || find(name) != NULL)
		return put_rc;
	ck_assert_uint_lt(held_count, HELD_MAX);
	h = &held[held_count++];
	h->name = *name;
	h->record = malloc(len);
	memcpy(h->record, data, len);
	h->len = len;
	return TG_OK;
}

static void
forget(void)
{
	while (held_count)
		free(held[--held_count].record);
}

static int
write_file(const uint8_t *data, size_t len, size_t step, struct tg_file_ref *ref)
{
	struct tg_file_writer *w = tg_file_writer_new(put, NULL);
	int rc = w ? TG_OK : TG_ENOMEM;

	for (size_t at = 0; rc == TG_OK && at < len; at += step)
		rc = tg_file_write(w, data + at, len - at < step ? len - at : step);
	if (rc == TG_OK)
		rc = tg_file_finish(w, ref);
	tg_file_writer_free(w);
	return rc;
}

static size_t
read_file(const struct tg_file_ref *ref, uint8_t *out)
{
	struct held *h = find(&ref->name);
	struct tg_file_ref child;
	struct tg_chunk c;
	size_t n = 0;

	ck_assert_ptr_nonnull(h);
	ck_assert_int_eq(tg_chunk_decode(&ref->name, h->record, h->len, &c), TG_OK);
	if (ref->depth == 0) {
		ck_assert_uint_eq(c.data.len, ref->size);
		if (c.data.len)
			memcpy(out, c.data.data, c.data.len);
		return c.data.len;
	}
	for (uint32_t i = 0;; i++) {
		int rc = tg_file_list(&c, ref, i, &child);

		if (rc == TG_ERANGE)
			break;
		ck_assert_int_eq(rc, TG_OK);
		n += read_file(&child, out + n);
	}
	return n;
}

START_TEST(files_of_all_sizes_come_back_whatever_the_steps)
{
	static const size_t sizes[] = {
	    0, 1, 16383, 16384, 65536, 126976, 126977, 300000, 1500000, FILE_BYTES};
	uint8_t *data = malloc(FILE_BYTES), *back = malloc(FILE_BYTES);
	struct tg_file_ref one, many;

	fill(data, FILE_BYTES, 1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		forget();
		ck_assert_int_eq(write_file(data, sizes[i], 1 << 20, &one), TG_OK);
		ck_assert_int_eq(write_file(data, sizes[i], 4999, &many), TG_OK);
		ck_assert_int_eq(tg_hash_cmp(&one.name, &many.name), 0);
		ck_assert_uint_eq(one.size, sizes[i]);
		ck_assert_uint_eq(one.depth, many.depth);
		ck_assert_uint_eq(read_file(&one, back), sizes[i]);
		ck_assert_int_eq(memcmp(data, back, sizes[i]), 0);
	}
	ck_assert_uint_ge(one.depth, 1);
	forget();
	free(data);
	free(back);
}
END_TEST

START_TEST(an_inserted_byte_makes_few_new_chunks)
{
	uint8_t *data = malloc(FILE_BYTES + 1);
	struct tg_file_ref ref;
	size_t before;

	forget();
	fill(data, FILE_BYTES, 2);
	ck_assert_int_eq(write_file(data, FILE_BYTES, 1 << 20, &ref), TG_OK);
	before = held_count;
	ck_assert_uint_gt(before, 60);
	memmove(data + FILE_BYTES / 2 + 1, data + FILE_BYTES / 2, FILE_BYTES / 2);
	ck_assert_int_eq(write_file(data, FILE_BYTES + 1, 1 << 20, &ref), TG_OK);
	ck_assert_uint_le(held_count - before, 6); /* pieces around it, and the lists above */
	forget();
	free(data);
}
END_TEST

START_TEST(pieces_keep_to_their_limits_also_for_dull_data)
{
	uint8_t *data = calloc(1, FILE_BYTES);
	size_t at = 0, n;

	for (int dull = 0; dull < 2; dull++, at = 0) {
		if (!dull)
			fill(data, FILE_BYTES, 3);
		else
			memset(data, 0, FILE_BYTES);
		ck_assert_uint_eq(tg_piece_cut(data, TG_PIECE_MIN - 1, 0), 0);
		while (at < FILE_BYTES) {
			n = tg_piece_cut(data + at, FILE_BYTES - at, 1);
			ck_assert_uint_ge(n, FILE_BYTES - at < TG_PIECE_MIN ? FILE_BYTES - at : TG_PIECE_MIN);
			ck_assert_uint_le(n, TG_PIECE_MAX);
			at += n;
		}
		ck_assert_uint_eq(at, FILE_BYTES);
	}
	free(data);
}
END_TEST

START_TEST(a_list_that_lies_is_refused)
{
	uint8_t *data = malloc(1 << 20);
	struct tg_file_ref ref, child, wrong;
	struct tg_chunk c;
	struct held *h;

	forget();
	fill(data, 1 << 20, 4);
	ck_assert_int_eq(write_file(data, 1 << 20, 1 << 20, &ref), TG_OK);
	h = find(&ref.name);
	ck_assert_int_eq(tg_chunk_decode(&ref.name, h->record, h->len, &c), TG_OK);
	wrong = ref;
	wrong.size++;
	ck_assert_int_eq(tg_file_list(&c, &wrong, 0, &child), TG_EFORMAT);
	wrong = ref;
	wrong.depth++;
	ck_assert_int_eq(tg_file_list(&c, &wrong, 0, &child), TG_EFORMAT);
	wrong.depth = 0;
	ck_assert_int_eq(tg_file_list(&c, &wrong, 0, &child), TG_EFORMAT);
	ck_assert_int_eq(tg_file_list(&c, &ref, 0, &child), TG_OK);
	put_rc = TG_EFULL;
	ck_assert_int_eq(write_file(data, 1 << 20, 1 << 20, &ref), TG_EFULL);
	put_rc = TG_OK;
	forget();
	free(data);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chunk");
	TCase *t = tcase_create("chunk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, equal_data_has_one_name_and_one_stored_form_in_a_grid);
	tcase_add_test(t, two_grids_share_no_stored_form_and_no_locator);
	tcase_add_test(t, a_chunk_comes_back_for_link_holders_only);
	tcase_add_test(t, every_flipped_bit_is_refused_by_reader_and_replica);
	tcase_add_test(t, the_largest_chunk_fits_the_stored_limit_and_one_byte_more_does_not);
	tcase_add_test(t, files_of_all_sizes_come_back_whatever_the_steps);
	tcase_add_test(t, an_inserted_byte_makes_few_new_chunks);
	tcase_add_test(t, pieces_keep_to_their_limits_also_for_dull_data);
	tcase_add_test(t, a_list_that_lies_is_refused);
	suite_add_tcase(s, t);
	return suite_run(s);
}
