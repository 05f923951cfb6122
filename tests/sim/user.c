#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "sim/user.h"
#include "sim/world.h"
#include "wire/writer.h"

#define POLL_DELAY_MS 30 /* the display draws at its own pace */
#define OBSERVE_MS    200
#define VIEW_MAX      20000 /* documents stay modest: beyond this nobody inserts letters */

_Static_assert(SIM_PROFILES_MAX <= 128, "a token's holders");

/* ---- tokens -------------------------------------------------------------------------------------------- */

struct sim_tokens *
sim_tokens_new(void)
{
	return sim_malloc(sizeof(struct sim_tokens));
}

void
sim_tokens_free(struct sim_tokens *tokens)
{
	free(tokens);
}

void
sim_token_text(const struct sim_token *token, char out[SIM_TOKEN_CHARS + 1])
{
	snprintf(out, SIM_TOKEN_CHARS + 1, "[%03u.%04u]", token->author % 1000, token->number % 10000);
}

static int32_t
new_token(struct sim_user *user)
{
	struct sim_tokens *tokens = user->host->world->tokens;
	struct sim_token *token;
	uint32_t number = 0;

	if (tokens->count == SIM_TOKENS_MAX)
		return -1;
	for (size_t i = 0; i < tokens->count; i++)
		number += tokens->list[i].author == user->author;
	token = &tokens->list[tokens->count];
	*token = (struct sim_token){
	    .author = user->author, .number = number, .after = -1, .profile = user->host->profile->number};
	return (int32_t)tokens->count++;
}

static struct sim_token *
token_at(const struct sim_user *user, int32_t i)
{
	return &user->host->world->tokens->list[i];
}

/* ---- the display --------------------------------------------------------------------------------------- */

static int
is_letter(const struct sim_item *item)
{
	return item->kind == TG_TEXT_CHAR && (item->scalar == ' ' || item->scalar >= 'a');
}

/* A gap where letters may go: not inside a token, finished or not. */
static int
is_gap(const struct sim_user *user, size_t index)
{
	const struct sim_item *before = index > 0 ? &user->view[index - 1] : NULL;

	return before == NULL || before->kind != TG_TEXT_CHAR || is_letter(before) || before->scalar == ']';
}

static size_t
some_gap(struct sim_user *user)
{
	size_t index = sim_rand_below(&user->rand, (uint32_t)user->view_len + 1);

	while (index < user->view_len && !is_gap(user, index))
		index++;
	while (index > 0 && !is_gap(user, index))
		index--;
	return index;
}

/* Do the first ${n} characters of ${text} stand at ${i}? */
static int
stands_at(const struct sim_user *user, size_t i, const char *text, size_t n)
{
	if (i > user->view_len || n > user->view_len - i)
		return 0;
	for (size_t j = 0; j < n; j++)
		if (user->view[i + j].scalar != (uint8_t)text[j])
			return 0;
	return 1;
}

long
sim_view_find(const struct sim_user *user, const struct sim_token *token)
{
	char text[SIM_TOKEN_CHARS + 1];

	sim_token_text(token, text);
	for (size_t i = 0; i + SIM_TOKEN_CHARS <= user->view_len; i++)
		if (stands_at(user, i, text, SIM_TOKEN_CHARS))
			return (long)i;
	return -1;
}

static void
view_insert(struct sim_user *user, size_t index, const struct sim_item *items, size_t n)
{
	while (user->view_len + n > user->view_cap) {
		user->view_cap = user->view_cap ? user->view_cap * 2 : 256;
		user->view = sim_realloc(user->view, user->view_cap * sizeof *user->view);
	}
	memmove(user->view + index + n, user->view + index, (user->view_len - index) * sizeof *user->view);
	memcpy(user->view + index, items, n * sizeof *items);
	user->view_len += n;
	if (index < user->caret)
		user->caret += n;
}

