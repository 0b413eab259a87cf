/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What crun 1.8.1 and later expect of a handler: a shared object in its folder
 * of handlers that exports run_oci_handler_get_handler(), which returns a
 * table. Source: struct custom_handler_s of libcrun, and where it is used.
 * Later versions append members: 1.27.1 has one more, close_fds. crun checks
 * each function for NULL, except unload, and so reads NULL where this table has
 * room for later members. Versions before 1.8.1 have fewer members in the
 * middle: they read another function, and must not load this handler
 * (docs/how-to/crun.md).
 */
#ifndef WASMSIG_HOSTS_CRUN_CRUN_H
#define WASMSIG_HOSTS_CRUN_CRUN_H

/* crun's own data: nothing of them is read. */
struct crun_container;
struct crun_context;
struct crun_error;

struct crun_handler {
  const char *name;
  const char *feature; /* what `crun --version` lists */
  const char *alias;
  /* In the runtime's process, before the container exists. */
  int (*load)(void **cookie, struct crun_error **error);
  int (*unload)(void *cookie, struct crun_error **error);
  /* In the container, in the place of execve(2). */
  int (*run)(void *cookie, struct crun_container *container, const char *path,
             char *const argv[]);
  /* The same for `crun exec`. NULL: crun says that it is not possible. */
  int (*exec)(void *cookie, struct crun_container *container, const char *path,
              char *const argv[]);
  int (*configure)(void *cookie, int phase, struct crun_context *context,
                   struct crun_container *container, const char *root,
                   struct crun_error **error);
  int (*can_handle)(struct crun_container *container,
                    struct crun_error **error);
  int (*modify)(void *cookie, struct crun_context *context, void *definition,
                struct crun_error **error);
  void *later[16];
};

#endif
