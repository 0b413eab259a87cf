/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "process/stats.h"

#include "process/ack_stats.h"
#include "process/run_time.h"
#include "text/signal_names.h"

#include <sys/resource.h>

struct figures {
  uint64_t cpu_ns;
  uint64_t wall_ns;
  uint64_t guest_bytes;
  uint64_t resident_bytes;
};

static struct figures measure(const struct cli_run_info *run) {
  struct rusage usage;
  struct figures figures = {.cpu_ns = cli_cpu_ns(),
                            .wall_ns = cli_wall_ns(),
                            .guest_bytes = run->memory_size()};
  getrusage(RUSAGE_SELF, &usage);
  figures.resident_bytes = (uint64_t)usage.ru_maxrss * 1024;
  return figures;
}

/* -------------------------------------------------------------------- JSON */

static void add_key(struct cli_text *text, const char *name) {
  cli_text_add(text, ",\"");
  cli_text_add(text, name);
  cli_text_add(text, "\":");
}

static void add_number(struct cli_text *text, const char *name,
                       uint64_t number) {
  add_key(text, name);
  cli_text_number(text, number);
}

static void add_string(struct cli_text *text, const char *name,
                       const char *string) {
  add_key(text, name);
  cli_text_json(text, string);
}

static void add_json(struct cli_text *text, const struct cli_run_info *run,
                     const struct cli_ending *ending,
                     const struct figures *figures) {
  cli_text_add(text, "{\"file\":");
  cli_text_json(text, run->file);
  add_string(text, "engine", run->engine);
  add_string(text, "ended", ending->name);
  add_number(text, "status", (uint64_t)ending->status);
  if (ending->signal)
    add_string(text, "signal", cli_signal_name(ending->signal));
  else
    cli_text_add(text, ",\"signal\":null");
  add_number(text, "cpu_ns", figures->cpu_ns);
  add_number(text, "wall_ns", figures->wall_ns);
  if (figures->guest_bytes != CLI_UNKNOWN_SIZE)
    add_number(text, "guest_memory_bytes", figures->guest_bytes);
  else
    cli_text_add(text, ",\"guest_memory_bytes\":null");
  add_number(text, "peak_resident_bytes", figures->resident_bytes);
  cli_text_add(text, ",\"signals\":[");
  cli_ack_stats_add_json(text);
  cli_text_add(text, "]}\n");
}

/* -------------------------------------------------------------------- text */

static void add_block(struct cli_text *text, const struct cli_run_info *run,
                      const struct cli_ending *ending,
                      const struct figures *figures) {
  cli_text_add(text, "wasmsig: ");
  cli_text_name(text, run->file);
  cli_text_add(text, " in ");
  cli_text_add(text, run->engine);
  cli_text_add(text, ": ");
  cli_text_add(text, ending->name);
  cli_text_add(text, ", exit status ");
  cli_text_number(text, (uint64_t)ending->status);
  cli_text_add(text, "\n  CPU time       ");
  cli_text_duration(text, figures->cpu_ns);
  cli_text_add(text, "\n  wall time      ");
  cli_text_duration(text, figures->wall_ns);
  cli_text_add(text, "\n  guest memory   ");
  if (figures->guest_bytes != CLI_UNKNOWN_SIZE)
    cli_text_size(text, figures->guest_bytes);
  else
    cli_text_add(text, "unknown");
  cli_text_add(text, "\n  peak resident  ");
  cli_text_size(text, figures->resident_bytes);
  cli_text_add(text, "\n  signals        ");
  cli_ack_stats_add_text(text);
  cli_text_add(text, "\n");
}

void cli_stats_add(struct cli_text *text, const struct cli_run_info *run,
                   const struct cli_ending *ending) {
  if (run->format == CLI_NO_STATS) return;
  struct figures figures = measure(run);
  if (run->format == CLI_STATS_JSON)
    add_json(text, run, ending, &figures);
  else
    add_block(text, run, ending, &figures);
}
