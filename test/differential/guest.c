/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
  fprintf(stderr, "differential: %s\n", what);
  exit(2);
}

/* ------------------------------------------------------------------- values */

static bool is_null(const wasmtime_val_t *value) {
  switch (value->kind) {
    case WASMTIME_FUNCREF: return wasmtime_funcref_is_null(&value->of.funcref);
    case WASMTIME_EXTERNREF:
      return wasmtime_externref_is_null(&value->of.externref);
    case WASMTIME_ANYREF: return wasmtime_anyref_is_null(&value->of.anyref);
    default: return wasmtime_exnref_is_null(&value->of.exnref);
  }
}

bool values_are_equal(const wasmtime_val_t *one, const wasmtime_val_t *other) {
  if (one->kind != other->kind) return false;
  switch (one->kind) {
    case WASMTIME_I32:
    case WASMTIME_F32: return one->of.i32 == other->of.i32;
    case WASMTIME_I64:
    case WASMTIME_F64: return one->of.i64 == other->of.i64;
    case WASMTIME_V128:
      return memcmp(one->of.v128, other->of.v128, sizeof one->of.v128) == 0;
    default: return is_null(one) == is_null(other);
  }
}

/* ----------------------------------------------------------------- outcomes */

static void take_error(struct outcome *outcome, wasmtime_error_t *error) {
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  outcome->how = FAILED;
  snprintf(outcome->message, sizeof outcome->message, "%.*s", (int)message.size,
           message.data);
  /* After the first line is a trace with addresses. */
  outcome->message[strcspn(outcome->message, "\n")] = '\0';
  wasm_name_delete(&message);
  wasmtime_error_delete(error);
}

/* A trap without a code is an exception. Its message is a trace. */
static void take_trap(struct outcome *outcome, wasm_trap_t *trap) {
  outcome->how = wasmtime_trap_code(trap, &outcome->code) ? TRAPPED : THREW;
  wasm_trap_delete(trap);
}

static void take(struct outcome *outcome, wasmtime_error_t *error,
                 wasm_trap_t *trap) {
  outcome->how = RETURNED;
  if (error)
    take_error(outcome, error);
  else if (trap)
    take_trap(outcome, trap);
  if (outcome->how != RETURNED) outcome->count = 0;
}

void outcome_release(struct outcome *outcome) {
  for (size_t i = 0; i < outcome->count; i++)
    wasmtime_val_unroot(&outcome->values[i]);
  outcome->count = 0;
}

bool outcomes_are_equal(const struct outcome *one,
                        const struct outcome *other) {
  if (one->how != other->how || one->count != other->count) return false;
  if (one->how == TRAPPED) return one->code == other->code;
  for (size_t i = 0; i < one->count; i++)
    if (!values_are_equal(&one->values[i], &other->values[i])) return false;
  return strcmp(one->message, other->message) == 0;
}

static const char *trap_text(wasmtime_trap_code_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return "stack overflow";
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS: return "memory out of bounds";
    case WASMTIME_TRAP_CODE_HEAP_MISALIGNED: return "misaligned access";
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS: return "table out of bounds";
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL: return "call of null";
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE: return "signature mismatch";
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW: return "integer overflow";
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO: return "division by zero";
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
      return "bad conversion to integer";
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED: return "unreachable";
    case WASMTIME_TRAP_CODE_NULL_REFERENCE: return "null reference";
    case WASMTIME_TRAP_CODE_ARRAY_OUT_OF_BOUNDS: return "array out of bounds";
    case WASMTIME_TRAP_CODE_CAST_FAILURE: return "failed cast";
    default: return NULL;
  }
}

const char *outcome_text(const struct outcome *outcome) {
  static char text[200];
  const char *known = NULL;
  if (outcome->how == RETURNED) return "returned";
  if (outcome->how == THREW) return "exception";
  if (outcome->how == TRAPPED) known = trap_text(outcome->code);
  if (outcome->how == FAILED)
    snprintf(text, sizeof text, "error: %s", outcome->message);
  else if (!known)
    snprintf(text, sizeof text, "trap %d", (int)outcome->code);
  return known ? known : text;
}

/* --------------------------------------------------------------------- host */

