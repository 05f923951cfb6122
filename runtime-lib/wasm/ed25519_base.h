/*
 * ed25519_base.h -- libsodium's table of multiples of Ed25519's base point, computed instead of carried.
 *
 * The table base[i][j] = (j + 1) * 256^i * B (32 x 8 points, 30 KiB of numbers as good as random) would be a
 * quarter of what a first visit downloads.  It is a consequence of B alone, so the module computes it with
 * the library's own arithmetic when the first key is needed: 256 additions and inversions, some 3 ms.
 *
 * sodium.cmake puts this file into a generated copy of ed25519_ref10.c, in place of the table, above
 * ge25519_cmov8_base, which is the only reader.  tests/wasm/ed25519.test.mjs compares keys and signatures
 * with another implementation's; every entry of the table is read there.
 */
static ge25519_precomp base[32][8];

/* q = 2 * q */
static void
base_double(ge25519_p3 *q)
{
	ge25519_p1p1 r;

	ge25519_p3_dbl(&r, q);
	ge25519_p1p1_to_p3(q, &r);
}

static void
base_compute(void)
{
	/* RFC 8032 5.1: y = 4/5, x even; little-endian. */
	static const unsigned char b_encoded[32] = {
	    0x58,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	    0x66,
	};
	ge25519_p3 power, multiple;
	ge25519_cached step;
	ge25519_p1p1 r;
	int i, j;

	ge25519_frombytes(&power, b_encoded);
	for (i = 0; i < 32; i++) {
		ge25519_p3_to_cached(&step, &power);
		multiple = power;
		for (j = 0; j < 8; j++) {
			ge25519_p3_to_precomp(&base[i][j], &multiple);
			ge25519_add(&r, &multiple, &step);
			ge25519_p1p1_to_p3(&multiple, &r);
		}
		for (j = 0; j < 8; j++)
			base_double(&power);
	}
}

/* Which keys are made is no secret here: the table is public and computed once. */
static const ge25519_precomp *
base_row(int pos)
{
	static int computed;

	if (!computed) {
		base_compute();
		computed = 1;
	}
	return base[pos];
}
