/*
 * Forked logs: one key, several signed histories (protocol.md 5.7).
 *
 * Innocent people have built on each of them, so all are kept: a branch is held as a whole log of its own,
 * with what it has in common with others, because forks are rare and this way nothing below needs to know
 * of them.  The first branch seen is stored under the log's key, others under names of their own; who was
 * first here must not show in the document, or two hosts would show two.
 *
 *	        0 . . . . . 6 7 8       branch 1   agent: K to 5, then A = H(history up to 6)
 *	          stem      |
 *	                    6' 7' 8'    branch 2   agent: K to 5, then A' = H(history up to 6')
 *	                          |
 *	                          8"    branch 3   agent: K to 5, A' to 7', then A" = H(history up to 8")
 *
 * An entry belongs to an agent that is named by the first entry behind the last parting before it.  That
 * depends on which branches there are, so a branch that becomes known while a document is open renames events
 * that were delivered: the host is asked to open the document again (notice 8), and until then all goes on
 * with the branch that was there.  While opening, branches are read first and delivered when all are known.
 *
 * What was signed twice counts only where others built on it: an entry behind the first parting is delivered
 * when an entry of another log names it as a parent, itself or through others.  So a forker cannot go on
 * writing, and all that honest people saw and answered stays.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"

/* ---- who delivers what --------------------------------------------------------------------------------- */

struct tgp_log *
tgp_branch_owner(struct tgp_log *l, uint64_t seq)
{
	while (l->stem != NULL && seq < l->from)
		l = l->stem;
	return l;
}

/* The stretch that entry ${seq} stands in; NULL: it stands before the first parting. */
static const struct tgp_segment *
segment_of(const struct tgp_log *l, uint64_t seq)
{
	size_t i = l->segment_count;

	while (i > 0 && l->segments[i - 1].from > seq)
		i--;
	return i == 0 ? NULL : &l->segments[i - 1];
}

const uint8_t *
tgp_branch_agent(const struct tgp_log *l, uint64_t seq, uint64_t *base)
{
	const struct tgp_segment *s = segment_of(l, seq);

	*base = s != NULL && s->from > 0 ? l->seen[s->from - 1].text_end : 0;
	return s != NULL ? s->agent.b : l->log.key.b;
}

/* The leaf of an entry that is delivered or waits, by the branch that owns it; NULL when it is not held. */
static const struct tg_hash *
leaf_of(const struct tgp_log *l, uint64_t seq)
{
	if (seq < l->delivered)
		return &l->seen[seq].leaf;
	if (seq - l->delivered < l->waiting_count)
		return &l->waiting[l->waiting_at + (seq - l->delivered)].leaf;
	return NULL;
}

static const struct tg_key *
agent_at(const struct tgp_log *l, uint64_t seq)
{
	const struct tgp_segment *s = segment_of(l, seq);

	return s != NULL ? &s->agent : &l->log.key;
}

struct tgp_log *
tgp_entry_find(struct tgp_grid *g, const struct tg_parent *parent)
{
	struct tgp_log *first = tgp_log_find(g, &parent->log), *found = NULL;
	size_t i, end;

	if (first == NULL)
		return NULL;
	for (i = tgp_log_branches(g, first, &end); i < end; i++) {
		struct tgp_log *l = tgp_branch_owner(g->logs[i], parent->seq);
		const struct tg_hash *leaf = g->logs[i]->late ? NULL : leaf_of(l, parent->seq);

		if (leaf == NULL || tg_hash_cmp(leaf, &parent->leaf) != 0 || l == found)
			continue;
		/* A forker can sign one entry in two histories; then all hosts must mean the same one. */
		if (found == NULL || tg_key_cmp(agent_at(l, parent->seq), agent_at(found, parent->seq)) < 0)
			found = l;
	}
	return found;
}

void
tgp_branch_demand(struct tgp_grid *g, struct tgp_log *l, uint64_t seq)
{
	for (;;) {
		if (l->wanted <= seq) {
			l->wanted = seq + 1;
			g->demanded = 1;
		}
		if (l->stem == NULL || l->from == 0)
			return;
		seq = l->from - 1;
		l = l->stem;
	}
}

/* ---- knowing of a fork --------------------------------------------------------------------------------- */

void
tgp_branch_close(struct tgp_grid *g, struct tgp_log *l)
{
	size_t i, end;

	for (i = tgp_log_branches(g, l, &end); i < end; i++)
		g->logs[i]->closed = 1;
	tgp_ask_again(g);
}

