// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Manifests of Kubernetes, and the schemas of its API. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import Ajv from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'

import { ROOT } from './images.mjs'

const FOLDER = join(ROOT, 'examples/kubernetes')
export const VERSIONS = ['v1.28.0', 'v1.37.0']

/** The texts of all manifests, by file. */
export const manifests = () =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')])

/** The objects in a text; throws if it is no YAML. */
export function objectsIn(text) {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    return document.toJS()
  })
}

/** The schemas that a wheel of PyPI has, for every version of the API. */
function schemas(version) {
  const wheel = join(ROOT, 'build/kubernetes-schemas')
  const requirements = fileURLToPath(
    new URL('requirements.txt', import.meta.url)
  )
  execFileSync(join(ROOT, 'scripts/wheels'), [requirements, wheel])
  const all = 'kubernetes_validate/kubernetes-json-schema'
  return join(wheel, all, `${version}-local-strict`)
}

const compiled = new Map()

/**
 * What is wrong with an object in a version of the API: a list of messages. A
 * field that the API does not have is wrong too.
 */
export function problems(object, version) {
  const [group, short] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion]
  const names = [object.kind, group.split('.')[0], short].filter(Boolean)
  const file = `${names.join('-').toLowerCase()}.json`
  const folder = schemas(version)
  const key = join(folder, file)
  if (!compiled.has(key)) {
    const ajv = new Ajv({
      strict: false,
      validateFormats: false,
      logger: false
    })
    const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
    ajv.addSchema(read('_definitions.json'), '_definitions.json')
    compiled.set(key, ajv.compile(read(file)))
  }
  const validate = compiled.get(key)
  if (validate(object)) return []
  return validate.errors.map(
    ({ instancePath, message, params }) =>
      `${instancePath} ${message} ${JSON.stringify(params)}`
  )
}
