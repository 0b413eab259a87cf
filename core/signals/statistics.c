/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Counters of the process. Each one is atomic by itself. */
#include "atomics.h"
#include "signals/registry.h"

wasmsig_statistics wsig_statistics;

void wasmsig_get_statistics(wasmsig_statistics *statistics) {
  if (!statistics) return;
  statistics->raises = 0;
  wasmsig_registry *registry = wsig_load_acquire(&wsig_registries);
  for (; registry; registry = registry->next)
    for (int side = 0; side < 2; side++)
      statistics->raises +=
          wsig_load_relaxed(&registry->walks[side]) >> WSIG_WALK_BITS;
  statistics->failures = wsig_load_relaxed(&wsig_statistics.failures);
  statistics->soft = wsig_load_relaxed(&wsig_statistics.soft);
  statistics->kills = wsig_load_relaxed(&wsig_statistics.kills);
  statistics->wakes = wsig_load_relaxed(&wsig_statistics.wakes);
  statistics->fires = wsig_load_relaxed(&wsig_statistics.fires);
  statistics->arms = wsig_load_relaxed(&wsig_statistics.arms);
  statistics->clock_reads = wsig_load_relaxed(&wsig_statistics.clock_reads);
}
