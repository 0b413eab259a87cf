/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_MODULE_BYTES_H
#define WASMSIG_MODULE_BYTES_H

#include <node_api.h>
#include <stdint.h>

typedef void use_bytes(void *context, const uint8_t *bytes, size_t length);

/* Calls `use` with the bytes of a module, if the host shows them. They stay
 * unchanged until it returns. */
void module_bytes(napi_value module, use_bytes *use, void *context);

#endif
