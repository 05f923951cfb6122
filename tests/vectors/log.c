#include <string.h>

#include <toygrid/log.h>
#include <toygrid/status.h>

#include "log/tree.h"
#include "vectors/lines.h"
#include "vectors/vectors.h"

#define LEAVES 20

static struct tg_access edit;
static struct tg_keypair identity, device;
static struct tg_rng rng;

static void
leaf_of(uint8_t i, struct tg_hash *out)
{
	tg_hash(TG_DOMAIN_LEAF, &i, 1, out);
}

/* Nodes of the tree over the leaves above, found the slow way. */
static int
node(void *ctx, unsigned level, uint64_t index, struct tg_hash *out)
{
	struct tg_hash right;

	(void)ctx;
	if (level == 0) {
		leaf_of((uint8_t)index, out);
		return TG_OK;
	}
	node(NULL, level - 1, 2 * index, out);
	node(NULL, level - 1, 2 * index + 1, &right);
	tg_tree_node(out, &right, out);
	return TG_OK;
}

static void
trees(struct tg_buf *out)
{
	static const uint8_t ranges[][3] = {
	    {1, 0, 1}, {7, 0, 1}, {7, 2, 5}, {8, 4, 8}, {13, 6, 7}, {20, 3, 17}};
	const struct tg_tree_source src = {node, NULL};
	struct tg_hash h, proof[2 * TG_TREE_LEVELS];
	unsigned count;

	line_text(out, "# root n hash: of n leaves, leaf i = H(tg/leaf, the byte i)\n");
	for (uint8_t n = 1; n <= LEAVES; n++) {
		vector_need(tg_tree_subtree(&src, 0, n, &h) == TG_OK);
		line_begin(out, "root");
		line_uint(out, n);
		line_hex(out, h.b, sizeof h.b);
		line_end(out);
	}
	line_text(out, "# range n start end hashes: the proof, back to back\n");
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		vector_need(
		    tg_tree_prove(&src, ranges[i][0], ranges[i][1], ranges[i][2], proof, &count) == TG_OK);
		line_begin(out, "range");
		for (int k = 0; k < 3; k++)
			line_uint(out, ranges[i][k]);
		line_hex(out, proof, count * sizeof *proof);
		line_end(out);
	}
}

static void
leaves(struct tg_buf *out)
{
	static const char *const cases[][3] = {
	    {"header", "body", "text"}, {"header", "body", ""}, {"certificate", "", ""}};

	line_text(out, "# leaf header body text hash\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tg_entry e = {0};
		struct tg_hash h;

		e.header = (struct tg_bytes){(const uint8_t *)cases[i][0], strlen(cases[i][0])};
		e.body = (struct tg_bytes){(const uint8_t *)cases[i][1], strlen(cases[i][1])};
		e.text = (struct tg_bytes){(const uint8_t *)cases[i][2], strlen(cases[i][2])};
		tg_entry_leaf(&e, &h);
		line_begin(out, "leaf");
		for (int k = 0; k < 3; k++)
			line_hex(out, cases[i][k], strlen(cases[i][k]));
		line_hex(out, h.b, sizeof h.b);
		line_end(out);
	}
}

static void
branches(struct tg_buf *out)
{
	struct tg_hash list[LEAVES];
	struct tg_key key, found;

	line_text(out, "# branch-agent n agent: of n leaves as above; branch-name i name: key 66, root 77\n");
	for (uint8_t n = 0; n < LEAVES; n++)
		leaf_of(n, &list[n]);
	for (uint8_t n = 1; n <= 7; n += 3) {
		tg_branch_agent(list, n, &found);
		line_begin(out, "branch-agent");
		line_uint(out, n);
		line_hex(out, found.b, sizeof found.b);
		line_end(out);
	}
	memset(key.b, 0x66, sizeof key.b);
	memset(list[0].b, 0x77, sizeof list[0].b);
	for (uint64_t i = 0; i < 2; i++) {
		tg_branch_name(&key, &list[0], i, &found);
		line_begin(out, "branch-name");
		line_uint(out, i);
		line_hex(out, found.b, sizeof found.b);
		line_end(out);
	}
}

static void
body_of(struct tg_buf *out, unsigned i)
{
	struct tg_parent parent = {.seq = 300};

	memset(parent.log.b, 0xcc, sizeof parent.log.b);
	memset(parent.leaf.b, 0xdd, sizeof parent.leaf.b);
	tg_body_begin(out, 1700000000000 + i, &parent, i % 2, 2);
	tg_body_text(out, 10 * i, "ops", 3, 5);
	tg_body_ext(out, "name", 4, "payload", 7);
}

/* The puts of a log in memory: found by scanning, as there are few. */
struct puts {
	struct tg_ops ops;
	struct tg_hash grid;
};

static int
find(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	struct puts *puts = ctx;
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	size_t len = tg_storage_key_entry(&puts->grid, log, seq, key);

	for (size_t i = puts->ops.count; i-- > 0;)
		if (tg_ops_key(&puts->ops, i).len == len &&
		    memcmp(tg_ops_key(&puts->ops, i).data, key, len) == 0) {
			*value = tg_ops_value(&puts->ops, i);
			return TG_OK;
		}
	return TG_EIO;
}

