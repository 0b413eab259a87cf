/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_TEXT_OPTION_ERROR_H
#define WASMSIG_CLI_TEXT_OPTION_ERROR_H

struct option; /* of getopt_long() */

/* Long options without a short form have values from here on. */
enum { CLI_FIRST_LONG_OPTION = 256 };

/**
 * Prints why getopt_long() has just returned '?' or ':'.
 *
 * word:      argv[optind - 1]
 * known:     the long options that were given to getopt_long()
 * Returns:   CLI_USAGE.
 */
int cli_option_error(const char *command, const char *word,
                     const struct option *known);

#endif
