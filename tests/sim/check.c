#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "sim/check.h"

/* ---- stores -------------------------------------------------------------------------------------------- */

#define HEAD_KEY_BYTES	(1 + 32 + 32)
#define ENTRY_KEY_BYTES (1 + 32 + 32 + 8)

static uint64_t
u64be(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* The range of records that begin with ${kind} and the grid. */
static void
range(const struct sim_store *store, char kind, const struct tg_hash *grid, size_t *from, size_t *to)
{
	uint8_t key[33];

	key[0] = (uint8_t)kind;
	memcpy(key + 1, grid->b, 32);
	sim_store_range(store, key, sizeof key, from, to);
}

static void
check_entries(struct sim_profile *profile, const struct sim_record *head)
{
	const struct sim_store *store = profile->store;
	uint8_t key[ENTRY_KEY_BYTES];
	uint64_t length = u64be(head->value);

	memcpy(key, head->key, HEAD_KEY_BYTES);
	key[0] = 'e';
	for (uint64_t seq = 0; seq < length; seq++) {
		for (int i = 0; i < 8; i++)
			key[HEAD_KEY_BYTES + i] = (uint8_t)(seq >> (56 - 8 * i));
		if (sim_store_get(store, key, sizeof key) == NULL) {
			sim_fail(profile->world, "%s holds a head of length %u and lacks entry %u",
			    profile->name, (unsigned)length, (unsigned)seq);
			return;
		}
	}
}

/* Entries at one place must have one leaf hash, whoever holds them. */
static void
check_same_entries(
    struct sim_profile *a, struct sim_profile *b, const struct tg_hash *grid, const struct tg_key *forked)
{
	size_t from, to;

	range(a->store, 'e', grid, &from, &to);
	for (; from < to; from++) {
		const struct sim_record *mine = &a->store->records[from];
		const struct sim_record *other = sim_store_get(b->store, mine->key, mine->key_len);

		if (other == NULL || (forked != NULL && memcmp(mine->key + 33, forked->b, 32) == 0))
			continue;
		if (mine->value_len < 33 || other->value_len < 33 ||
		    memcmp(mine->value + 1, other->value + 1, 32) != 0) {
			sim_fail(a->world, "log %02x%02x forked: %s and %s hold different entries %u",
			    mine->key[33], mine->key[34], a->name, b->name,
			    (unsigned)u64be(mine->key + HEAD_KEY_BYTES));
			return;
		}
	}
}

void
sim_check_stores(struct sim_world *world, const struct tg_hash *grid, const struct tg_key *forked)
{
	struct sim_profile *biggest = world->profiles[0];
	size_t from, to, most = 0;

	for (size_t i = 0; i < world->profile_count && !world->failed; i++) {
		struct sim_profile *profile = world->profiles[i];

		range(profile->store, 'h', grid, &from, &to);
		for (; from < to; from++)
			check_entries(profile, &profile->store->records[from]);
		range(profile->store, 'e', grid, &from, &to);
		if (to - from > most) {
			most = to - from;
			biggest = profile;
		}
	}
	for (size_t i = 0; i < world->profile_count && !world->failed; i++)
		if (world->profiles[i] != biggest)
			check_same_entries(world->profiles[i], biggest, grid, forked);
}

static int
same_heads(const struct sim_store *a, const struct sim_store *b, const struct tg_hash *grid)
{
	size_t i, end_a, j, end_b;

	range(a, 'h', grid, &i, &end_a);
	range(b, 'h', grid, &j, &end_b);
	if (end_a - i != end_b - j)
		return 0;
	for (; i < end_a; i++, j++)
		if (memcmp(a->records[i].key, b->records[j].key, HEAD_KEY_BYTES) != 0 ||
		    memcmp(a->records[i].value, b->records[j].value, 8) != 0)
			return 0;
	return 1;
}

/* Has the profile anything of the grid, or a tab that should get it? */
static int
takes_part(struct sim_profile *profile, const struct tg_hash *grid)
{
	size_t from, to;
	struct sim_host *tab = sim_profile_tab(profile);

	range(profile->store, 'h', grid, &from, &to);
	return to > from || (tab != NULL && tab->user != NULL && tab->user->opened);
}

int
sim_heads_equal(struct sim_world *world, const struct tg_hash *grid)
{
	struct sim_profile *first = NULL;

	for (size_t i = 0; i < world->profile_count; i++) {
		if (!takes_part(world->profiles[i], grid))
			continue;
		if (first == NULL)
			first = world->profiles[i];
		else if (!same_heads(first->store, world->profiles[i]->store, grid))
			return 0;
	}
	return first != NULL;
}

/* Who lags behind, for the story of a world that does not settle. */
static void
tell_heads(struct sim_world *world, const struct tg_hash *grid)
{
	for (size_t i = 0; i < world->profile_count; i++) {
		struct sim_profile *profile = world->profiles[i];
		struct sim_host *tab = sim_profile_tab(profile);
		size_t from, to;
		uint64_t entries = 0;
		char logs[256];
		int n = 0;

		range(profile->store, 'h', grid, &from, &to);
		for (size_t j = from; j < to; j++) {
			entries += u64be(profile->store->records[j].value);
			if (n < 230)
				n += snprintf(logs + n, sizeof logs - (size_t)n, " %02x%02x:%u",
				    profile->store->records[j].key[33], profile->store->records[j].key[34],
				    (unsigned)u64be(profile->store->records[j].value));
		}
		logs[n] = 0;
		sim_say(world, profile->name, "%u logs, %u entries, tab %s, unsent %d, live %d%d%d:%s",
		    (unsigned)(to - from), (unsigned)entries, tab ? "open" : "none",
		    tab ? (int)tab->durability.unsent : -1, tab ? tab->live[0] : 0, tab ? tab->live[1] : 0,
		    tab ? tab->live[2] : 0, logs);
	}
}

/* ---- documents ----------------------------------------------------------------------------------------- */

/* All items of a document as text and as runs; formats are looked up later, for a visitor must not. */
struct reading {
	struct tg_buf text;  /* UTF-8 of the characters; other items are a newline (block) or U+FFFC */
	struct tg_buf items; /* per run: kind, format, count (u32 each), bytes of text */
};

static int
visit(void *ctx, const struct tg_text_run *run)
{
	struct reading *reading = ctx;
	uint32_t numbers[4] = {(uint32_t)run->kind, run->format, run->count, (uint32_t)run->text_len};

	tg_buf_put(&reading->items, numbers, sizeof numbers);
	if (run->kind == TG_TEXT_CHAR) {
		tg_buf_put(&reading->text, run->text, run->text_len);
		return 0;
	}
	for (uint32_t i = 0; i < run->count; i++)
		tg_buf_u8(&reading->text, run->kind == TG_TEXT_BLOCK ? '\n' : 1);
	return 0;
}

static struct tg_doc *
doc_of(struct sim_host *host, const struct tg_hash *grid)
{
	return sim_host_alive(host) ? host->world->calls->doc(host->peer, grid) : NULL;
}

static int
read_doc(struct sim_host *host, const struct tg_hash *grid, struct reading *reading)
{
	struct tg_doc *doc = doc_of(host, grid);

	memset(reading, 0, sizeof *reading);
	if (doc == NULL)
		return 0;
	return tg_doc_read(
		   doc, TG_TEXT_FLOW_BODY, 0, tg_doc_length(doc, TG_TEXT_FLOW_BODY), visit, reading) == TG_OK;
}

static void
reading_free(struct reading *reading)
{
	tg_buf_free(&reading->text);
	tg_buf_free(&reading->items);
}

/* Hash runs of equal kind and format as one, however the document cut them. */
static int
hash_items(struct tg_doc *doc, const struct reading *reading, struct tg_hasher *hasher)
{
	struct tg_buf last = {0};
	uint32_t count = 0;
	uint32_t kind = UINT32_MAX;

	for (size_t at = 0; at < reading->items.len; at += 16) {
		uint32_t numbers[4];
		const uint8_t *format;
		size_t len;

		memcpy(numbers, reading->items.data + at, sizeof numbers);
		if (tg_doc_format(doc, numbers[1], &format, &len) != TG_OK) {
			tg_buf_free(&last);
			return 0;
		}
		if (numbers[0] != kind || len != last.len || memcmp(format, last.data, len) != 0) {
			tg_hash_update(hasher, &count, sizeof count);
			tg_hash_update(hasher, &numbers[0], sizeof numbers[0]);
			tg_hash_update(hasher, format, len);
			kind = numbers[0];
			count = 0;
			last.len = 0;
			tg_buf_put(&last, format, len);
		}
		count += numbers[2];
	}
	tg_hash_update(hasher, &count, sizeof count);
	tg_buf_free(&last);
	return 1;
}

int
sim_doc_digest(struct sim_host *host, const struct tg_hash *grid, struct tg_hash *digest)
{
	struct reading reading;
	struct tg_hasher hasher;
	struct tg_doc *doc = doc_of(host, grid);
	const uint8_t *registers;
	size_t len;
	int ok = read_doc(host, grid, &reading);

	if (ok) {
		tg_hash_init(&hasher, TG_DOMAIN_VECTOR);
		tg_hash_update(&hasher, reading.text.data, reading.text.len);
		ok = hash_items(doc, &reading, &hasher) && tg_doc_registers(doc, &registers, &len) == TG_OK;
		if (ok)
			tg_hash_update(&hasher, registers, len);
		tg_hash_final(&hasher, digest);
	}
	reading_free(&reading);
	return ok;
}

/* Does the display show the document's characters? */
static int
drawn(const struct sim_user *user, const struct reading *reading)
{
	size_t at = 0, i = 0;

	while (at < reading->text.len) {
		uint8_t c = reading->text.data[at];
		size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
		uint32_t scalar = n == 1 ? c : c & (0x7fu >> n);

		for (size_t j = 1; j < n; j++)
			scalar = scalar << 6 | (reading->text.data[at + j] & 0x3fu);
		if (i == user->view_len || user->view[i].scalar != (c == '\n' || c == 1 ? 0 : scalar))
			return 0;
		i++;
		at += n;
	}
	return i == user->view_len;
}

static void
tell_text(struct sim_host *host, const struct tg_hash *grid)
{
	struct reading reading;

	if (read_doc(host, grid, &reading))
		for (size_t at = 0; at < reading.text.len; at += 200)
			sim_say(host->world, host->profile->name, "/%u shows %.*s", host->number,
			    (int)(reading.text.len - at < 200 ? reading.text.len - at : 200),
			    (const char *)reading.text.data + at);
	reading_free(&reading);
}

void
sim_check_documents(struct sim_world *world, const struct tg_hash *grid)
{
	struct sim_host *first = NULL;
	struct tg_hash expected, digest;
	struct reading reading;

	for (size_t i = 0; i < world->host_count && !world->failed; i++) {
		struct sim_host *host = world->hosts[i];

		if (!sim_host_alive(host) || host->user == NULL || !host->user->opened)
			continue;
		if (!sim_doc_digest(host, grid, &digest)) {
			sim_fail(world, "%s/%u has no document", host->profile->name, host->number);
			return;
		}
		if (first == NULL) {
			first = host;
			expected = digest;
		} else if (tg_hash_cmp(&digest, &expected) != 0) {
			sim_fail(world, "%s/%u and %s/%u show different documents", first->profile->name,
			    first->number, host->profile->name, host->number);
			tell_text(first, grid);
			tell_text(host, grid);
		}
		if (read_doc(host, grid, &reading) && !drawn(host->user, &reading))
			sim_fail(world,
			    "the display of %s/%u differs from its document (%zu items, it has %u)",
			    host->profile->name, host->number, host->user->view_len,
			    tg_doc_length(doc_of(host, grid), TG_TEXT_FLOW_BODY));
		reading_free(&reading);
	}
	if (first == NULL)
		sim_fail(world, "nobody has the document open");
}

/* ---- tokens -------------------------------------------------------------------------------------------- */

struct sighting {
	uint32_t times;
	size_t at;
};

static int
digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The token that stands at ${p}, or -1. */
static int32_t
token_here(const struct sim_tokens *tokens, const uint8_t *p, size_t left)
{
	uint32_t author, number;

	if (left < SIM_TOKEN_CHARS || p[0] != '[' || p[4] != '.' || p[9] != ']')
		return -1;
	for (int i = 1; i < 9; i++)
		if (i != 4 && !digit(p[i]))
			return -1;
	author = (uint32_t)((p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0'));
	number = (uint32_t)((p[5] - '0') * 1000 + (p[6] - '0') * 100 + (p[7] - '0') * 10 + (p[8] - '0'));
	for (size_t i = 0; i < tokens->count; i++)
		if (tokens->list[i].author == author && tokens->list[i].number == number)
			return (int32_t)i;
	return -1;
}

/* Is there a device among those named that still has all it ever acknowledged? */
static int
still_promised(const struct sim_world *world, const struct sim_token *token)
{
	for (size_t i = 0; i < world->profile_count; i++)
		if ((token->holders[i / 64] >> i % 64 & 1) && !world->profiles[i]->unreliable)
			return 1;
	return 0;
}

static void
check_token(struct sim_world *world, const struct sighting *seen, size_t i)
{
	const struct sim_token *token = &world->tokens->list[i];
	char text[SIM_TOKEN_CHARS + 1];

	sim_token_text(token, text);
	if (seen[i].times > 1)
		sim_fail(world, "%s is in the text %u times", text, seen[i].times);
	else if (token->forbidden && seen[i].times > 0)
		sim_fail(world, "%s was typed with a view link and is in the text", text);
	else if (token->acked && !token->undone && seen[i].times == 0 && still_promised(world, token))
		sim_fail(world, "%s was safe on another device and is gone", text);
	else if (seen[i].times == 1 && token->after >= 0 && seen[token->after].times == 1 &&
		 seen[i].at < seen[token->after].at)
		sim_fail(world, "%s stands before the token it was typed behind", text);
}

/*
 * Leave only what tokens are made of.  Nobody types inside somebody's token, but whoever undoes the deletion
 * of letters puts them back beside a token that is being typed at that moment, and then they may stand inside
 * it.
 */
static void
keep_tokens(struct tg_buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] != 0 && strchr("[].0123456789", text->data[i]) != NULL)
			text->data[n++] = text->data[i];
	text->len = n;
}

void
sim_check_tokens(struct sim_world *world, const struct tg_hash *grid)
{
	struct sim_tokens *tokens = world->tokens;
	struct sighting *seen = sim_malloc((tokens->count + 1) * sizeof *seen);
	struct sim_host *host = NULL;
	struct reading reading;

	for (size_t i = 0; i < world->host_count && host == NULL; i++)
		if (doc_of(world->hosts[i], grid) != NULL && world->hosts[i]->user != NULL &&
		    world->hosts[i]->user->opened)
			host = world->hosts[i];
	if (host == NULL || !read_doc(host, grid, &reading)) {
		sim_fail(world, "nobody has the document");
		free(seen);
		return;
	}
	keep_tokens(&reading.text);
	for (size_t at = 0; at < reading.text.len; at++) {
		int32_t i = token_here(tokens, reading.text.data + at, reading.text.len - at);

		if (i < 0)
			continue;
		seen[i].times++;
		seen[i].at = at;
	}
	for (size_t i = 0; i < tokens->count && !world->failed; i++)
		check_token(world, seen, i);
	for (size_t at = 0; world->failed && at < reading.text.len; at += 200)
		sim_say(world, "text", "%.*s",
		    (int)(reading.text.len - at < 200 ? reading.text.len - at : 200),
		    (const char *)reading.text.data + at);
	reading_free(&reading);
	free(seen);
}

size_t
sim_acked(const struct sim_world *world)
{
	size_t n = 0;

	for (size_t i = 0; i < world->tokens->count; i++)
		n += (size_t)world->tokens->list[i].acked;
	return n;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static int
nothing_unsent(const struct sim_world *world)
{
	for (size_t i = 0; i < world->host_count; i++) {
		const struct sim_host *host = world->hosts[i];

		if (!sim_host_alive(host))
			continue;
		if (host->profile->store->first != NULL)
			return 0;
		if (host->user != NULL && (host->durability.unsent > 0 || host->user->poll_wanted))
			return 0;
	}
	return 1;
}

static void
quiet(struct sim_world *world)
{
	for (size_t i = 0; i < world->host_count; i++) {
		struct sim_user *user = world->hosts[i]->user;

		if (user == NULL || !sim_host_alive(world->hosts[i]))
			continue;
		user->quiet = 1;
		if (user->opened)
			sim_user_flush(user);
	}
}

/* Do all tabs show the same?  Tabs of one profile share a store, so equal stores are not enough. */
static int
documents_equal(struct sim_world *world, const struct tg_hash *grid)
{
	struct tg_hash first, digest;
	int any = 0;

	for (size_t i = 0; i < world->host_count; i++) {
		struct sim_host *host = world->hosts[i];

		if (!sim_host_alive(host) || host->user == NULL || !host->user->opened)
			continue;
		if (!sim_doc_digest(host, grid, any ? &digest : &first))
			return 0;
		if (any && tg_hash_cmp(&digest, &first) != 0)
			return 0;
		any = 1;
	}
	return any;
}

void
sim_settle(struct sim_world *world, const struct sim_links *links, uint64_t max_ms)
{
	uint64_t end = world->sched.now_ms + max_ms;
	int calm = 0;

	quiet(world);
	while (!world->failed && calm < 3) {
		sim_world_run(world, 500);
		calm = nothing_unsent(world) && sim_heads_equal(world, &links->grid) &&
			       documents_equal(world, &links->grid)
			   ? calm + 1
			   : 0;
		if (world->sched.now_ms > end && calm == 0) {
			tell_heads(world, &links->grid);
			if (sim_heads_equal(world, &links->grid))
				sim_check_documents(world, &links->grid); /* says who */
			sim_fail(world, "the peers did not agree within %u s", (unsigned)(max_ms / 1000));
		}
	}
	if (!world->failed)
		sim_check_stores(world, &links->grid, NULL);
	if (!world->failed)
		sim_check_documents(world, &links->grid);
	if (!world->failed)
		sim_check_tokens(world, &links->grid);
}
