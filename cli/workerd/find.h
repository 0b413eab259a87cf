/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where workerd is, and the library that limits it. */
#ifndef WASMSIG_CLI_WORKERD_FIND_H
#define WASMSIG_CLI_WORKERD_FIND_H

/**
 * The executable that `given` names: itself, or the package of npm that it
 * belongs to where it is a script. NULL: the nearest node_modules from here
 * upwards, then PATH.
 *
 * Returns:   its real path, to be freed; NULL, having said why.
 */
char *cli_find_workerd(const char *given);

/** The library beside this command, or where it is installed; as above. */
char *cli_find_workerd_library(void);

#endif
