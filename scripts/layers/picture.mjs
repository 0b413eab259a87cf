// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The picture of the dependencies, as text in CONTRIBUTING.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BEGIN = '<!-- layers: drawn by scripts/check-layers --write -->\n'
const END = '<!-- end of layers -->'

/** A line for each folder. The folders of one part are together. */
export function picture(layers, arrows, rows) {
  const [top, ...others] = layers.rows
  const folders = [...rows.keys()]
  const width = Math.max(...others.flat().map((folder) => folder.length))
  const line = (folder) => {
    const isUsed = (other) =>
      arrows.some(({ source, target }) => source === folder && target === other)
    const used = folders.filter(isUsed).join('  ')
    return used ? `${folder.padEnd(width)}  → ${used}` : folder
  }
  const partOf = (folder) => folder.split('/')[0]
  const lines = others.flat().map((folder, index, all) => {
    const isNewPart = partOf(folder) !== partOf(all[index - 1] ?? '')
    return `${isNewPart ? '\n' : ''}${line(folder)}\n`
  })
  return `${top.join(', ')}  → all below\n${lines.join('')}`
}

export function wrongPicture(root, drawn, write) {
  const path = join(root, 'CONTRIBUTING.md')
  const text = readFileSync(path, 'utf8')
  const from = text.indexOf(BEGIN)
  const to = text.indexOf(END)
  if (from < 0 || to < from) return [`CONTRIBUTING.md has no line ${BEGIN}`]
  const fresh = `${text.slice(0, from)}${BEGIN}\n\`\`\`text\n${drawn}\`\`\`\n\n${text.slice(to)}`
  if (fresh === text) return []
  if (!write)
    return [
      'CONTRIBUTING.md: the picture is out of date (scripts/check-layers --write)'
    ]
  writeFileSync(path, fresh)
  return []
}
