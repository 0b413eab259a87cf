/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Why every run reaches a poll after a bounded number of instructions.
 *
 * Polls are in loops, at heads of functions and after calls. A loop without
 * calls may count its turns, and poll at each 256th turn (poll_interval.c).
 * Each other loop that repeats polls at each turn. It remains to find the heads
 * and calls that need a poll:
 *
 *  1. Each cycle of calls contains a function that polls at its head.
 *     The depth-first search enters one node of the cycle first. From there it
 *     reaches all other nodes of the cycle before it leaves this first one. So
 *     the call that closes the cycle leads to a node on the search's path. The
 *     search gives this node a poll. If the node stands for a set of functions
 *     (see below), each of them gets a poll. The function that delivers
 *     signals never polls, because polls call it. In its place, each function
 *     that it calls gets a poll: one of them is in the cycle too. Hence the
 *     calls of functions without a poll at their heads form no cycle, unless
 *     the delivering function calls itself.
 *  2. cost(f) is the number of instructions that a call of f may execute
 *     between two polls. It is the sum of
 *       - f's instructions, each once, because each turn of a loop that does
 *         not count is a poll;
 *       - 256 turns of each loop of f that counts. Loops nested in each other
 *         count together, so fewer turns are possible;
 *       - for each call in f, the cost of the callee if it has no poll at its
 *         head. No call is in a loop that counts.
 *     If cost(f) exceeds LIMIT, f polls at its head, and adds nothing to the
 *     costs of its callers.
 *  3. After a callee with a poll returns, its callers execute the rest of their
 *     code. No poll accounts for that: recursion passes a poll at each call,
 *     but none at each return. So a function that costs more than LIMIT polls
 *     after each of its long calls. A call is long if the callee, or a function
 *     that it calls in turn, has a poll at its head, or if the callee costs
 *     more than LIGHT. No poll is needed after a call if at most LIMIT
 *     instructions remain from there to the end of the body. A loop that leads
 *     back from there polls.
 *
 * So the following is executed between two polls:
 *
 *  - First the rest of one function f. It is at most cost(f). If f polls after
 *    its calls, it is f's own instructions and turns, LIGHT for each call, and
 *    LIMIT for one long call.
 *  - Then the rest of each caller that f returns to, up to the next poll. Each
 *    of these frames adds at most LIMIT.
 *
 * The cost of a caller contains what it calls without a poll. Hence between two
 * polls there are at most
 *
 *     W + (D + 1) x LIMIT
 *
 * instructions. W is the number of instructions of the longest function, with
 * 256 turns of its loops that count, and LIGHT for each of its calls. D is the
 * number of frames that return without a poll: at most those that fit on the
 * engine's stack. This part occurs only once for all the calls that created
 * these frames.
 *
 * With --every N, N replaces the 256 in W. Costs are computed with at most 256
 * turns: for a larger N, LIMIT in the sum is N / 256 times as large. An
 * exception skips the polls after calls: a frame that catches one counts with
 * its whole cost.
 *
 * A call through a table or a reference may reach each function whose address
 * is taken and whose type may match (targets.h). Nodes stand for these sets of
 * functions: one for each class of types, one for the loose types, to which
 * each class has an edge, and one for calls that may reach any of them. So the
 * number of edges is that of calls and functions. Calls that a function of the
 * host makes are not visible here.
 *
 * The search leaves a node after it has left all its callees, except those on
 * its path, which have a poll. So the costs of callees are known before that of
 * their caller. It can happen that a callee gets its poll only after its caller
 * was left. Then this poll does not make the caller long, but the caller's cost
 * still contains that of the callee.
 */
#include "analysis/call_graph.h"

#include "analysis/targets.h"

#include <stdlib.h>

/* Instructions. */
#define LIGHT UINT64_C(1024)
#define LIMIT (UINT64_C(1) << 16)

struct wsig_node {
  size_t first, next, end; /* its edges; `next`: where the search continues */
  uint64_t cost;
  bool is_visited;
  bool is_on_path; /* of the search */
  bool has_poll;   /* at its head */
  bool is_long;    /* calls of it are long */
  bool is_wide;    /* it polls after each long call */
};

struct builder {
  const struct wsig_scan *scan;
  struct wsig_call_graph *graph;
  struct wsig_targets targets;
  bool calls;
  uint32_t deliver; /* the function that never polls, or UINT32_MAX */
  uint32_t node_count;
  uint32_t *edges;
  size_t edge_count, edge_capacity;
  uint32_t *path; /* from the start of the search to its current node */
  size_t path_count;
  bool failed; /* out of memory */
};

/* The nodes after the functions: loose types, the classes, any type. */
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

/* Instructions of the site's turns between two polls, if it counts them. */
static uint64_t turns_of(const struct wsig_poll_site *site, uint32_t every) {
  if (site->kind != WSIG_POLL_SITE_LOOP) return 0;
  uint32_t turns = wsig_poll_interval_of_loop(&site->work, every).every;
  if (turns < 2) return 0;
  return site->work.instructions * (turns < WSIG_TURNS ? turns : WSIG_TURNS);
}

static bool is_call(const struct wsig_poll_site *site) {
  return site->kind == WSIG_POLL_SITE_RETURN ||
         site->kind == WSIG_POLL_SITE_TAIL_CALL;
}

