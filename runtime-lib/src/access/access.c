#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

static void
derive(const struct tg_secret *from, const char *label, struct tg_secret *out)
{
	tg_derive(from, label, NULL, 0, out);
}

static void
derive_pair(const struct tg_secret *from, const char *label, struct tg_keypair *pair)
{
	struct tg_secret seed;

	derive(from, label, &seed);
	tg_keypair_from_seed(&seed, pair);
	tg_wipe(&seed, sizeof seed);
}

void
tg_topic(const struct tg_key *w, const struct tg_key *r, struct tg_hash *out)
{
	struct tg_hasher h;

	tg_hash_init(&h, TG_DOMAIN_TOPIC);
	tg_hash_update(&h, w->b, sizeof w->b);
	tg_hash_update(&h, r->b, sizeof r->b);
	tg_hash_final(&h, out);
}

void
tg_topic_inbox(const struct tg_key *r, const struct tg_key *session, struct tg_hash *out)
{
	tg_topic(r, session, out);
}

/* What everybody holds, a replica too. */
static void
fill_common(struct tg_access *a, const struct tg_key *w)
{
	a->w = *w;
	tg_keypair_from_seed(&a->read_seed, &a->read);
	a->r = a->read.public_key;
	derive(&a->sync, "record", &a->record);
	tg_topic(&a->w, &a->r, &a->topic);
}

int
tg_access_from_secret(
    enum tg_mode mode, const struct tg_secret *secret, const struct tg_key *w, struct tg_access *a)
{
	struct tg_secret comment, view;

	memset(a, 0, sizeof *a);
	if (mode < TG_MODE_VIEW || mode > TG_MODE_EDIT || (mode == TG_MODE_VIEW) != (w != NULL))
		return TG_EINVAL;
	a->mode = mode;
	a->secret = *secret;
	comment = view = *secret;
	if (mode == TG_MODE_EDIT) {
		derive_pair(secret, "edit-role", &a->edit);
		a->edit_role = a->edit.public_key;
		derive(secret, "comment", &comment);
	}
	if (mode >= TG_MODE_COMMENT) {
		derive_pair(&comment, "write-key", &a->write);
		w = &a->write.public_key;
		derive(&comment, "view", &view);
	}
	derive(&view, "read-key", &a->read_seed);
	derive(&view, "sync-key", &a->sync);
	derive(&view, "content-key", &a->content);
	derive(&a->content, "body", &a->body);
	derive(&a->content, "text", &a->text);
	derive(&a->content, "identity", &a->identity);
	derive(&a->content, "chunk", &a->chunk);
	derive(&a->content, "locator", &a->locator);
	fill_common(a, w);
	tg_wipe(&comment, sizeof comment);
	tg_wipe(&view, sizeof view);
	return TG_OK;
}

void
tg_access_from_replica(const struct tg_secret *read_seed, const struct tg_secret *sync,
    const struct tg_key *w, struct tg_access *a)
{
	memset(a, 0, sizeof *a);
	a->mode = TG_MODE_REPLICA;
	a->read_seed = *read_seed;
	a->sync = *sync;
	fill_common(a, w);
}

int
tg_access_weaken(const struct tg_access *a, enum tg_mode mode, struct tg_secret *secret)
{
	enum tg_mode at = a->mode;

	memset(secret, 0, sizeof *secret);
	if (mode < TG_MODE_VIEW || mode > at)
		return TG_EPERM;
	*secret = a->secret;
	for (; at > mode; at--) {
		struct tg_secret next;

		derive(secret, at == TG_MODE_EDIT ? "comment" : "view", &next);
		*secret = next;
		tg_wipe(&next, sizeof next);
	}
	return TG_OK;
}

void
tg_access_wipe(struct tg_access *a)
{
	tg_wipe(a, sizeof *a);
}
