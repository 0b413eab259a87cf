/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The answer over HTTP to a request that was stopped: status 503, with the
 * words of Cloudflare's error 1102. answers.cc gives it where HTTP is served by
 * C++, late_answers.cc where it is served by Rust.
 */
#ifndef WSIG_WORKERD_ANSWERS_H
#define WSIG_WORKERD_ANSWERS_H

#include <stdbool.h>

#define WKD_ANSWER_TEXT "Error 1102: Worker exceeded resource limits"

#ifdef __cplusplus
extern "C" {

/* kj::Promise<void>: its node, whom the receiver owns. */
struct wkd_promise {
  void *node;
  explicit wkd_promise(void *its_node) : node(its_node) {}
  wkd_promise(const wkd_promise &) = delete;
  ~wkd_promise() {}
};
#endif

/** Part of the self-test: the layouts that late_answers.cc believes in. */
bool wkd_answers_are_as_expected(void);

#ifdef __cplusplus
}
#endif

#endif