static uint64_t include(struct guest *guest, uint64_t value) {
  return guest->digest = (guest->digest ^ value) * UINT64_C(0x100000001b3);
}

static wasm_trap_t *host_call(void *env, wasmtime_caller_t *caller,
                              const wasmtime_val_t *values, size_t count,
                              wasmtime_val_t *results, size_t result_count) {
  struct guest *guest = env;
  (void)caller;
  uint64_t digest = include(guest, count);
  for (size_t i = 0; i < count; i++)
    digest = include(guest, values[i].kind == WASMTIME_I32
                                ? (uint32_t)values[i].of.i32
                                : (uint64_t)values[i].of.i64);
  if (result_count > 0 && count == 1) {
    results[0].kind = WASMTIME_I32;
    results[0].of.i32 = (int32_t)digest;
  } else if (result_count > 0) {
    results[0].kind = WASMTIME_F32;
    results[0].of.f32 = (float)(digest % 1000);
  }
  return NULL;
}

static void must(wasmtime_error_t *error) {
  if (error) fail("the host cannot make an import");
}

static void make_global(struct guest *guest, const wasm_externtype_t *type,
                        wasmtime_global_t *global) {
  const wasm_globaltype_t *wanted = wasm_externtype_as_globaltype_const(type);
  bool is_mutable = wasm_globaltype_mutability(wanted) == WASM_VAR;
  wasmtime_val_t value = {.kind = is_mutable ? WASMTIME_I64 : WASMTIME_I32};
  value.of.i64 = is_mutable ? 7 : 64;
  must(wasmtime_global_new(guest->context, wanted, &value, global));
}

static void make_table(struct guest *guest, const wasm_externtype_t *type,
                       wasmtime_table_t *table) {
  wasmtime_val_t none = {.kind = WASMTIME_FUNCREF};
  wasmtime_funcref_set_null(&none.of.funcref);
  must(wasmtime_table_new(
      guest->context, wasm_externtype_as_tabletype_const(type), &none, table));
}

static void make_import(struct guest *guest, const wasm_externtype_t *type,
                        wasmtime_extern_t *item) {
  switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC:
      item->kind = WASMTIME_EXTERN_FUNC;
      wasmtime_func_new(guest->context, wasm_externtype_as_functype_const(type),
                        host_call, guest, NULL, &item->of.func);
      return;
    case WASM_EXTERN_GLOBAL:
      item->kind = WASMTIME_EXTERN_GLOBAL;
      make_global(guest, type, &item->of.global);
      return;
    case WASM_EXTERN_TABLE:
      item->kind = WASMTIME_EXTERN_TABLE;
      make_table(guest, type, &item->of.table);
      return;
    default:
      item->kind = WASMTIME_EXTERN_MEMORY;
      must(wasmtime_memory_new(guest->context,
                               wasm_externtype_as_memorytype_const(type),
                               &item->of.memory));
  }
}

/* An import that occurs twice gets two things, as it would not in a linker:
 * both modules get the same. */
static void make_imports(struct guest *guest, const wasmtime_module_t *module) {
  wasm_importtype_vec_t types;
  wasmtime_module_imports(module, &types);
  if (types.size > MAX_IMPORTS) fail("a module has too many imports");
  guest->import_count = types.size;
  for (size_t i = 0; i < types.size; i++)
    make_import(guest, wasm_importtype_type(types.data[i]), &guest->imports[i]);
  wasm_importtype_vec_delete(&types);
}

/* -------------------------------------------------------------------- guest */

static void take_exports(struct guest *guest) {
  char *name;
  for (size_t i = 0; i < MAX_EXPORTS; i++) {
    struct export *export = &guest->exports[i];
    if (!wasmtime_instance_export_nth(guest->context, &guest->instance, i,
                                      &name, &export->length, &export->item))
      return;
    export->name = name;
    guest->export_count++;
  }
  fail("a module has too many exports");
}

void guest_open(struct guest *guest, wasm_engine_t *engine,
                const wasmtime_module_t *module) {
  memset(guest, 0, sizeof *guest);
  guest->store = wasmtime_store_new(engine, NULL, NULL);
  guest->context = wasmtime_store_context(guest->store);
  make_imports(guest, module);
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error =
      wasmtime_instance_new(guest->context, module, guest->imports,
                            guest->import_count, &guest->instance, &trap);
  take(&guest->start, error, trap);
  if (guest->start.how == RETURNED) take_exports(guest);
}

