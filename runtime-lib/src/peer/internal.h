/*
 * internal.h -- the parts of a peer, shared by the files of this folder only.
 *
 *   peer.c      events come in, are decoded and handed to one of the files below; effects go out
 *   effects.c   one encoder per effect of docs/host.md
 *   jobs.c      what waits for an answer of the host: stores, loads, locks
 *   command*.c  commands of the user interface
 *   install.c   this installation: identity, device, name
 *   links.c     connections to relays and other tabs: HELLO, SUB, clock offsets, PUB
 *   grid.c      one grid: its parts, its record, timers
 *   open.c      reading a grid from storage
 *   records.c   stored records that a log operation needs and that are not in memory
 *   author.c    the own log: edits become entries, entries are stored, then published
 *   deliver.c   entries in causal order into the document and the tables of members and replicas
 *   branch.c    forked logs: their branches, who is meant by a parent, and which history a state is of
 *   exchange.c  have, want, data: who lacks what, and getting it
 *   runs.c      runs of entries in: held against their log, stored, delivered
 *   receive.c   sealed messages in, by kind
 *   presence.c  carets
 *   replica.c   the door: invitations, quotas
 *   chunks.c    content-addressed chunks: put, get, keep
 *
 * Functions return TG_OK or TG_ENOMEM unless said otherwise: bad input from outside is dropped where it is
 * found. TG_ENOMEM travels up to tg_peer_event, which then declares the peer dead.
 */
#ifndef TG_PEER_INTERNAL_H
#define TG_PEER_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/access.h>
#include <toygrid/crypto.h>
#include <toygrid/limits.h>
#include <toygrid/log.h>
#include <toygrid/peer.h>
#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/buf.h"
#include "sync/bodies.h"
#include "sync/message.h"
#include "sync/window.h"
#include "wire/frame.h"
#include "wire/reader.h"

#define TITLE_MAX_BYTES	       255u
#define TGP_LINKS_MAX	       8
#define TGP_SESSIONS_MAX       1024
#define TGP_INTROS_MAX	       48      /* inboxes shown to one relay for one grid */
#define TGP_FLUSH_MS	       40      /* what was typed becomes an entry at the latest after this */
#define TGP_SETTLE_MS	       2000    /* an own log this long untouched is marked as settled */
#define TGP_CONFIRM_MS	       700     /* for others to say that they know more of an old log */
#define TGP_ACK_MS	       1000    /* acks at most once in this time */
#define TGP_CATCHING_UP_ACK_MS 5000    /* and this rarely while much is still missing here */
#define TGP_HAVE_MS	       30000   /* digest to all, against anything lost */
#define TGP_SESSION_GONE_MS    95000   /* a session silent for this long has left */
#define TGP_WANT_TIMEOUT_MS    5000    /* then another peer is asked */
#define TGP_RETRY_STORE_MS     3000    /* a full disk is tried again */
#define TGP_PRESENCE_MS	       100     /* 10 Hz */
#define TGP_PRESENCE_AGAIN_MS  20000   /* an unchanged caret is repeated for newcomers */
#define TGP_LOAD_BYTES	       262144u /* one page while opening */
#define TGP_DATA_BYTES	       120000u /* runs in one data message: under TG_DATA_MAX_BYTES with overhead */
#define TGP_UNSENT_BYTES       (1u << 20) /* own entries kept in memory until confirmed */
#define TGP_OWN_LOGS_SOFT      200	  /* of 256: from here on an unconfirmed log is taken over */
#define TGP_UNDO_GROUPS	       500
#define TGP_TARGETS_MAX	       8    /* states of one forked log that are looked into at a time */
#define TGP_KNOWN_MAX	       16   /* roots of a forked log that turned out to be known */
#define TGP_LIES_MAX	       16   /* states that one session may have looked into in vain */
#define TGP_TURNS_MAX	       8    /* questions about one state that bring nothing */
#define TGP_FRUITLESS_MAX      3    /* answers in a row that promise more and bring nothing */
#define TGP_ASK_MS	       1000 /* everybody is asked what they hold at most once in this time */

struct tgp_grid;
struct tgp_job;

/* ---- answers of the host ------------------------------------------------------------------------------- */

typedef int (*tgp_stored_fn)(struct tg_peer *p, struct tgp_job *job, int status);
typedef int (*tgp_loaded_fn)(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more);
typedef int (*tgp_locked_fn)(struct tg_peer *p, struct tgp_job *job, int granted);

