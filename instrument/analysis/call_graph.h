/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The call graph: which functions call which. From it follow the function heads
 * and the calls that need a poll, so that every run reaches a poll in time
 * (call_graph.c has the proof).
 */
#ifndef WSIG_INSTRUMENT_CALL_GRAPH_H
#define WSIG_INSTRUMENT_CALL_GRAPH_H

#include "analysis/poll_sites.h"
#include "analysis/scan.h"

struct wsig_node;

struct wsig_call_graph {
  uint32_t every, memory;
  struct wsig_node *nodes; /* functions, then sets of functions */
  uint32_t *class_of_type; /* the node of a call through a reference */
  size_t type_count;
  uint32_t function_count, any;
};

/** `every`, `calls`: the user's options. `memory`: the index of the memory with
 * the signal word. `deliver`: the function that polls call, which never polls
 * itself, or UINT32_MAX. Release the graph even after an error. Errors: ENOMEM;
 * 1: the module differs from what was scanned. */
int wsig_call_graph_build(struct wsig_call_graph *graph,
                          const struct wsig_scan *scan, uint32_t memory,
                          uint32_t every, bool calls, uint32_t deliver);
void wsig_call_graph_release(struct wsig_call_graph *graph);

/** Sets for each poll site of the function's body whether it polls. */
void wsig_call_graph_set_polls(const struct wsig_call_graph *graph,
                               uint32_t function,
                               struct wsig_poll_sites *sites);

#endif
