/*
 * Who has what, and getting it.
 *
 * Joining, a peer says a digest of all it holds.  Who holds the same answers with the same digest; who does
 * not answers with its list, and both then want what they lack, from one peer at a time and by that peer's
 * inbox, so that nobody else's link carries a byte of it.  A digest every half minute repairs whatever was
 * lost on the way.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

#define ACK_LIST_LOGS 64   /* an ack of more logs is a digest */
#define LIST_PAUSE_MS 5000 /* an unasked list to one session at most this often */

/* ---- have ---------------------------------------------------------------------------------------------- */

/* All heads held, one after another: ascending by log, the branches of a forked one by root. Zero-initialise.
 */
struct heads {
	size_t next;
	const struct tg_head *group[TG_BRANCHES_MAX + 1];
	size_t at, count;
};

static const struct tg_head *
next_head(const struct tgp_grid *g, struct heads *h)
{
	while (h->at == h->count && h->next < g->log_count) {
		const struct tgp_log *first = g->logs[h->next];

		h->at = h->count = 0;
		for (; h->next < g->log_count && h->count <= TG_BRANCHES_MAX; h->next++) {
			const struct tgp_log *l = g->logs[h->next];
			size_t i = h->count;

			if (l != first && tg_key_cmp(&l->log.key, &first->log.key) != 0)
				break;
			if (l->log.head.length == 0 || l->twin)
				continue;
			for (; i > 0 && tg_hash_cmp(&h->group[i - 1]->root, &l->log.head.root) > 0; i--)
				h->group[i] = h->group[i - 1];
			h->group[i] = &l->log.head;
			h->count++;
		}
	}
	return h->at < h->count ? h->group[h->at++] : NULL;
}

static void
digest_of(const struct tgp_grid *g, struct tg_hash *digest, uint64_t *count)
{
	struct heads heads = {0};
	const struct tg_head *head;
	struct tg_hasher hasher;

	*count = 0;
	tg_hash_init(&hasher, TG_DOMAIN_HAVE);
	while ((head = next_head(g, &heads)) != NULL) {
		uint8_t length[8];

		for (int b = 0; b < 8; b++)
			length[b] = (uint8_t)(head->length >> (56 - 8 * b));
		tg_hash_update(&hasher, head->log.b, sizeof head->log.b);
		tg_hash_update(&hasher, length, sizeof length);
		tg_hash_update(&hasher, head->root.b, sizeof head->root.b);
		(*count)++;
	}
	tg_hash_final(&hasher, digest);
}

static struct tg_bytes
record_of(const struct tgp_grid *g)
{
	return (struct tg_bytes){g->session_record.data, g->session_record.len};
}

static unsigned
with_storage(const struct tgp_grid *g, unsigned flags)
{
	return g->peer->temporary ? flags | TG_HAVE_TEMPORARY : flags;
}

/*
 * A digest acks too, when all that it stands for is durable here: an ack is sent once, and who was not there
 * then, or a peer that was restarted before it could send one, would otherwise leave an author in doubt for
 * ever.
 */
static unsigned
with_ack(const struct tgp_grid *g, unsigned flags)
{
	for (size_t i = 0; i < g->log_count; i++)
		if (g->logs[i]->acked < g->logs[i]->log.head.length)
			return flags;
	return g->access.mode == TG_MODE_VIEW ? flags : flags | TG_HAVE_ACK;
}

int
tgp_have_all(struct tgp_grid *g, unsigned flags)
{
	struct tg_buf body = {0};
	struct tg_hash digest;
	uint64_t count;

	digest_of(g, &digest, &count);
	tg_have_put_digest(&body, record_of(g), with_storage(g, with_ack(g, flags)), &digest, count);
	return tgp_send_grid(g, TG_CLASS_SIDE, 0, TG_MSG_HAVE, &body, NULL);
}

/* Everything held, to one session, in as many messages as it takes. */
int
tgp_have_to(struct tgp_grid *g, const struct tg_key *session, unsigned flags)
{
	struct tg_log_state *states = tg_malloc(TG_HAVE_MAX_LOGS * sizeof *states);
	const struct tg_head *head;
	struct heads heads = {0};
	size_t n = 0, sent = 0;
	int rc = TG_OK;

	if (states == NULL)
		return TG_ENOMEM;
	do {
		head = next_head(g, &heads);
		if (n == TG_HAVE_MAX_LOGS || (head == NULL && (n > 0 || sent == 0))) {
			struct tg_buf body = {0};

			tg_have_put_list(&body, record_of(g), with_storage(g, flags), states, n);
			rc = tgp_send_inbox(g, session, TG_MSG_HAVE, &body);
			sent++;
			n = 0;
			flags &= ~(unsigned)TG_HAVE_ANSWER; /* one answer is enough */
		}
		if (head != NULL)
			states[n++] = (struct tg_log_state){head->log, head->length, head->root};
	} while (head != NULL && rc == TG_OK);
	tg_free(states);
	return rc;
}

