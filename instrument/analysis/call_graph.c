/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Why every run comes to a poll after a bounded number of instructions.
 *
 * Loops with calls, heads of functions and places behind calls count in one
 * global: to pass one is an event, and each 32nd is a poll (poll_interval.c).
 * Loops without calls count their turns in a local that all those of a function
 * share, and poll at every 1024th. So it is enough that few instructions lie
 * between two events:
 *
 *  1. In each cycle of calls there is a function with an event at its head: of
 *     the cycle's nodes the search comes to one first, and to all others from
 *     there, so that the call that closes the cycle leads to a node on the
 *     search's path. That one gets the event; if it stands for many (below),
 *     all of these get it. So calls without events make no cycle.
 *  2. cost(f) is what a call of f may do between two events: f's instructions,
 *     each once, as a turn of a loop with calls is an event; 1024 turns of its
 *     dearest loop without calls; and the cost of each function that it calls,
 *     as often as it does, if that has no event at its head. Where that is
 *     above LIMIT f has an event at its head, and costs its callers nothing.
 *  3. What such a callee's callers have left to do when it comes back is paid
 *     for by no event: recursion goes down through events and up through none.
 *     So functions in a cycle that cost more than LIMIT_OF_RETURN, and others
 *     that cost more than LIMIT, have an event behind each long call: of a
 *     function that has an event in it or in what it calls, or costs more than
 *     LIGHT. But not where at most LIMIT_OF_RETURN is left to do behind it, to
 *     the end of the body, as any loop that leads back from there is an event
 *     or counts in the local.
 *
 * Hence between two events there is the rest of one function: cost(f), or if f
 * has events behind its calls its own instructions and turns, LIGHT for each
 * call, and LIMIT for a long one. Then whoever it comes back to, up to the next
 * event: frames of functions in no recursion, LIMIT in all up to one that has
 * events behind its calls, and other frames, LIMIT_OF_RETURN each. What is
 * called without an event is in its caller's cost, and an event enters one
 * frame at most: 32 of them come back to no more than 32 frames and those that
 * there were. So between two polls there are at most
 *
 *     32 x (W + 2 LIMIT) + (D + 32) x LIMIT_OF_RETURN
 *
 * instructions. W: those of the longest function, with 1024 turns of its loop
 * and LIGHT for each of its calls; D: frames that the engine's stack has room
 * for. In most programs that is below a hundred million for the first part, and
 * the second comes once for all the calls that went down there. With --every N
 * it is N for 32, and for the 1024 of W. Costs are reckoned with 1024 turns at
 * most: where N is larger, LIMIT and LIMIT_OF_RETURN in the sum are N / 1024
 * times as large. An exception passes no place behind a call: a frame that
 * catches one counts by its whole cost.
 *
 * A call through a table or a reference may come to each function whose address
 * is taken and whose type may fit (targets.h). A node for each class of types
 * stands for them, so that there are as many edges as calls and functions; one
 * for the loose types, to which each class leads; and one for calls that may
 * come to any. What a function of the host calls is not seen.
 *
 * The components in which each node reaches each are Tarjan's (Depth-first
 * search and linear graph algorithms, 1972), without recursion. The search
 * leaves a node when it has left all that are called from there, but for those
 * on its path, which have an event: so costs are known from callees up. One
 * that was left before a function that it calls got its event is not long by
 * that: its cost still holds that function's.
 */
#include "analysis/call_graph.h"

#include "analysis/targets.h"

#include <stdlib.h>

/* Instructions. */
#define LIGHT UINT64_C(1024)
#define LIMIT_OF_RETURN (UINT64_C(1) << 14)
#define LIMIT (UINT64_C(1) << 20)

struct wsig_node {
  size_t first, next, end; /* of its edges; the next that the search takes */
  uint64_t cost;
  uint32_t number; /* in the order of the search; 0: not seen yet */
  uint32_t low;    /* the lowest number known to be reached in a component */
  bool is_open;    /* its component is not known yet */
  bool is_on_path; /* of the search */
  bool has_event;  /* at its head */
  bool is_long;
  bool is_wide; /* it has an event behind each long call */
};

struct builder {
  const struct wsig_scan *scan;
  struct wsig_call_graph *graph;
  struct wsig_targets targets;
  bool calls;
  uint32_t node_count;
  uint32_t *edges;
  size_t edge_count, edge_capacity;
  uint32_t *open; /* nodes whose component is not known yet */
  size_t open_count;
  uint32_t *path; /* from where the search began to where it is */
  size_t path_count;
  uint32_t number;
  bool failed; /* out of memory */
};

