/*
 * Runs of entries, in: from a message to all or an answer to a want, held against the log, stored, delivered.
 *
 * A run says by itself whose it is and proves that it belongs to its log, so it does not matter who sent it.
 * One that contradicts what is held shows that its log was signed twice: it becomes a branch of its own
 * (branch.c).
 */
#include "base/mem.h"
#include "peer/internal.h"

/* A branch that is not read yet is wholly on the disk: the document must be opened again to show it. */
static int
branch_stored(struct tg_peer *p, struct tgp_job *job)
{
	struct tgp_grid *g = job->grid;
	struct tgp_log *l = tgp_log_named(g, &job->log);

	if (l == NULL || !l->late || l->told || l->log.head.length != job->length)
		return TG_OK;
	l->told = 1;
	if (tgp_author_flush(g) != TG_OK)
		return TG_ENOMEM;
	tgp_fx_notice(p, g, 8, "the document must be opened again");
	return TG_OK;
}

static int
run_stored(struct tg_peer *p, struct tgp_job *job, int status)
{
	(void)status;
	tgp_ack_later(job->grid);
	return job->length > 0 ? branch_stored(p, job) : TG_OK;
}

/* A log was signed twice: say so here, and to all others with the proof. */
static int
forked(struct tgp_grid *g, struct tgp_log *l, const struct tg_receipt *receipt, const struct tg_buf *proof)
{
	struct tg_buf t = {0};
	int rc = TG_OK;

	tgp_branch_close(g, l);
	tgp_fx_notice(g->peer, g, 3, "a log was signed with two histories; it is closed");
	/* Our own, from a copy of this profile: what follows goes to a fresh one. */
	if (l == g->author.log && tgp_author_leave(g) != TG_OK)
		return TG_ENOMEM;
	if (receipt->provable && g->access.mode == TG_MODE_EDIT && g->state == TGP_GRID_READY) {
		tg_body_fork(
		    &t, &receipt->fork_a, &receipt->fork_b, (struct tg_bytes){proof->data, proof->len});
		rc = tgp_author_transition(g, &t, TG_CLASS_CONTENT);
		tg_buf_free(&t);
	}
	return rc == TG_ENOMEM ? rc : TG_OK;
}

static int
deliver_new(struct tgp_grid *g, struct tgp_log *l, const struct tg_ops *ops)
{
	for (size_t i = 0; i < ops->count; i++) {
		struct tg_bytes key = tg_ops_key(ops, i), value = tg_ops_value(ops, i), entry;
		uint64_t seq = 0;
		int rc;

		if (key.data[0] != 'e')
			continue;
		for (int b = 0; b < 8; b++)
			seq = seq << 8 | key.data[1 + TG_HASH_BYTES + TG_KEY_BYTES + b];
		if (tg_stored_entry(value.data, value.len, &entry) != TG_OK)
			continue;
		rc = tgp_deliver_entry(g, l, seq, entry);
		if (rc == TG_ENOMEM)
			return rc;
	}
	return TG_OK;
}

static uint64_t
own_logs_of(const struct tgp_grid *g, const struct tg_key *device)
{
	uint64_t n = 0;

	for (size_t i = 0; i < g->log_count; i++)
		n += g->logs[i]->has_cert && tg_key_cmp(&g->logs[i]->device, device) == 0;
	return n;
}

/* Our stored records, not the run, may be what is broken: fetch them anew. */
static void
fetch_anew(struct tgp_grid *g, struct tgp_log *l)
{
	struct tg_key key = l->log.key, name = l->log.name;

	tgp_fx_notice(g->peer, g, 7, "a stored log is damaged and is fetched again");
	tg_log_close(&l->log);
	tg_log_init(&l->log, &g->access, &key);
	l->log.name = name;
	l->own = 0;
}

/*
 * Hold a run against one log or branch: what is new is delivered and stored, the first contradiction closes
 * the log.  *${verdict} is what tg_log_receive said; returns TG_ENOTFOUND when stored records are needed
 * first.
 */
