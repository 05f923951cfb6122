/*
 * Entries in causal order.
 *
 * An entry is opened when it arrives and waits in its log until every parent is delivered (protocol.md 5.4);
 * then its transitions take effect, once, and it joins the frontier.  Nothing is delivered before genesis is
 * known, because the roles that a member record must prove are named there; genesis itself has no parents.
 *
 * The document speaks of text events, entries of entries.  The text version of an entry is its log's last
 * text event if the entry has text, else what its parents' versions come to; it is kept with the entry
 * (struct tgp_seen), so a bundle's parents are translated without a walk.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"

/* ---- text versions ------------------------------------------------------------------------------------- */

/* A set of events, one an agent at most; in the grid's scratch, so one at a time. */
struct version {
	struct tg_event_id *ids;
	size_t count;
	int overflow; /* more concurrent authors than TG_TEXT_PARENTS_MAX: such text counts nowhere */
};

static int
version_begin(struct tgp_grid *g, struct version *v)
{
	memset(v, 0, sizeof *v);
	if (g->version == NULL && (g->version = tg_malloc(TG_TEXT_PARENTS_MAX * sizeof *g->version)) == NULL)
		return TG_ENOMEM;
	v->ids = g->version;
	return TG_OK;
}

static void
version_add(struct version *v, const struct tg_event_id *id)
{
	for (size_t i = 0; i < v->count; i++)
		if (memcmp(v->ids[i].agent, id->agent, sizeof id->agent) == 0) {
			if (id->seq > v->ids[i].seq)
				v->ids[i].seq = id->seq;
			return;
		}
	if (v->count == TG_TEXT_PARENTS_MAX) {
		v->overflow = 1;
		return;
	}
	v->ids[v->count++] = *id;
}

static void
version_add_entry(const struct tgp_grid *g, struct version *v, const struct tgp_log *l, uint64_t seq)
{
	const struct tgp_seen *s = &l->seen[seq];

	if (s->has_text) {
		struct tg_event_id id;
		uint64_t base;

		memcpy(id.agent, tgp_branch_agent(l, seq, &base), sizeof id.agent);
		id.seq = s->text_end - 1 - base;
		version_add(v, &id);
		return;
	}
	for (uint16_t i = 0; i < s->tv_count; i++)
		version_add(v, &g->tv[s->tv_at + i]);
}

/* ---- the frontier -------------------------------------------------------------------------------------- */

/* Ascending by log key; the branches of one log beside each other. */
static int
frontier_order(const struct tgp_log *a, const struct tgp_log *b)
{
	int order = tg_key_cmp(&a->log.key, &b->log.key);

	return order != 0 ? order : tg_key_cmp(&a->log.name, &b->log.name);
}

static size_t
frontier_place(const struct tgp_grid *g, const struct tgp_log *log)
{
	size_t i = 0;

	while (i < g->frontier_count && frontier_order(g->frontier[i].log, log) < 0)
		i++;
	return i;
}

static int
frontier_set(struct tgp_grid *g, struct tgp_log *log, uint64_t seq)
{
	size_t i = frontier_place(g, log);
	struct tgp_frontier *f;

	if (i < g->frontier_count && g->frontier[i].log == log)
		f = &g->frontier[i];
	else if ((f = tg_mem_insert(
		      (void **)&g->frontier, &g->frontier_count, &g->frontier_cap, i, sizeof *f)) == NULL)
		return TG_ENOMEM;
	*f = (struct tgp_frontier){log, seq};
	return TG_OK;
}

static void
frontier_drop(struct tgp_grid *g, const struct tgp_log *log, uint64_t seq)
{
	size_t i = frontier_place(g, log);

	if (i < g->frontier_count && g->frontier[i].log == log && g->frontier[i].seq == seq)
		tg_mem_remove(g->frontier, &g->frontier_count, i, sizeof *g->frontier);
}

int
tgp_view_advanced(struct tgp_grid *g)
{
	if (tg_mem_grow((void **)&g->view, &g->view_cap, g->frontier_count + 1, sizeof *g->view) != TG_OK)
		return TG_ENOMEM;
	if (g->frontier_count > 0)
		memcpy(g->view, g->frontier, g->frontier_count * sizeof *g->view);
	g->view_count = g->frontier_count;
	return TG_OK;
}