/* One store, load or lock that the host has not answered yet. */
struct tgp_job {
	uint64_t id;
	struct tgp_grid *grid; /* NULL: of the whole peer */
	int dropped;	       /* the grid was closed meanwhile: ignore the answer */
	tgp_stored_fn stored;
	tgp_loaded_fn loaded;
	tgp_locked_fn locked;
	uint64_t request; /* command to be answered, 0 none */
	uint64_t number;  /* of a store: its puts; else for the callback's own use */
	int strict;
	uint64_t length; /* own log: entries that the batch completes */
	struct tg_key log;
	struct tg_buf kept;  /* owned bytes for the callback; of a store: its batch, until it succeeded */
	struct tg_buf found; /* chunks.c: what was collected so far */
	struct tgp_retry *retry;
};

/* ---- links --------------------------------------------------------------------------------------------- */

enum tgp_link_kind {
	TGP_LINK_RELAY = 0,
	TGP_LINK_LOCAL = 1
};
enum tgp_link_state {
	TGP_LINK_FREE,
	TGP_LINK_WAITING,
	TGP_LINK_LIVE
};

struct tgp_link {
	enum tgp_link_state state;
	uint64_t id;
	int kind;
	int64_t offset_ms; /* relay clock - our clock */
	uint8_t epoch[TG_RELAY_EPOCH_BYTES];
	uint8_t challenge[TG_CHALLENGE_BYTES];
	size_t host_len;
	char host[TG_FRAME_HOST_MAX_BYTES];
	struct tg_frame_id door_sub;
	struct tg_buf out; /* frames of this event, sent as one message at its end */
};

/* A grid's standing on one link. */
struct tgp_place {
	int subscribed; /* SUB sent */
	int joined;	/* and granted */
	struct tg_frame_id sub;
	struct tg_key intros[TGP_INTROS_MAX]; /* inboxes whose keys this relay has seen */
	unsigned intro_count, intro_next;
};

/* ---- a log in a grid ----------------------------------------------------------------------------------- */

/* What is remembered of each delivered entry: enough to check parents and to translate them to text events.
 */
struct tgp_seen {
	struct tg_hash leaf;
	uint64_t text_end; /* text events of this log up to and including this entry */
	uint32_t tv_at;	   /* of an entry without text: its text version in grid->tv, tv_count events */
	uint16_t tv_count;
	uint8_t has_text;
	uint8_t editor; /* the log's device was an editor after it */
};

/* An entry that waits for its parents, opened. */
struct tgp_waiting {
	uint64_t seq;
	struct tg_hash leaf;
	struct tg_buf plain; /* body, then text */
	size_t body_len;
	int expunged;
};

/* A stretch of a branch: from this entry on its text events are this agent's (protocol.md 6). */
struct tgp_segment {
	uint64_t from;
	struct tg_key agent;
};

/* A head of a log that was signed twice, of which somebody says that he holds it: which history is it of? */
struct tgp_target {
	uint64_t length;
	struct tg_hash root;
	uint64_t from; /* to be asked for from here on */
	struct tg_key session;
	int asked; /* in the want that is under way */
	unsigned turns;
};

struct tgp_inquiry {
	struct tgp_target targets[TGP_TARGETS_MAX];
	size_t target_count;
	struct tg_hash known[TGP_KNOWN_MAX]; /* roots of older heads of what is held */
	unsigned known_next;
};

struct tgp_log {
	struct tg_log log;
	struct tg_key device; /* from the certificate; valid once has_cert */
	int has_cert;
	int own;	       /* a log of this device */
	int closed;	       /* forked: takes nothing any more */
	int editor;	       /* a valid member record with role editor was delivered */
	int damaged;	       /* a stored record did not verify */
	struct tgp_seen *seen; /* delivered entries, [0, delivered) */
	size_t seen_cap;
	uint64_t delivered;
	struct tgp_waiting
	    *waiting; /* entries delivered .. delivered + waiting_count, from waiting[waiting_at] on */
	size_t waiting_at, waiting_count, waiting_cap;
	struct tgp_log *blocked; /* the log whose entry blocked_seq the first one waits for */
	uint64_t blocked_seq;
	uint64_t loaded;       /* while opening: entries read from storage */
	struct tg_secret seed; /* own logs */
	uint64_t settled;      /* own logs: length in its `m` record, 0 none */
	uint64_t acked;	       /* length that was acked by us as durable */
	uint64_t ack_pending;  /* length in a strict store that is under way */
	struct tg_hash ack_root;
	uint64_t remote_length; /* longest that somebody says to hold */
	struct tg_key remote;	/* session that said so */
	int suspect;		/* it has another root at our length: ask it for its last entry */

