/*
 * access.h -- what a secret lets its holder do: keys, links, and the signed records that name people
 * (protocol.md 2, 4.1, 5.1, 5.6, 5.8).
 *
 * Everything follows one way from one secret: edit -> comment -> view -> (read seed, sync key), so a weaker
 * link cannot be turned into a stronger one.  struct tg_access is what a peer may do in one epoch of one
 * grid; which keys it holds is said by its mode, and a key that is not held is all zero.
 *
 * The records: each has *_encode (signs and appends to a tg_buf, whose sticky error is the only way it
 * fails) and *_decode (strict; checks length, type, range, hash, signature in this order, and every signature
 * that it can be given a key for).  A decoder writes its result only on success, and allocates nothing.  It
 * returns otherwise TG_ETRUNCATED, TG_EFORMAT, TG_ETOOBIG (not what a writer would have written), TG_EVERSION
 * (another format version), TG_EGRID, TG_EEPOCH (well formed, but of another grid or epoch than ${access}),
 * TG_ESIGNATURE (a signature does not verify).  Strings and lists in a result are borrowed from the decoder's
 * input.
 */
#ifndef TOYGRID_ACCESS_H
#define TOYGRID_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/bytes.h>
#include <toygrid/crypto.h>
#include <toygrid/limits.h>

struct tg_buf; /* base/buf.h */

/* Each mode can do all that the one before it can. */
enum tg_mode {
	TG_MODE_REPLICA, /* read pair, sync key: relays and keeps, reads nothing */
	TG_MODE_VIEW,	 /* + content keys */
	TG_MODE_COMMENT, /* + write pair: may append */
	TG_MODE_EDIT	 /* + edit role pair */
};

struct tg_access {
	enum tg_mode mode;
	struct tg_hash grid; /* set by the caller once known; zero until then */
	uint64_t epoch;	     /* 0 is the epoch that genesis opens; set by the caller when later */
	struct tg_hash topic;
	struct tg_key w, r;	 /* public: write (frames of class main), read (class side) */
	struct tg_key edit_role; /* public; zero until genesis tells a weaker mode */
	struct tg_secret secret; /* E, C or V as the mode says; zero in a replica */
	struct tg_keypair edit;	 /* EDIT */
	struct tg_keypair write; /* EDIT, COMMENT */
	struct tg_keypair read;	 /* always */
	struct tg_secret read_seed;
	struct tg_secret sync;	  /* always: seals messages */
	struct tg_secret record;  /* always: entries of class 1 */
	struct tg_secret content; /* this and the next five: all but REPLICA */
	struct tg_secret body, text, identity, chunk, locator;
};

/**
 * tg_access_from_secret(mode, secret, w, access):
 * All keys that ${mode} (VIEW, COMMENT or EDIT) holds, from E, C or V.  ${w} is the write public key that a
 * view link carries: required for VIEW, NULL otherwise.  TG_OK, or TG_EINVAL (mode, or ${w} given or missing
 * wrongly) with
 * *${access} zeroed.
 */
int tg_access_from_secret(enum tg_mode mode, const struct tg_secret *secret, const struct tg_key *w,
    struct tg_access *access) __attribute__((warn_unused_result));

/** tg_access_from_replica(read_seed, sync, w, access): The keys of a replica.  Cannot fail. */
void tg_access_from_replica(const struct tg_secret *read_seed, const struct tg_secret *sync,
    const struct tg_key *w, struct tg_access *access);

/** tg_access_weaken(access, mode, secret): The secret of a weaker link (VIEW <= ${mode} <= the access's own
 * mode), for sharing.  TG_OK or TG_EPERM. */
int tg_access_weaken(const struct tg_access *access, enum tg_mode mode, struct tg_secret *secret)
    __attribute__((warn_unused_result));

/** tg_access_wipe(access): Zero every secret in it. */
void tg_access_wipe(struct tg_access *access);

/** tg_topic(w, r, out): Topic of two public keys.  tg_topic_inbox(r, session, out): Inbox topic of a session.
 */
void tg_topic(const struct tg_key *w, const struct tg_key *r, struct tg_hash *out);
void tg_topic_inbox(const struct tg_key *r, const struct tg_key *session, struct tg_hash *out);

/* ---- links: "g/<grid id>/<mode><secret>", what stands behind "#/" ---- */

#define TG_LINK_MAX_BYTES (2 + 43 + 1 + 1 + 86)

struct tg_link {
	struct tg_hash grid;
	enum tg_mode mode; /* VIEW, COMMENT or EDIT */
	struct tg_secret secret;
	struct tg_key w; /* VIEW only, else zero */
};

/** tg_link_format(link, out): Write the text and a NUL; returns its length. */
size_t tg_link_format(const struct tg_link *link, char out[TG_LINK_MAX_BYTES + 1]);

