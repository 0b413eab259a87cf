/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Annotations of a container that are options of `wasmsig run`. */
#ifndef WASMSIG_HOSTS_CRUN_ANNOTATIONS_H
#define WASMSIG_HOSTS_CRUN_ANNOTATIONS_H

enum { CRUN_MOST_OPTIONS = 16 };

struct crun_options {
  char *words[CRUN_MOST_OPTIONS]; /* --cpu-hard=2s, and so on */
  int count;
};

/**
 * Reads the annotations wasmsig.* of an OCI runtime configuration (config.json;
 * "Annotations" in the specification).
 *
 * Returns:   0; 1 if there is no such file; -1 for another error, which is
 * printed. Ownership: the words are the caller's, and are freed by
 * crun_options_free().
 */
int crun_read_annotations(const char *file, struct crun_options *options);

void crun_options_free(struct crun_options *options);

#endif
