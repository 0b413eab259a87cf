/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Puts polls into each function body. poll_sites.c finds the sites where a poll
 * is possible, and call_graph.c decides which of them poll. Then the body is
 * copied in parts, with a poll between two parts. A poll neither reads nor
 * changes the operand stack below it. So it may be between any two
 * instructions: after the head of a loop, whatever the loop's parameters are,
 * after a call, and in unreachable code.
 *
 * Loops that count their turns do so in a local that is appended to the
 * function: no index changes. If N is a power of two, it increases in steps of
 * 2^32 / N, and the site polls when it is 0. That takes one addition; the
 * result needs no other comparison and no reset. Before the outermost of nested
 * such loops the local is set to 0: so no register holds it elsewhere. The
 * loops of such a nest increase it together. Whichever loop executes the Nth
 * turn polls, so no loop can prevent the polls. A loop in a nest that polls at
 * each turn instead does not end the nest, and what is nested in it begins at 0
 * after its poll.
 */
#include "rewrite/code.h"

#include "analysis/body.h"
#include "analysis/call_graph.h"
#include "analysis/poll_sites.h"

/* Engines accept no more locals. Functions with so many poll at each turn. */
enum { MOST_LOCALS = 50000 };

struct writer {
  const struct wsig_scan *scan;
  const struct wsig_plan *plan;
  const struct wsig_call_graph *graph;
  struct wsig_code *code;
  struct wsig_poll_sites sites; /* of the current body */
  struct wsig_bytes body;
};

static bool has_failed(const struct writer *writer) {
  return writer->sites.failed || writer->code->too_large != WSIG_NO_FUNCTION;
}

/* --------------------------------------------------------------- intervals */

static struct wsig_poll_interval interval_of(const struct wsig_poll_site *site,
                                             uint32_t every) {
  if (!site->polls) return (struct wsig_poll_interval){0};
  switch (site->kind) {
    case WSIG_POLL_SITE_HEAD:
      return wsig_poll_interval_of_head(&site->work, every);
    case WSIG_POLL_SITE_LOOP:
      return wsig_poll_interval_of_loop(&site->work, every);
    default: return wsig_poll_interval_of_return(every);
  }
}

/* A loop that counts is in a nest, and begins it if the loop around it is in
 * none. One that never polls is in the nest around it. */
static void set_nest(struct wsig_poll_site *site,
                     const struct wsig_poll_site *around) {
  uint32_t every = site->interval.every;
  site->is_in_nest = site->kind == WSIG_POLL_SITE_LOOP &&
                     (every > 1 || (every == 0 && around->is_in_nest));
  site->begins_nest = every > 1 && !around->is_in_nest;
}

/* Returns whether the body counts turns in a local. */
static bool set_intervals(struct writer *writer, const struct wsig_body *body) {
  bool is_silent = body->function == writer->plan->deliver;
  bool can_count = body->parameters + body->locals < MOST_LOCALS;
  bool counts = false;
  wsig_call_graph_set_polls(writer->graph, body->function, &writer->sites);
  for (size_t i = 0; i < writer->sites.count; i++) {
    struct wsig_poll_site *site = &writer->sites.items[i];
    struct wsig_poll_interval *interval = &site->interval;
    if (site->kind == WSIG_POLL_SITE_LOOP) writer->code->loops++;
    if (!is_silent) *interval = interval_of(site, writer->plan->every);
    if (interval->every > 1 && !can_count)
      *interval = (struct wsig_poll_interval){.every = 1};
    set_nest(site, &writer->sites.items[site->around]);
    if (interval->every > 1) counts = true;
    if (interval->every > 0) writer->code->polls++;
  }
  return counts;
}

/* ------------------------------------------------------------------- polls */

static void put(struct writer *writer, uint8_t byte) {
  wsig_bytes_byte(&writer->body, byte);
}

static void put_indexed(struct writer *writer, uint8_t opcode, uint64_t index) {
  put(writer, opcode);
  wsig_bytes_u32(&writer->body, index);
}

static void put_constant(struct writer *writer, uint32_t value) {
  put(writer, WSIG_OP_I32_CONST);
  wsig_bytes_s32(&writer->body, (int32_t)value);
}

