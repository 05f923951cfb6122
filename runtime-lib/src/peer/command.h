/*
 * command.h -- what the files of commands share.  A command reads all its arguments first, then acts, then
 * replies exactly once: at once, or from the job that it began.
 */
#ifndef TG_PEER_COMMAND_H
#define TG_PEER_COMMAND_H

#include "peer/internal.h"

/* A command being carried out. */
struct tgp_cmd {
	struct tg_peer *p;
	uint64_t request;
	struct tg_reader *r;
	struct tgp_grid *g; /* of the commands on an open grid */
};

/** tgp_args_ok(c): 1 when all arguments were read and nothing is left of them. */
int tgp_args_ok(struct tgp_cmd *c);

/** tgp_done(c, status), tgp_done_value(c, value): The reply; the second frees ${value}.  TG_ENOMEM passes
 * through. */
int tgp_done(struct tgp_cmd *c, int status);
int tgp_done_value(struct tgp_cmd *c, struct tg_buf *value);

/* One function a command; the table is in docs/host.md.  TG_EFORMAT: bad arguments, nothing happened. */
int tgp_cmd_create(struct tgp_cmd *c);
int tgp_cmd_open_grid(struct tgp_cmd *c);
int tgp_cmd_close_grid(struct tgp_cmd *c);
int tgp_cmd_list_grids(struct tgp_cmd *c);
int tgp_cmd_forget(struct tgp_cmd *c);
int tgp_cmd_edit(struct tgp_cmd *c);
int tgp_cmd_poll(struct tgp_cmd *c);
int tgp_cmd_format(struct tgp_cmd *c);
int tgp_cmd_caret(struct tgp_cmd *c);
int tgp_cmd_links(struct tgp_cmd *c);
int tgp_cmd_invite(struct tgp_cmd *c, int again);
int tgp_cmd_title(struct tgp_cmd *c);
int tgp_cmd_ext(struct tgp_cmd *c);
int tgp_cmd_channel(struct tgp_cmd *c);
int tgp_cmd_call(struct tgp_cmd *c);
int tgp_cmd_answer(struct tgp_cmd *c);
int tgp_cmd_undo_break(struct tgp_cmd *c);
int tgp_cmd_flush(struct tgp_cmd *c);
int tgp_cmd_put(struct tgp_cmd *c);
int tgp_cmd_get(struct tgp_cmd *c);
int tgp_cmd_profile(struct tgp_cmd *c);
int tgp_cmd_extname(struct tgp_cmd *c);

#endif