/* ---- recording a delivered entry ----------------------------------------------------------------------- */

static int
seen_push(struct tgp_log *l, const struct tgp_seen *s)
{
	if (tg_mem_grow((void **)&l->seen, &l->seen_cap, l->delivered + 1, sizeof *l->seen) != TG_OK)
		return TG_ENOMEM;
	l->seen[l->delivered++] = *s;
	return TG_OK;
}

/* Entry l->delivered took effect: remember it and move the frontier. */
static int
record(struct tgp_grid *g, struct tgp_log *l, const struct tg_hash *leaf, const struct tgp_frontier *parents,
    size_t parent_count, uint64_t text_end, struct version *v)
{
	uint64_t seq = l->delivered, before = seq > 0 ? l->seen[seq - 1].text_end : 0;
	struct tgp_seen s = {
	    .leaf = *leaf, .text_end = text_end, .has_text = text_end > before, .editor = l->editor != 0};

	if (!s.has_text) {
		if (seq > 0)
			version_add_entry(g, v, l, seq - 1);
		if (tg_mem_grow((void **)&g->tv, &g->tv_cap, g->tv_count + v->count, sizeof *g->tv) != TG_OK)
			return TG_ENOMEM;
		s.tv_at = (uint32_t)g->tv_count;
		s.tv_count = (uint16_t)v->count;
		if (v->count > 0)
			memcpy(g->tv + g->tv_count, v->ids, v->count * sizeof *g->tv);
		g->tv_count += v->count;
	}
	if (seen_push(l, &s) != TG_OK)
		return TG_ENOMEM;
	if (seq == 0)
		return TG_OK; /* a certificate says nothing about the document */
	for (size_t i = 0; i < parent_count; i++)
		frontier_drop(g, parents[i].log, parents[i].seq);
	if (l->stem != NULL && seq == l->from) /* its predecessor stands there as another branch's */
		frontier_drop(g, tgp_branch_owner(l->stem, seq - 1), seq - 1);
	return frontier_set(g, l, seq);
}

int
tgp_deliver_own(struct tgp_grid *g, struct tgp_log *l, const struct tg_hash *leaf,
    const struct tg_parent *parents, size_t parent_count, uint64_t text_end)
{
	struct tgp_frontier found[TG_PARENTS_MAX];
	struct version v;
	size_t n = 0;

	if (version_begin(g, &v) != TG_OK)
		return TG_ENOMEM;
	for (size_t i = 0; i < parent_count; i++) {
		struct tgp_log *pl = tgp_entry_find(g, &parents[i]);

		if (pl == NULL || parents[i].seq >= pl->delivered)
			continue;
		version_add_entry(g, &v, pl, parents[i].seq);
		found[n++] = (struct tgp_frontier){pl, parents[i].seq};
	}
	return record(g, l, leaf, found, n, text_end, &v);
}

/* ---- transitions --------------------------------------------------------------------------------------- */

static int
take_genesis(struct tgp_grid *g, struct tg_bytes raw)
{
	struct tg_genesis genesis;
	int rc;

	if (g->has_genesis || tg_genesis_decode(raw.data, raw.len, &g->id, &genesis) != TG_OK)
		return TG_OK;
	if ((rc = tg_genesis_check(&genesis, &g->access)) != TG_OK) {
		tgp_fx_notice(g->peer, g, 6, "this link's keys are not those of its document");
		return TG_OK;
	}
	g->has_genesis = 1;
	g->owner = genesis.creator;
	return TG_OK;
}

static int
take_member(struct tgp_grid *g, struct tgp_log *l, struct tg_bytes raw)
{
	struct tg_member m;
	struct tgp_member *known;

	if (tg_member_decode(&g->access, raw.data, raw.len, &m) != TG_OK ||
	    tg_key_cmp(&m.device, &l->device) != 0)
		return TG_OK;
	if (m.role == TG_MEMBER_EDITOR)
		l->editor = 1;
	if ((known = tgp_member_find(g, &m.device)) == NULL) {
		known = tg_mem_add((void **)&g->members, &g->member_count, &g->member_cap, sizeof *known);
		if (known == NULL)
			return TG_ENOMEM;
		known->device = m.device;
	}
	if (m.name.len > 0)
		memcpy(known->name, m.name.data, m.name.len);
	known->name_len = m.name.len;
	known->colour = m.colour;
	g->durability_dirty = 1;
	return TG_OK;
}