static void
view_delete(struct sim_user *user, size_t index, size_t n)
{
	if (index + n <= user->caret)
		user->caret -= n;
	else if (index < user->caret)
		user->caret = index;
	user->view_len -= n;
	memmove(user->view + index, user->view + index + n, (user->view_len - index) * sizeof *user->view);
}

/* The next scalar of valid UTF-8. */
static uint32_t
next_scalar(const uint8_t *data, size_t len, size_t *at)
{
	uint32_t c = data[(*at)++];
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (more > 0)
		c &= 0x3fu >> more;
	while (more-- > 0 && *at < len)
		c = c << 6 | (data[(*at)++] & 0x3fu);
	return c;
}

static int32_t
field(const uint8_t *records, size_t record, size_t i)
{
	const uint8_t *p = records + (record * TG_PATCH_FIELDS + i) * 4;

	return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static int
apply_insert(struct sim_user *user, const uint8_t *records, size_t i, struct tg_bytes bytes)
{
	size_t index = (size_t)field(records, i, 2), count = (size_t)field(records, i, 3);
	size_t from = (size_t)field(records, i, 6), len = (size_t)field(records, i, 7), at = 0;
	struct sim_item *items;
	int kind = field(records, i, 4), ok;

	if (index > user->view_len || count > 1u << 26 || from > bytes.len || len > bytes.len - from)
		return 0;
	items = sim_malloc(count * sizeof *items);
	for (size_t j = 0; j < count; j++) {
		items[j].kind = (uint8_t)kind;
		items[j].format = (uint32_t)field(records, i, 5);
		if (kind == TG_TEXT_CHAR && at < len)
			items[j].scalar = next_scalar(bytes.data + from, len, &at);
	}
	ok = at == len;
	if (ok)
		view_insert(user, index, items, count);
	free(items);
	return ok;
}

static int
apply_patch(struct sim_user *user, const uint8_t *records, size_t i, struct tg_bytes bytes)
{
	size_t index = (size_t)field(records, i, 2), count = (size_t)field(records, i, 3);

	switch (field(records, i, 0)) {
	case TG_PATCH_INSERT:
		return apply_insert(user, records, i, bytes);
	case TG_PATCH_DELETE:
		if (index > user->view_len || count > user->view_len - index)
			return 0;
		view_delete(user, index, count);
		return 1;
	case TG_PATCH_REFORMAT:
		if (index > user->view_len || count > user->view_len - index)
			return 0;
		for (size_t j = 0; j < count; j++)
			user->view[index + j].format = (uint32_t)field(records, i, 5);
		return 1;
	default:
		return field(records, i, 0) == TG_PATCH_SET;
	}
}

static void
apply_patches(struct sim_user *user, struct tg_bytes value)
{
	struct tg_reader r;
	struct tg_bytes records, bytes;

	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 2, 2);
	records = tg_read_bin(&r, 1u << 26);
	bytes = tg_read_bin(&r, 1u << 26);
	if (tg_reader_end(&r) != TG_OK || records.len % (TG_PATCH_FIELDS * 4) != 0) {
		sim_fail(user->host->world, "%s: malformed answer to poll", user->host->profile->name);
		return;
	}
	for (size_t i = 0; i < records.len / (TG_PATCH_FIELDS * 4); i++)
		if (!apply_patch(user, records.data, i, bytes)) {
			sim_fail(user->host->world, "%s: a patch does not fit the display (%zu of %zu items)",
			    user->host->profile->name, i, user->view_len);
			return;
		}
}

static void
on_poll_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;

	user->polls_open--;
	if (status == TG_OK)
		apply_patches(user, value);
	else if (status != TG_ECLOSED)
		sim_fail(host->world, "%s: poll failed with %s", host->profile->name, tg_status_name(status));
}

