/*
 * Taking in a run of somebody's log.
 *
 * The run is walked once.  The walk starts from the peaks of [0, start), which are the left part of the
 * range proof, and appends every leaf: that yields the nodes to store, and on the way the peaks of this
 * history at each place where we hold an opinion of our own (our length, our heads, the edges of extra
 * ranges).  Nothing that the walk compares is believed before the root and the signature verified.
 *
 *	      start        our length L          end            n = head's length
 *	|-- left of proof --|======= entries ======|-- right of proof --|
 *	                    |-- compared at L --|--- new: to ops -------|
 *
 * "Our length" lies left of the start: a gap.  Right of the end: nothing new.  Between: compare, then extend.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "log/entry.h"
#include "log/state.h"
#include "wire/reader.h"

struct intake {
	struct tg_log *log;
	const struct tg_run *run;
	struct tg_ops *ops; /* NULL: walk without storing */
	struct tg_head head;
	uint64_t start, end, put_from;
	struct tg_hash proof[2 * TG_TREE_LEVELS];
	unsigned left;			      /* proof[0 .. left): peaks of [0, start); then the right part */
	struct tg_hash peaks[TG_TREE_LEVELS]; /* of [0, where the walk is) in this history */
	uint64_t bytes;			      /* of the entries from put_from on */
	int expunged;			      /* one of these lost its text */
	/* What the walk found; *_seen: the walk came past that place. */
	int length_seen, length_agrees;
	int head_seen, head_agrees;
	int far_seen, far_agrees;
	uint32_t ranges_agree; /* bit i: extra range i starts with the same history */
};

_Static_assert(TG_LOG_RANGES_MAX <= 32, "ranges_agree is a bit mask");

/* ---- what can be said without hashing ---- */

static int
read_proof(struct intake *in)
{
	struct tg_span spans[TG_TREE_LEVELS];
	struct tg_reader r;

	in->left = tg_tree_peaks(in->start);
	if (in->run->proof_count != in->left + tg_tree_right(in->head.length, in->end, spans))
		return TG_EPROOF;
	tg_reader_init(&r, in->run->proof_raw.data, in->run->proof_raw.len);
	for (unsigned i = 0; i < in->run->proof_count; i++)
		tg_read_fixed(&r, in->proof[i].b, sizeof in->proof[i].b);
	return tg_reader_end(&r);
}

static int
open_intake(struct intake *in, struct tg_log *log, const struct tg_access *access, const struct tg_run *run)
{
	struct tg_entry entry;
	struct tg_bytes raw;
	size_t at = 0;
	int rc;

	memset(in, 0, sizeof *in);
	in->log = log;
	in->run = run;
	in->start = run->start;
	in->end = run->start + run->count;
	if (tg_key_cmp(&run->log, &log->key) != 0)
		return TG_EINVAL;
	if ((rc = tg_head_decode(run->head.data, run->head.len, &in->head)) != TG_OK)
		return rc;
	if (tg_key_cmp(&in->head.log, &log->key) != 0 || in->end > in->head.length)
		return TG_EFORMAT;
	if (tg_hash_cmp(&in->head.grid, &log->grid) != 0 || tg_hash_cmp(&access->grid, &log->grid) != 0)
		return TG_EGRID;
	if (in->head.epoch != log->epoch || access->epoch != log->epoch)
		return TG_EEPOCH;
	for (uint64_t seq = in->start; seq < in->end; seq++) {
		if (!tg_run_next(run, &at, &entry, &raw))
			return TG_EFORMAT;
		if ((rc = tg_entry_check(&entry, seq, log->epoch)) != TG_OK)
			return rc;
	}
	return read_proof(in);
}

/* ---- the walk ---- */

static int
root_agrees(const struct intake *in, const struct tg_head *head)
{
	struct tg_hash root;

	tg_tree_root(in->peaks, head->length, &root);
	return tg_hash_cmp(&root, &head->root) == 0;
}

