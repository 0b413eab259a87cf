/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finding what is used of the runtime, and replacing its slots.
 *
 * Why a replaced slot is the right one: a slot is never counted, it is
 * recognised by what it holds, the address of the method that it is for. A
 * method is found by the class and the name in its symbol. Each function, each
 * method and each slot must be there exactly once; a runtime whose linker has
 * merged two methods, or whose class has one more of that name, is refused.
 *
 * Where the class has several bases (Server::WorkerService), the interface's
 * part of the virtual table holds thunks, which subtract the part's place from
 * `this`. Callers of the interface use that part, so the thunks are replaced.
 */
#include "binary/runtime.h"

#include <stdio.h>
#include <string.h>

struct wkd_runtime wkd_runtime;

/* ---------------------------------------------------------- what is wanted */

/* BY_CPP, BY_RUST: required where HTTP is served by it, unused elsewhere. */
enum presence { REQUIRED, OPTIONAL, BY_CPP, BY_RUST };

/* A function: its address goes to `place`. */
static struct function {
  const char *name;
  void *place;
  uint64_t address;
  enum presence presence;
  unsigned found;
} functions[] = {
    {"_ZN2v87Isolate10GetCurrentEv", &wkd_runtime.isolate_current, 0, REQUIRED,
     0},
    {"_ZN2v87Isolate18TerminateExecutionEv", &wkd_runtime.isolate_terminate, 0,
     REQUIRED, 0},
    {"_ZN2v87Isolate24CancelTerminateExecutionEv", &wkd_runtime.isolate_cancel,
     0, REQUIRED, 0},
    {"_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_",
     &wkd_runtime.isolate_interrupt, 0, REQUIRED, 0},
    {"_ZN2kj9ExceptionC1ENS0_4TypeEPKciNS_6StringE",
     &wkd_runtime.exception_construct, 0, REQUIRED, 0},
    {"_ZN2kj9ExceptionD1Ev", &wkd_runtime.exception_destroy, 0, REQUIRED, 0},
    {"_ZN2kj9Exception9setDetailEyNS_5ArrayIhEE",
     &wkd_runtime.exception_set_detail, 0, REQUIRED, 0},
    {"_ZNK2kj9Exception9getDetailEy", &wkd_runtime.exception_get_detail, 0,
     REQUIRED, 0},
    {"_ZN2kj19throwFatalExceptionEONS_9ExceptionEj",
     &wkd_runtime.exception_throw, 0, REQUIRED, 0},
    {"__cxa_uncaught_exceptions", &wkd_runtime.uncaught_exceptions, 0, REQUIRED,
     0},
    {"_ZN7workerd15RequestObserver20outcomeFromExceptionERKN2kj9ExceptionENS0_"
     "13FailureSourceE",
     &wkd_runtime.outcome_of, 0, OPTIONAL, 0},
    {"_ZN2kj18tryParseHttpMethodENS_9StringPtrE", &wkd_runtime.parse_method, 0,
     OPTIONAL, 0},
    {"_ZN2kj22HttpServerErrorHandler22handleApplicationErrorENS_9ExceptionENS_"
     "5MaybeIRNS_11HttpService8ResponseEEE",
     &wkd_runtime.answer_error_by_type, 0, BY_CPP, 0},
    {"_ZN2kj11HttpService8Response9sendErrorEjNS_9StringPtrERKNS_"
     "15HttpHeaderTableE",
     &wkd_runtime.send_error, 0, BY_RUST, 0},
    {"_ZN2kj1_8readyNowEv", &wkd_runtime.ready_now, 0, BY_RUST, 0},
    {"_ZN2kj1_6detachEONS_7PromiseIvEE", &wkd_runtime.detach, 0, BY_RUST, 0},
    {"_ZN2kj15HttpHeaderTableC1Ev", &wkd_runtime.header_table_construct, 0,
     BY_RUST, 0},
    {"_ZN2kj11HttpHeadersC1ERKNS_15HttpHeaderTableE",
     &wkd_runtime.headers_construct, 0, BY_RUST, 0},
    {"_ZN2kj1_26ImmediateBrokenPromiseNodeC1EONS_9ExceptionE",
     &wkd_runtime.broken_construct, 0, BY_RUST, 0},
    {"_ZTVN2kj1_24TransformPromiseNodeBaseE", &wkd_runtime.transform_table, 0,
     BY_RUST, 0},
    {"_ZN2kj1_24TransformPromiseNodeBaseC2EONS_3OwnINS0_11PromiseNodeENS0_"
     "15PromiseDisposerEEEPv",
     &wkd_runtime.transform_construct, 0, BY_RUST, 0},
    {"_ZN2kj1_24TransformPromiseNodeBaseD2Ev", &wkd_runtime.transform_destroy,
     0, BY_RUST, 0},
    {"_ZN2kj1_24TransformPromiseNodeBase7onReadyEPNS0_5EventE",
     &wkd_runtime.transform_on_ready, 0, BY_RUST, 0},
    {"_ZN2kj1_24TransformPromiseNodeBase3getERNS0_16ExceptionOrValueE",
     &wkd_runtime.transform_get, 0, BY_RUST, 0},
    {"_ZN2kj1_24TransformPromiseNodeBase12tracePromiseERNS0_12TraceBuilderEb",
     &wkd_runtime.transform_trace, 0, BY_RUST, 0},
    {"_ZN2kj1_24TransformPromiseNodeBase12getDepResultERNS0_"
     "16ExceptionOrValueE",
     &wkd_runtime.transform_get_dependency, 0, BY_RUST, 0},
    {"__cxa_pure_virtual", &wkd_runtime.pure_virtual, 0, BY_RUST, 0},
    {"_ZN7workerd9IoContext5abortEON2kj9ExceptionE", &wkd_runtime.context_abort,
     0, REQUIRED, 0},
    {"_ZN7workerd9IoContext13hasOutputGateEv",
     &wkd_runtime.context_has_output_gate, 0, REQUIRED, 0},
    {"_ZNK7workerd6server12_GLOBAL__N_124NullIsolateLimitEnforcer"
     "23getTrackedWasmInstancesEv",
     &wkd_runtime.tracked_instances, 0, REQUIRED, 0},
    {"sqlite3_auto_extension", &wkd_runtime.sql_auto_extension, 0, REQUIRED, 0},
    {"sqlite3_progress_handler", &wkd_runtime.sql_progress_handler, 0, REQUIRED,
     0},
    {"_ZNK7workerd23TrackedWasmInstanceList5clearERNS_3jsg4LockE",
     &wkd_runtime.list_clear, 0, REQUIRED, 0},
};

