/*
 * After a restored backup: entries that were written but never released are signed anew in a new log, so that
 * the old one stays a prefix of what others know and nobody sees a fork.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "log/state.h"

struct moved {
	struct tg_buf plain;  /* bodies and texts as they were, back to back */
	struct tg_buf bodies; /* bodies as they will be */
	struct tg_draft *drafts;
	size_t *body_at; /* of draft i in bodies */
	size_t *text_at; /* of draft i in plain */
};

/* The parents of the new body, ascending: the old ones, less the new log, and the extra one in its place. */
static int
new_parents(const struct tg_body *body, const struct tg_key *to, const struct tg_parent *extra,
    struct tg_parent parents[TG_PARENTS_MAX], uint32_t *count)
{
	struct tg_body_walk at = {0};
	struct tg_parent p;
	uint32_t n = 0;

	while (tg_body_next_parent(body, &at, &p)) {
		if (tg_key_cmp(&p.log, to) == 0)
			continue;
		if (extra != NULL && tg_key_cmp(&extra->log, &p.log) < 0) {
			if (n == TG_PARENTS_MAX)
				return TG_ELIMIT;
			parents[n++] = *extra;
			extra = NULL;
		}
		if (n == TG_PARENTS_MAX)
			return TG_ELIMIT;
		parents[n++] = p;
	}
	if (extra != NULL) {
		if (n == TG_PARENTS_MAX)
			return TG_ELIMIT;
		parents[n++] = *extra;
	}
	*count = n;
	return TG_OK;
}

static int
rewrite_body(const struct tg_body *body, const struct tg_key *to, const struct tg_parent *extra,
    uint64_t text_seq_base, struct tg_buf *out)
{
	struct tg_parent parents[TG_PARENTS_MAX];
	struct tg_body_walk at = {0};
	struct tg_transition t;
	uint32_t count;
	int rc;

	if ((rc = new_parents(body, to, extra, parents, &count)) != TG_OK)
		return rc;
	tg_body_begin(out, body->time_ms, parents, count, body->transitions);
	while (tg_body_next_transition(body, &at, &t)) {
		if (t.kind != TG_T_TEXT) {
			tg_buf_put(out, t.raw.data, t.raw.len);
			continue;
		}
		if (t.u.text.first_seq < text_seq_base)
			return TG_ERANGE;
		tg_body_text(out, t.u.text.first_seq - text_seq_base, t.u.text.operations.data,
		    t.u.text.operations.len, t.u.text.text_len);
	}
	return tg_buf_status(out);
}

static int
move_one(struct moved *m, size_t i, const struct tg_access *access, const struct tg_key *from, uint64_t seq,
    struct tg_bytes value, const struct tg_key *to, const struct tg_parent *extra, uint64_t text_seq_base)
{
	size_t at = m->plain.len, body_len;
	struct tg_entry_header header;
	struct tg_entry entry;
	struct tg_bytes raw;
	struct tg_body body;
	int rc;

	if ((rc = tg_record_entry(value, &raw, &entry)) != TG_OK)
		return rc;
	if ((rc = tg_entry_open(access, from, seq, &entry, &m->plain, &body_len)) != TG_OK)
		return rc;
	if ((rc = tg_entry_header_decode(entry.header.data, entry.header.len, &header)) != TG_OK)
		return rc;
	if ((rc = tg_body_decode(from, m->plain.data + at, body_len, &body)) != TG_OK)
		return rc;
	m->body_at[i] = m->bodies.len;
	m->text_at[i] = at + body_len;
	m->drafts[i].class = header.class;
	m->drafts[i].text.len = m->plain.len - at - body_len;
	if ((rc = rewrite_body(&body, to, extra, text_seq_base, &m->bodies)) != TG_OK)
		return rc;
	m->drafts[i].body.len = m->bodies.len - m->body_at[i];
	return TG_OK;
}

static void
free_moved(struct moved *m)
{
	if (m->plain.data != NULL)
		tg_wipe(m->plain.data, m->plain.len);
	if (m->bodies.data != NULL)
		tg_wipe(m->bodies.data, m->bodies.len);
	tg_buf_free(&m->plain);
	tg_buf_free(&m->bodies);
	tg_free(m->drafts);
	tg_free(m->body_at);
	tg_free(m->text_at);
}

int
tg_log_resign(struct tg_log *to, const struct tg_access *access, const struct tg_key *from,
    uint64_t first_seq, const struct tg_bytes *values, size_t count, const struct tg_parent *parent,
    uint64_t text_seq_base, struct tg_rng *rng, const struct tg_fetch *fetch, struct tg_ops *ops)
{
	struct moved m = {0};
	int rc = TG_ENOMEM;

	if (count == 0)
		return TG_EINVAL;
	m.drafts = tg_calloc(count, sizeof *m.drafts);
	m.body_at = tg_calloc(count, sizeof *m.body_at);
	m.text_at = tg_calloc(count, sizeof *m.text_at);
	if (m.drafts == NULL || m.body_at == NULL || m.text_at == NULL)
		goto free_all;
	for (size_t i = 0; i < count; i++) {
		rc = move_one(&m, i, access, from, first_seq + i, values[i], &to->key, i == 0 ? parent : NULL,
		    text_seq_base);
		if (rc != TG_OK)
			goto free_all;
	}
	/* Only now do the buffers stand still. */
	for (size_t i = 0; i < count; i++) {
		m.drafts[i].body.data = m.bodies.data + m.body_at[i];
		m.drafts[i].text.data = m.plain.data + m.text_at[i];
	}
	rc = tg_log_append(to, access, m.drafts, count, rng, fetch, ops);
free_all:
	free_moved(&m);
	return rc;
}