/* The walk stands behind the first n entries: compare with all that we know about these. */
static void
compare_at(struct intake *in, uint64_t n)
{
	const struct tg_log *log = in->log;
	size_t size = tg_tree_peaks(n) * sizeof in->peaks[0];

	if (n == log->length) {
		in->length_seen = 1;
		in->length_agrees = n == 0 || memcmp(in->peaks, log->peaks, size) == 0;
	}
	if (n == log->head.length && n) {
		in->head_seen = 1;
		in->head_agrees = root_agrees(in, &log->head);
	}
	if (log->far != NULL && n == log->far->length) {
		in->far_seen = 1;
		in->far_agrees = root_agrees(in, log->far);
	}
	for (size_t i = 0; i < log->ranges_count; i++)
		if (n == log->ranges[i].from && memcmp(in->peaks, log->ranges[i].peaks_from, size) == 0)
			in->ranges_agree |= (uint32_t)1 << i;
}

static int
store_entry(struct intake *in, uint64_t seq, struct tg_bytes raw, uint8_t **nodes)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], *p;
	size_t key_len = tg_storage_key_entry(&in->log->grid, &in->log->name, seq, key);
	size_t nodes_len = tg_tree_completed(seq) * (size_t)TG_HASH_BYTES;

	if ((p = tg_ops_space(in->ops, key, key_len, 1 + nodes_len + raw.len)) == NULL)
		return TG_ENOMEM;
	*p = (uint8_t)tg_tree_completed(seq);
	memcpy(p + 1 + nodes_len, raw.data, raw.len);
	*nodes = p + 1;
	return TG_OK;
}

/* Room for all of it at once; failing is no harm, as tg_ops_space asks again. */
static int
reserve(struct intake *in)
{
	size_t each = TG_STORAGE_KEY_MAX_BYTES + 1 + 3 * TG_HASH_BYTES;
	size_t need = in->run->entries_raw.len + in->run->count * each + 512;

	if (need > SIZE_MAX / 2 - in->ops->len)
		return TG_ENOMEM;
	return tg_mem_grow((void **)&in->ops->bytes, &in->ops->cap, in->ops->len + need, 1);
}

static int
walk(struct intake *in)
{
	uint8_t scratch[TG_TREE_LEVELS * TG_HASH_BYTES], *nodes;
	struct tg_entry entry;
	struct tg_bytes raw;
	struct tg_hash leaf, root;
	size_t at = 0;
	int rc;

	if ((rc = reserve(in)) != TG_OK)
		return rc;
	memcpy(in->peaks, in->proof, in->left * sizeof in->proof[0]);
	for (uint64_t seq = in->start; seq < in->end; seq++) {
		compare_at(in, seq);
		tg_run_next(in->run, &at, &entry, &raw);
		nodes = scratch;
		if (seq >= in->put_from) {
			if ((rc = store_entry(in, seq, raw, &nodes)) != TG_OK)
				return rc;
			in->bytes += tg_entry_size(&entry);
			in->expunged |= entry.expunged;
		}
		tg_entry_leaf(&entry, &leaf);
		tg_tree_append(in->peaks, seq, &leaf, nodes);
	}
	compare_at(in, in->end);
	tg_tree_root_of(in->peaks, in->end, in->head.length, in->proof + in->left, &root);
	return tg_hash_cmp(&root, &in->head.root) == 0 ? TG_OK : TG_EPROOF;
}

/* ---- forks ---- */

/* The run and the right part of its proof, as a source of nodes of that history. */
struct run_nodes {
	const struct intake *in;
	struct tg_hash *leaves; /* of the run's entries */
	struct tg_span spans[TG_TREE_LEVELS];
	unsigned rights;
};

