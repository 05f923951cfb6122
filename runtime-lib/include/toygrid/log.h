/*
 * log.h -- append-only signed logs: entries, heads, bodies, runs, proofs, and the state of one log held here
 * (protocol.md 5, 8).
 *
 * The one property callers rely on: whatever is accepted is a prefix of a history that the log's key has
 * signed, and an accepted byte never changes.  Nothing here does I/O: what must be stored comes back as a
 * list of puts (tg_ops), what must be read is asked through tg_fetch, which may say "not loaded yet".
 *
 * In order of appearance: entry, head, body, run; then storage (ops, fetch); then struct tg_log: open,
 * append, receive, serve; forks; and moving unreleased entries to a new log.
 *
 * Decoders are strict, borrow from their input, allocate nothing, write their result only on success and
 * return TG_ETRUNCATED, TG_EFORMAT, TG_ETOOBIG or TG_EVERSION otherwise; only further errors are listed.
 */
#ifndef TOYGRID_LOG_H
#define TOYGRID_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/access.h>
#include <toygrid/bytes.h>
#include <toygrid/crypto.h>
#include <toygrid/limits.h>

struct tg_buf; /* base/buf.h */

/* ---- entry (5.1, 5.2) ---- */

enum tg_entry_class {
	TG_CLASS_CONTENT, /* sealed with the body and text keys */
	TG_CLASS_RECORD	  /* sealed with the record key: replicas read it too; no text */
};

#define TG_TEXT_SALT_BYTES 16 /* before the text's ciphertext: what its hash hides when it is expunged */

struct tg_entry {
	struct tg_bytes header, body, text;
	int expunged; /* ${text} is the 32-byte hash of a text that was destroyed */
};

/** tg_entry_decode(data, len, out): One encoded entry, nothing behind it. */
int tg_entry_decode(const void *data, size_t len, struct tg_entry *out) __attribute__((warn_unused_result));

/** tg_entry_encode(entry, out): Append it. */
void tg_entry_encode(const struct tg_entry *entry, struct tg_buf *out);

/** tg_entry_leaf(entry, leaf), tg_entry_size(entry): Leaf hash ("bundle hash"); size in bytes as heads count
 * it. */
void tg_entry_leaf(const struct tg_entry *entry, struct tg_hash *leaf);
size_t tg_entry_size(const struct tg_entry *entry);

struct tg_entry_header {
	uint64_t epoch;
	unsigned class; /* enum tg_entry_class */
	uint8_t nonce[TG_NONCE_BYTES];
};

/** tg_entry_header_decode(data, len, out): Header of an entry after the first. */
int tg_entry_header_decode(const void *data, size_t len, struct tg_entry_header *out)
    __attribute__((warn_unused_result));

/**
 * tg_entry_open(access, log, seq, entry, out, body_len):
 * Append the plain body and then the plain text to ${out}; *${body_len} is the length of the first.  An
 * expunged text gives none.  TG_OK, or with ${out} as before: TG_EPERM (a replica and class 0), TG_EEPOCH,
 * TG_EDECRYPT, TG_ENOMEM, TG_ERANGE (${seq} is 0: the certificate has no body), and the header's decoder's.
 */
int tg_entry_open(const struct tg_access *access, const struct tg_key *log, uint64_t seq,
    const struct tg_entry *entry, struct tg_buf *out, size_t *body_len) __attribute__((warn_unused_result));

/* ---- head (5.3) ---- */

#define TG_HEAD_MAX_BYTES 208

struct tg_head {
	struct tg_hash grid;
	uint64_t epoch;
	struct tg_key log;
	uint64_t length; /* entries, >= 1; 0 means "no head" where a struct may be empty */
	uint64_t bytes;	 /* sum of their sizes */
	struct tg_hash root;
	struct tg_sig sig;
};

/** tg_head_encode(head, out): Write the record; returns its length.  A decoded head gives its own bytes
 * again. */
size_t tg_head_encode(const struct tg_head *head, uint8_t out[TG_HEAD_MAX_BYTES]);

/** tg_head_sign(pair, head): Fill in ${sig}. */
void tg_head_sign(const struct tg_keypair *pair, struct tg_head *head);

