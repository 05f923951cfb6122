/*
 * event_codec.h -- the bytes between a host and its peer (docs/host.md): builders of events, a parser of
 * effects.
 *
 * Builders append one event to a tg_buf, whose sticky error is checked once before the bytes are used.  The
 * parser borrows everything from the effects it reads; nothing is allocated.  No I/O: simulations, replays
 * and tests use this file without the drivers beside it.
 */
#ifndef TG_HOST_EVENT_CODEC_H
#define TG_HOST_EVENT_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

#include "base/buf.h"
#include "wire/reader.h"

enum tg_event_kind {
	TG_EVENT_TICK = 0,
	TG_EVENT_ENTROPY = 1,
	TG_EVENT_OPENED = 2,
	TG_EVENT_CLOSED = 3,
	TG_EVENT_RECEIVED = 4,
	TG_EVENT_STORED = 5,
	TG_EVENT_LOADED = 6,
	TG_EVENT_LOCKED = 7,
	TG_EVENT_COMMAND = 8,
};

enum tg_link_kind {
	TG_LINK_RELAY = 0, /* a WebSocket */
	TG_LINK_TABS = 1,  /* the other tabs of a browser profile */
};

enum tg_command {
	TG_COMMAND_START = 0,
	TG_COMMAND_PROFILE = 1,
	TG_COMMAND_CREATE = 2,
	TG_COMMAND_OPEN = 3,
	TG_COMMAND_CLOSE = 4,
	TG_COMMAND_LIST = 5,
	TG_COMMAND_FORGET = 6,
	TG_COMMAND_EDIT = 7,
	TG_COMMAND_POLL = 8,
	TG_COMMAND_FORMAT = 9,
	TG_COMMAND_UNDO = 10,
	TG_COMMAND_REDO = 11,
	TG_COMMAND_CARET = 12,
	TG_COMMAND_LINKS = 13,
	TG_COMMAND_INVITE = 14,
	TG_COMMAND_TITLE = 15,
	TG_COMMAND_EXT = 16,
	TG_COMMAND_CHANNEL = 17,
	TG_COMMAND_CALL = 18,
	TG_COMMAND_ANSWER = 19,
	TG_COMMAND_EXTNAME = 20,
	TG_COMMAND_HEADS = 21,
	TG_COMMAND_QUOTA = 22,
	TG_COMMAND_NODE = 23,
	TG_COMMAND_UNDO_BREAK = 24,
	TG_COMMAND_FLUSH = 25,
	TG_COMMAND_PUT = 26,
	TG_COMMAND_GET = 27,
	TG_COMMAND_TEMPORARY = 28,
	TG_COMMAND_REMIND = 29,
	TG_COMMAND_AWAY = 30,
};

/* A record of storage.  Borrowed bytes. */
struct tg_record {
	struct tg_bytes key;
	struct tg_bytes value;
};

void tg_event_tick(struct tg_buf *buf, uint64_t now_ms);
void tg_event_entropy(struct tg_buf *buf, const uint8_t seed[32]);

/** tg_event_opened(buf, link, kind, host): ${host} is the name as dialled, lower case, no port; "" for tabs.
 */
void tg_event_opened(struct tg_buf *buf, uint64_t link, enum tg_link_kind kind, const char *host);
void tg_event_closed(struct tg_buf *buf, uint64_t link);
void tg_event_received(struct tg_buf *buf, uint64_t link, const void *data, size_t len);
void tg_event_stored(struct tg_buf *buf, uint64_t batch, int status);

/** tg_event_loaded(buf, request, status, records, n, more): ${n} records in ascending order of key. */
void tg_event_loaded(
    struct tg_buf *buf, uint64_t request, int status, const struct tg_record *records, size_t n, int more);
void tg_event_locked(struct tg_buf *buf, uint64_t request, int granted);

/**
 * tg_event_command(buf, request, name, argc):
 * Begin command ${name}; the caller then writes exactly ${argc} arguments with wire/writer.h.
 */
void tg_event_command(struct tg_buf *buf, uint64_t request, enum tg_command name, uint32_t argc);

/* Whole commands, for those with plain arguments.  Strings are UTF-8. */
void tg_command_start(struct tg_buf *buf, uint64_t request, uint64_t kind, const char *name);
void tg_command_create(struct tg_buf *buf, uint64_t request, const char *title);
void tg_command_open(struct tg_buf *buf, uint64_t request, const uint8_t grid[32], const char *mode,
    const void *secret, size_t secret_len);
void tg_command_quota(struct tg_buf *buf, uint64_t request, uint64_t per_grid, uint64_t total);

/** tg_command_edit(buf, request, grid, edits, len): ${edits} is the msgpack array of tg_doc_edit_msgpack. */
void tg_command_edit(
    struct tg_buf *buf, uint64_t request, const uint8_t grid[32], const void *edits, size_t len);

/** tg_command_bare(buf, request, name): A command without arguments: list, node. */
void tg_command_bare(struct tg_buf *buf, uint64_t request, enum tg_command name);

