#include <string.h>

#include <toygrid/status.h>

#include "base/utf8.h"

int
tg_utf8_count(const uint8_t *data, size_t len, size_t *scalars)
{
	size_t i = 0, n = 0;

	*scalars = 0;
	while (i < len) {
		uint8_t b = data[i];
		size_t more;
		uint32_t cp, least;

		if (b < 0x80) {
			uint64_t w;

			/* Mostly there is more ASCII behind it. */
			for (; len - i >= sizeof w; i += sizeof w, n += sizeof w) {
				memcpy(&w, data + i, sizeof w);
				if (w & UINT64_C(0x8080808080808080))
					break;
			}
			for (; i < len && data[i] < 0x80; i++)
				n++;
			continue;
		}
		if (b >= 0xc2 && b <= 0xdf)
			more = 1, cp = b & 0x1f, least = 0x80;
		else if (b >= 0xe0 && b <= 0xef)
			more = 2, cp = b & 0x0f, least = 0x800;
		else if (b >= 0xf0 && b <= 0xf4)
			more = 3, cp = b & 0x07, least = 0x10000;
		else
			return TG_EFORMAT;
		if (more >= len - i)
			return TG_EFORMAT;
		for (size_t k = 1; k <= more; k++) {
			if ((data[i + k] & 0xc0) != 0x80)
				return TG_EFORMAT;
			cp = cp << 6 | (data[i + k] & 0x3f);
		}
		if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
			return TG_EFORMAT;
		i += more + 1;
		n++;
	}
	*scalars = n;
	return TG_OK;
}
