/*
 * user.h -- scripted people: what they see, what they type, and the ledger of what they were promised.
 *
 * Everybody types tokens like "[007.0012]" (author, number), one after the other behind the own newest one,
 * and small letters anywhere else; small letters may be deleted and marked by anybody, tokens only vanish
 * when their author undoes them.  A token that was shown as safe on another device goes into the ledger: in
 * the end it must be in the text exactly once, behind the token that it was typed behind.
 */
#ifndef TG_SIM_USER_H
#define TG_SIM_USER_H

#include <stddef.h>
#include <stdint.h>

#include "sim/host.h"
#include "sim/rand.h"

#define SIM_TOKEN_CHARS 10 /* "[007.0012]" */
#define SIM_TOKENS_MAX	16384

struct sim_token {
	uint32_t author, number;
	int32_t after; /* index of the token it was typed behind; -1: none */
	uint32_t profile;
	int complete;	     /* all its characters were given to the peer */
	int flushed;	     /* the peer said that it is stored */
	int undone;	     /* its author took it back */
	int acked;	     /* the user interface was told that another device has it */
	uint64_t holders[2]; /* bit set of profiles that were named then */
	int forbidden;	     /* typed by somebody who may only look: must never appear */
};

struct sim_tokens {
	struct sim_token list[SIM_TOKENS_MAX];
	size_t count;
	uint32_t authors; /* given out so far */
};

struct sim_tokens *sim_tokens_new(void);
void sim_tokens_free(struct sim_tokens *tokens);

/** sim_token_text(token, out): "[007.0012]" and a NUL. */
void sim_token_text(const struct sim_token *token, char out[SIM_TOKEN_CHARS + 1]);

/* An item as the display has it. */
struct sim_item {
	uint32_t scalar; /* 0 for a block marker or an atom */
	uint8_t kind;
	uint32_t format;
};

/* The grid's links, once its creator has them. */
struct sim_links {
	struct tg_hash grid;
	int known;
	uint8_t edit[32], comment[32], view[64];
};

struct sim_user {
	struct sim_host *host;
	struct sim_rand rand;
	struct sim_links *links;
	char mode[2]; /* "e", "c", "v"; "" from storage */
	int create;   /* make the grid, fill in links */
	int viewer;   /* holds a view link only: whatever is typed must go nowhere */
	uint32_t author;
	int opened; /* the document is on the screen */
	int open_failed;
	int quiet; /* only looks from now on */
	struct sim_item *view;
	size_t view_len, view_cap;
	size_t caret;	     /* behind the newest character of the token being typed */
	uint32_t polls_open; /* view must not be edited while an answer is out */
	int poll_wanted;
	int32_t typing; /* token being typed, or -1 */
	uint32_t typed; /* characters of it so far */
	int32_t newest; /* own newest complete token, or -1 */
	uint32_t turn_min_ms, turn_max_ms;
	uint32_t refused; /* edits that the peer refused */
	uint32_t flushes;
	void (*on_open)(struct sim_user *user); /* once; may be NULL */
	void *ctx;
};

/**
 * sim_user_start(host, links, mode, create):
 * Somebody sits down at ${host}: start, then create the grid, open it by link, or (mode "") open what is
 * stored, then type at random until quiet.
 */
struct sim_user *sim_user_start(struct sim_host *host, struct sim_links *links, const char *mode, int create);
void sim_user_free(struct sim_user *user);

/** sim_user_ready(user): 1 when the document is on the screen and may be edited. */
int sim_user_ready(const struct sim_user *user);

/* Single acts, for scenarios; each works on the view as it is now. */
void sim_user_poll(struct sim_user *user);
void sim_user_type_token(struct sim_user *user); /* whole, at once */
void sim_user_type_text(struct sim_user *user, uint32_t index, const char *text);
void sim_user_flush(struct sim_user *user);
void sim_user_undo(struct sim_user *user, int redo);

/** sim_user_observe(user): Take note of what the display promises now. */
void sim_user_observe(struct sim_user *user);

/** sim_view_find(user, token): Where ${token} stands; -1: nowhere. */
long sim_view_find(const struct sim_user *user, const struct sim_token *token);

#endif
