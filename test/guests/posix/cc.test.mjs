// SPDX-License-Identifier: Apache-2.0 OR MIT
// wasmsig-cc is called like clang, and does what clang does.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../../support/patience.mjs'
import { BUILD, CC, HOSTS, root, run } from './support/posix.mjs'

const source = (name) => join(root, `test/guests/posix/programs/${name}.c`)
const plain = source('plain')

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-cc-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const cc = (cwd, args, env = {}) =>
  spawnSync(CC, args, {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env },
    timeout: PATIENCE_MS
  })

const exportsOf = (file) =>
  WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(file)))
    .map(({ name }) => name)
    .sort()

test('it makes a.out by default, as clang does', (t) => {
  const cwd = folder(t)
  const { status, stdout, stderr } = cc(cwd, [plain])
  assert.equal(status, 0, stderr)
  assert.equal(stdout + stderr, '')
  assert.deepEqual(readdirSync(cwd), ['a.out'])
  assert.ok(statSync(join(cwd, 'a.out')).mode & 0o100, 'not executable')
  const { status: of, stdout: said } = run(HOSTS.wasmtime, join(cwd, 'a.out'))
  assert.equal(said, 'hello, you\n')
  assert.equal(of, 7)
})

for (const args of [['-o', 'x y.wasm'], ['-ox y.wasm']])
  test(`it writes where ${args[0].slice(0, 2)} says: ${args}`, (t) => {
    const cwd = folder(t)
    assert.equal(cc(cwd, [...args, plain]).status, 0)
    assert.deepEqual(readdirSync(cwd), ['x y.wasm'])
  })

test('the module has the words and the function that polls call', (t) => {
  const cwd = folder(t)
  cc(cwd, [plain])
  assert.deepEqual(exportsOf(join(cwd, 'a.out')), [
    ...['__instance_signal', '__instance_signal_attention'],
    ...['__instance_signal_deliver', '__instance_signal_handled'],
    ...['__instance_signal_pending'],
    ...['__instance_terminated', '_start', 'memory']
  ])
})

test('programs without a use for them import nothing more than before', (t) => {
  const cwd = folder(t)
  cc(cwd, [plain])
  const module = new WebAssembly.Module(readFileSync(join(cwd, 'a.out')))
  const names = WebAssembly.Module.imports(module).map(({ name }) => name)
  assert.ok(!names.includes('sock_recv') && !names.includes('sock_accept'))
})

for (const [flag, product] of [
  ['-c', 'plain.o'],
  ['-S', 'plain.s']
])
  test(`with ${flag} it only compiles`, (t) => {
    const cwd = folder(t)
    const { status, stderr } = cc(cwd, [flag, plain])
    assert.equal(status, 0, stderr)
    assert.deepEqual(readdirSync(cwd), [product])
  })

test('with -c it writes where -o says, even to a.out', (t) => {
  const cwd = folder(t)
  assert.equal(cc(cwd, ['-c', '-o', 'a.out', plain]).status, 0)
  assert.deepEqual(readdirSync(cwd), ['a.out'])
})

test('clang has a second name for -c', (t) => {
  const cwd = folder(t)
  const { status, stderr } = cc(cwd, ['--compile', plain])
  assert.equal(status, 0, stderr)
  assert.deepEqual(readdirSync(cwd), ['plain.o'])
})

test('-E and -M write to standard output', (t) => {
  const cwd = folder(t)
  assert.match(cc(cwd, ['-E', plain]).stdout, /hello, %s/)
  assert.match(cc(cwd, ['-M', plain]).stdout, /^plain\.o:/)
  assert.deepEqual(readdirSync(cwd), [])
})

test('objects are linked, whichever compiler made them', (t) => {
  const cwd = folder(t)
  assert.equal(cc(cwd, ['-c', plain, '-o', 'a b.o']).status, 0)
  assert.equal(cc(cwd, ['a b.o', '-o', 'p.wasm']).status, 0)
  assert.ok(exportsOf(join(cwd, 'p.wasm')).includes('__instance_signal'))
})

test('clang options with a value of their own keep it', (t) => {
  const cwd = folder(t)
  const args = ['-D', 'X="a b"', '-include', 'stdio.h', '-x', 'c', plain]
  const { status, stderr } = cc(cwd, ['-MD', '-MF', 'deps', ...args])
  assert.equal(status, 0, stderr)
  assert.deepEqual(readdirSync(cwd).sort(), ['a.out', 'deps'])
})

