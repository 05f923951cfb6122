/*
 * wasm.c -- the generators as a WASM module, so that Node and browsers compute the golden files too.  For
 * tests only: the page never sees it (vectors.wasm, built beside toygrid.wasm from the same objects).
 *
 * Pointers are offsets into the exported memory.
 */
#include <string.h>

#include <toygrid/crypto.h>

#include "base/mem.h"
#include "random.h"
#include "vectors/vectors.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

static struct tg_buf computed;

int EXPORT(vectors_init)(void);
void *EXPORT(vectors_alloc)(uint32_t len);
uint32_t EXPORT(vectors_compute)(const char *name, uint32_t name_len, const uint8_t *file, uint32_t len);
const uint8_t *EXPORT(vectors_computed)(void);

int
vectors_init(void)
{
	wasm_random_install();
	return tg_crypto_init();
}

void *
vectors_alloc(uint32_t len)
{
	return tg_malloc(len ? len : 1);
}

/* Compute the file ${name}, of which file[0 .. len) is the golden one: the length, 0 for an unknown name. */
uint32_t
vectors_compute(const char *name, uint32_t name_len, const uint8_t *file, uint32_t len)
{
	tg_buf_reset(&computed);
	for (size_t i = 0; i < VECTORS_FILES; i++)
		if (strlen(vectors_files[i].name) == name_len &&
		    memcmp(vectors_files[i].name, name, name_len) == 0)
			vectors_files[i].compute((struct tg_bytes){file, len}, &computed);
	return (uint32_t)computed.len;
}

/* Where it is, until the next call. */
const uint8_t *
vectors_computed(void)
{
	return computed.data;
}