static int
take_invite(struct tgp_grid *g, const struct tgp_log *l, const struct tg_transition *t)
{
	struct tgp_node *n;

	if (!l->editor || tgp_node_find(g, &t->u.invite.node) != NULL)
		return TG_OK;
	if ((n = tg_mem_add((void **)&g->nodes, &g->node_count, &g->node_cap, sizeof *n)) == NULL)
		return TG_ENOMEM;
	n->node = t->u.invite.node;
	n->name_len = t->u.invite.name.len < sizeof n->name ? t->u.invite.name.len : sizeof n->name;
	if (n->name_len > 0)
		memcpy(n->name, t->u.invite.name.data, n->name_len);
	g->durability_dirty = 1;
	return TG_OK;
}

static void
take_fork(struct tgp_grid *g, const struct tg_transition *t)
{
	struct tg_key key;
	struct tgp_log *l;

	if (tg_fork_check(&g->id, t->u.fork.head_a, t->u.fork.head_b, t->u.fork.proof, &key) != TG_OK)
		return;
	if ((l = tgp_log_find(g, &key)) != NULL && !l->closed) {
		tgp_branch_close(g, l);
		tgp_fx_notice(g->peer, g, 3, "a log was signed with two histories; it is closed");
	}
}

/* Text that counts only from editors, and is refused whole by tg_doc_add in the same way on every host. */
static int
take_text(struct tgp_grid *g, const struct tgp_log *l, const struct tg_transition *t, struct tg_bytes text,
    int expunged, const struct version *v)
{
	const uint8_t *data = text.data ? text.data + t->u.text.text_at : NULL;
	uint64_t base;
	const uint8_t *agent = tgp_branch_agent(l, l->delivered, &base);
	int rc;

	if (!l->editor || v->overflow || t->u.text.first_seq < base)
		return TG_OK;
	if (expunged)
		data = NULL;
	rc = tg_doc_add(g->doc, agent, t->u.text.first_seq - base, v->ids, v->count,
	    t->u.text.operations.data, t->u.text.operations.len,
	    data ? data : (const uint8_t *)(expunged ? NULL : ""), expunged ? 0 : t->u.text.text_len);
	return rc == TG_ENOMEM ? rc : TG_OK;
}

/* ---- delivering ---------------------------------------------------------------------------------------- */

enum outcome {
	DELIVERED,
	BLOCKED,
	FAILED
};

static int
has_genesis_in(const struct tg_body *body)
{
	struct tg_body_walk walk = {0, 0};
	struct tg_transition t;

	while (tg_body_next_transition(body, &walk, &t))
		if (t.kind == TG_T_GENESIS)
			return 1;
	return 0;
}

static enum outcome
apply_transitions(struct tgp_grid *g, struct tgp_log *l, const struct tgp_waiting *w,
    const struct tg_body *body, const struct version *v)
{
	struct tg_body_walk walk = {0, 0};
	struct tg_transition t;
	struct tg_bytes text = {w->plain.data + w->body_len, w->plain.len - w->body_len};
	int rc = TG_OK;

	/* An entry whose text is not as long as its operations say is no text of anybody. */
	int fits = w->expunged || text.len == body->text_len;

	while (rc == TG_OK && tg_body_next_transition(body, &walk, &t)) {
		switch (t.kind) {
		case TG_T_GENESIS:
			rc = take_genesis(g, t.u.record);
			break;
		case TG_T_MEMBER:
			rc = take_member(g, l, t.u.record);
			break;
		case TG_T_TEXT:
			if (fits)
				rc = take_text(g, l, &t, text, w->expunged, v);
			break;
		case TG_T_INVITE:
			rc = take_invite(g, l, &t);
			break;
		case TG_T_FORK:
			take_fork(g, &t);
			break;
		default:
			break; /* kept, not understood */
		}
	}
	return rc == TG_OK ? DELIVERED : FAILED;
}

/* A parent that is not held: what would be worth another try? */
static void
wait_for(struct tgp_grid *g, struct tgp_log *l, const struct tg_parent *parent)
{
	struct tgp_log *pl = tgp_log_find(g, &parent->log);

	l->blocked = NULL;
	if (pl == NULL)
		return;
	if (parent->seq < pl->delivered + pl->waiting_count) {
		tgp_branch_doubt(g, pl); /* it was built on another history of that log */
	} else if (!pl->closed) {
		l->blocked = pl;
		l->blocked_seq = parent->seq;
	}
}