test('dependencies are written beside the output', (t) => {
  const cwd = folder(t)
  assert.equal(cc(cwd, ['-MMD', plain, '-o', 'p.wasm']).status, 0)
  assert.deepEqual(readdirSync(cwd).sort(), ['p.d', 'p.wasm'])
})

test('a compile error comes from clang, and the output file stays', (t) => {
  const cwd = folder(t)
  writeFileSync(join(cwd, 'bad.c'), 'int main(void) { return nothing; }\n')
  writeFileSync(join(cwd, 'a.out'), 'before')
  const { status, stderr } = cc(cwd, ['bad.c'])
  assert.equal(status, 1)
  assert.match(stderr, /bad\.c:1:\d+: error/)
  assert.equal(readFileSync(join(cwd, 'a.out'), 'utf8'), 'before')
})

test('if the module cannot be instrumented, the output file stays', (t) => {
  const cwd = folder(t)
  const tool = join(cwd, 'tool')
  writeFileSync(tool, '#!/bin/sh\necho tool: no >&2\nexit 1\n')
  chmodSync(tool, 0o755)
  writeFileSync(join(cwd, 'a.out'), 'before')
  const { status, stderr } = cc(cwd, [plain], { WASMSIG_COMMAND: tool })
  assert.equal(status, 1)
  assert.equal(stderr, 'tool: no\n')
  assert.equal(readFileSync(join(cwd, 'a.out'), 'utf8'), 'before')
})

test('its own options go to wasmsig instrument', (t) => {
  const cwd = folder(t)
  const tool = join(cwd, 'tool')
  writeFileSync(tool, '#!/bin/sh\necho "$@" >args\nexit 1\n')
  chmodSync(tool, 0o755)
  const options = ['--wasmsig-every=5', '--wasmsig-calls']
  cc(cwd, [...options, plain], { WASMSIG_COMMAND: tool })
  const args = readFileSync(join(cwd, 'args'), 'utf8')
  assert.match(args, /^instrument --every 5 --calls \S+ -o a\.out\n$/)
})

test('a bad number of turns is refused', (t) => {
  const cwd = folder(t)
  for (const number of ['none', ''])
    assert.equal(cc(cwd, [`--wasmsig-every=${number}`, plain]).status, 2)
  assert.deepEqual(readdirSync(cwd), [])
})

test('an unknown option of its own is refused', (t) => {
  const { status, stderr } = cc(folder(t), ['--wasmsig-nonsense', plain])
  assert.equal(status, 2)
  assert.match(stderr, /unknown option '--wasmsig-nonsense'/)
})

test('--wasmsig-no-polls links without polls', (t) => {
  const cwd = folder(t)
  cc(cwd, ['--wasmsig-no-polls', plain, '-o', 'without'])
  cc(cwd, [plain, '-o', 'with'])
  const size = (name) => statSync(join(cwd, name)).size
  assert.ok(size('without') < size('with'))
})

test('it says so when clang is missing', (t) => {
  const env = { WASMSIG_CLANG: 'no-such-clang' }
  const { status, stderr } = cc(folder(t), [plain], env)
  assert.equal(status, 127)
  assert.match(stderr, /no-such-clang/)
})

test('it says so when wasmsig is missing', (t) => {
  const cwd = folder(t)
  const { status, stderr } = cc(cwd, [plain], { WASMSIG_COMMAND: '/no/such' })
  assert.equal(status, 127)
  assert.match(stderr, /wasmsig/)
  assert.deepEqual(readdirSync(cwd), [])
})

test('CC names the compiler, unless it is this one or no clang', (t) => {
  const cwd = folder(t)
  const mine = join(cwd, 'my-clang')
  writeFileSync(mine, '#!/bin/sh\ntouch called\nexec clang-19 "$@"\n')
  chmodSync(mine, 0o755)
  assert.equal(cc(cwd, ['-c', plain], { CC: mine }).status, 0)
  assert.ok(existsSync(join(cwd, 'called')))
  for (const other of [CC, 'gcc'])
    assert.equal(cc(cwd, ['-c', plain], { CC: other }).status, 0)
})

