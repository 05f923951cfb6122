/* sync.h -- the bodies and the message of sync.txt, encoded by this build from fixed keys. */
#ifndef TESTS_VECTORS_SYNC_H
#define TESTS_VECTORS_SYNC_H

#include "base/buf.h"

#define SYNC_VECTORS 13

struct sync_vectors {
	struct tg_keypair session;
	struct tg_secret sync_key;
	struct tg_hash topic;
	struct tg_rng rng; /* all zero: the nonce of the message is its first draw */
};

extern const char *const sync_vector_names[SYNC_VECTORS];

void sync_vectors_init(struct sync_vectors *v);

/** sync_vectors_body(v, name, b): Append the body (or, for "message", the message) called ${name}. */
void sync_vectors_body(struct sync_vectors *v, const char *name, struct tg_buf *b);

#endif
