/*
 * crypto.h -- hash, sign, seal, derive: thin, typed and domain-separated, over libsodium.
 *
 * Every hash names its domain through BLAKE2b's 16-byte personal field, so bytes hashed for one purpose never
 * collide with bytes hashed for another.  A signature is Ed25519 (RFC 8032) over a 32-byte domain hash, never
 * over raw input.  Nothing here draws randomness: nonces and seeds come from the caller's tg_rng, so the same
 * events give the same bytes on every host.
 *
 * Call tg_crypto_init() once before anything else.
 */
#ifndef TOYGRID_CRYPTO_H
#define TOYGRID_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define TG_HASH_BYTES	  32 /* BLAKE2b-256 (RFC 7693) */
#define TG_KEY_BYTES	  32 /* Ed25519 and X25519 public keys, seeds, symmetric keys */
#define TG_SIG_BYTES	  64 /* Ed25519 */
#define TG_NONCE_BYTES	  24 /* XChaCha20-Poly1305 */
#define TG_TAG_BYTES	  16 /* Poly1305 */
#define TG_BOX_SEAL_BYTES 48 /* overhead of tg_box_seal */
#define TG_DOMAIN_BYTES	  16

struct tg_hash {
	uint8_t b[TG_HASH_BYTES];
};

/* A public key.  Which curve is said by the field that holds it. */
struct tg_key {
	uint8_t b[TG_KEY_BYTES];
};

/* 32 bytes that must not leave the host: a seed, a symmetric key, a link's secret. */
struct tg_secret {
	uint8_t b[TG_KEY_BYTES];
};

struct tg_sig {
	uint8_t b[TG_SIG_BYTES];
};

/* An Ed25519 pair.  ${expanded} is libsodium's 64-byte secret key (seed and public key). */
struct tg_keypair {
	struct tg_key public_key;
	uint8_t expanded[64];
};

/* All hash domains.  A new use of a hash gets a new line. */
#define TG_DOMAIN_MAP(X)                                                                                     \
	X(TG_DOMAIN_CHUNK, "tg/chunk")	   /* content of a chunk: its name */                                \
	X(TG_DOMAIN_STORED, "tg/stored")   /* stored (encrypted) form of a chunk */                          \
	X(TG_DOMAIN_LOCATOR, "tg/locator") /* where a replica keeps a chunk */                               \
	X(TG_DOMAIN_BODY, "tg/body")	   /* body ciphertext of an entry */                                 \
	X(TG_DOMAIN_TEXT, "tg/text")	   /* text ciphertext of an entry */                                 \
	X(TG_DOMAIN_LEAF, "tg/leaf")	   /* an entry: leaf of a log's tree */                              \
	X(TG_DOMAIN_NODE, "tg/node")	   /* inner node of a log's tree */                                  \
	X(TG_DOMAIN_BRANCH, "tg/branch")   /* a branch of a forked log: its text agent, its name */          \
	X(TG_DOMAIN_HEAD, "tg/head")	   /* signed: a log's head */                                        \
	X(TG_DOMAIN_CERT, "tg/cert")	   /* signed: a log's certificate */                                 \
	X(TG_DOMAIN_DEVICE, "tg/device")   /* signed: an identity's device record */                         \
	X(TG_DOMAIN_MEMBER, "tg/member")   /* signed: a member record */                                     \
	X(TG_DOMAIN_SESSION, "tg/session") /* signed: a session record */                                    \
	X(TG_DOMAIN_INVITE, "tg/invite")   /* signed: a replica's invitation and its acceptance */           \
	X(TG_DOMAIN_EPOCH, "tg/epoch")	   /* signed: an epoch record */                                     \
	X(TG_DOMAIN_GENESIS, "tg/genesis") /* signed: a genesis record */                                    \
	X(TG_DOMAIN_GRID, "tg/grid")	   /* a genesis record: the grid's id */                             \
	X(TG_DOMAIN_TOPIC, "tg/topic")	   /* a relay topic's id */                                          \
	X(TG_DOMAIN_SUB, "tg/sub")	   /* signed: proof of a key at SUB */                               \
	X(TG_DOMAIN_FRAME, "tg/frame")	   /* signed: a PUB frame */                                         \
	X(TG_DOMAIN_MSG, "tg/msg")	   /* a frame's message id */                                        \
	X(TG_DOMAIN_MESSAGE, "tg/message") /* signed: a message inside the seal */                           \
	X(TG_DOMAIN_HAVE, "tg/have")	   /* digest of what a peer holds */                                 \
	X(TG_DOMAIN_VERSION, "tg/version") /* id of a version: its sorted frontier */                        \
	X(TG_DOMAIN_TREE, "tg/tree")	   /* nodes of the state tree */                                     \
	X(TG_DOMAIN_SAVED, "tg/saved")	   /* the index of a saved document: its name */                     \
	X(TG_DOMAIN_SECTION, "tg/section") /* a section of a saved document, plain */                        \
	X(TG_DOMAIN_CUT, "tg/cut")	   /* an event: does a part of the history end there */              \
	X(TG_DOMAIN_KDF, "tg/kdf")	   /* key derivation */                                              \
	X(TG_DOMAIN_VECTOR, "tg/vector")   /* digests inside test vectors */                                 \
	X(TG_DOMAIN_FILE, "tg/file")	   /* all bytes of a grid file */

