#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/codec.h"

void
tg_oplog_free(struct tg_oplog *log)
{
	tg_free(log->runs);
	tg_free(log->hint);
	tg_free(log->text);
	memset(log, 0, sizeof *log);
}

/*
 * Can events of this kind at pos lengthen the last run?  Typing and holding down a delete key do, which keeps
 * the log short.  What goes on the wire does not depend on it: the encoder joins runs by its own rule.
 */
static inline int
continues(const struct tg_oplog *log, int kind, uint32_t pos, uint32_t aux)
{
	const struct tg_oprun *r;
	uint32_t n;

	if (log->n == 0)
		return 0;
	r = &log->runs[log->n - 1];
	n = log->next - r->lv;
	if (r->flow != log->flow)
		return 0;
	switch (kind) {
	case TG_OP_CHAR:
	case TG_OP_BLOCK:
	case TG_OP_ATOM:
		return r->kind == kind && r->aux == aux && r->pos + n == pos;
	case TG_OP_DELETE:
		return r->kind == kind && r->pos == pos;
	case TG_OP_DELETE_BACK:
		return (r->kind == kind && r->pos == pos + n) ||
		       (r->kind == TG_OP_DELETE && n == 1 && r->pos == pos + 1);
	}
	return 0;
}

enum {
	HINTS = 4 /* room behind the hints */
};

/* Room for ${runs} more runs, ${events} more events, ${bytes} more of text. */
static int
make_room(struct tg_oplog *log, size_t runs, size_t events, size_t bytes)
{
	size_t hints = ((size_t)log->next + events + 15) / 16 + HINTS;
	int rc;

	if (log->text_len + bytes > UINT32_MAX)
		return TG_ELIMIT;
	if ((rc = tg_array_need((void **)&log->runs, &log->cap, log->n + runs, sizeof *log->runs)) != TG_OK ||
	    (rc = tg_array_need((void **)&log->hint, &log->hint_cap, hints, sizeof *log->hint)) != TG_OK)
		return rc;
	return tg_array_need((void **)&log->text, &log->text_cap, log->text_len + bytes, 1);
}

/* Log ${count} events, if not as part of the last run then as a new one; there is room. */
static void
put(struct tg_oplog *log, int goes_on, int kind, uint32_t pos, uint32_t count, uint32_t aux, size_t bytes,
    int ascii)
{
	size_t hints = ((size_t)log->next + count + 15) / 16, n = hints - log->hint_n;
	uint32_t *h = log->hint + log->hint_n;

	if (!goes_on)
		log->runs[log->n++] = (struct tg_oprun){
		    log->next, pos, aux, (uint32_t)log->text_len, (uint8_t)kind, (uint8_t)ascii, log->flow};
	/* Mostly there are at most so many; those too many are written again. */
	h[0] = h[1] = h[2] = h[3] = (uint32_t)log->n - 1;
	for (size_t i = HINTS; i < n; i++)
		h[i] = h[0];
	log->hint_n = hints;
	log->text_len += bytes;
	log->next += count;
}

static void
append(struct tg_oplog *log, int kind, uint32_t pos, uint32_t count, uint32_t aux)
{
	int goes_on = continues(log, kind, pos, aux);

	/* One delete at the place of a backspace run's next step, or just before the last delete, goes
	 * backward. */
	if (kind == TG_OP_DELETE && count == 1 && !goes_on && continues(log, TG_OP_DELETE_BACK, pos, aux)) {
		kind = TG_OP_DELETE_BACK;
		goes_on = 1;
	}
	if (goes_on && kind == TG_OP_DELETE_BACK)
		log->runs[log->n - 1].kind = TG_OP_DELETE_BACK;
	put(log, goes_on, kind, pos, count, aux, 0, 1);
}

int
tg_oplog_append(struct tg_oplog *log, int kind, uint32_t pos, uint32_t count, uint32_t aux)
{
	int rc = make_room(log, 1, count, 0);

	if (rc == TG_OK)
		append(log, kind, pos, count, aux);
	return rc;
}

