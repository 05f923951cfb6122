#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "text/codec.h"

/* The low three bits of an op's head; the rest is count - 1 (or, for MORE, what more). */
enum head {
	HEAD_CHAR = 0,	  /* characters in the format of the last characters */
	HEAD_CHAR_AS = 1, /* characters in another format */
	HEAD_DELETE = 2,
	HEAD_DELETE_BACK = 3,
	HEAD_BLOCK = 4,
	HEAD_ATOM = 5,
	HEAD_MARK = 6,
	HEAD_MORE = 7,
};
enum { /* sets of them */
	CHARS = 1u << HEAD_CHAR | 1u << HEAD_CHAR_AS,
	ITEMS = CHARS | 1u << HEAD_BLOCK | 1u << HEAD_ATOM,
	ARGUMENTS = 1u << HEAD_MARK | 1u << HEAD_MORE,
	PLAIN = 1u << HEAD_CHAR | 1u << HEAD_DELETE | 1u << HEAD_DELETE_BACK,
};
enum {
	MORE_SET = 0
};

/* ---- values and attributes */

struct tg_bytes
tg_codec_value(struct tg_reader *r, int nil)
{
	struct tg_bytes b = {NULL, 0};
	size_t start = r->at;
	uint8_t tag = start < r->len ? r->data[start] : 0;

	if (!(nil && tg_read_nil(r))) {
		if (tag == 0xc2 || tag == 0xc3)
			tg_read_bool(r);
		else if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb))
			tg_read_str(r, TG_TEXT_VALUE_MAX);
		else
			tg_read_uint(r, TG_TEXT_UINT_MAX);
	}
	if (tg_reader_status(r) != TG_OK)
		return b;
	b.data = r->data + start;
	b.len = r->at - start;
	if (b.len > TG_TEXT_VALUE_MAX) {
		tg_reader_fail(r, TG_ETOOBIG);
		b.len = 0;
	}
	return b;
}

struct tg_bytes
tg_codec_key(struct tg_reader *r)
{
	struct tg_bytes b = tg_read_str(r, TG_TEXT_KEY_MAX);

	if (b.len == 0)
		tg_reader_fail(r, TG_EFORMAT);
	return b;
}

static int
compare_bytes(struct tg_bytes a, struct tg_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.data, b.data, n) : 0;

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

int
tg_codec_attrs(const uint8_t *data, size_t len)
{
	struct tg_bytes last = {NULL, 0}, key;
	struct tg_reader r;
	uint32_t n;

	if (len == 0)
		return TG_OK;
	if (len > TG_TEXT_ATTRS_MAX)
		return TG_ETOOBIG;
	tg_reader_init(&r, data, len);
	n = tg_read_array(&r, 0, TG_TEXT_FORMAT_KEYS_MAX);
	for (uint32_t i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		tg_read_array(&r, 2, 2);
		key = tg_codec_key(&r);
		tg_codec_value(&r, 0);
		if (i > 0 && compare_bytes(last, key) >= 0)
			tg_reader_fail(&r, TG_EFORMAT);
		last = key;
	}
	return tg_reader_end(&r);
}

int
tg_codec_attrs_format(struct tg_doc *doc, const uint8_t *data, size_t len, uint32_t *format)
{
	struct tg_reader r;
	uint32_t n;
	int rc;

	*format = 0;
	if (len == 0)
		return TG_OK;
	tg_reader_init(&r, data, len);
	n = tg_read_array(&r, 0, TG_TEXT_FORMAT_KEYS_MAX);
	if ((rc = tg_array_need((void **)&doc->pairs, &doc->pair_cap, n, sizeof *doc->pairs)) != TG_OK)
		return rc;
	for (uint32_t i = 0; i < n; i++) {
		struct tg_bytes key, value;

		tg_read_array(&r, 2, 2);
		key = tg_codec_key(&r);
		value = tg_codec_value(&r, 0);
		if ((rc = tg_pool_put(&doc->pool, key.data, key.len, &doc->pairs[i].key)) != TG_OK ||
		    (rc = tg_pool_put(&doc->pool, value.data, value.len, &doc->pairs[i].value)) != TG_OK)
			return rc;
	}
	return tg_format_put(&doc->formats, doc->pairs, n, format);
}

/* ---- the canonical list of runs */

/*
 * Append an operation to the list, joining it to the last one as if its events came one by one.  Returns how
 * much of it was joined: 0 means the list was canonical already.
 */
