/* A program that has made a module, an instance, and a function of it. */
#include <stdio.h>
#include <wasmsig/wasmtime.h>

int embed(const void *bytes, size_t length, wasmtime_instance_t instance,
          wasmtime_func_t run) {
  /* block */
  return outcome + (error != NULL);
}
