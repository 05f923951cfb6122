#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/oplog.h"

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
static int
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

static int
add_run(struct tg_oplog *log, int kind, uint32_t pos, uint32_t aux)
{
	struct tg_oprun *r;
	int rc = tg_array_need((void **)&log->runs, &log->cap, log->n + 1, sizeof *log->runs);

	if (rc != TG_OK)
		return rc;
	r = &log->runs[log->n++];
	r->lv = log->next;
	r->pos = pos;
	r->aux = aux;
	r->text = (uint32_t)log->text_len;
	r->kind = (uint8_t)kind;
	r->ascii = 1;
	r->flow = log->flow;
	return TG_OK;
}

static int
extend(struct tg_oplog *log, uint32_t count)
{
	size_t hints = ((size_t)log->next + count + 15) / 16;
	int rc;

	if (hints > log->hint_n) {
		if ((rc = tg_array_need((void **)&log->hint, &log->hint_cap, hints, sizeof *log->hint)) !=
		    TG_OK)
			return rc;
		while (log->hint_n < hints)
			log->hint[log->hint_n++] = (uint32_t)log->n - 1;
	}
	log->next += count;
	return TG_OK;
}

int
tg_oplog_append(struct tg_oplog *log, int kind, uint32_t pos, uint32_t count, uint32_t aux)
{
	int rc;

	/* One delete at the place of a backspace run's next step, or just before the last delete, goes
	 * backward. */
	if (kind == TG_OP_DELETE && count == 1 && !continues(log, kind, pos, aux) &&
	    continues(log, TG_OP_DELETE_BACK, pos, aux))
		kind = TG_OP_DELETE_BACK;
	if (!continues(log, kind, pos, aux)) {
		if ((rc = add_run(log, kind, pos, aux)) != TG_OK)
			return rc;
	} else if (kind == TG_OP_DELETE_BACK) {
		log->runs[log->n - 1].kind = TG_OP_DELETE_BACK;
	}
	return extend(log, count);
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

	while (n-- > 0)
		at += scalar_bytes(text[at]);
	return at;
}

int
tg_oplog_append_text(
    struct tg_oplog *log, uint32_t pos, uint32_t count, uint32_t format, const uint8_t *text, size_t len)
{
	int rc;

	if (log->text_len + len > UINT32_MAX)
		return TG_ELIMIT;
	if ((rc = tg_array_need((void **)&log->text, &log->text_cap, log->text_len + len, 1)) != TG_OK)
		return rc;
	while (count > 0) {
		uint32_t n = count;
		size_t bytes = len;
		int ascii = len == count;

		if (!ascii) {
			n = n > TG_OPLOG_MIXED_MAX ? TG_OPLOG_MIXED_MAX : n;
			bytes = tg_oplog_bytes(text, n);
			ascii = bytes == n;
		}
		if (!continues(log, TG_OP_CHAR, pos, format) || log->runs[log->n - 1].ascii != ascii ||
		    (!ascii && log->next - log->runs[log->n - 1].lv + n > TG_OPLOG_MIXED_MAX)) {
			if ((rc = add_run(log, TG_OP_CHAR, pos, format)) != TG_OK)
				return rc;
			log->runs[log->n - 1].ascii = (uint8_t)ascii;
		}
		memcpy(log->text + log->text_len, text, bytes);
		log->text_len += bytes;
		if ((rc = extend(log, n)) != TG_OK)
			return rc;
		pos += n;
		count -= n;
		text += bytes;
		len -= bytes;
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