	/* A forked log is one tgp_log a branch, beside each other in the grid's list (branch.c). */
	int further; /* not the first branch that was seen: stored under another name */
	int doubted; /* somebody says to hold another history of it */
	int late;    /* held and served, but not read before the document is opened again */
	int told;    /* and the host knows that */
	int twin;    /* another branch begins with all of it: left aside */
	int parked;  /* while opening: delivered when all branches are read */
	struct tgp_log
	    *stem; /* the branch that has the entries before ${from} in common, and delivers them */
	uint64_t from;
	uint64_t wanted;	      /* entries below this are delivered */
	struct tgp_segment *segments; /* ascending; before the first one the agent is the log key */
	size_t segment_count;
	struct tgp_inquiry *inquiry; /* of the first one in the list; NULL until needed */
};

/* ---- people -------------------------------------------------------------------------------------------- */

struct tgp_member {
	struct tg_key device;
	char name[TG_NAME_MAX_BYTES];
	size_t name_len;
	uint32_t colour;
};

struct tgp_node { /* an invited replica */
	struct tg_key node;
	char name[TG_NAME_MAX_BYTES];
	size_t name_len;
};

struct tgp_session {
	struct tg_key key;
	struct tg_key device;
	uint8_t nonce[TG_SESSION_NONCE_BYTES];
	unsigned role;
	int temporary;
	uint64_t seen_ms;
	uint64_t list_ms; /* when we last sent it a list unasked */
	uint64_t holds;	  /* length of our newest own log that it acked, 0 none */
	unsigned lies;	  /* states it told of forked logs that nobody could show yet */
	struct tg_window window;
	/* presence */
	unsigned slot; /* link it was last heard on */
	int present;   /* shown to the user interface */
	char name[TG_NAME_MAX_BYTES];
	size_t name_len;
	uint32_t colour;
	int has_position;
	uint32_t flow, anchor, head;
	struct tg_event_id version[TG_PRESENCE_MAX_VERSION];
	size_t version_count;
	int unmapped; /* the version was not known yet */
};

struct tgp_frontier {
	struct tgp_log *log;
	uint64_t seq;
};

/* ---- the own log --------------------------------------------------------------------------------------- */

/* An own run, published but not yet confirmed by a receipt or an ack. */
struct tgp_unsent {
	uint64_t from, to;
	struct tg_frame_id ids[TGP_LINKS_MAX]; /* of its PUB on each link */
	struct tg_buf run;
};

struct tgp_root { /* a recent (length, root) of the own log, to check acks against */
	uint64_t length;
	struct tg_hash root;
};
#define TGP_ROOTS 256

struct tgp_undo_group {
	struct tg_event_range range; /* own events of one group: contiguous in one log */
	uint64_t first_ms, last_ms;
};

struct tgp_author {
	struct tgp_log *log;	   /* the log that edits go to, or NULL */
	struct tgp_log *candidate; /* a log of an earlier session, locked, waiting to be confirmed */
	uint64_t stored;	   /* length whose batch the host has stored */
	uint64_t confirmed;	   /* length that a relay or a device has confirmed */
	int settled;		   /* the `m` record on the disk says that the log ends here */
	uint64_t settle_at;	   /* write that record, 0 none */
	uint64_t confirm_at;	   /* take the candidate over unless somebody contradicts, 0 none */
	int dirty;		   /* the doc has own events that are not in the log */
	uint64_t flush_at;
	uint64_t flushed_at; /* when that was last done */
	struct tgp_unsent *unsent;
	size_t unsent_count, unsent_cap;
	size_t unsent_bytes;
	uint64_t republish_at; /* a relay was busy: try again, 0 none */
	struct tgp_root roots[TGP_ROOTS];
	unsigned root_next;
	struct tgp_frontier
	    *sent; /* parents that earlier own entries of this session named, the newest of each log */
	size_t sent_count, sent_cap;
	struct tgp_undo_group *undo, *redo;
	size_t undo_count, redo_count;
	int undo_closed; /* the next edit begins a group */
};

/* ---- getting what is missing --------------------------------------------------------------------------- */

struct tgp_want_state {
	int active;
	uint64_t request;
	struct tg_key asked; /* session */
	uint64_t deadline;
	int brought;	    /* something new was in the answer */
	unsigned fruitless; /* answers of that session in a row that promised more and brought nothing */
};

/* A chunk that is being looked for. */
struct tgp_need {
	struct tg_hash locator;
	uint64_t request; /* the command that waits for it; 0: a replica keeps it */
	int has_name;
	struct tg_hash name;	    /* has_name: what it must open to */
	struct tg_hash stored_hash; /* otherwise: what its stored form must hash to */
	size_t asked;		    /* sessions asked so far */
};

/* A want of somebody else that is being answered. */
struct tgp_serve {
	struct tg_key asker;
	struct tg_buf want; /* copy of its body */
};

/* A stored record in memory for a log operation, and one that is missing. */
struct tgp_record {
	struct tg_key log;
	uint64_t seq;
	struct tg_buf value;
};

struct tgp_noted {
	struct tg_key log;
	uint64_t seq;
};

