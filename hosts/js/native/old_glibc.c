/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Functions that glibc 2.32 to 2.34 moved into libc.so.6, and gave a new
 * version there: compiled once for each library that they were in before. The
 * addon is linked with these libraries, so that it asks for the versions of
 * then, which each glibc has. They are never loaded, and nothing here is ever
 * called.
 */
#define DEFINE(name)                                             \
  __attribute__((visibility("default"))) extern void name(void); \
  void name(void) {}

#if defined(OLD_LIBDL)
DEFINE(dladdr)
DEFINE(dlclose)
DEFINE(dlopen)
DEFINE(dlsym)
#else
DEFINE(pthread_create)
DEFINE(pthread_detach)
DEFINE(pthread_getcpuclockid)
DEFINE(pthread_key_create)
DEFINE(pthread_once)
DEFINE(pthread_setspecific)
DEFINE(pthread_sigmask)
#endif
