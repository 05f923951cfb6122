/*
 * cut.h -- where a history is cut into parts, by what it says and not by who holds it.
 *
 * Hosts that hold the same stretch of a history cut it at the same places, so they store and ask for parts
 * with the same names; a late event changes the part it falls in, and the borders behind it stay.  A border
 * is a mark whose hash begins with enough zero bits (Automerge's "sedimentree" idea), but no part is shorter
 * than the least and none longer than the most.  Marks are entries of a log, by leaf hash (tg_cut_entry), or
 * every 1,024th event of an author (tg_cut_event).  docs/protocol.md 6.6.
 */
#ifndef TG_TEXT_CUT_H
#define TG_TEXT_CUT_H

#include <stdint.h>

#include <toygrid/text.h>

#define TG_CUT_BYTES_MIN   65536u  /* of a part of a log, in bytes of its entries */
#define TG_CUT_BYTES_MAX   262144u /* one entry alone may be more than none: entries are never split */
#define TG_CUT_ENTRY_BITS  6	   /* leading zero bits of a leaf hash that is a border */
#define TG_CUT_EVENTS_MIN  65536u  /* of a part of a saved document, in events */
#define TG_CUT_EVENTS_MAX  262144u
#define TG_CUT_EVENTS_STEP 1024u /* only every so many-th event of an author may be a border */
#define TG_CUT_EVENT_BITS  6

/**
 * tg_cut_entry(size, next_size, leaf):
 * Does a part of a log that is ${size} bytes long so far end with its last entry, whose leaf hash is ${leaf},
 * when the next entry would add ${next_size} bytes?
 */
int tg_cut_entry(uint64_t size, uint64_t next_size, const uint8_t leaf[32]);

/** tg_cut_event(size, agent, seq): Does a part with ${size} events end with this one, (agent, seq)? */
int tg_cut_event(uint64_t size, const uint8_t agent[TG_TEXT_AGENT_BYTES], uint64_t seq);

#endif