/* A log operation that needs stored records (records.c). */
struct tgp_retry {
	struct tgp_grid *grid;
	int (*again)(struct tg_peer *p, struct tgp_retry *retry); /* TG_ENOTFOUND: more records were noted */
	struct tg_buf data;					  /* owned input of the operation */
	struct tg_key session;					  /* who sent it */
	uint64_t number;	      /* for ${again}'s own use: where it stands */
	unsigned rounds, outstanding; /* rounds without anything new; loads under way */
	int give_up;		      /* last call: what is missing does not come */
	size_t had;		      /* records that were there the last time */
	struct tgp_record *records;   /* what was loaded for it */
	size_t record_count, record_cap;
	struct tgp_noted *noted;
	size_t noted_count, noted_cap;
	struct tgp_retry *next;
};

/* ---- a grid -------------------------------------------------------------------------------------------- */

enum tgp_grid_state {
	TGP_GRID_LOADING = 0,
	TGP_GRID_READY = 1,
	TGP_GRID_GONE = 2
};

struct tgp_grid {
	struct tg_peer *peer;
	struct tg_hash id;
	struct tg_access access;
	enum tgp_grid_state state; /* READY once storage is read and genesis is known */
	int loaded;		   /* storage is read */
	int closing;		   /* to be freed once what was typed is stored */
	uint64_t open_request;	   /* command to answer when loaded */
	int plain_add;		   /* load without tg_doc_load_begin: a bad bundle was found */
	int loading_doc;
	char title[TITLE_MAX_BYTES + 1];
	size_t title_len;
	uint64_t opened_ms;
	int has_genesis;
	int stored_grid_record;
	struct tg_key owner;

	struct tg_doc *doc;    /* NULL in a replica */
	struct tgp_log **logs; /* ascending by key; of a forked log first the branch stored under its key */
	size_t log_count, log_cap;
	struct tg_event_id *version; /* deliver.c's scratch, TG_TEXT_PARENTS_MAX events */
	struct tg_event_id *tv;
	size_t tv_count, tv_cap;
	struct tgp_frontier *frontier; /* delivered entries without a delivered child, ascending by log */
	size_t frontier_count, frontier_cap;
	struct tgp_frontier *view; /* the frontier when the view was last advanced */
	size_t view_count, view_cap;
	int changed_sent;  /* `changed` was sent since the last poll */
	int delivered_any; /* something was delivered since the user interface was told */
	int demanded;	   /* entries of a branch were named for the first time */

	struct tgp_member *members;
	size_t member_count, member_cap;
	struct tgp_node *nodes;
	size_t node_count, node_cap;

	struct tg_keypair session;
	uint8_t nonce[TG_SESSION_NONCE_BYTES];
	struct tg_buf session_record;
	struct tg_hash inbox;
	uint64_t counter;
	struct tgp_place places[TGP_LINKS_MAX];
	struct tgp_session *sessions;
	size_t session_count, session_cap;

	struct tgp_author author;
	struct tgp_want_state want, chunk_want;
	struct tgp_need *needs; /* the first one is being asked for */
	size_t need_count, need_cap;
	int complete; /* the host knows that nothing we heard of is missing */
	struct tgp_serve *serves;
	size_t serve_count, serve_cap;
	int serving;
	struct tgp_retry *retries;

	/* own presence */
	int caret_set, caret_dirty;
	int greet; /* somebody came who has not heard of it */
	int has_caret;
	uint32_t caret_flow, caret_anchor, caret_head;
	uint64_t presence_at, presence_sent;

	uint64_t have_at;  /* next digest to all; 0 = not joined */
	uint64_t asked_ms; /* when everybody was last asked out of turn */
	int ask;	   /* the next one asks for an answer */
	uint64_t ack_at;   /* next ack, 0 = nothing to ack */
	uint64_t ack_last;
	int ack_strict; /* a strict store for acks is under way */
	uint64_t bytes; /* stored here, for quotas */
	int durability_dirty;
	uint64_t due_at; /* earliest timer of this grid */
};

/* ---- the peer ------------------------------------------------------------------------------------------ */

struct tgp_call_out {
	uint64_t request, call;
	uint64_t deadline;
	struct tg_hash grid;
	struct tg_key session;
};

struct tgp_name {	     /* an open channel or registered extension */
	struct tg_hash grid; /* zero: any (extensions) */
	char name[TG_CHANNEL_MAX];
	size_t len;
};

struct tg_peer {
	int dead; /* out of memory */
	int kind; /* 0 person, 2 replica */
	int started;
	int temporary; /* storage may be cleared by the browser */
	uint64_t now_ms;
	struct tg_rng rng;
	struct tg_buf effects, taken;

