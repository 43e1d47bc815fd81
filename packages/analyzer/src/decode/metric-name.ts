// Prometheus' translation of OTLP names, strategy UnderscoreEscapingWithSuffixes:
// https://prometheus.io/docs/guides/opentelemetry/ and the OpenTelemetry compatibility specification,
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/

// biome-ignore format: a table is read by its columns
const UNITS: Readonly<Record<string, string>> = {
  d: 'days', h: 'hours', min: 'minutes', s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds',
  By: 'bytes', KiBy: 'kibibytes', MiBy: 'mebibytes', GiBy: 'gibibytes', TiBy: 'tibibytes',
  KBy: 'kilobytes', MBy: 'megabytes', GBy: 'gigabytes', TBy: 'terabytes',
  m: 'meters', V: 'volts', A: 'amperes', J: 'joules', W: 'watts', g: 'grams',
  Cel: 'celsius', Hz: 'hertz', '1': '', '%': 'percent',
}

// biome-ignore format: a table is read by its columns
const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year',
}

/** What decides the type suffix of a name. */
export type NameKind = 'gauge' | 'counter' | 'other'

/** The Prometheus name of an OTLP metric; empty when nothing of the name can stay. */
export function toMetricName(name: string, unit: string, kind: NameKind): string {
  let tokens = tokensOf(name)
  const [main, per] = unitTokens(unit)
  // A name that has a unit already, such as `disk.io.bytes`, does not get it twice.
  if (main !== '' && !tokens.includes(main)) tokens.push(main)
  if (per !== '' && !tokens.includes(per)) tokens.push(per)
  if (kind === 'counter') tokens = moveLast(tokens, 'total')
  if (kind === 'gauge' && unit === '1') tokens = moveLast(tokens, 'ratio')
  const joined = tokens.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

/** The unit as words that are part of a name: `By/s` gives `bytes` and `per_second`. */
function unitTokens(unit: string): readonly [main: string, per: string] {
  const [main = '', ...rest] = unit.split('/')
  const per = unitWord(rest.join('/'), PER_UNITS)
  return [unitWord(main, UNITS), per === '' ? '' : `per_${per}`]
}

/** Annotations such as `{request}` are not units. */
function unitWord(unit: string, words: Readonly<Record<string, string>>): string {
  const code = unit.trim()
  if (code === '' || /[{}]/.test(code)) return ''
  return tokensOf(Object.hasOwn(words, code) ? words[code]! : code).join('_')
}

function tokensOf(text: string): string[] {
  return text.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '')
}

function moveLast(tokens: readonly string[], word: string): string[] {
  return [...tokens.filter((token) => token !== word), word]
}
