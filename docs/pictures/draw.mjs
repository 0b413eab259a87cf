// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Draws the pictures of the documentation into this folder:
 *
 *     node docs/pictures/draw.mjs            writes them
 *     node docs/pictures/draw.mjs --check    fails if one differs
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { GUESTS } from './guests.mjs'
import { LATENESS } from './lateness.mjs'

const PICTURES = { 'guests.svg': GUESTS, 'lateness.svg': LATENESS }

const urlOf = (name) => new URL(name, import.meta.url)

function differs([name, drawn]) {
  try {
    return readFileSync(urlOf(name), 'utf8') !== drawn
  } catch {
    return true
  }
}

function check() {
  for (const [name] of Object.entries(PICTURES).filter(differs)) {
    console.error(`pictures: ${name} differs: run docs/pictures/draw.mjs`)
    process.exitCode = 1
  }
}

function draw() {
  for (const [name, drawn] of Object.entries(PICTURES))
    writeFileSync(urlOf(name), drawn)
}

if (process.argv[2] === '--check') check()
else draw()
