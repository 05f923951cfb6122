/*
 * codec.h -- bundles of events as bytes, and values and attributes as msgpack.
 *
 * The layout is docs/protocol.md 6.1.  Every list of events has exactly one encoding: runs are as long as
 * they can be, tables are in a fixed order without spare entries, numbers are in their shortest form.  The
 * decoder refuses everything else, so what was signed cannot be said in another way.
 */
#ifndef TG_TEXT_CODEC_H
#define TG_TEXT_CODEC_H

#include "wire/reader.h"

#include "text/doc.h"

#define TG_CODEC_LAYOUT	      1 /* the body and the document's registers alone */
#define TG_CODEC_LAYOUT_FLOWS 2 /* with tables of agents, objects and flows, and a column of flows */

struct tg_op {
	uint8_t kind;	 /* enum tg_op_kind */
	uint32_t pos;	 /* as in tg_oprun */
	uint32_t count;	 /* items; marks: the length of the range */
	uint32_t format; /* inserts: a format id (decoded: index in the table, 0 = none) */
	uint32_t key;	 /* marks, sets: a pool id (decoded: index in the table) */
	uint32_t value;	 /* marks, sets: a pool id (decoded: index in values) */
	uint32_t flow;	 /* all but sets: a flow (decoded: 0 the body, n = the n-th of the table) */
	uint32_t
	    object; /* sets: an object (decoded: 0 the document, n = the n-th of the table, then cells) */
};

/* What the operations of one flow ask of it, and do to it. */
struct tg_extent {
	int64_t need;  /* so many items must be there before the first */
	int64_t grown; /* and so many more are there after the last */
};

struct tg_decoded {
	struct tg_op *ops;
	size_t op_n, op_cap;
	struct tg_decoded_key {
		struct tg_bytes bytes;
		uint32_t id; /* pool id, once interned */
		int used;
	} * keys;
	size_t key_n, key_cap;
	struct tg_decoded_format {
		uint32_t first, n; /* in pairs */
		uint32_t id;	   /* format id, once interned */
	} * formats;
	size_t format_n, format_cap;
	uint32_t *pair_keys; /* index in keys; the value of pair i is values[i] */
	size_t pair_n, pair_cap;
	struct tg_bytes *values; /* those of all pairs, then of marks and sets */
	size_t value_n, value_cap;
	const uint8_t **agents; /* other than the author, in the order of their bytes */
	size_t agent_n, agent_cap;
	struct tg_decoded_object {
		uint32_t form; /* 0: a string; 1: an event of the author; 2 + n: of the n-th agent */
		uint64_t seq;
		struct tg_bytes name;
		uint32_t id; /* pool id, once interned */
		int used;
	} * objects;
	size_t object_n, object_cap;
	struct tg_decoded_flow {
		uint32_t object, slot, row, column; /* objects as in tg_op; slot as in tg_flow */
		struct tg_extent extent;
		uint64_t length;   /* in PREPARED, and then after the operations checked */
		uint32_t id, name; /* flow number and pool id, once interned */
		int used;
	} * flows;
	size_t flow_n, flow_cap;
	struct tg_extent extent; /* of the body, and so is length, as in flows */
	uint64_t length;
	const uint8_t *chars; /* NULL when expunged */
	size_t chars_len;
	uint32_t char_n;
	uint32_t event_n;
	uint8_t plain;	   /* nothing but deletions, and characters in the empty format */
	uint8_t arguments; /* there are marks or sets */
};

/**
 * tg_codec_decode(d, ops, ops_len, text, text_len):
 * Parse and check all that needs no document.  ${text} NULL: expunged, unless there is no text.  ${d} keeps
 * its arrays from call to call; what it borrows lives as long as the input. Returns TG_OK, TG_EFORMAT,
 * TG_EVERSION, TG_ETOOBIG, TG_ELIMIT, TG_ENOMEM.
 */
int tg_codec_decode(struct tg_decoded *d, const uint8_t *ops, size_t ops_len, const uint8_t *text,
    size_t text_len) __attribute__((warn_unused_result));
void tg_decoded_free(struct tg_decoded *d);

/** tg_codec_lengths(d, doc, agent): Fill in the flows' lengths in PREPARED; the bundle is of ${agent}. */
void tg_codec_lengths(struct tg_decoded *d, struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES]);

/** tg_codec_in_range(d): Are all operations within flows of these lengths? */
int tg_codec_in_range(struct tg_decoded *d);

/** tg_codec_intern(d, doc, agent): Give keys, values, formats, objects and flows their ids.  TG_OK,
 * TG_EFORMAT (a format twice; the author among the agents), TG_ELIMIT (flows), TG_ENOMEM. */
