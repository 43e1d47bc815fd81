import { type RegexMatch, RegexSearch } from '@chokepoint/promql'
import { parseDuration } from '../config/duration.ts'
import type { Labels } from '../model/labels.ts'
import type { QuerySample } from '../model/query.ts'
import { sprintf } from './go-printf.ts'
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
} from './humanize.ts'
import type { TemplateData } from './template-data.ts'
import { isTrue, printValue, type TemplateValue } from './template-value.ts'

/** A function of templates: how many arguments it takes and what it gives. */
export interface TemplateFunction {
  readonly least: number
  readonly most: number
  readonly call: (values: readonly TemplateValue[], data: TemplateData) => TemplateValue
}

const ANY = Number.POSITIVE_INFINITY

function row(least: number, most: number, call: TemplateFunction['call']): TemplateFunction {
  return { least, most, call }
}

const ofText = (call: (text: string) => TemplateValue) =>
  row(1, 1, ([value]) => call(toText(value)))
const ofNumber = (call: (value: number) => TemplateValue) =>
  row(1, 1, ([value]) => call(toNumber(value)))
const compared = (test: (order: number) => boolean) =>
  row(2, 2, ([a, b]) => test(compareValues(a, b)))

/** Prometheus' template functions and those of Go's text/template. */
export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // Queries
  query: row(1, 1, ([expression], data) => data.query(toText(expression)).map(toSampleValue)),
  first: row(1, 1, ([vector]) => {
    const [first] = toList(vector)
    if (first === undefined) throw new Error('first() called on vector with no elements')
    return first
  }),
  value: row(1, 1, ([sample]) => toSample(sample).Value),
  label: row(2, 2, ([name, sample]) => labelOf(toSample(sample).Labels, toText(name))),
  strvalue: row(1, 1, ([sample]) => labelOf(toSample(sample).Labels, '__value__')),
  sortByLabel: row(2, 2, ([name, vector]) => {
    const key = toText(name)
    return [...toList(vector)].sort((a, b) =>
      compareValues(labelOf(toSample(a).Labels, key), labelOf(toSample(b).Labels, key)),
    )
  }),
  // Numbers
  humanize: ofNumber(humanize),
  humanize1024: ofNumber(humanize1024),
  humanizeDuration: ofNumber(humanizeDuration),
  humanizePercentage: ofNumber(humanizePercentage),
  humanizeTimestamp: ofNumber(humanizeTimestamp),
  toTime: ofNumber(humanizeTimestamp),
  now: row(0, 0, (_, { nowMs }) => nowMs / 1000),
  parseDuration: ofText((text) => {
    const milliseconds = parseDuration(text)
    if (milliseconds === undefined)
      throw new Error(`not a valid duration string: ${JSON.stringify(text)}`)
    return milliseconds / 1000
  }),
  // Texts
  title: ofText((text) =>
    text.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (match) => match.toUpperCase()),
  ),
  toUpper: ofText((text) => text.toUpperCase()),
  toLower: ofText((text) => text.toLowerCase()),
  match: row(2, 2, ([pattern, text]) => new RegexSearch(toText(pattern)).test(toText(text))),
  reReplaceAll: row(3, 3, ([pattern, replacement, text]) =>
    new RegexSearch(toText(pattern)).replaceAll(toText(text), toReplacement(toText(replacement))),
  ),
  stripPort: ofText((text) => text.replace(/^\[?([^\]]*?)\]?:\d+$/, '$1')),
  stripDomain: ofText((text) =>
    /^[\d.]+(:\d+)?$/.test(text) ? text : text.replace(/^([^.:]*)\.[^:]*/, '$1'),
  ),
  safeHtml: ofText((text) => text),
  // Links
  externalURL: row(0, 0, (_, { externalUrl }) => externalUrl),
  pathPrefix: row(0, 0, (_, { externalUrl }) =>
    URL.canParse(externalUrl) ? new URL(externalUrl).pathname.replace(/\/$/, '') : '',
  ),
  graphLink: ofText((text) => `/graph?g0.expr=${encodeURIComponent(text)}&g0.tab=0`),
  tableLink: ofText((text) => `/graph?g0.expr=${encodeURIComponent(text)}&g0.tab=1`),
  args: row(0, ANY, (values) =>
    Object.fromEntries(values.map((value, index) => [`arg${index}`, value])),
  ),
  // Go's own
  printf: row(1, ANY, ([format, ...values]) => sprintf(toText(format), values)),
  print: row(0, ANY, (values) => values.map(printValue).join('')),
  println: row(0, ANY, (values) => `${values.map(printValue).join(' ')}\n`),
  html: row(1, ANY, (values) => escapeHtml(values.map(printValue).join(''))),
  urlquery: row(1, ANY, (values) =>
    encodeURIComponent(values.map(printValue).join('')).replaceAll('%20', '+'),
  ),
  len: row(1, 1, ([value]) => lengthOf(value)),
  index: row(1, ANY, ([value, ...keys]) => keys.reduce(indexInto, value)),
  slice: row(1, 3, ([value, from, to]) => {
    const bounds = [from, to].map((bound) => (bound === undefined ? undefined : toNumber(bound)))
    return typeof value === 'string' ? value.slice(...bounds) : toList(value).slice(...bounds)
  }),
  and: row(1, ANY, (values) => values.find((value) => !isTrue(value)) ?? values.at(-1)),
  or: row(1, ANY, (values) => values.find(isTrue) ?? values.at(-1)),
  not: row(1, 1, ([value]) => !isTrue(value)),
  eq: row(2, ANY, ([value, ...others]) => others.some((other) => other === value)),
  ne: row(2, 2, ([a, b]) => a !== b),
  lt: compared((order) => order < 0),
  le: compared((order) => order <= 0),
  gt: compared((order) => order > 0),
  ge: compared((order) => order >= 0),
}