/** tg_head_decode(data, len, out): Without the signature.  tg_head_verify(head): TG_OK or TG_ESIGNATURE. */
int tg_head_decode(const void *data, size_t len, struct tg_head *out) __attribute__((warn_unused_result));
int tg_head_verify(const struct tg_head *head) __attribute__((warn_unused_result));

/* ---- body (5.4) ---- */

struct tg_parent {
	struct tg_key log;
	uint64_t seq;
	struct tg_hash leaf;
};

enum tg_transition_kind {
	TG_T_GENESIS = 0,
	TG_T_TEXT = 1,
	TG_T_MEMBER = 5,
	TG_T_EPOCH = 7,
	TG_T_FORK = 10,
	TG_T_RETENTION = 13,
	TG_T_EXT = 15,
	TG_T_INVITE = 16
};

struct tg_transition {
	uint64_t kind;
	struct tg_bytes raw; /* the whole array: all there is of an unknown kind */
	union {
		struct tg_bytes record; /* GENESIS, MEMBER, EPOCH, RETENTION */
		struct {
			uint64_t first_seq;
			struct tg_bytes operations;
			size_t text_at, text_len; /* where its text stands in the entry's text part, bytes */
		} text;
		struct {
			struct tg_bytes head_a, head_b, proof; /* proof: the raw element, for tg_fork_check */
		} fork;
		struct {
			struct tg_bytes name, payload;
		} ext;
		struct {
			struct tg_key node, box;
			struct tg_bytes name;
		} invite;
	} u;
};

/*
 * Writing: tg_body_begin, then exactly ${transitions} of the others.  ${parents} ascend by log, none twice,
 * none the own log (the caller's duty; readers refuse it).
 */
void tg_body_begin(struct tg_buf *out, uint64_t time_ms, const struct tg_parent *parents, uint32_t n_parents,
    uint32_t transitions);
void tg_body_text(
    struct tg_buf *out, uint64_t first_seq, const void *operations, size_t len, size_t text_len);
void tg_body_record(struct tg_buf *out, enum tg_transition_kind kind, const void *record, size_t len);
void tg_body_fork(
    struct tg_buf *out, const struct tg_head *a, const struct tg_head *b, struct tg_bytes proof);
void tg_body_ext(struct tg_buf *out, const char *name, size_t name_len, const void *payload, size_t len);
void tg_body_invite(struct tg_buf *out, const struct tg_key *node, const struct tg_key *box, const char *name,
    size_t name_len);

/* Reading: everything is checked by tg_body_decode, so the walk that follows cannot fail. */
struct tg_body {
	uint64_t time_ms;
	uint32_t parents, transitions; /* counts */
	struct tg_bytes parents_raw, transitions_raw;
	size_t text_len; /* sum over the text transitions: must be the length of the entry's text */
};

/** tg_body_decode(log, data, len, out): ${log} is the own log, which no parent may name. */
int tg_body_decode(const struct tg_key *log, const void *data, size_t len, struct tg_body *out)
    __attribute__((warn_unused_result));

struct tg_body_walk { /* zero-initialise */
	size_t at, text_at;
};

/** tg_body_next_parent, tg_body_next_transition(body, walk, out): 1, or 0 at the end.  One walk for each
 * list. */
int tg_body_next_parent(const struct tg_body *body, struct tg_body_walk *walk, struct tg_parent *out);
int tg_body_next_transition(const struct tg_body *body, struct tg_body_walk *walk, struct tg_transition *out);

/* ---- run (4.2) ---- */

struct tg_run {
	struct tg_key log;
	uint64_t start;
	uint32_t count;		     /* entries, 1..TG_RUN_MAX_ENTRIES */
	struct tg_bytes entries_raw; /* encoded entries back to back */
	struct tg_bytes head;
	uint32_t proof_count;
	struct tg_bytes proof_raw;
};

/** tg_run_decode(data, len, out): Shape only; tg_log_receive checks what it says. */
int tg_run_decode(const void *data, size_t len, struct tg_run *out) __attribute__((warn_unused_result));

/** tg_run_next(run, at, entry, raw): Walk the entries; start with *${at} 0.  1, or 0 at the end. */
int tg_run_next(const struct tg_run *run, size_t *at, struct tg_entry *entry, struct tg_bytes *raw);

/* ---- storage: what is to be put, what is to be read (8) ---- */

#define TG_STORAGE_KEY_MAX_BYTES (1 + 32 + 32 + 8)

