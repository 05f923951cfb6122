/*
 * text.h -- the document core: one event graph per document, merged by an Eg-walker.
 *
 * A document is a sequence of items (characters, block markers, atoms), formats on them, and registers.  It
 * is a pure function of the set of events added: hosts that hold the same events show the same document,
 * whatever the order of arrival.  No I/O, no clock, no randomness; single threaded; 32-bit indexes inside.
 *
 *        tg_doc_add (remote bundles) --+                          +--> tg_doc_take (own bundles, for the log)
 *                                      v                          |
 *        tg_doc_edit (what was typed) --> events of the document --+--> tg_doc_poll (patches, for the page)
 *
 * Three versions matter.  MERGED: everything added or edited so far; the reads below show it.  VIEW: what the
 * user interface has drawn; it starts empty, tg_doc_poll() moves it to MERGED and tg_doc_edit() adds to it.
 * TAKEN: which of the own events were handed out by tg_doc_take().  Edits are made in VIEW: when remote
 * events came since the last poll, an edit is simply concurrent with them, and the next poll brings both
 * together.
 *
 * Indexes and counts are in items: a Unicode scalar value, a block marker and an atom count 1 each.  An event
 * is one inserted item, one deleted item, one mark or one set.  Its name is (agent, seq): the log key of its
 * author and the number of that agent's text events before it.
 *
 * The bytes of bundles and the rules of order, marks and refusal are section 6 of docs/protocol.md.
 *
 * After TG_ENOMEM from any function that takes a non-const doc, the document is only fit for reopening from
 * its events: every later call but tg_doc_close() also returns TG_ENOMEM.  After every other error it is
 * unchanged.
 */
#ifndef TOYGRID_TEXT_H
#define TOYGRID_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TG_TEXT_AGENT_BYTES	 32	     /* a log key */
#define TG_TEXT_BUNDLE_OPS_MAX	 (48u << 10) /* bytes of the ops part of one bundle */
#define TG_TEXT_BUNDLE_TEXT_MAX	 (64u << 10) /* bytes of the text part of one bundle */
#define TG_TEXT_BUNDLE_ITEMS_MAX 65536u	     /* items inserted by one bundle */
#define TG_TEXT_PARENTS_MAX	 1024	     /* parents of one bundle: concurrent authors at one moment */
#define TG_TEXT_KEY_MAX		 64	     /* bytes of a format, mark or register key, 1 at least */
#define TG_TEXT_VALUE_MAX	 4096	     /* bytes of a value as msgpack */
#define TG_TEXT_UINT_MAX	 ((UINT64_C(1) << 53) - 1) /* largest number as a value: exact in JavaScript */
#define TG_TEXT_FORMAT_KEYS_MAX	 64			   /* keys an item is born with */
#define TG_TEXT_ATTRS_MAX	 (16u << 10)		   /* bytes of attributes as msgpack */
#define TG_TEXT_SHOWN_KEYS_MAX	 256	    /* keys shown of an item: the first in byte order */
#define TG_TEXT_EVENTS_MAX	 (1u << 24) /* events in one document */
#define TG_TEXT_EDITS_MAX	 65536	    /* edits in one call */
#define TG_TEXT_UNDO_RANGES_MAX	 4096	    /* event ranges in one undo */

#define TG_TEXT_FLOWS_MAX 65535u /* flows in one document */
#define TG_TEXT_NAME_MAX  64	 /* bytes of an object's name, 1 at least */
#define TG_TEXT_SLOT_MAX  65535u

#define TG_TEXT_FLOW_BODY  0 /* the document's own sequence */
#define TG_TEXT_OBJECT_DOC 0 /* the object of document-wide registers */

/* Slots of objects: which sequence of theirs.  Others round-trip and are not drawn. */
enum tg_text_slot {
	TG_TEXT_SLOT_CONTENT = 0, /* a caption, a footnote, what a comment's thread says */
	TG_TEXT_SLOT_ROWS = 1,	  /* of a table: each atom is a row, its format the row's attributes */
	TG_TEXT_SLOT_COLUMNS = 2,
};

/* Ties between concurrent inserts at one place.  A property of the document: all its hosts must agree. */
enum tg_text_order {
	TG_TEXT_ORDER_FUGUEMAX = 0, /* use this */
	TG_TEXT_ORDER_FUGUE = 1,    /* as the published conformance vectors */
};

