/*
 * topic.h -- who is on which topic, and what this turn brought for it.
 *
 * A topic exists while some connection has it in a SUB; its two keys are all a relay needs to check what is
 * published there.  The table allocates one record per topic and one per (connection, topic) and knows
 * nothing of sockets: the owner of a subscription is an opaque pointer.
 */
#ifndef TG_RELAY_TOPIC_H
#define TG_RELAY_TOPIC_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

#include "batch.h"
#include "bucket.h"

struct tg_topic {
	struct tg_hash id;
	struct tg_key keys[2];	       /* by class: W for main, R for side */
	struct tg_topic *next;	       /* in its hash bucket */
	struct tg_sub_entry **readers; /* those that proved R, in no order */
	uint32_t reader_count, reader_cap;
	uint32_t sub_count;	   /* subscriptions of any kind; the topic goes when it is 0 and not dirty */
	struct tg_bucket rate[2];  /* by class */
	struct tg_batch *first[2]; /* what waits for the end of the turn: 0 reliable, 1 ephemeral */
	struct tg_batch *last[2];
	struct tg_topic *next_dirty;
	uint8_t dirty; /* on the list of topics that have batches */
};

/* One connection's subscription to one topic. */
struct tg_sub_entry {
	struct tg_topic *topic;
	void *owner;
	struct tg_sub_entry *next; /* of the owner */
	uint32_t reader_at;	   /* place in topic->readers, when may_read */
	uint8_t may_read;	   /* proved R */
	uint8_t may_write;	   /* proved W */
};

struct tg_topics {
	struct tg_topic **buckets;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;
	uint32_t sub_count;
	uint8_t seed[16];
};

/** tg_topics_init(topics, seed): An empty table keyed with ${seed}.  TG_OK or TG_ENOMEM. */
int tg_topics_init(struct tg_topics *topics, const uint8_t seed[16]) __attribute__((warn_unused_result));

/** tg_topics_close(topics): Release the table, which must be empty of subscriptions. */
void tg_topics_close(struct tg_topics *topics);

/** tg_topics_find(topics, id): The topic, or NULL. */
struct tg_topic *tg_topics_find(const struct tg_topics *topics, const struct tg_hash *id);

/**
 * tg_topics_join(topics, id, write_key, read_key, owner, subs, entry):
 * Subscribe ${owner}, whose list of subscriptions is *${subs}, making the topic if it is new (its rate
 * buckets are then zeroed; *${made} says so).  Sets *${entry}.  TG_OK, or TG_ENOMEM with nothing changed.
 */
int tg_topics_join(struct tg_topics *topics, const struct tg_hash *id, const struct tg_key *write_key,
    const struct tg_key *read_key, void *owner, struct tg_sub_entry **subs, struct tg_sub_entry **entry,
    int *made) __attribute__((warn_unused_result));

/** tg_topics_allow_read(entry): The owner proved R: deliver to it from now on.  TG_OK or TG_ENOMEM. */
int tg_topics_allow_read(struct tg_sub_entry *entry) __attribute__((warn_unused_result));

/**
 * tg_sub_find(subs, id):
 * The subscription of the list *${subs} to topic ${id}, or NULL.  What is found moves to the front, so that a
 * connection that keeps publishing to one topic of its 256 finds it at once.
 */
struct tg_sub_entry *tg_sub_find(struct tg_sub_entry **subs, const struct tg_hash *id);

/** tg_topics_leave(topics, subs, entry): Take ${entry} off its owner's list *${subs} and free it. */
void tg_topics_leave(struct tg_topics *topics, struct tg_sub_entry **subs, struct tg_sub_entry *entry);

/** tg_topics_settle(topics, topic): The batches of ${topic} are gone: free it if nobody is left on it. */
void tg_topics_settle(struct tg_topics *topics, struct tg_topic *topic);

#endif
