/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * WAMR: finds the words and memory 0 of an instance, tracks it, and ends its
 * calls.
 *
 * Why no signal is written outside of the words: memory 0 and the addresses are
 * read from the instance itself. The registry checks the addresses against the
 * length before it writes. A memory is FIXED only if WAMR is built such that
 * memories do not move, and the system does not refute it. For a MOVABLE memory
 * the thread that runs the instance reads the base again at each sync.
 *
 * Why a kill ends the right call: wasm_runtime_terminate() sets the instance's
 * exception and, through the thread manager, a flag that the interpreter reads
 * at each branch. After a late kill both stay set. undo clears both
 * (wasm_cluster_set_exception in WAMR's thread_manager.c), and a budget calls
 * it before its leave returns.
 */
#include "wasmsig/wamr.h"

#include "module/verdict_of_error.h"

#include <string.h>

static uint64_t length_of(wasm_memory_inst_t memory) {
  return wasm_memory_get_cur_page_count(memory) *
         wasm_memory_get_bytes_per_page(memory);
}

/* False: the global is no address in a 32-bit memory. */
static bool read_address(const wasm_global_inst_t *global, uint64_t *address) {
  uint32_t value;
  if (global->is_mutable || global->kind != WASM_I32) return false;
  memcpy(&value, global->global_data, sizeof value);
  *address = value;
  return true;
}

/* The export of the module with this name. False: it has none. */
static bool find_export(wasm_module_t module, const char *name,
                        wasm_export_t *item) {
  int32_t count = wasm_runtime_get_export_count(module);
  for (int32_t index = 0; index < count; index++) {
    memset(item, 0, sizeof *item);
    wasm_runtime_get_export_type(module, index, item);
    if (item->name != NULL && strcmp(item->name, name) == 0) return true;
  }
  return false;
}

/* Returns a verdict: TRACKED, NO_WORDS or NOT_AN_ADDRESS. */
static int read_words(wasm_module_inst_t module_inst, wasmsig_words *words) {
  uint64_t *const addresses[WASMSIG_WORD_COUNT] = {
      [WASMSIG_WORD_SIGNAL] = &words->signal,
      [WASMSIG_WORD_TERMINATED] = &words->terminated,
      [WASMSIG_WORD_PENDING] = &words->pending,
      [WASMSIG_WORD_HANDLED] = &words->handled,
  };
  wasm_module_t module = wasm_runtime_get_module(module_inst);
  int verdict = WASMSIG_VERDICT_NO_WORDS;
  for (int word = 0; word < WASMSIG_WORD_COUNT; word++) {
    wasm_global_inst_t global;
    wasm_export_t item;
    const char *name = wasmsig_word_name(word);
    if (wasm_runtime_get_export_global_inst(module_inst, name, &global)) {
      if (!read_address(&global, addresses[word]))
        return WASMSIG_VERDICT_NOT_AN_ADDRESS;
      if (word != WASMSIG_WORD_HANDLED) verdict = WASMSIG_VERDICT_TRACKED;
    } else if (find_export(module, name, &item)) {
      return WASMSIG_VERDICT_NOT_AN_ADDRESS;
    }
  }
  return verdict;
}

/* WAMR has this function only if it is built with hardware bounds checks
 * (OS_ENABLE_HW_BOUND_CHECK). Its headers do not show how it was built. */
extern bool os_thread_signal_inited(void) __attribute__((weak));

/* What such a build maps for each memory: wasm_allocate_linear_memory in WAMR's
 * wasm_memory.c. An allocator of the embedder may map less. */
#define RESERVATION (UINT64_C(8) << 30)

static uint64_t reservation(wasm_memory_inst_t memory) {
  if (!os_thread_signal_inited) return 0;
  bool is_there = wasmsig_memory_classify(
                      wasm_memory_get_base_address(memory), length_of(memory),
                      RESERVATION, RESERVATION, false) == WASMSIG_MEMORY_FIXED;
  return is_there ? RESERVATION : 0;
}

static uint64_t largest_length_of(wasm_memory_inst_t memory) {
  return wasm_memory_get_max_page_count(memory) *
         wasm_memory_get_bytes_per_page(memory);
}

static bool is_one_page(wasm_memory_inst_t memory) {
  enum { PAGE = 65536 };
  return !wasm_memory_get_shared(memory) && length_of(memory) == PAGE &&
         largest_length_of(memory) == PAGE;
}

/* A module for WAMR has one memory at most, so a memory of the words' own is
 * memory 0. If no code can grow a memory, WAMR reports its initial size as its
 * maximum: so a larger maximum is accepted, and the memory never moves either.
 * Returns a verdict: TRACKED or NO_WORDS. */
static int read_own_memory(wasm_module_inst_t module_inst,
                           wasmsig_words *words) {
  wasm_export_t item;
  wasm_memory_inst_t memory = wasm_runtime_get_memory(module_inst, 0);
  if (words->handled != WASMSIG_NO_WORD ||
      !find_export(wasm_runtime_get_module(module_inst), WASMSIG_OWN_MEMORY,
                   &item) ||
      item.kind != WASM_IMPORT_EXPORT_KIND_MEMORY || !is_one_page(memory))
    return WASMSIG_VERDICT_NO_WORDS;
  words->signal = wasmsig_own_memory_address(WASMSIG_WORD_SIGNAL);
  words->terminated = wasmsig_own_memory_address(WASMSIG_WORD_TERMINATED);
  words->pending = wasmsig_own_memory_address(WASMSIG_WORD_PENDING);
  words->handled = wasmsig_own_memory_address(WASMSIG_WORD_HANDLED);
  return WASMSIG_VERDICT_TRACKED;
}

static int track(wasmsig_wamr_tracked *tracked) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  int verdict = read_words(tracked->module_inst, &words);
  if (verdict == WASMSIG_VERDICT_NO_WORDS)
    verdict = read_own_memory(tracked->module_inst, &words);
  if (verdict != WASMSIG_VERDICT_TRACKED) return verdict;
  wasm_memory_inst_t memory = wasm_runtime_get_memory(tracked->module_inst, 0);
  if (memory == NULL) return WASMSIG_VERDICT_NO_MEMORY;

  words.memory = wasm_memory_get_base_address(memory);
  words.length = length_of(memory);
  words.memory_class = wasmsig_memory_classify(
      words.memory, words.length, largest_length_of(memory),
      reservation(memory), wasm_memory_get_shared(memory));
  tracked->memory_class = words.memory_class;
  return wsig_verdict_of_error(
      wasmsig_instance_add(tracked->registry, &words, &tracked->instance));
}