/* One of the two: its arguments say how an instance is laid out. */
static struct function register_terminated = {
    "_ZNK7workerd23TrackedWasmInstanceList14registerSignalERNS_3jsg4LockEN2kj5"
    "ArrayIhEENS4_5MaybeIjEEj",
    &wkd_runtime.list_register, 0, OPTIONAL, 0};
static struct function register_optional = {
    "_ZNK7workerd23TrackedWasmInstanceList14registerSignalERNS_3jsg4LockEN2kj5"
    "ArrayIhEENS4_5MaybeIjEES8_",
    &wkd_runtime.list_register, 0, OPTIONAL, 0};

/* A class: how its name begins in the symbols of its methods. */
enum class_name {
  ISOLATE_ENFORCER,
  ENFORCER,
  SERVICE,
  CONTEXT,
  CONNECTION, /* an HTTP server; this and the following only answer HTTP */
  ENTRYPOINT,
  OBSERVER,
  RESPONSE,
  CLASSES
};

static struct class {
  const char *name;
  uint64_t table, size; /* its virtual table */
  unsigned found;
  bool through_thunks;
  enum presence presence;
} classes[CLASSES] = {
    {"7workerd6server12_GLOBAL__N_124NullIsolateLimitEnforcer", 0, 0, 0, false,
     REQUIRED},
    {"7workerd6server12_GLOBAL__N_117NullLimitEnforcer", 0, 0, 0, false,
     OPTIONAL},
    {"7workerd6server6Server13WorkerService", 0, 0, 0, true, OPTIONAL},
    {"7workerd9IoContext", 0, 0, 0, false, REQUIRED},
    {"7workerd6server6Server12HttpListener10Connection", 0, 0, 0, true, BY_CPP},
    {"7workerd12_GLOBAL__N_116WorkerEntrypoint", 0, 0, 0, false, BY_RUST},
    {"7workerd6server12_GLOBAL__N_125RequestObserverWithTracer", 0, 0, 0, true,
     BY_RUST},
    {"7workerd6server12_GLOBAL__N_117RewritingResponse", 0, 0, 0, false,
     BY_RUST},
};

/* A method: what follows the class in its symbol. What its slot held goes to
 * `before`. REQUEST: the class is ENFORCER or SERVICE, whichever is there. */
