/*
 * peer.h -- a whole peer as a state machine without I/O: events in, effects out.
 *
 * The same peer runs in a tab, in the native command, in a replica and in simulations; docs/host.md lists
 * every event and effect.  It touches no socket, file, clock or random source: time, entropy and stored bytes
 * arrive as events, so that the same events give the same effects, byte for byte, on every host.
 *
 * Not thread-safe; one thread per peer.
 */
#ifndef TOYGRID_PEER_H
#define TOYGRID_PEER_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

struct tg_peer; /* opaque */
struct tg_doc;

/**
 * tg_peer_new(peer): A peer that has seen nothing.  tg_crypto_init() must have succeeded.  TG_OK or
 * TG_ENOMEM. tg_peer_free(peer): Release it and wipe its secrets; what is not stored is lost.  NULL does
 * nothing.
 */
int tg_peer_new(struct tg_peer **peer) __attribute__((warn_unused_result));
void tg_peer_free(struct tg_peer *peer);

/**
 * tg_peer_event(peer, event, len):
 * Handle one encoded event.  ${event} may be reused afterwards.  Bounded work: what does not fit a slice
 * waits for the next tick, asked for by a wake effect.
 *
 * Returns TG_OK also when the event carried bad bytes from outside (a hostile frame is not the host's error).
 *   TG_EFORMAT, TG_ETOOBIG, ...  the event itself is malformed: a bug in the host; nothing changed.
 *   TG_ENOMEM  out of memory; the peer is only fit for tg_peer_free.  All that was acknowledged is stored.
 */
int tg_peer_event(struct tg_peer *peer, const uint8_t *event, size_t len) __attribute__((warn_unused_result));

/**
 * tg_peer_effects(peer, effects, len):
 * Take all effects since the last call: encoded arrays back to back in *${effects} .. + *${len}, owned by the
 * peer and valid until the next tg_peer_event.  *${len} is 0 when there are none.
 */
void tg_peer_effects(struct tg_peer *peer, const uint8_t **effects, size_t *len);

/**
 * tg_peer_doc(peer, grid): The open document of ${grid}, or NULL (not open, or this peer is a replica).
 * Borrowed; valid until the next tg_peer_event.
 */
struct tg_doc *tg_peer_doc(struct tg_peer *peer, const struct tg_hash *grid);

#endif
