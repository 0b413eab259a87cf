/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Each event is one line. All but the first begin with a comma, so that a line
 * can be appended. Strings of events need no escape (trace.h); the name of the
 * process may have any bytes.
 */
#include "trace/json.h"

#include "base/signal_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char wsig_trace_magic[] = "{\"traceEvents\":[";

/* ------------------------------------------------------------------ strings */

/* The length of the UTF-8 sequence at `text`; 0: it is none. */
static size_t utf8_length(const unsigned char *text) {
  size_t length = text[0] < 0x80   ? 1
                  : text[0] < 0xc2 ? 0
                  : text[0] < 0xe0 ? 2
                  : text[0] < 0xf0 ? 3
                  : text[0] < 0xf5 ? 4
                                   : 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80) return 0;
  bool is_surrogate = text[0] == 0xed && length == 3 && text[1] > 0x9f;
  bool is_long = (text[0] == 0xe0 && length == 3 && text[1] < 0xa0) ||
                 (text[0] == 0xf0 && length == 4 && text[1] < 0x90);
  bool is_large = text[0] == 0xf4 && length == 4 && text[1] > 0x8f;
  return is_surrogate || is_long || is_large ? 0 : length;
}

/* As much as fits into `most` bytes. What JSON escapes, and what is no UTF-8,
 * becomes a question mark. */
static size_t put_name(char *to, const char *name, size_t most) {
  size_t used = 0;
  const unsigned char *from = (const unsigned char *)name;
  while (*from) {
    size_t length = utf8_length(from);
    bool is_plain = length > 0 && *from >= 0x20 && *from != '"' &&
                    *from != '\\' && *from != 0x7f;
    if (length == 0) length = 1;
    size_t written = is_plain ? length : 1;
    if (used + written > most) break;
    memcpy(to + used, is_plain ? (const char *)from : "?", written);
    used += written;
    from += length;
  }
  return used;
}

/* -------------------------------------------------------------------- lines */

#define PUT(...) \
  used += (size_t)snprintf(to + used, WSIG_TRACE_LINE - used, __VA_ARGS__)

size_t wsig_trace_put_start(char *to, const char *process) {
  size_t used = 0;
  PUT("%s\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{"
      "\"name\":\"",
      wsig_trace_magic, (int)getpid());
  used += put_name(to + used, process, 200);
  PUT("\"}}");
  return used;
}

static char phase_of(const struct wsig_trace_record *record) {
  switch (record->kind) {
    case WSIG_TRACE_BEGIN: return record->event.id ? 'b' : 'B';
    case WSIG_TRACE_END: return record->event.id ? 'e' : 'E';
    case WSIG_TRACE_NAME: return 'M';
    default: return 'i';
  }
}

static size_t put_head(char *to, const struct wsig_trace_event *event,
                       char phase) {
  size_t used = 0;
  uint64_t time_ns = event->time_ns;
  PUT(",\n{\"ph\":\"%c\",\"ts\":%" PRIu64 ".%03u,\"pid\":%d,\"tid\":%" PRId64
      ",\"cat\":\"wasmsig\",\"name\":\"%s%s%s\"",
      phase, time_ns / 1000, (unsigned)(time_ns % 1000), (int)getpid(),
      event->thread, event->signal ? wsig_signal_name(event->signal) : "",
      event->signal ? " " : "", event->name);
  if (event->id) PUT(",\"id\":\"%" PRIu64 "\"", event->id);
  if (phase == 'i') PUT(",\"s\":\"t\"");
  return used;
}

static size_t put_arguments(char *to, const struct wsig_trace_event *event) {
  size_t used = 0;
  const char *before = ",\"args\":{";
  for (size_t i = 0; i < sizeof event->numbers / sizeof *event->numbers; i++) {
    if (!event->numbers[i].name) continue;
    PUT("%s\"%s\":%" PRIu64, before, event->numbers[i].name,
        event->numbers[i].value);
    before = ",";
  }
  if (event->text.name) {
    PUT("%s\"%s\":\"%s\"", before, event->text.name, event->text.value);
    before = ",";
  }
  if (before[1]) return used;
  PUT("}");
  return used;
}

static size_t put_thread_name(char *to, const struct wsig_trace_event *event) {
  size_t used = 0;
  PUT(",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%" PRId64
      ",\"name\":\"thread_name\",\"args\":{\"name\":\"%s\"}}",
      (int)getpid(), event->thread, event->name);
  return used;
}

size_t wsig_trace_put_record(char *to, const struct wsig_trace_record *record) {
  const struct wsig_trace_event *event = &record->event;
  if (record->kind == WSIG_TRACE_NAME) return put_thread_name(to, event);
  size_t used = put_head(to, event, phase_of(record));
  used += put_arguments(to + used, event);
  to[used++] = '}';
  return used;
}

size_t wsig_trace_put_open(char *to, const struct wsig_trace_record *begin,
                           uint64_t now_ns, const char *why) {
  struct wsig_trace_record end = {.kind = WSIG_TRACE_END};
  end.event = (struct wsig_trace_event){.name = begin->event.name,
                                        .signal = begin->event.signal,
                                        .thread = begin->event.thread,
                                        .id = begin->event.id,
                                        .time_ns = now_ns,
                                        .text = {"end", why}};
  return wsig_trace_put_record(to, &end);
}

size_t wsig_trace_put_end(char *to, uint64_t lost,
                          enum wsig_trace_ending ending) {
  size_t used = 0;
  PUT("\n],\"displayTimeUnit\":\"ms\",\"otherData\":{\"lost_events\":%" PRIu64
      ",\"trace\":",
      lost);
  wsig_trace_put_ending(to + used, ending);
  return used + WSIG_TRACE_ENDING_BYTES;
}

void wsig_trace_put_ending(char *to, enum wsig_trace_ending ending) {
  static const char texts[][WSIG_TRACE_ENDING_BYTES + 1] = {
      "\"running\"    }}\n", "\"complete\"   }}\n", "\"cut short\"  }}\n"};
  memcpy(to, texts[ending], WSIG_TRACE_ENDING_BYTES);
}