/** tg_link_parse(text, len, link): Exactly what tg_link_format writes.  TG_OK or TG_EFORMAT (*${link}
 * zeroed). */
int tg_link_parse(const char *text, size_t len, struct tg_link *link) __attribute__((warn_unused_result));

/* ---- device record (5.1) ---- */

#define TG_DEVICE_RECORD_BYTES 170 /* array, version, three keys, signature */
#define TG_CERT_MAX_BYTES      TG_ENTRY_HEADER_MAX_BYTES

struct tg_device {
	struct tg_key identity, device; /* Ed25519 */
	struct tg_key box;		/* X25519 */
};

void tg_device_encode(const struct tg_keypair *identity, const struct tg_key *device,
    const struct tg_key *box, struct tg_buf *out);
int tg_device_decode(const void *data, size_t len, struct tg_device *out) __attribute__((warn_unused_result));

/* ---- certificate: header of a log's entry 0 (5.1) ---- */

struct tg_cert {
	struct tg_hash grid;
	uint64_t epoch;
	struct tg_key log, device;
	struct tg_bytes sealed; /* the sealed identity, borrowed */
};

/**
 * tg_cert_encode(access, log, device, device_record, record_len, nonce, out):
 * ${access} must hold the write pair (else TG_EPERM); ${nonce} is fresh.  TG_OK, TG_EPERM, TG_ENOMEM.
 */
int tg_cert_encode(const struct tg_access *access, const struct tg_key *log, const struct tg_keypair *device,
    const void *device_record, size_t record_len, const uint8_t nonce[TG_NONCE_BYTES], struct tg_buf *out)
    __attribute__((warn_unused_result));

/** tg_cert_decode(access, log, data, len, out): Of ${log} (else TG_EFORMAT), signed by its device and by W.
 */
int tg_cert_decode(const struct tg_access *access, const struct tg_key *log, const void *data, size_t len,
    struct tg_cert *out) __attribute__((warn_unused_result));

/**
 * tg_cert_identity(access, cert, out):
 * Open the sealed device record and check that it names the certificate's device.  TG_EPERM for a replica,
 * TG_EDECRYPT, or what tg_device_decode returns; TG_EFORMAT when it names another device.
 */
int tg_cert_identity(const struct tg_access *access, const struct tg_cert *cert, struct tg_device *out)
    __attribute__((warn_unused_result));

/* ---- genesis (5.6) ---- */

#define TG_GENESIS_NONCE_BYTES 16

struct tg_genesis {
	uint8_t nonce[TG_GENESIS_NONCE_BYTES];
	struct tg_key creator; /* identity; the owner */
	uint64_t time_ms;
	struct tg_key edit_role, w, r;
	struct tg_hash grid; /* id: hash of the whole record */
};

/** tg_genesis_encode(access, creator, nonce, time_ms, out, grid): ${access} is of mode EDIT (else TG_EPERM).
 * Also gives the grid id, to be put into the access.  TG_OK, TG_EPERM, TG_ENOMEM. */
int tg_genesis_encode(const struct tg_access *access, const struct tg_keypair *creator,
    const uint8_t nonce[TG_GENESIS_NONCE_BYTES], uint64_t time_ms, struct tg_buf *out, struct tg_hash *grid)
    __attribute__((warn_unused_result));

/** tg_genesis_decode(data, len, grid, out): TG_EGRID when the record's hash is not ${grid} (NULL: not
 * compared). */
int tg_genesis_decode(const void *data, size_t len, const struct tg_hash *grid, struct tg_genesis *out)
    __attribute__((warn_unused_result));

/**
 * tg_genesis_check(genesis, access):
 * A newcomer's check that the link's keys are those of the grid: W, R, and the edit role if held.  Fills in
 * ${access}->edit_role when the mode is weaker.  TG_OK, TG_EGRID (grid ids differ), TG_EPERM (keys differ).
 */
int tg_genesis_check(const struct tg_genesis *genesis, struct tg_access *access)
    __attribute__((warn_unused_result));

/* ---- member record (5.6) ---- */

enum tg_member_role {
	TG_MEMBER_COMMENTER = 1,
	TG_MEMBER_EDITOR = 2
};

struct tg_member {
	struct tg_key identity, device;
	unsigned role;	      /* enum tg_member_role */
	struct tg_bytes name; /* UTF-8, <= TG_NAME_MAX_BYTES, borrowed */
	uint32_t colour;      /* 0xrrggbb */
};

/** tg_member_encode(access, identity, device, role, name, name_len, colour, out): TG_EPERM when the access
 * lacks the role's key; TG_EINVAL for name or colour out of range; TG_ENOMEM. */
