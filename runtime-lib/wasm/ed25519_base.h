/*
 * ed25519_base.h -- libsodium's two tables of multiples of Ed25519's base point, computed instead of carried.
 *
 * The table base[i][j] = (j + 1) * 256^i * B that signs (32 x 8 points, 30 KiB of numbers as good as random)
 * would be a quarter of what a first visit downloads, and base_odd[j] = (2 j + 1) * B that verifies another
 * KiB.  They are a consequence of B alone, so the module computes them with the library's own arithmetic when
 * the first key or signature needs them: 264 additions and inversions, some 3 ms.
 *
 * sodium.cmake puts this file into a generated copy of ed25519_ref10.c, in place of the tables, above
 * ge25519_cmov8_base and ge25519_double_scalarmult_vartime, which are the only readers.
 * tests/wasm/ed25519.test.mjs compares keys and signatures with another implementation's; every entry of the
 * tables is read there.
 */
static ge25519_precomp base[32][8], base_odd[8];

/* to[j] = first + j * step */
static void
base_multiples(ge25519_precomp to[8], const ge25519_p3 *first, const ge25519_p3 *step)
{
	ge25519_p3 multiple = *first;
	ge25519_cached add;
	ge25519_p1p1 r;
	int j;

	ge25519_p3_to_cached(&add, step);
	for (j = 0; j < 8; j++) {
		ge25519_p3_to_precomp(&to[j], &multiple);
		ge25519_add(&r, &multiple, &add);
		ge25519_p1p1_to_p3(&multiple, &r);
	}
}

/* q = 2 * q */
static void
base_double(ge25519_p3 *q)
{
	ge25519_p1p1 r;

	ge25519_p3_dbl(&r, q);
	ge25519_p1p1_to_p3(q, &r);
}

/* Which keys are made is no secret here: the tables are public and computed once. */
static void
base_compute(void)
{
	static int computed;
	unsigned char b[32];
	ge25519_p3 power, twice;
	int i, j;

	if (computed)
		return;
	computed = 1;
	/* RFC 8032 5.1: y = 4/5, x even; little-endian. */
	memset(b, 0x66, sizeof b);
	b[0] = 0x58;
	ge25519_frombytes(&power, b);
	twice = power;
	base_double(&twice);
	base_multiples(base_odd, &power, &twice);
	for (i = 0; i < 32; i++) {
		base_multiples(base[i], &power, &power);
		for (j = 0; j < 8; j++)
			base_double(&power);
	}
}
