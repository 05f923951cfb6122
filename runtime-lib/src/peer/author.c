/*
 * The own log: edits become entries, entries are stored, and only then published.
 *
 *   edit ---> document (events) --40 ms--> entry, sealed, head signed ---> store ---> stored ---> PUB --->
 * receipt
 *
 * Which log.  A restored backup must not look like treason (design 7): whoever brings back an old copy of a
 * profile holds a log whose later entries are out in the world, and signing others in their place would be a
 * fork.  So a log of an earlier session is only a candidate, taken over once a device of somebody else has
 * said how much of it it knows and that is no more than we hold.  An edit made before that goes to a fresh
 * log of this device, which nobody can know.  (The design signs such edits anew later; starting fresh needs
 * no second signature and never redraws the page.  The price is a log per session that began alone; from
 * TGP_OWN_LOGS_SOFT logs on the candidate is taken unconfirmed.)
 *
 * A power cut must not look like treason either.  It takes back what was stored relaxed and published at
 * once, and a peer that happened to miss those entries would confirm the shorter log.  So a log that is at
 * rest is marked, strictly, with its length (`m` record); the first batch after that is strict too and takes
 * the mark away before anything is published; and only a log that stands at its mark is taken over.  Whoever
 * was cut off in the middle of typing goes on in a fresh log.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

/* ---- small tables -------------------------------------------------------------------------------------- */

static void
remember_root(struct tgp_author *a, const struct tg_head *head)
{
	a->roots[a->root_next] = (struct tgp_root){head->length, head->root};
	a->root_next = (a->root_next + 1) % TGP_ROOTS;
}

int
tgp_author_root(const struct tgp_grid *g, uint64_t length, const struct tg_hash *root)
{
	const struct tgp_author *a = &g->author;

	for (unsigned i = 0; i < TGP_ROOTS; i++)
		if (length > 0 && a->roots[i].length == length && tg_hash_cmp(&a->roots[i].root, root) == 0)
			return 1;
	return 0;
}

static void
unsent_drop(struct tgp_author *a, size_t i)
{
	a->unsent_bytes -= a->unsent[i].run.len;
	tg_buf_free(&a->unsent[i].run);
	tg_mem_remove(a->unsent, &a->unsent_count, i, sizeof *a->unsent);
}

/* The parents that a new entry names: the view's frontier, less what an earlier own entry named already.
 * *${more}: one entry cannot name them all. */
static size_t
entry_parents(struct tgp_grid *g, struct tg_parent *out, int *more)
{
	struct tgp_author *a = &g->author;
	size_t n = 0;

	*more = 0;
	for (size_t i = 0; i < g->view_count; i++) {
		const struct tgp_frontier *f = &g->view[i];
		int named = 0;

		if (f->log == a->log)
			continue;
		for (size_t k = 0; k < a->sent_count; k++)
			if (a->sent[k].seq >= f->seq && a->sent[k].log == f->log)
				named = 1;
		if (named)
			continue;
		/* No log twice: two branches of one take two entries. */
		if (n == TG_PARENTS_MAX || (n > 0 && tg_key_cmp(&out[n - 1].log, &f->log->log.key) == 0)) {
			*more = 1;
			continue;
		}
		out[n].log = f->log->log.key;
		out[n].seq = f->seq;
		out[n++].leaf = f->log->seen[f->seq].leaf;
	}
	return n;
}

static int
remember_parents(struct tgp_grid *g, const struct tg_parent *parents, size_t n)
{
	struct tgp_author *a = &g->author;

	for (size_t i = 0; i < n; i++) {
		struct tgp_log *l = tgp_entry_find(g, &parents[i]);
		size_t k = 0;

		while (k < a->sent_count && a->sent[k].log != l)
			k++;
		if (k == a->sent_count &&
		    tg_mem_add((void **)&a->sent, &a->sent_count, &a->sent_cap, sizeof *a->sent) == NULL)
			return TG_ENOMEM;
		a->sent[k] = (struct tgp_frontier){l, parents[i].seq};
	}
	return TG_OK;
}

/* ---- publishing ---------------------------------------------------------------------------------------- */