/* The nodes behind the functions: the loose, the classes, any. */
static uint32_t loose_of(const struct wsig_call_graph *graph) {
  return graph->function_count;
}

static uint32_t node_of_class(const struct wsig_call_graph *graph,
                              uint32_t class) {
  return graph->function_count + 1 + class;
}

static uint32_t node_of(const struct wsig_call_graph *graph,
                        struct wsig_callee callee) {
  if (!callee.is_reference)
    return callee.index < graph->function_count ? callee.index : graph->any;
  return callee.index < graph->type_count ? graph->class_of_type[callee.index]
                                          : graph->any;
}

/* ------------------------------------------------------------------ edges */

static void add_edge(struct builder *builder, uint32_t node) {
  uint32_t *edges = wsig_array_grow(builder->edges, builder->edge_count,
                                    &builder->edge_capacity, sizeof *edges);
  if (!edges) {
    builder->failed = true;
    return;
  }
  builder->edges = edges;
  edges[builder->edge_count++] = node;
}

static void begin_edges(struct builder *builder, uint32_t node) {
  builder->graph->nodes[node].first = builder->edge_count;
}

static void end_edges(struct builder *builder, uint32_t node) {
  struct wsig_node *from = &builder->graph->nodes[node];
  from->next = from->first;
  from->end = builder->edge_count;
}

/* What its turns may do between two polls, if it counts them in the local. */
static uint64_t turns_of(const struct wsig_poll_site *site, uint32_t every) {
  if (site->kind != WSIG_POLL_SITE_LOOP) return 0;
  struct wsig_poll_interval interval =
      wsig_poll_interval_of_loop(&site->work, every);
  if (interval.counter != WSIG_COUNT_LOCAL) return 0;
  return site->work.instructions *
         (interval.every < WSIG_TURNS ? interval.every : WSIG_TURNS);
}

static bool is_call(const struct wsig_poll_site *site) {
  return site->kind == WSIG_POLL_SITE_RETURN ||
         site->kind == WSIG_POLL_SITE_TAIL_CALL;
}

/* The calls of a body, and what it costs without them. */
static void add_body(struct builder *builder,
                     const struct wsig_poll_sites *sites, uint32_t function) {
  uint64_t turns = 0;
  begin_edges(builder, function);
  for (size_t i = 0; i < sites->count; i++) {
    const struct wsig_poll_site *site = &sites->items[i];
    uint64_t here = turns_of(site, builder->graph->every);
    if (here > turns) turns = here;
    if (is_call(site)) add_edge(builder, node_of(builder->graph, site->callee));
  }
  end_edges(builder, function);
  builder->graph->nodes[function].cost = sites->instructions + turns;
}

static int add_bodies(struct builder *builder) {
  struct wsig_poll_sites sites = {0};
  struct wsig_bodies bodies;
  struct wsig_body body;
  wsig_bodies_open(&bodies, builder->scan);
  bool is_right = true; /* there is a type for each body */
  while (!builder->failed && wsig_bodies_next(&bodies, &body)) {
    is_right = body.function < builder->graph->function_count;
    if (!is_right) break;
    wsig_poll_sites_find(&sites, &bodies, &body);
    add_body(builder, &sites, body.function);
    if (sites.failed) builder->failed = true;
  }
  wsig_poll_sites_release(&sites);
  if (builder->failed) return WASMSIG_ENOMEM;
  return is_right && !bodies.cursor.failed ? WASMSIG_OK : 1;
}

/* Lists of the functions of each node of references, one behind the other. */
static void add_lists(struct builder *builder, const uint32_t *first,
                      const uint32_t *next) {
  const struct wsig_call_graph *graph = builder->graph;
  uint32_t loose = loose_of(graph);
  for (uint32_t node = loose; node < graph->any; node++) {
    begin_edges(builder, node);
    for (uint32_t at = first[node - loose]; at > 0; at = next[at - 1])
      add_edge(builder, at - 1);
    if (node != loose) add_edge(builder, loose);
    end_edges(builder, node);
  }
  begin_edges(builder, graph->any);
  for (uint32_t node = loose; node < graph->any; node++)
    add_edge(builder, node);
  end_edges(builder, graph->any);
}