static enum outcome
parents_delivered(struct tgp_grid *g, struct tgp_log *l, const struct tg_body *body,
    struct tgp_frontier *parents, size_t *count, struct version *v)
{
	struct tg_body_walk walk = {0, 0};
	struct tg_parent parent;

	while (*count < TG_PARENTS_MAX && tg_body_next_parent(body, &walk, &parent)) {
		struct tgp_log *pl = tgp_entry_find(g, &parent);

		if (pl == NULL) {
			wait_for(g, l, &parent);
			return BLOCKED;
		}
		if (parent.seq >= pl->delivered) {
			tgp_branch_demand(g, pl, parent.seq);
			l->blocked = pl;
			l->blocked_seq = parent.seq;
			return BLOCKED;
		}
		version_add_entry(g, v, pl, parent.seq);
		parents[(*count)++] = (struct tgp_frontier){pl, parent.seq};
	}
	return DELIVERED;
}

static enum outcome
try_deliver(struct tgp_grid *g, struct tgp_log *l)
{
	struct tgp_waiting *w = &l->waiting[l->waiting_at];
	struct tgp_frontier parents[TG_PARENTS_MAX];
	struct version v;
	struct tg_body body;
	size_t n = 0;
	uint64_t text_end, base, before, seq = l->delivered;
	const uint8_t *agent, *agent_before;

	if (version_begin(g, &v) != TG_OK)
		return FAILED;
	if (seq == 0) {
		/* The certificate of a branch that was parked. */
		if (record(g, l, &w->leaf, NULL, 0, 0, &v) != TG_OK)
			return FAILED;
		goto delivered;
	}
	agent = tgp_branch_agent(l, seq, &base);
	agent_before = tgp_branch_agent(l, seq - 1, &before);
	if (tg_body_decode(&l->log.key, w->plain.data, w->body_len, &body) != TG_OK)
		memset(&body, 0,
		    sizeof body); /* a body that no writer writes has no effect, on every host alike */
	else if (!g->has_genesis && !has_genesis_in(&body))
		return BLOCKED;
	if (parents_delivered(g, l, &body, parents, &n, &v) == BLOCKED)
		return BLOCKED;
	/* The document implies an agent's own previous event, and no other. */
	if (!l->seen[seq - 1].has_text || memcmp(agent, agent_before, TG_KEY_BYTES) != 0)
		version_add_entry(g, &v, l, seq - 1);
	if (apply_transitions(g, l, w, &body, &v) == FAILED)
		return FAILED;
	text_end = base + tg_doc_next_seq(g->doc, agent);
	if (record(g, l, &w->leaf, parents, n, text_end, &v) != TG_OK)
		return FAILED;
delivered:
	tg_buf_free(&w->plain);
	l->waiting_at++;
	if (--l->waiting_count == 0)
		l->waiting_at = 0;
	l->blocked = NULL;
	g->delivered_any = 1;
	return DELIVERED;
}

/* Is it worth trying?  Not while the parent it waited for has not moved. */
static int
may_try(const struct tgp_log *l)
{
	if (l->parked || l->delivered >= l->wanted || (l->stem != NULL && l->delivered < l->from))
		return 0;
	return l->waiting_count > 0 && (l->blocked == NULL || l->blocked->delivered > l->blocked_seq);
}

/* A branch goes on where it parts from its stem, once somebody asks for that: what lies before is the stem's.
 */
static int
leave_stem(struct tgp_log *l)
{
	const struct tgp_log *stem = l->stem;

	if (stem == NULL || l->delivered >= l->from || l->wanted <= l->from || stem->delivered < l->from)
		return TG_OK;
	if (tg_mem_grow((void **)&l->seen, &l->seen_cap, (size_t)l->from, sizeof *l->seen) != TG_OK)
		return TG_ENOMEM;
	memcpy(l->seen, stem->seen, (size_t)l->from * sizeof *l->seen);
	l->delivered = l->from;
	l->editor = l->seen[l->from - 1].editor;
	for (size_t i = 0; i < l->from; i++)
		tg_buf_free(&l->waiting[l->waiting_at + i].plain);
	l->waiting_at += (size_t)l->from;
	l->waiting_count -= (size_t)l->from;
	return TG_OK;
}