/* Adds the calls of a body as edges, and its cost without these calls. */
static void add_body(struct builder *builder,
                     const struct wsig_poll_sites *sites, uint32_t function) {
  uint64_t turns = 0;
  begin_edges(builder, function);
  for (size_t i = 0; i < sites->count; i++) {
    const struct wsig_poll_site *site = &sites->items[i];
    turns += turns_of(site, builder->graph->every);
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
    wsig_poll_sites_find(&sites, &bodies, &body, builder->graph->memory);
    add_body(builder, &sites, body.function);
    if (sites.failed) builder->failed = true;
  }
  wsig_poll_sites_release(&sites);
  if (builder->failed) return WASMSIG_ENOMEM;
  return is_right && !bodies.cursor.failed ? WASMSIG_OK : 1;
}

/* Adds the functions of each set as edges, one set after the other. */
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

/* What a call of this node adds to the cost of the caller. */
static uint64_t passed_on(const struct wsig_node *node) {
  return node->has_poll ? 0 : node->cost;
}

static void settle_function(struct builder *builder, uint32_t function) {
  struct wsig_node *node = &builder->graph->nodes[function];
  for (size_t i = node->first; i < node->end; i++) {
    const struct wsig_node *callee = &builder->graph->nodes[builder->edges[i]];
    node->cost += passed_on(callee);
    if (callee->is_long) node->is_long = true;
  }
  if ((node->cost > LIMIT || builder->calls) && function != builder->deliver)
    node->has_poll = true;
  if (node->cost > LIGHT || node->has_poll) node->is_long = true;
}

/* A set costs as much as its most expensive function. */
static void settle_reference(struct builder *builder, struct wsig_node *node) {
  for (size_t i = node->first; i < node->end; i++) {
    const struct wsig_node *callee = &builder->graph->nodes[builder->edges[i]];
    if (passed_on(callee) > node->cost) node->cost = passed_on(callee);
    if (callee->is_long) node->is_long = true;
  }
}

static void settle(struct builder *builder, uint32_t node) {
  struct wsig_node *settled = &builder->graph->nodes[node];
  if (!is_function(builder, node))
    settle_reference(builder, settled);
  else if (node >= builder->scan->module.imported_functions)
    settle_function(builder, node);
  settled->is_wide = settled->cost > LIMIT;
}

/* Ensures that each cycle through the node has a poll. */
static void cut(struct builder *builder, uint32_t node) {
  struct wsig_node *nodes = builder->graph->nodes;
  if (nodes[node].has_poll) return;
  nodes[node].has_poll = nodes[node].is_long = true;
  if (is_function(builder, node) && node != builder->deliver) return;
  for (size_t i = nodes[node].first; i < nodes[node].end; i++)
    cut(builder, builder->edges[i]);
  if (node == builder->deliver) nodes[node].has_poll = false;
}

/* ------------------------------------------------------------------ search */

static void enter(struct builder *builder, uint32_t node) {
  struct wsig_node *entered = &builder->graph->nodes[node];
  entered->is_visited = entered->is_on_path = true;
  builder->path[builder->path_count++] = node;
}

static void leave(struct builder *builder, uint32_t node) {
  settle(builder, node);
  builder->graph->nodes[node].is_on_path = false;
  builder->path_count--;
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
    if (!nodes[callee].is_visited) enter(builder, callee);
  }
}

static void search_all(struct builder *builder) {
  for (uint32_t node = 0; node < builder->node_count; node++)
    if (!builder->graph->nodes[node].is_visited) search(builder, node);
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
  builder->path = malloc(builder->node_count * sizeof *builder->path);
  if (!graph->nodes || !graph->class_of_type || !builder->path)
    return WASMSIG_ENOMEM;
  for (uint32_t type = 0; type < graph->type_count; type++) {
    uint32_t class = wsig_class_of_type(targets, builder->scan, type);
    graph->class_of_type[type] =
        class == WSIG_LOOSE ? graph->any : node_of_class(graph, class);
  }
  return WASMSIG_OK;
}

int wsig_call_graph_build(struct wsig_call_graph *graph,
                          const struct wsig_scan *scan, uint32_t memory,
                          uint32_t every, bool calls, uint32_t deliver) {
  struct builder builder = {
      .scan = scan, .graph = graph, .calls = calls, .deliver = deliver};
  *graph =
      (struct wsig_call_graph){.every = every,
                               .memory = memory,
                               .function_count = (uint32_t)scan->function_count,
                               .type_count = scan->signature_count};
  int error = wsig_targets_find(&builder.targets, scan);
  if (!error) error = number_nodes(&builder);
  if (!error) error = add_bodies(&builder);
  if (!error) error = add_references(&builder);
  if (!error) search_all(&builder);
  wsig_targets_release(&builder.targets);
  free(builder.edges);
  free(builder.path);
  return error;
}

void wsig_call_graph_release(struct wsig_call_graph *graph) {
  free(graph->nodes);
  free(graph->class_of_type);
  *graph = (struct wsig_call_graph){0};
}

/* ------------------------------------------------------------------- polls */

void wsig_call_graph_set_polls(const struct wsig_call_graph *graph,
                               uint32_t function,
                               struct wsig_poll_sites *sites) {
  const struct wsig_node *node = &graph->nodes[function];
  uint64_t turns = 0, calls = 0; /* from a site to the end */
  for (size_t i = sites->count; i-- > 0;) {
    struct wsig_poll_site *site = &sites->items[i];
    if (!is_call(site)) {
      turns += turns_of(site, graph->every);
      site->polls = site->kind == WSIG_POLL_SITE_LOOP || node->has_poll;
      continue;
    }
    const struct wsig_node *callee =
        &graph->nodes[node_of(graph, site->callee)];
    uint64_t rest = sites->instructions - site->before + calls + turns;
    site->polls = site->kind == WSIG_POLL_SITE_RETURN && node->is_wide &&
                  callee->is_long && rest > LIMIT;
    calls += passed_on(callee);
  }
}