static int
publish(struct tgp_grid *g, struct tgp_unsent *u)
{
	struct tg_buf body = {0};

	tg_write_array(&body, 1);
	tg_buf_put(&body, u->run.data, u->run.len);
	return tgp_send_grid(g, TG_CLASS_MAIN, TG_PUB_RECEIPT, TG_MSG_APPEND, &body, u->ids);
}

int
tgp_author_republish(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;

	for (size_t i = 0; i < a->unsent_count; i++)
		if (a->unsent[i].to <= a->stored && publish(g, &a->unsent[i]) != TG_OK)
			return TG_ENOMEM;
	return TG_OK;
}

int
tgp_author_confirm(struct tgp_grid *g, uint64_t length)
{
	struct tgp_author *a = &g->author;

	if (length <= a->confirmed)
		return TG_OK;
	a->confirmed = length;
	while (a->unsent_count > 0 && a->unsent[0].to <= length)
		unsent_drop(a, 0);
	g->durability_dirty = 1;
	return TG_OK;
}

int
tgp_author_receipt(struct tgp_grid *g, const struct tg_frame_id *id)
{
	struct tgp_author *a = &g->author;

	for (size_t i = 0; i < a->unsent_count; i++)
		for (unsigned k = 0; k < TGP_LINKS_MAX; k++)
			if (memcmp(&a->unsent[i].ids[k], id, sizeof *id) == 0) {
				/* A relay took this run; earlier ones may still be under way to it. */
				if (i == 0)
					return tgp_author_confirm(g, a->unsent[0].to);
				unsent_drop(a, i);
				return TG_OK;
			}
	return TG_OK;
}

static int
own_stored(struct tg_peer *p, struct tgp_job *job, int status)
{
	struct tgp_grid *g = job->grid;
	struct tgp_author *a = &g->author;
	uint64_t before = a->stored;

	(void)status;
	/* A job of an earlier own log: its runs were dropped with it. */
	if (a->log == NULL || tg_key_cmp(&a->log->log.key, &job->log) != 0)
		return TG_OK;
	if (job->length > a->stored)
		a->stored = job->length;
	if (a->dirty && a->stored >= a->log->log.head.length)
		a->flush_at = p->now_ms; /* what was gathered meanwhile */
	for (size_t i = 0; i < a->unsent_count; i++)
		if (a->unsent[i].to > before && a->unsent[i].to <= a->stored &&
		    publish(g, &a->unsent[i]) != TG_OK)
			return TG_ENOMEM;
	tgp_ack_later(g);
	g->durability_dirty = 1;
	return TG_OK;
}

size_t
tgp_settled_key(const struct tgp_grid *g, const struct tg_key *log, uint8_t out[TG_STORAGE_KEY_MAX_BYTES])
{
	size_t n = tg_storage_key_head(&g->id, log, out);

	out[0] = 'm';
	return n;
}

int
tgp_author_settle(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;
	struct tgp_batch batch = {0};
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], length[8];
	size_t n;

	a->settle_at = 0;
	if (a->log == NULL || a->settled || a->dirty)
		return TG_OK; /* what is still to be written sets the timer again */
	n = tgp_settled_key(g, &a->log->log.key, key);
	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(a->log->log.head.length >> (56 - 8 * i));
	tgp_batch_put(&batch, 0, (struct tg_bytes){key, n}, (struct tg_bytes){length, sizeof length});
	a->settled = 1;
	return tgp_store(g->peer, g, &batch, 1, NULL, NULL);
}

/* ---- appending ----------------------------------------------------------------------------------------- */

struct draft {
	unsigned class; /* enum tg_entry_class */
	struct tg_buf body, text;
	uint64_t text_end; /* text events of the log after this entry; 0: as before */
};

/* The encoded run of the entries just appended, for publishing; its proof is the peaks of what was there
 * before. */
static void
encode_run(const struct tgp_log *l, uint64_t start, const struct tg_ops *ops, const struct tg_hash *peaks,
    size_t peak_count, struct tg_buf *out)
{
	uint8_t head[TG_HEAD_MAX_BYTES];
	size_t head_len = tg_head_encode(&l->log.head, head);

	tg_write_array(out, 5);
	tg_write_bin(out, l->log.key.b, TG_KEY_BYTES);
	tg_write_uint(out, start);
	tg_write_array(out, (uint32_t)(l->log.head.length - start));
	for (size_t i = 0; i < ops->count; i++) {
		struct tg_bytes key = tg_ops_key(ops, i), value = tg_ops_value(ops, i), entry;

		if (key.data[0] == 'e' && tg_stored_entry(value.data, value.len, &entry) == TG_OK)
			tg_buf_put(out, entry.data, entry.len);
	}
	tg_write_bin(out, head, head_len);
	tg_write_array(out, (uint32_t)peak_count);
	for (size_t i = 0; i < peak_count; i++)
		tg_write_bin(out, peaks[i].b, TG_HASH_BYTES);
}