#define REQUEST ENFORCER
static struct slot {
  enum class_name owner;
  const char *method;
  void *before;
  uint64_t method_address[2]; /* by class: ENFORCER, SERVICE; else the first */
  unsigned found[2];
  uint64_t address; /* of the slot, in the file */
} slots[WKD_SLOTS] = {
#define SLOT(owner, method, before) {owner, method, before, {0}, {0}, 0}
    [WKD_CUSTOMIZE_ISOLATE] =
        SLOT(ISOLATE_ENFORCER, "16customizeIsolateE", NULL),
    [WKD_ENTER_STARTUP_JS] = SLOT(ISOLATE_ENFORCER, "14enterStartupJsE", NULL),
    [WKD_ENTER_STARTUP_PYTHON] =
        SLOT(ISOLATE_ENFORCER, "18enterStartupPythonE", NULL),
    [WKD_ENTER_DYNAMIC_IMPORT_JS] =
        SLOT(ISOLATE_ENFORCER, "20enterDynamicImportJsE", NULL),
    [WKD_COMPLETED_REQUEST] =
        SLOT(ISOLATE_ENFORCER, "16completedRequestE", NULL),
    [WKD_DELETE_ISOLATE_ENFORCER] =
        SLOT(ISOLATE_ENFORCER, "D0Ev", &wkd_runtime.isolate_enforcer_delete),
    [WKD_ENTER_JS] = SLOT(REQUEST, "7enterJsE", NULL),
    [WKD_TOP_UP_ACTOR] = SLOT(REQUEST, "10topUpActorE", NULL),
    [WKD_GET_LIMITS_EXCEEDED] = SLOT(REQUEST, "17getLimitsExceededE", NULL),
    [WKD_REQUIRE_LIMITS_NOT_EXCEEDED] =
        SLOT(REQUEST, "24requireLimitsNotExceededE", NULL),
    [WKD_SET_CPU_LIMIT_NEARLY_EXCEEDED_CALLBACK] =
        SLOT(REQUEST, "33setCpuLimitNearlyExceededCallbackE", NULL),
    [WKD_ON_LIMITS_EXCEEDED] =
        SLOT(REQUEST, "16onLimitsExceededE", &wkd_runtime.on_limits_exceeded),
    [WKD_DELETE_CONTEXT] = SLOT(CONTEXT, "D0Ev", &wkd_runtime.context_delete),
    [WKD_HANDLE_APPLICATION_ERROR] = SLOT(
        CONNECTION, "22handleApplicationErrorE", &wkd_runtime.answer_error),
    [WKD_REQUEST] = SLOT(ENTRYPOINT, "7requestE", &wkd_runtime.request),
    [WKD_OBSERVED_REQUEST] =
        SLOT(OBSERVER, "7requestE", &wkd_runtime.observed_request),
#undef SLOT
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char missing[160];

static const char *say(const char *what, const char *problem) {
  snprintf(missing, sizeof missing, "%s %s", what, problem);
  return missing;
}

/* ---------------------------------------------------------- one symbol */

static void note_function(struct function *function, const char *name,
                          size_t length, uint64_t address) {
  if (length != strlen(function->name) ||
      memcmp(name, function->name, length) != 0)
    return;
  function->address = address;
  function->found++;
}

/* Behind "_ZTV" or "_ZN", "_ZNK", "_ZThn48_N", "_ZThn48_NK": the class. */
static const char *method_of(const char *name, bool *is_thunk) {
  *is_thunk = strncmp(name, "_ZThn", 5) == 0;
  if (*is_thunk) {
    name += 5 + strspn(name + 5, "0123456789");
    if (*name++ != '_') return NULL;
  } else {
    name += 2;
  }
  if (*name++ != 'N') return NULL;
  return *name == 'K' ? name + 1 : name;
}

static void note_method(enum class_name owner, const char *method,
                        uint64_t address) {
  for (size_t i = 0; i < COUNT(slots); i++) {
    struct slot *slot = &slots[i];
    bool is_second = owner == SERVICE;
    if (slot->owner != (is_second ? ENFORCER : owner) ||
        strncmp(method, slot->method, strlen(slot->method)) != 0)
      continue;
    slot->method_address[is_second] = address;
    slot->found[is_second]++;
  }
}

static void note_class(const char *name, const Elf64_Sym *symbol) {
  bool is_thunk = false;
  bool is_table = strncmp(name, "_ZTVN", 5) == 0;
  const char *rest = is_table ? name + 5 : method_of(name, &is_thunk);
  if (!rest || rest[0] != '7') return;
  for (int i = 0; i < CLASSES; i++) {
    struct class *class = &classes[i];
    size_t length = strlen(class->name);
    if (strncmp(rest, class->name, length) != 0) continue;
    if (is_table && strcmp(rest + length, "E") == 0) {
      class->table = symbol->st_value;
      class->size = symbol->st_size;
      class->found++;
    }
    if (!is_table && is_thunk == class->through_thunks)
      note_method((enum class_name)i, rest + length, symbol->st_value);
  }
}

/* There are some 280 000 symbols; few begin like this. */
static bool may_be_wanted(const char *name) {
  static const char *const beginnings[] = {
      "_ZN2kj9E", "_ZN2kj1",  "_ZN2kj22H", "_ZN2v87I", "_ZNK2kj9E",
      "_ZN7work", "_ZNK7wor", "_ZThn",     "_ZTVN7",   "_ZTVN2kj1_24",
      "__cxa_un", "__cxa_pu", "sqlite3_a", "sqlite3_p"};
  if (name[0] != '_' && name[0] != 's') return false;
  for (size_t i = 0; i < COUNT(beginnings); i++)
    if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0) return true;
  return false;
}

