/* Events are the bytes that docs/host.md says; effects are read strictly and completely. */
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "host/event_codec.h"
#include "wire/writer.h"
#include "suite.h"

static void
expect(struct tg_buf *buf, const void *bytes, size_t len)
{
	ck_assert_int_eq(tg_buf_status(buf), TG_OK);
	ck_assert_uint_eq(buf->len, len);
	ck_assert_mem_eq(buf->data, bytes, len);
	tg_buf_reset(buf);
}

START_TEST(events_have_the_documented_bytes)
{
	struct tg_buf b = {0};
	uint8_t seed[32] = {7};
	struct tg_record rec = {{(const uint8_t *)"k", 1}, {(const uint8_t *)"vw", 2}};
	uint8_t entropy[36] = {0x92, 1, 0xc4, 32, 7};

	tg_event_tick(&b, 300);
	expect(&b, "\x92\x00\xcd\x01\x2c", 5);
	tg_event_entropy(&b, seed);
	expect(&b, entropy, sizeof entropy);
	tg_event_opened(&b, 1, TG_LINK_RELAY, "a.b");
	expect(&b,
	    "\x94\x02\x01\x00\xa3"
	    "a.b",
	    8);
	tg_event_closed(&b, 1);
	expect(&b, "\x92\x03\x01", 3);
	tg_event_received(&b, 1, "xy", 2);
	expect(&b, "\x93\x04\x01\xc4\x02xy", 7);
	tg_event_stored(&b, 5, TG_EFULL);
	expect(&b, "\x93\x05\x05\x17", 4);
	tg_event_loaded(&b, 6, TG_OK, &rec, 1, 1);
	expect(&b, "\x95\x06\x06\x00\x91\x92\xc4\x01k\xc4\x02vw\xc3", 14);
	tg_event_locked(&b, 9, 0);
	expect(&b, "\x93\x07\x09\xc2", 4);
	tg_command_start(&b, 1, 2, "n");
	expect(&b, "\x95\x08\x01\x00\x02\xa1n", 7);
	tg_command_bare(&b, 2, TG_COMMAND_NODE);
	expect(&b, "\x93\x08\x02\x17", 4);
	tg_command_quota(&b, 3, 1, 2);
	expect(&b, "\x95\x08\x03\x16\x01\x02", 6);
	tg_buf_free(&b);
}
END_TEST

/* One of each effect, in the order of their numbers. */
static void
all_effects(struct tg_buf *b)
{
	uint8_t id[32] = {1};

	tg_write_array(b, 3);
	tg_write_uint(b, 0);
	tg_write_uint(b, 4);
	tg_write_bin(b, "frame", 5);

	tg_write_array(b, 4);
	tg_write_uint(b, 1);
	tg_write_uint(b, 77);
	tg_write_bool(b, 1);
	tg_write_array(b, 2);
	tg_write_array(b, 3);
	tg_write_uint(b, 0);
	tg_write_bin(b, "key", 3);
	tg_write_bin(b, "value", 5);
	tg_write_array(b, 3);
	tg_write_uint(b, 1);
	tg_write_bin(b, "gone", 4);
	tg_write_bin(b, "", 0);

	tg_write_array(b, 5);
	tg_write_uint(b, 2);
	tg_write_uint(b, 8);
	tg_write_bin(b, "a", 1);
	tg_write_bin(b, "b", 1);
	tg_write_uint(b, 1000);

	tg_write_array(b, 3);
	tg_write_uint(b, 3);
	tg_write_uint(b, 9);
	tg_write_bin(b, "log", 3);

	tg_write_array(b, 2);
	tg_write_uint(b, 4);
	tg_write_bin(b, "log", 3);

	tg_write_array(b, 2);
	tg_write_uint(b, 5);
	tg_write_uint(b, 123456789);

	tg_write_array(b, 3);
	tg_write_uint(b, 6);
	tg_write_uint(b, 4);
	tg_write_str(b, "why", 3);

	tg_write_array(b, 4);
	tg_write_uint(b, 7);
	tg_write_uint(b, 11);
	tg_write_uint(b, TG_ENOTFOUND);
	tg_write_nil(b);

	tg_write_array(b, 5);
	tg_write_uint(b, 8);
	tg_write_bin(b, id, 32);
	tg_write_uint(b, 1);
	tg_write_uint(b, 2);
	tg_write_str(b, "Title", 5);

	tg_write_array(b, 2);
	tg_write_uint(b, 9);
	tg_write_bin(b, id, 32);

	tg_write_array(b, 9);
	tg_write_uint(b, 10);
	tg_write_bin(b, id, 32);
	tg_write_bin(b, id, 32);
	tg_write_bin(b, id, 32);
	tg_write_uint(b, 1);
	tg_write_bool(b, 0);
	tg_write_str(b, "Ann", 3);
	tg_write_uint(b, 0xabcdef);
	tg_write_nil(b);

	tg_write_array(b, 5);
	tg_write_uint(b, 11);
	tg_write_bin(b, id, 32);
	tg_write_uint(b, 3);
	tg_write_uint(b, 2);
	tg_write_array(b, 0);

	tg_write_array(b, 4);
	tg_write_uint(b, 12);
	tg_write_uint(b, 4);
	tg_write_uint(b, 1);
	tg_write_str(b, "", 0);

	tg_write_array(b, 4);
	tg_write_uint(b, 13);
	tg_write_bin(b, "", 0);
	tg_write_uint(b, 1);
	tg_write_str(b, "full", 4);

	tg_write_array(b, 5);
	tg_write_uint(b, 14);
	tg_write_bin(b, id, 32);
	tg_write_bin(b, id, 32);
	tg_write_str(b, "x", 1);
	tg_write_bin(b, "p", 1);

	tg_write_array(b, 7);
	tg_write_uint(b, 15);
	tg_write_bin(b, id, 32);
	tg_write_bin(b, id, 32);
	tg_write_uint(b, 6);
	tg_write_str(b, "chan", 4);
	tg_write_bin(b, "args", 4);
	tg_write_uint(b, 99);

	tg_write_array(b, 4);
	tg_write_uint(b, 16);
	tg_write_bin(b, id, 32);
	tg_write_uint(b, 10);
	tg_write_uint(b, 20);
	ck_assert_int_eq(tg_buf_status(b), TG_OK);
}

