#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "log/ops.h"

uint8_t *
tg_ops_space(struct tg_ops *ops, const void *key, size_t key_len, size_t value_len)
{
	size_t need = key_len + value_len;
	struct tg_op *op;

	if (need < key_len || need > SIZE_MAX - ops->len)
		return NULL;
	if (tg_mem_grow((void **)&ops->list, &ops->list_cap, ops->count + 1, sizeof *ops->list) != TG_OK)
		return NULL;
	if (tg_mem_grow((void **)&ops->bytes, &ops->cap, ops->len + need, 1) != TG_OK)
		return NULL;
	op = &ops->list[ops->count++];
	op->key_at = ops->len;
	op->key_len = key_len;
	op->value_at = ops->len + key_len;
	op->value_len = value_len;
	memcpy(ops->bytes + op->key_at, key, key_len);
	ops->len += need;
	return ops->bytes + op->value_at;
}

int
tg_ops_put(struct tg_ops *ops, const void *key, size_t key_len, const void *value, size_t value_len)
{
	uint8_t *p = tg_ops_space(ops, key, key_len, value_len);

	if (p == NULL)
		return TG_ENOMEM;
	if (value_len)
		memcpy(p, value, value_len);
	return TG_OK;
}

struct tg_bytes
tg_ops_key(const struct tg_ops *ops, size_t i)
{
	return (struct tg_bytes){ops->bytes + ops->list[i].key_at, ops->list[i].key_len};
}

struct tg_bytes
tg_ops_value(const struct tg_ops *ops, size_t i)
{
	return (struct tg_bytes){ops->bytes + ops->list[i].value_at, ops->list[i].value_len};
}

struct tg_ops_mark
tg_ops_mark(const struct tg_ops *ops)
{
	return (struct tg_ops_mark){ops->len, ops->count};
}

void
tg_ops_rollback(struct tg_ops *ops, struct tg_ops_mark mark)
{
	ops->len = mark.len;
	ops->count = mark.count;
}

void
tg_ops_reset(struct tg_ops *ops)
{
	ops->len = ops->count = 0;
}

void
tg_ops_free(struct tg_ops *ops)
{
	tg_free(ops->bytes);
	tg_free(ops->list);
	memset(ops, 0, sizeof *ops);
}

static size_t
key(char kind, const struct tg_hash *grid, const uint8_t second[32], uint8_t *out)
{
	out[0] = (uint8_t)kind;
	memcpy(out + 1, grid->b, 32);
	memcpy(out + 33, second, 32);
	return 65;
}

size_t
tg_storage_key_head(
    const struct tg_hash *grid, const struct tg_key *log, uint8_t out[TG_STORAGE_KEY_MAX_BYTES])
{
	return key('h', grid, log->b, out);
}

size_t
tg_storage_key_entry(
    const struct tg_hash *grid, const struct tg_key *log, uint64_t seq, uint8_t out[TG_STORAGE_KEY_MAX_BYTES])
{
	size_t n = key('e', grid, log->b, out);

	for (int i = 0; i < 8; i++)
		out[n + (size_t)i] = (uint8_t)(seq >> (56 - 8 * i));
	return n + 8;
}

size_t
tg_storage_key_seed(
    const struct tg_hash *grid, const struct tg_key *log, uint8_t out[TG_STORAGE_KEY_MAX_BYTES])
{
	return key('k', grid, log->b, out);
}

size_t
tg_storage_key_chunk(const struct tg_hash *grid, const struct tg_hash *locator, uint8_t out[65])
{
	return key('c', grid, locator->b, out);
}
