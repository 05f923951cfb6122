/*
 * oplog.h -- what each event did: runs of operations in LV order, and all text ever inserted.
 *
 * The walk reads positions and lengths only; characters stay in one append-only arena and are copied when
 * they are shown.  A run of ASCII has one byte per item, so a character's place is an addition; other text is
 * cut into runs of at most TG_OPLOG_MIXED_MAX items and counted from the start of its run.
 */
#ifndef TG_TEXT_OPLOG_H
#define TG_TEXT_OPLOG_H

#include "text/graph.h"

#define TG_OPLOG_MIXED_MAX 128

enum tg_op_kind { /* the first three are enum tg_text_kind */
	TG_OP_CHAR = 0,
	TG_OP_BLOCK = 1,
	TG_OP_ATOM = 2,
	TG_OP_DELETE = 3,      /* count items from pos on */
	TG_OP_DELETE_BACK = 4, /* the item at pos, then those before it, one by one: the backspace key */
	TG_OP_MARK = 5,
	TG_OP_SET = 6,
};

struct tg_oprun {
	uint32_t lv;   /* of its first event; a run ends where the next begins */
	uint32_t pos;  /* index of its first event in that event's parents' version; 0 for sets */
	uint32_t aux;  /* inserts: birth format; marks, sets: index in their array */
	uint32_t text; /* inserts of chars: offset in the arena (the next run's is its end) */
	uint8_t kind;
	uint8_t ascii; /* the run's text has one byte per item */
	uint16_t flow; /* that its positions count in; 0 for sets */
};

struct tg_oplog {
	struct tg_oprun *runs;
	size_t n, cap;
	uint32_t *hint; /* as in tg_graph */
	size_t hint_n, hint_cap;
	uint32_t next; /* the next LV */
	uint16_t flow; /* of the events appended from now on */
	uint8_t *text;
	size_t text_len, text_cap;
};

void tg_oplog_free(struct tg_oplog *log);

/** tg_oplog_append(log, kind, pos, count, aux): Add events without text. */
int tg_oplog_append(struct tg_oplog *log, int kind, uint32_t pos, uint32_t count, uint32_t aux)
    __attribute__((warn_unused_result));

/** tg_oplog_append_text(log, pos, count, format, text, len): Add ${count} characters, valid UTF-8. */
int tg_oplog_append_text(struct tg_oplog *log, uint32_t pos, uint32_t count, uint32_t format,
    const uint8_t *text, size_t len) __attribute__((warn_unused_result));

struct tg_op; /* codec.h */

/**
 * tg_oplog_append_ops(log, ops, n, text, len):
 * Add what a bundle holds, all at once: ${ops} without marks and sets, ${text} all their characters, valid
 * UTF-8.
 */
int tg_oplog_append_ops(struct tg_oplog *log, const struct tg_op *ops, size_t n, const uint8_t *text,
    size_t len) __attribute__((warn_unused_result));

/** tg_oplog_bytes(text, n): The bytes of the first ${n} characters of valid UTF-8. */
size_t tg_oplog_bytes(const uint8_t *text, uint32_t n);

/** tg_oplog_ascii(p, len): How many bytes from the start are below 0x80. */
size_t tg_oplog_ascii(const uint8_t *p, size_t len);

/** tg_oplog_find(log, lv): The run that holds ${lv}. */
static inline const struct tg_oprun *
tg_oplog_find(const struct tg_oplog *log, uint32_t lv)
{
	const struct tg_oprun *r = &log->runs[log->hint[lv >> 4]], *last = &log->runs[log->n - 1];

	while (r < last && r[1].lv <= lv)
		r++;
	return r;
}

/** tg_oplog_end(log, run): One past the run's last LV. */
static inline uint32_t
tg_oplog_end(const struct tg_oplog *log, const struct tg_oprun *run)
{
	return run == &log->runs[log->n - 1] ? log->next : run[1].lv;
}

/**
 * tg_oplog_text(log, lv, count, len):
 * The bytes of up to ${count} characters from ${lv} on that lie in one run; *${count} says how many.
 */
const uint8_t *tg_oplog_text(const struct tg_oplog *log, uint32_t lv, uint32_t *count, size_t *len);

#endif