static void put_poll(struct writer *writer, bool is_plain) {
  const struct wsig_bytes *poll =
      is_plain ? &writer->plan->plain : &writer->plan->atomic;
  wsig_bytes_append(&writer->body, poll->data, poll->length);
}

static bool is_power_of_2(uint32_t number) {
  return (number & (number - 1)) == 0;
}

static void put_zero(struct writer *writer, uint32_t local) {
  put_constant(writer, 0);
  put_indexed(writer, WSIG_OP_LOCAL_SET, local);
}

/* Counts one more turn in the local, and polls at the Nth one. */
static void put_counted(struct writer *writer, uint32_t every, uint32_t local) {
  enum { NO_RESULT = 0x40, EQZ = 0x45, GE_U = 0x4f };
  bool has_reset = !is_power_of_2(every);
  put_indexed(writer, WSIG_OP_LOCAL_GET, local);
  put_constant(writer, has_reset ? 1 : (uint32_t)((UINT64_C(1) << 32) / every));
  put(writer, WSIG_OP_I32_ADD);
  put_indexed(writer, WSIG_OP_LOCAL_TEE, local);
  if (has_reset) put_constant(writer, every);
  put(writer, has_reset ? GE_U : EQZ);
  put(writer, WSIG_OP_IF);
  put(writer, NO_RESULT);
  if (has_reset) put_zero(writer, local);
  put_poll(writer, false);
  put(writer, WSIG_OP_END);
}

/* `local`: the local of the body that counts. */
static void put_site(struct writer *writer, const struct wsig_poll_site *site,
                     uint32_t local) {
  if (site->interval.every == 1)
    put_poll(writer, site->interval.is_plain);
  else if (site->interval.every > 1)
    put_counted(writer, site->interval.every, local);
}

/* ------------------------------------------------------------------ bodies */

static void copy(struct writer *writer, uint64_t start, uint64_t end) {
  const struct wsig_wasm_section *code =
      writer->scan->known[WSIG_WASM_SECTION_CODE];
  wsig_bytes_append(&writer->body, writer->scan->bytes + code->payload + start,
                    (size_t)(end - start));
}

static void put_locals(struct writer *writer, const struct wsig_body *body,
                       bool counts) {
  if (!counts) {
    copy(writer, body->contents, body->code);
    return;
  }
  wsig_bytes_u32(&writer->body, (uint64_t)body->group_count + 1);
  copy(writer, body->groups, body->code);
  wsig_bytes_u32(&writer->body, 1);
  put(writer, WSIG_TYPE_I32);
}

static void put_stretches(struct writer *writer, const struct wsig_body *body,
                          uint32_t local) {
  uint64_t at = body->code;
  for (size_t i = 0; i < writer->sites.count; i++) {
    struct wsig_poll_site *site = &writer->sites.items[i];
    copy(writer, at, site->start);
    if (site->begins_nest) put_zero(writer, local);
    site->now_start = writer->body.length;
    copy(writer, site->start, site->offset);
    at = site->offset;
    put_site(writer, site, local);
    site->now = writer->body.length;
  }
  copy(writer, at, body->end);
}

/* At least as wide as before: so no byte after it moves towards the start. */
static size_t width_of(uint64_t size, uint64_t least) {
  size_t width = 1;
  while (size >>= 7) width++;
  return width > least ? width : (size_t)least;
}

static void put_size(struct wsig_bytes *payload, uint64_t size, size_t width) {
  for (; width > 1; width--, size >>= 7)
    wsig_bytes_byte(payload, (uint8_t)(size | 0x80));
  wsig_bytes_byte(payload, (uint8_t)size);
}

static void map_offsets(struct writer *writer, const struct wsig_body *body,
                        size_t base, bool counts) {
  struct wsig_offset_map *map = &writer->code->map;
  wsig_offset_map_add(map, body->contents, base - body->contents);
  if (counts) {
    size_t width = width_of((uint64_t)body->group_count + 1, 1);
    wsig_offset_map_add(map, body->groups, base + width - body->groups);
  }
  for (size_t i = 0; i < writer->sites.count; i++) {
    const struct wsig_poll_site *site = &writer->sites.items[i];
    if (site->begins_nest)
      wsig_offset_map_add(map, site->start,
                          base + site->now_start - site->start);
    wsig_offset_map_add(map, site->offset, base + site->now - site->offset);
  }
}