/** tg_command_grid(buf, request, name, grid): One whose only argument is the grid: close, forget, poll, ...
 */
void tg_command_grid(struct tg_buf *buf, uint64_t request, enum tg_command name, const uint8_t grid[32]);

enum tg_effect_kind {
	TG_EFFECT_SEND = 0,
	TG_EFFECT_STORE = 1,
	TG_EFFECT_LOAD = 2,
	TG_EFFECT_LOCK = 3,
	TG_EFFECT_UNLOCK = 4,
	TG_EFFECT_WAKE = 5,
	TG_EFFECT_CLOSE = 6,
	TG_EFFECT_REPLY = 7,
	TG_EFFECT_GRID = 8,
	TG_EFFECT_CHANGED = 9,
	TG_EFFECT_PRESENCE = 10,
	TG_EFFECT_DURABILITY = 11,
	TG_EFFECT_LINK = 12,
	TG_EFFECT_NOTICE = 13,
	TG_EFFECT_EXT = 14,
	TG_EFFECT_CALLED = 15,
	TG_EFFECT_PROGRESS = 16,
};

enum tg_grid_state {
	TG_GRID_LOADING = 0,
	TG_GRID_READY = 1,
	TG_GRID_GONE = 2
};
enum tg_link_state {
	TG_LINK_CONNECTING = 0,
	TG_LINK_LIVE = 1,
	TG_LINK_REFUSED = 2,
	TG_LINK_DRAINING = 3
};

/* One effect.  Only the member named after its kind is set; bytes are borrowed from the effects read. */
struct tg_effect {
	enum tg_effect_kind kind;
	struct tg_bytes raw; /* the whole array, as the peer wrote it */
	union {
		struct {
			uint64_t link;
			struct tg_bytes data;
		} send;
		struct {
			uint64_t batch;
			int strict;
			struct tg_bytes ops; /* read with tg_store_ops_* */
		} store;
		struct {
			uint64_t request;
			struct tg_bytes from, to; /* from <= key < to */
			uint64_t max_bytes;
		} load;
		struct {
			uint64_t request; /* unset for unlock */
			struct tg_bytes name;
		} lock; /* and unlock */
		struct {
			uint64_t at_ms; /* 0: soon */
		} wake;
		struct {
			uint64_t link;
			struct tg_bytes reason;
		} close;
		struct {
			uint64_t request;
			int status;
			struct tg_bytes value; /* one msgpack value */
		} reply;
		struct {
			struct tg_hash id;
			uint64_t state; /* enum tg_grid_state */
			uint64_t role;	/* 0 view, 1 comment, 2 edit, 3 replica */
			struct tg_bytes title;
		} grid;
		struct {
			struct tg_hash grid;
		} changed;
		struct {
			struct tg_hash grid, session, device;
			uint64_t role, colour;
			int own;
			struct tg_bytes name;
			struct tg_bytes position; /* msgpack: nil or [flow, anchor, head] */
		} presence;
		struct {
			struct tg_hash grid;
			uint64_t unsent, safe;
			struct tg_bytes devices; /* msgpack list, see docs/host.md */
		} durability;
		struct {
			uint64_t link, state; /* enum tg_link_state */
			struct tg_bytes detail;
		} link;
		struct {
			int has_grid;
			struct tg_hash grid;
			uint64_t code;
			struct tg_bytes text;
		} notice;
		struct {
			struct tg_hash grid, session;
			struct tg_bytes name, payload;
		} ext;
		struct {
			struct tg_hash grid, session;
			uint64_t call, deadline_ms;
			struct tg_bytes channel, args;
		} called;
		struct {
			struct tg_hash grid;
			uint64_t done, total;
		} progress;
	} u;
};

/**
 * tg_effect_next(r, effect):
 * Read the next effect.  Returns TG_OK, TG_ENOTFOUND at the end of the input, or what the strict reader says
 * of malformed bytes (*${effect} is then zeroed and ${r} stays failed).
 */
int tg_effect_next(struct tg_reader *r, struct tg_effect *effect) __attribute__((warn_unused_result));

enum tg_store_op_kind {
	TG_STORE_PUT = 0,
	TG_STORE_DELETE = 1,
	TG_STORE_PUT_IF_LONGER = 2, /* first 8 bytes of the value, big-endian, greater than those stored */
	TG_STORE_PUT_IF_ABSENT = 3,
};

struct tg_store_op {
	enum tg_store_op_kind kind;
	struct tg_bytes key;
	struct tg_bytes value; /* empty for delete */
};

/**
 * tg_store_ops_begin(ops, r), tg_store_op_next(r, op):
 * Walk the operations of a store effect, in order.  begin returns how many there are (0 also on an error,
 * which tg_reader_status then tells).  next returns TG_OK or the reader's status.
 */
uint32_t tg_store_ops_begin(struct tg_bytes ops, struct tg_reader *r);
int tg_store_op_next(struct tg_reader *r, struct tg_store_op *op) __attribute__((warn_unused_result));

#endif