static size_t
count_peaks(uint64_t length)
{
	size_t n = 0;

	for (; length; length &= length - 1)
		n++;
	return n;
}

/* Store what ops hold, publish entries [start, head) when that is done. */
static int
store_and_queue(struct tgp_grid *g, uint64_t start, const struct tg_ops *ops, const struct tg_hash *peaks,
    size_t peak_count)
{
	struct tgp_author *a = &g->author;
	struct tgp_batch batch = {0};
	struct tgp_unsent *u;
	struct tgp_job *job;

	if ((u = tg_mem_add((void **)&a->unsent, &a->unsent_count, &a->unsent_cap, sizeof *u)) == NULL)
		return TG_ENOMEM;
	u->from = start;
	u->to = a->log->log.head.length;
	encode_run(a->log, start, ops, peaks, peak_count, &u->run);
	if (tg_buf_status(&u->run) != TG_OK)
		return TG_ENOMEM;
	a->unsent_bytes += u->run.len;
	/* What does not fit in memory is not lost: peers see the gap and ask for it. */
	while (a->unsent_bytes > TGP_UNSENT_BYTES && a->unsent_count > 1)
		unsent_drop(a, 0);
	remember_root(a, &a->log->log.head);
	tgp_batch_ops(&batch, ops, 1);
	if (a->settled) {
		uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
		size_t n = tgp_settled_key(g, &a->log->log.key, key);

		tgp_batch_put(&batch, 1, (struct tg_bytes){key, n}, (struct tg_bytes){NULL, 0});
	}
	if (tgp_store(g->peer, g, &batch, a->settled, own_stored, &job) != TG_OK)
		return TG_ENOMEM;
	a->settled = 0;
	a->settle_at = g->peer->now_ms + TGP_SETTLE_MS;
	job->log = a->log->log.key;
	job->length = a->log->log.head.length;
	g->durability_dirty = 1;
	return TG_OK;
}

/* What was appended: remember its leafs and its place in the graph. */
static int
deliver_own(struct tgp_grid *g, const struct tg_ops *ops, const struct draft *drafts,
    const struct tg_parent *parents, size_t parent_count)
{
	struct tgp_log *l = g->author.log;
	size_t d = 0;

	for (size_t i = 0; i < ops->count; i++) {
		struct tg_bytes key = tg_ops_key(ops, i), value = tg_ops_value(ops, i);
		uint64_t end = l->delivered > 0 ? l->seen[l->delivered - 1].text_end : 0;
		struct tg_hash leaf;
		int first = d == 0;

		if (key.data[0] != 'e')
			continue;
		memcpy(leaf.b, value.data + 1, TG_HASH_BYTES);
		if (drafts && drafts[d].text_end > end)
			end = drafts[d].text_end;
		d++;
		if (tgp_deliver_own(g, l, &leaf, parents, first ? parent_count : 0, end) != TG_OK)
			return TG_ENOMEM;
	}
	return TG_OK;
}

static struct tg_fetch
no_fetch(void)
{
	return (struct tg_fetch){NULL, NULL};
}

/* Append drafts to the own log, whose peaks are in memory. */
static int
append(
    struct tgp_grid *g, struct draft *drafts, size_t n, const struct tg_parent *parents, size_t parent_count)
{
	struct tgp_author *a = &g->author;
	struct tgp_log *l = a->log;
	struct tg_draft list[TG_RUN_MAX_ENTRIES];
	struct tg_hash peaks[64];
	size_t peak_count = count_peaks(l->log.length);
	uint64_t start = l->log.length;
	struct tg_fetch fetch = no_fetch();
	struct tg_ops ops = {0};
	int rc;

