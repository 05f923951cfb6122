/*
 * Log operations that need stored records.
 *
 * tg_log asks for records through tg_fetch and fails with TG_ENOTFOUND while they are not in memory.  A retry
 * notes what was asked for, loads it (neighbours in one range), and runs the operation again with the same
 * input.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"

#define MAX_ROUNDS 4

static void
retry_free(struct tgp_retry *retry)
{
	for (size_t i = 0; i < retry->record_count; i++)
		tg_buf_free(&retry->records[i].value);
	tg_free(retry->records);
	tg_free(retry->noted);
	tg_buf_free(&retry->data);
	tg_free(retry);
}

static void
unlink_retry(struct tgp_retry *retry)
{
	struct tgp_retry **at = &retry->grid->retries;

	while (*at != retry)
		at = &(*at)->next;
	*at = retry->next;
}

static int
fetch_record(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	struct tgp_retry *retry = ctx;
	struct tgp_noted *n;

	for (size_t i = 0; i < retry->record_count; i++) {
		const struct tgp_record *r = &retry->records[i];

		if (r->seq == seq && tg_key_cmp(&r->log, log) == 0) {
			*value = (struct tg_bytes){r->value.data, r->value.len};
			return TG_OK;
		}
	}
	for (size_t i = 0; i < retry->noted_count; i++)
		if (retry->noted[i].seq == seq && tg_key_cmp(&retry->noted[i].log, log) == 0)
			return TG_ENOTFOUND;
	n = tg_mem_add((void **)&retry->noted, &retry->noted_count, &retry->noted_cap, sizeof *n);
	if (n == NULL)
		return TG_ENOMEM;
	*n = (struct tgp_noted){*log, seq};
	return TG_ENOTFOUND;
}

struct tg_fetch
tgp_retry_fetch(struct tgp_retry *retry)
{
	return (struct tg_fetch){fetch_record, retry};
}

static int step(struct tg_peer *p, struct tgp_retry *retry);

static int
records_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes list, uint32_t count, int more)
{
	struct tgp_retry *retry = job->retry;
	struct tg_bytes key, value;

	(void)status; /* what did not come is asked for again, a bounded number of times */
	(void)count;
	(void)more;
	while (tgp_next_record(&list, &key, &value)) {
		struct tgp_record *r;
		uint64_t seq = 0;

		if (key.len != 73)
			continue;
		r = tg_mem_add((void **)&retry->records, &retry->record_count, &retry->record_cap, sizeof *r);
		if (r == NULL)
			return TG_ENOMEM;
		memcpy(r->log.b, key.data + 33, TG_KEY_BYTES);
		for (int i = 0; i < 8; i++)
			seq = seq << 8 | key.data[65 + i];
		r->seq = seq;
		tg_buf_put(&r->value, value.data, value.len);
		if (tg_buf_status(&r->value) != TG_OK)
			return TG_ENOMEM;
	}
	if (--retry->outstanding > 0)
		return TG_OK;
	return step(p, retry);
}

/* One load for the run of noted records that begins at i; *i moves behind it. */
static int
load_run(struct tg_peer *p, struct tgp_retry *retry, size_t *i)
{
	const struct tgp_noted *first = &retry->noted[*i];
	uint8_t from[TG_STORAGE_KEY_MAX_BYTES], to[TG_STORAGE_KEY_MAX_BYTES];
	size_t n = 1, from_len, to_len;
	struct tgp_job *job;

	while (*i + n < retry->noted_count && retry->noted[*i + n].seq == first->seq + n &&
	       tg_key_cmp(&retry->noted[*i + n].log, &first->log) == 0)
		n++;
	from_len = tg_storage_key_entry(&retry->grid->id, &first->log, first->seq, from);
	to_len = tg_storage_key_entry(&retry->grid->id, &first->log, first->seq + n, to);
	*i += n;
	if (tgp_load(p, retry->grid, (struct tg_bytes){from, from_len}, (struct tg_bytes){to, to_len},
		TGP_DATA_BYTES + TG_ENTRY_MAX_BYTES, records_loaded, &job) != TG_OK)
		return TG_ENOMEM;
	job->retry = retry;
	retry->outstanding++;
	return TG_OK;
}

static int
step(struct tg_peer *p, struct tgp_retry *retry)
{
	uint64_t stood = retry->number;
	int rc;

	retry->noted_count = 0;
	rc = retry->again(p, retry);
	if (retry->number != stood || retry->record_count != retry->had)
		retry->rounds = 0; /* it got on */
	retry->had = retry->record_count;
	if (rc == TG_ENOTFOUND && retry->noted_count > 0 && retry->rounds++ < MAX_ROUNDS) {
		for (size_t i = 0; i < retry->noted_count;)
			if (load_run(p, retry, &i) != TG_OK)
				return TG_ENOMEM;
		return TG_OK;
	}
	if (rc == TG_ENOTFOUND) {
		retry->give_up = 1;
		rc = retry->again(p, retry);
	}
	unlink_retry(retry);
	retry_free(retry);
	return rc == TG_ENOMEM ? TG_ENOMEM : TG_OK;
}

int
tgp_retry_run(struct tgp_grid *g, int (*again)(struct tg_peer *, struct tgp_retry *), struct tg_bytes data,
    const struct tg_key *session, uint64_t number)
{
	struct tgp_retry *retry = tg_calloc(1, sizeof *retry);

	if (retry == NULL)
		return TG_ENOMEM;
	tg_buf_put(&retry->data, data.data, data.len);
	if (tg_buf_status(&retry->data) != TG_OK) {
		retry_free(retry);
		return TG_ENOMEM;
	}
	retry->grid = g;
	retry->again = again;
	if (session)
		retry->session = *session;
	retry->number = number;
	retry->next = g->retries;
	g->retries = retry;
	return step(g->peer, retry);
}

void
tgp_retries_free(struct tgp_grid *g)
{
	while (g->retries) {
		struct tgp_retry *retry = g->retries;

		g->retries = retry->next;
		retry_free(retry);
	}
}