/* Each poll is a block. If it is counted, it is inside of another block. */
static void map_labels(struct writer *writer, const struct wsig_body *body) {
  struct wsig_offset_map *labels = &writer->code->labels;
  uint64_t by = 0;
  wsig_offset_map_add(labels, wsig_label(body->function, 0), by);
  for (size_t i = 0; i < writer->sites.count; i++) {
    const struct wsig_poll_site *site = &writer->sites.items[i];
    by += site->interval.every < 2 ? site->interval.every : 2;
    wsig_offset_map_add(labels, wsig_label(body->function, site->label), by);
  }
}

static void put_body(struct writer *writer, const struct wsig_body *body,
                     bool counts) {
  struct wsig_bytes *payload = &writer->code->payload;
  writer->body.length = 0;
  put_locals(writer, body, counts);
  put_stretches(writer, body, (uint32_t)(body->parameters + body->locals));
  if (writer->body.length > WSIG_BODY_MAX &&
      body->end - body->contents <= WSIG_BODY_MAX) {
    writer->code->too_large = body->function;
    return;
  }
  wsig_offset_map_add(&writer->code->map, body->start,
                      payload->length - body->start);
  put_size(payload, writer->body.length,
           width_of(writer->body.length, body->contents - body->start));
  map_offsets(writer, body, payload->length, counts);
  map_labels(writer, body);
  wsig_bytes_append(payload, writer->body.data, writer->body.length);
}

/* Copies everything before the first body. */
static void put_head(struct writer *writer, const struct wsig_bodies *bodies) {
  copy(writer, 0, wsig_cursor_offset(&bodies->cursor));
  wsig_bytes_append(&writer->code->payload, writer->body.data,
                    writer->body.length);
}

static void put_bodies(struct writer *writer, struct wsig_bodies *bodies) {
  struct wsig_body body;
  put_head(writer, bodies);
  while (!has_failed(writer) && wsig_bodies_next(bodies, &body)) {
    wsig_poll_sites_find(&writer->sites, bodies, &body, writer->plan->memory);
    if (!has_failed(writer) && !bodies->cursor.failed)
      put_body(writer, &body, set_intervals(writer, &body));
  }
}

/* 0, or the error. */
static int outcome(const struct writer *writer,
                   const struct wsig_cursor *cursor) {
  const struct wsig_code *code = writer->code;
  if (writer->sites.failed || writer->body.failed || code->payload.failed ||
      code->map.failed || code->labels.failed)
    return WASMSIG_ENOMEM;
  return cursor->failed || code->too_large != WSIG_NO_FUNCTION ? 1 : WASMSIG_OK;
}

static int write(struct wsig_code *code, const struct wsig_scan *scan,
                 const struct wsig_plan *plan,
                 const struct wsig_call_graph *graph) {
  struct writer writer = {
      .scan = scan, .plan = plan, .graph = graph, .code = code};
  struct wsig_bodies bodies;
  wsig_bodies_open(&bodies, scan);
  put_bodies(&writer, &bodies);
  int error = outcome(&writer, &bodies.cursor);
  wsig_poll_sites_release(&writer.sites);
  wsig_bytes_release(&writer.body);
  return error;
}

int wsig_code_write(struct wsig_code *code, const struct wsig_scan *scan,
                    const struct wsig_plan *plan) {
  *code = (struct wsig_code){.too_large = WSIG_NO_FUNCTION};
  if (!scan->known[WSIG_WASM_SECTION_CODE]) return WASMSIG_OK;
  struct wsig_call_graph graph;
  int error = wsig_call_graph_build(&graph, scan, plan->memory, plan->every,
                                    plan->calls, plan->deliver);
  if (!error) error = write(code, scan, plan, &graph);
  wsig_call_graph_release(&graph);
  return error;
}

void wsig_code_release(struct wsig_code *code) {
  wsig_bytes_release(&code->payload);
  wsig_offset_map_release(&code->map);
  wsig_offset_map_release(&code->labels);
}