/* What an item is. */
enum tg_text_kind {
	TG_TEXT_CHAR = 0,
	TG_TEXT_BLOCK = 1, /* marks the start of a block; its format holds the block's attributes */
	TG_TEXT_ATOM = 2,  /* an inline object */
};

struct tg_doc; /* opaque */

struct tg_event_id {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t seq;
};

/* A run of one agent's events: seq .. seq + count - 1. */
struct tg_event_range {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t seq;
	uint64_t count;
};

/* ---- opening ------------------------------------------------------------------------------------------- */

/**
 * tg_doc_open(doc, order):
 * Make an empty document with tie rule ${order}; *${doc} is released with tg_doc_close().
 * Returns TG_OK, TG_ENOMEM, or TG_EINVAL (unknown order); *${doc} is NULL on failure.
 */
int tg_doc_open(struct tg_doc **doc, int order) __attribute__((nonnull, warn_unused_result));

/** tg_doc_close(doc): Release everything; NULL does nothing. */
void tg_doc_close(struct tg_doc *doc);

/* ---- flows and objects ----------------------------------------------------------------------------------
 */

/**
 * tg_doc_object(doc, name, len, object), tg_doc_flow(doc, name, len, flow):
 * The small number that stands for an object (what registers hang on) or a flow (a sequence of items) in this
 * doc, for as long as it is open; other hosts have other numbers.  The name is msgpack:
 *   object = 0 (the document) | str of 1 .. TG_TEXT_NAME_MAX bytes (a list, a container, a comment)
 *          | [bin agent, uint seq]: the block marker, atom, row or column which that event inserted
 *          | [table, row, column]: a cell, for its registers
 *   flow   = 0 (the body) | [object, uint slot] (enum tg_text_slot) | [table, row, column]: objects, a cell
 *          | uint: a number had before
 * Nothing is made by asking, and nothing need exist: a flow that no event was ever in is empty, and an object
 * whose event nobody has (yet) can be written to.
 * Returns TG_OK; TG_EFORMAT, TG_ETRUNCATED, TG_ETOOBIG (the name); TG_ENOTFOUND (a number of none);
 * TG_ELIMIT (over TG_TEXT_FLOWS_MAX); TG_ENOMEM.
 */
int tg_doc_object(struct tg_doc *doc, const uint8_t *name, size_t len, uint32_t *object)
    __attribute__((nonnull, warn_unused_result));
int tg_doc_flow(struct tg_doc *doc, const uint8_t *name, size_t len, uint32_t *flow)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_flow_name(doc, flow, name, len):
 * The name of a flow number, e.g. one met in a patch.  Borrowed until the next call on the doc.
 * Returns TG_OK, TG_ENOTFOUND, TG_ENOMEM.
 */
int tg_doc_flow_name(struct tg_doc *doc, uint32_t flow, const uint8_t **name, size_t *len)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_item(doc, flow, index, id, kind, format):
 * Item ${index} of a flow in VIEW: the event that inserted it (its name as an object), its kind and format.
 * Returns TG_OK, TG_ERANGE, TG_ENOMEM.
 */
int tg_doc_item(struct tg_doc *doc, uint32_t flow, uint32_t index, struct tg_event_id *id, int *kind,
    uint32_t *format) __attribute__((nonnull, warn_unused_result));

/* ---- remote events ------------------------------------------------------------------------------------- */

/**
 * tg_doc_add(doc, agent, first_seq, parents, parent_count, ops, ops_len, text, text_len):
 * Add a bundle: ${agent}'s events from ${first_seq} on, made in the version whose frontier is parents[0 ..
 * parent_count) plus the agent's own previous event, which is always a parent and need not be named.
 * ${parents} may name more than the frontier; it is reduced.  A bundle of another host's doing or of one's
 * own log, alike.
 * ${text} == NULL with ${ops_len} > 0 and ${text_len} == 0 is a bundle whose text was expunged, unless its
 * ops need no text: its characters read as U+FFFD and its values as nil. The whole bundle is refused if any
 * part of it is, and the document is then unchanged: TG_EGAP      first_seq is above tg_doc_next_seq():
 * earlier bundles of this agent are missing. TG_EEXISTS   first_seq is below tg_doc_next_seq(): held already
 * (wholly or in part). TG_EPARENT   a parent is not held, or is not an event before these of the same agent.
 *   TG_EFORMAT   malformed or non-canonical ops or text.
 *   TG_EVERSION  well-formed as far as read, but of a later version: an unknown layout, flow, object or kind.
 *   TG_ETOOBIG   over a *_MAX above.
 *   TG_ERANGE    an index or count outside the document in the version it was made in.  Every host decides
 * this alike: the length of a version depends only on the events in it. TG_ELIMIT    over TG_TEXT_EVENTS_MAX.
 *   TG_ENOMEM    see the top of this file.
 */
