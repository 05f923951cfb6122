/*
 * Effects on hostile bytes (a trace may come from anywhere): those that are read lie back to back in the
 * input, and so do the operations of a store.
 */
#include <stdlib.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "host/event_codec.h"

static void
walk_ops(struct tg_bytes ops)
{
	struct tg_store_op op;
	struct tg_reader r;
	uint32_t i, n = tg_store_ops_begin(ops, &r);

	for (i = 0; i < n; i++) {
		if (tg_store_op_next(&r, &op) != TG_OK)
			return;
		if (op.kind > TG_STORE_PUT_IF_ABSENT || op.key.len + op.value.len > ops.len)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_effect e;
	struct tg_reader r;
	size_t at = 0;
	int rc;

	tg_reader_init(&r, data, len);
	while ((rc = tg_effect_next(&r, &e)) == TG_OK) {
		if (e.kind > TG_EFFECT_PROGRESS || e.raw.data != data + at || e.raw.len == 0 ||
		    e.raw.len > len - at)
			abort();
		at += e.raw.len;
		if (e.kind == TG_EFFECT_STORE)
			walk_ops(e.u.store.ops);
	}
	if ((rc == TG_ENOTFOUND) != (at == len) || e.raw.len != 0)
		abort();
	return 0;
}
