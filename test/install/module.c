/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads the module on standard input: without an engine, and without a host. */
#include <stdio.h>
#include <wasmsig/module.h>

int main(void) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  if (wasmsig_module_inspect_file(0, NULL, &report) != WASMSIG_OK) return 1;
  wasmsig_verdict verdict = report.verdict;
  printf("the module is %s\n", wasmsig_verdict_code(verdict));
  wasmsig_module_report_release(&report);
  return verdict == WASMSIG_VERDICT_TRACKED ? 0 : 1;
}
