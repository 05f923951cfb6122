/*
 * bounds.h -- every bound of the static server, in one block.
 *
 * What a stranger can make the server hold is the product of numbers on this page: at most
 * TG_MAX_CONNECTIONS_DEFAULT connections, and TG_HELD_BYTES_MAX of unparsed input and unsent heads over all
 * of them.  Bodies are never copied: they are sent from the one image.
 */
#ifndef TG_STATIC_BOUNDS_H
#define TG_STATIC_BOUNDS_H

#define TG_BUNDLE_FILES_MAX   64			/* files of a release, twins not counted */
#define TG_BUNDLE_BYTES_MAX   (4u << 20)		/* their sizes added up, twins not counted */
#define TG_BUNDLE_DEPTH_MAX   4				/* folders in folders */
#define TG_BUNDLE_ENTRIES_MAX (3 * TG_BUNDLE_FILES_MAX) /* with .br and .gz twins */
#define TG_PATH_MAX	      128			/* bytes of one served path, with its slash */
#define TG_NODE_BYTES_MAX     (16u << 10)

#define TG_REQUEST_LINE_MAX (4u << 10)	/* without CRLF; longer: 414 */
#define TG_REQUEST_HEAD_MAX (16u << 10) /* request line to empty line; longer: 431 */
#define TG_REQUEST_FIELDS   64		/* more: 431 */
#define TG_METHOD_MAX	    24		/* bytes of a method; longer: 400 */

#define TG_PIPELINE_MAX	     8			 /* answers on their way in one connection */
#define TG_READ_BYTES	     TG_REQUEST_HEAD_MAX /* one read; so no remainder is ever longer than a head */
#define TG_HELD_BYTES_MAX    (32u << 20)	 /* all remainders and pending answers together */
#define TG_LINGER_MS	     1000 /* time to read on after an error, so that the answer arrives */
#define TG_LINGER_BYTES	     (256u << 10)
#define TG_LINGER_MAX	     256 /* connections over the cap that may linger */
#define TG_ACCEPT_TURN	     64	 /* accepts per loop turn */
#define TG_ACCEPT_PAUSE_MS   100 /* after EMFILE and its kin */
#define TG_LISTENERS_MAX     8
#define TG_ADMIN_CONNECTIONS 32

#define TG_MAX_CONNECTIONS_DEFAULT     16384
#define TG_ADDRESS_CONNECTIONS_DEFAULT 64
#define TG_ADDRESS_RATE_DEFAULT	       200  /* requests a second */
#define TG_ADDRESS_BURST_DEFAULT       4000 /* an office behind one address opens the page at nine */
#define TG_HEAD_MS_DEFAULT	       5000
#define TG_IDLE_MS_DEFAULT	       15000
#define TG_SEND_MS_DEFAULT	       10000 /* the least rate is measured over this time */
#define TG_MIN_RATE_DEFAULT	       1024  /* bytes a second */
#define TG_DRAIN_MS_DEFAULT	       10000

#define TG_LOG_BUFFER_BYTES (64u << 10) /* access log lines waiting to be written; then lines are dropped */

#endif
