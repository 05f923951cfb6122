/*
 * tree.h -- a second oracle: Fugue and FugueMax as their paper defines them, a tree of items.
 *
 * The walker (and oracle.c) keep one sequence and scan it for the place of a new item.  Here there is no
 * scan: an item is a left or right child of another, and the document is the tree read from left to right. It
 * has no code in common with the core or with oracle.c, only the history it reads.
 */
#ifndef TG_TESTS_TEXT_TREE_H
#define TG_TESTS_TEXT_TREE_H

#include "text/past.h"

/** tree_show(h, fugue, shown): What a document with the events of ${h} shows; ${fugue}: Fugue, not FugueMax.
 */
void tree_show(const struct past *h, int fugue, struct past_shown *shown);

#endif