function toSampleValue({ labels, value }: QuerySample): TemplateValue {
  return { Labels: labels, Value: value }
}

function toSample(value: TemplateValue): { readonly Labels: Labels; readonly Value: number } {
  if (typeof value === 'object' && value !== null && 'Value' in value) {
    return value as unknown as { readonly Labels: Labels; readonly Value: number }
  }
  throw new Error(`expected a sample of a query, got ${printValue(value)}`)
}

function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] as string) : ''
}

function toText(value: TemplateValue): string {
  if (typeof value === 'string') return value
  throw new Error(`expected a string, got ${printValue(value)}`)
}

function toNumber(value: TemplateValue): number {
  if (typeof value === 'number') return value
  const text = typeof value === 'string' ? value.trim() : ''
  // Go parses texts such as a label's value; infinity and NaN have names of their own there.
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  const parsed = text === '' ? Number.NaN : Number(text)
  if (Number.isNaN(parsed) && !/^nan$/i.test(text)) {
    throw new Error(`can't convert ${printValue(value)} to float`)
  }
  return parsed
}

function toList(value: TemplateValue): readonly TemplateValue[] {
  if (Array.isArray(value)) return value
  throw new Error(`expected a list, got ${printValue(value)}`)
}

/** Go writes groups as `$1`, `$name` and `${1}`; a group that is not there is empty. */
function toReplacement(text: string): (match: RegexMatch) => string {
  return (match) =>
    text.replace(/\$(?:\{(\w+)\}|(\w+)|\$)/g, (reference, braced, plain) => {
      if (reference === '$$') return '$'
      const name = String(braced ?? plain)
      return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
    })
}

function lengthOf(value: TemplateValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw new Error(`len of type ${typeof value}`)
}

function indexInto(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (Array.isArray(value)) {
    const index = toNumber(key)
    if (!(index in value)) throw new Error(`index out of range: ${index}`)
    return value[index] as TemplateValue
  }
  if (typeof value === 'object' && value !== null) {
    const map = value as Readonly<Record<string, TemplateValue>>
    return Object.hasOwn(map, toText(key)) ? map[toText(key)] : ''
  }
  throw new Error(`can't index item of type ${typeof value}`)
}

function compareValues(a: TemplateValue, b: TemplateValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  throw new Error('incompatible types for comparison')
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&#34;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => HTML_ESCAPES[character] as string)
}
