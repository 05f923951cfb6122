/*
 * The msgpack reader against msgpack-c: what our reader accepts, msgpack-c reads as the same values; and
 * packing what msgpack-c read gives the same bytes exactly when our reader accepts them (in our subset).
 */
#include <check.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <toygrid/status.h>

#include "wire/reader.h"
#include "wire/writer.h"
#include "suite.h"

static uint64_t random_state;

static uint32_t
below(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

/* Is the tree within our subset: no map, float, ext; valid UTF-8 is left to the reader. */
static int
in_subset(const msgpack_object *o, int depth)
{
	if (depth > TG_READER_MAX_DEPTH)
		return 0;
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_BOOLEAN:
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
	case MSGPACK_OBJECT_STR:
	case MSGPACK_OBJECT_BIN:
		return 1;
	case MSGPACK_OBJECT_ARRAY:
		for (uint32_t i = 0; i < o->via.array.size; i++)
			if (!in_subset(&o->via.array.ptr[i], depth + 1))
				return 0;
		return 1;
	default:
		return 0;
	}
}

static int
ascii(const msgpack_object *o)
{
	if (o->type == MSGPACK_OBJECT_STR)
		for (uint32_t i = 0; i < o->via.str.size; i++)
			if ((uint8_t)o->via.str.ptr[i] >= 0x80)
				return 0;
	if (o->type == MSGPACK_OBJECT_ARRAY)
		for (uint32_t i = 0; i < o->via.array.size; i++)
			if (!ascii(&o->via.array.ptr[i]))
				return 0;
	return 1;
}

/* Read one value with our reader and compare it with what msgpack-c made of the same bytes. */
static void
same(struct tg_reader *r, const msgpack_object *o)
{
	struct tg_bytes b;

	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		ck_assert_int_eq(tg_read_nil(r), 1);
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		ck_assert_int_eq(tg_read_bool(r), o->via.boolean);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		ck_assert_uint_eq(tg_read_uint(r, UINT64_MAX), o->via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		ck_assert_int_eq(tg_read_int(r), o->via.i64);
		break;
	case MSGPACK_OBJECT_STR:
		b = tg_read_str(r, SIZE_MAX);
		ck_assert_uint_eq(b.len, o->via.str.size);
		if (b.len)
			ck_assert_mem_eq(b.data, o->via.str.ptr, b.len);
		break;
	case MSGPACK_OBJECT_BIN:
		b = tg_read_bin(r, SIZE_MAX);
		ck_assert_uint_eq(b.len, o->via.bin.size);
		if (b.len)
			ck_assert_mem_eq(b.data, o->via.bin.ptr, b.len);
		break;
	case MSGPACK_OBJECT_ARRAY:
		ck_assert_uint_eq(tg_read_array(r, 0, UINT32_MAX), o->via.array.size);
		for (uint32_t i = 0; i < o->via.array.size; i++)
			same(r, &o->via.array.ptr[i]);
		break;
	default:
		ck_abort_msg("type %d", o->type);
	}
}

/*
 * Does an array or map seem to have more elements than there are bytes?  msgpack-c allocates by such a count,
 * many gigabytes at worst, before it looks for them: the reason why it does not read hostile input here.
 */
static int
claims_too_much(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 4 < len; i++)
		if ((data[i] == 0xdd || data[i] == 0xdf) &&
		    ((size_t)data[i + 1] << 24 | (size_t)data[i + 2] << 16 | (size_t)data[i + 3] << 8 |
			data[i + 4]) > len)
			return 1;
	return 0;
}

/* Returns 1 when our reader took the bytes as one whole value. */
static int
compare(const uint8_t *data, size_t len)
{
	msgpack_unpacked u;
	msgpack_sbuffer again;
	msgpack_packer pk;
	struct tg_reader r;
	size_t off = 0;
	int ours, theirs, canonical = 0;

	tg_reader_init(&r, data, len);
	tg_read_skip(&r);
	ours = tg_reader_end(&r) == TG_OK;
	if (!ours && claims_too_much(data, len))
		return 0;
	msgpack_unpacked_init(&u);
	theirs =
	    msgpack_unpack_next(&u, (const char *)data, len, &off) == MSGPACK_UNPACK_SUCCESS && off == len;
	if (theirs) {
		msgpack_sbuffer_init(&again);
		msgpack_packer_init(&pk, &again, msgpack_sbuffer_write);
		msgpack_pack_object(&pk, u.data);
		canonical = again.size == len && memcmp(again.data, data, len) == 0 && in_subset(&u.data, 1);
		msgpack_sbuffer_destroy(&again);
	}
	ck_assert_msg(!ours || canonical, "accepted, but msgpack-c writes it otherwise");
	if (canonical && ascii(&u.data))
		ck_assert_msg(ours, "refused, though it is what msgpack-c writes");
	if (ours) {
		tg_reader_init(&r, data, len);
		same(&r, &u.data);
		ck_assert_int_eq(tg_reader_end(&r), TG_OK);
	}
	msgpack_unpacked_destroy(&u);
	return ours;
}