int tg_doc_add(struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES], uint64_t first_seq,
    const struct tg_event_id *parents, size_t parent_count, const uint8_t *ops, size_t ops_len,
    const uint8_t *text, size_t text_len) __attribute__((warn_unused_result));

/**
 * tg_doc_load_begin(doc), tg_doc_load_end(doc):
 * Around many tg_doc_add() of a document's saved events: the events between the two are merged at the end, in
 * an order planned over all of them, which is faster.  Allowed only while VIEW is empty, else it changes
 * nothing. Inside, tg_doc_add() may return TG_OK for a bundle that is out of range; tg_doc_load_end() then
 * returns TG_ERANGE and the document is only fit for close (open it again and add without load: the bad
 * bundle is then refused alone).  Any call but add, next_seq and close ends the load by itself.
 */
int tg_doc_load_begin(struct tg_doc *doc) __attribute__((nonnull, warn_unused_result));
int tg_doc_load_end(struct tg_doc *doc) __attribute__((nonnull, warn_unused_result));

/* ---- documents at rest --------------------------------------------------------------------------------- */

/**
 * tg_doc_save(doc, data, len):
 * MERGED with all its history as one string of bytes (docs/protocol.md 6.5).  The same events give the same
 * bytes on every host, whatever the order they came in.  Borrowed until the next call on the doc.  Returns
 * TG_OK, TG_EBUSY (own events were not yet taken: they would be lost to the log), TG_ETOOBIG (over a
 * gigabyte), TG_ENOMEM.
 */
int tg_doc_save(struct tg_doc *doc, const uint8_t **data, size_t *len)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_open_saved(doc, data, len):
 * Make a document of what tg_doc_save() wrote; *${doc} is released with tg_doc_close().  Only its checkpoint
 * is read: length, read, text, format, registers and the first polls are answered from there.  Every other
 * call first reads the history (as tg_doc_load_history() does) and then goes on as if all events had been
 * added.  ${data} may be just its beginning, see tg_saved_opening(); it is copied.
 * Returns TG_OK, or, with *${doc} NULL: TG_ETRUNCATED (less than the beginning), TG_EFORMAT, TG_EVERSION,
 * TG_ELIMIT, TG_ENOMEM.
 */
int tg_doc_open_saved(struct tg_doc **doc, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));

/**
 * tg_saved_opening(data, len, need):
 * How many of the first bytes of a saved document tg_doc_open_saved() needs, in *${need}; data[0 .. len) is a
 * beginning of it that holds the index at least (36 bytes for each 32,768 events and 100 more are enough).
 * Returns TG_OK, TG_ETRUNCATED (not all of the index), TG_EFORMAT, TG_EVERSION, TG_ENOMEM.
 */
int tg_saved_opening(const uint8_t *data, size_t len, size_t *need)
    __attribute__((nonnull, warn_unused_result));

#define TG_SAVED_NAME_BYTES 32

/* A section of a saved document, to be kept or fetched by itself. */
struct tg_saved_section {
	size_t at, len;			   /* where it is in the bytes, packed */
	uint8_t hash[TG_SAVED_NAME_BYTES]; /* of its plain form: the same whoever packed it */
};

/**
 * tg_saved_sections(data, len, sections, cap, n, name):
 * The sections of a saved document of which data[0 .. len) is a beginning that holds the index at least: how
 * many in *${n}, and the first ${cap} of them in ${sections}.  The first is the checkpoint, the second says
 * who wrote what after what, and then come two for each part of the history.  Before the first stands the
 * index.  ${name} is the hash that names the events held: hosts with the same events save documents of the
 * same name.  Returns what tg_saved_opening() returns, with *${n} 0 on failure.
 */
int tg_saved_sections(const uint8_t *data, size_t len, struct tg_saved_section *sections, size_t cap,
    size_t *n, uint8_t name[TG_SAVED_NAME_BYTES]) __attribute__((warn_unused_result));

/**
 * tg_doc_give_history(doc, data, len):
 * All the bytes of a document that was opened from their beginning; copied.  Until then the calls that need
 * history return TG_EGAP and change nothing.  Returns TG_OK, TG_EINVAL (not the same saved document),
 * TG_EEXISTS (the history is loaded, or there is none to come), TG_ENOMEM.
 */