int
tgp_deliver_all(struct tgp_grid *g)
{
	int progress = 1;

	if (g->doc == NULL)
		return TG_OK;
	while (progress) {
		progress = g->demanded = 0;
		for (size_t i = 0; i < g->log_count; i++) {
			struct tgp_log *l = g->logs[i];

			if (leave_stem(l) != TG_OK)
				return TG_ENOMEM;
			while (may_try(l)) {
				enum outcome o = try_deliver(g, l);

				if (o == FAILED)
					return TG_ENOMEM;
				if (o == BLOCKED)
					break;
				progress = 1;
			}
		}
		progress |= g->demanded;
	}
	if (g->author.log != NULL && g->author.log->closed && tgp_author_leave(g) != TG_OK)
		return TG_ENOMEM;
	if (!g->delivered_any || !g->loaded)
		return TG_OK;
	g->delivered_any = 0;
	if (g->has_genesis && g->state == TGP_GRID_LOADING && tgp_grid_ready(g) != TG_OK)
		return TG_ENOMEM;
	tgp_fx_changed(g);
	if (tgp_grid_title(g) != TG_OK)
		return TG_ENOMEM;
	return tgp_presence_remap(g);
}

static int
waiting_push(struct tgp_log *l, struct tgp_waiting **w)
{
	/* Move the queue to the front before growing, so that a long-lived log does not creep. */
	if (l->waiting_at > 0 && l->waiting_at + l->waiting_count == l->waiting_cap) {
		memmove(l->waiting, l->waiting + l->waiting_at, l->waiting_count * sizeof *l->waiting);
		l->waiting_at = 0;
	}
	if (tg_mem_grow((void **)&l->waiting, &l->waiting_cap, l->waiting_at + l->waiting_count + 1,
		sizeof *l->waiting) != TG_OK)
		return TG_ENOMEM;
	*w = &l->waiting[l->waiting_at + l->waiting_count];
	memset(*w, 0, sizeof **w);
	return TG_OK;
}

int
tgp_deliver_entry(struct tgp_grid *g, struct tgp_log *l, uint64_t seq, struct tg_bytes data)
{
	struct tg_entry entry;
	struct tgp_waiting *w;
	struct tg_hash leaf;
	int rc;

	if ((rc = tg_entry_decode(data.data, data.len, &entry)) != TG_OK)
		return rc;
	tg_entry_leaf(&entry, &leaf);
	if (seq == 0) {
		struct tg_cert cert;
		struct version none = {NULL, 0, 0};

		if ((rc = tg_cert_decode(
			 &g->access, &l->log.key, entry.header.data, entry.header.len, &cert)) != TG_OK)
			return rc;
		l->device = cert.device;
		l->has_cert = 1;
		if (g->doc == NULL || l->delivered > 0 || l->late)
			return TG_OK;
		if (l->parked) {
			if (waiting_push(l, &w) != TG_OK)
				return TG_ENOMEM;
			w->leaf = leaf;
			l->waiting_count++;
			return TG_OK;
		}
		return record(g, l, &leaf, NULL, 0, 0, &none);
	}
	if (g->doc == NULL)
		return tgp_chunks_announced(g, l, seq, &entry); /* a replica keeps the rest unread */
	if (l->late || seq < l->delivered + l->waiting_count)
		return TG_OK; /* a log that was damaged in storage comes again */
	if (waiting_push(l, &w) != TG_OK)
		return TG_ENOMEM;
	w->seq = seq;
	w->leaf = leaf;
	w->expunged = entry.expunged;
	rc = tg_entry_open(&g->access, &l->log.key, seq, &entry, &w->plain, &w->body_len);
	if (rc == TG_ENOMEM) {
		tg_buf_free(&w->plain);
		return rc;
	}
	if (rc != TG_OK)
		w->body_len = 0; /* signed, but no reader can open it: no effect, on every host alike */
	l->waiting_count++;
	while (may_try(l)) {
		enum outcome o = try_deliver(g, l);

		if (o == FAILED)
			return TG_ENOMEM;
		if (o == BLOCKED)
			break;
	}
	return TG_OK;
}
