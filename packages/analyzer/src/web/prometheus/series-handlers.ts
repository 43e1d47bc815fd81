import { compareLabelSets, type LabelSet, type Matcher } from '@chokepoint/promql'
import { ChokepointError } from '../../model/errors.ts'
import type { ApiAnswer } from '../envelope.ts'
import type { Parameters } from '../parameters.ts'
import type { PrometheusPort } from '../ports.ts'
import {
  invalidParameter,
  limitParameter,
  optionalTimeParameter,
  quote,
  TIME_MAX_MS,
  TIME_MIN_MS,
} from './parse-parameters.ts'
import { TRUNCATED } from './query-handlers.ts'

/** `/api/v1/series` */
export function listSeries(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  if (parameters.all('match[]').length === 0) {
    throw new ChokepointError('PARAMETER_INVALID', 'no match[] parameter provided')
  }
  const limit = limitParameter(parameters)
  const found = asMatchParameter(() => [...selected(port, parameters)]).sort(compareLabelSets)
  return limited(
    found.map((labels) => labels.toRecord()),
    limit,
  )
}

/** `/api/v1/labels` */
export function listLabelNames(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  const limit = limitParameter(parameters)
  const names = new Set<string>()
  for (const labels of selected(port, parameters)) for (const name of labels.names) names.add(name)
  return limited(sorted(names), limit)
}

/** `/api/v1/label/<name>/values` */
export function listLabelValues(
  port: PrometheusPort,
  parameters: Parameters,
  name: string,
): ApiAnswer {
  const label = unescapeLabelName(name)
  if (label === '') {
    throw new ChokepointError('PARAMETER_INVALID', `invalid label name: ${quote(name)}`)
  }
  const limit = limitParameter(parameters)
  const values = new Set<string>()
  for (const labels of selected(port, parameters)) {
    const value = labels.get(label)
    if (value !== '') values.add(value)
  }
  return limited(sorted(values), limit)
}

/** The label sets that any of the `match[]` selectors picks; all of them when there is none. */
function* selected(port: PrometheusPort, parameters: Parameters): Iterable<LabelSet> {
  const startMs = optionalTimeParameter(parameters, 'start', TIME_MIN_MS)
  const endMs = optionalTimeParameter(parameters, 'end', TIME_MAX_MS)
  const selectors = parameters.all('match[]').map((text) => matchersOf(port, text))
  const seen = new Set<string>()
  for (const matchers of selectors.length > 0 ? selectors : [[]]) {
    for (const { labels } of port.source.select(matchers, startMs, endMs)) {
      if (selectors.length > 1) {
        if (seen.has(labels.key)) continue
        seen.add(labels.key)
      }
      yield labels
    }
  }
}

/** `/series` says of a wrong selector that it came in `match[]`; the label endpoints do not. */
function asMatchParameter<Answer>(select: () => Answer): Answer {
  try {
    return select()
  } catch (error) {
    if (!(error instanceof ChokepointError) || error.code !== 'QUERY_INVALID') throw error
    throw invalidParameter('match[]', error.message)
  }
}

const NO_MATCHER = /vector selector must contain at least one non-empty matcher$/

function matchersOf(port: PrometheusPort, selector: string): readonly Matcher[] {
  const nothing = 'match[] must contain at least one non-empty matcher'
  let matchers: readonly Matcher[]
  try {
    matchers = port.parseSelector(selector)
  } catch (error) {
    // As an expression such a selector is wrong too, and is told so in other words.
    if (!(error instanceof ChokepointError) || !NO_MATCHER.test(error.message)) throw error
    throw new ChokepointError('QUERY_INVALID', nothing, { cause: error })
  }
  if (!matchers.every(matchesEmpty)) return matchers
  throw new ChokepointError('QUERY_INVALID', nothing)
}

/** True when a series without the label satisfies the matcher: then it picks nothing by itself. */
function matchesEmpty({ type, value }: Matcher): boolean {
  if (type === '=') return value === ''
  if (type === '!=') return value !== ''
  const empty = new RegExp(`^(?:${value})$`, 'us').test('')
  return type === '=~' ? empty : !empty
}

function sorted(texts: Iterable<string>): string[] {
  return [...texts].sort()
}

function limited(data: readonly unknown[], limit: number): ApiAnswer {
  if (limit === 0 || data.length <= limit) return { data }
  return { data: data.slice(0, limit), warnings: [TRUNCATED] }
}

/**
 * A label name in a URL's path. "Names that contain characters other than the legacy ones must be escaped:
 * prepend `U__`, a single underscore becomes two, and another character becomes `_code point in hex_`."
 * https://prometheus.io/docs/prometheus/latest/querying/api/#querying-label-values
 */
export function unescapeLabelName(name: string): string {
  if (!name.startsWith('U__')) return name
  return name.slice(3).replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, code: string | undefined) => {
    if (code === undefined) return '_'
    const point = Number.parseInt(code, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
