/* judges.h -- a history before the naive oracle. */
#ifndef TG_TESTS_TEXT_JUDGES_H
#define TG_TESTS_TEXT_JUDGES_H

#include "text/past.h"
#include "text/oracle.h"

/**
 * oracle_event(o, h, e, flow):
 * Give event ${e} of ${h}, all before it given, to the oracle and apply it.  An oracle knows one flow: events
 * of others just happened.
 */
void oracle_event(struct oracle *o, const struct past *h, int e, int flow);

/** oracle_show(h, fugue, shown): What the naive oracle says that a document with these events shows. */
void oracle_show(const struct past *h, int fugue, struct past_shown *shown);

#endif