void
sim_user_poll(struct sim_user *user)
{
	struct tg_buf event;

	user->poll_wanted = 0;
	if (!sim_host_alive(user->host))
		return;
	sim_host_command(user->host, TG_COMMAND_POLL, 1, &event);
	tg_write_bin(&event, user->host->grid.b, 32);
	user->polls_open++;
	sim_host_send(user->host, &event, on_poll_reply, user);
}

static void
poll_due(void *ctx, uint64_t arg)
{
	struct sim_user *user = ctx;

	(void)arg;
	if (user->poll_wanted && user->opened)
		sim_user_poll(user);
}

static void
on_changed(struct sim_host *host)
{
	struct sim_user *user = host->user;

	if (user == NULL || user->poll_wanted)
		return;
	user->poll_wanted = 1;
	sim_at(&host->world->sched, host->world->sched.now_ms + sim_rand_below(&user->rand, POLL_DELAY_MS),
	    poll_due, user, 0);
}

/* ---- editing ------------------------------------------------------------------------------------------- */

static void
on_edit_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;

	(void)value;
	if (status == TG_OK || status == TG_ECLOSED)
		return;
	user->refused++;
	if (!user->viewer)
		sim_fail(
		    host->world, "%s: an edit failed with %s", host->profile->name, tg_status_name(status));
}

/* Begin an edit command with one edit of ${argc} further fields. */
static void
edit_begin(struct sim_user *user, struct tg_buf *event, int kind, uint32_t fields)
{
	sim_host_command(user->host, TG_COMMAND_EDIT, 2, event);
	tg_write_bin(event, user->host->grid.b, 32);
	tg_write_array(event, 1);
	tg_write_array(event, fields);
	tg_write_uint(event, (uint64_t)kind);
}

static void
insert(struct sim_user *user, size_t index, const char *text, size_t len, int bold)
{
	struct tg_buf event;
	size_t at = 0, n = 0;
	struct sim_item items[512];

	while (at < len && n < 512)
		items[n++] = (struct sim_item){next_scalar((const uint8_t *)text, len, &at), TG_TEXT_CHAR, 0};
	edit_begin(user, &event, TG_EDIT_INSERT, 5);
	tg_write_uint(&event, TG_TEXT_FLOW_BODY);
	tg_write_uint(&event, index);
	tg_write_str(&event, text, at);
	tg_write_array(&event, bold ? 1 : 0);
	if (bold) {
		tg_write_array(&event, 2);
		tg_write_str(&event, "bold", 4);
		tg_write_bool(&event, 1);
	}
	if (!user->viewer) /* a page that may only look draws nothing of its own */
		view_insert(user, index, items, n);
	sim_host_send(user->host, &event, on_edit_reply, user);
}

void
sim_user_type_text(struct sim_user *user, uint32_t index, const char *text)
{
	insert(user, index, text, strlen(text), 0);
}

static void
insert_block(struct sim_user *user)
{
	static const char *const kinds[] = {"paragraph", "heading", "quote"};
	const char *kind = kinds[sim_rand_below(&user->rand, 3)];
	struct sim_item item = {0, TG_TEXT_BLOCK, 0};
	size_t index = some_gap(user);
	struct tg_buf event;

	edit_begin(user, &event, TG_EDIT_BLOCK, 4);
	tg_write_uint(&event, TG_TEXT_FLOW_BODY);
	tg_write_uint(&event, index);
	tg_write_array(&event, 1);
	tg_write_array(&event, 2);
	tg_write_str(&event, "type", 4);
	tg_write_str(&event, kind, strlen(kind));
	view_insert(user, index, &item, 1);
	sim_host_send(user->host, &event, on_edit_reply, user);
}

static void
insert_letters(struct sim_user *user)
{
	static const char *const words[] = {"lorem ", "ipsum ", "d\xc3\xa9j\xc3\xa0 ",
	    "\xe6\xbc\xa2\xe5\xad\x97", "\xf0\x9f\x98\x80", "x", "sit amet ", "zzz "};
	char text[128] = "";
	uint32_t n = sim_rand_between(&user->rand, 1, 6);

	if (user->view_len > VIEW_MAX)
		return;
	while (n-- > 0)
		strcat(text, words[sim_rand_below(&user->rand, 8)]);
	insert(user, some_gap(user), text, strlen(text), sim_rand_percent(&user->rand, 20));
}

