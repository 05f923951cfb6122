/*
 * liar.h -- somebody with a view link (or an edit link) who speaks the protocol and lies.
 *
 * No peer runs here: frames are made by hand.  The liar listens to the grid's topic and answers what it hears
 * with forged acks (in its own name, in another's, with a role it does not have), replays of what others
 * said, altered and replayed runs, and carets in other people's names.
 */
#ifndef TG_SIM_LIAR_H
#define TG_SIM_LIAR_H

#include "sim/user.h"
#include "sim/world.h"

enum sim_lie {
	SIM_LIE_REPLAY = 1 << 0,      /* the same sealed message in a new frame */
	SIM_LIE_ACK_VIEWER = 1 << 1,  /* an ack with a viewer's session record */
	SIM_LIE_ACK_FOREIGN = 1 << 2, /* an ack under another's session record */
	SIM_LIE_ACK_WRITER = 1 << 3,  /* an ack with a writer's record that W did not sign */
	SIM_LIE_SIGNATURE = 1 << 4,   /* another's message with other contents and its old signature */
	SIM_LIE_RUN = 1 << 5,	      /* a run with one bit changed */
	SIM_LIE_WRITE = 1 << 6,	      /* a main frame, signed with the read key */
	SIM_LIE_GARBAGE = 1 << 7,     /* well sealed nonsense */
	SIM_LIE_BRANCHES = 1 << 8,    /* every log in two histories, each time others */
	SIM_LIE_ALL = (1 << 9) - 1,
	SIM_LIE_ENDLESS = 1 << 9, /* "I have more of all", and to whoever asks: nothing, and more to come */
};

struct sim_liar;

/** sim_liar_new(world, links, relay): Begins as soon as the links are known. */
struct sim_liar *sim_liar_new(struct sim_world *world, const struct sim_links *links, size_t relay);
void sim_liar_free(struct sim_liar *liar);

/** sim_liar_lies(liar, lies): Which of them it tells; all unless set. */
void sim_liar_lies(struct sim_liar *liar, uint32_t lies);

/** sim_liar_may_write(liar): It has the edit link. */
void sim_liar_may_write(struct sim_liar *liar);

/** sim_liar_told(liar): Frames sent so far. */
uint32_t sim_liar_told(const struct sim_liar *liar);

#endif
