/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arguments, results and errors of the addon's functions. */
#ifndef WASMSIG_VALUES_H
#define WASMSIG_VALUES_H

#include <node_api.h>
#include <stdbool.h>

/* Sets `exports[name]` to a function. */
void define(napi_env env, napi_value exports, const char *name,
            napi_callback function);

/* Fetches up to `room` arguments, and answers how many were passed. A missing
 * argument is undefined. */
size_t arguments(napi_env env, napi_callback_info info, napi_value *values,
                 size_t room);

/* 0 for a value that is not a number. */
double number_of(napi_env env, napi_value value);
/* False for a value that is not a boolean. */
bool bool_of(napi_env env, napi_value value);

/* Copies a string's text, cut off where `text` ends; "" for other values. */
void text_of(napi_env env, napi_value value, char *text, size_t size);

napi_value make_number(napi_env env, double number);
napi_value make_bool(napi_env env, bool value);
/* What a reference refers to; NULL if it was collected. */
napi_value value_of(napi_env env, napi_ref reference);

/* Throws an Error with the core's text and the code ERR_WASMSIG_..., and
 * answers NULL. */
napi_value throw_code(napi_env env, int error);

#endif