int tg_member_encode(const struct tg_access *access, const struct tg_keypair *identity,
    const struct tg_keypair *device, unsigned role, const char *name, size_t name_len, uint32_t colour,
    struct tg_buf *out) __attribute__((warn_unused_result));

/** tg_member_decode(access, data, len, out): All three signatures.  An editor's needs ${access}->edit_role:
 * TG_EPERM while that is unknown (zero). */
int tg_member_decode(const struct tg_access *access, const void *data, size_t len, struct tg_member *out)
    __attribute__((warn_unused_result));

/* ---- session record (4.1) ---- */

#define TG_SESSION_NONCE_BYTES 16

enum tg_session_role {
	TG_SESSION_VIEWER,
	TG_SESSION_WRITER,
	TG_SESSION_REPLICA
};

struct tg_session {
	struct tg_key session, device; /* of a replica: its node key */
	uint8_t nonce[TG_SESSION_NONCE_BYTES];
	unsigned role; /* enum tg_session_role */
};

/** tg_session_encode(access, session, device, nonce, role, out): TG_EPERM (role needs a key not held),
 * TG_ENOMEM. */
int tg_session_encode(const struct tg_access *access, const struct tg_key *session,
    const struct tg_keypair *device, const uint8_t nonce[TG_SESSION_NONCE_BYTES], unsigned role,
    struct tg_buf *out) __attribute__((warn_unused_result));
int tg_session_decode(const struct tg_access *access, const void *data, size_t len, struct tg_session *out)
    __attribute__((warn_unused_result));

/* ---- epoch record (5.6): the fields are in place, one epoch is in use ---- */

#define TG_EPOCH_LOGS_MAX    TG_LOGS_PER_GRID_MAX
#define TG_EPOCH_DEVICES_MAX 4096u

struct tg_epoch_log {
	struct tg_key log;
	uint64_t length;
	struct tg_hash root;
};

struct tg_epoch_grant {
	struct tg_key device;
	struct tg_bytes sealed; /* box-sealed secret, borrowed */
};

struct tg_epoch {
	struct tg_hash grid;
	uint64_t number;
	struct tg_hash previous;
	uint32_t logs, grants; /* counts */
	struct tg_key edit_role, w, r;
	struct tg_bytes sealed_old; /* old secret sealed under the new */
	struct tg_key owner;
	struct tg_bytes logs_raw, grants_raw; /* for the two walkers below */
};

/** tg_epoch_encode(epoch, logs, grants, owner, out): Encode ${epoch} (counts and lists from the arrays;
 * ${logs} ascending by key, ${grants} by device) and sign it.  TG_OK, TG_EINVAL (order or count), TG_ENOMEM.
 */
int tg_epoch_encode(const struct tg_epoch *epoch, const struct tg_epoch_log *logs,
    const struct tg_epoch_grant *grants, const struct tg_keypair *owner, struct tg_buf *out)
    __attribute__((warn_unused_result));

/** tg_epoch_decode(grid, owner, data, len, out): Of ${grid} (TG_EGRID), signed by ${owner} (TG_EPERM:
 * another). */
int tg_epoch_decode(const struct tg_hash *grid, const struct tg_key *owner, const void *data, size_t len,
    struct tg_epoch *out) __attribute__((warn_unused_result));

/** tg_epoch_next_log, tg_epoch_next_grant(epoch, at, out): Walk the lists of a decoded record; start with
 * *${at} 0. 1, or 0 at the end. */
int tg_epoch_next_log(const struct tg_epoch *epoch, size_t *at, struct tg_epoch_log *out);
int tg_epoch_next_grant(const struct tg_epoch *epoch, size_t *at, struct tg_epoch_grant *out);

/* ---- inviting a replica (5.8) ---- */

struct tg_invitation {
	struct tg_hash grid;
	uint64_t epoch;
	struct tg_key w;
	struct tg_secret read_seed, sync;
	struct tg_key inviter; /* session */
};

/** tg_door_keys(token, write, read, topic): The door of a node, from its token. */
void tg_door_keys(
    const struct tg_secret *token, struct tg_keypair *write, struct tg_keypair *read, struct tg_hash *topic);

/** tg_invitation_seal(access, inviter, box, rng, out): TG_OK, TG_EINVAL (${box} is no good key), TG_ENOMEM.
 */
int tg_invitation_seal(const struct tg_access *access, const struct tg_key *inviter, const struct tg_key *box,
    struct tg_rng *rng, struct tg_buf *out) __attribute__((warn_unused_result));

/** tg_invitation_open(box, box_secret, data, len, out): TG_EDECRYPT when sealed to another, then the
 * decoder's. */
int tg_invitation_open(const struct tg_key *box, const struct tg_secret *box_secret, const void *data,
    size_t len, struct tg_invitation *out) __attribute__((warn_unused_result));

#endif
