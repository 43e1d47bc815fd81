import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const resolvePackageFile = createRequire(import.meta.url).resolve
const ownFile = (name: string) => join(import.meta.dirname, 'page', name)

/** The files that each asset is joined from: beside this module, or in an npm package. */
const ASSETS = {
  'theme.css': () => [
    resolvePackageFile('uplot/dist/uPlot.min.css'),
    ...['base', 'summary', 'findings', 'recommendations', 'charts', 'layout'].map((name) =>
      ownFile(`${name}.css`),
    ),
  ],
  'times.js': () => [ownFile('times.js')],
  'charts.js': () => [ownFile('charts.js')],
  'values.js': () => [ownFile('values.js')],
  'uplot.js': () => [resolvePackageFile('uplot/dist/uPlot.iife.min.js')],
} as const

/** A file that the live page loads and the report holds. */
export type PageAsset = keyof typeof ASSETS

export const PAGE_ASSETS = Object.keys(ASSETS) as readonly PageAsset[]

const cache = new Map<PageAsset, string>()

/** One asset's text, with `\n` line ends; read once. */
export function readPageAsset(name: PageAsset): string {
  let text = cache.get(name)
  if (text === undefined) {
    text = ASSETS[name]()
      .map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n'))
      .join('\n')
    cache.set(name, text)
  }
  return text
}
