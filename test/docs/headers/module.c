/* A program that has a module's bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <wasmsig/module.h>

int inspect(const void *bytes, size_t length) {
  /* block */
  return error;
}
