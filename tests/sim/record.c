/*
 * sim_record DIR [SEED]: write the traces of the recital (recital.h), one file a tab, into DIR.
 */
#include <stdio.h>
#include <stdlib.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "sim/recital.h"

int
main(int argc, char **argv)
{
	struct sim_world *world;
	char path[4096];
	int rc = 0;

	if (argc < 2 || tg_crypto_init() != TG_OK) {
		fprintf(stderr, "usage: sim_record DIR [SEED]\n");
		return 2;
	}
	world = sim_recital(argc > 2 ? strtoull(argv[2], NULL, 0) : 1);
	if (world->failed) {
		sim_world_report(world);
		rc = 1;
	}
	for (size_t i = 0; i < world->host_count && rc == 0; i++) {
		const struct sim_host *host = world->hosts[i];
		FILE *file;

		snprintf(path, sizeof path, "%s/%u-%s.trace", argv[1], host->number, host->profile->name);
		if ((file = fopen(path, "wb")) == NULL) {
			perror(path);
			rc = 1;
			break;
		}
		if (fwrite(host->trace->data, 1, host->trace->len, file) != host->trace->len)
			rc = 1;
		if (fclose(file) != 0)
			rc = 1;
		printf("%s: %u events, %u bytes\n", path, (unsigned)host->events, (unsigned)host->trace->len);
	}
	sim_world_free(world);
	return rc;
}