test('CC may be this one in a folder of clangs, or have arguments', (t) => {
  const cwd = join(folder(t), 'clang')
  mkdirSync(cwd)
  const self = join(cwd, 'my-cc')
  symlinkSync(CC, self)
  for (const name of [self, 'ccache clang -m32'])
    assert.equal(cc(cwd, ['-c', plain], { CC: name }).status, 0)
})

test('folders of any name will do', (t) => {
  const cwd = folder(t)
  symlinkSync(BUILD, join(cwd, 'a, b'))
  const { status, stderr } = cc(cwd, [plain], {
    WASMSIG_BUILD: join(cwd, 'a, b')
  })
  assert.equal(status, 0, stderr)
})

test('a program that names default options receives signals', (t) => {
  const cwd = folder(t)
  cc(cwd, ['-mexec-model=command', source('actions'), '-o', 'p.wasm'])
  const { status } = run(HOSTS.wasmtime, join(cwd, 'p.wasm'), 'host_runs')
  assert.equal(status, 0)
})

test('it works through a link from anywhere', (t) => {
  const cwd = folder(t)
  symlinkSync(CC, join(cwd, 'my-cc'))
  const { status, stderr } = spawnSync(join(cwd, 'my-cc'), [plain], {
    encoding: 'utf8',
    cwd
  })
  assert.equal(status, 0, stderr)
})

test('questions to clang are answered by clang', (t) => {
  assert.match(cc(folder(t), ['--version']).stdout, /clang version/)
  assert.match(cc(folder(t), ['-v']).stderr, /Target: wasm32/)
})