struct tg_op { /* offsets into tg_ops.bytes */
	size_t key_at, key_len, value_at, value_len;
};

/* A batch of puts, to be stored atomically.  Zero-initialise; reuse with tg_ops_reset. */
struct tg_ops {
	uint8_t *bytes;
	size_t len, cap;
	struct tg_op *list;
	size_t count, list_cap;
};

int tg_ops_put(struct tg_ops *ops, const void *key, size_t key_len, const void *value, size_t value_len)
    __attribute__((warn_unused_result)); /* TG_OK, TG_ENOMEM (unchanged) */
struct tg_bytes tg_ops_key(const struct tg_ops *ops, size_t i);
struct tg_bytes tg_ops_value(const struct tg_ops *ops, size_t i);
void tg_ops_reset(struct tg_ops *ops);
void tg_ops_free(struct tg_ops *ops);

/** tg_storage_key_*(…, out): The keys of protocol.md 8; each returns its length. */
size_t tg_storage_key_head(
    const struct tg_hash *grid, const struct tg_key *log, uint8_t out[TG_STORAGE_KEY_MAX_BYTES]);
size_t tg_storage_key_entry(const struct tg_hash *grid, const struct tg_key *log, uint64_t seq,
    uint8_t out[TG_STORAGE_KEY_MAX_BYTES]);
size_t tg_storage_key_seed(
    const struct tg_hash *grid, const struct tg_key *log, uint8_t out[TG_STORAGE_KEY_MAX_BYTES]);

/** tg_stored_entry(value, len, entry): The encoded entry in the value of an `e` key. */
int tg_stored_entry(const void *value, size_t len, struct tg_bytes *entry)
    __attribute__((warn_unused_result));

/*
 * How stored entry records are read.  ${record} gives the value of the `e` key of (log's name, seq), which
 * must stay valid until the tg_log_* call that asked returns: TG_OK, TG_ENOTFOUND (not loaded: note the key,
 * start loading), or TG_EIO, TG_ENOMEM, which end the call.  After TG_ENOTFOUND the call goes on asking for
 * all else that it needs, then fails with TG_ENOTFOUND and nothing changed: load what was noted, call again
 * with the same arguments.  A few rounds are enough.
 */
struct tg_fetch {
	int (*record)(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value);
	void *ctx;
};

/* ---- a log held here ---- */

/*
 * Invariants:
 * - 1: entries [0, length) are held, verified, and a prefix of what ${head} or ${far} signs;
 * - 2: head.length <= length: the newest head that is wholly held (head.length 0: none yet);
 * - 3: far is NULL and head.length == length, or far is the head against which the entries beyond head.length
 * were verified, and far->length > length;
 * - 4: extra ranges (sparse holding) lie beyond length, ascend, and do not overlap.
 *
 * What the log can serve, ack and list in a `have` is ${head}; what it asks for begins at ${length}.
 */
struct tg_log {
	struct tg_key key;
	struct tg_key name; /* it is stored under: the key; of a further branch of a forked log another (8) */
	struct tg_hash grid;
	uint64_t epoch;
	uint64_t length;
	struct tg_head head;
	struct tg_head *far;
	int far_stored;		 /* far came from storage: nothing was compared with it yet */
	int unchecked;		 /* from storage: signature, peaks and root were not looked at yet */
	struct tg_keypair *pair; /* NULL for a foreign log */
	struct tg_hash *peaks;	 /* of [0, length), largest first; NULL until first needed */
	size_t peaks_cap;
	struct tg_range *ranges; /* opaque */
	size_t ranges_count, ranges_cap;
};

/** tg_log_init(log, access, key): An empty log of which nothing is held.  Cannot fail.  It is stored under
 * its key; for a further branch the caller sets ${name}, here and after tg_log_open. */
void tg_log_init(struct tg_log *log, const struct tg_access *access, const struct tg_key *key);

/**
 * tg_log_open(log, access, key, value, len):
 * From the value of its `h` key (grid and log are in that key).  Under 1 us: signature and peaks are checked
 * at first use.  TG_EGRID, TG_EEPOCH, and the decoder's errors.
 */
int tg_log_open(struct tg_log *log, const struct tg_access *access, const struct tg_key *key,
    const void *value, size_t len) __attribute__((warn_unused_result));

