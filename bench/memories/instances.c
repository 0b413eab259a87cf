/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * instances FILE MOST: makes instances in Wasmtime, each in a store of its own,
 * until one fails or there are MOST. Prints how many there are, and the address
 * space of the process.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wasmtime.h>

static wasmtime_module_t *load(wasm_engine_t *engine, const char *path) {
  static uint8_t bytes[4096];
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  wasmtime_module_t *module = NULL;
  if (wasmtime_module_new(engine, bytes, length, &module)) return NULL;
  return module;
}

static bool instantiate(wasm_engine_t *engine, wasmtime_module_t *module) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = wasmtime_instance_new(
      wasmtime_store_context(store), module, NULL, 0, &instance, &trap);
  if (!error && !trap) return true;
  if (error) {
    wasm_name_t message;
    wasmtime_error_message(error, &message);
    printf("%.*s\n", (int)message.size, message.data);
  }
  return false;
}

static void print(unsigned long count) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return;
  int read = fscanf(file, "%llu", &pages);
  fclose(file);
  if (read != 1) return;
  printf("%lu instances, %llu GiB of addresses\n", count,
         pages * (unsigned long long)sysconf(_SC_PAGESIZE) >> 30);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  wasm_engine_t *engine = wasm_engine_new();
  wasmtime_module_t *module = load(engine, argv[1]);
  if (!module) return 1;
  unsigned long most = strtoul(argv[2], NULL, 10), count = 0;
  while (count < most && instantiate(engine, module)) count++;
  if (count == most) puts("more fit");
  print(count);
  return 0;
}
