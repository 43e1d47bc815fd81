/**
 * A sample's value as Prometheus writes it: Go's `FormatFloat(v, 'f', -1, 64)`, the fewest digits that
 * read back to the same number, and its format `e` below 1e-6 and from 1e21 on.
 */
export function formatSampleValue(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value)
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  return text.includes('e') ? formatAlertValue(value) : text
}

/** A scalar's value: Go's `FormatFloat(v, 'f', -1, 64)`, never with an exponent. */
export function formatScalarValue(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value)
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  return text.includes('e') ? withoutExponent(text) : text
}

/** An alert's value: Go's `FormatFloat(v, 'e', -1, 64)`, such as `2.5e-01`. */
export function formatAlertValue(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value)
  const [digits, exponent] = value.toExponential().split('e') as [string, string]
  const size = exponent.slice(1).padStart(2, '0')
  return `${Object.is(value, -0) ? '-0' : digits}e${exponent[0]}${size}`
}

function nonFinite(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** `1.5e+21` → `1500000000000000000000`, `1e-7` → `0.0000001`. */
function withoutExponent(text: string): string {
  const [, sign, whole, fraction = '', power] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)!
  const digits = whole! + fraction
  const point = 1 + Number(power)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0')
}
