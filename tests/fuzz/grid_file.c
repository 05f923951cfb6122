/*
 * A grid file, checked with the link that is in it, with the keys of the corpus, and in small pieces: the
 * verdict is the same however the bytes come, and after an error nothing more is taken.
 */
#include "files/grid_file.h"
#include "fuzz/target.h"

#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

static int
check(const struct tg_access *access, const uint8_t *data, size_t len, size_t piece)
{
	struct tg_grid_check *c = tg_grid_check_new(access, NULL, NULL);
	int rc = TG_OK;

	if (c == NULL)
		abort();
	for (size_t at = 0; at < len && rc == TG_OK; at += piece)
		rc = tg_grid_check_push(c, data + at, len - at < piece ? len - at : piece);
	if (rc != TG_OK && tg_grid_check_push(c, data, len) != rc)
		abort();
	if (rc == TG_OK)
		rc = tg_grid_check_end(c);
	tg_grid_check_free(c);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tg_access access;
	struct tg_secret secret;
	int rc;

	if (access.mode != TG_MODE_EDIT) {
		memset(secret.b, 0x11, sizeof secret.b);
		if (tg_crypto_init() != TG_OK ||
		    tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &access) != TG_OK)
			abort();
	}
	rc = check(NULL, data, len, len);
	if (check(NULL, data, len, 7) != rc)
		abort();
	if (len > 47) /* where the header has its grid */
		memcpy(access.grid.b, data + 16, sizeof access.grid.b);
	(void)check(&access, data, len, len);
	return 0;
}
