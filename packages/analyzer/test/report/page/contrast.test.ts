import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

/** What WCAG 2 asks of text at AA. */
const CONTRAST_MIN = 4.5

/** Each text colour with the surfaces that it stands on. */
const PAIRS: readonly (readonly [text: string, surfaces: readonly string[]])[] = [
  ['ink', ['page', 'surface', 'sunken', 'critical-soft']],
  ['muted', ['page', 'surface', 'sunken', 'critical-soft']],
  ['accent', ['page', 'surface', 'sunken']],
  ['critical', ['critical-soft']],
  ['warning', ['warning-soft']],
  ['info', ['info-soft']],
  ['good', ['good-soft']],
]

const css = readFileSync(join(import.meta.dirname, '../../../src/report/page/base.css'), 'utf8')
const [light, dark] = css.split('@media (prefers-color-scheme: dark)') as [string, string]

describe('the colours of the page', () => {
  for (const [scheme, text] of [
    ['light', light],
    ['dark', dark],
  ] as const) {
    const color = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(text)![1]!
    for (const [name, surfaces] of PAIRS) {
      for (const surface of surfaces) {
        it(`are readable: ${name} on ${surface}, ${scheme}`, () => {
          expect(contrast(color(name), color(surface))).to.be.at.least(CONTRAST_MIN)
        })
      }
    }
  }
})

/** https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
