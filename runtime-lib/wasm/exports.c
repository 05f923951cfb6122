/*
 * exports.c -- what JavaScript may call that belongs to no module: start, memory, hashing, texts of codes.
 *
 * Pointers are offsets into the exported memory.  JavaScript frees what it allocated; growing the memory
 * detaches its views, so they are made anew after every call.
 */
#include <stdint.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "random.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

int EXPORT(tg_rt_init)(void);
void *EXPORT(tg_rt_alloc)(uint32_t len);
void EXPORT(tg_rt_free)(void *ptr);
int EXPORT(tg_rt_hash)(uint32_t domain, const void *data, uint32_t len, struct tg_hash *out);
const char *EXPORT(tg_rt_status_name)(int code);
const char *EXPORT(tg_rt_status_text)(int code);

/* Once, before any other call.  TG_OK, TG_EIO. */
int
tg_rt_init(void)
{
	wasm_random_install();
	return tg_crypto_init();
}

void *
tg_rt_alloc(uint32_t len)
{
	return tg_malloc(len ? len : 1);
}

void
tg_rt_free(void *ptr)
{
	tg_free(ptr);
}

/* BLAKE2b-256 of ${len} bytes under domain number ${domain} (enum tg_domain) to 32 bytes at ${out}.
 * TG_OK, TG_ERANGE. */
int
tg_rt_hash(uint32_t domain, const void *data, uint32_t len, struct tg_hash *out)
{
	if (domain >= TG_DOMAIN_COUNT)
		return TG_ERANGE;
	tg_hash((enum tg_domain)domain, data, len, out);
	return TG_OK;
}

const char *
tg_rt_status_name(int code)
{
	return tg_status_name(code);
}

const char *
tg_rt_status_text(int code)
{
	return tg_status_text(code);
}