static uint32_t
join_op(struct tg_op *last, const struct tg_op *op)
{
	if (last->flow != op->flow)
		return 0;
	switch (op->kind) {
	case TG_OP_CHAR:
	case TG_OP_BLOCK:
	case TG_OP_ATOM:
		if (last->kind != op->kind || last->format != op->format ||
		    (uint64_t)last->pos + last->count != op->pos)
			return 0;
		last->count += op->count;
		return op->count;
	case TG_OP_DELETE:
	case TG_OP_DELETE_BACK: {
		int back = op->kind == TG_OP_DELETE_BACK;
		uint32_t n;

		if (last->kind == TG_OP_DELETE && last->pos == op->pos) {
			n = back ? 1 : op->count;
		} else if ((last->kind == TG_OP_DELETE_BACK &&
			       (uint64_t)op->pos + last->count == last->pos) ||
			   (last->kind == TG_OP_DELETE && last->count == 1 &&
			       (uint64_t)op->pos + 1 == last->pos)) {
			last->kind = TG_OP_DELETE_BACK;
			n = back ? op->count : 1;
		} else {
			return 0;
		}
		last->count += n;
		return n;
	}
	}
	return 0;
}

static int
push_op(struct tg_op **ops, size_t *n, size_t *cap, struct tg_op op)
{
	int rc;

	while (op.count > 0) {
		uint32_t joined = *n > 0 ? join_op(&(*ops)[*n - 1], &op) : 0;

		if (joined == 0) {
			if ((rc = tg_array_need((void **)ops, cap, *n + 1, sizeof **ops)) != TG_OK)
				return rc;
			if (op.kind == TG_OP_DELETE_BACK && op.count == 1)
				op.kind = TG_OP_DELETE;
			(*ops)[(*n)++] = op;
			return TG_OK;
		}
		if (op.kind == TG_OP_DELETE_BACK)
			op.pos -= joined; /* may pass 0 only when nothing is left */
		op.count -= joined;
	}
	return TG_OK;
}

/*
 * What follows from the place and count of an operation, by its kind: it needs pos + reach * count + one
 * items, there are length * count more of them then, and the next operation most likely is at pos + cursor *
 * count + one.
 */
static const struct effect {
	int8_t reach, length, cursor, one;
	uint8_t
	    joins[2]; /* what is there (bit 0), or just before (bit 1), may lengthen it; [1]: of one item */
} effects[] = {
    [TG_OP_CHAR] = {0, 1, 1, 0, {1, 1}},
    [TG_OP_BLOCK] = {0, 1, 1, 0, {1, 1}},
    [TG_OP_ATOM] = {0, 1, 1, 0, {1, 1}},
    [TG_OP_DELETE] = {1, -1, 0, 0, {1, 3}},
    [TG_OP_DELETE_BACK] = {0, -1, -1, 1, {2, 2}},
    [TG_OP_MARK] = {1, 0, 1, 0, {0, 0}},
};

/* ---- decoding */

void
tg_decoded_free(struct tg_decoded *d)
{
	tg_free(d->ops);
	tg_free(d->keys);
	tg_free(d->formats);
	tg_free(d->pair_keys);
	tg_free(d->values);
	tg_free(d->agents);
	tg_free(d->objects);
	tg_free(d->flows);
	memset(d, 0, sizeof *d);
}

static void
decode_tables(struct tg_decoded *d, struct tg_column *c)
{
	size_t n = tg_column_next(c, c->len / 2), scalars;
	int rc;

	if (c->status == TG_OK &&
	    (rc = tg_array_need((void **)&d->keys, &d->key_cap, n, sizeof *d->keys)) != TG_OK)
		tg_column_fail(c, rc);
	for (size_t i = 0; i < n && c->status == TG_OK; i++) {
		struct tg_decoded_key *k = &d->keys[i];

		k->used = 0;
		k->bytes.len = tg_column_next(c, UINT32_MAX);
		if (c->status != TG_OK)
			return;
		k->bytes.data = c->data + c->at;
		if (k->bytes.len > TG_TEXT_KEY_MAX) {
			tg_column_fail(c, TG_ETOOBIG);
		} else if (k->bytes.len == 0 || k->bytes.len > c->len - c->at ||
			   tg_utf8_count(k->bytes.data, k->bytes.len, &scalars) != TG_OK ||
			   (i > 0 && compare_bytes(d->keys[i - 1].bytes, k->bytes) >= 0)) {
			tg_column_fail(c, TG_EFORMAT);
		} else {
			c->at += k->bytes.len;
			d->key_n++;
		}
	}
	n = tg_column_next(c, c->len / 2);
	if (c->status == TG_OK &&
	    (rc = tg_array_need((void **)&d->formats, &d->format_cap, n, sizeof *d->formats)) != TG_OK)
		tg_column_fail(c, rc);
	for (size_t i = 0; i < n && c->status == TG_OK; i++) {
		size_t pairs = tg_column_next(c, UINT32_MAX);

		if (pairs > TG_TEXT_FORMAT_KEYS_MAX)
			tg_column_fail(c, TG_ETOOBIG);
		else if (pairs == 0)
			tg_column_fail(c, TG_EFORMAT);
		else if ((rc = tg_array_need((void **)&d->pair_keys, &d->pair_cap, d->pair_n + pairs,
			      sizeof *d->pair_keys)) != TG_OK)
			tg_column_fail(c, rc);
		d->formats[i].first = (uint32_t)d->pair_n;
		d->formats[i].n = (uint32_t)pairs;
		d->format_n++;
		for (size_t k = 0; k < pairs && c->status == TG_OK; k++) {
			uint64_t key = tg_column_next(c, UINT32_MAX);

			if (key >= d->key_n || (k > 0 && key <= d->pair_keys[d->pair_n - 1])) {
				tg_column_fail(c, TG_EFORMAT);
				return;
			}
			d->keys[key].used = 1;
			d->pair_keys[d->pair_n++] = (uint32_t)key;
		}
	}
}

