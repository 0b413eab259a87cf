/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The file of the trace: complete JSON after each write (file.c). */
#ifndef WSIG_TRACE_FILE_H
#define WSIG_TRACE_FILE_H

#include "trace/json.h"

/* NULL: it is open, and has no event yet. Else why not, as a text. */
const char *wsig_trace_file_open(const char *pattern, const char *process);

/* Appends an event. It is in the file after the next flush. */
void wsig_trace_file_add(const struct wsig_trace_record *record);

/* False: it cannot be written. The file ends with the flush before, and errno
 * says why. */
bool wsig_trace_file_flush(uint64_t lost, enum wsig_trace_ending ending);

/* In the child of a fork. */
void wsig_trace_file_close(void);

/* The system's text for an error, which the next call overwrites: strerror(3)
 * may be used by other threads. For the start and, after that, the writer. */
const char *wsig_trace_error_text(int error);

/* Its name. */
const char *wsig_trace_file_name(void);

#endif
