import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const resolvePackageFile = createRequire(import.meta.url).resolve

/** Where each file that the page and the report share lies: beside this module, or in its npm package. */
const FILES = {
  'theme.css': () => join(import.meta.dirname, 'page', 'theme.css'),
  'times.js': () => join(import.meta.dirname, 'page', 'times.js'),
  'charts.js': () => join(import.meta.dirname, 'page', 'charts.js'),
  'uplot.js': () => resolvePackageFile('uplot/dist/uPlot.iife.min.js'),
  'uplot.css': () => resolvePackageFile('uplot/dist/uPlot.min.css'),
} as const

export type PageAsset = keyof typeof FILES

export const PAGE_ASSETS = Object.keys(FILES) as readonly PageAsset[]

const cache = new Map<PageAsset, string>()

/** One shared file's text, with `\n` line ends; read once. */
export function readPageAsset(name: PageAsset): string {
  let text = cache.get(name)
  if (text === undefined) {
    text = readFileSync(FILES[name](), 'utf8').replaceAll('\r\n', '\n')
    cache.set(name, text)
  }
  return text
}