/** tg_log_own(log, seed): It is ours: keep the pair.  TG_OK, TG_EPERM (the seed is of another log),
 * TG_ENOMEM. */
int tg_log_own(struct tg_log *log, const struct tg_secret *seed) __attribute__((warn_unused_result));

/** tg_log_close(log): Free and wipe; harmless on a zeroed struct and twice. */
void tg_log_close(struct tg_log *log);

/** tg_log_load(log, fetch): Check a stored head's signature and load the peaks, which the calls below
 * otherwise do by themselves.  TG_ENOTFOUND (see tg_fetch), TG_ESIGNATURE, TG_EHASH (records and head
 * disagree), TG_ENOMEM. */
int tg_log_load(struct tg_log *log, const struct tg_fetch *fetch) __attribute__((warn_unused_result));

/**
 * tg_log_create(log, access, seed, device, device_record, record_len, rng, ops):
 * A new log of this device, with its certificate; ops get `k`, `e` 0 and `h`.  TG_EPERM without the write
 * pair, TG_ENOMEM; ${log} is zeroed then.
 */
int tg_log_create(struct tg_log *log, const struct tg_access *access, const struct tg_secret *seed,
    const struct tg_keypair *device, const void *device_record, size_t record_len, struct tg_rng *rng,
    struct tg_ops *ops) __attribute__((warn_unused_result));

struct tg_draft {	      /* an entry to be written, plain */
	unsigned class;	      /* enum tg_entry_class; class RECORD has no text */
	struct tg_bytes body; /* not empty */
	struct tg_bytes text; /* <= TG_TEXT_MAX_BYTES */
};

/**
 * tg_log_append(log, access, drafts, count, rng, fetch, ops):
 * Seal ${count} >= 1 entries, add them under one new signed head; ops get their `e` records and `h`.  About
 * 20 us a call for the signature and 2 us an entry.  On any error ${log} and ${ops} are as before: TG_EPERM
 * (not ours, or keys not held), TG_EEPOCH, TG_ETOOBIG, TG_EINVAL (class, empty body), TG_EGAP (entries beyond
 * the head are held: somebody else wrote to it), TG_ENOMEM, and tg_log_load's.
 */
int tg_log_append(struct tg_log *log, const struct tg_access *access, const struct tg_draft *drafts,
    size_t count, struct tg_rng *rng, const struct tg_fetch *fetch, struct tg_ops *ops)
    __attribute__((warn_unused_result));

#define TG_RECEIVE_SPARSE 1u /* hold a run that lies beyond a gap */

struct tg_receipt {
	uint64_t from, to; /* TG_OK: entries that are new here, in order (from == to: only a newer head) */
	uint64_t need_from, need_to;   /* TG_EGAP: entries to ask for, half open */
	struct tg_head fork_a, fork_b; /* TG_EFORK: the two heads, a no longer than b */
	int provable; /* TG_EFORK: 1 if a fork proof was appended to ${proof}; 0: no evidence at hand */
};

/**
 * tg_log_receive(log, access, run, flags, fetch, ops, receipt, proof):
 * Take in a run of this log, verified completely: shapes, certificate if it starts at 0, range proof, the
 * head's signature (skipped if the very same head was verified before), and that it continues what is held.
 * TG_OK: ops get the `e` records of receipt.from..to (when a gap closes, receipt.to reaches beyond this run)
 * and `h`. With TG_RECEIVE_SPARSE a run beyond a gap gives TG_OK too: its `e` records are in ops, from and to
 * name it, and
 * ${log}->length stays.
 *
 * Otherwise nothing changes and it returns
 * - TG_EEXISTS: all of it is held already, under this head or a newer one;
 * - TG_EGAP: it starts beyond what is held; receipt.need_* says what is missing;
 * - TG_EFORK: two validly signed heads contradict each other: receipt.fork_*.  ${proof} (a tg_buf, may be
 * NULL) gets the proof element of 5.7 if this run and storage suffice for one (receipt.provable);
 * - TG_EHASH: the stored entries of this log do not lead to its head, or contradict the run where no head
 * covers them: storage rotted, fetch the log anew;
 * - TG_EGRID, TG_EEPOCH, TG_EINVAL (another log), TG_EPROOF, TG_ESIGNATURE, TG_ELIMIT (too many extra
 * ranges), TG_ENOMEM, TG_ENOTFOUND (see tg_fetch), and the decoders'.
 */
