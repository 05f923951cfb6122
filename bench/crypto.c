/* crypto: the primitives everything else is paid in.  Each runs for about a quarter of a second. */
#include <stdint.h>
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "row.h"

#define SLICE_S 0.25

static uint8_t big[1 << 20];
static uint8_t sealed[sizeof big + TG_TAG_BYTES];

/* Run ${body} in batches of ${batch} until the slice is over; ${rate} is runs a second. */
#define RATE(rate, batch, body)                                                                              \
	do {                                                                                                 \
		double began_ = bench_now(), took_;                                                          \
		unsigned long runs_ = 0;                                                                     \
		do {                                                                                         \
			for (int i_ = 0; i_ < (batch); i_++) {                                               \
				body;                                                                        \
			}                                                                                    \
			runs_ += (batch);                                                                    \
			took_ = bench_now() - began_;                                                        \
		} while (took_ < SLICE_S);                                                                   \
		(rate) = (double)runs_ / took_;                                                              \
	} while (0)

int
main(void)
{
	struct tg_secret seed = {{1}};
	struct tg_keypair pair;
	struct tg_hash hash;
	struct tg_sig sig;
	uint8_t nonce[TG_NONCE_BYTES] = {0};
	double rate;

	if (tg_crypto_init() != TG_OK)
		return 1;
	tg_keypair_from_seed(&seed, &pair);

	RATE(rate, 16, tg_hash(TG_DOMAIN_CHUNK, big, sizeof big, &hash));
	bench_row("hash, 1 MiB pieces", rate * sizeof big / 1e6, "MB/s");
	RATE(rate, 1000, tg_hash(TG_DOMAIN_LEAF, big, 200, &hash));
	bench_row("hash, 200 bytes", rate, "/s");
	RATE(rate, 100, tg_sign(&pair, &hash, &sig));
	bench_row("sign", rate, "/s");
	RATE(rate, 100, {
		if (tg_verify(&pair.public_key, &hash, &sig) != TG_OK)
			return 1;
	});
	bench_row("verify", rate, "/s");
	RATE(rate, 16, tg_seal(&seed, nonce, NULL, 0, big, sizeof big, sealed));
	bench_row("seal, 1 MiB pieces", rate * sizeof big / 1e6, "MB/s");
	return 0;
}
