#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include <toygrid/status.h>

#include "address.h"
#include "base/mem.h"

#define BUCKETS 16384u

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

int
tg_addresses_init(struct tg_addresses *addresses, const uint8_t seed[16])
{
	memset(addresses, 0, sizeof *addresses);
	addresses->bucket_count = BUCKETS;
	memcpy(addresses->seed, seed, sizeof addresses->seed);
	addresses->buckets = tg_calloc(BUCKETS, sizeof *addresses->buckets);
	return addresses->buckets != NULL ? TG_OK : TG_ENOMEM;
}

void
tg_addresses_close(struct tg_addresses *addresses)
{
	for (uint32_t i = 0; addresses->buckets != NULL && i < addresses->bucket_count; i++) {
		struct tg_address *a = addresses->buckets[i], *next;

		for (; a != NULL; a = next) {
			next = a->next;
			tg_free(a);
		}
	}
	tg_free(addresses->buckets);
	memset(addresses, 0, sizeof *addresses);
}

static struct tg_address **
bucket_of(struct tg_addresses *t, const uint8_t prefix[16])
{
	uint8_t h[crypto_shorthash_BYTES];
	uint32_t v;

	crypto_shorthash(h, prefix, 16, t->seed);
	memcpy(&v, h, sizeof v);
	return &t->buckets[v & (t->bucket_count - 1)];
}

static void
prefix_of(const struct sockaddr *sa, uint8_t prefix[16])
{
	memset(prefix, 0, 16);
	if (sa->sa_family == AF_INET) {
		memcpy(prefix, v4_mapped, sizeof v4_mapped);
		memcpy(prefix + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

		/* A dual-stack socket shows IPv4 peers in mapped form: those count by address. */
		memcpy(prefix, a, IN6_IS_ADDR_V4MAPPED(a) ? 16 : 8);
	}
}

static void
leave_idle(struct tg_addresses *addresses, struct tg_address *a)
{
	*(a->older != NULL ? &a->older->newer : &addresses->oldest) = a->newer;
	*(a->newer != NULL ? &a->newer->older : &addresses->newest) = a->older;
	a->older = a->newer = NULL;
	addresses->idle_count--;
}

static void
forget(struct tg_addresses *addresses, struct tg_address *a)
{
	struct tg_address **link = bucket_of(addresses, a->prefix);

	leave_idle(addresses, a);
	while (*link != a)
		link = &(*link)->next;
	*link = a->next;
	addresses->count--;
	tg_free(a);
}

static void
join_idle(struct tg_addresses *addresses, struct tg_address *a, uint32_t now_s)
{
	a->left_s = now_s;
	a->newer = NULL;
	a->older = addresses->newest;
	*(a->older != NULL ? &a->older->newer : &addresses->oldest) = a;
	addresses->newest = a;
	if (++addresses->idle_count > TG_ADDRESS_IDLE_MAX)
		forget(addresses, addresses->oldest); /* never a: it is the newest of many */
}

struct tg_address *
tg_addresses_get(struct tg_addresses *addresses, const struct sockaddr *sa,
    const struct tg_rate rates[TG_RATE_KINDS], uint64_t now_ms)
{
	uint8_t prefix[16];
	struct tg_address **bucket, *a;

	prefix_of(sa, prefix);
	bucket = bucket_of(addresses, prefix);
	for (a = *bucket; a != NULL; a = a->next)
		if (memcmp(a->prefix, prefix, sizeof prefix) == 0)
			return a;
	if ((a = tg_calloc(1, sizeof *a)) == NULL)
		return NULL;
	memcpy(a->prefix, prefix, sizeof prefix);
	for (int i = 0; i < TG_RATE_KINDS; i++)
		tg_bucket_fill(&a->rate[i], &rates[i], (uint32_t)now_ms);
	a->next = *bucket;
	*bucket = a;
	addresses->count++;
	join_idle(addresses, a, (uint32_t)(now_ms / 1000)); /* until the caller enters it */
	return a;
}

void
tg_addresses_enter(struct tg_addresses *addresses, struct tg_address *address)
{
	if (address->sockets++ == 0)
		leave_idle(addresses, address);
}

void
tg_addresses_exit(struct tg_addresses *addresses, struct tg_address *address, uint32_t now_s)
{
	if (--address->sockets > 0)
		return;
	join_idle(addresses, address, now_s);
}

void
tg_addresses_tick(struct tg_addresses *addresses, uint32_t now_s)
{
	while (addresses->oldest != NULL && now_s - addresses->oldest->left_s > TG_ADDRESS_IDLE_S)
		forget(addresses, addresses->oldest);
}

void
tg_address_text(const struct tg_address *address, char *text, size_t len)
{
	const uint8_t *p = address->prefix;
	uint8_t cut[16] = {0};
	char full[INET6_ADDRSTRLEN];

	if (memcmp(p, v4_mapped, sizeof v4_mapped) == 0) {
		snprintf(text, len, "%u.%u.%u.0/24", p[12], p[13], p[14]);
		return;
	}
	memcpy(cut, p, 6);
	inet_ntop(AF_INET6, cut, full, sizeof full);
	snprintf(text, len, "%s/48", full);
}