static void
delete_letters(struct sim_user *user)
{
	size_t from = sim_rand_below(&user->rand, (uint32_t)user->view_len + 1), n = 0;
	struct tg_buf event;

	while (from < user->view_len && !is_letter(&user->view[from]))
		from++;
	while (from + n < user->view_len && n < 12 && is_letter(&user->view[from + n]))
		n++;
	if (n == 0)
		return;
	edit_begin(user, &event, TG_EDIT_DELETE, 4);
	tg_write_uint(&event, TG_TEXT_FLOW_BODY);
	tg_write_uint(&event, from);
	tg_write_uint(&event, n);
	view_delete(user, from, n);
	sim_host_send(user->host, &event, on_edit_reply, user);
}

static void
mark(struct sim_user *user)
{
	static const char *const keys[] = {"bold", "italic", "highlight"};
	const char *key = keys[sim_rand_below(&user->rand, 3)];
	uint32_t from, to;
	struct tg_buf event;

	if (user->view_len == 0)
		return;
	from = sim_rand_below(&user->rand, (uint32_t)user->view_len);
	to = from + 1 + sim_rand_below(&user->rand, (uint32_t)user->view_len - from);
	edit_begin(user, &event, TG_EDIT_MARK, 6);
	tg_write_uint(&event, TG_TEXT_FLOW_BODY);
	tg_write_uint(&event, from);
	tg_write_uint(&event, to);
	tg_write_str(&event, key, strlen(key));
	if (sim_rand_percent(&user->rand, 70))
		tg_write_bool(&event, 1);
	else
		tg_write_nil(&event);
	sim_host_send(user->host, &event, on_edit_reply, user);
}

/* Where the next own token goes: behind the newest own one that is still on the screen. */
static size_t
place_for_token(struct sim_user *user, struct sim_token *token)
{
	while (user->newest >= 0) {
		long at = sim_view_find(user, token_at(user, user->newest));

		if (at >= 0) {
			token->after = user->newest;
			return (size_t)at + SIM_TOKEN_CHARS;
		}
		user->newest = token_at(user, user->newest)->after;
	}
	return some_gap(user);
}

static void
token_done(struct sim_user *user)
{
	struct sim_token *token = token_at(user, user->typing);
	char text[SIM_TOKEN_CHARS + 1];

	sim_token_text(token, text);
	token->complete = 1;
	token->forbidden = user->viewer;
	if (!token->forbidden)
		user->newest = user->typing;
	user->typing = -1;
	sim_say(user->host->world, user->host->profile->name, "/%u typed %s", user->host->number, text);
}

/* Type the next ${n} characters of a token. */
static void
type(struct sim_user *user, uint32_t n)
{
	char text[SIM_TOKEN_CHARS + 1];
	struct sim_token *token;
	size_t index;

	if (user->typing < 0) {
		if ((user->typing = new_token(user)) < 0)
			return;
		user->typed = 0;
	}
	token = token_at(user, user->typing);
	sim_token_text(token, text);
	if (user->typed == 0) {
		index = place_for_token(user, token);
	} else {
		/* What others insert right at the caret stays behind it. */
		index = user->caret;
		if (index < user->typed || !stands_at(user, index - user->typed, text, user->typed)) {
			user->typing = -1; /* somebody's undo took its beginning away */
			return;
		}
	}
	if (n > SIM_TOKEN_CHARS - user->typed)
		n = SIM_TOKEN_CHARS - user->typed;
	insert(user, index, text + user->typed, n, 0);
	user->caret = index + n;
	user->typed += n;
	if (user->typed == SIM_TOKEN_CHARS)
		token_done(user);
}

