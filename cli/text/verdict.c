/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/verdict.h"

#include "text/messages.h"

#include <inttypes.h>

/* ------------------------------------------------------------------- hints */

static const char *hint_for_word(const wasmsig_module_report *report) {
  const wasmsig_module_word *word =
      report->word >= 0 ? &report->words[report->word] : NULL;
  if (!word || word->kind != WASMSIG_EXTERN_GLOBAL)
    return "a word is the address of a data symbol: in C a global variable, "
           "exported with -Wl,--export=__instance_signal; in Rust a "
           "#[no_mangle] static";
  if (word->is_mutable)
    return "the global that holds the address must be immutable";
  return "the global must be i32, or i64 if memory 0 has 64-bit addresses";
}

static const char *hint_for_verdict(const wasmsig_module_report *report) {
  switch (report->verdict) {
    case WASMSIG_VERDICT_NO_WORDS:
      return "in C: #include <wasmsig/guest.h> and write "
             "WASMSIG_GUEST_WORDS(); once. The linker removes words that are "
             "not exported: add -Wl,--export=__instance_signal. For a finished "
             "module: wasmsig instrument IN.wasm -o OUT.wasm";
    case WASMSIG_VERDICT_NO_MEMORY: return "the words need a memory";
    case WASMSIG_VERDICT_HIDDEN_MEMORY:
      return "export memory 0: -Wl,--export-memory (wasm-ld), or "
             "(export \"memory\" (memory 0)) in the text format";
    case WASMSIG_VERDICT_NOT_AN_ADDRESS: return hint_for_word(report);
    case WASMSIG_VERDICT_OUT_OF_RANGE:
      return "the address must be inside the initial size of the memory: was "
             "the module linked for another memory?";
    case WASMSIG_VERDICT_MISALIGNED:
      return "align the signal and the terminated word to 4 bytes, the pending "
             "set to 8";
    case WASMSIG_VERDICT_OVERLAP: return "give each word bytes of its own";
    case WASMSIG_VERDICT_COMPONENT:
      return "use the core module that it was made from: the output of the "
             "compiler before `wasm-tools component new`";
    case WASMSIG_VERDICT_NEWER:
      return "use a newer wasmsig, if there is one, or build the module "
             "without this feature; a damaged file can look like this too";
    default: return NULL;
  }
}

bool cli_has_signal_word(const wasmsig_module_report *report) {
  return wasmsig_verdict_is_readable(report->verdict) &&
         (report->words[WASMSIG_WORD_SIGNAL].is_exported ||
          report->own_memory.is_exported);
}

size_t cli_hints(const wasmsig_module_report *report, const char **hints) {
  size_t count = 0;
  const char *hint = hint_for_verdict(report);
  const wasmsig_module_polls *polls = &report->polls;
  bool has_word = cli_has_signal_word(report);
  if (hint) hints[count++] = hint;
  if (has_word && polls->plain > 0 && !report->is_instrumented)
    hints[count++] =
        "a compiler or an engine may move a plain load out of a loop, which "
        "then never sees the signal: poll with wasmsig_poll(), or with an "
        "atomic load that is volatile in the source";
  if (has_word && polls->lifted > 0)
    hints[count++] =
        "a function polls before its loops and never in them: a compiler has "
        "moved the load out of a loop, and the guest receives no signal there. "
        "Rebuild it with wasmsig/guest.h or the crate wasmsig-guest, whose "
        "polls stay in loops";
  if (has_word && polls->plain == 0 && polls->atomic == 0)
    hints[count++] =
        "no load of the signal word was found: unless the code computes the "
        "address in another way, nothing polls the word; wasmsig instrument "
        "inserts polls";
  return count;
}

/* ----------------------------------------------------------------- verdicts */

static void print_verdict(const char *path,
                          const wasmsig_module_report *report) {
  const char *text = wasmsig_verdict_text(report->verdict);
  const char *detail = report->detail;
  if (report->verdict == WASMSIG_VERDICT_COMPONENT)
    cli_message("%s: %s", path, text);
  else if (report->verdict == WASMSIG_VERDICT_NOT_WASM)
    cli_message("%s: %s, but %s", path, text, detail);
  else
    cli_message("%s: %s, at byte %" PRIu64 "%s%s", path, text, report->offset,
                detail ? ": expected " : "", detail ? detail : "");
}

void cli_print_unreadable(const char *path,
                          const wasmsig_module_report *report) {
  const char *hints[CLI_MOST_HINTS];
  size_t count = cli_hints(report, hints);
  print_verdict(path, report);
  for (size_t i = 0; i < count; i++) cli_message("hint: %s", hints[i]);
}