enum tg_domain {
#define X(name, text) name,
	TG_DOMAIN_MAP(X)
#undef X
	TG_DOMAIN_COUNT
};

/** tg_crypto_init(): Prepare libsodium; may be called again.  TG_OK, TG_EIO (no entropy source). */
int tg_crypto_init(void);

/* Incremental hash; the layout is libsodium's state, 64-byte aligned. */
struct tg_hasher {
	_Alignas(64) uint8_t state[384];
};

/** tg_hash_init/update/final: Hash in pieces under ${domain}.  Cannot fail. */
void tg_hash_init(struct tg_hasher *hasher, enum tg_domain domain);
void tg_hash_update(struct tg_hasher *hasher, const void *data, size_t len);
void tg_hash_final(struct tg_hasher *hasher, struct tg_hash *out);

/** tg_hash(domain, data, len, out): One-shot form.  Cannot fail. */
void tg_hash(enum tg_domain domain, const void *data, size_t len, struct tg_hash *out);

/** tg_hash_cmp(a, b): Like memcmp over 32 bytes.  Hashes are public: timing is no secret. */
int tg_hash_cmp(const struct tg_hash *a, const struct tg_hash *b);
int tg_key_cmp(const struct tg_key *a, const struct tg_key *b);

/** tg_secret_equal(a, b): 1 when equal, in constant time. */
int tg_secret_equal(const struct tg_secret *a, const struct tg_secret *b);

/** tg_wipe(data, len): Zero memory that held a secret; never optimised away. */
void tg_wipe(void *data, size_t len);

/** tg_keypair_from_seed(seed, pair): The Ed25519 pair of ${seed}.  Deterministic, cannot fail. */
void tg_keypair_from_seed(const struct tg_secret *seed, struct tg_keypair *pair);

/** tg_sign(pair, digest, sig): Sign a domain hash.  Cannot fail.  About 17 us natively. */
void tg_sign(const struct tg_keypair *pair, const struct tg_hash *digest, struct tg_sig *sig);

/** tg_verify(key, digest, sig): TG_OK or TG_ESIGNATURE.  About 50 us natively. */
int tg_verify(const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig)
    __attribute__((warn_unused_result));

/**
 * tg_seal(key, nonce, aad, aad_len, data, len, out):
 * XChaCha20-Poly1305: write ${len} + TG_TAG_BYTES bytes to ${out} (may not overlap ${data}).  A nonce is used
 * once per key.  Cannot fail.
 */
void tg_seal(const struct tg_secret *key, const uint8_t nonce[TG_NONCE_BYTES], const void *aad,
    size_t aad_len, const void *data, size_t len, uint8_t *out);

/**
 * tg_open(key, nonce, aad, aad_len, data, len, out):
 * The inverse: write ${len} - TG_TAG_BYTES bytes to ${out}.  Returns TG_OK, or TG_EDECRYPT with ${out} zeroed
 * (also when ${len} < TG_TAG_BYTES).
 */
int tg_open(const struct tg_secret *key, const uint8_t nonce[TG_NONCE_BYTES], const void *aad, size_t aad_len,
    const void *data, size_t len, uint8_t *out) __attribute__((warn_unused_result));

/**
 * tg_derive(key, label, context, context_len, out):
 * One-way: BLAKE2b-256 keyed with ${key}, personal tg/kdf, over the length byte of ${label}, ${label} (an
 * ASCII literal of at most 32 bytes) and ${context}.  Different labels give independent keys.  Cannot fail.
 */
void tg_derive(const struct tg_secret *key, const char *label, const void *context, size_t context_len,
    struct tg_secret *out);

/**
 * tg_box_keypair(seed, public_key, secret): The X25519 pair of ${seed}, for tg_box_*.  Cannot fail.
 * tg_box_seal(rng, to, data, len, out): Encrypt to ${to} (X25519, an ephemeral key from ${rng}); writes
 * ${len} + TG_BOX_SEAL_BYTES.  TG_OK, or TG_EINVAL for a low-order key. tg_box_open(public_key, secret, data,
 * len, out): The inverse.  TG_OK or TG_EDECRYPT.
 */
struct tg_rng;
void tg_box_keypair(const struct tg_secret *seed, struct tg_key *public_key, struct tg_secret *secret);
int tg_box_seal(struct tg_rng *rng, const struct tg_key *to, const void *data, size_t len, uint8_t *out)
    __attribute__((warn_unused_result));
int tg_box_open(const struct tg_key *public_key, const struct tg_secret *secret, const void *data, size_t len,
    uint8_t *out) __attribute__((warn_unused_result));

/*
 * A deterministic generator (ChaCha20 with fast key erasure): what it gives depends only on its seeds, so a
 * recorded trace replays byte for byte.  The host seeds it from the operating system.
 */
struct tg_rng {
	struct tg_secret key; /* replaced after every draw: old output cannot be recomputed */
};

/** tg_rng_seed(rng, seed): Mix 32 bytes of host entropy in.  A zeroed struct is a valid, unseeded generator.
 */
void tg_rng_seed(struct tg_rng *rng, const struct tg_secret *seed);

/** tg_rng_bytes(rng, out, len): ${len} bytes.  Cannot fail. */
void tg_rng_bytes(struct tg_rng *rng, void *out, size_t len);

/** tg_rng_below(rng, bound): Uniform in [0, bound), ${bound} > 0. */
uint32_t tg_rng_below(struct tg_rng *rng, uint32_t bound);

#endif