void
sim_user_type_token(struct sim_user *user)
{
	if (user->typing >= 0)
		type(user, SIM_TOKEN_CHARS);
	type(user, SIM_TOKEN_CHARS);
}

static void
on_undo_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;
	struct sim_tokens *tokens = host->world->tokens;

	user->polls_open--;
	if (status == TG_ECLOSED)
		return;
	if (status != TG_OK) {
		sim_fail(host->world, "%s: undo failed with %s", host->profile->name, tg_status_name(status));
		return;
	}
	if (value.len == 1 && value.data[0] == 0xc0)
		return; /* nothing to undo */
	apply_patches(user, value);
	for (size_t i = 0; i < tokens->count; i++) {
		struct sim_token *token = &tokens->list[i];

		if (token->author != user->author || !token->complete || token->forbidden)
			continue;
		if (sim_view_find(user, token) < 0) {
			token->undone = 1;
			token->acked = token->flushed = 0;
		} else if (token->undone) {
			token->undone = 0;
		}
	}
}

void
sim_user_undo(struct sim_user *user, int redo)
{
	struct tg_buf event;

	sim_say(user->host->world, user->host->profile->name, "/%u %s", user->host->number,
	    redo ? "redoes" : "undoes");
	sim_host_command(user->host, redo ? TG_COMMAND_REDO : TG_COMMAND_UNDO, 1, &event);
	tg_write_bin(&event, user->host->grid.b, 32);
	user->polls_open++;
	sim_host_send(user->host, &event, on_undo_reply, user);
}

struct flush {
	struct sim_user *user;
	size_t tokens; /* those below were typed before it */
};

static void
on_flush_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct flush *flush = ctx;
	struct sim_tokens *tokens = host->world->tokens;

	(void)value;
	for (size_t i = 0; status == TG_OK && i < flush->tokens; i++) {
		struct sim_token *token = &tokens->list[i];

		if (token->author == flush->user->author && token->complete && !token->undone &&
		    !token->forbidden)
			token->flushed = 1;
	}
	flush->user->flushes++;
	free(flush);
}

void
sim_user_flush(struct sim_user *user)
{
	struct flush *flush = sim_malloc(sizeof *flush);
	struct tg_buf event;

	flush->user = user;
	/* A token of which only a part is typed is not covered, though its number is below. */
	flush->tokens = user->typing >= 0 ? (size_t)user->typing : user->host->world->tokens->count;
	sim_host_command(user->host, TG_COMMAND_FLUSH, 1, &event);
	tg_write_bin(&event, user->host->grid.b, 32);
	sim_host_send(user->host, &event, on_flush_reply, flush);
}

void
sim_user_observe(struct sim_user *user)
{
	const struct sim_durability *d = &user->host->durability;
	struct sim_world *world = user->host->world;
	uint64_t holders[2] = {0, 0};

	if (!d->known || d->safe < 2 || !sim_host_alive(user->host))
		return;
	if (d->safe > d->holder_count)
		holders[user->host->profile->number / 64] |= UINT64_C(1) << user->host->profile->number % 64;
	for (size_t i = 0; i < world->profile_count; i++)
		for (size_t j = 0; j < d->holder_count; j++)
			if (world->profiles[i]->has_device &&
			    tg_hash_cmp(&world->profiles[i]->device, &d->holders[j]) == 0)
				holders[i / 64] |= UINT64_C(1) << i % 64;
	for (size_t i = 0; i < world->tokens->count; i++) {
		struct sim_token *token = &world->tokens->list[i];

		if (token->author != user->author || !token->flushed || token->undone || token->acked)
			continue;
		token->acked = 1;
		memcpy(token->holders, holders, sizeof holders);
	}
}

int
sim_user_ready(const struct sim_user *user)
{
	return sim_host_alive(user->host) && user->opened && user->host->grid_state == TG_GRID_READY;
}