START_TEST(every_effect_is_read)
{
	struct tg_buf b = {0};
	struct tg_reader r, ops;
	struct tg_effect e;
	struct tg_store_op op;
	int kind;

	all_effects(&b);
	tg_reader_init(&r, b.data, b.len);
	for (kind = 0; kind <= TG_EFFECT_PROGRESS; kind++) {
		ck_assert_int_eq(tg_effect_next(&r, &e), TG_OK);
		ck_assert_int_eq(e.kind, kind);
		switch (e.kind) {
		case TG_EFFECT_SEND:
			ck_assert_uint_eq(e.u.send.link, 4);
			ck_assert_uint_eq(e.u.send.data.len, 5);
			break;
		case TG_EFFECT_STORE:
			ck_assert_uint_eq(e.u.store.batch, 77);
			ck_assert_int_eq(e.u.store.strict, 1);
			ck_assert_uint_eq(tg_store_ops_begin(e.u.store.ops, &ops), 2);
			ck_assert_int_eq(tg_store_op_next(&ops, &op), TG_OK);
			ck_assert_int_eq(op.kind, TG_STORE_PUT);
			ck_assert_mem_eq(op.value.data, "value", 5);
			ck_assert_int_eq(tg_store_op_next(&ops, &op), TG_OK);
			ck_assert_int_eq(op.kind, TG_STORE_DELETE);
			ck_assert_mem_eq(op.key.data, "gone", 4);
			ck_assert_int_eq(tg_reader_end(&ops), TG_OK);
			break;
		case TG_EFFECT_LOAD:
			ck_assert_uint_eq(e.u.load.max_bytes, 1000);
			break;
		case TG_EFFECT_WAKE:
			ck_assert_uint_eq(e.u.wake.at_ms, 123456789);
			break;
		case TG_EFFECT_REPLY:
			ck_assert_int_eq(e.u.reply.status, TG_ENOTFOUND);
			ck_assert_uint_eq(e.u.reply.value.len, 1);
			break;
		case TG_EFFECT_PRESENCE:
			ck_assert_uint_eq(e.u.presence.colour, 0xabcdef);
			ck_assert_uint_eq(e.u.presence.position.len, 1);
			break;
		case TG_EFFECT_NOTICE:
			ck_assert_int_eq(e.u.notice.has_grid, 0);
			break;
		case TG_EFFECT_CALLED:
			ck_assert_uint_eq(e.u.called.deadline_ms, 99);
			break;
		default:
			break;
		}
	}
	ck_assert_int_eq(tg_effect_next(&r, &e), TG_ENOTFOUND);
	tg_buf_free(&b);
}
END_TEST

/* No prefix of good effects reads as something else: it ends on a border between two, or is an error. */
START_TEST(a_cut_effect_is_an_error)
{
	struct tg_buf b = {0};
	struct tg_reader r;
	struct tg_effect e;
	size_t n;
	int rc, borders = 0;

	all_effects(&b);
	for (n = 0; n < b.len; n++) {
		tg_reader_init(&r, b.data, n);
		while ((rc = tg_effect_next(&r, &e)) == TG_OK)
			;
		if (rc == TG_ENOTFOUND)
			borders++;
		else
			ck_assert_int_eq(e.raw.len, 0);
	}
	ck_assert_int_eq(borders, 17);
	tg_buf_free(&b);
}
END_TEST

START_TEST(unknown_kinds_and_field_counts_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
	    {"\x92\x11\x00", 3},     /* kind 17 */
	    {"\x92\x00\x00", 3},     /* send with a field missing */
	    {"\x93\x05\x00\x00", 4}, /* wake with one too many */
	    {"\x92\x05\xc0", 3},     /* wake at nil */
	    {"\x92\xcc\x05\x00", 4}, /* not the shortest form */
	    {"\x91\x05", 2},
	    {"\xc0", 1},
	};
	struct tg_reader r;
	struct tg_effect e;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		tg_reader_init(&r, bad[i].bytes, bad[i].len);
		ck_assert_int_ne(tg_effect_next(&r, &e), TG_OK);
		ck_assert_int_ne(tg_effect_next(&r, &e), TG_ENOTFOUND);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("event_codec");
	TCase *t = tcase_create("bytes");

	tcase_add_test(t, events_have_the_documented_bytes);
	tcase_add_test(t, every_effect_is_read);
	tcase_add_test(t, a_cut_effect_is_an_error);
	tcase_add_test(t, unknown_kinds_and_field_counts_are_refused);
	suite_add_tcase(s, t);
	return suite_run(s);
}
