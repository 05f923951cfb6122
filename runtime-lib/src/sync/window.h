/*
 * window.h -- which counters of one session were seen (protocol.md 4): the anti-replay window of RFC 4303
 * section 3.4.3, 1,024 wide.
 */
#ifndef TG_SYNC_WINDOW_H
#define TG_SYNC_WINDOW_H

#include <stdint.h>

#define TG_WINDOW_BITS 1024u

struct tg_window {
	uint64_t highest; /* highest counter seen; 0: none yet */
	uint64_t
	    bits[TG_WINDOW_BITS / 64]; /* bit (c % TG_WINDOW_BITS): c was seen, for c within the window */
};

/**
 * tg_window_seen(w, counter): 1 when ${counter} was recorded, is 0 or lies below the window; else 0.
 * tg_window_record(w, counter): Record it.  Only after the message's signature verified: otherwise a forger
 * could push the window past the honest sender.
 */
int tg_window_seen(const struct tg_window *w, uint64_t counter);
void tg_window_record(struct tg_window *w, uint64_t counter);

#endif
