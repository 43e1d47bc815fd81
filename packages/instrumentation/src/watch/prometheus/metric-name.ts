import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'

// Names follow Prometheus' own translation of OTLP, strategy UnderscoreEscapingWithSuffixes
// (prometheus.io/docs/guides/opentelemetry), so that a series has the same name whether it is
// scraped here or pushed by OTLP.

const UNITS: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['1', ''],
  ['%', 'percent'],
])

const PER_UNITS: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
])

/** The name of a metric in Prometheus, and the unit that stands in it. */
export interface PrometheusName {
  /** Without the `_bucket`, `_sum`, `_count` of a histogram's samples. */
  readonly name: string
  /** Empty when the name carries no unit. */
  readonly unit: string
}

/** The Prometheus name of a metric; empty when nothing of the name can be kept. */
export function prometheusName(metric: MetricData): PrometheusName {
  const { name, unit } = metric.descriptor
  const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic
  const isRatio = metric.dataPointType === DataPointType.GAUGE && unit === '1'
  let tokens = name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '')
  const [main = '', per = ''] = unit.split('/', 2).map((part) => part.trim())
  const mainUnit = unitToken(main, UNITS)
  const perUnit = unitToken(per, PER_UNITS)
  if (mainUnit !== '' && !tokens.includes(mainUnit)) tokens.push(mainUnit)
  if (perUnit !== '' && !tokens.includes(`per_${perUnit}`)) tokens.push(`per_${perUnit}`)
  if (isCounter) tokens = moveToEnd(tokens, 'total')
  if (isRatio) tokens = moveToEnd(tokens, 'ratio')
  const joined = tokens.join('_')
  return {
    name: /^\d/.test(joined) ? `_${joined}` : joined,
    unit: perUnit === '' ? mainUnit : '',
  }
}

/** The Prometheus name of an attribute. */
export function prometheusLabel(attribute: string): string {
  const label = attribute.replace(/[^a-zA-Z0-9_]+/g, '_')
  if (/^\d/.test(label)) return `key_${label}`
  return label.startsWith('_') && !label.startsWith('__') ? `key${label}` : label
}

/** A unit in braces is a remark, not a unit. */
function unitToken(unit: string, names: ReadonlyMap<string, string>): string {
  if (unit === '' || /[{}]/.test(unit)) return ''
  const name = names.get(unit) ?? unit
  return name.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_+|_+$/g, '')
}

function moveToEnd(tokens: readonly string[], token: string): string[] {
  return [...tokens.filter((other) => other !== token), token]
}
