/*
 * Who holds what, and that every signed record is refused when a single byte of it was changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "log/fixture.h"
#include "suite.h"

static struct person editor, commenter, viewer, replica;

static void
setup(void)
{
	tg_crypto_init();
	person_init(&editor, TG_MODE_EDIT, 1, 1);
	person_init(&commenter, TG_MODE_COMMENT, 1, 2);
	person_init(&viewer, TG_MODE_VIEW, 1, 3);
	person_init(&replica, TG_MODE_REPLICA, 1, 4);
}

static void
teardown(void)
{
	person_free(&editor);
	person_free(&commenter);
	person_free(&viewer);
	person_free(&replica);
}

/* ---- keys ---- */

static int
held(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		if (*p++)
			return 1;
	return 0;
}

#define HELD(access, field) held(&(access)->field, sizeof(access)->field)

START_TEST(every_mode_holds_its_keys_and_no_other)
{
	const struct tg_access *all[] = {&replica.access, &viewer.access, &commenter.access, &editor.access};

	for (int m = TG_MODE_REPLICA; m <= TG_MODE_EDIT; m++) {
		const struct tg_access *a = all[m];

		ck_assert_int_eq(a->mode, m);
		ck_assert(HELD(a, read) && HELD(a, read_seed) && HELD(a, sync) && HELD(a, record));
		ck_assert(HELD(a, w) && HELD(a, r) && HELD(a, topic));
		ck_assert_int_eq(HELD(a, content), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, body), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, text), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, identity), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, chunk), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, locator), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, secret), m >= TG_MODE_VIEW);
		ck_assert_int_eq(HELD(a, write), m >= TG_MODE_COMMENT);
		ck_assert_int_eq(HELD(a, edit), m >= TG_MODE_EDIT);
	}
}
END_TEST

START_TEST(what_two_modes_both_hold_is_the_same)
{
	const struct tg_access *e = &editor.access;
	const struct tg_access *others[] = {&replica.access, &viewer.access, &commenter.access};

	for (int i = 0; i < 3; i++) {
		const struct tg_access *a = others[i];

		ck_assert_int_eq(tg_key_cmp(&a->w, &e->w), 0);
		ck_assert_int_eq(tg_key_cmp(&a->r, &e->r), 0);
		ck_assert_int_eq(tg_hash_cmp(&a->topic, &e->topic), 0);
		ck_assert(tg_secret_equal(&a->sync, &e->sync));
		ck_assert(tg_secret_equal(&a->record, &e->record));
		if (i > 0) {
			ck_assert(tg_secret_equal(&a->body, &e->body));
			ck_assert(tg_secret_equal(&a->text, &e->text));
			ck_assert(tg_secret_equal(&a->chunk, &e->chunk));
			ck_assert(tg_secret_equal(&a->locator, &e->locator));
			ck_assert(tg_secret_equal(&a->identity, &e->identity));
		}
	}
}
END_TEST

START_TEST(one_bit_of_the_edit_secret_changes_every_key)
{
	struct tg_access a = editor.access, b;
	struct tg_secret s = a.secret;

	for (int bit = 0; bit < 256; bit++) {
		s.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(tg_access_from_secret(TG_MODE_EDIT, &s, NULL, &b), TG_OK);
		s.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_ne(tg_key_cmp(&a.w, &b.w), 0);
		ck_assert_int_ne(tg_key_cmp(&a.r, &b.r), 0);
		ck_assert_int_ne(tg_key_cmp(&a.edit_role, &b.edit_role), 0);
		ck_assert_int_ne(tg_hash_cmp(&a.topic, &b.topic), 0);
		ck_assert(!tg_secret_equal(&a.read_seed, &b.read_seed));
		ck_assert(!tg_secret_equal(&a.sync, &b.sync));
		ck_assert(!tg_secret_equal(&a.record, &b.record));
		ck_assert(!tg_secret_equal(&a.content, &b.content));
		ck_assert(!tg_secret_equal(&a.body, &b.body));
		ck_assert(!tg_secret_equal(&a.text, &b.text));
		ck_assert(!tg_secret_equal(&a.identity, &b.identity));
		ck_assert(!tg_secret_equal(&a.chunk, &b.chunk));
		ck_assert(!tg_secret_equal(&a.locator, &b.locator));
	}
}
END_TEST

