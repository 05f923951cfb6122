/*
 * saved.h -- a document as bytes at rest: what it shows, and behind that its history.
 *
 *     index | checkpoint | skeleton | ops 0 | text 0 | ops 1 | text 1 | ...
 *
 *     index       lengths and hashes of the sections                               saved.c
 *     checkpoint  what the document shows: formats, registers, runs, text          checkpoint.c
 *     skeleton    agents, and who wrote how much after what                        skeleton.c
 *     ops, text   a part of the history: operations; values and lost characters    codec.c (parts), save.c
 *
 * Opening inflates the checkpoint and nothing else.  The characters still shown stand in the checkpoint only:
 * the walk that replays the operations says where each of them belongs, so the history's text is just what
 * has been deleted, and nothing is stored twice.  docs/protocol.md 6.5 has the bytes.
 */
#ifndef TG_TEXT_SAVED_H
#define TG_TEXT_SAVED_H

#include <toygrid/crypto.h>

#include "text/codec.h"
#include "text/order.h"

#define TG_SAVED_FORMAT	     1
#define TG_SAVED_MAX	     (1u << 30)	  /* bytes in all */
#define TG_SAVED_SECTION_MAX (256u << 20) /* bytes of a section, plain */
#define TG_SAVED_PART_MAX    (16u << 20)  /* of a part's ops, and of its text: a writer stays below a half */
/* A part ends before it has more than so many bytes of keys and values, where going to another flow counts so
 * much and a set of another object than the document so much. */
#define TG_SAVED_PART_VALUES   (1u << 20)
#define TG_SAVED_FLOW_VALUES   256u
#define TG_SAVED_OBJECT_VALUES 128u

/** tg_column_bytes(c, len): The next ${len} bytes, borrowed; NULL after an error. */
const uint8_t *tg_column_bytes(struct tg_column *c, size_t len);

/* Items of one kind and format in a checkpoint. */
struct tg_shown {
	uint32_t count;
	uint32_t format; /* the doc's id */
	uint32_t text;	 /* characters: offset in text */
	uint8_t kind;
};

struct tg_checkpoint {
	uint8_t *raw; /* owned; the rest points into it */
	size_t raw_len;
	struct tg_shown *runs; /* of all flows, one after another */
	size_t n, cap;
	struct tg_shown_flow {
		uint32_t flow;	 /* the doc's number */
		uint32_t length; /* items */
		size_t first, n; /* runs */
	} * flows;		 /* the body first, then those that are not empty, by name */
	size_t flow_n, flow_cap;
	uint64_t chars; /* items that are characters */
	const uint8_t *text;
	size_t text_len;
	const uint8_t *registers; /* msgpack as tg_doc_registers() gives it */
	size_t registers_len;
};

struct tg_section {
	size_t raw_len;
	size_t at, len; /* packed, in data */
	size_t hash;	/* where it stands in data */
};

/* A document that was opened from bytes and whose history was not needed yet. */
struct tg_saved {
	uint8_t *data; /* owned; as much as was given */
	size_t len;
	size_t whole; /* how much there is in all */
	struct tg_section *sections;
	size_t n, cap;
	struct tg_checkpoint checkpoint;
	int polled; /* VIEW is the checkpoint, else it is empty */
	const struct tg_saved_calls *calls;
};

/* What the rest of a document calls, through pointers: a program that opens no saved document does not carry
 * them.  All but free are of a document whose history is not read. */
struct tg_saved_calls {
	int (*load)(struct tg_doc *doc);			     /* tg_doc_load_history() */
	uint32_t (*length)(const struct tg_doc *doc, uint32_t flow); /* tg_doc_length() */
	int (*read)(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count,
	    int (*visit)(void *ctx, const struct tg_text_run *run), void *ctx); /* tg_doc_read() */
	int (*poll)(struct tg_doc *doc, struct tg_patches *patches);		/* tg_doc_poll() */
	void (*free)(struct tg_saved *s);
};

/* ---- saved.c */

/** tg_saved_plain(s, i, plain): A section's bytes, its hash checked, to be freed with tg_free. */
int tg_saved_plain(const struct tg_saved *s, size_t i, uint8_t **plain) __attribute__((warn_unused_result));

/** tg_saved_check_opened(s): The hash of the checkpoint, which opening does not look at.  TG_OK, TG_EHASH. */
int tg_saved_check_opened(const struct tg_saved *s) __attribute__((warn_unused_result));

/* ---- checkpoint.c */

/** tg_checkpoint_put(doc, out): Append the checkpoint of MERGED. */
int tg_checkpoint_put(struct tg_doc *doc, struct tg_buf *out) __attribute__((warn_unused_result));

/** tg_checkpoint_parse(doc, c): Fill in the rest of ${c} from raw; formats get ids in ${doc}. */
int tg_checkpoint_parse(struct tg_doc *doc, struct tg_checkpoint *c) __attribute__((warn_unused_result));
void tg_checkpoint_free(struct tg_checkpoint *c);

/* ---- skeleton.c */

/** tg_skeleton_put(graph, order, out): Append the skeleton. */
int tg_skeleton_put(const struct tg_graph *graph, const struct tg_order *order, struct tg_buf *out)
    __attribute__((warn_unused_result));

/** tg_skeleton_read(graph, data, len): Put it into an empty graph; refuses what put would not write. */
int tg_skeleton_read(struct tg_graph *graph, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));

/* ---- save.c */

/**
 * tg_save_parts(doc, order, visit, ctx):
 * Cut all events, in ${order}, into parts and call visit(ctx, spans, n, events) for each.
 */
int tg_save_parts(struct tg_doc *doc, const struct tg_order *order,
    int (*visit)(void *ctx, const struct tg_span *spans, size_t n, uint32_t events), void *ctx)
    __attribute__((warn_unused_result));

/* ---- history.c */

/** tg_history_load(doc): Read the history of doc->saved into the doc, and be done with doc->saved. */
int tg_history_load(struct tg_doc *doc) __attribute__((warn_unused_result));

#endif
