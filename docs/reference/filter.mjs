// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Doxygen's input filter: reads a header, and prints it with its comments in
 * the form that doxygen reads. In the headers
 *
 *   Errors:    ENOMEM    begins a paragraph of that title; the lines that go on
 *                        are indented
 *   name:      its use   in a function's comment is about the parameter
 *   member; (comment)    a plain comment after a member is about the member
 *   declarations and macros without a blank line between them share a comment
 *   X-macros             list an enum's values, their codes and sentences
 */
import { readFileSync } from 'node:fs'

const HEADER = process.argv[2]
const BASE = new URL('../../base/include/wasmsig/base.h', import.meta.url)

const TITLES = [
  'Errors',
  'Errors, threads, handlers',
  'Ordering',
  'Ownership',
  'Progress',
  'Returns',
  'Signal handlers',
  'Since',
  'Source',
  'Threads'
]
const COMMANDS = { Returns: '@returns', Since: '@since' }

// ------------------------------------------------------------------ X-macros

/** #define LIST(X) X(NAME, -1, "a sentence") ...: their rows, by their names. */
function listsIn(text) {
  const lists = new Map()
  const definitions = text.matchAll(/#define (\w+)\(X\)((?:.*\\\n)*.*)\n/g)
  for (const [, name, body] of definitions) {
    const rows = body.matchAll(/X\((\w+), (-?\d+),\s*([^]*?)\)(?=\s|$)/g)
    const strings = (text) => [...text.matchAll(/"([^"]*)"/g)]
    lists.set(
      name,
      [...rows].map(([, value, number, rest]) => ({
        value,
        number,
        about: strings(rest).map(([, string]) => string)
      }))
    )
  }
  return lists
}

const valueOf = (prefix, { value, number, about }) =>
  `  ${prefix}${value} = ${number}, /**< ${about.join(': ')} */\n`

/** Enums with the values that their macros list. */
function expandLists(text) {
  const lists = listsIn(text)
  const use =
    /#define (\w+)\(.*\)(?:\s*\\\n)?\s*(\w+?)##name = \(number\),\n\s*(\w+)\(\1\)\n#undef \1\n/g
  return text.replace(use, (_, macro, prefix, list) =>
    lists
      .get(list)
      .map((row) => valueOf(prefix, row))
      .join('')
  )
}

// ------------------------------------------------------------------ comments

/** What the headers need not say, as their names do. */
const documentConventions = (text) =>
  text
    .replace(
      /\n\n(#define (WASMSIG_(\w+)_INIT))/g,
      (_, code, __, name) =>
        `\n\n/** The initial value of a wasmsig_${name.toLowerCase()}. */\n${code}`
    )
    .replace(/(uint64_t opaque\[\d+\];)/g, "$1 /**< the library's own */")

/** Plain comments after members are documentation of the members. */
const documentMembers = (text) =>
  text.replace(/([;,]) +\/\* ((?:[^*]|\*(?!\/))*)\*\//g, '$1 /**< $2*/')

const DECLARATION = /^(?:WASMSIG_API|static inline|#define) /

/** What directly follows a declaration gets its comment too. */
function shareComments(text) {
  let comment = []
  let state = 'before'
  return text
    .split('\n')
    .flatMap((line) => {
      const isShared = state === 'after' && DECLARATION.test(line)
      if (state !== 'in' && /^\/\*\*(?!<)/.test(line)) {
        comment = []
        state = 'in'
      }
      if (state === 'in') {
        comment.push(line)
        if (line.includes('*/')) state = 'before'
      } else if (line === '') {
        state = 'none'
      } else if (DECLARATION.test(line) && state === 'before') {
        state = 'after'
      }
      return isShared ? [...comment, line] : [line]
    })
    .join('\n')
}

/** The names between the parentheses of a declaration. */
function parametersOf(code) {
  const [, inner = ''] = /\(([^;{]*)\)\s*[;{]/.exec(code) ?? []
  return new Set(inner.match(/[a-z_]+(?=\s*(?:,|\[|$))/g))
}

const errors = new Set(
  listsIn(readFileSync(BASE, 'utf8'))
    .get('WASMSIG_ERRORS')
    .map(({ value }) => value)
)

const linkErrors = (text) =>
  text.replace(/\bE[A-Z]{3,}\b/g, (name) =>
    errors.has(name) ? `@ref WASMSIG_${name} "${name}"` : name
  )

/** What begins with this line, if something does: how it is written. */
function opening(line, parameters) {
  const [, name, rest] = /^([A-Za-z][\w, ]*): +(.*)$/.exec(line) ?? []
  if (parameters.has(name)) return [`@param ${name}`, rest]
  if (!TITLES.includes(name)) return undefined
  const command = COMMANDS[name] ?? `@par ${name}\n`
  return [`\n${command}`, /^Errors/.test(name) ? linkErrors(rest) : rest]
}

function translate(lines, parameters) {
  let open = false
  return lines
    .map((line) => {
      const begins = opening(line, parameters)
      if (begins) open = true
      else if (!/^ {2,}\S/.test(line)) open = false
      if (begins) return begins.join(' ')
      return open ? linkErrors(line.trim()) : line
    })
    .join('\n')
}

const linesOf = (comment) =>
  comment
    .slice('/**'.length, -'*/'.length)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?| (?=\S)/, '').trimEnd())

/** The comments of documentation, each with the declaration after it. */
function translateComments(text) {
  let head = '@file\n'
  return text.replace(
    /\/\*\*(?!<)[^]*?\*\/(?=([^;{]*[;{]))/g,
    (comment, code) => {
      const about = translate(linesOf(comment), parametersOf(code))
      // Doxygen drops a line's first asterisk, which may begin *a word*.
      const lines = `${head}${about}`.replace(/^/gm, ' * ')
      head = ''
      return `/**\n${lines}\n */`
    }
  )
}

const text = readFileSync(HEADER, 'utf8')
process.stdout.write(
  translateComments(
    shareComments(documentMembers(documentConventions(expandLists(text))))
  )
)
