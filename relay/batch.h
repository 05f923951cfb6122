/*
 * batch.h -- the frames of one topic in one turn of the loop, joined into one WebSocket message.
 *
 * A batch holds whole frames back to back behind room for a WebSocket header, so that sending it to a hundred
 * readers is a hundred sends of the same bytes and no copy.  It remembers which connection each frame came
 * from: a reader that also published gets a copy without its own frames.  Whoever cannot take the bytes at
 * once gets a reference to one counted copy (struct tg_out), made when the first such reader turns up.
 *
 *   room (10) | frame | frame | frame ...
 *       ^ message begins here once the header's length is known
 */
#ifndef TG_RELAY_BATCH_H
#define TG_RELAY_BATCH_H

#include <stddef.h>
#include <stdint.h>

#define TG_WS_HEADER_MAX_BYTES 10     /* server to client: no mask */
#define TG_BATCH_CUT_BYTES     65536u /* a batch grows no further than this, unless by its first frame */

/* Bytes ready for the socket, shared by every queue that holds a reference. */
struct tg_out {
	uint32_t refs;
	uint32_t len;
	uint8_t ephemeral; /* may be dropped for a slow reader */
	uint8_t data[];
};

struct tg_batch_piece {
	uint32_t at; /* offset behind the header room */
	uint32_t len;
	void *sender; /* NULL when it has gone */
};

struct tg_batch {
	struct tg_batch *next; /* of its topic and class, or of the pool */
	uint8_t *data;	       /* header room and frames */
	size_t cap;
	size_t len; /* of the frames */
	struct tg_batch_piece *pieces;
	size_t piece_count, piece_cap;
	struct tg_out *shared; /* made on demand; holds one reference of the batch */
	uint8_t ephemeral;
};

/* Batches that wait to be used again, and bytes held by every tg_out that is alive. */
struct tg_batch_pool {
	struct tg_batch *free;
	size_t free_count;
	size_t out_bytes;
};

/** tg_batch_new(pool, ephemeral): An empty batch, reused if there is one; NULL without memory. */
struct tg_batch *tg_batch_new(struct tg_batch_pool *pool, int ephemeral);

/** tg_batch_fits(batch, len): 1 when a frame of ${len} bytes may still join. */
int tg_batch_fits(const struct tg_batch *batch, size_t len);

/** tg_batch_add(batch, frame, len, sender): Append a copy.  TG_OK or TG_ENOMEM, then nothing was added. */
int tg_batch_add(struct tg_batch *batch, const uint8_t *frame, size_t len, void *sender)
    __attribute__((warn_unused_result));

/** tg_batch_forget(batch, sender): ${sender} is going away: keep its frames, forget whose they are. */
void tg_batch_forget(struct tg_batch *batch, const void *sender);

/** tg_batch_message(batch, len): The finished message; valid until the batch changes.  Cannot fail. */
const uint8_t *tg_batch_message(struct tg_batch *batch, size_t *len);

/** tg_batch_shared(pool, batch): A reference to a counted copy of the message, or NULL without memory. */
struct tg_out *tg_batch_shared(struct tg_batch_pool *pool, struct tg_batch *batch);

/**
 * tg_batch_without(pool, batch, sender, out):
 * The message without the frames of ${sender}, as a counted copy with one reference in *${out}; NULL when
 * none are left.  TG_OK or TG_ENOMEM.
 */
int tg_batch_without(struct tg_batch_pool *pool, const struct tg_batch *batch, const void *sender,
    struct tg_out **out) __attribute__((warn_unused_result));

/** tg_batch_release(pool, batch): Give the batch back. */
void tg_batch_release(struct tg_batch_pool *pool, struct tg_batch *batch);

/** tg_batch_pool_free(pool): Release what waits for reuse. */
void tg_batch_pool_free(struct tg_batch_pool *pool);

/** tg_out_new(pool, len, ephemeral): One reference to ${len} bytes to fill in; NULL without memory. */
struct tg_out *tg_out_new(struct tg_batch_pool *pool, size_t len, int ephemeral);

/** tg_out_release(pool, out): Drop one reference; NULL does nothing. */
void tg_out_release(struct tg_batch_pool *pool, struct tg_out *out);

/** tg_ws_header(opcode, len, header): A server's header for one whole message; returns its 2, 4 or 10 bytes.
 */
size_t tg_ws_header(uint8_t opcode, size_t len, uint8_t header[TG_WS_HEADER_MAX_BYTES]);

#define TG_WS_BINARY 0x82
#define TG_WS_CLOSE  0x88
#define TG_WS_PING   0x89

#endif
