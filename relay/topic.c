#include <assert.h>
#include <string.h>

#include <sodium.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "topic.h"

static uint32_t
bucket_of(const struct tg_topics *t, const struct tg_hash *id)
{
	uint8_t h[crypto_shorthash_BYTES];
	uint32_t v;

	/* Topic ids are hashes, but whoever makes keys can choose among them: key the table. */
	crypto_shorthash(h, id->b, sizeof id->b, t->seed);
	memcpy(&v, h, sizeof v);
	return v & (t->bucket_count - 1);
}

int
tg_topics_init(struct tg_topics *topics, const uint8_t seed[16])
{
	memset(topics, 0, sizeof *topics);
	topics->bucket_count = 256;
	memcpy(topics->seed, seed, sizeof topics->seed);
	topics->buckets = tg_calloc(topics->bucket_count, sizeof *topics->buckets);
	return topics->buckets != NULL ? TG_OK : TG_ENOMEM;
}

void
tg_topics_close(struct tg_topics *topics)
{
	assert(topics->sub_count == 0);
	tg_free(topics->buckets);
	memset(topics, 0, sizeof *topics);
}

struct tg_topic *
tg_topics_find(const struct tg_topics *topics, const struct tg_hash *id)
{
	struct tg_topic *t = topics->buckets[bucket_of(topics, id)];

	while (t != NULL && tg_hash_cmp(&t->id, id) != 0)
		t = t->next;
	return t;
}

/* Doubling keeps chains short; without memory the table goes on with longer ones. */
static void
grow(struct tg_topics *topics)
{
	struct tg_topics bigger = *topics;

	if (topics->count < topics->bucket_count)
		return;
	bigger.bucket_count *= 2;
	if ((bigger.buckets = tg_calloc(bigger.bucket_count, sizeof *bigger.buckets)) == NULL)
		return;
	for (uint32_t i = 0; i < topics->bucket_count; i++) {
		struct tg_topic *t = topics->buckets[i], *next;

		for (; t != NULL; t = next) {
			struct tg_topic **to = &bigger.buckets[bucket_of(&bigger, &t->id)];

			next = t->next;
			t->next = *to;
			*to = t;
		}
	}
	tg_free(topics->buckets);
	*topics = bigger;
}

int
tg_topics_join(struct tg_topics *topics, const struct tg_hash *id, const struct tg_key *write_key,
    const struct tg_key *read_key, void *owner, struct tg_sub_entry **subs, struct tg_sub_entry **entry,
    int *made)
{
	struct tg_topic *t = tg_topics_find(topics, id);
	struct tg_sub_entry *e = tg_calloc(1, sizeof *e);

	*entry = NULL;
	*made = t == NULL;
	if (e == NULL)
		return TG_ENOMEM;
	if (t == NULL) {
		struct tg_topic **to;

		if ((t = tg_calloc(1, sizeof *t)) == NULL) {
			tg_free(e);
			return TG_ENOMEM;
		}
		t->id = *id;
		t->keys[0] = *write_key;
		t->keys[1] = *read_key;
		grow(topics);
		to = &topics->buckets[bucket_of(topics, id)];
		t->next = *to;
		*to = t;
		topics->count++;
	}
	e->topic = t;
	e->owner = owner;
	e->next = *subs;
	*subs = e;
	t->sub_count++;
	topics->sub_count++;
	*entry = e;
	return TG_OK;
}

int
tg_topics_allow_read(struct tg_sub_entry *entry)
{
	struct tg_topic *t = entry->topic;
	size_t cap = t->reader_cap;

	if (entry->may_read)
		return TG_OK;
	if (tg_mem_grow((void **)&t->readers, &cap, t->reader_count + 1, sizeof *t->readers) != TG_OK)
		return TG_ENOMEM;
	t->reader_cap = (uint32_t)cap;
	entry->reader_at = t->reader_count;
	entry->may_read = 1;
	t->readers[t->reader_count++] = entry;
	return TG_OK;
}

struct tg_sub_entry *
tg_sub_find(struct tg_sub_entry **subs, const struct tg_hash *id)
{
	struct tg_sub_entry **link = subs, *e;

	for (; (e = *link) != NULL; link = &e->next) {
		if (tg_hash_cmp(&e->topic->id, id) != 0)
			continue;
		*link = e->next;
		e->next = *subs;
		*subs = e;
		return e;
	}
	return NULL;
}

void
tg_topics_settle(struct tg_topics *topics, struct tg_topic *topic)
{
	struct tg_topic **link;

	if (topic->sub_count > 0 || topic->dirty)
		return;
	link = &topics->buckets[bucket_of(topics, &topic->id)];
	while (*link != topic)
		link = &(*link)->next;
	*link = topic->next;
	topics->count--;
	tg_free(topic->readers);
	tg_free(topic);
}

void
tg_topics_leave(struct tg_topics *topics, struct tg_sub_entry **subs, struct tg_sub_entry *entry)
{
	struct tg_topic *t = entry->topic;

	while (*subs != entry)
		subs = &(*subs)->next;
	*subs = entry->next;
	if (entry->may_read) {
		struct tg_sub_entry *moved = t->readers[--t->reader_count];

		t->readers[entry->reader_at] = moved;
		moved->reader_at = entry->reader_at;
	}
	tg_free(entry);
	t->sub_count--;
	topics->sub_count--;
	tg_topics_settle(topics, t);
}
