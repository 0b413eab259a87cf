/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks that no two exports have the same name. It sorts the names instead of
 * hashing them: so it takes n log n comparisons, whatever the names are.
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

/* Orders names by length, then by bytes, and equal ones by their offset. It is
 * a heap sort: it needs no memory. qsort would give `compare` no context. */
static int compare(const struct wsig_module *module,
                   const struct wsig_export *a, const struct wsig_export *b) {
  if (a->name.length != b->name.length)
    return a->name.length < b->name.length ? -1 : 1;
  int order = a->name.length == 0
                  ? 0
                  : memcmp(module->names.bytes + a->name.start,
                           module->names.bytes + b->name.start, a->name.length);
  if (order != 0) return order;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void sink(struct wsig_module *module, size_t parent, size_t count) {
  struct wsig_export *exports = module->exports;
  for (size_t child; (child = 2 * parent + 1) < count; parent = child) {
    if (child + 1 < count &&
        compare(module, &exports[child], &exports[child + 1]) < 0)
      child++;
    if (compare(module, &exports[parent], &exports[child]) >= 0) return;
    struct wsig_export larger = exports[child];
    exports[child] = exports[parent];
    exports[parent] = larger;
  }
}

static void sort(struct wsig_module *module) {
  struct wsig_export *exports = module->exports;
  for (size_t i = module->export_count / 2; i-- > 0;)
    sink(module, i, module->export_count);
  for (size_t last = module->export_count; last-- > 1;) {
    struct wsig_export largest = exports[0];
    exports[0] = exports[last];
    exports[last] = largest;
    sink(module, 0, last);
  }
}

static bool same_name(const struct wsig_module *module,
                      const struct wsig_export *a,
                      const struct wsig_export *b) {
  return a->name.length == b->name.length &&
         (a->name.length == 0 ||
          memcmp(module->names.bytes + a->name.start,
                 module->names.bytes + b->name.start, a->name.length) == 0);
}

void wsig_check_export_names(struct wsig_module *module) {
  sort(module);
  uint64_t first = UINT64_MAX;
  for (size_t i = 1; i < module->export_count; i++) {
    const struct wsig_export *export = &module->exports[i];
    if (export->offset < first && same_name(module, export - 1, export))
      first = export->offset;
  }
  if (first != UINT64_MAX)
    wsig_cursor_fail(&module->cursor, first,
                     "an export whose name no other export has");
}