static void
run_subtree(const struct run_nodes *s, uint64_t from, uint64_t to, struct tg_hash *out)
{
	struct tg_hash right;
	uint64_t half;

	if (to - from == 1 && from < s->in->end) {
		*out = s->leaves[from - s->in->start];
		return;
	}
	for (unsigned i = 0; i < s->rights; i++)
		if (s->spans[i].from == from && s->spans[i].to == to) {
			*out = s->in->proof[s->in->left + i];
			return;
		}
	/* It holds some of the run's entries, so it is not inside a subtree of the proof. */
	half = (uint64_t)1 << (63 - __builtin_clzll(to - from - 1));
	run_subtree(s, from, from + half, out);
	run_subtree(s, from + half, to, &right);
	tg_tree_node(out, &right, out);
}

/* Our head `a` is shorter than the run's, and the run comes past its end: prove it from the run. */
static int
prove_from_run(const struct intake *in, uint64_t a, struct tg_buf *proof)
{
	uint8_t scratch[TG_TREE_LEVELS * TG_HASH_BYTES];
	struct tg_hash peaks[TG_TREE_LEVELS], rest[TG_TREE_LEVELS];
	struct tg_span spans[TG_TREE_LEVELS];
	struct run_nodes nodes = {.in = in};
	struct tg_entry entry;
	struct tg_bytes raw;
	unsigned count;
	size_t at = 0;
	int rc;

	if ((nodes.leaves = tg_calloc(in->run->count, sizeof *nodes.leaves)) == NULL)
		return TG_ENOMEM;
	nodes.rights = tg_tree_right(in->head.length, in->end, nodes.spans);
	memcpy(peaks, in->proof, in->left * sizeof *peaks);
	for (uint64_t seq = in->start; seq < in->end; seq++) {
		struct tg_hash *leaf = &nodes.leaves[seq - in->start];

		tg_run_next(in->run, &at, &entry, &raw);
		tg_entry_leaf(&entry, leaf);
		if (seq < a)
			tg_tree_append(peaks, seq, leaf, scratch);
	}
	count = tg_tree_right(in->head.length, a, spans);
	for (unsigned i = 0; i < count; i++)
		run_subtree(&nodes, spans[i].from, spans[i].to, &rest[i]);
	rc = tg_fork_encode(peaks, a, rest, count, proof);
	tg_free(nodes.leaves);
	return rc;
}

/*
 * The run's head, of length a, contradicts what is stored: ${peaks} are those of [0, a) there.  Before that
 * is called a fork, the stored nodes must lead to the root of ${n} entries that we know, or it may be our
 * storage that is wrong. Appends the proof element for n == head.length.
 */
static int
prove_from_storage(const struct intake *in, uint64_t n, const struct tg_hash *peaks,
    const struct tg_fetch *fetch, struct tg_buf *proof)
{
	struct tg_log *log = in->log;
	struct tg_log_source source = {log, fetch};
	struct tg_tree_source tree = tg_log_tree(&source);
	struct tg_hash rest[2 * TG_TREE_LEVELS], known, root;
	unsigned count = 0;
	int rc;

	if ((rc = tg_tree_prove(&tree, n, 0, in->head.length, rest, &count)) != TG_OK)
		return rc;
	tg_tree_root_of(peaks, in->head.length, n, rest, &root);
	if (n == log->head.length)
		known = log->head.root;
	else
		tg_tree_root(log->peaks, n, &known);
	if (tg_hash_cmp(&root, &known) != 0)
		return TG_EHASH;
	return n == log->head.length ? tg_fork_encode(peaks, in->head.length, rest, count, proof) : TG_OK;
}

static int
fork_told(const struct intake *in, const struct tg_head *ours, int provable, struct tg_receipt *receipt)
{
	const struct tg_head *theirs = &in->head;

	receipt->provable = provable;
	receipt->fork_a = ours->length <= theirs->length ? *ours : *theirs;
	receipt->fork_b = ours->length <= theirs->length ? *theirs : *ours;
	return TG_EFORK;
}

