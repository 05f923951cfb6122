/*
 * A fork proof says: this log's key signed two histories, neither a prefix of the other.  The evidence is as
 * strictly checked as state, because it closes a log for ever (protocol.md 5.7).
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "log/state.h"
#include "wire/reader.h"
#include "wire/writer.h"

static void
write_list(const struct tg_hash *hashes, unsigned count, struct tg_buf *out)
{
	tg_write_array(out, count);
	for (unsigned i = 0; i < count; i++)
		tg_write_bin(out, hashes[i].b, sizeof hashes[i].b);
}

int
tg_fork_encode(
    const struct tg_hash *peaks, uint64_t a, const struct tg_hash *rest, unsigned rests, struct tg_buf *out)
{
	size_t before;

	if (out == NULL)
		return TG_OK;
	if (tg_buf_status(out) != TG_OK)
		return TG_ENOMEM;
	before = out->len;
	if (a == 0) { /* equal lengths */
		tg_write_array(out, 0);
	} else {
		tg_write_array(out, 2);
		write_list(peaks, tg_tree_peaks(a), out);
		write_list(rest, rests, out);
	}
	if (tg_buf_status(out) == TG_OK)
		return TG_OK;
	tg_buf_truncate(out, before);
	return TG_ENOMEM;
}

static void
read_list(struct tg_reader *r, struct tg_hash *hashes, unsigned *count)
{
	*count = tg_read_array(r, 0, TG_TREE_LEVELS);
	for (unsigned i = 0; i < *count && tg_reader_status(r) == TG_OK; i++)
		tg_read_fixed(r, hashes[i].b, sizeof hashes[i].b);
}

/* Lengths a < b: do the peaks give another history up to a than head a's, and one that head b signs? */
static int
check_lists(const struct tg_head *a, const struct tg_head *b, struct tg_bytes proof)
{
	struct tg_hash peaks[TG_TREE_LEVELS], rest[TG_TREE_LEVELS], root;
	struct tg_span spans[TG_TREE_LEVELS];
	unsigned n_peaks, n_rest;
	struct tg_reader r;
	int rc;

	tg_reader_init(&r, proof.data, proof.len);
	tg_read_array(&r, 2, 2);
	read_list(&r, peaks, &n_peaks);
	read_list(&r, rest, &n_rest);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	if (n_peaks != tg_tree_peaks(a->length) || n_rest != tg_tree_right(b->length, a->length, spans))
		return TG_EPROOF;
	tg_tree_root(peaks, a->length, &root);
	if (tg_hash_cmp(&root, &a->root) == 0)
		return TG_EPROOF; /* an extension */
	tg_tree_root_of(peaks, a->length, b->length, rest, &root);
	return tg_hash_cmp(&root, &b->root) == 0 ? TG_OK : TG_EPROOF;
}

static int
check_proof(const struct tg_head *a, const struct tg_head *b, struct tg_bytes proof)
{
	if (a->length < b->length)
		return check_lists(a, b, proof);
	if (a->length > b->length) /* one order only, so that one fork has one proof */
		return TG_EPROOF;
	if (proof.len != 1 || proof.data[0] != 0x90)
		return TG_EFORMAT;
	return tg_hash_cmp(&a->root, &b->root) == 0 ? TG_EPROOF : TG_OK;
}

int
tg_fork_check(const struct tg_hash *grid, struct tg_bytes a, struct tg_bytes b, struct tg_bytes proof,
    struct tg_key *log)
{
	struct tg_head head_a, head_b;
	int rc;

	if ((rc = tg_head_decode(a.data, a.len, &head_a)) != TG_OK)
		return rc;
	if ((rc = tg_head_decode(b.data, b.len, &head_b)) != TG_OK)
		return rc;
	if (tg_hash_cmp(&head_a.grid, grid) != 0 || tg_hash_cmp(&head_b.grid, grid) != 0)
		return TG_EGRID;
	if (tg_key_cmp(&head_a.log, &head_b.log) != 0 || head_a.epoch != head_b.epoch)
		return TG_EPROOF;
	if ((rc = check_proof(&head_a, &head_b, proof)) != TG_OK)
		return rc;
	if ((rc = tg_head_verify(&head_a)) != TG_OK)
		return rc;
	if ((rc = tg_head_verify(&head_b)) != TG_OK)
		return rc;
	*log = head_a.log;
	return TG_OK;
}

/* ---- branches ------------------------------------------------------------------------------------------ */

void
tg_branch_agent(const struct tg_hash *leaves, uint64_t n, struct tg_key *agent)
{
	uint8_t scratch[TG_TREE_LEVELS * TG_HASH_BYTES];
	struct tg_hash peaks[TG_TREE_LEVELS], root, hash;

	for (uint64_t i = 0; i < n; i++)
		tg_tree_append(peaks, i, &leaves[i], scratch);
	tg_tree_root(peaks, n, &root);
	tg_hash(TG_DOMAIN_BRANCH, root.b, sizeof root.b, &hash);
	memcpy(agent->b, hash.b, sizeof agent->b);
}

void
tg_branch_name(const struct tg_key *key, const struct tg_hash *root, uint64_t i, struct tg_key *name)
{
	uint8_t number[8];
	struct tg_hasher hasher;
	struct tg_hash hash;

	for (int b = 0; b < 8; b++)
		number[b] = (uint8_t)(i >> (56 - 8 * b));
	tg_hash_init(&hasher, TG_DOMAIN_BRANCH);
	tg_hash_update(&hasher, key->b, sizeof key->b);
	tg_hash_update(&hasher, root->b, sizeof root->b);
	tg_hash_update(&hasher, number, sizeof number);
	tg_hash_final(&hasher, &hash);
	memcpy(name->b, hash.b, sizeof name->b);
}
