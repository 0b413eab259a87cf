/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Functions that glibc 2.32 to 2.34 moved into libc.so.6, with a new symbol
 * version: compiled once for each library that contained them before. The addon
 * and the library for workerd are linked with these libraries, so they require
 * the old versions, which every glibc has. The libraries are never loaded, and
 * no function here is ever called.
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
DEFINE(sem_init)
DEFINE(sem_post)
DEFINE(sem_timedwait)
DEFINE(sem_wait)
#endif