/* A head of ours that is no longer than the run's is contradicted.  TG_EFORK, or TG_ENOMEM. */
static int
fork_found(
    const struct intake *in, const struct tg_head *ours, struct tg_receipt *receipt, struct tg_buf *proof)
{
	int provable = 1, rc = TG_OK;

	if (ours->length == in->head.length)
		rc = tg_fork_encode(NULL, 0, NULL, 0, proof);
	else if (ours->length >= in->start && ours->length <= in->end)
		rc = prove_from_run(in, ours->length, proof);
	else
		provable = 0;
	return rc == TG_OK ? fork_told(in, ours, provable, receipt) : rc;
}

/* The run's history, up to our length, is not what we hold.  Which of our heads does it contradict? */
static int
fork_at_length(const struct intake *in, struct tg_receipt *receipt, struct tg_buf *proof)
{
	const struct tg_log *log = in->log;

	if (in->head_seen && !in->head_agrees)
		return fork_found(in, &log->head, receipt, proof);
	if (in->far_seen && !in->far_agrees)
		return fork_found(in, log->far, receipt, proof);
	/* The split lies behind our head, or our head behind the run: only the far head knows these entries.
	 */
	if (log->far == NULL || log->far_stored)
		return TG_EHASH;
	return fork_told(in, log->far, 0, receipt);
}

/* ---- verdicts ---- */

/* A head no longer than what is held, other than ours: an older one of this history, or of another. */
static int
judge_old_head(
    struct intake *in, const struct tg_fetch *fetch, struct tg_receipt *receipt, struct tg_buf *proof)
{
	struct tg_log *log = in->log;
	struct tg_log_source source = {log, fetch};
	struct tg_tree_source tree = tg_log_tree(&source);
	struct tg_hash peaks[TG_TREE_LEVELS], root;
	int rc;

	if (in->head.length == log->length)
		memcpy(peaks, log->peaks, tg_tree_peaks(log->length) * sizeof *peaks);
	else if ((rc = tg_tree_load_peaks(&tree, in->head.length, peaks)) != TG_OK)
		return rc;
	tg_tree_root(peaks, in->head.length, &root);
	if (tg_hash_cmp(&root, &in->head.root) != 0) {
		uint64_t n = in->head.length < log->head.length ? log->head.length : log->length;

		if (in->head.length > log->head.length && in->head_seen && !in->head_agrees)
			return fork_found(in, &log->head, receipt, proof);
		if ((rc = prove_from_storage(in, n, peaks, fetch, proof)) != TG_OK)
			return rc;
		if (in->head.length < log->head.length)
			return fork_told(in, &log->head, 1, receipt);
		return log->far == NULL || log->far_stored ? TG_EHASH : fork_told(in, log->far, 0, receipt);
	}
	if (in->head.length <= log->head.length)
		return TG_EEXISTS;
	/* Between our head and our length: now more of what is held is covered. */
	if ((rc = tg_log_put_head(log, log->length, &in->head, in->ops)) != TG_OK)
		return rc;
	log->head = in->head;
	receipt->from = receipt->to = log->length;
	return TG_OK;
}

/* The sizes that the head claims: quotas are kept by them. */
static int
check_bytes(const struct intake *in)
{
	const struct tg_log *log = in->log;
	uint64_t before = log->head.length == log->length ? log->head.bytes : 0;

	if (in->bytes > in->head.bytes || before > in->head.bytes - in->bytes)
		return TG_EFORMAT;
	if (log->head.length == log->length && in->put_from == log->length && in->end == in->head.length &&
	    !in->expunged && before + in->bytes != in->head.bytes)
		return TG_EFORMAT;
	return TG_OK;
}

