/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compiled/processor.h"

#include <stdio.h>
#include <sys/auxv.h>

#ifdef __x86_64__
#include <cpuid.h>

/* Intel's and AMD's manuals: leaf 1 has SSE and AVX, 7 has AVX2, AVX-512 and
 * BMI, 0x80000001 has LZCNT. */
static int add_leaf(char *text, int length, unsigned leaf, unsigned part) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  __get_cpuid_count(leaf, part, &a, &b, &c, &d);
  /* Bits 24 to 31 of EBX in leaf 1 are the number of the processor. */
  if (leaf == 1) b = 0;
  return length + snprintf(text + length, CLI_PROCESSOR_TEXT - (size_t)length,
                           "%x:%x,%x,%x ", leaf, b, c, d);
}

void cli_processor_features(char text[CLI_PROCESSOR_TEXT]) {
  int length = add_leaf(text, 0, 1, 0);
  length = add_leaf(text, length, 7, 0);
  length = add_leaf(text, length, 7, 1);
  add_leaf(text, length, 0x80000001, 0);
}

#else

void cli_processor_features(char text[CLI_PROCESSOR_TEXT]) {
  snprintf(text, CLI_PROCESSOR_TEXT, "%lx,%lx", getauxval(AT_HWCAP),
           getauxval(AT_HWCAP2));
}

#endif
