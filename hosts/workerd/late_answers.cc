/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The answer over HTTP, where HTTP is served by Rust (since 2026-11).
 *
 * The server calls WorkerInterface::request() of C++ and awaits its promise; if
 * that is rejected, it answers 500. Both classes whose request() it may call
 * have a slot for it: WorkerEntrypoint, and RequestObserverWithTracer, which
 * calls the first one and reports how it went. The slot's function gives the
 * server a promise of our own around the runtime's. When the runtime's is
 * rejected with an exception of ours, ours sends the answer, and is fulfilled.
 *
 * Why no other request gets this answer: the promise is the one that this
 * request has returned, the response is the one that it was given, and the
 * exception has a detail that only exceeded.c adds. A request that fails
 * because it called one that was stopped is rejected with an exception made
 * from an error of JavaScript, which has no such detail. A call from another
 * Worker is left alone: only a server makes responses of the class that is
 * compared.
 *
 * Why the promise is sound: it is the runtime's own TransformPromiseNodeBase,
 * as if by `.catch_()`: constructed, awaited and ended by its own functions. Of
 * its virtual functions only the two pure ones are ours. What sending throws,
 * as when a response has begun before, is caught by its get(): then the promise
 * is rejected as it was.
 */
#include "answers.h"
#include "binary/runtime.h"
#include "exceeded.h"

#include <stdlib.h>
#include <string.h>

