/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Other copies of this addon in the process: files of other packages, loaded by
 * any thread. The dynamic linker lists the loaded files in the order of their
 * loading (dl_iterate_phdr(3)), so all threads agree on the first copy.
 *
 * A copy exports a symbol that holds its version. The list is locked while it
 * is walked, and dlsym takes another lock, so the names are collected first.
 */
#include "addon.h"

#include "wasmsig/host.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

extern __attribute__((visibility("default")))
const char wasmsig_addon_version[];
const char wasmsig_addon_version[] = WASMSIG_VERSION;

struct names {
  char **list;
  size_t count;
};

static bool is_addon(const char *name) {
  static const char suffix[] = ".node";
  size_t length = strlen(name);
  return length >= sizeof suffix &&
         strcmp(name + length - (sizeof suffix - 1), suffix) == 0;
}

/* Without memory for its name a file counts as no copy. */
static int note(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  struct names *names = context;
  if (!info->dlpi_name || !is_addon(info->dlpi_name)) return 0;
  char **list = realloc(names->list, (names->count + 1) * sizeof *list);
  if (!list) return 0;
  names->list = list;
  list[names->count] = strdup(info->dlpi_name);
  if (list[names->count]) names->count++;
  return 0;
}

/* The version that a loaded file holds; NULL if it is no copy. The file stays:
 * addons of this kind are never unloaded. */
static const char *version_in(const char *name) {
  void *handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  const char *version = handle ? dlsym(handle, "wasmsig_addon_version") : NULL;
  if (handle) dlclose(handle);
  return version;
}

static napi_value describe(napi_env env, const char *file,
                           const char *version) {
  napi_value copy = NULL, value = NULL;
  napi_create_object(env, &copy);
  napi_create_string_utf8(env, file, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, copy, "file", value);
  napi_create_string_utf8(env, version, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, copy, "version", value);
  return copy;
}

/* firstCopy(): { file, version } of the copy that was loaded first; undefined
 * if that is this one. */
static napi_value first_copy(napi_env env, napi_callback_info info) {
  (void)info;
  struct names names = {NULL, 0};
  const char *version = NULL;
  napi_value copy = NULL;
  dl_iterate_phdr(note, &names);
  for (size_t i = 0; i < names.count; i++) {
    if (!version && (version = version_in(names.list[i])) &&
        version != wasmsig_addon_version)
      copy = describe(env, names.list[i], version);
    free(names.list[i]);
  }
  free(names.list);
  return copy;
}

void define_copies(napi_env env, napi_value exports) {
  napi_value version = NULL;
  napi_create_string_utf8(env, wasmsig_addon_version, NAPI_AUTO_LENGTH,
                          &version);
  napi_set_named_property(env, exports, "version", version);
  define(env, exports, "firstCopy", first_copy);
}
