/*
 * random.c -- entropy in the browser: the module's one import.
 *
 * The runtime itself draws only from generators that the host seeds (crypto.h); this source serves
 * libsodium's own calls (ephemeral keys of sealed boxes, its start-up).  Without it the library would have
 * none and trap.
 */
#include <stdint.h>

#include <sodium.h>

#include "random.h"

__attribute__((import_module("env"), import_name("rt_random"))) void rt_random(void *out, uint32_t len);

static const char *
name(void)
{
	return "env.rt_random";
}

static uint32_t
draw(void)
{
	uint32_t v;

	rt_random(&v, sizeof v);
	return v;
}

static void
fill(void *const out, const size_t len)
{
	rt_random(out, (uint32_t)len);
}

void
wasm_random_install(void)
{
	static randombytes_implementation source = {.implementation_name = name, .random = draw, .buf = fill};

	randombytes_set_implementation(&source);
}