void guest_close(struct guest *guest) {
  for (size_t i = 0; i < guest->export_count; i++)
    if (guest->exports[i].item.kind == WASMTIME_EXTERN_SHAREDMEMORY)
      wasmtime_extern_delete(&guest->exports[i].item);
  wasmtime_store_delete(guest->store);
}

const wasmtime_extern_t *guest_export(const struct guest *guest,
                                      const char *name) {
  for (size_t i = 0; i < guest->export_count; i++) {
    const struct export *export = &guest->exports[i];
    if (export->length == strlen(name) &&
        memcmp(export->name, name, export->length) == 0)
      return &export->item;
  }
  return NULL;
}

void guest_call(struct guest *guest, const wasmtime_func_t *function,
                const wasmtime_val_t *arguments, size_t count,
                struct outcome *outcome) {
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error =
      wasmtime_func_call(guest->context, function, arguments, count,
                         outcome->values, outcome->count, &trap);
  outcome->message[0] = '\0';
  take(outcome, error, trap);
}

/* --------------------------------------------------------- what can be seen */

uint8_t *memory_bytes(struct guest *guest, const wasmtime_extern_t *memory,
                      size_t *length) {
  if (memory->kind == WASMTIME_EXTERN_SHAREDMEMORY) {
    *length = wasmtime_sharedmemory_data_size(memory->of.sharedmemory);
    return wasmtime_sharedmemory_data(memory->of.sharedmemory);
  }
  *length = wasmtime_memory_data_size(guest->context, &memory->of.memory);
  return wasmtime_memory_data(guest->context, &memory->of.memory);
}

static bool memories_are_equal(struct guest *one, const wasmtime_extern_t *item,
                               struct guest *other,
                               const wasmtime_extern_t *its) {
  size_t length, its_length;
  const uint8_t *bytes = memory_bytes(one, item, &length);
  const uint8_t *its_bytes = memory_bytes(other, its, &its_length);
  return length == its_length &&
         (length == 0 || memcmp(bytes, its_bytes, length) == 0);
}

static bool globals_are_equal(struct guest *one, const wasmtime_extern_t *item,
                              struct guest *other,
                              const wasmtime_extern_t *its) {
  wasmtime_val_t value, its_value;
  wasmtime_global_get(one->context, &item->of.global, &value);
  wasmtime_global_get(other->context, &its->of.global, &its_value);
  bool are_equal = values_are_equal(&value, &its_value);
  wasmtime_val_unroot(&value);
  wasmtime_val_unroot(&its_value);
  return are_equal;
}

static bool tables_are_equal(struct guest *one, const wasmtime_extern_t *item,
                             struct guest *other,
                             const wasmtime_extern_t *its) {
  uint64_t length = wasmtime_table_size(one->context, &item->of.table);
  bool are_equal =
      length == wasmtime_table_size(other->context, &its->of.table);
  for (uint64_t i = 0; are_equal && i < length; i++) {
    wasmtime_val_t value, its_value;
    if (!wasmtime_table_get(one->context, &item->of.table, i, &value) ||
        !wasmtime_table_get(other->context, &its->of.table, i, &its_value))
      fail("a table is shorter than it says");
    are_equal = values_are_equal(&value, &its_value);
    wasmtime_val_unroot(&value);
    wasmtime_val_unroot(&its_value);
  }
  return are_equal;
}

bool items_are_equal(struct guest *one, const wasmtime_extern_t *item,
                     struct guest *other, const wasmtime_extern_t *its) {
  if (item->kind != its->kind) return false;
  switch (item->kind) {
    case WASMTIME_EXTERN_GLOBAL:
      return globals_are_equal(one, item, other, its);
    case WASMTIME_EXTERN_TABLE: return tables_are_equal(one, item, other, its);
    case WASMTIME_EXTERN_MEMORY:
    case WASMTIME_EXTERN_SHAREDMEMORY:
      return memories_are_equal(one, item, other, its);
    default: return true;
  }
}
