#include <assert.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "batch.h"

#define POOL_MAX	64u			 /* batches kept for reuse */
#define POOL_KEEP_BYTES (TG_BATCH_CUT_BYTES * 2) /* a larger buffer is given back */

size_t
tg_ws_header(uint8_t opcode, size_t len, uint8_t header[TG_WS_HEADER_MAX_BYTES])
{
	header[0] = opcode;
	if (len < 126) {
		header[1] = (uint8_t)len;
		return 2;
	}
	if (len < 65536) {
		header[1] = 126;
		header[2] = (uint8_t)(len >> 8);
		header[3] = (uint8_t)len;
		return 4;
	}
	header[1] = 127;
	for (int i = 0; i < 8; i++)
		header[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	return 10;
}

struct tg_batch *
tg_batch_new(struct tg_batch_pool *pool, int ephemeral)
{
	struct tg_batch *b = pool->free;

	if (b != NULL) {
		pool->free = b->next;
		pool->free_count--;
	} else if ((b = tg_calloc(1, sizeof *b)) == NULL) {
		return NULL;
	}
	b->next = NULL;
	b->len = 0;
	b->piece_count = 0;
	b->ephemeral = (uint8_t)(ephemeral != 0);
	return b;
}

int
tg_batch_fits(const struct tg_batch *batch, size_t len)
{
	return batch->len == 0 || batch->len + len <= TG_BATCH_CUT_BYTES;
}

int
tg_batch_add(struct tg_batch *batch, const uint8_t *frame, size_t len, void *sender)
{
	struct tg_batch_piece *p;

	assert(batch->shared == NULL); /* it is being sent: too late to join */
	if (tg_mem_grow((void **)&batch->data, &batch->cap, TG_WS_HEADER_MAX_BYTES + batch->len + len, 1) !=
		TG_OK ||
	    tg_mem_grow((void **)&batch->pieces, &batch->piece_cap, batch->piece_count + 1,
		sizeof *batch->pieces) != TG_OK)
		return TG_ENOMEM;
	p = &batch->pieces[batch->piece_count++];
	p->at = (uint32_t)batch->len;
	p->len = (uint32_t)len;
	p->sender = sender;
	memcpy(batch->data + TG_WS_HEADER_MAX_BYTES + batch->len, frame, len);
	batch->len += len;
	return TG_OK;
}

void
tg_batch_forget(struct tg_batch *batch, const void *sender)
{
	for (size_t i = 0; i < batch->piece_count; i++)
		if (batch->pieces[i].sender == sender)
			batch->pieces[i].sender = NULL;
}

const uint8_t *
tg_batch_message(struct tg_batch *batch, size_t *len)
{
	uint8_t header[TG_WS_HEADER_MAX_BYTES];
	size_t n = tg_ws_header(TG_WS_BINARY, batch->len, header);
	uint8_t *start = batch->data + TG_WS_HEADER_MAX_BYTES - n;

	memcpy(start, header, n);
	*len = n + batch->len;
	return start;
}

struct tg_out *
tg_out_new(struct tg_batch_pool *pool, size_t len, int ephemeral)
{
	struct tg_out *out = tg_malloc(sizeof *out + len);

	if (out == NULL)
		return NULL;
	out->refs = 1;
	out->len = (uint32_t)len;
	out->ephemeral = (uint8_t)(ephemeral != 0);
	pool->out_bytes += sizeof *out + len;
	return out;
}

void
tg_out_release(struct tg_batch_pool *pool, struct tg_out *out)
{
	if (out == NULL || --out->refs > 0)
		return;
	pool->out_bytes -= sizeof *out + out->len;
	tg_free(out);
}

struct tg_out *
tg_batch_shared(struct tg_batch_pool *pool, struct tg_batch *batch)
{
	if (batch->shared == NULL) {
		size_t len;
		const uint8_t *message = tg_batch_message(batch, &len);

		if ((batch->shared = tg_out_new(pool, len, batch->ephemeral)) == NULL)
			return NULL;
		memcpy(batch->shared->data, message, len);
	}
	batch->shared->refs++;
	return batch->shared;
}

int
tg_batch_without(
    struct tg_batch_pool *pool, const struct tg_batch *batch, const void *sender, struct tg_out **out)
{
	uint8_t header[TG_WS_HEADER_MAX_BYTES], *to;
	size_t len = 0, n;

	*out = NULL;
	for (size_t i = 0; i < batch->piece_count; i++)
		if (batch->pieces[i].sender != sender)
			len += batch->pieces[i].len;
	if (len == 0)
		return TG_OK;
	n = tg_ws_header(TG_WS_BINARY, len, header);
	if ((*out = tg_out_new(pool, n + len, batch->ephemeral)) == NULL)
		return TG_ENOMEM;
	to = (*out)->data;
	memcpy(to, header, n);
	to += n;
	for (size_t i = 0; i < batch->piece_count; i++) {
		const struct tg_batch_piece *p = &batch->pieces[i];

		if (p->sender == sender)
			continue;
		memcpy(to, batch->data + TG_WS_HEADER_MAX_BYTES + p->at, p->len);
		to += p->len;
	}
	return TG_OK;
}

static void
batch_free(struct tg_batch *batch)
{
	tg_free(batch->data);
	tg_free(batch->pieces);
	tg_free(batch);
}

void
tg_batch_release(struct tg_batch_pool *pool, struct tg_batch *batch)
{
	tg_out_release(pool, batch->shared);
	batch->shared = NULL;
	if (pool->free_count >= POOL_MAX || batch->cap > POOL_KEEP_BYTES) {
		batch_free(batch);
		return;
	}
	batch->next = pool->free;
	pool->free = batch;
	pool->free_count++;
}

void
tg_batch_pool_free(struct tg_batch_pool *pool)
{
	while (pool->free != NULL) {
		struct tg_batch *b = pool->free;

		pool->free = b->next;
		batch_free(b);
	}
	pool->free_count = 0;
}
