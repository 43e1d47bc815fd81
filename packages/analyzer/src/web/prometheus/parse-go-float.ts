// "ParseFloat accepts decimal and hexadecimal floating-point numbers as defined by the Go syntax for floating-point
// literals." Underscores stand between digits, a hexadecimal number has a binary exponent.
// https://pkg.go.dev/strconv#ParseFloat
const DIGITS = String.raw`\d+(?:_\d+)*`
const DECIMAL = new RegExp(
  String.raw`^[+-]?(?:${DIGITS}\.?(?:${DIGITS})?|\.${DIGITS})(?:e[+-]?${DIGITS})?$`,
  'i',
)
const HEX_DIGITS = String.raw`[\da-f]+(?:_[\da-f]+)*`
const HEXADECIMAL = new RegExp(
  String.raw`^([+-]?)0x_?(${HEX_DIGITS})?\.?(${HEX_DIGITS})?p([+-]?${DIGITS})$`,
  'i',
)
const INFINITY = /^([+-]?)inf(?:inity)?$/i

/** What Go's `strconv.ParseFloat` reads; undefined where it fails, as it does for what is out of range. */
export function parseGoFloat(text: string): number | undefined {
  const [, sign] = INFINITY.exec(text) ?? []
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^nan$/i.test(text)) return Number.NaN
  const number = DECIMAL.test(text) ? Number(text.replaceAll('_', '')) : parseHexadecimal(text)
  return number === undefined || !Number.isFinite(number) ? undefined : number
}

function parseHexadecimal(text: string): number | undefined {
  const match = HEXADECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', power = ''] = match.map((part) =>
    part?.replaceAll('_', ''),
  )
  if (whole + fraction === '') return undefined
  const mantissa = Number.parseInt(whole + fraction, 16)
  const value = mantissa * 2 ** (Number(power) - 4 * fraction.length)
  return sign === '-' ? -value : value
}