int wasmsig_wamr_track(wasmsig_registry *registry,
                       wasm_module_inst_t module_inst,
                       wasmsig_wamr_tracked *tracked) {
  wasmsig_wamr_tracked found = {.registry = registry,
                                .module_inst = module_inst};
  if (tracked != NULL) *tracked = found;
  if (registry == NULL || module_inst == NULL) return WASMSIG_EINVAL;
  int result = track(&found);
  if (result >= 0 && tracked != NULL) *tracked = found;
  return result;
}

int wasmsig_wamr_sync(const wasmsig_wamr_tracked *tracked) {
  if (tracked == NULL) return WASMSIG_EINVAL;
  if (tracked->instance == 0 || tracked->memory_class != WASMSIG_MEMORY_MOVABLE)
    return 0;
  wasm_memory_inst_t memory = wasm_runtime_get_memory(tracked->module_inst, 0);
  return wasmsig_instance_sync(tracked->registry, tracked->instance,
                               wasm_memory_get_base_address(memory),
                               length_of(memory));
}

int wasmsig_wamr_untrack(wasmsig_wamr_tracked *tracked) {
  if (tracked == NULL) return WASMSIG_EINVAL;
  if (tracked->instance == 0) return 0;
  int error = wasmsig_instance_remove(tracked->registry, tracked->instance);
  tracked->instance = 0;
  return error;
}

/* Takes locks of the thread manager: never in a signal handler. */
void wasmsig_wamr_kill(void *module_inst) {
  wasm_runtime_terminate(module_inst);
}

void wasmsig_wamr_undo(void *module_inst) {
  wasm_runtime_clear_exception(module_inst);
}

int wasmsig_wamr_killer_apply(wasm_module_inst_t module_inst,
                              wasmsig_budget_options *options) {
  if (module_inst == NULL || options == NULL) return WASMSIG_EINVAL;
  options->kill = wasmsig_wamr_kill;
  options->undo = wasmsig_wamr_undo;
  options->context = module_inst;
  options->kill_is_signal_safe = false;
  return 0;
}

bool wasmsig_wamr_is_cpu_limit(wasm_module_inst_t module_inst) {
  if (module_inst == NULL) return false;
  const char *exception = wasm_runtime_get_exception(module_inst);
  return exception != NULL && strstr(exception, "terminated by user") != NULL;
}