START_TEST(no_two_keys_of_a_grid_are_equal)
{
	const struct tg_access *a = &editor.access;
	const uint8_t *all[] = {a->secret.b, a->edit.expanded, a->write.expanded, a->read_seed.b, a->sync.b,
	    a->record.b, a->content.b, a->body.b, a->text.b, a->identity.b, a->chunk.b, a->locator.b};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_int_ne(memcmp(all[i], all[j], 32), 0);
}
END_TEST

START_TEST(a_secret_becomes_weaker_and_never_stronger)
{
	struct tg_secret s;
	struct tg_access a;

	ck_assert_int_eq(tg_access_weaken(&editor.access, TG_MODE_COMMENT, &s), TG_OK);
	ck_assert(tg_secret_equal(&s, &commenter.access.secret));
	ck_assert_int_eq(tg_access_weaken(&editor.access, TG_MODE_VIEW, &s), TG_OK);
	ck_assert(tg_secret_equal(&s, &viewer.access.secret));
	ck_assert_int_eq(tg_access_weaken(&commenter.access, TG_MODE_VIEW, &s), TG_OK);
	ck_assert(tg_secret_equal(&s, &viewer.access.secret));
	ck_assert_int_eq(tg_access_weaken(&viewer.access, TG_MODE_VIEW, &s), TG_OK);
	ck_assert_int_eq(tg_access_weaken(&viewer.access, TG_MODE_COMMENT, &s), TG_EPERM);
	ck_assert_int_eq(tg_access_weaken(&commenter.access, TG_MODE_EDIT, &s), TG_EPERM);
	ck_assert_int_eq(tg_access_weaken(&replica.access, TG_MODE_VIEW, &s), TG_EPERM);
	ck_assert_int_eq(tg_access_weaken(&replica.access, TG_MODE_REPLICA, &s), TG_EPERM);
	/* A view secret taken for a comment secret is another grid's. */
	ck_assert_int_eq(tg_access_from_secret(TG_MODE_COMMENT, &viewer.access.secret, NULL, &a), TG_OK);
	ck_assert_int_ne(tg_key_cmp(&a.w, &viewer.access.w), 0);
	ck_assert_int_eq(tg_access_from_secret(TG_MODE_VIEW, &s, NULL, &a), TG_EINVAL);
	ck_assert_int_eq(tg_access_from_secret(TG_MODE_EDIT, &s, &a.w, &a), TG_EINVAL);
	ck_assert_int_eq(tg_access_from_secret(TG_MODE_REPLICA, &s, NULL, &a), TG_EINVAL);
	ck_assert(!held(&a, sizeof a));
}
END_TEST

START_TEST(no_key_of_a_replica_opens_content)
{
	static const uint8_t plain[] = "what only people with a link may read";
	const struct tg_access *r = &replica.access;
	const struct tg_secret *sealed_with[] = {&editor.access.body, &editor.access.text,
	    &editor.access.identity, &editor.access.chunk, &editor.access.content};
	struct tg_secret tries[8];
	uint8_t nonce[TG_NONCE_BYTES] = {1}, box[sizeof plain + TG_TAG_BYTES], out[sizeof plain];
	static const char *const labels[] = {"content-key", "body", "text", "view"};

	/* All secrets that it has, and what it could derive from them with the labels there are. */
	tries[0] = r->sync;
	tries[1] = r->record;
	tries[2] = r->read_seed;
	memcpy(tries[3].b, r->w.b, 32);
	for (int i = 0; i < 4; i++)
		tg_derive(&r->sync, labels[i], NULL, 0, &tries[4 + i]);
	for (size_t k = 0; k < sizeof sealed_with / sizeof *sealed_with; k++) {
		tg_seal(sealed_with[k], nonce, NULL, 0, plain, sizeof plain, box);
		for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
			ck_assert_int_eq(
			    tg_open(&tries[i], nonce, NULL, 0, box, sizeof box, out), TG_EDECRYPT);
	}
}
END_TEST