test('--help lists its options', (t) => {
  const { status, stdout } = cc(folder(t), ['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /--wasmsig-every=N/)
})

test('-lwasi-emulated-signal changes nothing', (t) => {
  const cwd = folder(t)
  const flags = ['-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal']
  const args = [...flags, source('actions'), '-o', 'p.wasm', ...flags]
  const { status, stderr } = cc(cwd, args)
  assert.equal(status, 0, stderr)
  const { status: of } = run(HOSTS.wasmtime, join(cwd, 'p.wasm'), 'host_runs')
  assert.equal(of, 0)
})

test('after -- there are only files', (t) => {
  const cwd = folder(t)
  for (const args of [['-c'], ['-MMD', '-o', 'p.wasm'], []]) {
    const { status, stderr } = cc(cwd, [...args, '--', plain])
    assert.equal(status, 0, stderr)
  }
  const products = ['a.out', 'p.d', 'p.wasm', 'plain.o']
  assert.deepEqual(readdirSync(cwd).sort(), products)
})

test('threads are refused before anything is compiled', (t) => {
  const cwd = folder(t)
  for (const flags of [
    ['-pthread'],
    ['--target=wasm32-wasi-threads'],
    ['-target', 'wasm32-wasi-threads']
  ]) {
    const { status, stderr } = cc(cwd, [...flags, plain])
    assert.equal(status, 2)
    assert.match(stderr, /threads are not supported/)
  }
  assert.deepEqual(readdirSync(cwd), [])
})

/** Compiles it under these flags, runs it, and returns how it ended. */
function runSource(t, name, text, flags = []) {
  const cwd = folder(t)
  writeFileSync(join(cwd, name), text)
  const { status, stderr } = cc(cwd, [...flags, name])
  assert.equal(status, 0, stderr)
  return run(HOSTS.wasmtime, join(cwd, 'a.out'))
}

test('a program in C++ receives signals', (t) => {
  const text = `
    #include <signal.h>
    #include <sys/select.h>
    #include <sys/time.h>
    #include <unistd.h>
    #include <wasmsig/guest.h>
    static volatile int heard;
    namespace { struct hearer { hearer() { signal(SIGUSR1, [](int n) { heard += n; }); } }; }
    static hearer at_start;
    int main() {
      struct sigaction action = {};
      action.sa_sigaction = [](int n, siginfo_t *info, void *) {
        if (info->si_code == SI_KERNEL) heard += n;
      };
      action.sa_flags = SA_SIGINFO;
      if (sigaction(SIGALRM, &action, nullptr) != 0) return 1;
      if (signal(SIGTERM, SIG_IGN) != SIG_DFL || raise(SIGTERM)) return 2;
      raise(SIGUSR1);
      sigset_t none;
      sigemptyset(&none);
      timespec soon = {0, 1000};
      if (pselect(0, nullptr, nullptr, nullptr, &soon, &none) != 0) return 3;
      alarm(1);
      while (heard != SIGUSR1 + SIGALRM) continue;
      return wasmsig_poll() == 0 && wasmsig_is_hosted() ? 0 : 4;
    }\n`
  for (const standard of ['c++11', 'c++20']) {
    const flags = [`-std=${standard}`, '-Wall', '-Wextra', '-Werror']
    assert.equal(runSource(t, 'p.cc', text, flags).status, 0)
  }
})

test("the library's headers are a system's where -I names them, too", (t) => {
  const cwd = folder(t)
  const headers = ['signal.h', 'sys/select.h', 'sys/time.h', 'unistd.h']
  const lines = headers.map((name) => `#include <${name}>\n`)
  writeFileSync(join(cwd, 'p.c'), `${lines.join('')}int main(void);\n`)
  const overlay = `-I${join(root, 'guest/c/posix/include')}`
  const flags = ['--target=wasm32-wasi', '-std=c11', '-Wpedantic', '-Werror']
  const args = [...flags, overlay, '-fsyntax-only', 'p.c']
  const options = { cwd, encoding: 'utf8' }
  const { status, stderr } = spawnSync('clang-19', args, options)
  assert.equal(status, 0, stderr)
})

test('a usual handler of crashes compiles', (t) => {
  const text = `
    #include <signal.h>
    #include <unistd.h>
    static const char *why(const siginfo_t *info) {
      switch (info->si_signo) {
        case SIGSEGV: return info->si_code == SEGV_MAPERR ? "map" : "access";
        case SIGBUS: return info->si_code == BUS_ADRALN ? "align" : "bus";
        case SIGFPE: return info->si_code == FPE_INTDIV ? "divide" : "float";
        case SIGILL: return info->si_code == ILL_ILLOPC ? "code" : "illegal";
        case SIGCHLD: return info->si_code == CLD_EXITED ? "exit" : "child";
        default: return "other";
      }
    }
    static void crash(int n, siginfo_t *info, void *context) {
      ucontext_t *at = context;
      if (at) sigprocmask(SIG_SETMASK, &at->uc_sigmask, 0);
      _exit(n == SIGSEGV && why(info)[0] == 'a' ? 7 : 8);
    }
    int main(void) {
      struct sigaction action = {.sa_sigaction = crash, .sa_flags = SA_SIGINFO};
      sigaction(SIGSEGV, &action, 0);
      return raise(SIGSEGV);
    }\n`
  assert.equal(runSource(t, 'p.c', text, ['-Wall', '-Werror']).status, 7)
})

test('a program may have its own of what systems lack', (t) => {
  const text = `
    #define _GNU_SOURCE
    #include <poll.h>
    #include <signal.h>
    #include <stdlib.h>
    #include <sys/select.h>
    #include <sys/time.h>
    #include <unistd.h>
    static int calls;
    int kill(pid_t process, int n) { return calls++, process + n; }
    int pause(void) { return calls++; }
    unsigned alarm(unsigned seconds) { return calls++, seconds; }
    pid_t getpid(void) { return calls++, 1; }
    int ppoll(struct pollfd *files, nfds_t count, const struct timespec *time,
              const sigset_t *set) {
      return calls++, files || count || time || set;
    }
    void abort(void) { exit(calls == 5 ? 7 : 8); }
    int main(int argc, char **argv) {
      struct itimerval none = {0};
      struct timespec now = {0};
      sigset_t set;
      (void)argv;
      sigemptyset(&set);
      if (raise(SIGWINCH) || setitimer(ITIMER_REAL, &none, 0)) return 1;
      if (pselect(0, 0, 0, 0, &now, &set)) return 2;
      if (argc > 5) return sigsuspend(&set) + killpg(3, 4);
      kill(1, 2), pause(), alarm(3), getpid(), ppoll(0, 0, 0, 0);
      abort();
    }\n`
  assert.equal(runSource(t, 'p.c', text).status, 7)
})

test('a strict C11 program sees no more names than ISO C has', (t) => {
  const cwd = folder(t)
  writeFileSync(
    join(cwd, 'strict.c'),
    `#include <signal.h>
     static int kill, sigaction, sigset_t, SA_RESTART;
     int main(void) { return kill + sigaction + sigset_t + SA_RESTART; }\n`
  )
  const args = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror']
  const { status, stderr } = cc(cwd, [...args, 'strict.c'])
  assert.equal(status, 0, stderr)
})
