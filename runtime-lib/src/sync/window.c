#include <string.h>

#include "sync/window.h"

int
tg_window_seen(const struct tg_window *w, uint64_t counter)
{
	if (counter == 0)
		return 1;
	if (counter > w->highest)
		return 0;
	if (w->highest - counter >= TG_WINDOW_BITS)
		return 1;
	return (w->bits[counter % TG_WINDOW_BITS / 64] >> (counter % 64)) & 1;
}

void
tg_window_record(struct tg_window *w, uint64_t counter)
{
	if (counter > w->highest) {
		if (counter - w->highest >= TG_WINDOW_BITS)
			memset(w->bits, 0, sizeof w->bits);
		else
			for (uint64_t c = w->highest + 1; c <= counter; c++)
				w->bits[c % TG_WINDOW_BITS / 64] &= ~((uint64_t)1 << (c % 64));
		w->highest = counter;
	} else if (w->highest - counter >= TG_WINDOW_BITS) {
		return;
	}
	w->bits[counter % TG_WINDOW_BITS / 64] |= (uint64_t)1 << (counter % 64);
}