/* A link is the number of a function + 1. */
static int add_references(struct builder *builder) {
  const struct wsig_call_graph *graph = builder->graph;
  uint32_t loose = loose_of(graph);
  uint32_t *first = calloc(graph->any - loose, sizeof *first);
  uint32_t *next = calloc((size_t)graph->function_count + 1, sizeof *next);
  if (first && next) {
    for (uint32_t i = graph->function_count; i-- > 0;) {
      if (!builder->targets.is_taken[i]) continue;
      uint32_t class =
          wsig_class_of_function(&builder->targets, builder->scan, i);
      uint32_t list = class == WSIG_LOOSE ? 0 : class + 1;
      next[i] = first[list];
      first[list] = i + 1;
    }
    add_lists(builder, first, next);
  } else {
    builder->failed = true;
  }
  free(first);
  free(next);
  return builder->failed ? WASMSIG_ENOMEM : WASMSIG_OK;
}

/* ------------------------------------------------------------------- costs */

static bool is_function(const struct builder *builder, uint32_t node) {
  return node < builder->graph->function_count;
}

/* What a call of it costs its caller. */
static uint64_t passed_on(const struct wsig_node *node) {
  return node->has_event ? 0 : node->cost;
}

static void settle_function(struct builder *builder, struct wsig_node *node) {
  for (size_t i = node->first; i < node->end; i++) {
    const struct wsig_node *callee = &builder->graph->nodes[builder->edges[i]];
    node->cost += passed_on(callee);
    if (callee->is_long) node->is_long = true;
  }
  if (node->cost > LIMIT || builder->calls) node->has_event = true;
  if (node->cost > LIGHT || node->has_event) node->is_long = true;
}

/* As the dearest of those that it stands for. */
static void settle_reference(struct builder *builder, struct wsig_node *node) {
  for (size_t i = node->first; i < node->end; i++) {
    const struct wsig_node *callee = &builder->graph->nodes[builder->edges[i]];
    if (passed_on(callee) > node->cost) node->cost = passed_on(callee);
    if (callee->is_long) node->is_long = true;
  }
}

static bool calls_itself(const struct builder *builder, uint32_t node) {
  const struct wsig_node *from = &builder->graph->nodes[node];
  for (size_t i = from->first; i < from->end; i++)
    if (builder->edges[i] == node) return true;
  return false;
}

static void settle(struct builder *builder, uint32_t node) {
  struct wsig_node *settled = &builder->graph->nodes[node];
  if (!is_function(builder, node))
    settle_reference(builder, settled);
  else if (node >= builder->scan->module.imported_functions)
    settle_function(builder, settled);
}

/* Each cycle through the node has an event. */
static void cut(struct builder *builder, uint32_t node) {
  struct wsig_node *nodes = builder->graph->nodes;
  if (nodes[node].has_event) return;
  nodes[node].has_event = nodes[node].is_long = true;
  if (is_function(builder, node)) return;
  for (size_t i = nodes[node].first; i < nodes[node].end; i++)
    cut(builder, builder->edges[i]);
}

/* That of the nodes is known: who is in a cycle. */
static void settle_component(struct builder *builder, const uint32_t *component,
                             size_t count) {
  bool is_in_cycle = count > 1 || calls_itself(builder, component[0]);
  for (size_t i = 0; i < count; i++) {
    struct wsig_node *node = &builder->graph->nodes[component[i]];
    node->is_wide = node->cost > (is_in_cycle ? LIMIT_OF_RETURN : LIMIT);
  }
}

/* -------------------------------------------------------------- components */

static void enter(struct builder *builder, uint32_t node) {
  struct wsig_node *entered = &builder->graph->nodes[node];
  entered->number = entered->low = ++builder->number;
  entered->is_open = entered->is_on_path = true;
  builder->open[builder->open_count++] = node;
  builder->path[builder->path_count++] = node;
}

static void take_low(struct wsig_node *node, uint32_t low) {
  if (low < node->low) node->low = low;
}

static void leave(struct builder *builder, uint32_t node) {
  struct wsig_node *nodes = builder->graph->nodes;
  settle(builder, node);
  nodes[node].is_on_path = false;
  builder->path_count--;
  if (builder->path_count > 0)
    take_low(&nodes[builder->path[builder->path_count - 1]], nodes[node].low);
  if (nodes[node].low != nodes[node].number) return;
  size_t end = builder->open_count;
  uint32_t last;
  do {
    last = builder->open[--builder->open_count];
    nodes[last].is_open = false;
  } while (last != node);
  settle_component(builder, builder->open + builder->open_count,
                   end - builder->open_count);
}