/* Session ${s} acked ${length} entries of the newest own log. */
static void
says_to_hold(struct tgp_grid *g, struct tgp_session *s, uint64_t length)
{
	if (length <= s->holds)
		return;
	s->holds = length;
	g->durability_dirty = 1;
}

/* Is somebody who says to hold ${length} entries of the log the one to ask for them? */
static int
is_better_source(struct tgp_grid *g, const struct tgp_log *l, const struct tgp_session *s, uint64_t length)
{
	const struct tgp_session *rival = l->remote_length > 0 ? tgp_session_find(g, &l->remote) : NULL;
	int believed = s->lies < TGP_LIES_MAX;

	/* However much somebody promises: who keeps promises goes first. */
	if (rival != NULL && (rival->lies < TGP_LIES_MAX) != believed)
		return believed;
	return length > l->remote_length;
}

/* What one session says of one log; twice: it says to hold two histories of it. */
static int
take_state(struct tgp_grid *g, struct tgp_session *s, const struct tg_log_state *state, int ack, int twice)
{
	struct tgp_author *a = &g->author;
	struct tgp_log *l = tgp_log_find(g, &state->log);

	if (twice) {
		int rc = l == NULL ? tgp_log_get(g, &state->log, &l) : TG_OK;

		if (rc != TG_OK)
			return rc == TG_ENOMEM ? rc : TG_OK;
		tgp_branch_doubt(g, l);
	}
	if (l != NULL && l == a->log) {
		if (!tgp_author_root(g, state->length, &state->root))
			return l->doubted
				   ? tgp_target_add(g, &state->log, state->length, &state->root, &s->key)
				   : TG_OK; /* not a length of ours that we remember: says nothing */
		if (s->role != TG_SESSION_VIEWER && tgp_author_confirm(g, state->length) != TG_OK)
			return TG_ENOMEM;
		if (ack)
			says_to_hold(g, s, state->length);
		return TG_OK;
	}
	if (ack && l != NULL && l == a->candidate && state->length == l->log.head.length &&
	    tg_hash_cmp(&state->root, &l->log.head.root) == 0)
		says_to_hold(g, s, state->length);
	/* More of the history that is held would still be the usual case: a doubt may be somebody's lie. */
	if (l != NULL && (l->closed || twice || (l->doubted && state->length <= l->log.length)))
		return tgp_target_add(g, &state->log, state->length, &state->root, &s->key);
	if (l != NULL && state->length == l->log.head.length && state->length > 0 &&
	    tg_hash_cmp(&state->root, &l->log.head.root) != 0) {
		/* As long as ours and not ours: one of us lies, or the log was signed twice.  Let it show its
		 * head. */
		l->suspect = 1;
		l->remote = s->key;
		return TG_OK;
	}
	if (state->length <= (l ? l->log.length : 0))
		return TG_OK;
	if (l == NULL) {
		int rc = tgp_log_get(g, &state->log, &l);

		if (rc != TG_OK)
			return rc == TG_ENOMEM ? rc : TG_OK;
	}
	if (is_better_source(g, l, s, state->length)) {
		l->remote_length = state->length;
		l->remote = s->key;
	}
	return TG_OK;
}

/* Tell the host once that nothing is missing of what the others say they hold. */
static void
complete(struct tgp_grid *g)
{
	if (g->want.active || g->complete || g->state != TGP_GRID_READY)
		return;
	g->complete = 1;
	tgp_fx_progress(g, g->bytes, g->bytes);
}