	if (peak_count > 0)
		memcpy(peaks, l->log.peaks, peak_count * sizeof *peaks);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct tg_draft){drafts[i].class, {drafts[i].body.data, drafts[i].body.len},
		    {drafts[i].text.data, drafts[i].text.len}};
	rc = tg_log_append(&l->log, &g->access, list, n, &g->peer->rng, &fetch, &ops);
	if (rc == TG_OK)
		rc = deliver_own(g, &ops, drafts, parents, parent_count);
	if (rc == TG_OK)
		rc = store_and_queue(g, start, &ops, peaks, peak_count);
	if (rc == TG_OK)
		rc = remember_parents(g, parents, parent_count);
	tg_ops_free(&ops);
	return rc;
}

static void
drafts_free(struct draft *drafts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		tg_buf_free(&drafts[i].body);
		tg_buf_free(&drafts[i].text);
	}
}

/*
 * More people wrote at once than one entry can name: entries without effect name the others first, and the
 * next entry has them as ancestors.
 */
static int
carry_parents(struct tgp_grid *g)
{
	struct tg_parent parents[TG_PARENTS_MAX];
	int more, rc = TG_OK;

	for (;;) {
		size_t n = entry_parents(g, parents, &more);
		struct draft d = {0};

		if (!more || rc != TG_OK)
			return rc;
		tg_body_begin(&d.body, g->peer->now_ms, parents, (uint32_t)n, 1);
		tg_body_ext(&d.body, "parents", 7, NULL, 0);
		rc = tg_buf_status(&d.body) == TG_OK ? append(g, &d, 1, parents, n) : TG_ENOMEM;
		drafts_free(&d, 1);
	}
}

int
tgp_author_flush(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;
	struct draft drafts[TG_RUN_MAX_ENTRIES];
	struct tg_parent parents[TG_PARENTS_MAX];
	size_t parent_count, n = 0, bytes = 0;
	struct tg_bundle bundle;
	int more, rc = TG_OK;

	if (!a->dirty || a->log == NULL)
		return TG_OK;
	for (;;) {
		if ((rc = carry_parents(g)) != TG_OK)
			break;
		parent_count = entry_parents(g, parents, &more);
		n = bytes = 0;
		while (n < TG_RUN_MAX_ENTRIES && bytes < TGP_DATA_BYTES / 2 &&
		       (rc = tg_doc_take(g->doc, &bundle)) == TG_OK) {
			struct draft *d = &drafts[n];

			memset(d, 0, sizeof *d);
			tg_body_begin(
			    &d->body, g->peer->now_ms, parents, n == 0 ? (uint32_t)parent_count : 0, 1);
			tg_body_text(&d->body, bundle.first_seq, bundle.ops, bundle.ops_len, bundle.text_len);
			tg_buf_put(&d->text, bundle.text, bundle.text_len);
			d->text_end = bundle.first_seq + bundle.event_count;
			n++;
			bytes += bundle.ops_len + bundle.text_len;
			if (tg_buf_status(&d->body) != TG_OK || tg_buf_status(&d->text) != TG_OK) {
				rc = TG_ENOMEM;
				break;
			}
		}
		if (rc != TG_OK && rc != TG_ENOTFOUND)
			break;
		if (n == 0) {
			rc = TG_OK;
			break;
		}
		if ((rc = append(g, drafts, n, parents, parent_count)) != TG_OK)
			break;
		drafts_free(drafts, n);
		n = 0;
	}
	drafts_free(drafts, n);
	a->flushed_at = g->peer->now_ms;
	if (rc == TG_OK)
		a->dirty = 0;
	return rc == TG_OK ? TG_OK
			   : TG_ENOMEM; /* anything else would be a bug of ours: better stop than lose */
}

int
tgp_author_transition(struct tgp_grid *g, const struct tg_buf *transition, unsigned class)
{
	struct tg_parent parents[TG_PARENTS_MAX];
	struct draft d = {.class = class};
	size_t n;
	int more, rc;

	if (tg_buf_status(transition) != TG_OK)
		return TG_ENOMEM;
	if (g->author.log == NULL && (rc = tgp_author_begin(g, NULL)) != TG_OK)
		return rc;
	if (tgp_author_flush(g) != TG_OK)
		return TG_ENOMEM;
	if (carry_parents(g) != TG_OK)
		return TG_ENOMEM;
	n = entry_parents(g, parents, &more);
	tg_body_begin(&d.body, g->peer->now_ms, parents, (uint32_t)n, 1);
	tg_buf_put(&d.body, transition->data, transition->len);
	rc = tg_buf_status(&d.body);
	if (rc == TG_OK)
		rc = append(g, &d, 1, parents, n);
	drafts_free(&d, 1);
	return rc;
}