	/* installation */
	struct tg_secret identity_seed, device_seed, box_seed;
	struct tg_keypair identity, device;
	struct tg_key box;
	struct tg_secret box_secret;
	char name[TG_NAME_MAX_BYTES];
	size_t name_len;
	uint32_t colour;
	struct tg_buf device_record;
	uint64_t start_request;

	/* replica */
	struct tg_secret token;
	struct tg_keypair door_write, door_read;
	struct tg_hash door;
	uint64_t quota_grid, quota_total, bytes_total;

	struct tgp_link links[TGP_LINKS_MAX];
	struct tgp_grid **grids;
	size_t grid_count, grid_cap;
	struct tgp_job **jobs;
	size_t job_count, job_cap;
	struct tgp_job **failed; /* stores to try again */
	size_t failed_count, failed_cap;
	uint64_t failed_at;
	int storage_full;
	uint64_t next_id; /* jobs, requests, calls */
	struct tgp_call_out *calls;
	size_t call_count, call_cap;
	struct tgp_name *channels, *extensions;
	size_t channel_count, channel_cap, extension_count, extension_cap;
	uint64_t wake_sent; /* the last wake told to the host, 0 none */
	int more;	    /* work is left: wake at once */
	struct tg_buf scratch;
};

/* ---- effects.c ----------------------------------------------------------------------------------------- */

struct tgp_put {
	unsigned op; /* 0 put, 1 delete, 2 put if longer, 3 put if absent */
	struct tg_bytes key, value;
};

void tgp_fx_send(struct tg_peer *p, uint64_t link, struct tg_bytes message);
void tgp_fx_store_raw(struct tg_peer *p, uint64_t batch, int strict, uint32_t count, struct tg_bytes puts);
void tgp_fx_load(struct tg_peer *p, uint64_t request, struct tg_bytes from, struct tg_bytes to, uint64_t max);
void tgp_fx_lock(struct tg_peer *p, uint64_t request, struct tg_bytes name);
void tgp_fx_unlock(struct tg_peer *p, struct tg_bytes name);
void tgp_fx_wake(struct tg_peer *p, uint64_t at_ms);
void tgp_fx_close(struct tg_peer *p, uint64_t link, const char *reason);
/* A reply without a value, or with the one encoded value in ${value}. */
void tgp_fx_reply(struct tg_peer *p, uint64_t request, int status);
void tgp_fx_reply_value(struct tg_peer *p, uint64_t request, int status, const struct tg_buf *value);
void tgp_fx_reply_patches(struct tg_peer *p, uint64_t request, const struct tg_patches *patches);
void tgp_fx_grid(struct tgp_grid *g);
void tgp_fx_changed(struct tgp_grid *g);
void tgp_fx_presence(struct tgp_grid *g, const struct tgp_session *s, const uint32_t *position);
void tgp_fx_durability(struct tgp_grid *g);
void tgp_fx_link(struct tg_peer *p, uint64_t link, unsigned state, const char *detail);
void tgp_fx_notice(struct tg_peer *p, const struct tgp_grid *g, unsigned code, const char *text);
void tgp_fx_ext(
    struct tgp_grid *g, const struct tg_key *session, struct tg_bytes name, struct tg_bytes payload);
void tgp_fx_called(struct tgp_grid *g, const struct tg_key *session, const struct tg_call *call);
void tgp_fx_progress(struct tgp_grid *g, uint64_t done, uint64_t total);

/* ---- jobs.c -------------------------------------------------------------------------------------------- */

/* A batch being built: encoded puts and their count. */
struct tgp_batch {
	struct tg_buf puts;
	uint32_t count;
};

void tgp_batch_put(struct tgp_batch *b, unsigned op, struct tg_bytes key, struct tg_bytes value);
/** tgp_batch_ops(b, ops, own): Add what a log operation wants stored; heads only if longer, but that of a log
 * which is ${own} and locked is: a condition is one more answer to wait for, on every key stroke. */
void tgp_batch_ops(struct tgp_batch *b, const struct tg_ops *ops, int own);

/** tgp_store(p, grid, batch, strict, fn, job): Send the batch; ${fn} (may be NULL) hears of success only: a
 * batch that failed is kept and tried again.  Takes the batch's memory.  *${job} (may be NULL) lets the
 * caller fill in fields. */
int tgp_store(struct tg_peer *p, struct tgp_grid *g, struct tgp_batch *b, int strict, tgp_stored_fn fn,
    struct tgp_job **job);
int tgp_load(struct tg_peer *p, struct tgp_grid *g, struct tg_bytes from, struct tg_bytes to, uint64_t max,
    tgp_loaded_fn fn, struct tgp_job **job);
/** tgp_load_prefix: all keys that begin with ${prefix}. */
int tgp_load_prefix(
    struct tg_peer *p, struct tgp_grid *g, struct tg_bytes prefix, tgp_loaded_fn fn, struct tgp_job **job);
