/*
 * cut.h -- where the history of a saved document is cut into parts: by what it says, not by who holds it.
 *
 * Documents that share the beginning of their history share its parts too, and a late event changes the part
 * it falls in while the borders behind it stay.  A border is an event whose hash begins with enough zero bits
 * (Automerge's "sedimentree" idea), but no part is shorter than the least and none longer than the most.
 * docs/protocol.md 6.5; logs are cut likewise, by their entries: tg_log_cut().
 */
#ifndef TG_TEXT_CUT_H
#define TG_TEXT_CUT_H

#include <stdint.h>

#include <toygrid/text.h>

#define TG_CUT_EVENTS_MIN  65536u /* of a part */
#define TG_CUT_EVENTS_MAX  262144u
#define TG_CUT_EVENTS_STEP 1024u /* only every so many-th event of an author may be a border */
#define TG_CUT_EVENT_BITS  6	 /* leading zero bits of one */

/** tg_cut_event(size, agent, seq): Does a part with ${size} events end with this one, (agent, seq)? */
int tg_cut_event(uint64_t size, const uint8_t agent[TG_TEXT_AGENT_BYTES], uint64_t seq);

#endif
