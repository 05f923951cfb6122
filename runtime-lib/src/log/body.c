#include <toygrid/log.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS    4
#define DEPTH_BELOW 5 /* of 8 levels (protocol.md 1), body, transitions and transition are three */

void
tg_body_begin(struct tg_buf *out, uint64_t time_ms, const struct tg_parent *parents, uint32_t n_parents,
    uint32_t transitions)
{
	tg_record_begin(out, ELEMENTS);
	tg_write_uint(out, time_ms);
	tg_write_array(out, n_parents);
	for (uint32_t i = 0; i < n_parents; i++) {
		tg_write_array(out, 3);
		tg_write_bin(out, parents[i].log.b, TG_KEY_BYTES);
		tg_write_uint(out, parents[i].seq);
		tg_write_bin(out, parents[i].leaf.b, TG_HASH_BYTES);
	}
	tg_write_array(out, transitions);
}

void
tg_body_text(struct tg_buf *out, uint64_t first_seq, const void *operations, size_t len, size_t text_len)
{
	tg_write_array(out, 4);
	tg_write_uint(out, TG_T_TEXT);
	tg_write_uint(out, first_seq);
	tg_write_bin(out, operations, len);
	tg_write_uint(out, text_len);
}

void
tg_body_record(struct tg_buf *out, enum tg_transition_kind kind, const void *record, size_t len)
{
	tg_write_array(out, 2);
	tg_write_uint(out, kind);
	tg_write_bin(out, record, len);
}

void
tg_body_fork(struct tg_buf *out, const struct tg_head *a, const struct tg_head *b, struct tg_bytes proof)
{
	uint8_t bytes[TG_HEAD_MAX_BYTES];

	tg_write_array(out, 4);
	tg_write_uint(out, TG_T_FORK);
	tg_write_bin(out, bytes, tg_head_encode(a, bytes));
	tg_write_bin(out, bytes, tg_head_encode(b, bytes));
	tg_buf_put(out, proof.data, proof.len);
}

void
tg_body_ext(struct tg_buf *out, const char *name, size_t name_len, const void *payload, size_t len)
{
	tg_write_array(out, 3);
	tg_write_uint(out, TG_T_EXT);
	tg_write_str(out, name, name_len);
	tg_write_bin(out, payload, len);
}

void
tg_body_invite(struct tg_buf *out, const struct tg_key *node, const struct tg_key *box, const char *name,
    size_t name_len)
{
	tg_write_array(out, 4);
	tg_write_uint(out, TG_T_INVITE);
	tg_write_bin(out, node->b, sizeof node->b);
	tg_write_bin(out, box->b, sizeof box->b);
	tg_write_str(out, name, name_len);
}

static void
read_parent(struct tg_reader *r, struct tg_parent *out)
{
	tg_read_array(r, 3, 3);
	tg_read_fixed(r, out->log.b, sizeof out->log.b);
	out->seq = tg_read_uint(r, UINT64_MAX);
	tg_read_fixed(r, out->leaf.b, sizeof out->leaf.b);
}

