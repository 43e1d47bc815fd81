import { compareLabelSets, type LabelSet, type Matcher, sortInSteps } from '@chokepoint/promql'
import { ChokepointError } from '../../model/errors.ts'
import { JsonText, writeArray } from '../json-text.ts'
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
import { type SteppedAnswer, TRUNCATED } from './query-handlers.ts'

/** `/api/v1/series` */
export function* listSeries(port: PrometheusPort, parameters: Parameters): SteppedAnswer {
  if (parameters.all('match[]').length === 0) {
    throw new ChokepointError('PARAMETER_INVALID', 'no match[] parameter provided')
  }
  const limit = limitParameter(parameters)
  const found: LabelSet[] = []
  yield* select(port, parameters, asMatchParameter, (labels) => found.push(labels))
  return yield* limited(
    yield* sortInSteps(found, compareLabelSets),
    (labels) => labels.toRecord(),
    limit,
  )
}

/** `/api/v1/labels` */
export function* listLabelNames(port: PrometheusPort, parameters: Parameters): SteppedAnswer {
  const limit = limitParameter(parameters)
  const names = new Set<string>()
  yield* select(port, parameters, plainly, (labels) => {
    for (const name of labels.names) names.add(name)
  })
  return yield* limited(yield* sortInSteps([...names], compareTexts), (text) => text, limit)
}

/** `/api/v1/label/<name>/values` */
export function* listLabelValues(
  port: PrometheusPort,
  parameters: Parameters,
  name: string,
): SteppedAnswer {
  const label = unescapeLabelName(name)
  if (label === '') {
    throw new ChokepointError('PARAMETER_INVALID', `invalid label name: ${quote(label)}`)
  }
  const limit = limitParameter(parameters)
  const values = new Set<string>()
  yield* select(port, parameters, plainly, (labels) => {
    const value = labels.get(label)
    if (value !== '') values.add(value)
  })
  return yield* limited(yield* sortInSteps([...values], compareTexts), (text) => text, limit)
}

/** Label sets between two rests: about a millisecond of work. */
const SETS_A_STEP = 1000

/** Takes the label sets that any of the `match[]` selectors picks; all of them when there is none. */
function* select(
  port: PrometheusPort,
  parameters: Parameters,
  inTheWordsOf: <Answer>(parse: () => Answer) => Answer,
  take: (labels: LabelSet) => void,
): Generator<void> {
  const startMs = optionalTimeParameter(parameters, 'start', TIME_MIN_MS)
  const endMs = optionalTimeParameter(parameters, 'end', TIME_MAX_MS)
  const texts = parameters.all('match[]')
  const selectors = inTheWordsOf(() => texts.map((text) => matchersOf(port, text)))
  const seen = new Set<string>()
  let taken = 0
  for (const matchers of selectors.length > 0 ? selectors : [[]]) {
    for (const { labels } of yield* port.select(matchers, startMs, endMs)) {
      if (++taken % SETS_A_STEP === 0) yield
      if (selectors.length > 1) {
        if (seen.has(labels.key)) continue
        seen.add(labels.key)
      }
      take(labels)
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

function plainly<Answer>(parse: () => Answer): Answer {
  return parse()
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function* limited<Item>(
  items: readonly Item[],
  encode: (item: Item) => unknown,
  limit: number,
): SteppedAnswer {
  const isCut = limit > 0 && items.length > limit
  const shown = isCut ? items.slice(0, limit) : items
  const data = new JsonText(yield* writeArray(shown, encode, () => 8))
  return isCut ? { data, warnings: [TRUNCATED] } : { data }
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