static void note_symbol(const char *name, const Elf64_Sym *symbol) {
  if (!may_be_wanted(name)) return;
  size_t length = strlen(name);
  for (size_t i = 0; i < COUNT(functions); i++)
    note_function(&functions[i], name, length, symbol->st_value);
  note_function(&register_terminated, name, length, symbol->st_value);
  note_function(&register_optional, name, length, symbol->st_value);
  note_class(name, symbol);
}

/* ----------------------------------------------------------- all of them */

static bool is_unused(enum presence presence) {
  return presence == (wkd_runtime.serves_http_by_rust ? BY_CPP : BY_RUST);
}

static const char *take_function(const struct function *function,
                                 uint64_t bias) {
  if (is_unused(function->presence)) return NULL;
  if (function->found == 0 && function->presence == OPTIONAL) return NULL;
  if (function->found != 1)
    return say(function->name,
               function->found ? "is there more than once" : "is missing");
  uint64_t address = function->address + bias;
  memcpy(function->place, &address, sizeof address);
  return NULL;
}

static const char *take_layout(uint64_t bias) {
  bool terminated = register_terminated.found > 0;
  if (terminated == (register_optional.found > 0))
    return say("workerd::TrackedWasmInstanceList::registerSignal",
               "is not as expected");
  wkd_runtime.layout = terminated ? WKD_LAYOUT_TERMINATED : WKD_LAYOUT_OPTIONAL;
  return take_function(terminated ? &register_terminated : &register_optional,
                       bias);
}

static const char *take_slot(const struct wkd_image *image, struct slot *slot) {
  enum class_name owner = slot->owner;
  if (is_unused(classes[owner].presence)) return NULL;
  if (owner == REQUEST && wkd_runtime.shares_enforcers) owner = SERVICE;
  const struct class *class = &classes[owner];
  bool is_second = owner == SERVICE;
  if (slot->found[is_second] != 1)
    return say(slot->method, slot->found[is_second]
                                 ? "is a method more than once"
                                 : "is missing, a method");
  unsigned found = 0;
  for (uint64_t at = class->table; at + 8 <= class->table + class->size;
       at += 8) {
    uint64_t held;
    if (!wkd_image_pointer(image, at, &held) ||
        held != slot->method_address[is_second])
      continue;
    slot->address = at;
    found++;
  }
  if (found == 1) return NULL;
  return say(slot->method, found ? "has more than one slot" : "has no slot");
}

static const char *take_classes(uint64_t bias) {
  bool own = classes[ENFORCER].found > 0;
  wkd_runtime.shares_enforcers = !own;
  wkd_runtime.serves_http_by_rust = classes[CONNECTION].found == 0;
  for (int i = 0; i < CLASSES; i++) {
    if (i == (own ? SERVICE : ENFORCER) || is_unused(classes[i].presence))
      continue;
    if (classes[i].found != 1 || classes[i].table % 8 != 0)
      return say(classes[i].name, "has no virtual table, a class");
  }
  uint64_t table = classes[RESPONSE].table + bias;
  memcpy(&wkd_runtime.response_table, &table, sizeof table);
  return NULL;
}

const char *wkd_runtime_find(const struct wkd_image *image) {
  for (size_t i = 0; i < image->count; i++) {
    const char *name = wkd_image_name(image, i);
    if (name) note_symbol(name, &image->symbols[i]);
  }
  const char *problem = take_classes(image->bias);
  if (!problem) problem = take_layout(image->bias);
  for (size_t i = 0; i < COUNT(functions) && !problem; i++)
    problem = take_function(&functions[i], image->bias);
  for (size_t i = 0; i < COUNT(slots) && !problem; i++)
    problem = take_slot(image, &slots[i]);
  return problem;
}

/* ------------------------------------------------------------- replacing */

const char *wkd_runtime_replace_slots(const struct wkd_image *image,
                                      wkd_code *const with[WKD_SLOTS]) {
  for (size_t i = 0; i < COUNT(slots); i++) {
    if (slots[i].address == 0) continue;
    uintptr_t address = (uintptr_t)(slots[i].address + image->bias);
    void *slot = (void *)address;
    if (slots[i].before) memcpy(slots[i].before, slot, sizeof(void *));
    if (!wkd_image_store(slot, with[i]))
      return say(slots[i].method, "cannot be replaced");
  }
  return NULL;
}

const char *wkd_runtime_slot(enum wkd_slot slot, uint64_t *address) {
  *address = slots[slot].address;
  return slots[slot].method;
}
