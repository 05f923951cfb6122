/* frames.h -- the frames of frames.txt, encoded by this build from fixed keys. */
#ifndef TESTS_VECTORS_FRAMES_H
#define TESTS_VECTORS_FRAMES_H

#include "base/buf.h"
#include "wire/frame.h"

#define FRAME_VECTORS_MAX 64

struct frame_vectors {
	struct tg_keypair write, read;
	struct tg_hash topic;
	uint8_t epoch[TG_RELAY_EPOCH_BYTES], challenge[TG_CHALLENGE_BYTES];
	uint64_t now_ms;
	size_t count;
	struct frame_vector {
		const char *name;
		struct tg_buf bytes;
	} list[FRAME_VECTORS_MAX];
};

/** frame_vectors_build(v): Fill ${v}, which is overwritten. */
void frame_vectors_build(struct frame_vectors *v);

/** frame_vectors_free(v): Release the bytes; the list is then empty. */
void frame_vectors_free(struct frame_vectors *v);

/** frame_vectors_find(v, name): The bytes of one, or NULL. */
const struct tg_buf *frame_vectors_find(const struct frame_vectors *v, const char *name);

#endif