int tg_log_receive(struct tg_log *log, const struct tg_access *access, const struct tg_run *run,
    unsigned flags, const struct tg_fetch *fetch, struct tg_ops *ops, struct tg_receipt *receipt,
    struct tg_buf *proof) __attribute__((warn_unused_result));

/**
 * tg_log_run(log, from, to, max_bytes, fetch, out, end):
 * Append to ${out} an encoded run of [from, *end): as many entries as fit ${max_bytes} (of the encoded run),
 * TG_RUN_MAX_ENTRIES and ${to} (0: to the head), against ${head}.  TG_ETOOBIG when not even one entry fits
 * (any does in TG_DATA_MAX_BYTES - 512), TG_ERANGE when nothing in that range is covered by the head;
 * TG_ENOTFOUND (see tg_fetch), TG_EHASH (a stored record rotted), TG_ENOMEM; ${out} is as before on error.
 */
int tg_log_run(struct tg_log *log, uint64_t from, uint64_t to, size_t max_bytes, const struct tg_fetch *fetch,
    struct tg_buf *out, uint64_t *end) __attribute__((warn_unused_result));

/** tg_log_missing(log, i, bound, from, to): The i-th gap below ${bound} in what is held.  1, or 0 when there
 * is none. */
int tg_log_missing(const struct tg_log *log, size_t i, uint64_t bound, uint64_t *from, uint64_t *to);

/* ---- parts (6.6) ---- */

#define TG_LOG_PART_MIN_BYTES 65536u  /* of its entries, as heads count them */
#define TG_LOG_PART_MAX_BYTES 262144u /* but an entry is never split */
#define TG_LOG_PART_ZERO_BITS 6	      /* with so many the leaf hash of an entry that ends a part begins */

/**
 * tg_log_cut(size, next_size, leaf):
 * Does a part of a log that has ${size} bytes so far end with its last entry, whose leaf is ${leaf}, when the
 * next entry would add ${next_size} bytes?  Begun at entry 0, all holders of a log cut it at the same places.
 */
int tg_log_cut(uint64_t size, uint64_t next_size, const struct tg_hash *leaf);

/* ---- forks (5.7) ---- */

/**
 * tg_fork_check(grid, a, b, proof):
 * Do two heads (as received, with their signatures) and a raw proof element prove a fork of one log of
 * ${grid}? TG_OK and *${log} says which; TG_EPROOF (they prove nothing), TG_EGRID, TG_ESIGNATURE, the
 * decoders'.
 */
int tg_fork_check(const struct tg_hash *grid, struct tg_bytes a, struct tg_bytes b, struct tg_bytes proof,
    struct tg_key *log) __attribute__((warn_unused_result));

/** tg_branch_agent(leaves, n, agent): The text agent of the branch that begins with the last of the ${n} >= 1
 * entries with these leaves (6).  O(n). */
void tg_branch_agent(const struct tg_hash *leaves, uint64_t n, struct tg_key *agent);

/** tg_branch_name(key, root, i, name): Where a further branch of log ${key} is stored (8). */
void tg_branch_name(const struct tg_key *key, const struct tg_hash *root, uint64_t i, struct tg_key *name);

/* ---- a restored backup: sign unreleased entries anew (design 7) ---- */

/**
 * tg_log_resign(to, access, from, first_seq, values, count, parent, text_seq_base, rng, fetch, ops):
 * Append to our log ${to} the entries [first_seq, first_seq + count) of our old log ${from}, whose `e` values
 * are given.  Bodies are opened and sealed anew, since the aad names the log; the first also gets ${parent}
 * (the old log's last released entry; NULL if none), because "own previous entry" no longer implies it.  Text
 * transitions are renumbered: first_seq - ${text_seq_base}.  A parent that names ${to} is dropped.  Errors:
 * tg_log_append's, tg_entry_open's, the decoders', TG_ERANGE (a text transition below the base), TG_ELIMIT
 * (64 parents already).
 */
int tg_log_resign(struct tg_log *to, const struct tg_access *access, const struct tg_key *from,
    uint64_t first_seq, const struct tg_bytes *values, size_t count, const struct tg_parent *parent,
    uint64_t text_seq_base, struct tg_rng *rng, const struct tg_fetch *fetch, struct tg_ops *ops)
    __attribute__((warn_unused_result));

#endif