/* ---- which log ----------------------------------------------------------------------------------------- */

static struct tg_bytes
lock_name(const struct tgp_log *l)
{
	return (struct tg_bytes){l->log.key.b, TG_KEY_BYTES};
}

static int
ignore_lock(struct tg_peer *p, struct tgp_job *job, int granted)
{
	(void)p;
	(void)job;
	(void)granted; /* a key that was drawn a moment ago: nobody else can hold its lock */
	return TG_OK;
}

/* From now on edits go to this log. */
static int
use_log(struct tgp_grid *g, struct tgp_log *l)
{
	struct tgp_author *a = &g->author;

	if (l != a->candidate) /* what devices said to hold was another log */
		for (size_t i = 0; i < g->session_count; i++)
			g->sessions[i].holds = 0;
	a->log = l;
	a->candidate = NULL;
	a->stored = a->confirmed = l->log.head.length;
	a->settled = l->settled == l->log.head.length;
	a->sent_count = 0;
	if (l->log.head.length > 0)
		remember_root(a, &l->log.head);
	g->durability_dirty = 1;
	return tg_doc_set_agent(g->doc, l->log.key.b) == TG_OK ? TG_OK : TG_ENOMEM;
}

int
tgp_author_begin(struct tgp_grid *g, const struct tg_buf *genesis)
{
	struct tg_peer *p = g->peer;
	struct tgp_author *a = &g->author;
	struct tg_buf member = {0};
	struct tg_parent parents[TG_PARENTS_MAX];
	struct tg_ops ops = {0};
	struct draft d = {0};
	struct tg_secret seed;
	struct tg_keypair pair;
	struct tgp_log *l;
	size_t n;
	int more, rc;

	if (a->candidate) {
		tgp_fx_unlock(p, lock_name(a->candidate));
		a->candidate = NULL;
	}
	a->confirm_at = 0;
	tg_rng_bytes(&p->rng, seed.b, sizeof seed.b);
	tg_keypair_from_seed(&seed, &pair);
	if ((rc = tgp_log_get(g, &pair.public_key, &l)) != TG_OK)
		goto wipe;
	rc = tg_log_create(&l->log, &g->access, &seed, &p->device, p->device_record.data,
	    p->device_record.len, &p->rng, &ops);
	if (rc != TG_OK)
		goto wipe;
	l->own = l->has_cert = l->editor = 1;
	l->device = p->device.public_key;
	l->seed = seed;
	if ((rc = tgp_lock(p, g, lock_name(l), ignore_lock, NULL)) != TG_OK || (rc = use_log(g, l)) != TG_OK)
		goto wipe;
	a->stored = a->confirmed = 0;
	a->settled = 0;
	if ((rc = deliver_own(g, &ops, NULL, NULL, 0)) != TG_OK ||
	    (rc = store_and_queue(g, 0, &ops, NULL, 0)) != TG_OK)
		goto wipe;
	/* The first thing in a log proves the role of its device, and in the first log also what the grid is.
	 */
	rc = tg_member_encode(
	    &g->access, &p->identity, &p->device, TG_MEMBER_EDITOR, p->name, p->name_len, p->colour, &member);
	if (rc != TG_OK)
		goto wipe;
	n = entry_parents(g, parents, &more); /* more of them than fit: the next entries name the others */
	tg_body_begin(&d.body, p->now_ms, parents, (uint32_t)n, genesis ? 2 : 1);
	if (genesis)
		tg_body_record(&d.body, TG_T_GENESIS, genesis->data, genesis->len);
	tg_body_record(&d.body, TG_T_MEMBER, member.data, member.len);
	if ((rc = tg_buf_status(&d.body)) == TG_OK)
		rc = append(g, &d, 1, parents, n);
wipe:
	tg_wipe(&seed, sizeof seed);
	tg_wipe(&pair, sizeof pair);
	tg_buf_free(&member);
	tg_ops_free(&ops);
	drafts_free(&d, 1);
	return rc;
}

