/* toygrid id: who this installation is. */
#include <stdio.h>

#include <toygrid/status.h>

#include "cli/commands.h"
#include "cli/client.h"

/* The identity never leaves the peer except sealed, so its public key is derived from the stored record. */
static int
read_identity(const char *data, struct tg_keypair *pair)
{
	static const uint8_t from[] = {'i'}, to[] = {'i', 0};
	char error[TG_STORE_ERROR_BYTES];
	struct tg_store *store;
	struct tg_buf event = {0};
	struct tg_secret seed;
	struct tg_bytes value;
	struct tg_reader r;
	int rc;

	if (tg_store_open(&store, data, NULL, error) != TG_OK) {
		fprintf(stderr, "toygrid: %s\n", error);
		return 1;
	}
	tg_store_load(store, (struct tg_bytes){from, 1}, (struct tg_bytes){to, 2}, 4096, &event, 0);
	tg_store_close(store);
	tg_reader_init(&r, event.data, event.len);
	tg_read_array(&r, 5, 5);
	tg_read_uint(&r, TG_EVENT_LOADED);
	tg_read_uint(&r, 0);
	tg_read_uint(&r, 0);
	tg_read_array(&r, 1, 1);
	tg_read_array(&r, 2, 2);
	tg_read_bin(&r, 1);
	value = tg_read_bin(&r, 4096);
	rc = tg_reader_status(&r);
	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 6, 6);
	tg_read_uint(&r, 1);
	tg_read_fixed(&r, seed.b, sizeof seed.b);
	if (rc == TG_OK)
		rc = tg_reader_status(&r);
	if (rc == TG_OK)
		tg_keypair_from_seed(&seed, pair);
	else
		fprintf(stderr, "toygrid: %s: no identity is stored here\n", data);
	tg_wipe(&seed, sizeof seed);
	tg_wipe(event.data, event.len);
	tg_buf_free(&event);
	return rc != TG_OK;
}

int
tg_cmd_id(int argc, char **argv)
{
	struct tg_client_options options = {.timeout_s = 30};
	const struct tg_arg args[] = {
	    {"data", TG_ARG_TEXT, &options.data, "DIR", "the installation; it is made if there is none"},
	    {"name", TG_ARG_TEXT, &options.name, "NAME", "the name it gets when it is made"},
	    {0},
	};
	const struct tg_usage usage = {"toygrid id --data DIR [--name NAME]",
	    "Print the public keys of the person (identity) and of the installation (device) in DIR.", args,
	    0, 0};
	struct tg_keypair identity;
	struct tg_client s;
	char hex[65];
	unsigned words;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, NULL, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (options.data == NULL)
		return tg_args_bad(&usage, "--data is missing");
	rc = tg_client_open(&s, &options);
	tg_client_close(&s);
	if (rc != 0 || read_identity(options.data, &identity) != 0)
		return 1;
	tg_hex(identity.public_key.b, 32, hex);
	tg_wipe(&identity, sizeof identity);
	printf("identity %s\n", hex);
	tg_hex(s.device.b, 32, hex);
	printf("device   %s\n", hex);
	return fflush(stdout) != 0;
}
