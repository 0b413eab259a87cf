// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A container with Node and the plugin server, started by runc. Its root is this
 * system's /usr and Node, the repository, and nothing that can be written. In
 * place of this file you have an image and your orchestrator.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const SERVER = join(REPOSITORY, 'examples/server/server.js')

const bind = (path) => ({
  destination: path,
  type: 'bind',
  source: path,
  options: ['rbind', 'ro', 'nosuid', 'nodev']
})

/** Folders of this system that Node and the server need. */
const folders = (plugins) =>
  [
    ...['/usr', '/lib', '/lib64', '/bin', REPOSITORY.replace(/\/$/, '')],
    ...[dirname(dirname(realpathSync(process.execPath))), plugins]
  ]
    .filter((path, i, all) => existsSync(path) && all.indexOf(path) === i)
    .filter((path, _, all) => !all.some((a) => path.startsWith(`${a}/`)))

/** https://github.com/opencontainers/runtime-spec */
function specification(plugins, settings) {
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 65532, gid: 65532 },
      args: [realpathSync(process.execPath), SERVER, plugins],
      env: Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      capabilities: {},
      noNewPrivileges: true
    },
    root: { path: 'root', readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      {
        ...{ destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
        options: ['nosuid', 'strictatime', 'mode=755', 'size=64k']
      },
      ...folders(plugins).map(bind)
    ],
    // The network is this system's, so that the proxy reaches it.
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type }))
    }
  }
}

let count = 0

/** A container that runs, or has ended. */
export class Container {
  #folder = mkdtempSync(join(tmpdir(), 'wasmsig-server-container-'))
  #id = `wasmsig-server-${process.pid}-${count++}`
  #child
  output = ''

  /**
   * @param {string} plugins the folder of the plugins
   * @param {Record<string, string | number>} settings variables of the server;
   *   PORT is one
   */
  constructor(plugins, settings) {
    this.address = `http://127.0.0.1:${settings.PORT}`
    mkdirSync(join(this.#folder, 'root'))
    writeFileSync(
      join(this.#folder, 'config.json'),
      JSON.stringify(specification(realpathSync(plugins), settings))
    )
    this.#child = spawn('runc', this.#words('run', '-b', this.#folder), {
      stdio: ['ignore', 'pipe', 'pipe']
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (part) => (this.output += part))
    /** Resolves to its exit status. */
    this.ended = once(this.#child, 'close').then(([status]) => status)
  }

  #words(command, ...more) {
    const state = join(this.#folder, 'state')
    return ['--root', state, command, ...more, this.#id]
  }

  /** As `docker kill` and Kubernetes do. */
  kill(signal) {
    const words = [...this.#words('kill'), signal]
    const { status, stderr } = spawnSync('runc', words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`runc kill: ${stderr}`)
  }

  /** Ends it if it runs, and removes its files. */
  async remove() {
    spawnSync('runc', this.#words('delete', '--force'))
    await this.ended
    rmSync(this.#folder, { recursive: true })
  }
}