/* ---- one person's day ---------------------------------------------------------------------------------- */

static void
caret(struct sim_user *user)
{
	uint32_t at = sim_rand_below(&user->rand, (uint32_t)user->view_len + 1);
	struct tg_buf event;

	sim_host_command(user->host, TG_COMMAND_CARET, 2, &event);
	tg_write_bin(&event, user->host->grid.b, 32);
	if (sim_rand_percent(&user->rand, 10)) {
		tg_write_nil(&event);
	} else {
		tg_write_array(&event, 3);
		tg_write_uint(&event, TG_TEXT_FLOW_BODY);
		tg_write_uint(&event, at);
		tg_write_uint(&event, at);
	}
	sim_host_send(user->host, &event, NULL, NULL);
}

static void
title(struct sim_user *user)
{
	char text[32];
	struct tg_buf event;

	snprintf(text, sizeof text, "title by %u", user->author);
	sim_host_command(user->host, TG_COMMAND_TITLE, 2, &event);
	tg_write_bin(&event, user->host->grid.b, 32);
	tg_write_str(&event, text, strlen(text));
	sim_host_send(user->host, &event, NULL, NULL);
}

static void
profile(struct sim_user *user)
{
	char text[32];
	struct tg_buf event;

	snprintf(text, sizeof text, "name %u", sim_rand_below(&user->rand, 1000));
	sim_host_command(user->host, TG_COMMAND_PROFILE, 2, &event);
	tg_write_str(&event, text, strlen(text));
	tg_write_uint(&event, sim_rand_below(&user->rand, 0x1000000));
	sim_host_send(user->host, &event, NULL, NULL);
}

static void
act(struct sim_user *user)
{
	uint32_t dice = sim_rand_below(&user->rand, 100);
	/* An undo puts letters back right behind the caret of somebody who types, and a word that is typed
	 * letter by letter may then be split: both are right, so a world has the one or the other. */
	int undoes = user->host->world->seed % 2;

	if (user->viewer) {
		if (dice < 20 && user->typing < 0)
			type(user, SIM_TOKEN_CHARS);
		else if (dice < 60)
			caret(user);
		return;
	}
	if (user->typing >= 0)
		type(user, sim_rand_between(&user->rand, 1, 3));
	else if (dice < 40)
		type(user, undoes || sim_rand_percent(&user->rand, 50) ? SIM_TOKEN_CHARS : 1);
	else if (dice < 55)
		insert_letters(user);
	else if (dice < 66)
		delete_letters(user);
	else if (dice < 74)
		mark(user);
	else if (dice < 78)
		insert_block(user);
	else if (dice < 81 && undoes)
		sim_user_undo(user, 0);
	else if (dice < 83 && undoes)
		sim_user_undo(user, 1);
	else if (dice < 88)
		caret(user);
	else if (dice < 89)
		title(user);
	else if (dice < 90)
		profile(user);
	else
		sim_user_flush(user);
}

static void
turn(void *ctx, uint64_t arg)
{
	struct sim_user *user = ctx;
	struct sim_sched *sched = &user->host->world->sched;

	(void)arg;
	if (!sim_host_alive(user->host))
		return;
	if (!user->quiet && sim_user_ready(user) && user->polls_open == 0)
		act(user);
	if (!sim_host_alive(user->host)) /* it may have run out of memory */
		return;
	/* Characters of a word follow each other faster than thoughts. */
	sim_at(sched,
	    sched->now_ms + (user->typing >= 0
				    ? sim_rand_between(&user->rand, 20, 120)
				    : sim_rand_between(&user->rand, user->turn_min_ms, user->turn_max_ms)),
	    turn, user, 0);
}

static void
observe(void *ctx, uint64_t arg)
{
	struct sim_user *user = ctx;

	(void)arg;
	if (!sim_host_alive(user->host))
		return;
	sim_user_observe(user);
	sim_at(&user->host->world->sched, user->host->world->sched.now_ms + OBSERVE_MS, observe, user, 0);
}