static void
decode_heads(struct tg_decoded *d, struct tg_column *c, uint32_t items_max)
{
	static const uint8_t kinds[] = {TG_OP_CHAR, TG_OP_CHAR, TG_OP_DELETE, TG_OP_DELETE_BACK, TG_OP_BLOCK,
	    TG_OP_ATOM, TG_OP_MARK, TG_OP_SET};
	size_t n = tg_column_next(c, c->len), i;
	const uint8_t *p = c->data + c->at, *end = c->data + c->len;
	uint64_t events = 0, items = 0, chars = 0;
	struct tg_op *ops;
	unsigned seen = 0;
	int rc;

	if (c->status == TG_OK && n == 0)
		tg_column_fail(c, TG_EFORMAT);
	if (c->status == TG_OK &&
	    (rc = tg_array_need((void **)&d->ops, &d->op_cap, n, sizeof *d->ops)) != TG_OK)
		tg_column_fail(c, rc);
	if (c->status != TG_OK)
		return;
	ops = d->ops;
	for (i = 0; i < n && c->status == TG_OK; i++) {
		uint64_t head = tg_column_short(c, &p, end, UINT64_MAX), count = (head >> 3) + 1;
		unsigned low = head & 7, bit = 1u << low;

		if (low == HEAD_MORE) {
			if (count != MORE_SET + 1)
				tg_column_fail(c, TG_EVERSION);
			count = 1;
		}
		/* The format of characters is a note to decode_formats until then. */
		ops[i] = (struct tg_op){kinds[low], 0, (uint32_t)count, low == HEAD_CHAR_AS, 0, 0, 0, 0};
		seen |= bit;
		events += low == HEAD_MARK ? 1 : count;
		chars += count & -(uint64_t)((bit & CHARS) != 0);
		items += count & -(uint64_t)((bit & ITEMS) != 0);
		if (count > TG_TEXT_EVENTS_MAX)
			tg_column_fail(c, TG_ELIMIT);
		if (items > items_max)
			tg_column_fail(c, TG_ETOOBIG);
		if (events > TG_TEXT_EVENTS_MAX)
			tg_column_fail(c, TG_ELIMIT);
	}
	if (c->status == TG_OK)
		c->at = (size_t)(p - c->data);
	d->op_n = i;
	d->char_n = (uint32_t)chars;
	d->event_n = (uint32_t)events;
	d->plain = (seen & ~PLAIN) == 0;
	d->arguments = (seen & ARGUMENTS) != 0;
}

static struct tg_extent *
extent_of(struct tg_decoded *d, uint32_t flow)
{
	return flow > 0 ? &d->flows[flow - 1].extent : &d->extent;
}

/* Positions, and what they ask of the flows.  Returns whether a run may be written as two. */
static int
decode_positions(struct tg_decoded *d, struct tg_column *c)
{
	const uint8_t *p = c->data + c->at, *end = c->data + c->len;
	struct tg_extent extent = {0, 0};
	int64_t cursor = 0;
	uint32_t flow = TG_TEXT_FLOW_BODY;
	unsigned bad = c->status != TG_OK, joins = 0, near = 0, last = TG_OP_SET;

	for (size_t i = 0; i < d->op_n && !bad; i++) {
		struct tg_op *op = &d->ops[i];
		unsigned kind = op->kind, back = kind == TG_OP_DELETE_BACK;
		const struct effect *e = &effects[kind];
		int64_t pos, need, count = op->count;
		uint64_t z;

		if (kind == TG_OP_SET)
			continue;
		if (op->flow != flow) {
			*extent_of(d, flow) = extent;
			flow = op->flow;
			extent = *extent_of(d, flow);
			cursor = 0;
		}
		z = tg_column_short(c, &p, end, UINT64_C(1) << 33);
		pos = cursor + tg_unzigzag(z);
		op->pos = (uint32_t)pos;
		/* Below 2^31: no sum of a position and a count can wrap.  The document decides the rest. */
		bad = (uint64_t)pos > INT32_MAX;
		/* Back: a single delete goes forward; none reaches below 0. */
		bad |= back & ((count == 1) | (count > pos + 1));
		joins |= (z <= 1) & near >> (z & 1) & (kind - back == last);
		last = kind - back;
		near = e->joins[count == 1];
		need = pos + e->reach * count + e->one - extent.grown;
		extent.need = need > extent.need ? need : extent.need;
		extent.grown += e->length * count;
		cursor = pos + e->cursor * count + e->one;
	}
	*extent_of(d, flow) = extent;
	if (bad)
		tg_column_fail(c, TG_EFORMAT);
	if (c->status == TG_OK)
		c->at = (size_t)(p - c->data);
	return (int)joins;
}