static int
receive(struct tgp_grid *g, struct tgp_log *l, const struct tg_run *run, const struct tg_fetch *fetch,
    int *verdict)
{
	struct tgp_batch batch = {0};
	struct tg_receipt receipt;
	struct tg_buf proof = {0};
	struct tg_ops ops = {0};
	struct tgp_job *job;
	uint64_t before = l->log.length;
	int rc;

	*verdict = rc = tg_log_receive(&l->log, &g->access, run, 0, fetch, &ops, &receipt, &proof);
	if (rc == TG_EFORK) {
		rc = l->closed ? TG_OK : forked(g, l, &receipt, &proof);
	} else if (rc == TG_OK) {
		if (l->log.length > before) {
			g->bytes += ops.len;
			if (g->doc == NULL)
				g->peer->bytes_total += ops.len;
		}
		if ((rc = deliver_new(g, l, &ops)) == TG_OK) {
			tgp_batch_ops(&batch, &ops, 0);
			rc = tgp_store(g->peer, g, &batch, 0, run_stored, &job);
		}
		if (rc == TG_OK && l->late && l->log.far == NULL) {
			job->log = l->log.name;
			job->length = l->log.head.length;
		}
	} else if (rc != TG_ENOTFOUND && rc != TG_ENOMEM) {
		rc = TG_OK;
	}
	tg_buf_free(&proof);
	tg_ops_free(&ops);
	return rc;
}

/* A history that contradicts all that is held of its log, from its beginning on.  *${full}: no room for it.
 */
static int
new_branch(struct tgp_grid *g, struct tgp_log *l, const struct tg_run *run, const struct tg_head *head,
    const struct tg_fetch *fetch, int *full)
{
	struct tgp_log *branch;
	struct tg_key name;
	uint64_t i = 0;
	int rc, verdict;

	*full = 0;
	do
		tg_branch_name(&l->log.key, &head->root, i++, &name);
	while (tgp_log_named(g, &name) != NULL);
	rc = own_logs_of(g, &l->device) < TG_LOGS_PER_DEVICE_MAX
		 ? tgp_log_branch(g, &l->log.key, &name, &branch)
		 : TG_ELIMIT;
	if (rc != TG_OK) {
		*full = rc == TG_ELIMIT;
		return rc == TG_ENOMEM ? rc : TG_OK;
	}
	branch->closed = 1;
	branch->late = g->doc != NULL;
	rc = receive(g, branch, run, fetch, &verdict);
	if (branch->log.length == 0) {
		tgp_log_drop(g, branch);
		*full = 1;
	}
	return rc;
}

/* A run of a log that was signed twice, or may have been: which branch does it continue? */
static int
take_branch(struct tgp_grid *g, struct tgp_log *l, const struct tg_run *run, const struct tg_head *head,
    const struct tg_key *session, const struct tg_fetch *fetch)
{
	struct tgp_log *list[TG_BRANCHES_MAX + 1];
	struct tgp_target *t;
	uint64_t gap = UINT64_MAX;
	int rc, verdict, forks = 0, settled = 0, known = 0, got = 0;
	size_t i, end, n = 0;

	for (i = tgp_log_branches(g, l, &end); i < end && n <= TG_BRANCHES_MAX; i++)
		if (!g->logs[i]->twin)
			list[n++] = g->logs[i];
	for (i = 0; i < n && !got; i++) {
		struct tgp_log *b = list[i];

		rc = tg_log_load(&b->log, fetch);
		if (rc == TG_ENOTFOUND || rc == TG_ENOMEM)
			return rc;
		if (rc != TG_OK)
			fetch_anew(g, b);
		if ((rc = receive(g, b, run, fetch, &verdict)) != TG_OK)
			return rc;
		if (verdict == TG_OK) {
			got = 1;
			settled = b->log.head.length == head->length;
			gap = b->log.length;
		} else if (verdict == TG_EEXISTS && head->length <= b->log.length) {
			got = settled = known = 1;
		} else if (verdict == TG_EGAP || verdict == TG_EEXISTS) {
			gap = b->log.length < gap ? b->log.length : gap;
		} else if (verdict == TG_EFORK || verdict == TG_EHASH) {
			forks = 1; /* not of this history, or of a part of it that no head covers yet */
		} else {
			return TG_OK; /* nobody signed that */
		}
	}
	if (!got && gap == UINT64_MAX && !forks)
		return TG_OK;
	if (!got && gap == UINT64_MAX && run->start == 0) {
		if ((rc = new_branch(g, l, run, head, fetch, &known)) != TG_OK)
			return rc;
		settled = known || run->count == head->length;
		gap = run->count;
		got = 1;
	}
	if ((t = tgp_target_find(g, &l->log.key, head->length, &head->root)) == NULL) {
		/* Its head is signed, so it is worth asking for what leads there. */
		if (settled || tgp_target_add(g, &l->log.key, head->length, &head->root, session) != TG_OK)
			return settled ? TG_OK : TG_ENOMEM;
		if ((t = tgp_target_find(g, &l->log.key, head->length, &head->root)) == NULL)
			return TG_OK;
	}
	if (settled) {
		tgp_target_settle(g, &l->log.key, t, known);
		return TG_OK;
	}
	t->asked = 0;
	t->from = gap == UINT64_MAX ? 0 : gap;
	if (got)
		t->turns = 0;
	return TG_OK;
}