static void
ready(struct sim_user *user)
{
	user->opened = 1;
	sim_say(
	    user->host->world, user->host->profile->name, "/%u has the document open", user->host->number);
	sim_user_poll(user);
	observe(user, 0);
	if (user->on_open != NULL)
		user->on_open(user);
	turn(user, 0);
}

static void
on_open_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;

	(void)value;
	if (status == TG_ECLOSED)
		return;
	if (status != TG_OK) {
		user->open_failed = status;
		sim_say(
		    host->world, host->profile->name, "/%u open: %s", host->number, tg_status_name(status));
		return;
	}
	ready(user);
}

static void
open_grid(struct sim_user *user)
{
	const struct sim_links *l = user->links;
	struct tg_buf event;

	user->host->grid = l->grid;
	user->host->has_grid = 1;
	sim_host_command(user->host, TG_COMMAND_OPEN, 3, &event);
	tg_write_bin(&event, l->grid.b, 32);
	tg_write_str(&event, user->mode, strlen(user->mode));
	if (user->mode[0] == 'e')
		tg_write_bin(&event, l->edit, 32);
	else if (user->mode[0] == 'c')
		tg_write_bin(&event, l->comment, 32);
	else if (user->mode[0] == 'v')
		tg_write_bin(&event, l->view, 64);
	else
		tg_write_bin(&event, NULL, 0);
	sim_host_send(user->host, &event, on_open_reply, user);
}

/* base64url without padding.  Returns the bytes, or -1. */
static int
unbase64(const uint8_t *text, size_t len, uint8_t *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0, held = 0;
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *p = memchr(digits, text[i], 64);

		if (p == NULL)
			return -1;
		bits = bits << 6 | (uint32_t)(p - digits);
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (uint8_t)(bits >> held);
		}
	}
	return n;
}

/* "#/g/<grid id>/<mode><secret>" to the secret. */
static int
read_link(struct sim_user *user, struct tg_bytes link, char mode, uint8_t *secret, int secret_len)
{
	uint8_t grid[64], bytes[128];

	if (link.len < 4 + 43 + 2 || memcmp(link.data, "#/g/", 4) != 0 || link.data[47] != '/' ||
	    link.data[48] != (uint8_t)mode || link.len > 49 + 120)
		return 0;
	if (unbase64(link.data + 4, 43, grid) != 32 || memcmp(grid, user->host->grid.b, 32) != 0)
		return 0;
	if (unbase64(link.data + 49, link.len - 49, bytes) != secret_len)
		return 0;
	memcpy(secret, bytes, (size_t)secret_len);
	return 1;
}

static void
on_links_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;
	struct sim_links *l = user->links;
	struct tg_reader r;
	struct tg_bytes edit, comment, view;

	if (status == TG_ECLOSED)
		return;
	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 3, 3);
	edit = tg_read_str(&r, 256);
	comment = tg_read_str(&r, 256);
	view = tg_read_str(&r, 256);
	if (status != TG_OK || tg_reader_end(&r) != TG_OK || !read_link(user, edit, 'e', l->edit, 32) ||
	    !read_link(user, comment, 'c', l->comment, 32) || !read_link(user, view, 'v', l->view, 64)) {
		sim_fail(
		    host->world, "%s: malformed links (%s)", host->profile->name, tg_status_name(status));
		return;
	}
	l->grid = host->grid;
	l->known = 1;
	ready(user);
}

static void
on_create_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct tg_buf event;
	struct tg_reader r;

	if (status == TG_ECLOSED)
		return;
	tg_reader_init(&r, value.data, value.len);
	tg_read_fixed(&r, host->grid.b, 32);
	if (status != TG_OK || tg_reader_end(&r) != TG_OK) {
		sim_fail(
		    host->world, "%s: create failed with %s", host->profile->name, tg_status_name(status));
		return;
	}
	host->has_grid = 1;
	sim_host_command(host, TG_COMMAND_LINKS, 1, &event);
	tg_write_bin(&event, host->grid.b, 32);
	sim_host_send(host, &event, on_links_reply, ctx);
}

