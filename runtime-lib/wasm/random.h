/* random.h -- see random.c. */
#ifndef TG_WASM_RANDOM_H
#define TG_WASM_RANDOM_H

/** wasm_random_install(): Make libsodium draw from the host's env.rt_random.  Call before tg_crypto_init. */
void wasm_random_install(void);

#endif