int
tgp_have_received(struct tgp_grid *g, const struct tg_message *m, int on_inbox)
{
	struct tgp_session *s = tgp_session_find(g, &m->session);
	struct tg_log_state state, next;
	struct tg_key before;
	struct tg_bytes list;
	struct tg_have have;
	int same = 0, saw_candidate = 0, named = 0;

	if (s == NULL || tg_have_get(m->body, &have) != TG_OK)
		return TG_OK;
	s->temporary = (have.flags & TG_HAVE_TEMPORARY) != 0;
	if (have.flags & TG_HAVE_LEAVING) {
		tgp_session_remove(g, (size_t)(s - g->sessions));
		return TG_OK;
	}
	if (!have.is_list) {
		struct tg_hash digest;
		uint64_t count;

		digest_of(g, &digest, &count);
		same = count == have.count && tg_hash_cmp(&digest, &have.digest) == 0;
		if (same && g->author.candidate) {
			const struct tg_head *head = &g->author.candidate->log.head;

			state = (struct tg_log_state){head->log, head->length, head->root};
			if (tgp_author_evidence(g, s, &state) != TG_OK)
				return TG_ENOMEM;
			if (have.flags & TG_HAVE_ACK)
				says_to_hold(g, s, state.length);
		}
		/* Equal digests: the other holds our newest entry too. */
		if (same && g->author.log && s->role != TG_SESSION_VIEWER) {
			uint64_t length = g->author.log->log.head.length;

			if (tgp_author_confirm(g, length) != TG_OK)
				return TG_ENOMEM;
			if (have.flags & TG_HAVE_ACK)
				says_to_hold(g, s, length);
		}
	}
	list = have.list;
	while (have.is_list && tg_have_next(&list, &state)) {
		struct tg_bytes rest = list;
		int twice = named && tg_key_cmp(&before, &state.log) == 0;

		named = 1;
		before = state.log;
		if (tg_have_next(&rest, &next) && tg_key_cmp(&next.log, &state.log) == 0)
			twice = 1;
		if (g->author.candidate && tg_key_cmp(&state.log, &g->author.candidate->log.key) == 0) {
			saw_candidate = 1;
			if (tgp_author_evidence(g, s, &state) != TG_OK)
				return TG_ENOMEM;
		}
		if (take_state(g, s, &state, (have.flags & TG_HAVE_ACK) != 0, twice) != TG_OK)
			return TG_ENOMEM;
	}
	/* An answer that does not name the candidate, and is complete, comes from somebody who never saw it.
	 */
	if (have.is_list && on_inbox && !(have.flags & TG_HAVE_ACK) && have.count < TG_HAVE_MAX_LOGS &&
	    !saw_candidate && g->author.candidate && tgp_author_evidence(g, s, NULL) != TG_OK)
		return TG_ENOMEM;
	if (have.flags & TG_HAVE_ANSWER) {
		s->list_ms = g->peer->now_ms;
		if (same) {
			struct tg_buf body = {0};

			tg_have_put_digest(
			    &body, record_of(g), with_storage(g, with_ack(g, 0)), &have.digest, have.count);
			if (tgp_send_inbox(g, &m->session, TG_MSG_HAVE, &body) != TG_OK)
				return TG_ENOMEM;
		} else if (tgp_have_to(g, &m->session, on_inbox ? 0 : TG_HAVE_ANSWER) != TG_OK) {
			return TG_ENOMEM;
		}
	} else if (!have.is_list && !same && g->peer->now_ms >= s->list_ms + LIST_PAUSE_MS) {
		s->list_ms = g->peer->now_ms;
		if (tgp_have_to(g, &m->session, TG_HAVE_ANSWER) != TG_OK)
			return TG_ENOMEM;
	}
	if (tgp_want_next(g) != TG_OK)
		return TG_ENOMEM;
	/* An ack names only some logs: it does not show that nothing is missing. */
	if (same || (have.is_list && !(have.flags & TG_HAVE_ACK)))
		complete(g);
	return TG_OK;
}

/* ---- acks ---------------------------------------------------------------------------------------------- */

void
tgp_ack_later(struct tgp_grid *g)
{
	/* Somebody who is catching up has little to say that others wait for. */
	uint64_t pause = g->want.active ? TGP_CATCHING_UP_ACK_MS : TGP_ACK_MS;
	uint64_t now = g->peer->now_ms, soon = now + 50, at = g->ack_last + pause;

	if (g->ack_at == 0)
		g->ack_at = at > soon ? at : soon;
}

/* Add a state to a list that ascends by log, then by root. */
static void
add_state(struct tg_log_state *states, size_t *n, const struct tg_log_state *state)
{
	size_t i = (*n)++;

	for (; i > 0 && tg_key_cmp(&states[i - 1].log, &state->log) == 0 &&
	       tg_hash_cmp(&states[i - 1].root, &state->root) > 0;
	     i--)
		states[i] = states[i - 1];
	states[i] = *state;
}

