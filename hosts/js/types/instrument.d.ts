/**
 * Puts polls of the signal word into each module that the program compiles, so
 * that a host without a way to stop a call (Bun, Deno) can stop it by its word.
 * Load it before other code: `node --import wasmsig/instrument app.mjs`,
 * `bun --preload wasmsig/instrument app.mjs`, `deno run
 * --preload=./node_modules/wasmsig/lib/instrument.js app.mjs`, or an import before
 * all others. In Bun and Deno each worker imports it itself.
 *
 * - `WebAssembly.Module`, `compile`, `instantiate`, `compileStreaming` and
 *   `instantiateStreaming` compile instrumented bytes. Everything else that the
 *   program can see stays the same. The words are exported.
 * - A module that has a signal word and polls it, one without code to poll in,
 *   and one of the host itself are compiled as they are.
 * - A module that cannot be instrumented is compiled as it is, with one warning
 *   for each module (code `WASMSIG_NOT_INSTRUMENTED`).
 * - A module whose polls a compiler has moved out of a loop takes SIGKILL only: a
 *   warning names the function (code `WASMSIG_LIFTED_POLLS`).
 * - Results are stored in `$XDG_CACHE_HOME/wasmsig/instrument` or
 *   `~/.cache/wasmsig/instrument`, under a name that depends on the bytes, the
 *   options and the build of this package. `WASMSIG_INSTRUMENT_CACHE` names
 *   another folder, or is `off`. Any number of processes may share it. It can
 *   be deleted at any time; what was not used for a month is.
 * - Tracking is up to `install()` or `wasmsig/register`, in any order.
 * - `WASMSIG=off` disables it. On macOS, Windows and other systems without a
 *   native part it does nothing, with one warning (code `WASMSIG_UNSUPPORTED`).
 *
 * The bytes are instrumented synchronously, also in asynchronous functions.
 */
export {}
