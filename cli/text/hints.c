/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/hints.h"

static const char *hint_for_word(const wasmsig_module_report *report) {
  const wasmsig_module_word *word =
      report->word >= 0 ? &report->words[report->word] : NULL;
  if (!word || word->kind != WASMSIG_EXTERN_GLOBAL)
    return "a word is the address of a data symbol: in C a global variable, "
           "with -Wl,--export=__instance_signal; in Rust a #[no_mangle] static";
  if (word->is_mutable)
    return "the global that holds the address must be immutable";
  return "the global must be i32, or i64 if memory 0 has 64-bit addresses";
}

static const char *hint_for_verdict(const wasmsig_module_report *report) {
  switch (report->verdict) {
    case WASMSIG_VERDICT_NO_WORDS:
      return "in C: #include <wasmsig/guest.h> and write "
             "WASMSIG_GUEST_WORDS(); once; a linker drops words that nothing "
             "exports: -Wl,--export=__instance_signal. Of a finished module: "
             "wasmsig instrument IN.wasm -o OUT.wasm";
    case WASMSIG_VERDICT_NO_MEMORY: return "words lie in a memory";
    case WASMSIG_VERDICT_HIDDEN_MEMORY:
      return "export memory 0: -Wl,--export-memory (wasm-ld), or "
             "(export \"memory\" (memory 0)) in text";
    case WASMSIG_VERDICT_NOT_AN_ADDRESS: return hint_for_word(report);
    case WASMSIG_VERDICT_OUT_OF_RANGE:
      return "the address must lie in the memory as it is at the start: was "
             "the module linked for another memory?";
    case WASMSIG_VERDICT_MISALIGNED:
      return "align it: 4 bytes for the signal and the terminated word, 8 for "
             "the pending set";
    case WASMSIG_VERDICT_OVERLAP: return "give each word bytes of its own";
    case WASMSIG_VERDICT_COMPONENT:
      return "take the core module that it was made of: the output of the "
             "compiler before `wasm-tools component new`";
    case WASMSIG_VERDICT_NEWER:
      return "take a newer wasmsig, if there is one, or build the module "
             "without what it uses; a damaged file can look like that, too";
    default: return NULL;
  }
}

size_t cli_hints(const wasmsig_module_report *report, const char **hints) {
  size_t count = 0;
  const char *hint = hint_for_verdict(report);
  const wasmsig_module_polls *polls = &report->polls;
  bool has_word = wasmsig_verdict_is_readable(report->verdict) &&
                  report->words[WASMSIG_WORD_SIGNAL].is_exported;
  if (hint) hints[count++] = hint;
  if (has_word && polls->plain > 0)
    hints[count++] =
        "a plain load may be lifted out of a loop, and the signal is never "
        "seen: poll by wasmsig_poll(), or by an atomic load that is volatile "
        "in the source";
  if (has_word && polls->plain == 0 && polls->atomic == 0)
    hints[count++] =
        "no load of the signal word was seen: if the address is "
        "not computed in some other way, nothing polls it; wasmsig "
        "instrument puts polls in";
  return count;
}
