/* A certificate's decoder with the keys of the vectors' grid; what it accepts names a log and a device. */
#include "fuzz/grid.h"
#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tg_access access;
	static struct tg_key log;
	struct tg_device device;
	struct tg_cert cert;

	if (access.mode != TG_MODE_EDIT) {
		struct tg_keypair pair;
		struct tg_secret seed;

		fuzz_access(0xee, &access);
		memset(seed.b, 0x44, sizeof seed.b);
		tg_keypair_from_seed(&seed, &pair);
		log = pair.public_key;
	}
	if (tg_cert_decode(&access, &log, data, len, &cert) == TG_OK) {
		if (tg_key_cmp(&cert.log, &log) != 0)
			abort();
		if (tg_cert_identity(&access, &cert, &device) == TG_OK &&
		    tg_key_cmp(&device.device, &cert.device) != 0)
			abort();
	}
	return 0;
}
