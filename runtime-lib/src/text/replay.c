/*
 * replay.c -- a linear history, fast: no tree of states is kept for what nobody can be concurrent with.
 *
 * While every event follows the one before, only what is left in the end matters.  So the operations edit a
 * list of pieces (pieces.h), eight bytes each, without looking at text; the items are built once, from the
 * pieces that survived, in full leaves.
 */
#include <toygrid/status.h>

#include "text/doc.h"
#include "text/pieces.h"

/* Edit the list by the logged events from ${at} on; stops at the first mark or at ${end}, and says where. */
static int
edit_pieces(struct tg_doc *doc, struct tg_pieces *p, uint32_t end, uint32_t *at)
{
	const struct tg_oprun *r = doc->log.runs, *last = r + doc->log.n;
	int rc = TG_OK;

	for (*at = 0; *at < end && rc == TG_OK; r++) {
		uint32_t to = r + 1 < last ? r[1].lv : doc->log.next, n;

		if (to > end)
			to = end;
		n = to - *at;
		switch (r->kind) {
		case TG_OP_CHAR:
		case TG_OP_BLOCK:
		case TG_OP_ATOM:
			rc = tg_pieces_insert(p, r->pos, *at, n);
			break;
		case TG_OP_DELETE:
			rc = tg_pieces_remove(p, r->pos, n);
			break;
		case TG_OP_DELETE_BACK:
			rc = tg_pieces_remove(p, r->pos - (n - 1), n);
			break;
		case TG_OP_MARK:
			return TG_OK;
		}
		*at = to;
	}
	return rc;
}

/* Put a piece behind all items, run by run of the log: a run has one kind and format. */
static int
put_piece(void *ctx, struct tg_piece piece)
{
	struct tg_doc *doc = ctx;
	const struct tg_oprun *r = tg_oplog_find(&doc->log, piece.lv);
	int rc = TG_OK;

	for (; piece.len > 0 && rc == TG_OK; r++) {
		uint32_t n = tg_oplog_end(&doc->log, r) - piece.lv;
		struct tg_item item = {piece.lv, n < piece.len ? n : piece.len, piece.lv - 1, TG_LV_NONE,
		    1u | (uint32_t)r->kind << TG_ITEM_KIND_SHIFT, 0, 0};

		if ((rc = tg_format_born(&doc->formats, r->aux, &item.state)) == TG_OK)
			rc = tg_items_put_last(&doc->items, &item);
		piece.lv += item.len;
		piece.len -= item.len;
	}
	return rc;
}

int
tg_replay_linear(struct tg_doc *doc, uint32_t end)
{
	struct tg_pieces p;
	uint32_t at = 0;
	int rc;

	if ((rc = tg_pieces_init(&p)) == TG_OK && (rc = edit_pieces(doc, &p, end, &at)) == TG_OK &&
	    (rc = tg_pieces_each(&p, put_piece, doc)) == TG_OK)
		rc = tg_items_put_end(&doc->items);
	tg_pieces_free(&p);
	if (rc == TG_OK && at < end)
		rc = tg_walk_apply(doc, at, end, 0);
	doc->prepared.n = 0;
	return rc == TG_OK ? tg_lvs_push(&doc->prepared, end - 1) : rc;
}