/* ---- taking over a log of an earlier session ----------------------------------------------------------- */

static int try_candidate(struct tgp_grid *g, uint64_t below);

/* The log's peaks are in memory and its head is verified: it may be written to. */
static int
candidate_loaded(struct tg_peer *p, struct tgp_retry *retry)
{
	struct tgp_grid *g = retry->grid;
	struct tg_fetch fetch = tgp_retry_fetch(retry);
	struct tgp_log *l;
	struct tg_key key;
	int rc;

	memcpy(key.b, retry->data.data, TG_KEY_BYTES);
	l = tgp_log_find(g, &key);
	if (l == NULL || g->author.log != NULL || l->delivered != l->log.length)
		return TG_OK;
	if ((rc = tg_log_load(&l->log, &fetch)) != TG_OK)
		return rc;
	if ((rc = tg_log_own(&l->log, &l->seed)) != TG_OK)
		return rc;
	(void)p;
	g->author.candidate = l;
	g->durability_dirty = 1;
	/* Whoever answered our joining did so before it could be heard: ask again. */
	return tgp_joined_anywhere(g) ? tgp_have_all(g, TG_HAVE_ANSWER) : TG_OK;
}

static int
head_checked(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_grid *g = job->grid;
	struct tgp_log *l = tgp_log_find(g, &job->log);
	struct tg_bytes key, value;
	uint64_t length = 0;

	(void)count;
	(void)more;
	if (l == NULL || g->author.log != NULL)
		return TG_OK;
	if (status == TG_OK && tgp_next_record(&records, &key, &value) && value.len >= 8)
		for (int i = 0; i < 8; i++)
			length = length << 8 | value.data[i];
	if (length != l->log.head.length) {
		/* Another tab wrote to it after we had read it: leave it to whoever opens next. */
		tgp_fx_unlock(p, lock_name(l));
		return try_candidate(g, job->number);
	}
	return tgp_retry_run(g, candidate_loaded, (struct tg_bytes){l->log.key.b, TG_KEY_BYTES}, NULL, 0);
}

static int
candidate_locked(struct tg_peer *p, struct tgp_job *job, int granted)
{
	struct tgp_grid *g = job->grid;
	uint8_t from[TG_STORAGE_KEY_MAX_BYTES + 1], to[TG_STORAGE_KEY_MAX_BYTES + 1];
	size_t n;
	struct tgp_job *load;

	if (!granted)
		return try_candidate(g, job->number);
	/* Lock first, then look whether storage holds more than we have read. */
	n = tg_storage_key_head(&g->id, &job->log, from);
	memcpy(to, from, n);
	to[n] = 0;
	if (tgp_load(p, g, (struct tg_bytes){from, n}, (struct tg_bytes){to, n + 1}, TGP_LOAD_BYTES,
		head_checked, &load) != TG_OK)
		return TG_ENOMEM;
	load->log = job->log;
	load->number = job->number;
	return TG_OK;
}

/* Ask for the lock of the longest own log shorter than ${below} entries. */
static int
try_candidate(struct tgp_grid *g, uint64_t below)
{
	struct tgp_log *best = NULL;
	struct tgp_job *job;

	if (g->author.log != NULL)
		return TG_OK;
	for (size_t i = 0; i < g->log_count; i++) {
		struct tgp_log *l = g->logs[i];

		if (l->own && !l->closed && !l->damaged && l->editor && l->log.head.length < below &&
		    l->settled == l->log.head.length &&
		    (best == NULL || l->log.head.length > best->log.head.length))
			best = l;
	}
	if (best == NULL)
		return TG_OK;
	if (tgp_lock(g->peer, g, lock_name(best), candidate_locked, &job) != TG_OK)
		return TG_ENOMEM;
	job->log = best->log.key;
	job->number = best->log.head.length;
	return TG_OK;
}

int
tgp_author_ready(struct tgp_grid *g)
{
	return try_candidate(g, UINT64_MAX);
}

const struct tgp_log *
tgp_author_newest(const struct tgp_grid *g)
{
	return g->author.log ? g->author.log : g->author.candidate;
}