/* Entries that continue ours.  All that can fail comes first. */
static int
extend(struct intake *in, struct tg_receipt *receipt)
{
	struct tg_log *log = in->log;
	const struct tg_hash *peaks = in->peaks;
	struct tg_head head = log->head, far = in->head, *far_space = NULL;
	uint64_t length = in->end;
	size_t passed = 0;
	int rc;

	if ((rc = check_bytes(in)) != TG_OK)
		return rc;
	if (in->far_seen && in->far_agrees)
		head = *log->far;
	if (in->end == in->head.length)
		head = in->head;
	/* Extra ranges that are reached now: those with the same history continue it, others are let go. */
	for (; passed < log->ranges_count && log->ranges[passed].from <= length; passed++) {
		const struct tg_range *range = &log->ranges[passed];
		int agrees = in->ranges_agree >> passed & 1;

		if (range->from > in->end) /* it touches the range before it, beyond the walk */
			agrees = range->from == length &&
				 memcmp(peaks, range->peaks_from, tg_tree_peaks(length) * sizeof *peaks) == 0;
		if (!agrees || range->to <= length)
			continue;
		length = range->to;
		peaks = range->peaks_to;
		far = range->head;
		if (far.length == length)
			head = far;
	}

	if (far.length > length && log->far == NULL) {
		if ((far_space = tg_malloc(sizeof *far_space)) == NULL)
			return TG_ENOMEM;
	}
	rc = tg_log_put_head(log, length, head.length ? &head : &far, in->ops);
	if (rc == TG_OK)
		rc = tg_log_reserve_peaks(log, length);
	if (rc != TG_OK) {
		tg_free(far_space);
		return rc;
	}

	receipt->from = log->length;
	receipt->to = length;
	tg_log_set_peaks(log, peaks, length);
	log->length = length;
	log->head = head;
	log->far_stored = 0; /* compared up to our length just now */
	if (far_space != NULL)
		log->far = far_space;
	if (far.length > length) {
		*log->far = far;
	} else {
		tg_free(log->far);
		log->far = NULL;
	}
	for (size_t i = 0; i < passed; i++)
		tg_range_free(&log->ranges[i]);
	log->ranges_count -= passed;
	if (passed)
		memmove(log->ranges, log->ranges + passed, log->ranges_count * sizeof *log->ranges);
	return TG_OK;
}

static int
copy_peaks(const struct tg_hash *peaks, uint64_t n, struct tg_hash **out)
{
	size_t size = tg_tree_peaks(n) * sizeof *peaks;

	if ((*out = tg_malloc(size)) == NULL)
		return TG_ENOMEM;
	memcpy(*out, peaks, size);
	return TG_OK;
}

/* Hold a run beyond a gap.  It never touches a range that is there: the caller asks for exact gaps. */
static int
hold_apart(struct intake *in, struct tg_receipt *receipt)
{
	struct tg_log *log = in->log;
	struct tg_range *range, fresh = {.from = in->start, .to = in->end, .head = in->head};
	size_t i = 0;
	int rc;

	if ((rc = check_bytes(in)) != TG_OK)
		return rc;
	while (i < log->ranges_count && log->ranges[i].to < in->start)
		i++;
	range = i < log->ranges_count && log->ranges[i].from <= in->end ? &log->ranges[i] : NULL;
	if (range != NULL && range->from <= in->start && in->end <= range->to)
		return TG_EEXISTS;
	if (range != NULL && range->to == in->start &&
	    (i + 1 == log->ranges_count || log->ranges[i + 1].from > in->end) &&
	    memcmp(range->peaks_to, in->proof, in->left * sizeof in->proof[0]) == 0) {
		/* It continues one: the usual case when a newest part is fetched first. */
		if ((rc = copy_peaks(in->peaks, in->end, &fresh.peaks_to)) != TG_OK)
			return rc;
		tg_free(range->peaks_to);
		range->peaks_to = fresh.peaks_to;
		range->to = in->end;
		range->head = in->head;
	} else {
		if (range != NULL && (range->from < in->end && in->start < range->to))
			return TG_EGAP;
		if (log->ranges_count == TG_LOG_RANGES_MAX)
			return TG_ELIMIT;
		rc = copy_peaks(in->proof, in->start, &fresh.peaks_from);
		if (rc == TG_OK)
			rc = copy_peaks(in->peaks, in->end, &fresh.peaks_to);
		if (rc != TG_OK) {
			tg_range_free(&fresh);
			return rc;
		}
		while (i < log->ranges_count && log->ranges[i].from < in->start)
			i++;
		range = tg_mem_insert(
		    (void **)&log->ranges, &log->ranges_count, &log->ranges_cap, i, sizeof *range);
		if (range == NULL) {
			tg_range_free(&fresh);
			return TG_ENOMEM;
		}
		*range = fresh;
	}
	receipt->from = in->start;
	receipt->to = in->end;
	return TG_OK;
}

