/* grid.h -- the access that the inputs of the corpora were made with: that of tests/vectors/log.txt. */
#ifndef TG_TESTS_FUZZ_GRID_H
#define TG_TESTS_FUZZ_GRID_H

#include <stdlib.h>
#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

static inline void
fuzz_access(uint8_t grid_fill, struct tg_access *access)
{
	struct tg_secret secret;

	memset(secret.b, 0x11, sizeof secret.b);
	if (tg_crypto_init() != TG_OK || tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, access) != TG_OK)
		abort();
	memset(access->grid.b, grid_fill, sizeof access->grid.b);
}

#endif