static void
decode_formats(struct tg_decoded *d, struct tg_column *c)
{
	uint32_t current = 0, used = 0;

	for (size_t i = 0; i < d->op_n && c->status == TG_OK; i++) {
		struct tg_op *op = &d->ops[i];
		uint32_t f;

		if (op->kind > TG_OP_ATOM)
			continue;
		if (op->kind == TG_OP_CHAR && op->format == 0) {
			op->format = current;
			continue;
		}
		f = (uint32_t)tg_column_next(c, d->format_n);
		if (op->kind == TG_OP_CHAR && f == current)
			tg_column_fail(c, TG_EFORMAT);
		if (f > used + 1)
			tg_column_fail(c, TG_EFORMAT); /* the table is in the order of first use */
		else if (f == used + 1)
			used = f;
		if (op->kind == TG_OP_CHAR)
			current = f;
		op->format = f;
	}
	if (c->status == TG_OK && used != d->format_n)
		tg_column_fail(c, TG_EFORMAT);
}

static void
decode_arguments(struct tg_decoded *d, struct tg_column *c)
{
	for (size_t i = 0; i < d->op_n && c->status == TG_OK; i++) {
		struct tg_op *op = &d->ops[i];
		uint64_t key;

		if (op->kind != TG_OP_MARK && op->kind != TG_OP_SET)
			continue;
		if (op->kind == TG_OP_SET) {
			uint64_t object = tg_column_next(c, UINT64_MAX);

			if (object > d->object_n + d->flow_n) {
				tg_column_fail(c, d->flow_n + d->object_n > 0 ? TG_EFORMAT : TG_EVERSION);
				return;
			}
			if (object > d->object_n) { /* a cell */
				d->flows[object - d->object_n - 1].used = 1;
				if (d->flows[object - d->object_n - 1].slot != TG_FLOW_CELL)
					tg_column_fail(c, TG_EFORMAT);
			} else if (object > 0) {
				d->objects[object - 1].used = 1;
			}
			op->object = (uint32_t)object;
		}
		key = tg_column_next(c, UINT32_MAX);
		if (c->status == TG_OK && key >= d->key_n)
			tg_column_fail(c, TG_EFORMAT);
		if (c->status != TG_OK)
			return;
		d->keys[key].used = 1;
		op->key = (uint32_t)key;
	}
}

static int
decode_text(struct tg_decoded *d, const uint8_t *text, size_t len, size_t value_n)
{
	struct tg_reader r;
	size_t at = 0, n = 0;
	int rc;

	if ((rc = tg_array_need((void **)&d->values, &d->value_cap, value_n, sizeof *d->values)) != TG_OK)
		return rc;
	d->value_n = value_n;
	if (text == NULL && len == 0 && (d->char_n > 0 || value_n > 0)) { /* expunged */
		for (size_t i = 0; i < value_n; i++)
			d->values[i] = (struct tg_bytes){(const uint8_t *)"\xc0", 1};
		return TG_OK;
	}
	/*
	 * With values behind them (which may begin like the middle of a character) the characters end where
	 * char_n of them have gone by, going by their first bytes; whether they are well formed is then for
	 * tg_utf8_count to say.
	 */
	if (value_n == 0)
		at = len;
	else
		at = n = tg_oplog_ascii(text, len < d->char_n ? len : d->char_n);
	for (; at < len && n < d->char_n; n++)
		at += text[at] < 0x80 ? 1 : text[at] < 0xe0 ? 2 : text[at] < 0xf0 ? 3 : 4;
	if (at > len || tg_utf8_count(text, at, &n) != TG_OK || n != d->char_n)
		return TG_EFORMAT;
	d->chars = text != NULL ? text : (const uint8_t *)"";
	d->chars_len = at;
	tg_reader_init(&r, d->chars + at, len - at);
	for (size_t i = 0; i < value_n && tg_reader_status(&r) == TG_OK; i++)
		d->values[i] = tg_codec_value(&r, i >= d->pair_n);
	rc = tg_reader_end(&r);
	return rc == TG_ETRUNCATED ? TG_EFORMAT : rc;
}

