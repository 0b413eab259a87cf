/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_COMPILED_PROCESSOR_H
#define WASMSIG_CLI_COMPILED_PROCESSOR_H

enum { CLI_PROCESSOR_TEXT = 256 };

/* Writes a text that differs if the features of two processors differ. */
void cli_processor_features(char text[CLI_PROCESSOR_TEXT]);

#endif