static int
verify_signatures(const struct intake *in, const struct tg_access *access)
{
	const struct tg_log *log = in->log;
	struct tg_cert cert;
	struct tg_entry entry;
	struct tg_bytes raw;
	size_t at = 0;
	int rc;

	/* Catching up, every run comes with the same head. */
	if (!tg_head_same(&in->head, &log->head) && !(log->far && tg_head_same(&in->head, log->far)))
		if ((rc = tg_head_verify(&in->head)) != TG_OK)
			return rc;
	if (in->start > 0 || log->length > 0)
		return TG_OK;
	tg_run_next(in->run, &at, &entry, &raw);
	return tg_cert_decode(access, &log->key, entry.header.data, entry.header.len, &cert);
}

static int
judge(struct intake *in, unsigned flags, const struct tg_fetch *fetch, struct tg_receipt *receipt,
    struct tg_buf *proof)
{
	struct tg_log *log = in->log;

	if (in->head.length == log->head.length && tg_hash_cmp(&in->head.root, &log->head.root) != 0)
		return fork_found(in, &log->head, receipt, proof);
	if (log->far != NULL && in->head.length == log->far->length &&
	    tg_hash_cmp(&in->head.root, &log->far->root) != 0)
		return fork_found(in, log->far, receipt, proof);
	if (in->head.length <= log->length)
		return judge_old_head(in, fetch, receipt, proof);
	if (in->start > log->length) {
		receipt->need_from = log->length;
		receipt->need_to = in->start;
		/* No log is held without its certificate. */
		return flags & TG_RECEIVE_SPARSE && log->length ? hold_apart(in, receipt) : TG_EGAP;
	}
	if (!in->length_seen)
		return TG_EEXISTS; /* it ends before our length: nothing new, and nothing to compare with */
	if (!in->length_agrees)
		return fork_at_length(in, receipt, proof);
	if (in->far_seen && !in->far_agrees)
		return fork_found(in, log->far, receipt, proof);
	return in->end > log->length ? extend(in, receipt) : TG_EEXISTS;
}

int
tg_log_receive(struct tg_log *log, const struct tg_access *access, const struct tg_run *run, unsigned flags,
    const struct tg_fetch *fetch, struct tg_ops *ops, struct tg_receipt *receipt, struct tg_buf *proof)
{
	struct tg_ops_mark mark = tg_ops_mark(ops);
	struct intake in;
	int rc;

	memset(receipt, 0, sizeof *receipt);
	if ((rc = open_intake(&in, log, access, run)) != TG_OK)
		return rc;
	if (tg_head_same(&in.head, &log->head) && in.end <= log->length)
		return TG_EEXISTS;
	if ((rc = tg_log_load(log, fetch)) != TG_OK)
		return rc;
	in.ops = ops;
	in.put_from = in.start > log->length ? in.start : log->length;
	if ((rc = walk(&in)) != TG_OK)
		goto undo_ops;
	if ((rc = verify_signatures(&in, access)) != TG_OK)
		goto undo_ops;
	if ((rc = judge(&in, flags, fetch, receipt, proof)) != TG_OK)
		goto undo_ops;
	return TG_OK;

undo_ops:
	tg_ops_rollback(ops, mark);
	return rc;
}