/* Everything but the text; *${values} is how many values go with it. */
static int
decode_ops(struct tg_decoded *d, const uint8_t *ops, size_t ops_len, uint32_t items_max, size_t *values)
{
	struct tg_column c = {ops, ops_len, 0, TG_OK};
	uint64_t layout;
	int joins;

	d->op_n = d->key_n = d->format_n = d->pair_n = d->value_n = 0;
	d->agent_n = d->object_n = d->flow_n = 0;
	d->char_n = d->event_n = 0;
	d->plain = d->arguments = 0;
	d->extent = (struct tg_extent){0, 0};
	d->chars = NULL;
	d->chars_len = 0;
	layout = tg_column_next(&c, UINT64_MAX);
	if (c.status != TG_OK)
		return c.status;
	if (layout != TG_CODEC_LAYOUT && layout != TG_CODEC_LAYOUT_FLOWS)
		return TG_EVERSION;
	if (c.len - c.at >= 2 && c.data[c.at] == 0 && c.data[c.at + 1] == 0)
		c.at += 2; /* no keys, no formats: most bundles */
	else
		decode_tables(d, &c);
	if (layout == TG_CODEC_LAYOUT_FLOWS)
		tg_codec_decode_flows(d, &c);
	decode_heads(d, &c, items_max);
	if (layout == TG_CODEC_LAYOUT_FLOWS)
		tg_codec_decode_flow_column(d, &c);
	joins = decode_positions(d, &c);
	if (!d->plain || d->format_n > 0 || d->key_n > 0) {
		decode_formats(d, &c);
		decode_arguments(d, &c);
	}
	if (c.status == TG_OK && c.at != c.len)
		tg_column_fail(&c, TG_EFORMAT);
	if (c.status != TG_OK)
		return c.status;
	for (size_t i = 0; i < d->key_n; i++)
		if (!d->keys[i].used)
			return TG_EFORMAT;
	if (layout == TG_CODEC_LAYOUT_FLOWS && !tg_codec_flows_used(d))
		return TG_EFORMAT;
	*values = d->pair_n;
	for (size_t i = 1; joins && i < d->op_n; i++) {
		struct tg_op last = d->ops[i - 1];

		if (join_op(&last, &d->ops[i]) > 0)
			return TG_EFORMAT; /* one run, written as two */
	}
	for (size_t i = 0; !d->plain && i < d->op_n; i++)
		if (d->ops[i].kind == TG_OP_MARK || d->ops[i].kind == TG_OP_SET)
			d->ops[i].value = (uint32_t)(*values)++;
	return TG_OK;
}

int
tg_codec_decode(
    struct tg_decoded *d, const uint8_t *ops, size_t ops_len, const uint8_t *text, size_t text_len)
{
	size_t values;
	int rc;

	if (ops_len > TG_TEXT_BUNDLE_OPS_MAX || text_len > TG_TEXT_BUNDLE_TEXT_MAX)
		return TG_ETOOBIG;
	if ((rc = decode_ops(d, ops, ops_len, TG_TEXT_BUNDLE_ITEMS_MAX, &values)) != TG_OK)
		return rc;
	return decode_text(d, text, text_len, values);
}

int
tg_codec_decode_part(
    struct tg_decoded *d, const uint8_t *ops, size_t ops_len, const uint8_t *text, size_t text_len)
{
	struct tg_reader r;
	size_t values, scalars;
	int rc;

	if ((rc = decode_ops(d, ops, ops_len, TG_TEXT_EVENTS_MAX, &values)) != TG_OK ||
	    (rc = tg_array_need((void **)&d->values, &d->value_cap, values, sizeof *d->values)) != TG_OK)
		return rc;
	tg_reader_init(&r, text, text_len);
	for (d->value_n = 0; d->value_n < values && tg_reader_status(&r) == TG_OK; d->value_n++)
		d->values[d->value_n] = tg_codec_value(&r, d->value_n >= d->pair_n);
	if ((rc = tg_reader_status(&r)) != TG_OK)
		return rc == TG_ETRUNCATED ? TG_EFORMAT : rc;
	d->chars = text + r.at;
	d->chars_len = text_len - r.at;
	return d->chars_len > 0 ? tg_utf8_count(d->chars, d->chars_len, &scalars) : TG_OK;
}

static int
fits(struct tg_extent e, uint64_t *length)
{
	if (e.need > (int64_t)*length)
		return 0;
	*length = (uint64_t)((int64_t)*length + e.grown);
	return 1;
}

int
tg_codec_in_range(struct tg_decoded *d)
{
	for (size_t i = 0; i < d->flow_n; i++)
		if (!fits(d->flows[i].extent, &d->flows[i].length))
			return 0;
	return fits(d->extent, &d->length);
}