int tg_doc_give_history(struct tg_doc *doc, const uint8_t *data, size_t len)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_load_history(doc):
 * Read the history now, in idle time, and not when it is needed.  Costs what merging all events costs.  It is
 * checked in full: hashes, form, ranges, and that replaying it gives the checkpoint.
 * Returns TG_OK (also when there is nothing to load), TG_EGAP (not given yet: nothing happened), TG_ENOMEM,
 * or TG_EHASH, TG_EFORMAT, TG_EVERSION, TG_ELIMIT, TG_ERANGE: the bytes are not what tg_doc_save() wrote, and
 * the document is only fit for close; every later call returns the same.  So do the calls that load it.
 */
int tg_doc_load_history(struct tg_doc *doc) __attribute__((nonnull, warn_unused_result));

/* ---- own events ---------------------------------------------------------------------------------------- */

/**
 * tg_doc_set_agent(doc, agent):
 * Local edits from now on are events of ${agent} (one's own log key), numbered after the events of it that
 * are held: load one's own log first.  Returns TG_OK, TG_EBUSY (edits under the former agent were not yet
 * taken) or TG_ENOMEM.
 */
int tg_doc_set_agent(struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
    __attribute__((nonnull, warn_unused_result));

enum tg_edit_kind {
	TG_EDIT_INSERT = 0, /* text at index, born with format attrs */
	TG_EDIT_BLOCK = 1,  /* a block marker at index, with attributes attrs */
	TG_EDIT_ATOM = 2,   /* an atom at index, with attributes attrs */
	TG_EDIT_DELETE = 3, /* count items from index */
	TG_EDIT_MARK = 4,   /* key := value on count items from index; nil = absent */
	TG_EDIT_SET = 5,    /* register (object, key) := value; nil = absent */
};

/* One edit.  Fields a kind does not use are ignored.  All pointers are borrowed for the call. */
struct tg_edit {
	int kind;
	uint32_t flow;	 /* TG_TEXT_FLOW_BODY or from tg_doc_flow() */
	uint32_t object; /* TG_TEXT_OBJECT_DOC or from tg_doc_object() */
	uint32_t index;
	uint32_t count;
	const uint8_t *text; /* UTF-8, not empty */
	size_t text_len;
	const uint8_t
	    *attrs; /* msgpack [[str key, value] ...], keys strictly ascending, no nil; length 0 = none */
	size_t attrs_len;
	const uint8_t *key; /* UTF-8, 1 .. TG_TEXT_KEY_MAX bytes */
	size_t key_len;
	const uint8_t *value; /* msgpack nil, bool, uint or str; shortest form */
	size_t value_len;
};

/**
 * tg_doc_edit(doc, edits, n, first_seq, event_count):
 * Make edits[0 .. n) in VIEW, one after another (each index counts in the result of the edits before it), as
 * events of the own agent.  They belong to VIEW afterwards: poll never reports them.  *${first_seq} and
 * *${event_count} (either may be NULL) say which events they became, to be kept for undo.
 * Nothing happened at all after:
 *   TG_EINVAL   no agent was set, or an unknown kind, flow or object.
 *   TG_ERANGE   an index outside the document, or a count of 0.
 *   TG_EFORMAT  text is empty or not UTF-8; attrs, key or value not as described in struct tg_edit.
 *   TG_ETOOBIG  over a *_MAX above (text may be longer than a bundle: it becomes several).
 *   TG_ELIMIT   over TG_TEXT_EVENTS_MAX.
 */
int tg_doc_edit(struct tg_doc *doc, const struct tg_edit *edits, size_t n, uint64_t *first_seq,
    uint64_t *event_count) __attribute__((warn_unused_result));

/**
 * tg_doc_edit_msgpack(doc, data, len, first_seq, event_count):
 * As tg_doc_edit() with the edits as one msgpack array, for JavaScript:
 *   [0, flow, index, str text, attrs]         insert       [3, flow, index, count]          delete
 *   [1, flow, index, attrs]                   block        [4, flow, from, to, key, value]  mark [from, to)
 *   [2, flow, index, attrs]                   atom         [5, object, key, value]          set
 * attrs = [[str key, value] ...] sorted by the bytes of key; value = nil | bool | uint | str, nil not in
 * attrs; flow and object as tg_doc_flow() and tg_doc_object() take them.  Returns what tg_doc_edit() returns;
 * TG_EFORMAT and TG_ETRUNCATED also for bad msgpack.
 */
int tg_doc_edit_msgpack(struct tg_doc *doc, const uint8_t *data, size_t len, uint64_t *first_seq,
    uint64_t *event_count) __attribute__((warn_unused_result));

/* A bundle of own events, ready for a log entry.  Everything is borrowed until the next call on the doc. */
struct tg_bundle {
	uint64_t first_seq;
	uint64_t event_count;
	const struct tg_event_id *parents; /* reduced; the agent's own previous event is left out */
	size_t parent_count;
	const uint8_t *ops; /* never NULL, never empty */
	size_t ops_len;
	const uint8_t *text; /* never NULL; may be empty */
	size_t text_len;
};

/**
 * tg_doc_take(doc, bundle):
 * Hand out the oldest own events that were not handed out before, as one bundle; call it until TG_ENOTFOUND.
 * Edits made in one place in time come as one bundle unless they are too big for one, so take once per flush
 * (30-50 ms), not once per edit.  Returns TG_OK, TG_ENOTFOUND (nothing left), TG_ENOMEM.
 */
int tg_doc_take(struct tg_doc *doc, struct tg_bundle *bundle) __attribute__((nonnull, warn_unused_result));

/* ---- patches for the page ------------------------------------------------------------------------------ */

enum tg_patch_op {
	TG_PATCH_INSERT = 0,   /* count items at index, all of this kind and format; text of chars in bytes */
	TG_PATCH_DELETE = 1,   /* count items from index on */
	TG_PATCH_REFORMAT = 2, /* items [index, index + count) now have this format id */
	TG_PATCH_SET = 3,      /* bytes holds msgpack [object, key, value]; the object's name */
};

#define TG_PATCH_FIELDS 8 /* int32 each: op, flow, index, count, kind, format, byte_off, byte_len */

/* Borrowed until the next call on the doc other than tg_doc_format(). */
struct tg_patches {
	const int32_t *records; /* count * TG_PATCH_FIELDS numbers; unused fields are 0 */
	size_t count;
	const uint8_t *bytes;
	size_t bytes_len;
};

/**
 * tg_doc_poll(doc, patches):
 * What changes VIEW into MERGED, and make it so.  The records apply one after another, in ascending index in
 * each flow.
 * From an empty VIEW they are the whole document.  O(changed places).  Returns TG_OK, TG_ENOMEM.
 */
int tg_doc_poll(struct tg_doc *doc, struct tg_patches *patches) __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_format(doc, id, data, len):
 * Format ${id} as msgpack [[key, value] ...], sorted by the bytes of key, without nil.  Id 0 is the empty
 * format; ids are small, local to this doc and never change their meaning.  Borrowed until the next call on
 * the doc. Returns TG_OK, TG_ENOTFOUND (no such id; *${data} NULL), TG_ENOMEM.
 */
int tg_doc_format(struct tg_doc *doc, uint32_t id, const uint8_t **data, size_t *len)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_undo(doc, ranges, n, first_seq, event_count, patches):
 * Undo the events of ranges[0 .. n) (any agent's, but meant for one's own): make VIEW := MERGED, then new own
 * events that delete what those events inserted and is still there, put back what only undone events deleted
 * at its old place, and give back the former value where their marks and sets still win.  Redo is the undo of
 * an undo.  Undos may come in any order: until the document is closed it is remembered what was taken back
 * and which text was put back.
 * *${patches} has everything the page must draw, remote changes since the last poll included, as after
 * tg_doc_poll(); VIEW is MERGED afterwards.  *${event_count} is 0 when nothing was left to undo.
 * Returns TG_OK; TG_EINVAL (no agent set), TG_ENOTFOUND (an event is not held), TG_ETOOBIG (too many ranges),
 * TG_ELIMIT: nothing happened; TG_ENOMEM.
 */
int tg_doc_undo(struct tg_doc *doc, const struct tg_event_range *ranges, size_t n, uint64_t *first_seq,
    uint64_t *event_count, struct tg_patches *patches) __attribute__((warn_unused_result));

/* ---- reading MERGED ------------------------------------------------------------------------------------ */

/** tg_doc_length(doc, flow), tg_doc_view_length(doc, flow): Items in MERGED; in VIEW.  0 for unknown flows.
 */
uint32_t tg_doc_length(struct tg_doc *doc, uint32_t flow);
uint32_t tg_doc_view_length(struct tg_doc *doc, uint32_t flow);

/* A run of items of one kind and format. */
struct tg_text_run {
	int kind;
	uint32_t format;
	uint32_t index;
	uint32_t count;
	const uint8_t *text; /* count scalars as UTF-8 when kind is TG_TEXT_CHAR, else NULL */
	size_t text_len;
};

/**
 * tg_doc_read(doc, flow, from, count, visit, ctx):
 * Call visit(ctx, run) for items [from, from + count) in order, cut into runs of one kind and format
 * (neighbours may look alike).  The run is borrowed for the call; ${visit} must not call the doc and stops
 * the reading by returning non-zero.  Returns TG_OK, what ${visit} returned, TG_ERANGE, TG_ENOMEM.
 */
int tg_doc_read(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count,
    int (*visit)(void *ctx, const struct tg_text_run *run), void *ctx) __attribute__((warn_unused_result));

/**
 * tg_doc_text(doc, flow, from, count, data, len):
 * The characters among items [from, from + count) as UTF-8; markers and atoms add nothing.  Borrowed until
 * the next call on the doc.  Returns TG_OK, TG_ERANGE, TG_ENOMEM.
 */
int tg_doc_text(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count, const uint8_t **data,
    size_t *len) __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_register(doc, object, key, key_len, value, value_len):
 * The register's value in MERGED as msgpack (nil, one byte 0xc0, when never set).  Borrowed until the next
 * call. Returns TG_OK, TG_ENOMEM.
 */
int tg_doc_register(struct tg_doc *doc, uint32_t object, const uint8_t *key, size_t key_len,
    const uint8_t **value, size_t *value_len) __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_registers(doc, data, len):
 * All registers that are not nil, as msgpack [[object, key, value] ...], objects by name: the document's
 * first, then those of strings, of events, of cells; each kind and each object's keys by bytes.  Borrowed
 * until the next call.  Returns TG_OK, TG_ENOMEM.
 */
int tg_doc_registers(struct tg_doc *doc, const uint8_t **data, size_t *len)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_doc_comment(doc, key, key_len, flow, from, to):
 * What the comment of mark ${key} ("c:" and a name) is about, in VIEW: the items of a flow from the first
 * that carries the mark to the last, [from, to).  When none is left, from == to is where they stood: the
 * comment is orphaned.  What is said about it is in the flow (${key} as a str, TG_TEXT_SLOT_CONTENT).
 * O(items). Returns TG_OK, TG_ENOTFOUND (no such mark was ever made), TG_ENOMEM.
 */
int tg_doc_comment(struct tg_doc *doc, const uint8_t *key, size_t key_len, uint32_t *flow, uint32_t *from,
    uint32_t *to) __attribute__((nonnull, warn_unused_result));

/* ---- versions ------------------------------------------------------------------------------------------ */

/**
 * tg_doc_version(doc, ids, n), tg_doc_view_version(doc, ids, n):
 * The frontier of MERGED; of VIEW: the fewest events that have all others as ancestors, sorted by agent.  n
 * is 0 for the empty version.  Borrowed until the next call on the doc.  Returns TG_OK, TG_ENOMEM.
 */
int tg_doc_version(struct tg_doc *doc, const struct tg_event_id **ids, size_t *n)
    __attribute__((nonnull, warn_unused_result));
int tg_doc_view_version(struct tg_doc *doc, const struct tg_event_id **ids, size_t *n)
    __attribute__((nonnull, warn_unused_result));

/** tg_doc_next_seq(doc, agent): How many events of ${agent} are held; so its next event's seq. */
uint64_t tg_doc_next_seq(struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
    __attribute__((nonnull));

/**
 * tg_doc_map(doc, version, n, flow, index, bias, mapped):
 * Where a gap between items of another version is in VIEW, for remote carets.  ${version} is any set of held
 * events (its ancestors included); ${index} counts in it.  ${bias} < 0: stay behind the item before the gap;
 * >= 0: stay before the item after it.  When that item is gone, its place.  O(log) when both versions are
 * near. Returns TG_OK, TG_EPARENT (an event is not held: keep the old caret and wait), TG_ERANGE, TG_EINVAL
 * (no such flow), TG_ENOMEM.
 */
int tg_doc_map(struct tg_doc *doc, const struct tg_event_id *version, size_t n, uint32_t flow, uint32_t index,
    int bias, uint32_t *mapped) __attribute__((warn_unused_result));

#endif