static int
ack_durable(struct tg_peer *p, struct tgp_job *job, int status)
{
	struct tgp_grid *g = job->grid;
	struct tg_log_state *states = tg_malloc(TG_HAVE_MAX_LOGS * sizeof *states);
	struct tg_buf body = {0};
	size_t n = 0, pending = 0;
	int rc = TG_OK;

	(void)p;
	(void)status;
	if (states == NULL)
		return TG_ENOMEM;
	g->ack_strict = 0;
	for (size_t i = 0; i < g->log_count; i++)
		pending += g->logs[i]->ack_pending > g->logs[i]->acked;
	for (size_t i = 0; i <= g->log_count && rc == TG_OK; i++) {
		if (n == TG_HAVE_MAX_LOGS || (i == g->log_count && n > 0)) {
			tg_have_put_list(&body, record_of(g), with_storage(g, TG_HAVE_ACK), states, n);
			rc = tgp_send_grid(g, TG_CLASS_SIDE, 0, TG_MSG_HAVE, &body, NULL);
			n = 0;
		}
		if (i < g->log_count && g->logs[i]->ack_pending > g->logs[i]->acked) {
			struct tgp_log *l = g->logs[i];

			l->acked = l->ack_pending;
			if (g->access.mode != TG_MODE_VIEW && pending <= ACK_LIST_LOGS && !l->twin)
				add_state(
				    states, &n, &(struct tg_log_state){l->log.key, l->acked, l->ack_root});
			if (l == g->author.log)
				g->durability_dirty = 1;
		}
	}
	/* Just loaded, or far behind until now: one digest says the same. */
	if (rc == TG_OK && pending > ACK_LIST_LOGS)
		rc = tgp_have_all(g, 0);
	tg_free(states);
	return rc;
}

/* Time to ack: first make sure that the disk has it all. */
int
tgp_ack_tick(struct tgp_grid *g)
{
	struct tgp_batch none = {0};
	int any = 0;

	g->ack_at = 0;
	if (g->ack_strict) {
		tgp_ack_later(g);
		return TG_OK;
	}
	for (size_t i = 0; i < g->log_count; i++) {
		struct tgp_log *l = g->logs[i];

		if (l->log.head.length <= l->acked)
			continue;
		l->ack_pending = l->log.head.length;
		l->ack_root = l->log.head.root;
		any = 1;
	}
	if (!any)
		return TG_OK;
	g->ack_strict = 1;
	g->ack_last = g->peer->now_ms;
	return tgp_store(g->peer, g, &none, 1, ack_durable, NULL);
}

/* ---- wanting ------------------------------------------------------------------------------------------- */

int
tgp_want_next(struct tgp_grid *g)
{
	struct tg_want_range ranges[TG_WANT_MAX_RANGES];
	struct tg_buf body = {0};
	const struct tg_key *from = NULL;
	size_t n = 0;

	if (g->want.active || !tgp_joined_anywhere(g))
		return TG_OK;
	for (size_t i = 0; i < g->log_count && n < TG_WANT_MAX_RANGES; i++) {
		struct tgp_log *l = g->logs[i];
		struct tgp_target *t = tgp_target_next(g, l, from);

		if (t != NULL) {
			from = &t->session;
			t->asked = 1;
			t->turns++;
			ranges[n++] = (struct tg_want_range){l->log.key, t->from, t->length, 1, t->root};
			continue;
		}
		if (l->closed || (l->remote_length <= l->log.length && !l->suspect))
			continue;
		if (tgp_session_find(g, &l->remote) == NULL) {
			l->remote_length = 0; /* it left; somebody else's digest will tell */
			l->suspect = 0;
			continue;
		}
		if (from && tg_key_cmp(from, &l->remote) != 0)
			continue;
		from = &l->remote;
		ranges[n++] =
		    (struct tg_want_range){.log = l->log.key, .from = l->log.length - (l->suspect ? 1 : 0)};
		l->suspect = 0;
	}
	if (n == 0)
		return TG_OK;
	g->complete = 0;
	g->want.active = 1;
	g->want.brought = 0;
	g->want.request = ++g->peer->next_id;
	if (tg_key_cmp(&g->want.asked, from) != 0)
		g->want.fruitless = 0;
	g->want.asked = *from;
	g->want.deadline = g->peer->now_ms + TGP_WANT_TIMEOUT_MS;
	tg_want_put(&body, g->want.request, 0, &g->session.public_key, ranges, n, NULL, 0);
	return tgp_send_inbox(g, &g->want.asked, TG_MSG_WANT, &body);
}