int
tg_codec_intern(struct tg_decoded *d, struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	struct tg_formats *f = &doc->formats;
	uint32_t id;
	int rc, expunged = d->chars == NULL;

	f->stamp++;
	if ((rc = tg_codec_intern_flows(d, doc, agent)) != TG_OK)
		return rc;
	for (size_t i = 0; i < d->key_n; i++)
		if ((rc = tg_pool_put(
			 &doc->pool, d->keys[i].bytes.data, d->keys[i].bytes.len, &d->keys[i].id)) != TG_OK)
			return rc;
	for (size_t i = 0; i < d->format_n; i++) {
		uint32_t n = 0;

		if ((rc = tg_mem_grow(
			 (void **)&doc->pairs, &doc->pair_cap, d->formats[i].n, sizeof *doc->pairs)) != TG_OK)
			return rc;
		for (uint32_t k = d->formats[i].first; k < d->formats[i].first + d->formats[i].n; k++) {
			if ((rc = tg_pool_put(&doc->pool, d->values[k].data, d->values[k].len, &id)) != TG_OK)
				return rc;
			if (id == TG_POOL_NIL)
				continue; /* expunged */
			doc->pairs[n].key = d->keys[d->pair_keys[k]].id;
			doc->pairs[n++].value = id;
		}
		if ((rc = tg_format_put(f, doc->pairs, n, &d->formats[i].id)) != TG_OK)
			return rc;
		if (!expunged && f->formats[d->formats[i].id].stamp == f->stamp)
			return TG_EFORMAT; /* one format, twice in the table */
		f->formats[d->formats[i].id].stamp = f->stamp;
	}
	for (size_t i = 0; (!d->plain || d->flow_n > 0) && i < d->op_n; i++) {
		struct tg_op *op = &d->ops[i];

		op->flow = op->flow > 0 ? d->flows[op->flow - 1].id : TG_TEXT_FLOW_BODY;
		if (op->object > d->object_n)
			op->object = d->flows[op->object - d->object_n - 1].name;
		else
			op->object = op->object > 0 ? d->objects[op->object - 1].id : TG_OBJECT_DOC;
		if (op->kind <= TG_OP_ATOM) {
			op->format = op->format > 0 ? d->formats[op->format - 1].id : 0;
		} else if (op->kind == TG_OP_MARK || op->kind == TG_OP_SET) {
			const struct tg_bytes *v = &d->values[op->value];

			op->key = d->keys[op->key].id;
			if ((rc = tg_pool_put(&doc->pool, v->data, v->len, &op->value)) != TG_OK)
				return rc;
		}
	}
	return TG_OK;
}

/* ---- encoding */

/* Upper bounds, in bytes, of what one more operation adds to the ops part: head, position, format or key,
 * object. */
#define OP_BYTES  16
#define KEY_BYTES (TG_TEXT_KEY_MAX + 2)

/* What a format not yet in the table adds to both parts. */
static void
format_bytes(const struct tg_doc *doc, uint32_t format, size_t *ops, size_t *text)
{
	size_t n, len;
	const struct tg_pair *p = tg_format_get(&doc->formats, format, &n);

	*ops += 3 + n * (3 + KEY_BYTES);
	for (size_t i = 0; i < n; i++) {
		tg_pool_get(&doc->pool, p[i].value, &len);
		*text += len;
	}
}

/* The events [at, to) of the log's run ${r} as one operation. */
static struct tg_op
op_of(const struct tg_doc *doc, const struct tg_oprun *r, uint32_t at, uint32_t to)
{
	const struct tg_formats *f = &doc->formats;
	struct tg_op op = {r->kind, r->pos + (at - r->lv), to - at, 0, 0, 0, r->flow, 0};

	if (r->kind == TG_OP_DELETE)
		op.pos = r->pos;
	else if (r->kind == TG_OP_DELETE_BACK)
		op.pos = r->pos - (at - r->lv);
	if (r->kind <= TG_OP_ATOM) {
		op.format = r->aux;
	} else if (r->kind == TG_OP_MARK) {
		op.count = f->marks[r->aux].count;
		op.key = f->marks[r->aux].key;
		op.value = f->marks[r->aux].value;
	} else if (r->kind == TG_OP_SET) {
		op.key = doc->registers[doc->sets[r->aux].reg].key;
		op.object = doc->registers[doc->sets[r->aux].reg].object;
		op.value = doc->sets[r->aux].value;
	}
	return op;
}

/* Formats are numbered in the order of first use. */
static void
number_format(struct tg_formats *f, uint32_t format, uint32_t *format_n)
{
	if (format == 0 || f->formats[format].stamp == f->stamp)
		return;
	f->formats[format].stamp = f->stamp;
	f->formats[format].local = ++*format_n;
}

