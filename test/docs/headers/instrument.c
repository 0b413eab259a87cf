/* A program that has a module's bytes, and a file for the new one. */
#include <stdio.h>
#include <wasmsig/instrument.h>

int instrument(const void *bytes, size_t length, FILE *file) {
  /* block */
  return error;
}