/* Whoever was asked has nothing more: what still seems to be missing is not there. */
static void
asked_is_done(struct tgp_grid *g)
{
	for (size_t i = 0; i < g->log_count; i++)
		if (tg_key_cmp(&g->logs[i]->remote, &g->want.asked) == 0)
			g->logs[i]->remote_length = 0;
	tgp_targets_unanswered(g, &g->want.asked);
}

/* Everybody waited for whoever was asked: not again for a while. */
static void
asked_is_doubted(struct tgp_grid *g)
{
	struct tgp_session *s = tgp_session_find(g, &g->want.asked);

	if (s != NULL)
		s->lies = 2 * TGP_LIES_MAX;
}

/* Whoever was asked says nothing: ask others for what it seemed to have. */
int
tgp_want_tick(struct tgp_grid *g)
{
	g->want.active = 0;
	asked_is_done(g);
	asked_is_doubted(g);
	if (tgp_joined_anywhere(g) && tgp_have_all(g, TG_HAVE_ANSWER) != TG_OK)
		return TG_ENOMEM;
	return tgp_want_next(g);
}

/* ---- answering a want ---------------------------------------------------------------------------------- */

static int serve_next(struct tgp_grid *g);

static int
send_data(struct tgp_grid *g, const struct tg_key *asker, uint64_t request, unsigned status,
    uint32_t run_count, const struct tg_buf *runs)
{
	struct tg_bytes r = {runs->data, runs->len}, none = {NULL, 0};
	struct tg_buf body = {0};

	tg_data_put(&body, request, status, run_count, r, 0, none);
	return tgp_send_inbox(g, asker, TG_MSG_DATA, &body);
}

/* The branch whose head the asker names; without that the first one. */
static struct tgp_log *
log_served(struct tgp_grid *g, const struct tg_want_range *range)
{
	struct tgp_log *l = tgp_log_find(g, &range->log);
	size_t i, end;

	if (l == NULL || !range->has_root)
		return l;
	for (i = tgp_log_branches(g, l, &end); i < end; i++) {
		const struct tg_head *head = &g->logs[i]->log.head;

		if (head->length == range->to && tg_hash_cmp(&head->root, &range->root) == 0)
			return g->logs[i];
	}
	return NULL;
}

static int
serve(struct tg_peer *p, struct tgp_retry *retry)
{
	struct tgp_grid *g = retry->grid;
	struct tg_fetch fetch = tgp_retry_fetch(retry);
	struct tg_bytes body = {retry->data.data, retry->data.len}, ranges;
	struct tg_want_range range;
	struct tg_buf runs = {0};
	struct tg_want want;
	uint32_t run_count = 0;
	int more = 0, missing = 0, rc = TG_OK;

	(void)p;
	if (tg_want_get(body, &want) != TG_OK)
		goto done;
	ranges = want.ranges;
	while (!more && tg_want_next_range(&ranges, &range)) {
		struct tgp_log *l = log_served(g, &range);
		uint64_t from = range.from;

		while (l != NULL && from < l->log.head.length && (range.to == 0 || from < range.to)) {
			uint64_t end;

			if (runs.len >= TGP_DATA_BYTES || run_count == TG_DATA_MAX_RUNS) {
				more = 1;
				break;
			}
			/* The largest entry fits, but only alone. */
			rc = tg_log_run(&l->log, from, range.to,
			    run_count ? TGP_DATA_BYTES - runs.len : TG_DATA_MAX_BYTES - 512, &fetch, &runs,
			    &end);
			if (rc == TG_ENOTFOUND) {
				missing = 1;
				break;
			}
			if (rc == TG_ETOOBIG && run_count > 0) {
				more = 1; /* not even one entry fits what is left */
				rc = TG_OK;
				break;
			}
			if (rc != TG_OK)
				break;
			run_count++;
			from = end;
		}
		if (rc == TG_ENOMEM)
			goto free_runs;
		if (missing)
			break; /* load this one before looking at more */
	}
	if (missing && !retry->give_up) {
		rc = TG_ENOTFOUND;
		goto free_runs;
	}
	rc = send_data(g, &want.asker, want.request,
	    more	? TG_DATA_MORE
	    : run_count ? TG_DATA_COMPLETE
			: TG_DATA_NOT_HELD,
	    run_count, &runs);
	if (rc != TG_OK)
		goto free_runs;
done:
	g->serving = 0;
	rc = serve_next(g);
free_runs:
	tg_buf_free(&runs);
	return rc;
}