/* Collect operations and characters while they fit. */
static int
collect(struct tg_doc *doc, uint32_t start, uint32_t end, uint32_t *stop, size_t *op_n, uint32_t *format_n)
{
	struct tg_formats *f = &doc->formats;
	const struct tg_oprun *r = tg_oplog_find(&doc->log, start);
	size_t ops_bytes = 32, text_bytes = 0, len;
	uint32_t at = start, items = 0;
	int rc;

	for (; at < end; r++) {
		uint32_t to = tg_oplog_end(&doc->log, r), n;
		size_t ops = ops_bytes + OP_BYTES, text = text_bytes;
		struct tg_op op;

		to = to > end ? end : to;
		n = to - at;
		op = op_of(doc, r, at, to);
		if (op.flow != TG_TEXT_FLOW_BODY && doc->flows[op.flow].stamp != f->stamp)
			ops += TG_CODEC_FLOW_BYTES;
		if (r->kind <= TG_OP_ATOM) {
			if (items == TG_TEXT_BUNDLE_ITEMS_MAX)
				break;
			if (n > TG_TEXT_BUNDLE_ITEMS_MAX - items)
				n = op.count = TG_TEXT_BUNDLE_ITEMS_MAX - items;
			if (r->aux != 0 && f->formats[r->aux].stamp != f->stamp)
				format_bytes(doc, r->aux, &ops, &text);
		}
		ops += op.object != TG_OBJECT_DOC ? TG_CODEC_FLOW_BYTES : 0;
		if (r->kind == TG_OP_MARK || r->kind == TG_OP_SET) {
			ops += KEY_BYTES;
			tg_pool_get(&doc->pool, op.value, &len);
			text += len;
		}
		if (ops > TG_TEXT_BUNDLE_OPS_MAX || text > TG_TEXT_BUNDLE_TEXT_MAX)
			break;
		if (r->kind == TG_OP_CHAR) {
			const uint8_t *p = tg_oplog_text(&doc->log, at, &n, &len);

			if (len >
			    TG_TEXT_BUNDLE_TEXT_MAX - text) { /* mixed runs are short: drop them whole */
				if (!r->ascii || text == TG_TEXT_BUNDLE_TEXT_MAX)
					break;
				len = n = op.count = (uint32_t)(TG_TEXT_BUNDLE_TEXT_MAX - text);
			}
			tg_buf_put(&doc->out_text, p, len);
			text += len;
		}
		doc->flows[op.flow].stamp = f->stamp;
		number_format(f, op.format, format_n);
		if ((rc = push_op(&doc->ops, op_n, &doc->op_cap, op)) != TG_OK)
			return rc;
		if (r->kind <= TG_OP_ATOM)
			items += n;
		at += n;
		ops_bytes = ops;
		text_bytes = text;
		if (at < to)
			break;
	}
	*stop = at;
	return tg_buf_status(&doc->out_text);
}

static int
add_key(struct tg_doc *doc, size_t *n, uint32_t key)
{
	int rc = tg_array_need((void **)&doc->key_scratch, &doc->key_cap, *n + 1, sizeof *doc->key_scratch);

	if (rc == TG_OK)
		doc->key_scratch[(*n)++] = key;
	return rc;
}