int tg_codec_intern(struct tg_decoded *d, struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
    __attribute__((warn_unused_result));

/**
 * tg_codec_encode(doc, start, end, stop):
 * Encode the events [start, end), a stretch of one graph run, into doc->out and doc->out_text; as many as fit
 * one bundle, up to *${stop} > start.
 */
int tg_codec_encode(struct tg_doc *doc, uint32_t start, uint32_t end, uint32_t *stop)
    __attribute__((warn_unused_result));

/**
 * tg_codec_decode_part(d, ops, ops_len, text, text_len):
 * As tg_codec_decode() for a part of a saved history (docs/protocol.md 6.5): without the bounds of a bundle,
 * and the text is the values, then those characters that are no longer shown; how many these must be is for
 * the caller to check.
 */
int tg_codec_decode_part(struct tg_decoded *d, const uint8_t *ops, size_t ops_len, const uint8_t *text,
    size_t text_len) __attribute__((warn_unused_result));

/**
 * tg_codec_encode_part(doc, spans, n):
 * Encode the events of spans[0 .. n), in this order, into doc->out, and their values into doc->out_text. They
 * may be of several authors, so the author whom objects may refer to is nobody, an all-zero key.
 */
extern const uint8_t tg_codec_nobody[TG_TEXT_AGENT_BYTES];
int tg_codec_encode_part(struct tg_doc *doc, const struct tg_span *spans, size_t n)
    __attribute__((warn_unused_result));

/** tg_codec_value(r, nil): Read a value (nil only if allowed); the msgpack it is. */
struct tg_bytes tg_codec_value(struct tg_reader *r, int nil);

/** tg_codec_key(r): Read a key. */
struct tg_bytes tg_codec_key(struct tg_reader *r);

/** tg_codec_attrs(data, len): Check attributes ([[key, value] ...]).  TG_OK or the reason against. */
int tg_codec_attrs(const uint8_t *data, size_t len) __attribute__((warn_unused_result));

/** tg_codec_attrs_format(doc, data, len, format): The format of checked attributes. */
int tg_codec_attrs_format(struct tg_doc *doc, const uint8_t *data, size_t len, uint32_t *format)
    __attribute__((warn_unused_result));

/* ---- codec_flow.c: the tables of layout 2 */

struct tg_column { /* bytes being decoded; the first error sticks */
	const uint8_t *data;
	size_t len, at;
	int status;
};

/** tg_column_next(c, max): A number; 0 and TG_EFORMAT when there is none or it is above ${max}. */
uint64_t tg_column_next(struct tg_column *c, uint64_t max);

/**
 * tg_column_short(c, p, end, max):
 * As tg_column_next(), for a loop over many: it reads at *${p}, below ${end}, and sets c->at when it is done.
 * Nearly all numbers have one byte or two, in no order that a processor could guess: no branch asks which.
 */
static inline uint64_t
tg_column_short(struct tg_column *c, const uint8_t **p, const uint8_t *end, uint64_t max)
{
	uint64_t v;

	if (end - *p >= 2) {
		unsigned a = (*p)[0], b = (*p)[1], two = a >> 7;

		v = (a & 0x7f) | (b << 7 & -two);
		if ((two <= (b - 1 < 0x7f)) & (v <= max)) {
			*p += 1 + two;
			return v;
		}
	}
	c->at = (size_t)(*p - c->data);
	v = tg_column_next(c, max);
	*p = c->data + c->at;
	return v;
}

/** tg_column_fail(c, status): Make ${status} the sticky error unless there is one already; nothing is left to
 * read. */
static inline void
tg_column_fail(struct tg_column *c, int status)
{
	if (c->status == TG_OK)
		c->status = status;
	c->at = c->len;
}

/** tg_codec_decode_flows(d, c), tg_codec_decode_flow_column(d, c): The tables; the flow of each operation. */
void tg_codec_decode_flows(struct tg_decoded *d, struct tg_column *c);
void tg_codec_decode_flow_column(struct tg_decoded *d, struct tg_column *c);

/** tg_codec_flows_used(d): Is every object and flow of the tables used? */
int tg_codec_flows_used(const struct tg_decoded *d);

/** tg_codec_intern_flows(d, doc, agent): Their ids.  TG_OK, TG_EFORMAT, TG_ELIMIT, TG_ENOMEM. */
int tg_codec_intern_flows(struct tg_decoded *d, struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
    __attribute__((warn_unused_result));

/**
 * tg_codec_put_flows(doc, op_n, agent):
 * Write the tables for doc->ops[0 .. op_n) of ${agent} to doc->out and number flows and objects in
 * doc->ops accordingly.
 */
int tg_codec_put_flows(struct tg_doc *doc, size_t op_n, const uint8_t agent[TG_TEXT_AGENT_BYTES])
    __attribute__((warn_unused_result));

/* Upper bound of what one flow or object adds to the ops part. */
#define TG_CODEC_FLOW_BYTES (3 * (TG_TEXT_AGENT_BYTES + TG_TEXT_NAME_MAX + 8) + 16)

#endif
