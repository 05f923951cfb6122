/*
 * host.h -- a tab: one peer and the host that feeds it events and carries out its effects (docs/host.md).
 *
 * A profile is one installation (a browser profile, a replica's data folder): a store, its locks, a clock,
 * and the tabs open at the moment.  Tabs come and go; a tab's struct stays until the world ends, so that
 * calls asked for earlier find it dead instead of freed.
 */
#ifndef TG_SIM_HOST_H
#define TG_SIM_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>
#include <toygrid/peer.h>

#include "host/event_codec.h"
#include "sim/net.h"
#include "sim/rand.h"
#include "sim/store.h"

#define SIM_RELAYS_MAX	 3
#define SIM_TABS_MAX	 64 /* of one profile, over all time */
#define SIM_LOCKS_MAX	 64
#define SIM_DEVICES_MAX	 32
#define SIM_NOTICE_CODES 16

struct sim_world;
struct sim_host;
struct sim_user;

/* The peer under test, or a stand-in. */
struct sim_peer_calls {
	int (*create)(struct tg_peer **peer);
	int (*event)(struct tg_peer *peer, const uint8_t *event, size_t len);
	void (*effects)(struct tg_peer *peer, const uint8_t **effects, size_t *len);
	void (*destroy)(struct tg_peer *peer);
	struct tg_doc *(*doc)(struct tg_peer *peer, const struct tg_hash *grid);
};

struct sim_profile {
	struct sim_world *world;
	uint32_t number;
	char name[16];
	int replica;
	int viewer; /* has a view link only */
	struct sim_store *store;
	int64_t skew_ms; /* its clock minus true time */
	struct {
		struct tg_bytes name; /* owned */
		struct sim_host *holder;
	} locks[SIM_LOCKS_MAX];
	size_t lock_count;
	struct sim_host *tabs[SIM_TABS_MAX];
	size_t tab_count;
	struct {
		uint8_t node[32], box[32], token[32];
	} node;		       /* a replica's answer to `node` */
	struct tg_hash device; /* what `start` answered; of a replica: its node key */
	int has_device;
	int unreliable;	 /* an old backup was put back, or it was deleted: its acks of before count no more */
	uint32_t relays; /* bit set of the relays it uses */
	uint32_t cut_off; /* bit set of relays it cannot reach now (partition) */
	int offline;
};

/* An answer to a command.  ${value} is one msgpack value, borrowed; ${status} is TG_ECLOSED when the tab
 * died. */
typedef void (*sim_reply)(struct sim_host *host, void *ctx, int status, struct tg_bytes value);

struct sim_request {
	uint64_t number;
	sim_reply reply;
	void *ctx;
};

struct sim_durability {
	uint64_t unsent, safe;
	struct tg_hash holders[SIM_DEVICES_MAX]; /* other devices that hold the newest own entry */
	uint64_t holder_roles[SIM_DEVICES_MAX];
	size_t holder_count;
	int known;
};

struct sim_host {
	struct sim_world *world;
	struct sim_profile *profile;
	uint32_t number;
	struct tg_peer *peer;		     /* NULL: closed or crashed */
	int busy;			     /* inside the peer or its effects: events queue up */
	int crashing;			     /* to be killed as soon as not busy */
	struct tg_buf queue;		     /* events to come: u32 length, bytes */
	struct sim_note *notes, *notes_tail; /* from other tabs, on their way */
	struct sim_rand rand;

	uint64_t last_tick_ms; /* host clock */
	uint64_t wake_ms;      /* host clock; UINT64_MAX: none */
	uint64_t wake_number;  /* of the newest wake: older calls do nothing */
	uint64_t spin_ms;
	uint32_t spins; /* wakes at one instant */

	struct sim_link *links[SIM_RELAYS_MAX]; /* open or being dialled */
	uint32_t retries[SIM_RELAYS_MAX];
	int live[SIM_RELAYS_MAX]; /* the peer said so */
	uint64_t next_link;
	uint64_t tabs_link;

	struct sim_request *requests;
	size_t request_count, request_cap;
	uint64_t next_request;

	/* What the user interface was told of the one grid that a world is about. */
	struct tg_hash grid;
	int has_grid;
	uint64_t grid_state, role;
	struct sim_durability durability;
	uint32_t notices[SIM_NOTICE_CODES];
	char last_notice[128];
	uint32_t presences; /* effects so far */
	struct sim_user *user;
	void (*on_changed)(struct sim_host *host);
	void (*on_reopen)(struct sim_host *host); /* notice 8 */
	void (*on_presence)(struct sim_host *host, const struct tg_effect *effect);
	void (*on_ext)(struct sim_host *host, const struct tg_effect *effect);

	long fail_after;      /* allocations until one fails, once; < 0: never */
	long allocations;     /* asked for by the peer so far */
	int starved;	      /* one did fail */
	int failed;	      /* the peer answered TG_ENOMEM and was closed */
	struct tg_buf *trace; /* NULL: not recorded */
	uint64_t events;
};

/** sim_profile_new(world, name, relays): An installation with an empty store. */
struct sim_profile *sim_profile_new(struct sim_world *world, const char *name, uint32_t relays);
void sim_profile_free(struct sim_profile *profile);

/** sim_host_open(profile): A new tab: a fresh peer that has got entropy and its tabs link; relays are being
 * dialled unless the profile is offline.  The caller sends `start`. */
struct sim_host *sim_host_open(struct sim_profile *profile);

/** sim_host_kill(host): The process dies now. */
void sim_host_kill(struct sim_host *host);
void sim_host_free(struct sim_host *host);

/** sim_host_alive(host): 1 while it has a peer. */
int sim_host_alive(const struct sim_host *host);

/** sim_host_clock(host): What its wall clock shows. */
uint64_t sim_host_clock(const struct sim_host *host);

/** sim_host_event(host, event): Give it one event; ${event} is freed.  A tick goes first when time has passed
 * since the last. */
void sim_host_event(struct sim_host *host, struct tg_buf *event);

/** sim_host_feed(host, event, len): Any bytes as an event, also bad ones; its effects are carried out.  For
 * fuzzing. */
void sim_host_feed(struct sim_host *host, const uint8_t *event, size_t len);

/**
 * sim_host_command(host, name, argc, event), sim_host_send(host, event, reply, ctx):
 * Begin a command, to which the caller adds ${argc} arguments; then send it.  reply (may be NULL) is called
 * once.
 */
void sim_host_command(struct sim_host *host, enum tg_command name, uint32_t argc, struct tg_buf *event);
void sim_host_send(struct sim_host *host, struct tg_buf *event, sim_reply reply, void *ctx);

/** sim_profile_reconnect(profile): Look at offline, cut_off and the relays' state: cut what may no longer be,
 * dial what is missing. */
void sim_profile_reconnect(struct sim_profile *profile);

/** sim_profile_power_cut(profile): All tabs die, the store loses what was not strict. */
void sim_profile_power_cut(struct sim_profile *profile);

/** sim_profile_tab(profile): A living tab, or NULL. */
struct sim_host *sim_profile_tab(struct sim_profile *profile);

#endif
