// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Copies what a run needs to build/conformance/: the package as npm installs it,
 * the suite, and the guests as binaries. So a change of the sources during a run
 * does not change the run.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { fileURLToPath } from 'node:url'
import initialise from 'wabt'
import { GUESTS } from './suite/guests.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PI_WASM = 'build/release/guests/pi.wasm'

export const STAGE = `${ROOT}build/conformance/`

function assemble(wabt, name) {
  const features = { threads: true, multi_memory: true, exceptions: true }
  const text = `(module ${GUESTS[name].join('\n')})`
  const module = wabt.parseWat(`${name}.wat`, text, {
    ...features,
    bulk_memory: true,
    memory64: true,
    mutable_globals: true
  })
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** Copies the files that `npm install` would install. */
function installPackage(folder) {
  const to = `${STAGE}node_modules/wasmsig/`
  const text = readFileSync(`${folder}/package.json`, 'utf8')
  const { files, dependencies = {} } = JSON.parse(text)
  for (const file of ['package.json', ...files]) {
    const from = `${folder}/${file}`
    if (existsSync(from)) cpSync(from, to + file, { recursive: true })
  }
  for (const name of Object.keys(dependencies)) {
    const path = `node_modules/${name}`
    cpSync(ROOT + path, STAGE + path, { recursive: true })
  }
}

const capnpName = (text) => JSON.stringify(text)

/** The configuration of workerd, with all files: it has no file system. */
function workerdConfig(scripts) {
  const modules = scripts.map(
    (path) => `(name = ${capnpName(path)}, esModule = embed ${capnpName(path)})`
  )
  for (const name of Object.keys(GUESTS)) {
    const path = capnpName(`guests/${name}.wasm`)
    modules.push(`(name = ${path}, wasm = embed ${path})`)
  }
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "suite", worker = .suite)]);
const suite :Workerd.Worker = (
  modules = [
    ${modules.join(',\n    ')}
  ],
  compatibilityDate = "2026-11-01"
);
`
}

/**
 * @param {string[]} files of the suite, relative to `suite`
 * @param {string} packageFolder the package to try
 */
export async function prepare(files, suite, packageFolder = `${ROOT}hosts/js`) {
  rmSync(STAGE, { recursive: true, force: true })
  mkdirSync(`${STAGE}suite/guests`, { recursive: true })
  const description = { private: true, dependencies: { wasmsig: '*' } }
  writeFileSync(`${STAGE}package.json`, JSON.stringify(description))
  // Without this file Deno would use the workspace around the stage.
  writeFileSync(`${STAGE}deno.json`, '{ "nodeModulesDir": "manual" }')
  installPackage(packageFolder)
  for (const file of files) cpSync(suite + file, `${STAGE}suite/${file}`)

  const wabt = await initialise()
  for (const name of Object.keys(GUESTS)) {
    const path = `${STAGE}suite/guests/${name}.wasm`
    writeFileSync(path, assemble(wabt, name))
  }
  cpSync(`${ROOT}examples/pi`, `${STAGE}pi`, { recursive: true })
  cpSync(ROOT + PI_WASM, `${STAGE}pi/pi.wasm`)

  const scripts = files.filter((file) => file !== 'main.mjs')
  // The first module is workerd's program.
  scripts.sort((a, b) => (b === 'workerd.mjs') - (a === 'workerd.mjs'))
  writeFileSync(`${STAGE}suite/workerd.capnp`, workerdConfig(scripts))
}

/** The arguments that start a program of the stage. */
export const PROGRAMS = {
  main: (promise) => [`${STAGE}suite/main.mjs`, promise],
  pi: () => [`${STAGE}pi/pi.mjs`, '--json', `${STAGE}pi/pi.wasm`],
  workerd: () => [`${STAGE}suite/workerd.capnp`]
}
