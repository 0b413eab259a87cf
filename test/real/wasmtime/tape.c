/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tape.h"

#include "checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------- events, operands */

static uint8_t byte(struct tape *tape) {
  check(tape->next < tape->end, "the trace ends too early");
  return *tape->next++;
}

enum op tape_op(struct tape *tape) {
  tape->events++;
  return (enum op)byte(tape);
}

uint64_t tape_number(struct tape *tape) {
  uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t part = byte(tape);
    number |= (uint64_t)(part & 0x7f) << shift;
    if (part < 0x80) return number;
  }
}

struct text tape_text(struct tape *tape) {
  size_t length = tape_number(tape);
  check(length <= (size_t)(tape->end - tape->next), "the trace is cut off");
  struct text text = {(const char *)tape->next, length};
  tape->next += length;
  return text;
}

static void eight_bytes(struct tape *tape, void *to) {
  check(tape->end - tape->next >= 8, "the trace is cut off");
  memcpy(to, tape->next, 8);
  tape->next += 8;
}

struct value tape_value(struct tape *tape) {
  struct value value = {.tag = (char)byte(tape)};
  switch (value.tag) {
    case 'i': value.amount = (int32_t)tape_number(tape); break;
    case 'b': value.amount = byte(tape); break;
    case 'd': eight_bytes(tape, &value.amount); break;
    case 'q': eight_bytes(tape, &value.whole); break;
    case 'r':
    case 'h': value.whole = (int64_t)tape_number(tape); break;
    case 'n':
    case 'u': break;
    default: check(false, "the trace has an unknown value");
  }
  return value;
}

/* ------------------------------------------------------- values of a module */

/* ToInt32. */
static int32_t wrapped(double amount) {
  if (!isfinite(amount)) return 0;
  double rest = fmod(trunc(amount), 4294967296.0);
  return (int32_t)(uint32_t)(int64_t)rest;
}

/* What JavaScript passes as a reference is told apart by this number. */
static uintptr_t identity(struct value value) {
  uint64_t bits;
  memcpy(&bits, &value.amount, sizeof bits);
  uint64_t mixed = bits ^ (uint64_t)value.whole << 8 ^ (uint8_t)value.tag;
  return (uintptr_t)(mixed | 1);
}

static wasmtime_val_t reference(wasmtime_context_t *context,
                                struct value value) {
  wasmtime_val_t made = {.kind = WASMTIME_EXTERNREF};
  wasmtime_externref_set_null(&made.of.externref);
  if (value.tag != 'n')
    check(wasmtime_externref_new(context, (void *)identity(value), NULL,
                                 &made.of.externref),
          "no reference");
  return made;
}

wasmtime_val_t value_to(wasmtime_context_t *context, struct value value,
                        wasmtime_valkind_t kind) {
  wasmtime_val_t made = {.kind = kind};
  double amount = value.tag == 'u' ? (double)NAN : value.amount;
  switch (kind) {
    case WASMTIME_I32: made.of.i32 = wrapped(amount); return made;
    case WASMTIME_I64:
      check(value.tag == 'q', "a value of 64 bits is no bigint");
      made.of.i64 = value.whole;
      return made;
    case WASMTIME_F32: made.of.f32 = (float)amount; return made;
    case WASMTIME_F64: made.of.f64 = amount; return made;
    case WASMTIME_EXTERNREF: return reference(context, value);
    default:
      check(kind == WASMTIME_FUNCREF && value.tag == 'n',
            "a value has a type that the trace cannot have");
      wasmtime_funcref_set_null(&made.of.funcref);
      return made;
  }
}

static bool is_number(double expected, double actual) {
  if (isnan(expected)) return isnan(actual);
  return expected == actual && signbit(expected) == signbit(actual);
}

static bool is_reference(wasmtime_context_t *context, struct value value,
                         const wasmtime_externref_t *actual) {
  if (wasmtime_externref_is_null(actual)) return value.tag == 'n';
  return wasmtime_externref_data(context, actual) == (void *)identity(value);
}

bool value_is(wasmtime_context_t *context, struct value value,
              const wasmtime_val_t *actual) {
  switch (actual->kind) {
    case WASMTIME_I32: return is_number(value.amount, actual->of.i32);
    case WASMTIME_I64: return value.tag == 'q' && value.whole == actual->of.i64;
    case WASMTIME_F32: return is_number(value.amount, (double)actual->of.f32);
    case WASMTIME_F64: return is_number(value.amount, actual->of.f64);
    case WASMTIME_EXTERNREF:
      return is_reference(context, value, &actual->of.externref);
    default: return actual->kind == WASMTIME_FUNCREF; /* whichever it is */
  }
}
