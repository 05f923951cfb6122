#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "host/event_codec.h"
#include "wire/writer.h"

/* A batch or an answer may be large, but no single effect needs more than this many elements. */
#define LIST_MAX  (1u << 20)
#define BYTES_MAX ((size_t)1 << 30)

/* ---- events -------------------------------------------------------------------------------------------- */

static void
begin(struct tg_buf *buf, enum tg_event_kind kind, uint32_t fields)
{
	tg_write_array(buf, fields + 1);
	tg_write_uint(buf, kind);
}

static void
text(struct tg_buf *buf, const char *s)
{
	tg_write_str(buf, s, strlen(s));
}

void
tg_event_tick(struct tg_buf *buf, uint64_t now_ms)
{
	begin(buf, TG_EVENT_TICK, 1);
	tg_write_uint(buf, now_ms);
}

void
tg_event_entropy(struct tg_buf *buf, const uint8_t seed[32])
{
	begin(buf, TG_EVENT_ENTROPY, 1);
	tg_write_bin(buf, seed, 32);
}

void
tg_event_opened(struct tg_buf *buf, uint64_t link, enum tg_link_kind kind, const char *host)
{
	begin(buf, TG_EVENT_OPENED, 3);
	tg_write_uint(buf, link);
	tg_write_uint(buf, kind);
	text(buf, host);
}

void
tg_event_closed(struct tg_buf *buf, uint64_t link)
{
	begin(buf, TG_EVENT_CLOSED, 1);
	tg_write_uint(buf, link);
}

void
tg_event_received(struct tg_buf *buf, uint64_t link, const void *data, size_t len)
{
	begin(buf, TG_EVENT_RECEIVED, 2);
	tg_write_uint(buf, link);
	tg_write_bin(buf, data, len);
}

void
tg_event_stored(struct tg_buf *buf, uint64_t batch, int status)
{
	begin(buf, TG_EVENT_STORED, 2);
	tg_write_uint(buf, batch);
	tg_write_uint(buf, (uint64_t)status);
}

void
tg_event_loaded(
    struct tg_buf *buf, uint64_t request, int status, const struct tg_record *records, size_t n, int more)
{
	size_t i;

	begin(buf, TG_EVENT_LOADED, 4);
	tg_write_uint(buf, request);
	tg_write_uint(buf, (uint64_t)status);
	tg_write_array(buf, (uint32_t)n);
	for (i = 0; i < n; i++) {
		tg_write_array(buf, 2);
		tg_write_bin(buf, records[i].key.data, records[i].key.len);
		tg_write_bin(buf, records[i].value.data, records[i].value.len);
	}
	tg_write_bool(buf, more);
}

void
tg_event_locked(struct tg_buf *buf, uint64_t request, int granted)
{
	begin(buf, TG_EVENT_LOCKED, 2);
	tg_write_uint(buf, request);
	tg_write_bool(buf, granted);
}

void
tg_event_command(struct tg_buf *buf, uint64_t request, enum tg_command name, uint32_t argc)
{
	begin(buf, TG_EVENT_COMMAND, 2 + argc);
	tg_write_uint(buf, request);
	tg_write_uint(buf, name);
}

void
tg_command_start(struct tg_buf *buf, uint64_t request, uint64_t kind, const char *name)
{
	tg_event_command(buf, request, TG_COMMAND_START, 2);
	tg_write_uint(buf, kind);
	text(buf, name);
}

void
tg_command_create(struct tg_buf *buf, uint64_t request, const char *title)
{
	tg_event_command(buf, request, TG_COMMAND_CREATE, 1);
	text(buf, title);
}

void
tg_command_open(struct tg_buf *buf, uint64_t request, const uint8_t grid[32], const char *mode,
    const void *secret, size_t secret_len)
{
	tg_event_command(buf, request, TG_COMMAND_OPEN, 3);
	tg_write_bin(buf, grid, 32);
	text(buf, mode);
	tg_write_bin(buf, secret, secret_len);
}