int
tgp_take_run(
    struct tgp_grid *g, struct tg_bytes data, const struct tg_key *session, const struct tg_fetch *fetch)
{
	struct tgp_log *l;
	struct tg_run run;
	struct tg_head head;
	int rc, verdict;

	if (tg_run_decode(data.data, data.len, &run) != TG_OK ||
	    tg_head_decode(run.head.data, run.head.len, &head) != TG_OK)
		return TG_OK;
	l = tgp_log_find(g, &run.log);
	if (l == NULL) {
		struct tg_entry first;
		struct tg_cert cert;
		struct tg_bytes raw;
		size_t at = 0;

		/* A log begins with its certificate; a device has only so many logs. */
		if (run.start == 0 && (!tg_run_next(&run, &at, &first, &raw) ||
					  tg_cert_decode(&g->access, &run.log, first.header.data,
					      first.header.len, &cert) != TG_OK ||
					  own_logs_of(g, &cert.device) >= TG_LOGS_PER_DEVICE_MAX))
			return TG_OK;
		if ((rc = tgp_log_get(g, &run.log, &l)) != TG_OK)
			return rc == TG_ENOMEM ? rc : TG_OK;
	}
	if (g->doc == NULL && !tgp_replica_room(g, data.len)) {
		tgp_fx_notice(g->peer, g, 5, "quota used up");
		return TG_OK;
	}
	if (l->closed || tgp_target_find(g, &run.log, head.length, &head.root) != NULL)
		return take_branch(g, l, &run, &head, session, fetch);
	if ((rc = receive(g, l, &run, fetch, &verdict)) != TG_OK)
		return rc;
	if (verdict == TG_EFORK)
		return take_branch(g, l, &run, &head, session, fetch);
	/* Only what somebody's signature vouches for is asked for. */
	if (verdict == TG_EGAP && head.length > l->remote_length && tg_head_verify(&head) == TG_OK &&
	    tgp_session_find(g, session) != NULL) {
		l->remote_length = head.length;
		l->remote = *session;
	}
	if ((verdict == TG_EHASH || (verdict == TG_ESIGNATURE && l->log.unchecked)) && l != g->author.log)
		fetch_anew(g, l);
	return TG_OK; /* whatever else: refused, nothing changed, and the sender learns nothing */
}

static int
take_append(struct tg_peer *p, struct tgp_retry *retry)
{
	struct tg_fetch fetch = tgp_retry_fetch(retry);
	int rc;

	(void)p;
	rc = tgp_take_run(
	    retry->grid, (struct tg_bytes){retry->data.data, retry->data.len}, &retry->session, &fetch);
	if (rc != TG_OK)
		return rc;
	if (tgp_deliver_all(retry->grid) != TG_OK)
		return TG_ENOMEM;
	return tgp_want_next(retry->grid);
}

int
tgp_run_received(struct tgp_grid *g, const struct tg_key *session, struct tg_bytes run)
{
	return tgp_retry_run(g, take_append, run, session, 0);
}