static void search(struct builder *builder, uint32_t start) {
  struct wsig_node *nodes = builder->graph->nodes;
  enter(builder, start);
  while (builder->path_count > 0) {
    uint32_t node = builder->path[builder->path_count - 1];
    if (nodes[node].next == nodes[node].end) {
      leave(builder, node);
      continue;
    }
    uint32_t callee = builder->edges[nodes[node].next++];
    if (nodes[callee].is_on_path) cut(builder, callee);
    if (nodes[callee].number == 0)
      enter(builder, callee);
    else if (nodes[callee].is_open)
      take_low(&nodes[node], nodes[callee].number);
  }
}

static void find_components(struct builder *builder) {
  for (uint32_t node = 0; node < builder->node_count; node++)
    if (builder->graph->nodes[node].number == 0) search(builder, node);
}

/* -------------------------------------------------------------------- all */

static int number_nodes(struct builder *builder) {
  struct wsig_call_graph *graph = builder->graph;
  const struct wsig_targets *targets = &builder->targets;
  graph->any = node_of_class(graph, targets->class_count);
  builder->node_count = graph->any + 1;
  graph->nodes = calloc(builder->node_count, sizeof *graph->nodes);
  graph->class_of_type =
      malloc((graph->type_count + 1) * sizeof *graph->class_of_type);
  builder->open = malloc(builder->node_count * sizeof *builder->open);
  builder->path = malloc(builder->node_count * sizeof *builder->path);
  if (!graph->nodes || !graph->class_of_type || !builder->open ||
      !builder->path)
    return WASMSIG_ENOMEM;
  for (uint32_t type = 0; type < graph->type_count; type++) {
    uint32_t class = wsig_class_of_type(targets, builder->scan, type);
    graph->class_of_type[type] =
        class == WSIG_LOOSE ? graph->any : node_of_class(graph, class);
  }
  return WASMSIG_OK;
}

int wsig_call_graph_build(struct wsig_call_graph *graph,
                          const struct wsig_scan *scan, uint32_t every,
                          bool calls) {
  struct builder builder = {.scan = scan, .graph = graph, .calls = calls};
  *graph =
      (struct wsig_call_graph){.every = every,
                               .function_count = (uint32_t)scan->function_count,
                               .type_count = scan->signature_count};
  int error = wsig_targets_find(&builder.targets, scan);
  if (!error) error = number_nodes(&builder);
  if (!error) error = add_bodies(&builder);
  if (!error) error = add_references(&builder);
  if (!error) find_components(&builder);
  wsig_targets_release(&builder.targets);
  free(builder.edges);
  free(builder.open);
  free(builder.path);
  return error;
}

void wsig_call_graph_release(struct wsig_call_graph *graph) {
  free(graph->nodes);
  free(graph->class_of_type);
  *graph = (struct wsig_call_graph){0};
}

/* ------------------------------------------------------------------- polls */

/* Marks what is in a loop that counts in the local: from there a run may come
 * back to what stands before. Answers what turns of all these loops may do. */
static uint64_t mark_loops(const struct wsig_call_graph *graph,
                           struct wsig_poll_sites *sites) {
  uint64_t turns = 0;
  for (size_t i = 0; i < sites->count; i++) {
    struct wsig_poll_site *site = &sites->items[i];
    const struct wsig_poll_site *around = &sites->items[site->around];
    uint64_t here = turns_of(site, graph->every);
    if (here > turns) turns = here;
    site->may_come_back =
        around->may_come_back || turns_of(around, graph->every) > 0;
  }
  return turns;
}

void wsig_call_graph_set_polls(const struct wsig_call_graph *graph,
                               uint32_t function,
                               struct wsig_poll_sites *sites) {
  const struct wsig_node *node = &graph->nodes[function];
  uint64_t all_turns = mark_loops(graph, sites);
  uint64_t turns = 0, calls = 0; /* from a place to the end */
  for (size_t i = sites->count; i-- > 0;) {
    struct wsig_poll_site *site = &sites->items[i];
    if (!is_call(site)) {
      uint64_t here = turns_of(site, graph->every);
      if (here > turns) turns = here;
      site->polls = site->kind == WSIG_POLL_SITE_LOOP || node->has_event;
      continue;
    }
    const struct wsig_node *callee =
        &graph->nodes[node_of(graph, site->callee)];
    uint64_t rest = sites->instructions - site->before + calls +
                    (site->may_come_back ? all_turns : turns);
    site->polls = site->kind == WSIG_POLL_SITE_RETURN && node->is_wide &&
                  callee->is_long && rest > LIMIT_OF_RETURN;
    calls += passed_on(callee);
  }
}