START_TEST(topics_differ_by_key_and_place)
{
	struct tg_hash t, inbox;

	tg_topic(&editor.access.w, &editor.access.r, &t);
	ck_assert_int_eq(tg_hash_cmp(&t, &editor.access.topic), 0);
	tg_topic(&editor.access.r, &editor.access.w, &t);
	ck_assert_int_ne(tg_hash_cmp(&t, &editor.access.topic), 0);
	tg_topic_inbox(&editor.access.r, &editor.device.public_key, &inbox);
	tg_topic(&editor.access.r, &editor.device.public_key, &t);
	ck_assert_int_eq(tg_hash_cmp(&t, &inbox), 0);
}
END_TEST

START_TEST(a_wiped_access_is_all_zero)
{
	struct tg_access a = editor.access;

	tg_access_wipe(&a);
	ck_assert(!held(&a, sizeof a));
}
END_TEST

/* ---- links ---- */

static void
link_of(const struct person *p, struct tg_link *link)
{
	memset(link, 0, sizeof *link);
	link->grid = p->access.grid;
	link->mode = p->access.mode;
	link->secret = p->access.secret;
	if (link->mode == TG_MODE_VIEW)
		link->w = p->access.w;
}

START_TEST(a_link_comes_back_as_it_was_for_every_mode)
{
	const struct person *people[] = {&viewer, &commenter, &editor};
	char text[TG_LINK_MAX_BYTES + 1];
	struct tg_link in, out;

	for (int i = 0; i < 3; i++) {
		size_t n;

		link_of(people[i], &in);
		n = tg_link_format(&in, text);
		ck_assert_uint_eq(n, strlen(text));
		ck_assert_uint_eq(n, i == 0 ? TG_LINK_MAX_BYTES : TG_LINK_MAX_BYTES - 43);
		ck_assert_int_eq(text[46], "vce"[i]);
		ck_assert_int_eq(tg_link_parse(text, n, &out), TG_OK);
		ck_assert_int_eq(memcmp(&in, &out, sizeof in), 0);
	}
}
END_TEST

START_TEST(a_link_has_one_spelling)
{
	char text[TG_LINK_MAX_BYTES + 1], bad[TG_LINK_MAX_BYTES + 2];
	struct tg_link in, out;
	size_t n;

	link_of(&editor, &in);
	n = tg_link_format(&in, text);
	/* No other text gives the same link: each other character in each place either fails or means
	 * another. */
	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < 256; c++) {
			memcpy(bad, text, n);
			bad[i] = (char)c;
			if (bad[i] == text[i] || tg_link_parse(bad, n, &out) != TG_OK)
				continue;
			ck_assert_int_ne(memcmp(&in, &out, sizeof in), 0);
		}
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(tg_link_parse(text, i, &out), TG_EFORMAT);
	memcpy(bad, text, n);
	bad[n] = 'A';
	ck_assert_int_eq(tg_link_parse(bad, n + 1, &out), TG_EFORMAT);
	ck_assert(!held(&out, sizeof out));
	/* A view link is longer, and the letter must say so. */
	memcpy(bad, text, n);
	bad[46] = 'v';
	ck_assert_int_eq(tg_link_parse(bad, n, &out), TG_EFORMAT);
}
END_TEST

/* ---- records ---- */

/* A decoder with all that it needs but the bytes. */
typedef int (*decoder)(const void *data, size_t len);

