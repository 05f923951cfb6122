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

#define TG_CODEC_LAYOUT 1

struct tg_op {
	uint8_t kind;	 /* enum tg_op_kind */
	uint32_t pos;	 /* as in tg_oprun */
	uint32_t count;	 /* items; marks: the length of the range */
	uint32_t format; /* inserts: a format id (decoded: index in the table, 0 = none) */
	uint32_t key;	 /* marks, sets: a pool id (decoded: index in the table) */
	uint32_t value;	 /* marks, sets: a pool id (decoded: index in values) */
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
	const uint8_t *chars; /* NULL when expunged */
	size_t chars_len;
	uint32_t char_n;
	uint32_t event_n;
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

/** tg_codec_in_range(d, length): Are all operations within a document of ${length} items? */
int tg_codec_in_range(const struct tg_decoded *d, uint64_t length);

/** tg_codec_intern(d, doc): Give keys, values and formats their ids.  TG_OK, TG_EFORMAT (a format twice),
 * TG_ENOMEM. */
int tg_codec_intern(struct tg_decoded *d, struct tg_doc *doc) __attribute__((warn_unused_result));

/**
 * tg_codec_encode(doc, start, end, stop):
 * Encode the events [start, end), a stretch of one graph run, into doc->out and doc->out_text; as many as fit
 * one bundle, up to *${stop} > start.
 */
int tg_codec_encode(struct tg_doc *doc, uint32_t start, uint32_t end, uint32_t *stop)
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

#endif
