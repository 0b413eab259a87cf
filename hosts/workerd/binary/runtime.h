/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is used of the runtime: its functions, found by name, and the slots of
 * its virtual tables that are replaced.
 *
 * Types of the runtime are opaque here. The public source of cloudflare/workerd
 * says what each function does: src/workerd/io/limit-enforcer.h,
 * tracked-wasm-instance.h and io-context.h. How C++ passes their arguments is
 * in abi.h.
 */
#ifndef WSIG_WORKERD_BINARY_RUNTIME_H
#define WSIG_WORKERD_BINARY_RUNTIME_H

#include "abi.h"
#include "binary/image.h"

/** How an entry of the list of tracked instances is laid out. */
enum wkd_layout {
  WKD_LAYOUT_UNKNOWN,
  /** Until 2026-04: the address of the terminated word is always there. */
  WKD_LAYOUT_TERMINATED,
  /** Since 2026-05: either address may be absent; a handle follows. */
  WKD_LAYOUT_OPTIONAL,
};

/** The slots that are replaced, by the names of their methods. */
enum wkd_slot {
  /* of IsolateLimitEnforcer */
  WKD_CUSTOMIZE_ISOLATE,
  WKD_ENTER_STARTUP_JS,
  WKD_ENTER_STARTUP_PYTHON,
  WKD_ENTER_DYNAMIC_IMPORT_JS,
  WKD_COMPLETED_REQUEST,
  WKD_DELETE_ISOLATE_ENFORCER, /* the deleting destructor */
  /* of LimitEnforcer */
  WKD_ENTER_JS,
  WKD_TOP_UP_ACTOR,
  WKD_GET_LIMITS_EXCEEDED,
  WKD_REQUIRE_LIMITS_NOT_EXCEEDED,
  WKD_SET_CPU_LIMIT_NEARLY_EXCEEDED_CALLBACK,
  WKD_ON_LIMITS_EXCEEDED, /* its function goes on to the slot's old value */
  /* of IoContext */
  WKD_DELETE_CONTEXT, /* the deleting destructor */
  /* of the HTTP server's error handler, where HTTP is served by C++ */
  WKD_HANDLE_APPLICATION_ERROR,
  /* of WorkerEntrypoint, and of the one around it that observes, where HTTP is
   * served by Rust */
  WKD_REQUEST,
  WKD_OBSERVED_REQUEST,
  WKD_SLOTS
};

/** A function of whatever type. */
typedef void wkd_code(void);

struct wkd_runtime {
  enum wkd_layout layout;
  /** All requests of a service share one enforcer: it names no request. */
  bool shares_enforcers;

  bool passes_strings_by_pointer; /* set by the self-test */

  /* v8::Isolate */
  void *(*isolate_current)(void);
  void (*isolate_terminate)(void *isolate); /* from any thread */
  void (*isolate_cancel)(void *isolate);    /* in the isolate's own */
  /* Calls `callback` soon, in the isolate's own thread; from any thread. */
  void (*isolate_interrupt)(void *isolate,
                            void (*callback)(void *isolate, void *data),
                            void *data);

  /* kj::tryParseHttpMethod(kj::StringPtr); only the self-test calls it. Where
   * it is absent, services have no names. */
  void (*parse_method)(void);

  /* kj::Exception */
  void (*exception_construct)(void *exception, int type, const char *file,
                              int line, struct wkd_array *description);
  void (*exception_destroy)(void *exception);
  void (*exception_set_detail)(void *exception, uint64_t id,
                               struct wkd_array *detail);
  void (*exception_get_detail)(void); /* by wkd_abi_detail() */
  void (*exception_throw)(void *exception, unsigned ignored_frames);
  unsigned (*uncaught_exceptions)(void); /* of this thread */
  /* Absent until 2026-04. An EventOutcome; only the self-test calls it. */
  uint16_t (*outcome_of)(const void *exception, int source);

  /* workerd::IoContext */
  void (*context_abort)(void *context, void *exception);
  bool (*context_has_output_gate)(void *context); /* it is an actor's */
  void (*context_delete)(void *context);          /* the slot's old value */

  /* workerd::LimitEnforcer: the slot's old value, for slots.cc */
  void (*on_limits_exceeded)(void);

  /* How HTTP is served: by C++ until 2026-10, by Rust since 2026-11. */
  bool serves_http_by_rust;

  /* By C++: handleApplicationError(), what the slot held and the method of its
   * base class, kj::HttpServerErrorHandler. Only answers.cc calls them. */
  void (*answer_error)(void);
  void (*answer_error_by_type)(void);

  /* By Rust, for late_answers.cc: what the slots held, the virtual table of the
   * response to an HTTP client, and kj's promises. */
  void (*request)(void);
  void (*observed_request)(void);
  const void *const *response_table;
  void (*send_error)(void);
  void (*ready_now)(void);
  void (*detach)(void *promise);
  void (*header_table_construct)(void *table);
  void (*headers_construct)(void *headers, const void *table);
  void (*broken_construct)(void *node, void *exception);
  void *const *transform_table; /* of TransformPromiseNodeBase */
  void (*transform_construct)(void *node, void *dependency, void *trace);
  void (*transform_destroy)(void *node);
  void (*transform_on_ready)(void *node, void *event);
  void (*transform_get)(void *node, void *result);
  void (*transform_trace)(void *node, void *builder, bool stop);
  void (*transform_get_dependency)(void *node, void *result);
  void (*pure_virtual)(void);

  /* workerd::IsolateLimitEnforcer */
  const void *(*tracked_instances)(const void *enforcer);
  void (*isolate_enforcer_delete)(void *enforcer); /* the slot's old value */

  /* SQLite's functions of these names. */
  int (*sql_auto_extension)(void (*entry_point)(void));
  void (*sql_progress_handler)(void *database, int instructions,
                               int (*must_stop)(void *data), void *data);

  /* workerd::TrackedWasmInstanceList; only the self-test calls them. */
  void (*list_register)(void);
  void (*list_clear)(const void *list, void *lock);
};

extern struct wkd_runtime wkd_runtime;

/**
 * Finds everything in an executable. The slots of a live one can be replaced
 * then.
 *
 * Returns:   NULL, or what was missing: the end of a sentence, never freed.
 */
const char *wkd_runtime_find(const struct wkd_image *image);

/** Replaces the slots that were found. Returns what failed, or NULL. */
const char *wkd_runtime_replace_slots(const struct wkd_image *image,
                                      wkd_code *const with[WKD_SLOTS]);

/** The name of a slot's method, and where the slot is in the file; 0 for one
 * that this version does not have. */
const char *wkd_runtime_slot(enum wkd_slot slot, uint64_t *address);

#endif