static int
decode_device(const void *data, size_t len)
{
	struct tg_device d;

	return tg_device_decode(data, len, &d);
}

static struct tg_key the_log;

static int
decode_cert(const void *data, size_t len)
{
	struct tg_cert c;

	return tg_cert_decode(&replica.access, &the_log, data, len, &c);
}

static int
decode_genesis(const void *data, size_t len)
{
	struct tg_genesis g;

	return tg_genesis_decode(data, len, NULL, &g);
}

static int
decode_member(const void *data, size_t len)
{
	struct tg_member m;

	return tg_member_decode(&viewer.access, data, len, &m);
}

static int
decode_session(const void *data, size_t len)
{
	struct tg_session s;

	return tg_session_decode(&replica.access, data, len, &s);
}

static int
decode_epoch(const void *data, size_t len)
{
	struct tg_epoch e;

	return tg_epoch_decode(&editor.access.grid, &editor.identity.public_key, data, len, &e);
}

static int
open_invitation(const void *data, size_t len)
{
	struct tg_invitation v;

	return tg_invitation_open(&replica.box, &replica.box_secret, data, len, &v);
}

static void
assert_tamper_proof(struct tg_buf *buf, decoder decode)
{
	ck_assert_int_eq(tg_buf_status(buf), TG_OK);
	ck_assert_int_eq(decode(buf->data, buf->len), TG_OK);
	for (size_t i = 0; i < buf->len; i++)
		for (int bit = 0; bit < 8; bit++) {
			buf->data[i] ^= (uint8_t)(1 << bit);
			ck_assert_msg(decode(buf->data, buf->len) != TG_OK, "byte %d bit %d", (int)i, bit);
			buf->data[i] ^= (uint8_t)(1 << bit);
		}
	for (size_t n = 0; n < buf->len; n++) {
		/* An exact copy, so that reading beyond it is seen by the sanitizer. */
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, buf->data, n);
		ck_assert_int_ne(decode(copy, n), TG_OK);
		free(copy);
	}
	tg_buf_u8(buf, 0);
	ck_assert_int_ne(decode(buf->data, buf->len), TG_OK);
	buf->len--;
}

START_TEST(a_device_record_names_keys_that_its_identity_signed)
{
	struct tg_buf *rec = &editor.device_record;
	struct tg_device d;

	ck_assert_uint_eq(rec->len, TG_DEVICE_RECORD_BYTES);
	ck_assert_int_eq(tg_device_decode(rec->data, rec->len, &d), TG_OK);
	ck_assert_int_eq(tg_key_cmp(&d.identity, &editor.identity.public_key), 0);
	ck_assert_int_eq(tg_key_cmp(&d.device, &editor.device.public_key), 0);
	ck_assert_int_eq(tg_key_cmp(&d.box, &editor.box), 0);
	assert_tamper_proof(rec, decode_device);
}
END_TEST

static void
make_cert(const struct person *p, struct tg_buf *out)
{
	uint8_t nonce[TG_NONCE_BYTES] = {5};

	the_log = replica.device.public_key; /* any key */
	ck_assert_int_eq(tg_cert_encode(&p->access, &the_log, &p->device, p->device_record.data,
			     p->device_record.len, nonce, out),
	    TG_OK);
}

