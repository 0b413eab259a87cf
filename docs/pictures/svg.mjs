// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Elements of SVG as text, and one palette for all pictures. The colours follow
 * the reader's light or dark scheme; the background is transparent.
 */

const STYLE = `
  svg {
    --ink: #1f2328; --dim: #59636e; --rule: #d1d9e0;
    --blue: #0969da; --green: #1a7f37; --amber: #9a6700; --red: #cf222e;
    font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --ink: #f0f6fc; --dim: #9198a1; --rule: #3d444d;
      --blue: #4493f8; --green: #3fb950; --amber: #d29922; --red: #f85149;
    }
  }
  text { fill: var(--ink) }
  .dim { fill: var(--dim) }
  .small { font-size: 11px }
  .strong { font-weight: 600 }
`

/** Of a colour of the palette: 'ink', 'dim', 'rule', 'blue' and so on. */
export const colour = (name) => `var(--${name})`

const escape = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Numbers with one decimal at most, so that files stay short and equal. */
const value = (it) =>
  typeof it === 'number' ? String(Math.round(it * 10) / 10) : escape(it)

/** `children`: elements; or text, which must be escaped already. */
export function element(name, attributes, ...children) {
  const shown = Object.entries(attributes)
    .filter(([, it]) => it !== undefined)
    .map(([key, it]) => ` ${key}="${value(it).replaceAll('"', '&quot;')}"`)
    .join('')
  const inner = children.flat().join('')
  return inner === ''
    ? `<${name}${shown}/>`
    : `<${name}${shown}>${inner}</${name}>`
}

/** `kind`: classes of STYLE; `anchor`: 'start', 'middle' or 'end'. */
export const text = (x, y, words, { kind, anchor, fill } = {}) =>
  element(
    'text',
    {
      ...{ x, y, class: kind, 'text-anchor': anchor },
      style: fill && `fill: ${colour(fill)}`
    },
    escape(words)
  )

export const rect = (x, y, width, height, fill, rest = {}) =>
  element('rect', { x, y, width, height, fill: colour(fill), ...rest })

export const line = (x1, y1, x2, y2, stroke, rest = {}) =>
  element('line', { x1, y1, x2, y2, stroke: colour(stroke), ...rest })

/** @returns {string} a whole file; `elements` one a line */
export function picture({ width, height, title, description }, elements) {
  const head = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      ...{ width, height, role: 'img', 'aria-labelledby': 'title description' }
    },
    'inner'
  )
  const [open, close] = head.split('inner')
  return [
    open,
    element('title', { id: 'title' }, escape(title)),
    element('desc', { id: 'description' }, escape(description)),
    `<style>${STYLE}</style>`,
    ...elements,
    `${close}\n`
  ].join('\n')
}
