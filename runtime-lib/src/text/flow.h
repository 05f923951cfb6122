/*
 * flow.h -- the sequences of a document: the body, and one more for each caption, thread, row list and cell.
 *
 * A flow is named by what it hangs on: (object, slot), or (table, row, column) for a cell.  Nobody makes a
 * flow: its name alone says where text goes, so two people who type into a cell that was never touched meet
 * in one sequence.  An object is named by the event that inserted its marker or atom, or by a string (lists,
 * containers, comments).  Locally an object is the pool id of its name and a flow a small number.
 *
 * Each flow has a tracker of its own; graph, log and the array of places are shared, since an event belongs
 * to exactly one flow.  The tracker of the flow that is being worked on lies in doc->items, where the walk
 * expects it; tg_flow_enter() exchanges it.  Documents without a second flow never notice.
 */
#ifndef TG_TEXT_FLOW_H
#define TG_TEXT_FLOW_H

#include "text/items.h"

#define TG_FLOW_CELL  UINT32_MAX /* as a slot: the flow is that of a cell */
#define TG_OBJECT_DOC TG_POOL_NIL

struct tg_flow {
	uint32_t slot;	       /* or TG_FLOW_CELL */
	uint32_t object;       /* pool id */
	uint32_t row, column;  /* of cells: pool ids */
	struct tg_items items; /* unless it is the current flow; never its place array */
	uint32_t open_marks;   /* likewise */
	uint32_t stamp, local; /* scratch of the codec */
	uint64_t length;       /* scratch of range checks */
	uint32_t length_stamp;
	int touched; /* in doc->touched: entered since the last poll */
};

struct tg_doc;

/** tg_flows_init(doc), tg_flows_free(doc): The body alone; everything. */
int tg_flows_init(struct tg_doc *doc) __attribute__((warn_unused_result));
void tg_flows_free(struct tg_doc *doc);

/** tg_flow_switch(doc, flow): Make it the current one; see tg_flow_enter() in doc.h. */
void tg_flow_switch(struct tg_doc *doc, uint32_t flow);

/** tg_flow_find(doc, slot, object, row, column, create, flow): TG_OK, TG_ENOTFOUND, TG_ELIMIT, TG_ENOMEM. */
int tg_flow_find(struct tg_doc *doc, uint32_t slot, uint32_t object, uint32_t row, uint32_t column,
    int create, uint32_t *flow) __attribute__((warn_unused_result));

/** tg_flow_name(doc, slot, object, row, column, create, id): The pool id of a flow's name: of a cell, it is
 * also an object.  TG_OK, TG_ENOTFOUND, TG_ENOMEM. */
int tg_flow_name(struct tg_doc *doc, uint32_t slot, uint32_t object, uint32_t row, uint32_t column,
    int create, uint32_t *id) __attribute__((warn_unused_result));

/** tg_object_cell(doc, object, cell): 1 when the object is a cell: what table, row and column. */
int tg_object_cell(const struct tg_doc *doc, uint32_t object, struct tg_flow *cell);

/** tg_object_compare(doc, a, b): The document, strings, events, cells; each by bytes. */
int tg_object_compare(const struct tg_doc *doc, uint32_t a, uint32_t b);

/** tg_flow_total(doc, flow): Items of a flow in the prepared version. */
uint32_t tg_flow_total(const struct tg_doc *doc, uint32_t flow);

/* An object's name, parsed. */
struct tg_object_name {
	const uint8_t *name; /* NULL: the event below */
	size_t name_len;
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t seq;
};

/** tg_object_put(doc, name, create, object): Its number.  TG_OK, TG_ENOTFOUND, TG_ENOMEM. */
int tg_object_put(struct tg_doc *doc, const struct tg_object_name *name, int create, uint32_t *object)
    __attribute__((warn_unused_result));

/** tg_object_get(doc, object, name): 1, or 0 when it is the document or no object. */
int tg_object_get(const struct tg_doc *doc, uint32_t object, struct tg_object_name *name);

/** tg_object_read(doc, r, create, object), tg_flow_read(...): From their spelling (text.h); a flow also as
 * its number, which may not exist.  TG_OK, TG_ENOTFOUND, TG_ELIMIT, TG_ENOMEM or what is wrong with the
 * bytes. */
struct tg_reader;
int tg_object_read(struct tg_doc *doc, struct tg_reader *r, int create, uint32_t *object)
    __attribute__((warn_unused_result));
int tg_flow_read(struct tg_doc *doc, struct tg_reader *r, int create, uint32_t *flow)
    __attribute__((warn_unused_result));

/** tg_object_write(doc, out, object): Spell it. */
void tg_object_write(const struct tg_doc *doc, struct tg_buf *out, uint32_t object);

#endif