START_TEST(every_tag_with_every_second_byte)
{
	uint8_t data[24];
	int accepted = 0;

	for (unsigned tag = 0; tag < 256; tag++)
		for (unsigned second = 0; second < 256; second++)
			for (size_t len = 1; len <= sizeof data; len += len < 6 ? 1 : 3) {
				memset(data, 'a', sizeof data);
				data[0] = (uint8_t)tag;
				data[1] = (uint8_t)second;
				accepted += compare(data, len);
			}
	ck_assert_int_gt(accepted, 1000);
}
END_TEST

static void
random_value(struct tg_buf *b, int depth)
{
	static const uint64_t edges[] = {0, 1, 31, 32, 127, 128, 255, 256, 65535, 65536, UINT32_MAX,
	    (uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
	static const int64_t negative[] = {
	    -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN, (int64_t)INT32_MIN - 1, INT64_MIN};
	static const size_t lengths[] = {0, 1, 15, 16, 31, 32, 33, 255, 256, 300};
	static const char text[300] = {0};
	size_t n = lengths[below(10)];

	switch (below(depth < 6 ? 8 : 6)) {
	case 0:
		tg_write_nil(b);
		break;
	case 1:
		tg_write_bool(b, (int)below(2));
		break;
	case 2:
		tg_write_uint(b, edges[below(15)]);
		break;
	case 3:
		tg_write_int(b, negative[below(10)]);
		break;
	case 4:
		tg_write_bin(b, text, n);
		break;
	case 5:
		tg_write_str(b, text, n);
		break;
	default:
		n = below(4) ? below(4) : below(20);
		tg_write_array(b, (uint32_t)n);
		for (size_t i = 0; i < n; i++)
			random_value(b, depth + 1);
	}
}

START_TEST(random_values_and_the_same_with_a_byte_changed)
{
	random_state = (uint64_t)time(NULL);
	if (getenv("TG_SEED") != NULL)
		random_state = strtoull(getenv("TG_SEED"), NULL, 10);
	printf("TG_SEED=%llu\n", (unsigned long long)random_state);
	for (int i = 0; i < 3000; i++) {
		struct tg_buf b = {0};

		random_value(&b, 1);
		ck_assert_int_eq(compare(b.data, b.len), 1);
		for (int k = 0; k < 8; k++) {
			size_t at = below((uint32_t)(b.len < 40 ? b.len : 40));
			uint8_t kept = b.data[at];

			b.data[at] = (uint8_t)below(256);
			compare(b.data, b.len);
			b.data[at] = kept;
		}
		tg_buf_free(&b);
	}
}
END_TEST

START_TEST(longer_forms_than_needed_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
	    {"\xcc\x7f", 2},
	    {"\xcd\x00\xff", 3},
	    {"\xce\x00\x00\xff\xff", 5},
	    {"\xcf\x00\x00\x00\x00\xff\xff\xff\xff", 9},
	    {"\xd0\x7f", 2},
	    {"\xd0\xe0", 2},
	    {"\xd1\xff\x80", 3},
	    {"\xd2\xff\xff\x80\x00", 5},
	    {"\xd3\xff\xff\xff\xff\x80\x00\x00\x00", 9},
	    {"\xd9\x01"
	     "a",
		3},
	    {"\xda\x00\x01"
	     "a",
		4},
	    {"\xdb\x00\x00\x00\x01"
	     "a",
		6},
	    {"\xc5\x00\x01"
	     "a",
		4},
	    {"\xc6\x00\x00\x00\x01"
	     "a",
		6},
	    {"\xdc\x00\x01\x00", 4},
	    {"\xdd\x00\x00\x00\x01\x00", 6},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tg_reader r;

		tg_reader_init(&r, cases[i].bytes, cases[i].len);
		tg_read_skip(&r);
		ck_assert_msg(tg_reader_status(&r) == TG_EFORMAT, "case %zu", i);
	}
}
END_TEST

START_TEST(errors_stick_and_values_after_them_are_zero)
{
	struct tg_reader r;
	uint8_t fixed[4] = {9, 9, 9, 9};

	tg_reader_init(&r, "\x05\xc4\x02xy\x07", 6);
	ck_assert_uint_eq(tg_read_uint(&r, 4), 0);
	ck_assert_int_eq(tg_reader_status(&r), TG_ETOOBIG);
	tg_read_fixed(&r, fixed, 4);
	ck_assert_mem_eq(fixed, "\0\0\0\0", 4);
	ck_assert_uint_eq(tg_read_uint(&r, 100), 0);
	ck_assert_ptr_null(tg_read_bin(&r, 10).data);
	ck_assert_ptr_null(tg_read_skip(&r).data);
	ck_assert_int_eq(tg_read_nil(&r), 0);
	tg_reader_fail(&r, TG_EHASH);
	ck_assert_int_eq(tg_reader_end(&r), TG_ETOOBIG); /* the first one */
}
END_TEST

START_TEST(counts_and_lengths_are_bounded_before_anything_is_read)
{
	struct tg_reader r;

	tg_reader_init(&r, "\xdd\xff\xff\xff\xff", 5); /* four billion elements in five bytes */
	ck_assert_uint_eq(tg_read_array(&r, 0, UINT32_MAX), 0);
	ck_assert_int_eq(tg_reader_status(&r), TG_ETRUNCATED);
	tg_reader_init(&r, "\xc6\xff\xff\xff\xff", 5);
	ck_assert_uint_eq(tg_read_bin(&r, 1000).len, 0);
	ck_assert_int_eq(tg_reader_status(&r), TG_ETOOBIG);
	tg_reader_init(&r, "\xc6\xff\xff\xff\xff", 5);
	ck_assert_uint_eq(tg_read_bin(&r, SIZE_MAX).len, 0);
	ck_assert_int_eq(tg_reader_status(&r), TG_ETRUNCATED);
	tg_reader_init(&r, "\x92\x01\x02", 3);
	ck_assert_uint_eq(tg_read_array(&r, 3, 5), 0);
	ck_assert_int_eq(tg_reader_status(&r), TG_EFORMAT);
	tg_reader_init(&r, "\x91\x91\x91\x91\x91\x91\x91\x91\x05", 9); /* depth 9 */
	tg_read_skip(&r);
	ck_assert_int_eq(tg_reader_status(&r), TG_EFORMAT);
	tg_reader_init(&r, "\x91\x91\x91\x91\x91\x91\x91\x05", 8); /* depth 8 */
	ck_assert_uint_eq(tg_read_skip(&r).len, 8);
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
}
END_TEST

START_TEST(strings_are_utf8)
{
	static const char *const bad[] = {"\xa1\x80", "\xa1\xff", "\xa2\xc0\xaf", "\xa3\xed\xa0\x80",
	    "\xa4\xf4\x90\x80\x80", "\xa2\xc3z", "\xa3\xe0\x80\x80"};
	static const char *const good[] = {
	    "\xa2\xc3\xa9", "\xa3\xe2\x82\xac", "\xa4\xf0\x9f\x98\x80", "\xa3\xed\x9f\xbf"};
	struct tg_reader r;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		tg_reader_init(&r, bad[i], strlen(bad[i]));
		ck_assert_ptr_null(tg_read_str(&r, 10).data);
		ck_assert_msg(tg_reader_status(&r) == TG_EFORMAT, "case %zu", i);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		tg_reader_init(&r, good[i], strlen(good[i]));
		ck_assert_uint_eq(tg_read_str(&r, 10).len, strlen(good[i]) - 1);
		ck_assert_int_eq(tg_reader_end(&r), TG_OK);
	}
}
END_TEST

START_TEST(trailing_bytes_are_an_error)
{
	struct tg_reader r;

	tg_reader_init(&r, "\x05\x06", 2);
	ck_assert_uint_eq(tg_read_uint(&r, 10), 5);
	ck_assert_int_eq(tg_reader_end(&r), TG_EFORMAT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reader");
	TCase *tc = tcase_create("reader");

	tcase_add_test(tc, every_tag_with_every_second_byte);
	tcase_add_test(tc, random_values_and_the_same_with_a_byte_changed);
	tcase_add_test(tc, longer_forms_than_needed_are_refused);
	tcase_add_test(tc, errors_stick_and_values_after_them_are_zero);
	tcase_add_test(tc, counts_and_lengths_are_bounded_before_anything_is_read);
	tcase_add_test(tc, strings_are_utf8);
	tcase_add_test(tc, trailing_bytes_are_an_error);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