static void
drop_candidate(struct tgp_grid *g)
{
	g->durability_dirty = 1;
	tgp_fx_unlock(g->peer, lock_name(g->author.candidate));
	g->author.candidate = NULL;
	g->author.confirm_at = 0;
}

int
tgp_author_evidence(struct tgp_grid *g, const struct tgp_session *s, const struct tg_log_state *state)
{
	struct tgp_author *a = &g->author;
	struct tgp_log *l = a->candidate;

	if (l == NULL || tg_key_cmp(&s->device, &g->peer->device.public_key) == 0 ||
	    s->role == TG_SESSION_VIEWER)
		return TG_OK;
	if (state &&
	    (state->length > l->log.head.length ||
		(state->length == l->log.head.length && tg_hash_cmp(&state->root, &l->log.head.root) != 0))) {
		/* More of it is known than we hold: this profile is an old copy.  The log is left as it is.
		 */
		drop_candidate(g);
		l->own = 0;
		return TG_OK;
	}
	/* The first to answer need not know best: whoever is there gets a moment to contradict. */
	if (a->confirm_at == 0)
		a->confirm_at = g->peer->now_ms + TGP_CONFIRM_MS;
	return TG_OK;
}

int
tgp_author_confirmed(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;
	struct tgp_log *l = a->candidate;

	a->confirm_at = 0;
	if (l == NULL || a->log != NULL)
		return TG_OK;
	if (l->closed || l->doubted || l->settled != l->log.head.length) {
		drop_candidate(g); /* it grew meanwhile: others held more */
		return TG_OK;
	}
	return use_log(g, l);
}

/* The own log forked.  What was typed so far belongs to it, and the view has it: a fresh log must name it. */
int
tgp_author_leave(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;
	struct tgp_log *l = a->log;
	size_t i = 0;

	if (l == NULL)
		return TG_OK;
	if (tgp_author_flush(g) != TG_OK)
		return TG_ENOMEM;
	while (i < g->view_count && tg_key_cmp(&g->view[i].log->log.key, &l->log.key) < 0)
		i++;
	if ((i == g->view_count || g->view[i].log != l) &&
	    tg_mem_insert((void **)&g->view, &g->view_count, &g->view_cap, i, sizeof *g->view) == NULL)
		return TG_ENOMEM;
	g->view[i] = (struct tgp_frontier){l, l->delivered - 1};
	/* Others ask for what they lack of it. */
	while (a->unsent_count > 0)
		unsent_drop(a, a->unsent_count - 1);
	a->log = NULL;
	a->dirty = 0;
	a->settle_at = 0;
	g->durability_dirty = 1;
	return TG_OK;
}

/* ---- edits and undo ------------------------------------------------------------------------------------ */

static size_t
own_log_count(const struct tgp_grid *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->log_count; i++)
		n += g->logs[i]->own != 0;
	return n;
}

static int
ensure_log(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;

	if (a->log)
		return TG_OK;
	if (a->candidate && own_log_count(g) >= TGP_OWN_LOGS_SOFT)
		return use_log(g, a->candidate);
	return tgp_author_begin(g, NULL);
}

static void
mark_dirty(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;

	if (!a->dirty) {
		/* A lone keystroke leaves at once; a burst is gathered for as long as the last flush is
		 * young. */
		uint64_t next = a->flushed_at + TGP_FLUSH_MS;

		a->dirty = 1;
		a->flush_at =
		    next > g->peer->now_ms && a->flushed_at <= g->peer->now_ms ? next : g->peer->now_ms;
		tgp_fx_durability(g); /* at once: nobody may think it safe until the next tick */
	}
}

static int
group_push(struct tgp_undo_group **list, size_t *count, const struct tgp_undo_group *group)
{
	if (*list == NULL && (*list = tg_calloc(TGP_UNDO_GROUPS, sizeof **list)) == NULL)
		return TG_ENOMEM;
	if (*count == TGP_UNDO_GROUPS)
		tg_mem_remove(*list, count, 0, sizeof **list);
	(*list)[(*count)++] = *group;
	return TG_OK;
}

#define UNDO_PAUSE_MS 500
#define UNDO_SPAN_MS  5000 /* who never pauses still gets steps */

