/*
 * limits.h -- every size and count that the protocol fixes, in one place (protocol.md 9).
 *
 * The JavaScript side reads them through tg_limit() by number, so the two never disagree.
 */
#ifndef TOYGRID_LIMITS_H
#define TOYGRID_LIMITS_H

#include <stdint.h>

#define TG_PROTOCOL_VERSION	  1
#define TG_FRAME_MAX_BYTES	  196608u /* one relay frame */
#define TG_WS_MESSAGE_MAX_BYTES	  262144u /* one WebSocket message */
#define TG_PAYLOAD_MAX_BYTES	  196352u /* payload of a PUB */
#define TG_DATA_MAX_BYTES	  131072u /* one data message */
#define TG_CHUNK_STORED_MAX_BYTES 131072u /* stored form of a chunk */
#define TG_ENTRY_HEADER_MAX_BYTES 1024u
#define TG_ENTRY_BODY_MAX_BYTES	  98304u
#define TG_ENTRY_TEXT_MAX_BYTES	  65568u  /* salt and ciphertext: 64 KiB and a tag */
#define TG_ENTRY_MAX_BYTES	  126976u /* header + body + text */
#define TG_TEXT_MAX_BYTES	  65536u  /* plain text of an entry */
#define TG_RUN_MAX_ENTRIES	  256u
#define TG_PARENTS_MAX		  64u
#define TG_TRANSITIONS_MAX	  64u
#define TG_PROOF_MAX_HASHES	  128u /* a range proof in a tree of 2^63 leaves has fewer */
#define TG_LOGS_PER_GRID_MAX	  100000u
#define TG_LOGS_PER_DEVICE_MAX	  256u
#define TG_BRANCHES_MAX		  16u /* held of one forked log */
#define TG_TOPICS_PER_SOCKET_MAX  256u
#define TG_READER_QUEUE_BYTES	  524288u
#define TG_MAIN_AGE_MS		  600000u
#define TG_SIDE_AGE_MS		  30000u
#define TG_NAME_MAX_BYTES	  64u

#endif