void
tg_command_quota(struct tg_buf *buf, uint64_t request, uint64_t per_grid, uint64_t total)
{
	tg_event_command(buf, request, TG_COMMAND_QUOTA, 2);
	tg_write_uint(buf, per_grid);
	tg_write_uint(buf, total);
}

void
tg_command_edit(struct tg_buf *buf, uint64_t request, const uint8_t grid[32], const void *edits, size_t len)
{
	tg_event_command(buf, request, TG_COMMAND_EDIT, 2);
	tg_write_bin(buf, grid, 32);
	tg_buf_put(buf, edits, len);
}

void
tg_command_bare(struct tg_buf *buf, uint64_t request, enum tg_command name)
{
	tg_event_command(buf, request, name, 0);
}

void
tg_command_grid(struct tg_buf *buf, uint64_t request, enum tg_command name, const uint8_t grid[32])
{
	tg_event_command(buf, request, name, 1);
	tg_write_bin(buf, grid, 32);
}

/* ---- effects ------------------------------------------------------------------------------------------- */

/* Elements of each effect's array, its kind included; indexed by kind. */
static const uint8_t effect_fields[] = {3, 4, 5, 3, 2, 2, 3, 4, 5, 2, 9, 5, 4, 4, 5, 7, 4};

static void
hash(struct tg_reader *r, struct tg_hash *out)
{
	tg_read_fixed(r, out->b, sizeof out->b);
}

static void
read_fields(struct tg_reader *r, struct tg_effect *e)
{
	struct tg_bytes b;

	switch (e->kind) {
	case TG_EFFECT_SEND:
		e->u.send.link = tg_read_uint(r, UINT64_MAX);
		e->u.send.data = tg_read_bin(r, TG_WS_MESSAGE_MAX_BYTES);
		break;
	case TG_EFFECT_STORE:
		e->u.store.batch = tg_read_uint(r, UINT64_MAX);
		e->u.store.strict = tg_read_bool(r);
		e->u.store.ops = tg_read_skip(r);
		break;
	case TG_EFFECT_LOAD:
		e->u.load.request = tg_read_uint(r, UINT64_MAX);
		e->u.load.from = tg_read_bin(r, BYTES_MAX);
		e->u.load.to = tg_read_bin(r, BYTES_MAX);
		e->u.load.max_bytes = tg_read_uint(r, UINT64_MAX);
		break;
	case TG_EFFECT_LOCK:
		e->u.lock.request = tg_read_uint(r, UINT64_MAX);
		e->u.lock.name = tg_read_bin(r, BYTES_MAX);
		break;
	case TG_EFFECT_UNLOCK:
		e->u.lock.name = tg_read_bin(r, BYTES_MAX);
		break;
	case TG_EFFECT_WAKE:
		e->u.wake.at_ms = tg_read_uint(r, UINT64_MAX);
		break;
	case TG_EFFECT_CLOSE:
		e->u.close.link = tg_read_uint(r, UINT64_MAX);
		e->u.close.reason = tg_read_str(r, BYTES_MAX);
		break;
	case TG_EFFECT_REPLY:
		e->u.reply.request = tg_read_uint(r, UINT64_MAX);
		e->u.reply.status = (int)tg_read_uint(r, INT32_MAX);
		e->u.reply.value = tg_read_skip(r);
		break;
	case TG_EFFECT_GRID:
		hash(r, &e->u.grid.id);
		e->u.grid.state = tg_read_uint(r, TG_GRID_GONE);
		e->u.grid.role = tg_read_uint(r, 3);
		e->u.grid.title = tg_read_str(r, BYTES_MAX);
		break;
	case TG_EFFECT_CHANGED:
		hash(r, &e->u.changed.grid);
		break;
	case TG_EFFECT_PRESENCE:
		hash(r, &e->u.presence.grid);
		hash(r, &e->u.presence.session);
		hash(r, &e->u.presence.device);
		e->u.presence.role = tg_read_uint(r, UINT64_MAX);
		e->u.presence.own = tg_read_bool(r);
		e->u.presence.name = tg_read_str(r, TG_NAME_MAX_BYTES);
		e->u.presence.colour = tg_read_uint(r, 0xffffff);
		e->u.presence.position = tg_read_skip(r);
		break;
	case TG_EFFECT_DURABILITY:
		hash(r, &e->u.durability.grid);
		e->u.durability.unsent = tg_read_uint(r, UINT64_MAX);
		e->u.durability.safe = tg_read_uint(r, UINT64_MAX);
		e->u.durability.devices = tg_read_skip(r);
		break;
	case TG_EFFECT_LINK:
		e->u.link.link = tg_read_uint(r, UINT64_MAX);
		e->u.link.state = tg_read_uint(r, TG_LINK_DRAINING);
		e->u.link.detail = tg_read_str(r, BYTES_MAX);
		break;
	case TG_EFFECT_NOTICE:
		b = tg_read_bin(r, sizeof e->u.notice.grid.b);
		if (b.len == sizeof e->u.notice.grid.b) {
			e->u.notice.has_grid = 1;
			memcpy(e->u.notice.grid.b, b.data, b.len);
		} else if (b.len != 0) {
			tg_reader_fail(r, TG_EFORMAT);
		}
		e->u.notice.code = tg_read_uint(r, UINT64_MAX);
		e->u.notice.text = tg_read_str(r, BYTES_MAX);
		break;
	case TG_EFFECT_EXT:
		hash(r, &e->u.ext.grid);
		hash(r, &e->u.ext.session);
		e->u.ext.name = tg_read_str(r, TG_NAME_MAX_BYTES);
		e->u.ext.payload = tg_read_bin(r, BYTES_MAX);
		break;
	case TG_EFFECT_CALLED:
		hash(r, &e->u.called.grid);
		hash(r, &e->u.called.session);
		e->u.called.call = tg_read_uint(r, UINT64_MAX);
		e->u.called.channel = tg_read_str(r, TG_NAME_MAX_BYTES);
		e->u.called.args = tg_read_bin(r, BYTES_MAX);
		e->u.called.deadline_ms = tg_read_uint(r, UINT64_MAX);
		break;
	case TG_EFFECT_PROGRESS:
		hash(r, &e->u.progress.grid);
		e->u.progress.done = tg_read_uint(r, UINT64_MAX);
		e->u.progress.total = tg_read_uint(r, UINT64_MAX);
		break;
	}
}