static int
remember_undo(struct tgp_grid *g, uint64_t first, uint64_t count)
{
	struct tgp_author *a = &g->author;
	struct tgp_undo_group *last = a->undo_count > 0 ? &a->undo[a->undo_count - 1] : NULL;
	struct tgp_undo_group group = {.first_ms = g->peer->now_ms, .last_ms = g->peer->now_ms};

	if (count == 0)
		return TG_OK;
	a->redo_count = 0;
	if (last && !a->undo_closed && last->range.seq + last->range.count == first &&
	    memcmp(last->range.agent, a->log->log.key.b, TG_KEY_BYTES) == 0 &&
	    g->peer->now_ms < last->last_ms + UNDO_PAUSE_MS &&
	    g->peer->now_ms < last->first_ms + UNDO_SPAN_MS) {
		last->range.count += count;
		last->last_ms = g->peer->now_ms;
		return TG_OK;
	}
	a->undo_closed = 0;
	memcpy(group.range.agent, a->log->log.key.b, TG_KEY_BYTES);
	group.range.seq = first;
	group.range.count = count;
	return group_push(&a->undo, &a->undo_count, &group);
}

static int
may_edit(struct tgp_grid *g, uint64_t request)
{
	if (g->state != TGP_GRID_READY) {
		tgp_fx_reply(g->peer, request, TG_EBUSY);
		return 0;
	}
	if (g->access.mode != TG_MODE_EDIT) {
		tgp_fx_notice(g->peer, g, 6, "this link may read, not write");
		tgp_fx_reply(g->peer, request, TG_EPERM);
		return 0;
	}
	return 1;
}

int
tgp_author_edit(struct tgp_grid *g, uint64_t request, struct tg_bytes edits)
{
	uint64_t first, count;
	int rc;

	if (!may_edit(g, request))
		return TG_OK;
	if ((rc = ensure_log(g)) == TG_OK)
		rc = tg_doc_edit_msgpack(g->doc, edits.data, edits.len, &first, &count);
	if (rc == TG_ENOMEM)
		return rc;
	if (rc == TG_OK) {
		mark_dirty(g);
		if (remember_undo(g, first, count) != TG_OK || tgp_grid_title(g) != TG_OK)
			return TG_ENOMEM;
	}
	tgp_fx_reply(g->peer, request, rc);
	return TG_OK;
}

int
tgp_author_undo(struct tgp_grid *g, uint64_t request, int redo)
{
	struct tgp_author *a = &g->author;
	struct tgp_undo_group group;
	struct tg_patches patches;
	uint64_t first, count = 0;
	int rc;

	if (!may_edit(g, request))
		return TG_OK;
	if (tgp_author_flush(g) != TG_OK)
		return TG_ENOMEM;
	do {
		/* Then VIEW stays where it is: later edits must not claim to have seen more. */
		if ((redo ? a->redo_count : a->undo_count) == 0) {
			tgp_fx_reply(g->peer, request, TG_OK);
			return TG_OK;
		}
		if ((rc = ensure_log(g)) == TG_ENOMEM)
			return rc;
		if (rc != TG_OK) {
			tgp_fx_reply(g->peer, request, rc);
			return TG_OK;
		}
		group = redo ? a->redo[--a->redo_count] : a->undo[--a->undo_count];
		rc = tg_doc_undo(g->doc, &group.range, 1, &first, &count, &patches);
		if (rc == TG_ENOMEM)
			return rc;
	} while (rc != TG_OK);
	if (tgp_view_advanced(g) != TG_OK)
		return TG_ENOMEM;
	g->changed_sent = 0;
	tgp_fx_reply_patches(g->peer, request, &patches);
	if (count > 0) {
		memcpy(group.range.agent, a->log->log.key.b, TG_KEY_BYTES);
		group.range.seq = first;
		group.range.count = count;
		mark_dirty(g);
		rc = redo ? group_push(&a->undo, &a->undo_count, &group)
			  : group_push(&a->redo, &a->redo_count, &group);
		if (rc != TG_OK)
			return rc;
		a->undo_closed = 1;
	}
	return tgp_presence_remap(g);
}

void
tgp_author_free(struct tgp_grid *g)
{
	struct tgp_author *a = &g->author;

	while (a->unsent_count > 0)
		unsent_drop(a, a->unsent_count - 1);
	tg_free(a->unsent);
	tg_free(a->sent);
	tg_free(a->undo);
	tg_free(a->redo);
}