static void
on_start_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;
	struct tg_hash device;
	struct tg_buf event;
	struct tg_reader r;

	if (status == TG_ECLOSED)
		return;
	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 3, 3);
	tg_read_fixed(&r, device.b, 32);
	tg_read_str(&r, 64);
	tg_read_uint(&r, 0xffffff);
	if (status != TG_OK || tg_reader_end(&r) != TG_OK) {
		sim_fail(
		    host->world, "%s: start failed with %s", host->profile->name, tg_status_name(status));
		return;
	}
	host->profile->device = device;
	host->profile->has_device = 1;
	if (!user->create) {
		open_grid(user);
		return;
	}
	sim_host_command(host, TG_COMMAND_CREATE, 1, &event);
	tg_write_str(&event, "a document", 10);
	sim_host_send(host, &event, on_create_reply, user);
}

/* ---- the document must be opened again ------------------------------------------------------------------
 */

static void
on_open_again_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;

	(void)value;
	if (status == TG_ECLOSED)
		return;
	if (status != TG_OK) {
		sim_fail(host->world, "%s: opening again failed with %s", host->profile->name,
		    tg_status_name(status));
		return;
	}
	user->opened = 1;
	sim_user_poll(user);
}

static void
on_close_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_user *user = ctx;
	struct tg_buf event;

	(void)value;
	if (status != TG_OK)
		return;
	user->view_len = user->caret = 0;
	user->typing = -1;
	sim_host_command(host, TG_COMMAND_OPEN, 3, &event);
	tg_write_bin(&event, host->grid.b, 32);
	tg_write_str(&event, "", 0);
	tg_write_bin(&event, NULL, 0);
	sim_host_send(host, &event, on_open_again_reply, user);
}

static void
open_again(void *ctx, uint64_t arg)
{
	struct sim_user *user = ctx;
	struct tg_buf event;

	(void)arg;
	if (!sim_host_alive(user->host) || !user->opened)
		return;
	user->opened = 0;
	sim_say(
	    user->host->world, user->host->profile->name, "/%u opens the document again", user->host->number);
	sim_host_command(user->host, TG_COMMAND_CLOSE, 1, &event);
	tg_write_bin(&event, user->host->grid.b, 32);
	sim_host_send(user->host, &event, on_close_reply, user);
}

static void
on_reopen(struct sim_host *host)
{
	sim_at(&host->world->sched,
	    host->world->sched.now_ms + sim_rand_below(&host->user->rand, POLL_DELAY_MS), open_again,
	    host->user, 0);
}

struct sim_user *
sim_user_start(struct sim_host *host, struct sim_links *links, const char *mode, int create)
{
	struct sim_user *user = sim_malloc(sizeof *user);
	struct tg_buf event;

	user->host = host;
	user->rand = sim_rand_fork(&host->rand);
	user->links = links;
	user->mode[0] = mode[0];
	user->create = create;
	host->profile->viewer |= mode[0] == 'v';
	user->viewer = host->profile->viewer;
	user->author = host->world->tokens->authors++;
	user->typing = user->newest = -1;
	user->turn_min_ms = 150;
	user->turn_max_ms = 1500;
	host->user = user;
	host->on_changed = on_changed;
	host->on_reopen = on_reopen;
	sim_host_command(host, TG_COMMAND_START, 2, &event);
	tg_write_uint(&event, 0);
	tg_write_str(&event, host->profile->name, strlen(host->profile->name));
	sim_host_send(host, &event, on_start_reply, user);
	return user;
}

void
sim_user_free(struct sim_user *user)
{
	if (user == NULL)
		return;
	free(user->view);
	free(user);
}
