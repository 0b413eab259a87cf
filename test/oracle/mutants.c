/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Modules for the oracle and the reader: the corpus, COUNT modules made from
 * it, and one for each existing or unused opcode.
 *
 *     mutants FOLDER FIRST COUNT
 *
 * FIRST is the number of the first module made from the corpus. With 0, the
 * other modules are written as well. Each module follows its length, in 4
 * bytes, the lowest first.
 */
#include "../fuzz/corpus.h"
#include "../fuzz/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const uint8_t *bytes, size_t length) {
  for (int shift = 0; shift < 32; shift += 8)
    putchar((int)(length >> shift & 0xff));
  fwrite(bytes, 1, length, stdout);
}

/* ----------------------------------------------------------- instructions */

#define OPERANDS 24

/* A function of one instruction, whose operands are all 0 or all 1. The bytes
 * that it does not need are other instructions: `unreachable`, `nop`. */
static void put_instruction(const uint8_t *opcode, size_t width,
                            uint8_t operand, size_t ends) {
  static const uint8_t before[] = {0, 'a', 's', 'm',  1, 0, 0, 0, /* header */
                                   1, 4,   1,   0x60, 0, 0,       /* types */
                                   3, 2,   1,   0}; /* functions */
  uint8_t module[sizeof before + 5 + 8 + OPERANDS];
  size_t length = sizeof before, body = 1 + width + OPERANDS + ends;
  memcpy(module, before, sizeof before);
  module[length++] = 10;
  module[length++] = (uint8_t)(body + 2);
  module[length++] = 1;
  module[length++] = (uint8_t)body;
  module[length++] = 0; /* locals */
  memcpy(module + length, opcode, width);
  memset(module + length + width, operand, OPERANDS);
  memset(module + length + width + OPERANDS, 0x0b, ends);
  put(module, length + width + OPERANDS + ends);
}

static void put_opcode(const uint8_t *opcode, size_t width) {
  for (uint8_t operand = 0; operand < 2; operand++)
    for (size_t ends = 1; ends <= 2; ends++)
      put_instruction(opcode, width, operand, ends);
}

static void put_opcodes(void) {
  for (unsigned first = 0; first < 256; first++) {
    uint8_t opcode[] = {(uint8_t)first, 0, 0};
    put_opcode(opcode, 1);
    if (first < 0xfb || first == 0xff) continue;
    for (unsigned number = 0; number < 1 << 14;
         number += number < 512 ? 1 : 97) {
      opcode[1] = (uint8_t)(0x80 | (number & 0x7f));
      opcode[2] = (uint8_t)(number >> 7);
      put_opcode(opcode, 3);
    }
  }
}

int main(int argc, char **argv) {
  static uint8_t bytes[MUTATE_MOST];
  if (argc != 4) {
    fprintf(stderr, "usage: mutants FOLDER FIRST COUNT\n");
    return 2;
  }
  struct corpus corpus = corpus_load(argv[1]);
  unsigned long first = strtoul(argv[2], NULL, 10);
  unsigned long count = strtoul(argv[3], NULL, 10);
  if (first == 0) {
    put_opcodes();
    for (size_t i = 0; i < corpus.count; i++)
      put(corpus.seeds[i].bytes, corpus.seeds[i].length);
  }
  for (unsigned long i = 0; i < count; i++)
    put(bytes, corpus_mutant(&corpus, (uint32_t)(first + i), bytes));
  corpus_free(&corpus);
  return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
