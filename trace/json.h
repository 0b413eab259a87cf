/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines of Chrome's trace format. */
#ifndef WSIG_TRACE_JSON_H
#define WSIG_TRACE_JSON_H

#include "trace/ring.h"

/* No line is longer. */
#define WSIG_TRACE_LINE ((size_t)512)

/* Each function writes at `to`, where WSIG_TRACE_LINE bytes are free, and
 * returns how many it has written. */

/* The start of the file, up to the first event, and a comma after that. */
extern const char wsig_trace_magic[];
size_t wsig_trace_put_start(char *to, const char *process);

size_t wsig_trace_put_record(char *to, const struct wsig_trace_record *record);

/* The end of a slice that has none; `why` says why. */
size_t wsig_trace_put_open(char *to, const struct wsig_trace_record *begin,
                           uint64_t now_ns, const char *why);

enum wsig_trace_ending {
  WSIG_TRACE_RUNNING,
  WSIG_TRACE_COMPLETE,
  WSIG_TRACE_CUT_SHORT
};

/* The end of the file. Its last bytes are those of the ending, always as many.
 */
size_t wsig_trace_put_end(char *to, uint64_t lost,
                          enum wsig_trace_ending ending);
#define WSIG_TRACE_ENDING_BYTES ((size_t)16)
void wsig_trace_put_ending(char *to, enum wsig_trace_ending ending);

#endif