namespace {

/* Before a virtual table's first function: the offset to the top of the object,
 * and its type. */
constexpr int TABLE_HEAD = 2;

/* The virtual functions of TransformPromiseNodeBase, in their order. */
enum Virtual {
  DESTROY,
  ON_READY,
  SET_SELF_POINTER,
  GET,
  TRACE,
  GET_IMPL,
  VIRTUALS
};

/* kj::_::ExceptionOr<kj::_::Void>: a kj::Maybe<kj::Exception>, which is null
 * where there is none, then the value. Bigger than it is, and 0 as it is
 * constructed. */
struct Result {
  void *exception;
  void *more[15];
};

using Get = void (*)(void *node, Result *result);
using Request = wkd_promise (*)(void *interface, uint32_t method, void *url,
                                void *headers, void *body, void *response);

/* A TransformPromiseNodeBase has no more than the first words. */
constexpr size_t NODE_WORDS = 16;
struct Node {
  void *const *table;
  void *base[NODE_WORDS - 1];
  /* The server's, until the promise has ended. */
  void *response;
  const void *header_table;
};

/* kj::StringPtr; `size` counts the 0 at the end. */
struct String {
  const char *text;
  size_t size;
};

/* That of the base, with our two functions. */
void *node_table[TABLE_HEAD + VIRTUALS];

/* -------------------------------------------------------------- the answer */

void get_result(void *node, Result *result) {
  void *const *table = *static_cast<void *const **>(node);
  reinterpret_cast<Get>(table[GET])(node, result);
}

/* kj::_::readyNow() is an object of static storage: nothing is to be ended. */
void fulfil(Result *result) {
  using ReadyNow = wkd_promise (*)();
  wkd_promise ready = reinterpret_cast<ReadyNow>(wkd_runtime.ready_now)();
  get_result(ready.node, result);
}

void fulfil_instead(Result *result) {
  wkd_runtime.exception_destroy(&result->exception);
  result->exception = nullptr;
  fulfil(result);
}

/* The text is the reason of the status, and the body. The body may be written
 * after the promise of the request is fulfilled. */
void send_answer(const Node *node) {
  using SendError = wkd_promise (*)(void *response, unsigned status,
                                    const String *reason, const void *table);
  const String text = {WKD_ANSWER_TEXT, sizeof WKD_ANSWER_TEXT};
  wkd_promise sent = reinterpret_cast<SendError>(wkd_runtime.send_error)(
      node->response, 503, &text, node->header_table);
  wkd_runtime.detach(&sent);
}

void get_impl(Node *node, Result *result) {
  wkd_runtime.transform_get_dependency(node, result);
  if (!result->exception || !wkd_is_exceeded_request(&result->exception))
    return;
  send_answer(node);
  fulfil_instead(result);
}

void destroy(Node *node) {
  wkd_runtime.transform_destroy(node);
  free(node);
}

/* --------------------------------------------------------------- requests */

bool is_for_client(void *response) {
  return *static_cast<const void *const *const *>(response) ==
         wkd_runtime.response_table + TABLE_HEAD;
}

/* The promise of the request to which `response` was given. It is the first
 * member of HttpHeaders that names their table. */
wkd_promise answering(wkd_promise &promise, const void *header_table,
                      void *response) {
  Node *node = static_cast<Node *>(calloc(1, sizeof *node));
  if (!node) return wkd_promise(promise.node);
  wkd_runtime.transform_construct(node, &promise.node,
                                  reinterpret_cast<void *>(get_impl));
  node->table = node_table + TABLE_HEAD;
  node->response = response;
  node->header_table = header_table;
  return wkd_promise(node);
}

/* The observer calls the entrypoint before it returns: then the outer promise
 * answers, so that the observer sees the rejection. */
thread_local void *outer_response;

wkd_promise serve(void (*before)(void), void *interface, uint32_t method,
                  void *url, void *headers, void *body, void *response) {
  Request request = reinterpret_cast<Request>(before);
  if (response == outer_response || !is_for_client(response))
    return request(interface, method, url, headers, body, response);
  const void *header_table = *static_cast<const void **>(headers);
  outer_response = response;
  wkd_promise promise =
      request(interface, method, url, headers, body, response);
  outer_response = nullptr;
  return answering(promise, header_table, response);
}

/* --------------------------------------------------------------- self-test */

/* Which functions are virtual, and in which order. */
bool table_is_as_expected() {
  void *const *base = wkd_runtime.transform_table + TABLE_HEAD;
  auto is = [base](Virtual which, auto function) {
    return base[which] == reinterpret_cast<void *>(function);
  };
  return is(DESTROY, wkd_runtime.pure_virtual) &&
         is(ON_READY, wkd_runtime.transform_on_ready) &&
         is(GET, wkd_runtime.transform_get) &&
         is(TRACE, wkd_runtime.transform_trace) &&
         is(GET_IMPL, wkd_runtime.pure_virtual);
}

void make_table() {
  memcpy(node_table, wkd_runtime.transform_table, sizeof node_table);
  node_table[TABLE_HEAD + DESTROY] = reinterpret_cast<void *>(destroy);
  node_table[TABLE_HEAD + GET_IMPL] = reinterpret_cast<void *>(get_impl);
}

/* A promise that is rejected with an exception of ours: where its result has
 * it, and what takes its place. */
bool result_is_as_expected() {
  void *broken[NODE_WORDS];
  wkd_exception exception;
  wkd_exceeded_request(&exception);
  const void *storage = exception.opaque[0];
  wkd_runtime.broken_construct(broken, &exception);
  Result result = {}, fulfilled = {};
  const Result untouched = {};
  get_result(broken, &result);
  if (!storage || result.exception != storage ||
      !wkd_is_exceeded_request(&result.exception))
    return false;
  fulfil_instead(&result);
  fulfil(&fulfilled);
  return !result.exception && !fulfilled.exception &&
         memcmp(result.more, fulfilled.more, sizeof result.more) == 0 &&
         memcmp(&fulfilled, &untouched, sizeof fulfilled) != 0;
}

/* The base is not bigger than its place in ours. */
bool node_is_as_expected() {
  constexpr size_t GUARD = 16;
  void *broken[NODE_WORDS];
  void *node[NODE_WORDS + GUARD];
  wkd_exception exception;
  wkd_exceeded_request(&exception);
  wkd_runtime.broken_construct(broken, &exception);
  memset(node, 0x5a, sizeof node);
  void *dependency = broken;
  wkd_runtime.transform_construct(node, &dependency, node);
  unsigned char guard[sizeof(void *) * GUARD];
  memset(guard, 0x5a, sizeof guard);
  Result result = {};
  wkd_runtime.transform_get_dependency(node, &result);
  return memcmp(node + NODE_WORDS, guard, sizeof guard) == 0 &&
         result.exception && wkd_is_exceeded_request(&result.exception);
}

bool headers_are_as_expected() {
  static void *table[64];
  void *headers[64] = {};
  wkd_runtime.header_table_construct(table);
  wkd_runtime.headers_construct(headers, table);
  return headers[0] == table;
}

}  // namespace

extern "C" {

bool wkd_answers_are_as_expected(void) {
  if (!wkd_runtime.passes_strings_by_pointer || !table_is_as_expected())
    return false;
  make_table();
  return result_is_as_expected() && node_is_as_expected() &&
         headers_are_as_expected();
}

wkd_promise wkd_slot_request(void *interface, uint32_t method, void *url,
                             void *headers, void *body, void *response) {
  return serve(wkd_runtime.request, interface, method, url, headers, body,
               response);
}

wkd_promise wkd_slot_observed_request(void *interface, uint32_t method,
                                      void *url, void *headers, void *body,
                                      void *response) {
  return serve(wkd_runtime.observed_request, interface, method, url, headers,
               body, response);
}

}  // extern "C"