void
tgp_branch_doubt(struct tgp_grid *g, struct tgp_log *l)
{
	if (l->doubted || l->closed)
		return;
	l->doubted = 1;
	tgp_ask_again(g);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static int
whole(const struct tgp_log *l)
{
	return l->log.head.length > 0 && l->log.far == NULL;
}

void
tgp_branches_found(struct tgp_grid *g)
{
	for (size_t i = 0, end; i < g->log_count; i = end) {
		size_t whole_ones = 0;

		tgp_log_branches(g, g->logs[i], &end);
		if (end - i == 1)
			continue;
		for (size_t k = i; k < end; k++) {
			g->logs[k]->closed = 1;
			whole_ones += (size_t)whole(g->logs[k]);
		}
		for (size_t k = i; k < end && g->doc != NULL; k++) {
			if (whole(g->logs[k]))
				g->logs[k]->parked = whole_ones > 1;
			else
				g->logs[k]->late =
				    whole_ones > 0 || k > i; /* on its way when we were closed */
		}
	}
}

/* How many entries two parked branches begin with in common. */
static uint64_t
common(const struct tgp_log *a, const struct tgp_log *b)
{
	uint64_t n = a->waiting_count < b->waiting_count ? a->waiting_count : b->waiting_count, i = 0;

	while (i < n && tg_hash_cmp(leaf_of(a, i), leaf_of(b, i)) == 0)
		i++;
	return i;
}

/* Note that another branch parts from ${l} at ${from}. */
static int
add_parting(struct tgp_log *l, uint64_t from)
{
	struct tg_hash *leaves;
	size_t i = 0;

	while (i < l->segment_count && l->segments[i].from < from)
		i++;
	if (i < l->segment_count && l->segments[i].from == from)
		return TG_OK;
	memmove(l->segments + i + 1, l->segments + i, (l->segment_count - i) * sizeof *l->segments);
	l->segments[i].from = from;
	l->segment_count++;
	if ((leaves = tg_malloc((size_t)(from + 1) * sizeof *leaves)) == NULL)
		return TG_ENOMEM;
	for (uint64_t k = 0; k <= from; k++)
		leaves[k] = *leaf_of(l, k);
	tg_branch_agent(leaves, from + 1, &l->segments[i].agent);
	tg_free(leaves);
	return TG_OK;
}

static int
sort_out(struct tgp_log **list, size_t n)
{
	/* Two tabs that share storage may have stored one branch twice. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && !list[i]->twin; k++) {
			if (k == i || list[k]->twin || common(list[i], list[k]) < list[i]->waiting_count)
				continue;
			list[i]->twin = list[i]->late = list[i]->told = 1;
			list[i]->parked = 0;
		}
	for (size_t i = 0; i < n; i++) {
		struct tgp_log *l = list[i];
		int first = 1;

		if (l->twin)
			continue;
		l->parked = 0;
		if ((l->segments = tg_calloc(n, sizeof *l->segments)) == NULL)
			return TG_ENOMEM;
		for (size_t k = 0; k < n; k++) {
			uint64_t at;

			if (k == i || list[k]->twin)
				continue;
			at = common(l, list[k]);
			if (add_parting(l, at) != TG_OK)
				return TG_ENOMEM;
			if (k < i && (first || at > l->from)) {
				first = 0;
				l->stem = list[k];
				l->from = at;
			}
		}
		if (l->segment_count > 0)
			l->wanted = l->segments[0].from;
	}
	return TG_OK;
}

int
tgp_branches_sort_out(struct tgp_grid *g)
{
	for (size_t i = 0, end; i < g->log_count; i = end) {
		struct tgp_log *list[TG_BRANCHES_MAX + 1];
		size_t n = 0;

		tgp_log_branches(g, g->logs[i], &end);
		for (size_t k = i; k < end && n < TG_BRANCHES_MAX + 1; k++) {
			struct tgp_log *l = g->logs[k];

			if (!l->parked)
				continue;
			if (!l->damaged && l->loaded == l->log.length && l->waiting_count == l->log.length) {
				list[n++] = l;
			} else {
				l->parked = 0;
				l->late = 1; /* it is fetched again */
			}
		}
		if (n > 0 && sort_out(list, n) != TG_OK)
			return TG_ENOMEM;
	}
	/* Whoever waited for a parked branch did not say yet what it wants of it. */
	for (size_t i = 0; i < g->log_count; i++)
		if (g->logs[i]->blocked != NULL && g->logs[i]->blocked->closed)
			g->logs[i]->blocked = NULL;
	return TG_OK;
}