int tgp_lock(
    struct tg_peer *p, struct tgp_grid *g, struct tg_bytes name, tgp_locked_fn fn, struct tgp_job **job);
/** tgp_next_record(list, key, value): Walk the records of a `loaded`. 1, or 0 at the end. */
int tgp_next_record(struct tg_bytes *list, struct tg_bytes *key, struct tg_bytes *value);
int tgp_jobs_stored(struct tg_peer *p, uint64_t id, int status);
int tgp_jobs_loaded(
    struct tg_peer *p, uint64_t id, int status, struct tg_bytes records, uint32_t count, int more);
int tgp_jobs_locked(struct tg_peer *p, uint64_t id, int granted);
int tgp_jobs_tick(struct tg_peer *p);
void tgp_jobs_drop(struct tg_peer *p, struct tgp_grid *g);
void tgp_jobs_free(struct tg_peer *p);

/* ---- install.c, command.c ------------------------------------------------------------------------------ */

int tgp_start(struct tg_peer *p, uint64_t request, unsigned kind, struct tg_bytes name);
int tgp_store_installation(struct tg_peer *p);
int tgp_command(struct tg_peer *p, uint64_t request, struct tg_reader *r);
int tgp_calls_tick(struct tg_peer *p);

/* ---- links.c ------------------------------------------------------------------------------------------- */

int tgp_link_opened(struct tg_peer *p, uint64_t id, unsigned kind, struct tg_bytes host);
int tgp_link_closed(struct tg_peer *p, uint64_t id);
int tgp_link_received(struct tg_peer *p, uint64_t id, struct tg_bytes message);
void tgp_links_flush(struct tg_peer *p);
int tgp_links_join(struct tgp_grid *g); /* a grid became ready: subscribe everywhere */
int tgp_links_leave(struct tgp_grid *g);
int tgp_joined_anywhere(const struct tgp_grid *g);
/** tgp_send_grid / tgp_send_inbox: Seal and publish one message on all links.  Takes the body's memory.
 * ${ids} (TGP_LINKS_MAX, may be NULL) gets the frame ids. */
int tgp_send_grid(struct tgp_grid *g, unsigned class, unsigned flags, unsigned kind, struct tg_buf *body,
    struct tg_frame_id *ids);
int tgp_send_inbox(struct tgp_grid *g, const struct tg_key *session, unsigned kind, struct tg_buf *body);
int tgp_send_door(struct tg_peer *p, const struct tg_secret *token, const struct tg_buf *payload);

/* ---- grid.c -------------------------------------------------------------------------------------------- */

struct tgp_grid *tgp_grid_find(struct tg_peer *p, const struct tg_hash *id);
/** tgp_grid_new(p, access, grid): An empty grid with its session; linked into the peer. */
int tgp_grid_new(struct tg_peer *p, const struct tg_access *access, struct tgp_grid **grid);
int tgp_grid_load(struct tgp_grid *g);
int tgp_grid_ready(struct tgp_grid *g);
void tgp_grid_free(struct tgp_grid *g);
int tgp_grid_store_record(struct tgp_grid *g);
/* What a `g` record says, borrowed from it.  mode is a link's: 'e', 'c', 'v', or a replica's, 'r'; secret has
 * at least TG_KEY_BYTES. */
struct tgp_grid_record {
	char mode;
	struct tg_bytes secret, title;
	struct tg_key w;
	uint64_t opened_ms;
};
int tgp_grid_read_record(struct tg_bytes value, struct tgp_grid_record *record);
int tgp_grid_tick(struct tgp_grid *g);
uint64_t tgp_grid_due(const struct tgp_grid *g);
int tgp_grid_title(struct tgp_grid *g);
void tgp_log_free(struct tgp_log *log);
struct tgp_log *tgp_log_find(struct tgp_grid *g, const struct tg_key *key);
int tgp_log_get(struct tgp_grid *g, const struct tg_key *key, struct tgp_log **log); /* TG_ELIMIT too */
/** tgp_log_branch(g, key, name, log): A further branch of a log. TG_ELIMIT too.  tgp_log_drop(g, log): Forget
 * it, of which nothing was delivered. */
int tgp_log_branch(
    struct tgp_grid *g, const struct tg_key *key, const struct tg_key *name, struct tgp_log **log);
void tgp_log_drop(struct tgp_grid *g, struct tgp_log *log);
/** tgp_log_named(g, name): By where it is stored, NULL when there is none. */
struct tgp_log *tgp_log_named(struct tgp_grid *g, const struct tg_key *name);
/** tgp_log_branches(g, log, end): Index of the first of all branches of its log; *${end} is behind the last.
 */