static size_t
scalar_bytes(uint8_t lead)
{
	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t
tg_oplog_bytes(const uint8_t *text, uint32_t n)
{
	size_t at = 0;
	uint64_t w;

	for (; n > sizeof w;
	     at += sizeof w) { /* eight bytes at a time, by counting what begins a character */
		memcpy(&w, text + at, sizeof w);
		w = ~(w >> 7 & ~(w >> 6)) & UINT64_C(0x0101010101010101);
		n -= (uint32_t)(w * UINT64_C(0x0101010101010101) >> 56);
	}
	while (at > 0 && (text[at] & 0xc0) == 0x80) /* one is left, so there is a byte */
		at++;
	while (n-- > 0)
		at += scalar_bytes(text[at]);
	return at;
}

size_t
tg_oplog_ascii(const uint8_t *p, size_t len)
{
	size_t n = 0;
	uint64_t w;

	for (; n + sizeof w <= len; n += sizeof w) {
		memcpy(&w, p + n, sizeof w);
		if (w & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < len && p[n] < 0x80)
		n++;
	return n;
}

/* Log ${count} characters whose ${len} bytes are already where the arena goes on. */
static void
append_characters(struct tg_oplog *log, uint32_t pos, uint32_t count, uint32_t format, size_t len)
{
	while (count > 0) {
		const struct tg_oprun *last = log->n > 0 ? &log->runs[log->n - 1] : NULL;
		uint32_t n = count;
		size_t bytes = len;
		int ascii = len == count;

		if (!ascii) {
			n = n > TG_OPLOG_MIXED_MAX ? TG_OPLOG_MIXED_MAX : n;
			bytes = tg_oplog_bytes(log->text + log->text_len, n);
			ascii = bytes == n;
		}
		put(log,
		    continues(log, TG_OP_CHAR, pos, format) && last->ascii == ascii &&
			(ascii || log->next - last->lv + n <= TG_OPLOG_MIXED_MAX),
		    TG_OP_CHAR, pos, n, format, bytes, ascii);
		pos += n;
		count -= n;
		len -= bytes;
	}
}

int
tg_oplog_append_text(
    struct tg_oplog *log, uint32_t pos, uint32_t count, uint32_t format, const uint8_t *text, size_t len)
{
	int rc = make_room(log, count / TG_OPLOG_MIXED_MAX + 1, count, len);

	if (rc != TG_OK)
		return rc;
	memcpy(log->text + log->text_len, text, len);
	append_characters(log, pos, count, format, len);
	return TG_OK;
}

int
tg_oplog_append_ops(struct tg_oplog *log, const struct tg_op *ops, size_t n, const uint8_t *text, size_t len)
{
	size_t events = 0, runs = n, left = len, ascii, characters = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		events += ops[i].count;
		characters += ops[i].count & -(size_t)(ops[i].kind == TG_OP_CHAR);
	}
	runs += characters == len ? 0 : len / TG_OPLOG_MIXED_MAX;
	if ((rc = make_room(log, runs, events, len)) != TG_OK)
		return rc;
	if (len > 0)
		memcpy(log->text + log->text_len, text, len);
	ascii = characters == len ? len : 0; /* of what is left, so much is known to be */
	for (size_t i = 0; i < n; i++) {
		const struct tg_op *op = &ops[i];
		size_t bytes = op->kind == TG_OP_CHAR ? op->count : 0;

		log->flow = (uint16_t)op->flow;
		if (bytes > ascii) {
			ascii = tg_oplog_ascii(log->text + log->text_len, left);
			if (bytes > ascii)
				bytes = tg_oplog_bytes(log->text + log->text_len, op->count);
		}
		/* Within a bundle no operation continues the one before, else they were one. */
		if (i > 0 && bytes <= ascii) {
			put(log, 0, op->kind, op->pos, op->count, op->format, bytes, 1);
		} else if (op->kind == TG_OP_CHAR) {
			append_characters(log, op->pos, op->count, op->format, bytes);
		} else {
			append(log, op->kind, op->pos, op->count, op->format);
		}
		left -= bytes;
		ascii -= bytes < ascii ? bytes : ascii;
	}
	return TG_OK;
}

const uint8_t *
tg_oplog_text(const struct tg_oplog *log, uint32_t lv, uint32_t *count, size_t *len)
{
	const struct tg_oprun *r = tg_oplog_find(log, lv);
	uint32_t end = tg_oplog_end(log, r);
	const uint8_t *p = log->text + r->text;

	if (*count > end - lv)
		*count = end - lv;
	if (r->ascii) {
		*len = *count;
		return p + (lv - r->lv);
	}
	p += tg_oplog_bytes(p, lv - r->lv);
	*len = tg_oplog_bytes(p, *count);
	return p;
}