int
tg_effect_next(struct tg_reader *r, struct tg_effect *effect)
{
	uint32_t n;
	size_t from;
	int rc;

	memset(effect, 0, sizeof *effect);
	if ((rc = tg_reader_status(r)) != TG_OK)
		return rc;
	if (r->at == r->len)
		return TG_ENOTFOUND;
	from = r->at;
	n = tg_read_array(r, 2, 16);
	effect->kind = (enum tg_effect_kind)tg_read_uint(r, sizeof effect_fields - 1);
	if (tg_reader_status(r) == TG_OK && n != effect_fields[effect->kind])
		tg_reader_fail(r, TG_EFORMAT);
	if (tg_reader_status(r) == TG_OK)
		read_fields(r, effect);
	if ((rc = tg_reader_status(r)) != TG_OK) {
		memset(effect, 0, sizeof *effect);
		return rc;
	}
	effect->raw.data = r->data + from;
	effect->raw.len = r->at - from;
	return TG_OK;
}

uint32_t
tg_store_ops_begin(struct tg_bytes ops, struct tg_reader *r)
{
	tg_reader_init(r, ops.data, ops.len);
	return tg_read_array(r, 0, LIST_MAX);
}

int
tg_store_op_next(struct tg_reader *r, struct tg_store_op *op)
{
	memset(op, 0, sizeof *op);
	tg_read_array(r, 3, 3);
	op->kind = (enum tg_store_op_kind)tg_read_uint(r, TG_STORE_PUT_IF_ABSENT);
	op->key = tg_read_bin(r, BYTES_MAX);
	op->value = tg_read_bin(r, BYTES_MAX);
	return tg_reader_status(r);
}
