/*
 * status.h -- every result code of the runtime, in one list.
 *
 * Functions that can fail return TG_OK or one of these.  The numbers are stable: they appear in traces, in
 * metrics and at the JavaScript border, so codes are only ever appended.
 */
#ifndef TOYGRID_STATUS_H
#define TOYGRID_STATUS_H

#define TG_STATUS_MAP(X)                                                                                     \
	X(TG_OK, 0, "success")                                                                               \
	X(TG_ENOMEM, 1, "out of memory")                                                                     \
	X(TG_EINVAL, 2, "invalid argument")                                                                  \
	X(TG_EFORMAT, 3, "malformed or non-canonical encoding")                                              \
	X(TG_ETRUNCATED, 4, "input ends too early")                                                          \
	X(TG_ETOOBIG, 5, "over a size limit")                                                                \
	X(TG_EVERSION, 6, "unknown format version")                                                          \
	X(TG_ESIGNATURE, 7, "signature does not verify")                                                     \
	X(TG_EHASH, 8, "bytes do not match their hash")                                                      \
	X(TG_EDECRYPT, 9, "ciphertext does not open under this key")                                         \
	X(TG_ENOTFOUND, 10, "not held here")                                                                 \
	X(TG_EEXISTS, 11, "already held")                                                                    \
	X(TG_EFORK, 12, "two signed histories of one log")                                                   \
	X(TG_EGAP, 13, "earlier entries are missing")                                                        \
	X(TG_EPERM, 14, "not allowed for this key")                                                          \
	X(TG_ESTALE, 15, "too old")                                                                          \
	X(TG_EREPLAY, 16, "seen before")                                                                     \
	X(TG_ELIMIT, 17, "over a count or rate limit")                                                       \
	X(TG_EQUOTA, 18, "quota used up")                                                                    \
	X(TG_ERANGE, 19, "index or number out of range")                                                     \
	X(TG_EGRID, 20, "belongs to another grid")                                                           \
	X(TG_EEPOCH, 21, "belongs to an unknown epoch")                                                      \
	X(TG_EIO, 22, "storage or network failed")                                                           \
	X(TG_EFULL, 23, "no space left")                                                                     \
	X(TG_EBUSY, 24, "in use by another process")                                                         \
	X(TG_EPROOF, 25, "proof does not verify")                                                            \
	X(TG_ECLOSED, 26, "closed")                                                                          \
	X(TG_EPARENT, 27, "a parent is missing or is not a frontier")

enum tg_status {
#define X(name, number, text) name = number,
	TG_STATUS_MAP(X)
#undef X
};

/** tg_status_name(code): The constant's name, "TG_EFORMAT"; "TG_E?" for an unknown code.  Static storage. */
const char *tg_status_name(int code);

/** tg_status_text(code): A short English phrase for people.  Static storage. */
const char *tg_status_text(int code);

#endif
