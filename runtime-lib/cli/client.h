/*
 * client.h -- a short-lived peer for one command: open storage, start, join one document, wait, leave.
 *
 * Without a data directory everything lives in a private temporary one that is removed at the end; this
 * device then keeps nothing, and never counts as one that holds a document.
 */
#ifndef TG_CLI_CLIENT_H
#define TG_CLI_CLIENT_H

#include <toygrid/access.h>
#include <toygrid/crypto.h>

#include "cli/args.h"
#include "host/loop.h"

struct tg_client_options {
	const char *data; /* directory, or NULL for a temporary one */
	struct tg_arg_list relays;
	const char *ca;
	const char *trace;
	const char *name;   /* how this device signs; "" for none */
	uint64_t timeout_s; /* for everything together; 0: none */
	int quiet;	    /* no progress on stderr */
};

/* The options every such command has; put them into its table. */
#define TG_CLIENT_ARGS(o)                                                                                    \
	{"relay", TG_ARG_LIST, &(o).relays, "URL",                                                           \
	    "ws://HOST:PORT or wss://HOST:PORT, repeat for more than one (that of the node\n"                \
	    "that ./toygrid up runs here, if there is one)"},                                                \
	    {"data", TG_ARG_TEXT, &(o).data, "DIR", "keep keys and documents there (else nothing is kept)"}, \
	    {"timeout", TG_ARG_NUMBER, &(o).timeout_s, "S", "give up after so many seconds (30)"},           \
	    {"ca", TG_ARG_TEXT, &(o).ca, "FILE", "trust the certificates in FILE (PEM) for wss://"},         \
	    {"trace", TG_ARG_TEXT, &(o).trace, "FILE",                                                       \
		"record every event and effect, secrets included; see replay-trace"},                        \
	{                                                                                                    \
		"quiet", TG_ARG_FLAG, &(o).quiet, NULL, "no progress on standard error"                      \
	}

struct tg_client {
	struct tg_host *host;
	struct tg_client_options options;
	char temporary[64]; /* the directory to be removed, or "" */
	uint64_t deadline_ms;

	struct tg_hash device; /* after tg_client_start */

	/* The one document. */
	struct tg_hash grid;
	int state; /* -1, then enum tg_grid_state */
	uint64_t role;
	int caught_up; /* somebody was compared with, and nothing is missing */
	int stale;     /* it must be opened again to show all that is here */
	uint64_t unsent;
	int refused;	  /* a replica said that it does not keep the document */
	uint64_t holders; /* devices that hold the newest own entry; this one only if it keeps what it has */
	uint64_t shown_bytes;

	int links_live;
	char trouble[256]; /* the newest reason why a link does not work */
	char failure[256]; /* what failed here last, and was said */

	/* The reply that is being waited for. */
	int replied, status;
	struct tg_buf value;
};

/**
 * tg_client_open(client, options): Open storage, dial the relays, load or make this installation's keys.
 * Returns 0, or 1 after saying why on stderr; close it in either case.
 */
int tg_client_open(struct tg_client *s, const struct tg_client_options *options);

/** tg_client_close(client): Leave politely (5 s at most), release, remove what was temporary. */
void tg_client_close(struct tg_client *s);

/**
 * tg_client_command(client, event):
 * Feed a command that was built with request number tg_client_request(client) and wait for its reply: its
 * status, and in client->value its value.  Takes the bytes of ${event}.  TG_ECLOSED when the time was over.
 */
uint64_t tg_client_request(struct tg_client *s);
int tg_client_command(struct tg_client *s, struct tg_buf *event);

/** tg_client_edit(client, edits, count): Give ${count} edits, elements of one array, to the peer.  Its
 * status. */
int tg_client_edit(struct tg_client *s, const struct tg_buf *edits, uint32_t count);

/** tg_client_end(client, at): Where the document ends, in the view, which edits count in.  0, or 1 (said). */
int tg_client_end(struct tg_client *s, uint32_t *at);

/**
 * tg_client_until(client, done): Run until done(client) is not 0.  Returns 0, or 1 when the time is over,
 * a signal came or the host failed (said on stderr); being late is left for the caller to explain.
 */
int tg_client_until(struct tg_client *s, int (*done)(struct tg_client *s));

/**
 * tg_client_join(client, link):
 * Open the document of ${link} (whole, or what stands behind "#/") and wait until it is here and nothing that
 * others hold is missing.  Without a relay in the options: over that of the one node that runs here.  Returns
 * 0, or 1 after saying on stderr what did not happen.
 */
int tg_client_join(struct tg_client *s, const char *link);

/** tg_client_ready(client): 1 once the document can be read.  A `done` for tg_client_until. */
int tg_client_ready(struct tg_client *s);

/**
 * tg_client_held(client, n):
 * After an own edit: store it, then wait until ${n} devices hold it.  Returns 0, or 1 after saying on stderr
 * what did not happen; the edit may then still be held by some.
 */
int tg_client_held(struct tg_client *s, uint64_t n);

/** tg_hex(data, len, out): 2 * ${len} digits and a NUL. */
void tg_hex(const uint8_t *data, size_t len, char *out);

/**
 * tg_link_text(text, link):
 * A link as people give it: whole, or what stands behind "#/", or "@FILE" for the first line of FILE.  TG_OK,
 * TG_EFORMAT (no link) or TG_ENOTFOUND (the file cannot be read; errno says why).  Wipe it after use.
 */
int tg_link_text(const char *text, struct tg_link *link) __attribute__((warn_unused_result));

/**
 * tg_link_trouble(text, rc, out, room):
 * Why tg_link_text(${text}) or tg_open_event() has just returned ${rc}, for a person: errno tells about the
 * file.
 */
void tg_link_trouble(const char *text, int rc, char *out, size_t room);

/**
 * tg_open_event(event, request, link, grid):
 * The `open` command for ${link}; "@FILE" stands for the first line of FILE.  TG_OK, TG_EFORMAT (no link) or
 * TG_ENOTFOUND (the file cannot be read; errno says why).
 */
int tg_open_event(struct tg_buf *event, uint64_t request, const char *link, struct tg_hash *grid);

#endif