/* ---- looking into what others say ---------------------------------------------------------------------- */

static struct tgp_inquiry *
inquiry_of(struct tgp_grid *g, const struct tg_key *key)
{
	struct tgp_log *l = tgp_log_find(g, key);

	return l != NULL ? l->inquiry : NULL;
}

struct tgp_target *
tgp_target_find(struct tgp_grid *g, const struct tg_key *key, uint64_t length, const struct tg_hash *root)
{
	struct tgp_inquiry *q = inquiry_of(g, key);

	for (size_t i = 0; q != NULL && i < q->target_count; i++)
		if (q->targets[i].length == length && tg_hash_cmp(&q->targets[i].root, root) == 0)
			return &q->targets[i];
	return NULL;
}

static void
target_drop(struct tgp_inquiry *q, size_t i)
{
	tg_mem_remove(q->targets, &q->target_count, i, sizeof *q->targets);
}

int
tgp_target_add(struct tgp_grid *g, const struct tg_key *key, uint64_t length, const struct tg_hash *root,
    const struct tg_key *session)
{
	struct tgp_session *s = tgp_session_find(g, session);
	struct tgp_log *l = tgp_log_find(g, key);
	struct tgp_target *t;
	struct tgp_inquiry *q;
	uint64_t from;
	size_t i, end;

	if (s == NULL || l == NULL || length == 0)
		return TG_OK;
	from = length - 1;
	for (i = tgp_log_branches(g, l, &end); i < end; i++) {
		const struct tgp_log *b = g->logs[i];

		if (b->log.head.length == length && tg_hash_cmp(&b->log.head.root, root) == 0)
			return TG_OK;
		if (!b->twin && b->log.length < from)
			from = b->log.length;
	}
	if ((q = l->inquiry) == NULL && (q = l->inquiry = tg_calloc(1, sizeof *q)) == NULL)
		return TG_ENOMEM;
	for (i = 0; i < TGP_KNOWN_MAX; i++)
		if (tg_hash_cmp(&q->known[i], root) == 0)
			return TG_OK;
	if ((t = tgp_target_find(g, key, length, root)) != NULL) {
		if (tgp_session_find(g, &t->session) == NULL)
			t->session = s->key;
		return TG_OK;
	}
	/* Anybody can say anything: so much at a time, and so much of one session that cannot show it. */
	if (q->target_count == TGP_TARGETS_MAX || s->lies >= TGP_LIES_MAX)
		return TG_OK;
	s->lies++;
	t = &q->targets[q->target_count++];
	memset(t, 0, sizeof *t);
	t->length = length;
	t->root = *root;
	t->from = from;
	t->session = s->key;
	return TG_OK;
}

void
tgp_target_settle(struct tgp_grid *g, const struct tg_key *key, struct tgp_target *t, int known)
{
	struct tgp_inquiry *q = inquiry_of(g, key);
	struct tgp_session *s = tgp_session_find(g, &t->session);

	if (s != NULL && s->lies > 0)
		s->lies--;
	if (known) {
		q->known[q->known_next] = t->root;
		q->known_next = (q->known_next + 1) % TGP_KNOWN_MAX;
	}
	target_drop(q, (size_t)(t - q->targets));
}

struct tgp_target *
tgp_target_next(struct tgp_grid *g, struct tgp_log *l, const struct tg_key *session)
{
	struct tgp_inquiry *q = l->inquiry;

	for (size_t i = 0; q != NULL && i < q->target_count;) {
		struct tgp_target *t = &q->targets[i];

		if (tgp_session_find(g, &t->session) == NULL || t->turns >= TGP_TURNS_MAX) {
			target_drop(q, i);
			continue;
		}
		if (session == NULL || tg_key_cmp(&t->session, session) == 0)
			return t;
		i++;
	}
	return NULL;
}

void
tgp_targets_unanswered(struct tgp_grid *g, const struct tg_key *session)
{
	for (size_t i = 0; i < g->log_count; i++) {
		struct tgp_inquiry *q = g->logs[i]->inquiry;

		for (size_t k = 0; q != NULL && k < q->target_count;) {
			if (q->targets[k].asked && tg_key_cmp(&q->targets[k].session, session) == 0)
				target_drop(q, k);
			else
				k++;
		}
	}
}

void
tgp_targets_again(struct tgp_grid *g)
{
	for (size_t i = 0; i < g->log_count; i++)
		for (size_t k = 0; g->logs[i]->inquiry != NULL && k < g->logs[i]->inquiry->target_count; k++)
			g->logs[i]->inquiry->targets[k].asked = 0;
}
