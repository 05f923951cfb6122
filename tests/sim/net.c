#include <stdlib.h>
#include <string.h>

#include "sim/net.h"
#include "sim/relay.h"

struct sim_packet {
	struct sim_packet *next;
	uint64_t at_ms;
	size_t len; /* 0: the relay's good-bye */
	uint8_t data[];
};

struct sim_source {
	const struct sim_link *link;
	uint64_t last_ms;
};

/* Frames due in the same millisecond travel in one WebSocket message, up to this size. */
#define JOIN_MAX_BYTES 65536u

static void
opened(void *ctx, uint64_t arg)
{
	struct sim_link *link = ctx;

	(void)arg;
	if (link->state != SIM_LINK_DIALLING)
		return;
	if ((link->conn = sim_relay_accept(link->relay, link)) == NULL) {
		sim_link_cut(link, 1);
		return;
	}
	link->state = SIM_LINK_OPEN;
	link->was_open = 1;
	link->calls->opened(link->owner, link);
	sim_relay_greet(link->relay, link->conn);
}

struct sim_link *
sim_link_dial(struct sim_sched *sched, struct sim_rand rand, struct sim_relay *relay, void *owner,
    const struct sim_link_owner *calls, uint64_t id)
{
	struct sim_link *link = sim_malloc(sizeof *link);

	link->sched = sched;
	link->rand = rand;
	link->relay = relay;
	link->owner = owner;
	link->calls = calls;
	link->id = id;
	link->latency_ms = sim_rand_between(&link->rand, 1, 60);
	sim_at(sched, sched->now_ms + 2 * link->latency_ms, opened, link, 0);
	return link;
}

static void
drop(struct sim_packet **head)
{
	while (*head != NULL) {
		struct sim_packet *p = *head;

		*head = p->next;
		free(p);
	}
}

void
sim_link_free(struct sim_link *link)
{
	if (link == NULL)
		return;
	drop(&link->up);
	drop(&link->down);
	free(link->sources);
	free(link);
}

static struct sim_packet *
packet(uint64_t at_ms, const uint8_t *data, size_t len)
{
	struct sim_packet *p = sim_malloc(sizeof *p + len);

	p->at_ms = at_ms;
	p->len = len;
	if (len > 0)
		memcpy(p->data, data, len);
	return p;
}

/* When the newest frame of ${source} arrives. */
static uint64_t *
source_clock(struct sim_link *link, const struct sim_link *source)
{
	for (size_t i = 0; i < link->source_count; i++)
		if (link->sources[i].link == source)
			return &link->sources[i].last_ms;
	link->sources = sim_realloc(link->sources, (link->source_count + 1) * sizeof *link->sources);
	link->sources[link->source_count] = (struct sim_source){source, 0};
	return &link->sources[link->source_count++].last_ms;
}

static void
arrive_up(void *ctx, uint64_t arg)
{
	struct sim_link *link = ctx;
	struct sim_packet *p;

	(void)arg;
	if (link->state != SIM_LINK_OPEN || link->frozen || link->up == NULL)
		return;
	p = link->up;
	if ((link->up = p->next) == NULL)
		link->up_tail = NULL;
	link->up_bytes += p->len;
	sim_relay_receive(link->relay, link->conn, p->data, p->len);
	free(p);
}

/* Deliver everything due by now as one message: a relay joins what it sends in one turn. */
static void
arrive_down(void *ctx, uint64_t arg)
{
	struct sim_link *link = ctx;
	uint8_t *joined = NULL;
	size_t len = 0;
	int goodbye = 0;

	(void)arg;
	if (link->state != SIM_LINK_OPEN || link->frozen)
		return;
	while (link->down != NULL && link->down->at_ms <= link->sched->now_ms && !goodbye &&
	       (len == 0 || len + link->down->len <= JOIN_MAX_BYTES)) {
		struct sim_packet *p = link->down;

		link->down = p->next;
		if (p->len == 0) {
			goodbye = 1;
		} else {
			joined = sim_realloc(joined, len + p->len);
			memcpy(joined + len, p->data, p->len);
			len += p->len;
		}
		free(p);
	}
	link->down_bytes += len;
	if (len > 0)
		link->calls->received(link->owner, link, joined, len);
	free(joined);
	if (goodbye)
		sim_link_cut(link, 1);
}

void
sim_link_up(struct sim_link *link, const uint8_t *data, size_t len)
{
	uint64_t at = link->sched->now_ms + link->latency_ms + sim_rand_below(&link->rand, 5);
	struct sim_packet *p;

	if (link->state != SIM_LINK_OPEN)
		return;
	if (at < link->up_last_ms)
		at = link->up_last_ms;
	link->up_last_ms = at;
	p = packet(at, data, len);
	if (link->up_tail != NULL)
		link->up_tail->next = p;
	else
		link->up = p;
	link->up_tail = p;
	sim_at(link->sched, at, arrive_up, link, 0);
}

void
sim_link_down(
    struct sim_link *link, const struct sim_link *source, uint32_t delay_ms, const uint8_t *data, size_t len)
{
	uint64_t at = link->sched->now_ms + delay_ms + link->latency_ms + sim_rand_below(&link->rand, 5);
	struct sim_packet **place = &link->down, *p;
	uint64_t *clock;

	if (link->state != SIM_LINK_OPEN)
		return;
	clock = source_clock(link, source);
	if (len == 0) /* good-bye comes after everything */
		for (size_t i = 0; i < link->source_count; i++)
			at = at < link->sources[i].last_ms ? link->sources[i].last_ms : at;
	if (at < *clock)
		at = *clock;
	*clock = at;
	p = packet(at, data, len);
	while (*place != NULL && (*place)->at_ms <= at)
		place = &(*place)->next;
	p->next = *place;
	*place = p;
	sim_at(link->sched, at, arrive_down, link, 0);
}

void
sim_link_cut(struct sim_link *link, int tell_owner)
{
	if (link->state == SIM_LINK_CLOSED)
		return;
	link->state = SIM_LINK_CLOSED;
	drop(&link->up);
	link->up_tail = NULL;
	drop(&link->down);
	if (link->conn != NULL)
		sim_relay_closed(link->relay, link->conn);
	link->conn = NULL;
	if (tell_owner)
		link->calls->closed(link->owner, link);
}

void
sim_link_close_after(struct sim_link *link)
{
	sim_link_down(link, NULL, 0, NULL, 0);
}