static int
compare_keys(const void *pool, const void *a, const void *b)
{
	return tg_pool_compare(pool, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* Sort by bytes and drop duplicates; returns the new count. */
static size_t
sort_keys(struct tg_doc *doc, size_t n)
{
	uint32_t *k = doc->key_scratch;
	size_t kept = 0;

	tg_text_sort(k, n, sizeof *k, compare_keys, &doc->pool);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || k[kept - 1] != k[i])
			k[kept++] = k[i];
	return kept;
}

static size_t
key_index(const struct tg_doc *doc, size_t n, uint32_t key)
{
	size_t lo = 0, hi = n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (tg_pool_compare(&doc->pool, doc->key_scratch[mid], key) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void
put_value(struct tg_doc *doc, uint32_t value)
{
	size_t len;
	const uint8_t *p = tg_pool_get(&doc->pool, value, &len);

	tg_buf_put(&doc->out_text, p, len);
}

/* The table of formats: keys to ops, values to text; in the order of their local numbers. */
static void
put_formats(struct tg_doc *doc, size_t op_n, size_t key_n, uint32_t format_n)
{
	struct tg_formats *f = &doc->formats;
	uint32_t next = 1;

	tg_varint_put(&doc->out, format_n);
	for (size_t i = 0; i < op_n; i++) {
		const struct tg_pair *p;
		size_t n;

		if (doc->ops[i].kind > TG_OP_ATOM || doc->ops[i].format == 0 ||
		    f->formats[doc->ops[i].format].local != next)
			continue;
		next++;
		p = tg_format_get(f, doc->ops[i].format, &n);
		tg_varint_put(&doc->out, n);
		for (size_t k = 0; k < n; k++) {
			tg_varint_put(&doc->out, key_index(doc, key_n, p[k].key));
			put_value(doc, p[k].value);
		}
	}
}

static uint64_t
head_of(const struct tg_op *op, uint32_t *current)
{
	static const uint8_t heads[] = {
	    HEAD_CHAR, HEAD_BLOCK, HEAD_ATOM, HEAD_DELETE, HEAD_DELETE_BACK, HEAD_MARK};
	uint64_t count = (uint64_t)(op->count - 1) << 3;

	if (op->kind == TG_OP_SET)
		return MORE_SET << 3 | HEAD_MORE;
	if (op->kind == TG_OP_CHAR && op->format != *current) {
		*current = op->format;
		return count | HEAD_CHAR_AS;
	}
	return count | heads[op->kind];
}

/* doc->ops as columns in doc->out; their values go to doc->out_text. */
static int
put_columns(struct tg_doc *doc, const uint8_t *agent, size_t op_n, uint32_t format_n)
{
	struct tg_formats *f = &doc->formats;
	size_t key_n = 0;
	uint32_t next_format = 1, current = 0, flow = TG_TEXT_FLOW_BODY;
	int64_t cursor = 0;
	int rc, flows = 0;

	for (size_t i = 0; i < op_n; i++) {
		const struct tg_op *op = &doc->ops[i];
		const struct tg_pair *p;
		size_t n;

		flows |= op->flow != TG_TEXT_FLOW_BODY || op->object != TG_OBJECT_DOC;
		if (op->kind == TG_OP_MARK || op->kind == TG_OP_SET) {
			if ((rc = add_key(doc, &key_n, op->key)) != TG_OK)
				return rc;
		} else if (op->kind <= TG_OP_ATOM && op->format != 0 &&
			   f->formats[op->format].local == next_format) {
			next_format++;
			p = tg_format_get(f, op->format, &n);
			for (size_t k = 0; k < n; k++)
				if ((rc = add_key(doc, &key_n, p[k].key)) != TG_OK)
					return rc;
		}
	}
	key_n = sort_keys(doc, key_n);

	tg_varint_put(&doc->out, flows ? TG_CODEC_LAYOUT_FLOWS : TG_CODEC_LAYOUT);
	tg_varint_put(&doc->out, key_n);
	for (size_t i = 0; i < key_n; i++) {
		size_t len;
		const uint8_t *p = tg_pool_get(&doc->pool, doc->key_scratch[i], &len);

		tg_varint_put(&doc->out, len);
		tg_buf_put(&doc->out, p, len);
	}
	put_formats(doc, op_n, key_n, format_n);
	if (flows && (rc = tg_codec_put_flows(doc, op_n, agent)) != TG_OK)
		return rc;
	tg_varint_put(&doc->out, op_n);
	for (size_t i = 0; i < op_n; i++)
		tg_varint_put(&doc->out, head_of(&doc->ops[i], &current));
	for (size_t i = 0; flows && i < op_n; i++)
		if (doc->ops[i].kind != TG_OP_SET)
			tg_varint_put(&doc->out, doc->ops[i].flow);
	for (size_t i = 0; i < op_n; i++) {
		if (doc->ops[i].kind == TG_OP_SET)
			continue;
		cursor = doc->ops[i].flow == flow ? cursor : 0;
		flow = doc->ops[i].flow;
		tg_varint_put(&doc->out, tg_zigzag((int64_t)doc->ops[i].pos - cursor));
		cursor = doc->ops[i].pos + effects[doc->ops[i].kind].cursor * (int64_t)doc->ops[i].count +
			 effects[doc->ops[i].kind].one;
	}
	current = 0;
	for (size_t i = 0; i < op_n; i++) {
		const struct tg_op *op = &doc->ops[i];

		if (op->kind > TG_OP_ATOM || (op->kind == TG_OP_CHAR && op->format == current))
			continue;
		tg_varint_put(&doc->out, op->format == 0 ? 0 : f->formats[op->format].local);
		if (op->kind == TG_OP_CHAR)
			current = op->format;
	}
	for (size_t i = 0; i < op_n; i++) {
		const struct tg_op *op = &doc->ops[i];

		if (op->kind != TG_OP_MARK && op->kind != TG_OP_SET)
			continue;
		if (op->kind == TG_OP_SET)
			tg_varint_put(&doc->out, op->object);
		tg_varint_put(&doc->out, key_index(doc, key_n, op->key));
		put_value(doc, op->value);
	}
	if ((rc = tg_buf_status(&doc->out)) != TG_OK)
		return rc;
	return tg_buf_status(&doc->out_text);
}

int
tg_codec_encode(struct tg_doc *doc, uint32_t start, uint32_t end, uint32_t *stop)
{
	const uint8_t *agent = doc->graph.agents[tg_graph_run(&doc->graph, start)->agent].key;
	uint32_t format_n = 0;
	size_t op_n = 0;
	int rc;

	tg_buf_reset(&doc->out);
	tg_buf_reset(&doc->out_text);
	doc->formats.stamp++;
	if ((rc = collect(doc, start, end, stop, &op_n, &format_n)) != TG_OK)
		return rc;
	return put_columns(doc, agent, op_n, format_n);
}

const uint8_t tg_codec_nobody[TG_TEXT_AGENT_BYTES] = {0};

int
tg_codec_encode_part(struct tg_doc *doc, const struct tg_span *spans, size_t n)
{
	uint32_t format_n = 0;
	size_t op_n = 0;
	int rc;

	tg_buf_reset(&doc->out);
	tg_buf_reset(&doc->out_text);
	doc->formats.stamp++;
	for (size_t i = 0; i < n; i++) {
		const struct tg_oprun *r = tg_oplog_find(&doc->log, spans[i].start);
		uint32_t to;

		for (uint32_t at = spans[i].start; at < spans[i].end; at = to, r++) {
			struct tg_op op;

			to = tg_oplog_end(&doc->log, r);
			to = to > spans[i].end ? spans[i].end : to;
			op = op_of(doc, r, at, to);
			number_format(&doc->formats, op.format, &format_n);
			if ((rc = push_op(&doc->ops, &op_n, &doc->op_cap, op)) != TG_OK)
				return rc;
		}
	}
	return put_columns(doc, tg_codec_nobody, op_n, format_n);
}
