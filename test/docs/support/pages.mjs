// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The Markdown files of the repository, parsed, and what is in them. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import GithubSlugger from 'github-slugger'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Every file of the repository, also those that are not committed yet. */
export const FILES = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 }
)
  .split('\0')
  .filter((file) => file && existsSync(join(ROOT, file)))

/** Those files, and the folders that they are in. */
export const PATHS = new Set(FILES)
for (const file of FILES) {
  for (let folder = file; (folder = dirname(folder)) !== '.';) PATHS.add(folder)
}

const parser = unified().use(remarkParse).use(remarkGfm)

const textOf = (node) =>
  node.value ?? (node.children ?? []).map(textOf).join('')

class Page {
  /** @param {string} path relative to the root */
  constructor(path) {
    this.path = path
    this.text = readFileSync(join(ROOT, path), 'utf8')
    this.tree = parser.parse(this.text)
  }

  /** The nodes of a type; each with where it stands, for people. */
  nodes(...types) {
    const found = []
    visit(this.tree, types, (node) => {
      const { line } = node.position.start
      found.push({ node, line, place: `${this.path}:${line}` })
    })
    return found
  }

  /** What a link may have behind its #. */
  get anchors() {
    const slugger = new GithubSlugger()
    return new Set(
      this.nodes('heading').map(({ node }) => slugger.slug(textOf(node)))
    )
  }
}

export const PAGES = FILES.filter((file) => file.endsWith('.md')).map(
  (file) => new Page(file)
)
