/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/places.h"

#include "text/messages.h"

#include <string.h>

static const char *const names[WASMSIG_WORDS_COUNT] = {
    [WASMSIG_WORDS_OWN] = "own",
    [WASMSIG_WORDS_NULL_AREA] = "null-area",
    [WASMSIG_WORDS_PAGE] = "page",
    [WASMSIG_WORDS_MEMORY] = "memory"};

const char *cli_place_name(int place) { return names[place]; }

/* The places of a name; 0: there is none. */
static uint32_t places_of(const char *name, size_t length) {
  if (length == 4 && memcmp(name, "auto", 4) == 0) return WASMSIG_WORDS_DEFAULT;
  for (int i = 0; i < WASMSIG_WORDS_COUNT; i++)
    if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
      return WASMSIG_WORDS_IN(i);
  return 0;
}

bool cli_take_places(const char *text, uint32_t *places) {
  uint32_t all = 0;
  for (const char *name = text;; name++) {
    size_t length = strcspn(name, ",");
    uint32_t more = places_of(name, length);
    if (more == 0) {
      cli_usage_error("instrument",
                      "--words: '%.*s' is none of auto, own, null-area, page, "
                      "memory",
                      (int)length, name);
      return false;
    }
    all |= more;
    name += length;
    if (*name == '\0') break;
  }
  *places = all;
  return true;
}

/* Whether the words are there, or could be. */
static const char *answer(const wasmsig_instrumented *made, int place) {
  if (made->bytes) return (int)made->placement == place ? "yes" : "no";
  return made->other_places & WASMSIG_WORDS_IN(place) ? "possible" : "no";
}

void cli_explain_places(const char *path, const wasmsig_instrumented *made) {
  for (int i = made->bytes ? 0 : 1; i < WASMSIG_WORDS_COUNT; i++)
    if (made->reasons[i][0] != '\0')
      cli_message("%s: %s: %s: %s", path, names[i], answer(made, i),
                  made->reasons[i]);
  if (made->bytes) return;
  for (int i = 0; i < WASMSIG_WORDS_COUNT; i++)
    if (made->other_places & WASMSIG_WORDS_IN(i))
      cli_message(i == WASMSIG_WORDS_PAGE
                      ? "%s: hint: --words %s is safe if the program does not "
                        "use the size of its memory, and no host passes it to "
                        "the program"
                      : "%s: hint: --words %s would do",
                  path, names[i]);
}