static void
make_log(struct tg_log *log, struct puts *puts, unsigned entries, uint8_t rng_fill)
{
	struct tg_fetch fetch = {find, puts};
	struct tg_buf record = {0}, body = {0};
	struct tg_secret seed, box_seed, box_secret;
	struct tg_key box;

	puts->grid = edit.grid;
	vector_secret(rng_fill, &seed);
	memset(&rng, 0, sizeof rng);
	tg_rng_seed(&rng, &seed);
	vector_secret(0x55, &box_seed);
	tg_box_keypair(&box_seed, &box, &box_secret);
	tg_device_encode(&identity, &device.public_key, &box, &record);
	vector_secret(0x44, &seed);
	vector_need(
	    tg_log_create(log, &edit, &seed, &device, record.data, record.len, &rng, &puts->ops) == TG_OK);
	for (unsigned i = 0; i < entries; i++) {
		struct tg_draft d = {.class = TG_CLASS_CONTENT};

		tg_buf_reset(&body);
		body_of(&body, i);
		if (i == 2) {
			d.class = TG_CLASS_RECORD;
			tg_buf_reset(&body);
			tg_body_begin(&body, 1700000000000, NULL, 0, 1);
			tg_body_record(&body, TG_T_RETENTION, "record", 6);
		}
		d.body = (struct tg_bytes){body.data, body.len};
		if (i != 2)
			d.text = (struct tg_bytes){(const uint8_t *)"hello", 5};
		vector_need(tg_log_append(log, &edit, &d, 1, &rng, &fetch, &puts->ops) == TG_OK);
	}
	tg_buf_free(&record);
	tg_buf_free(&body);
}

static void
logs(struct tg_buf *out)
{
	struct puts a_puts = {0}, b_puts = {0};
	struct tg_fetch a_fetch = {find, &a_puts}, b_fetch = {find, &b_puts};
	uint8_t head[TG_HEAD_MAX_BYTES];
	struct tg_buf buf = {0}, proof = {0};
	struct tg_receipt receipt;
	struct tg_ops none = {0};
	struct tg_run run;
	struct tg_log a, b;
	uint64_t end;

	make_log(&a, &a_puts, 6, 0xaa);
	line_text(out, "# put key value: all that a log of a certificate and six entries stores\n");
	for (size_t i = 0; i < a_puts.ops.count; i++) {
		struct tg_bytes k = tg_ops_key(&a_puts.ops, i), v = tg_ops_value(&a_puts.ops, i);

		line_begin(out, "put");
		line_hex(out, k.data, k.len);
		line_hex(out, v.data, v.len);
		line_end(out);
	}
	line_text(out, "# body bytes: of its entries 1 and 2\n");
	for (unsigned i = 0; i < 2; i++) {
		tg_buf_reset(&buf);
		body_of(&buf, i);
		line_one(out, "body", buf.data, buf.len);
	}
	line_text(out, "# run start end bytes\n");
	for (unsigned start = 0; start < 6; start += 2) {
		tg_buf_reset(&buf);
		vector_need(tg_log_run(&a, start, start + 3, 100000, &a_fetch, &buf, &end) == TG_OK);
		line_begin(out, "run");
		line_uint(out, start);
		line_uint(out, end);
		line_hex(out, buf.data, buf.len);
		line_end(out);
	}

	/* The same log key with other nonces: a fork from the certificate on. */
	make_log(&b, &b_puts, 9, 0xab);
	tg_buf_reset(&buf);
	vector_need(tg_log_run(&b, 5, 0, 100000, &b_fetch, &buf, &end) == TG_OK);
	vector_need(tg_run_decode(buf.data, buf.len, &run) == TG_OK);
	vector_need(tg_log_receive(&a, &edit, &run, 0, &a_fetch, &none, &receipt, &proof) == TG_EFORK);
	vector_need(receipt.provable);
	line_text(out, "# fork head-a head-b proof\n");
	line_begin(out, "fork");
	line_hex(out, head, tg_head_encode(&receipt.fork_a, head));
	line_hex(out, head, tg_head_encode(&receipt.fork_b, head));
	line_hex(out, proof.data, proof.len);
	line_end(out);

	tg_log_close(&a);
	tg_log_close(&b);
	tg_ops_free(&a_puts.ops);
	tg_ops_free(&b_puts.ops);
	tg_ops_free(&none);
	tg_buf_free(&buf);
	tg_buf_free(&proof);
}

static void
cuts(struct tg_buf *out)
{
	static const uint64_t sizes[] = {0, 65535, 65536, 262143, 262144};
	struct tg_hash leaf = {{0}};

	line_text(out, "# cut size next leaf 0|1: does a part end there (6.6)\n");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (unsigned first = 3; first <= 4; first++) {
			leaf.b[0] = (uint8_t)first;
			line_begin(out, "cut");
			line_uint(out, sizes[i]);
			line_uint(out, 1);
			line_hex(out, leaf.b, sizeof leaf.b);
			line_uint(out, (uint64_t)tg_log_cut(sizes[i], 1, &leaf));
			line_end(out);
		}
}

void
vectors_log(struct tg_bytes file, struct tg_buf *out)
{
	struct tg_secret s;

	(void)file;
	line_text(out, "# Trees, entries, heads, runs, forks, storage (protocol.md 5, 8).  Seeds are 32 "
		       "equal bytes: edit "
		       "secret 11,\n"
		       "# identity 22, device 33, log 44, box 55, generator aa (of the second history ab); "
		       "grid id ee.\n");
	vector_secret(0x11, &s);
	vector_need(tg_access_from_secret(TG_MODE_EDIT, &s, NULL, &edit) == TG_OK);
	memset(edit.grid.b, 0xee, sizeof edit.grid.b);
	vector_secret(0x22, &s);
	tg_keypair_from_seed(&s, &identity);
	vector_secret(0x33, &s);
	tg_keypair_from_seed(&s, &device);
	trees(out);
	leaves(out);
	branches(out);
	logs(out);
	cuts(out);
}
