/*
 * ops.h -- building a batch of puts in place.
 */
#ifndef TG_LOG_OPS_H
#define TG_LOG_OPS_H

#include <toygrid/log.h>

/** tg_ops_space(ops, key, key_len, value_len): Add a put whose value the caller writes: the bytes, valid
 * until the next call on ${ops}, or NULL (out of memory, unchanged). */
uint8_t *tg_ops_space(struct tg_ops *ops, const void *key, size_t key_len, size_t value_len);

/* Undo: forget everything that was added since. */
struct tg_ops_mark {
	size_t len, count;
};
struct tg_ops_mark tg_ops_mark(const struct tg_ops *ops);
void tg_ops_rollback(struct tg_ops *ops, struct tg_ops_mark mark);

#endif