static int
serve_next(struct tgp_grid *g)
{
	struct tgp_serve s;
	int rc;

	if (g->serving || g->serve_count == 0)
		return TG_OK;
	s = g->serves[0];
	tg_mem_remove(g->serves, &g->serve_count, 0, sizeof s);
	g->serving = 1;
	rc = tgp_retry_run(g, serve, (struct tg_bytes){s.want.data, s.want.len}, &s.asker, 0);
	tg_buf_free(&s.want);
	return rc;
}

#define SERVES_MAX 64

int
tgp_want_received(struct tgp_grid *g, const struct tg_message *m)
{
	struct tgp_serve *s;
	struct tg_want want;

	if (tg_want_get(m->body, &want) != TG_OK)
		return TG_OK;
	if (want.locator_count > 0 && want.range_count == 0)
		return tgp_chunks_want(g, m);
	/* One want an asker, the newest: an asker that gave up on an answer has asked anew. */
	for (size_t i = 0; i < g->serve_count; i++)
		if (tg_key_cmp(&g->serves[i].asker, &want.asker) == 0) {
			tg_buf_reset(&g->serves[i].want);
			tg_buf_put(&g->serves[i].want, m->body.data, m->body.len);
			return tg_buf_status(&g->serves[i].want);
		}
	if (g->serve_count == SERVES_MAX)
		return TG_OK; /* the asker's timer moves on to somebody less busy */
	if ((s = tg_mem_add((void **)&g->serves, &g->serve_count, &g->serve_cap, sizeof *s)) == NULL)
		return TG_ENOMEM;
	s->asker = want.asker;
	tg_buf_put(&s->want, m->body.data, m->body.len);
	if (tg_buf_status(&s->want) != TG_OK)
		return TG_ENOMEM;
	return serve_next(g);
}

/* ---- an answer ------------------------------------------------------------------------------------------
 */

/* The runs of a data message, one after another; retry->number says how many are done. */
static int
take_data(struct tg_peer *p, struct tgp_retry *retry)
{
	struct tgp_grid *g = retry->grid;
	struct tg_fetch fetch = tgp_retry_fetch(retry);
	struct tg_bytes runs, run;
	struct tg_data data;
	uint64_t at = 0;

	if (tg_data_get((struct tg_bytes){retry->data.data, retry->data.len}, &data) != TG_OK)
		return TG_OK;
	runs = data.runs;
	while (tg_data_next(&runs, &run)) {
		uint64_t before = g->bytes;
		int rc;

		if (at++ < retry->number)
			continue;
		if ((rc = tgp_take_run(g, run, &retry->session, &fetch)) != TG_OK)
			return rc;
		retry->number = at;
		if (g->bytes > before)
			g->want.brought = 1;
	}
	if (tgp_deliver_all(g) != TG_OK)
		return TG_ENOMEM;
	tgp_fx_progress(g, g->bytes, 0);
	if (!g->want.active || g->want.request != data.request)
		return TG_OK;
	g->want.active = 0;
	if (data.status != TG_DATA_MORE || g->want.brought)
		g->want.fruitless = 0;
	else if (++g->want.fruitless >= TGP_FRUITLESS_MAX)
		asked_is_doubted(g);
	if (data.status == TG_DATA_MORE && g->want.fruitless < TGP_FRUITLESS_MAX)
		tgp_targets_again(g);
	else
		asked_is_done(g);
	(void)p;
	if (tgp_want_next(g) != TG_OK)
		return TG_ENOMEM;
	complete(g);
	return TG_OK;
}

int
tgp_data_received(struct tgp_grid *g, const struct tg_message *m)
{
	struct tg_data data;

	if (g->chunk_want.active && tg_data_get(m->body, &data) == TG_OK &&
	    data.request == g->chunk_want.request)
		return tgp_chunks_data(g, m);
	if (!g->want.active || tg_key_cmp(&g->want.asked, &m->session) != 0 ||
	    tg_data_get(m->body, &data) != TG_OK || data.request != g->want.request)
		return TG_OK; /* nobody asked */
	g->want.deadline = g->peer->now_ms + TGP_WANT_TIMEOUT_MS;
	return tgp_retry_run(g, take_data, m->body, &m->session, 0);
}