/* Pass over a value whose nesting is at most ${depth} levels. */
static void
skip_within(struct tg_reader *r, int depth)
{
	uint8_t tag = r->status == TG_OK && r->at < r->len ? r->data[r->at] : 0;

	if ((tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd) {
		uint32_t n = tg_read_array(r, 0, UINT32_MAX);

		if (depth == 0)
			tg_reader_fail(r, TG_EFORMAT);
		for (uint32_t i = 0; i < n && r->status == TG_OK; i++)
			skip_within(r, depth - 1);
	} else {
		tg_read_skip(r);
	}
}

static void
need(struct tg_reader *r, uint32_t n, uint32_t want)
{
	if (n != want)
		tg_reader_fail(r, TG_EFORMAT);
}

static void
read_transition(struct tg_reader *r, size_t *text_at, struct tg_transition *t)
{
	size_t from = r->at;
	uint32_t n = tg_read_array(r, 1, UINT32_MAX);

	t->kind = tg_read_uint(r, UINT64_MAX);
	switch (t->kind) {
	case TG_T_GENESIS:
	case TG_T_MEMBER:
	case TG_T_EPOCH:
	case TG_T_RETENTION:
		need(r, n, 2);
		t->u.record = tg_read_bin(r, TG_ENTRY_BODY_MAX_BYTES);
		break;
	case TG_T_TEXT:
		need(r, n, 4);
		t->u.text.first_seq = tg_read_uint(r, UINT64_MAX);
		t->u.text.operations = tg_read_bin(r, TG_ENTRY_BODY_MAX_BYTES);
		t->u.text.text_at = *text_at;
		t->u.text.text_len = (size_t)tg_read_uint(r, TG_TEXT_MAX_BYTES - *text_at);
		*text_at += t->u.text.text_len;
		break;
	case TG_T_FORK:
		need(r, n, 4);
		t->u.fork.head_a = tg_read_bin(r, TG_HEAD_MAX_BYTES);
		t->u.fork.head_b = tg_read_bin(r, TG_HEAD_MAX_BYTES);
		t->u.fork.proof.data = r->data + r->at;
		skip_within(r, 2);
		t->u.fork.proof.len = (size_t)(r->data + r->at - t->u.fork.proof.data);
		break;
	case TG_T_EXT:
		need(r, n, 3);
		t->u.ext.name = tg_read_str(r, TG_NAME_MAX_BYTES);
		t->u.ext.payload = tg_read_bin(r, TG_ENTRY_BODY_MAX_BYTES);
		break;
	case TG_T_INVITE:
		need(r, n, 4);
		tg_read_fixed(r, t->u.invite.node.b, TG_KEY_BYTES);
		tg_read_fixed(r, t->u.invite.box.b, TG_KEY_BYTES);
		t->u.invite.name = tg_read_str(r, TG_NAME_MAX_BYTES);
		break;
	default: /* a later version's: kept and skipped */
		for (uint32_t i = 1; i < n && r->status == TG_OK; i++)
			skip_within(r, DEPTH_BELOW);
	}
	t->raw = (struct tg_bytes){r->data + from, r->at - from};
}

int
tg_body_decode(const struct tg_key *log, const void *data, size_t len, struct tg_body *out)
{
	struct tg_transition t;
	struct tg_parent parent, prev;
	struct tg_body b = {0};
	struct tg_reader r;
	size_t from;
	int rc;

	if (len > TG_ENTRY_BODY_MAX_BYTES)
		return TG_ETOOBIG;
	tg_record_open(&r, data, len, ELEMENTS);
	b.time_ms = tg_read_uint(&r, UINT64_MAX);
	b.parents = tg_read_array(&r, 0, TG_PARENTS_MAX);
	from = r.at;
	for (uint32_t i = 0; i < b.parents && r.status == TG_OK; i++, prev = parent) {
		read_parent(&r, &parent);
		if (tg_key_cmp(&parent.log, log) == 0 || (i && tg_key_cmp(&prev.log, &parent.log) >= 0))
			tg_reader_fail(&r, TG_EFORMAT);
	}
	b.parents_raw = (struct tg_bytes){r.data + from, r.at - from};
	b.transitions = tg_read_array(&r, 1, TG_TRANSITIONS_MAX);
	from = r.at;
	for (uint32_t i = 0; i < b.transitions && r.status == TG_OK; i++)
		read_transition(&r, &b.text_len, &t);
	b.transitions_raw = (struct tg_bytes){r.data + from, r.at - from};
	if ((rc = tg_reader_end(&r)) == TG_OK)
		*out = b;
	return rc;
}

int
tg_body_next_parent(const struct tg_body *body, struct tg_body_walk *walk, struct tg_parent *out)
{
	struct tg_reader r;

	if (walk->at >= body->parents_raw.len)
		return 0;
	tg_reader_init(&r, body->parents_raw.data + walk->at, body->parents_raw.len - walk->at);
	read_parent(&r, out);
	walk->at += r.at;
	return tg_reader_status(&r) == TG_OK;
}

int
tg_body_next_transition(const struct tg_body *body, struct tg_body_walk *walk, struct tg_transition *out)
{
	struct tg_reader r;

	if (walk->at >= body->transitions_raw.len)
		return 0;
	tg_reader_init(&r, body->transitions_raw.data + walk->at, body->transitions_raw.len - walk->at);
	read_transition(&r, &walk->text_at, out);
	walk->at += r.at;
	return tg_reader_status(&r) == TG_OK;
}
