/* What the decoder lets through can be walked to the end, and its counts and lengths are true. */
#include <stdlib.h>

#include <toygrid/log.h>
#include <toygrid/status.h>

#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_body_walk at_parents = {0}, at_transitions = {0};
	struct tg_key own = {{0}}, log;
	struct tg_transition t;
	struct tg_parent parent, last = {0};
	uint32_t parents = 0, transitions = 0;
	struct tg_hash grid = {{0}};
	struct tg_body body;
	size_t text = 0;

	if (tg_body_decode(&own, data, len, &body) != TG_OK)
		return 0;
	while (tg_body_next_parent(&body, &at_parents, &parent)) {
		if (tg_key_cmp(&last.log, &parent.log) >= 0) /* the own key is all zero: none may be */
			abort();
		last = parent;
		parents++;
	}
	while (tg_body_next_transition(&body, &at_transitions, &t)) {
		transitions++;
		if (t.raw.data < data || t.raw.data + t.raw.len > data + len || t.raw.len == 0)
			abort();
		if (t.kind == TG_T_TEXT) {
			if (t.u.text.text_at != text)
				abort();
			text += t.u.text.text_len;
		}
		if (t.kind == TG_T_FORK)
			(void)!tg_fork_check(&grid, t.u.fork.head_a, t.u.fork.head_b, t.u.fork.proof, &log);
	}
	if (parents != body.parents || transitions != body.transitions || text != body.text_len ||
	    text > TG_TEXT_MAX_BYTES)
		abort();
	return 0;
}
