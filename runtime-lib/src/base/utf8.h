/*
 * utf8.h -- strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef TG_BASE_UTF8_H
#define TG_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/**
 * tg_utf8_count(data, len, scalars):
 * Check data[0 .. len) and count its Unicode scalar values.  Returns TG_OK, or TG_EFORMAT with *${scalars} 0.
 */
int tg_utf8_count(const uint8_t *data, size_t len, size_t *scalars);

#endif