START_TEST(a_certificate_is_checked_by_all_and_its_identity_read_by_link_holders)
{
	struct tg_buf buf = {0};
	struct tg_device d;
	struct tg_cert c;

	make_cert(&commenter, &buf);
	ck_assert_int_eq(tg_cert_decode(&replica.access, &the_log, buf.data, buf.len, &c), TG_OK);
	ck_assert_int_eq(tg_key_cmp(&c.device, &commenter.device.public_key), 0);
	ck_assert_int_eq(tg_cert_identity(&replica.access, &c, &d), TG_EPERM);
	ck_assert_int_eq(tg_cert_identity(&viewer.access, &c, &d), TG_OK);
	ck_assert_int_eq(tg_key_cmp(&d.identity, &commenter.identity.public_key), 0);
	/* The sealed identity does not move to another log. */
	c.log.b[0] ^= 1;
	ck_assert_int_eq(tg_cert_identity(&viewer.access, &c, &d), TG_EDECRYPT);
	assert_tamper_proof(&buf, decode_cert);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_certificate_with_somebody_elses_identity_is_noticed)
{
	uint8_t nonce[TG_NONCE_BYTES] = {5};
	struct tg_buf buf = {0};
	struct tg_device d;
	struct tg_cert c;

	the_log = replica.device.public_key;
	ck_assert_int_eq(tg_cert_encode(&commenter.access, &the_log, &commenter.device,
			     editor.device_record.data, editor.device_record.len, nonce, &buf),
	    TG_OK);
	ck_assert_int_eq(tg_cert_decode(&viewer.access, &the_log, buf.data, buf.len, &c), TG_OK);
	ck_assert_int_eq(tg_cert_identity(&viewer.access, &c, &d), TG_EFORMAT);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_viewer_cannot_make_a_certificate)
{
	uint8_t nonce[TG_NONCE_BYTES] = {0};
	struct tg_access forged = viewer.access;
	struct tg_buf buf = {0};
	struct tg_cert c;

	ck_assert_int_eq(tg_cert_encode(&viewer.access, &viewer.device.public_key, &viewer.device,
			     viewer.device_record.data, viewer.device_record.len, nonce, &buf),
	    TG_EPERM);
	ck_assert_uint_eq(buf.len, 0);
	/* Not with the keys that it has, either. */
	forged.mode = TG_MODE_COMMENT;
	forged.write = viewer.access.read;
	ck_assert_int_eq(tg_cert_encode(&forged, &viewer.device.public_key, &viewer.device,
			     viewer.device_record.data, viewer.device_record.len, nonce, &buf),
	    TG_OK);
	ck_assert_int_eq(
	    tg_cert_decode(&editor.access, &viewer.device.public_key, buf.data, buf.len, &c), TG_ESIGNATURE);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(genesis_names_the_grid_and_its_keys)
{
	uint8_t nonce[TG_GENESIS_NONCE_BYTES] = {7};
	struct tg_access mine = editor.access, theirs = viewer.access;
	struct tg_buf buf = {0};
	struct tg_genesis g;
	struct tg_hash grid, other;

	ck_assert_int_eq(
	    tg_genesis_encode(&commenter.access, &commenter.identity, nonce, 1, &buf, &grid), TG_EPERM);
	ck_assert_int_eq(
	    tg_genesis_encode(&mine, &editor.identity, nonce, 1700000000000, &buf, &grid), TG_OK);
	ck_assert_int_eq(tg_genesis_decode(buf.data, buf.len, &grid, &g), TG_OK);
	ck_assert_uint_eq(g.time_ms, 1700000000000);
	ck_assert_int_eq(tg_key_cmp(&g.creator, &editor.identity.public_key), 0);
	other = grid;
	other.b[31] ^= 1;
	ck_assert_int_eq(tg_genesis_decode(buf.data, buf.len, &other, &g), TG_EGRID);
	ck_assert_int_eq(tg_genesis_decode(buf.data, buf.len, NULL, &g), TG_OK);

	ck_assert_int_eq(tg_genesis_check(&g, &theirs), TG_EGRID);
	theirs.grid = mine.grid = grid;
	memset(&theirs.edit_role, 0, sizeof theirs.edit_role);
	ck_assert_int_eq(tg_genesis_check(&g, &theirs), TG_OK);
	ck_assert_int_eq(tg_key_cmp(&theirs.edit_role, &mine.edit_role), 0);
	ck_assert_int_eq(tg_genesis_check(&g, &mine), TG_OK);
	mine.edit_role.b[0] ^= 1;
	ck_assert_int_eq(tg_genesis_check(&g, &mine), TG_EPERM);
	theirs.w.b[0] ^= 1;
	ck_assert_int_eq(tg_genesis_check(&g, &theirs), TG_EPERM);
	assert_tamper_proof(&buf, decode_genesis);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_member_record_proves_its_role)
{
	struct tg_access forged = commenter.access, unknown = viewer.access;
	struct tg_buf buf = {0};
	struct tg_member m;

	ck_assert_int_eq(tg_member_encode(&editor.access, &editor.identity, &editor.device, TG_MEMBER_EDITOR,
			     "Ada", 3, 0x123456, &buf),
	    TG_OK);
	ck_assert_int_eq(tg_member_decode(&viewer.access, buf.data, buf.len, &m), TG_OK);
	ck_assert_uint_eq(m.role, TG_MEMBER_EDITOR);
	ck_assert_uint_eq(m.colour, 0x123456);
	ck_assert_uint_eq(m.name.len, 3);
	ck_assert_int_eq(memcmp(m.name.data, "Ada", 3), 0);
	memset(&unknown.edit_role, 0, sizeof unknown.edit_role);
	ck_assert_int_eq(tg_member_decode(&unknown, buf.data, buf.len, &m), TG_EPERM);
	assert_tamper_proof(&buf, decode_member);

	tg_buf_reset(&buf);
	ck_assert_int_eq(tg_member_encode(&commenter.access, &commenter.identity, &commenter.device,
			     TG_MEMBER_COMMENTER, "", 0, 0, &buf),
	    TG_OK);
	ck_assert_int_eq(tg_member_decode(&viewer.access, buf.data, buf.len, &m), TG_OK);
	ck_assert_uint_eq(m.role, TG_MEMBER_COMMENTER);

	/* A commenter is no editor: not by asking, and not by signing with what it has. */
	ck_assert_int_eq(tg_member_encode(&commenter.access, &commenter.identity, &commenter.device,
			     TG_MEMBER_EDITOR, "", 0, 0, &buf),
	    TG_EPERM);
	tg_buf_reset(&buf);
	forged.mode = TG_MODE_EDIT;
	forged.edit = commenter.access.write;
	ck_assert_int_eq(tg_member_encode(&forged, &commenter.identity, &commenter.device, TG_MEMBER_EDITOR,
			     "", 0, 0, &buf),
	    TG_OK);
	ck_assert_int_eq(tg_member_decode(&viewer.access, buf.data, buf.len, &m), TG_ESIGNATURE);

	ck_assert_int_eq(
	    tg_member_encode(&editor.access, &editor.identity, &editor.device, 3, "", 0, 0, &buf), TG_EINVAL);
	ck_assert_int_eq(
	    tg_member_encode(&editor.access, &editor.identity, &editor.device, 2, "\xff", 1, 0, &buf),
	    TG_EINVAL);
	ck_assert_int_eq(
	    tg_member_encode(&editor.access, &editor.identity, &editor.device, 2, "", 0, 0x1000000, &buf),
	    TG_EINVAL);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_session_record_proves_its_role)
{
	uint8_t nonce[TG_SESSION_NONCE_BYTES] = {9};
	const struct tg_key *session = &editor.identity.public_key; /* any key */
	struct tg_access forged = viewer.access;
	struct tg_buf buf = {0};
	struct tg_session s;

	for (unsigned role = TG_SESSION_VIEWER; role <= TG_SESSION_REPLICA; role++) {
		const struct person *p = role == TG_SESSION_WRITER ? &commenter : &replica;

		tg_buf_reset(&buf);
		ck_assert_int_eq(
		    tg_session_encode(&p->access, session, &p->device, nonce, role, &buf), TG_OK);
		ck_assert_int_eq(tg_session_decode(&viewer.access, buf.data, buf.len, &s), TG_OK);
		ck_assert_uint_eq(s.role, role);
		ck_assert_int_eq(tg_key_cmp(&s.device, &p->device.public_key), 0);
		ck_assert_int_eq(memcmp(s.nonce, nonce, sizeof nonce), 0);
		assert_tamper_proof(&buf, decode_session);
	}
	ck_assert_int_eq(
	    tg_session_encode(&viewer.access, session, &viewer.device, nonce, TG_SESSION_WRITER, &buf),
	    TG_EPERM);
	tg_buf_reset(&buf);
	forged.mode = TG_MODE_COMMENT;
	forged.write = viewer.access.read;
	ck_assert_int_eq(
	    tg_session_encode(&forged, session, &viewer.device, nonce, TG_SESSION_WRITER, &buf), TG_OK);
	ck_assert_int_eq(tg_session_decode(&editor.access, buf.data, buf.len, &s), TG_ESIGNATURE);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(records_of_another_grid_or_epoch_are_named_as_such)
{
	uint8_t nonce[24] = {0};
	struct tg_access other = editor.access, later = editor.access;
	struct tg_buf buf = {0};
	struct tg_session s;
	struct tg_member m;
	struct tg_cert c;

	other.grid.b[0] ^= 1;
	later.epoch = 1;
	ck_assert_int_eq(tg_session_encode(&editor.access, &the_log, &editor.device, nonce, 1, &buf), TG_OK);
	ck_assert_int_eq(tg_session_decode(&other, buf.data, buf.len, &s), TG_EGRID);
	ck_assert_int_eq(tg_session_decode(&later, buf.data, buf.len, &s), TG_EEPOCH);
	tg_buf_reset(&buf);
	ck_assert_int_eq(
	    tg_member_encode(&editor.access, &editor.identity, &editor.device, 2, "", 0, 0, &buf), TG_OK);
	ck_assert_int_eq(tg_member_decode(&other, buf.data, buf.len, &m), TG_EGRID);
	ck_assert_int_eq(tg_member_decode(&later, buf.data, buf.len, &m), TG_EEPOCH);
	tg_buf_reset(&buf);
	make_cert(&editor, &buf);
	ck_assert_int_eq(tg_cert_decode(&other, &the_log, buf.data, buf.len, &c), TG_EGRID);
	ck_assert_int_eq(tg_cert_decode(&later, &the_log, buf.data, buf.len, &c), TG_EEPOCH);
	buf.data[1] = 2;
	ck_assert_int_eq(tg_cert_decode(&editor.access, &the_log, buf.data, buf.len, &c), TG_EVERSION);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(an_epoch_record_carries_its_lists_in_order)
{
	static uint8_t old[72], grant[2][80];
	struct tg_epoch_log logs[3] = {{.length = 1}, {.length = 2}, {.length = 3}}, log;
	struct tg_epoch_grant grants[2] = {{.sealed = {grant[0], 80}}, {.sealed = {grant[1], 80}}}, g;
	struct tg_epoch e = {.grid = editor.access.grid, .number = 1, .logs = 3, .grants = 2}, out;
	struct tg_buf buf = {0};
	size_t at = 0;
	uint64_t n = 0;

	e.sealed_old = (struct tg_bytes){old, sizeof old};
	e.w = editor.access.w;
	for (int i = 0; i < 3; i++)
		logs[i].log.b[0] = (uint8_t)i;
	grants[1].device.b[3] = 1;
	ck_assert_int_eq(tg_epoch_encode(&e, logs, grants, &editor.identity, &buf), TG_OK);
	ck_assert_int_eq(
	    tg_epoch_decode(&e.grid, &editor.identity.public_key, buf.data, buf.len, &out), TG_OK);
	ck_assert_uint_eq(out.logs, 3);
	ck_assert_int_eq(tg_key_cmp(&out.w, &e.w), 0);
	while (tg_epoch_next_log(&out, &at, &log))
		ck_assert_uint_eq(log.length, ++n);
	ck_assert_uint_eq(n, 3);
	for (at = 0, n = 0; tg_epoch_next_grant(&out, &at, &g); n++)
		ck_assert_uint_eq(g.sealed.len, 80);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(
	    tg_epoch_decode(&e.grid, &viewer.identity.public_key, buf.data, buf.len, &out), TG_EPERM);
	assert_tamper_proof(&buf, decode_epoch);
	logs[1] = logs[2];
	ck_assert_int_eq(tg_epoch_encode(&e, logs, grants, &editor.identity, &buf), TG_EINVAL);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(an_invitation_reaches_the_node_and_nobody_else)
{
	struct tg_keypair write, read;
	struct tg_invitation v;
	struct tg_access a;
	struct tg_buf buf = {0};
	struct tg_secret token;
	struct tg_hash topic, again;

	ck_assert_int_eq(
	    tg_invitation_seal(&editor.access, &editor.device.public_key, &replica.box, &editor.rng, &buf),
	    TG_OK);
	ck_assert_int_eq(tg_invitation_open(&replica.box, &replica.box_secret, buf.data, buf.len, &v), TG_OK);
	ck_assert_int_eq(
	    tg_invitation_open(&viewer.box, &viewer.box_secret, buf.data, buf.len, &v), TG_EDECRYPT);
	ck_assert_int_eq(tg_key_cmp(&v.inviter, &editor.device.public_key), 0);
	/* What it carries is a replica's access to this grid. */
	tg_access_from_replica(&v.read_seed, &v.sync, &v.w, &a);
	a.grid = v.grid;
	a.edit_role = replica.access.edit_role;
	ck_assert_int_eq(memcmp(&a, &replica.access, sizeof a), 0);
	assert_tamper_proof(&buf, open_invitation);
	tg_buf_free(&buf);

	secret_of("token", 1, &token);
	tg_door_keys(&token, &write, &read, &topic);
	tg_topic(&write.public_key, &read.public_key, &again);
	ck_assert_int_eq(tg_hash_cmp(&topic, &again), 0);
	ck_assert_int_ne(tg_key_cmp(&write.public_key, &read.public_key), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("access");
	TCase *t = tcase_create("access");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, every_mode_holds_its_keys_and_no_other);
	tcase_add_test(t, what_two_modes_both_hold_is_the_same);
	tcase_add_test(t, one_bit_of_the_edit_secret_changes_every_key);
	tcase_add_test(t, no_two_keys_of_a_grid_are_equal);
	tcase_add_test(t, a_secret_becomes_weaker_and_never_stronger);
	tcase_add_test(t, no_key_of_a_replica_opens_content);
	tcase_add_test(t, topics_differ_by_key_and_place);
	tcase_add_test(t, a_wiped_access_is_all_zero);
	tcase_add_test(t, a_link_comes_back_as_it_was_for_every_mode);
	tcase_add_test(t, a_link_has_one_spelling);
	tcase_add_test(t, a_device_record_names_keys_that_its_identity_signed);
	tcase_add_test(t, a_certificate_is_checked_by_all_and_its_identity_read_by_link_holders);
	tcase_add_test(t, a_certificate_with_somebody_elses_identity_is_noticed);
	tcase_add_test(t, a_viewer_cannot_make_a_certificate);
	tcase_add_test(t, genesis_names_the_grid_and_its_keys);
	tcase_add_test(t, a_member_record_proves_its_role);
	tcase_add_test(t, a_session_record_proves_its_role);
	tcase_add_test(t, records_of_another_grid_or_epoch_are_named_as_such);
	tcase_add_test(t, an_epoch_record_carries_its_lists_in_order);
	tcase_add_test(t, an_invitation_reaches_the_node_and_nobody_else);
	suite_add_tcase(s, t);
	return suite_run(s);
}