size_t tgp_log_branches(const struct tgp_grid *g, const struct tgp_log *log, size_t *end);
void tgp_ask_again(struct tgp_grid *g);
struct tgp_session *tgp_session_find(struct tgp_grid *g, const struct tg_key *key);
void tgp_session_remove(struct tgp_grid *g, size_t i);
struct tgp_node *tgp_node_find(const struct tgp_grid *g, const struct tg_key *node);
struct tgp_member *tgp_member_find(const struct tgp_grid *g, const struct tg_key *device);
int tgp_reopen(struct tgp_grid *g);

/* ---- records.c ----------------------------------------------------------------------------------------- */

/** tgp_retry_new(g, again, data, retry): Run ${again} now, and again when the records it misses were loaded.
 * It must use tgp_retry_fetch as its tg_fetch.  The retry frees itself. */
int tgp_retry_run(struct tgp_grid *g, int (*again)(struct tg_peer *, struct tgp_retry *),
    struct tg_bytes data, const struct tg_key *session, uint64_t number);
struct tg_fetch tgp_retry_fetch(struct tgp_retry *retry);
void tgp_retries_free(struct tgp_grid *g);

/* ---- author.c ------------------------------------------------------------------------------------------ */

int tgp_author_edit(struct tgp_grid *g, uint64_t request, struct tg_bytes edits);
int tgp_author_undo(struct tgp_grid *g, uint64_t request, int redo);
int tgp_author_flush(struct tgp_grid *g);
/** tgp_author_transition(g, transition, class): Write one encoded transition.  TG_ELIMIT too: no room for a
 * log of our own. */
int tgp_author_transition(struct tgp_grid *g, const struct tg_buf *transition, unsigned class);
int tgp_author_begin(struct tgp_grid *g, const struct tg_buf *genesis); /* make a new log */
int tgp_author_leave(struct tgp_grid *g); /* the own log forked: what follows goes to a fresh one */
/** tgp_author_newest(g): The log that own entries go to, or may go to once others have confirmed it; or NULL.
 */
const struct tgp_log *tgp_author_newest(const struct tgp_grid *g);
int tgp_author_ready(struct tgp_grid *g); /* grid loaded: look for an idle own log */
/** tgp_author_evidence: a device other than ours says it knows ${log} up to ${state} (NULL: not at all). */
int tgp_author_evidence(struct tgp_grid *g, const struct tgp_session *s, const struct tg_log_state *state);
int tgp_author_confirmed(struct tgp_grid *g); /* nobody contradicted */
int tgp_author_republish(struct tgp_grid *g);
/** tgp_author_settle(g): Nothing was written for a while, or the grid is closed: mark the own log as settled.
 */
int tgp_author_settle(struct tgp_grid *g);
/** tgp_settled_key(g, log, out): Key of a log's `m` record; its length. */
size_t tgp_settled_key(
    const struct tgp_grid *g, const struct tg_key *log, uint8_t out[TG_STORAGE_KEY_MAX_BYTES]);
int tgp_author_receipt(struct tgp_grid *g, const struct tg_frame_id *id);
int tgp_author_confirm(struct tgp_grid *g, uint64_t length);
/** tgp_author_root(g, length, root): 1 if the own log had ${root} at ${length}. */
int tgp_author_root(const struct tgp_grid *g, uint64_t length, const struct tg_hash *root);
void tgp_author_free(struct tgp_grid *g);

/* ---- deliver.c ----------------------------------------------------------------------------------------- */

/** tgp_deliver_entry(g, log, seq, entry bytes): Open an entry that is verified and continues the log; deliver
 * it and what waited for it in its log.  A bad certificate or encoding gives the decoder's error. */
int tgp_deliver_entry(struct tgp_grid *g, struct tgp_log *l, uint64_t seq, struct tg_bytes entry);
int tgp_deliver_all(struct tgp_grid *g);
/** tgp_deliver_own(g, l, leaf, parents, n, text_end): The next own entry, which the document has already. */
int tgp_deliver_own(struct tgp_grid *g, struct tgp_log *l, const struct tg_hash *leaf,
    const struct tg_parent *parents, size_t parent_count, uint64_t text_end);
int tgp_view_advanced(struct tgp_grid *g);

/* ---- branch.c ------------------------------------------------------------------------------------------ */

/** tgp_branches_found(g): All heads are read from storage: which logs have several branches?
 * tgp_branches_sort_out(g): All their entries are read: where do they part, who delivers what? */
void tgp_branches_found(struct tgp_grid *g);
int tgp_branches_sort_out(struct tgp_grid *g);
/** tgp_branch_agent(l, seq, base): The text agent of entry ${seq}, and how many text events of the log came
 * before that agent's first. */
const uint8_t *tgp_branch_agent(const struct tgp_log *l, uint64_t seq, uint64_t *base);
/** tgp_entry_find(g, parent): The branch that delivered that very entry, or will; NULL when it is not held.
 */
struct tgp_log *tgp_entry_find(struct tgp_grid *g, const struct tg_parent *parent);
/** tgp_branch_owner(l, seq): The branch that delivers entry ${seq} of ${l}'s history. */
struct tgp_log *tgp_branch_owner(struct tgp_log *l, uint64_t seq);
/** tgp_branch_demand(g, l, seq): An entry outside names this one: deliver up to it. */
void tgp_branch_demand(struct tgp_grid *g, struct tgp_log *l, uint64_t seq);
/** tgp_branch_close(g, l), tgp_branch_doubt(g, l): A log is known to be forked; it may be. */
void tgp_branch_close(struct tgp_grid *g, struct tgp_log *l);
void tgp_branch_doubt(struct tgp_grid *g, struct tgp_log *l);
/** tgp_target_add(g, key, length, root, session): That session says to hold this head of a forked log.
 * tgp_target_find(g, key, length, root): NULL when nobody asked. */
int tgp_target_add(struct tgp_grid *g, const struct tg_key *key, uint64_t length, const struct tg_hash *root,
    const struct tg_key *session);
struct tgp_target *tgp_target_find(
    struct tgp_grid *g, const struct tg_key *key, uint64_t length, const struct tg_hash *root);
/** tgp_target_settle(g, key, t, known): A signed head was shown: the session did not lie.  known: it is an
 * older one of what is held. */
void tgp_target_settle(struct tgp_grid *g, const struct tg_key *key, struct tgp_target *t, int known);
/** tgp_target_next(g, l, session): One to be asked of that session (NULL: of anybody who is here). */
struct tgp_target *tgp_target_next(struct tgp_grid *g, struct tgp_log *l, const struct tg_key *session);
/** tgp_targets_unanswered(g, session): What was asked of it and not answered is asked no more. */
void tgp_targets_unanswered(struct tgp_grid *g, const struct tg_key *session);
/** tgp_targets_again(g): The answer was cut short: ask for the rest again. */
void tgp_targets_again(struct tgp_grid *g);

/* ---- runs.c -------------------------------------------------------------------------------------------- */

/** tgp_take_run(g, data, session, fetch): One encoded run; ${session} sent it.  TG_ENOTFOUND: ${fetch} noted
 * stored records that are needed first.  tgp_run_received(g, session, run): The same, fetching them and
 * trying again. */
int tgp_take_run(
    struct tgp_grid *g, struct tg_bytes data, const struct tg_key *session, const struct tg_fetch *fetch);
int tgp_run_received(struct tgp_grid *g, const struct tg_key *session, struct tg_bytes run);

/* ---- exchange.c, receive.c, presence.c, replica.c ------------------------------------------------------ */

int tgp_receive_pub(struct tg_peer *p, struct tgp_link *link, const struct tg_frame *frame);
int tgp_have_all(struct tgp_grid *g, unsigned flags);
int tgp_have_to(struct tgp_grid *g, const struct tg_key *session, unsigned flags);
int tgp_have_received(struct tgp_grid *g, const struct tg_message *m, int on_inbox);
int tgp_want_next(struct tgp_grid *g);
int tgp_want_tick(struct tgp_grid *g);
int tgp_want_received(struct tgp_grid *g, const struct tg_message *m);
int tgp_data_received(struct tgp_grid *g, const struct tg_message *m);
int tgp_ack_tick(struct tgp_grid *g);
void tgp_ack_later(struct tgp_grid *g);

int tgp_chunks_put(struct tgp_grid *g, uint64_t request, int is_signed, struct tg_bytes data);
int tgp_chunks_get(struct tgp_grid *g, uint64_t request, const struct tg_hash *name);
int tgp_chunks_next(struct tgp_grid *g);
int tgp_chunks_tick(struct tgp_grid *g);
int tgp_chunks_want(struct tgp_grid *g, const struct tg_message *m);
int tgp_chunks_data(struct tgp_grid *g, const struct tg_message *m);
int tgp_chunks_announced(struct tgp_grid *g, struct tgp_log *l, uint64_t seq, const struct tg_entry *entry);

int tgp_presence_received(struct tgp_grid *g, struct tgp_session *s, const struct tg_message *m);
int tgp_presence_tick(struct tgp_grid *g);
int tgp_presence_remap(struct tgp_grid *g);

int tgp_door_received(struct tg_peer *p, const struct tg_pub *pub);
int tgp_replica_start(struct tg_peer *p);
int tgp_replica_room(struct tgp_grid *g, uint64_t bytes); /* 1 when quotas allow it */

#endif
