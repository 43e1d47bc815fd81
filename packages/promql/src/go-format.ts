// Prometheus' texts carry numbers as Go prints them. The shortest digits are the same in both
// languages; where an exponent begins, and how it looks, is not.

/** As Go's `%g` and `%v`: an exponent below 1e-4 and from 1e6 on. */
export function formatG(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatF(value)
  const { digits, exponent } = decimal(value)
  if (exponent >= -4 && exponent < 6) return formatF(value)
  return withExponent(value < 0, digits, exponent)
}

/** As Go's `%.2g`. */
export function formatG2(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatF(value)
  const rounded = Number(value.toPrecision(2))
  const { digits, exponent } = decimal(rounded)
  if (exponent >= -4 && exponent < 2) return formatF(rounded)
  return withExponent(value < 0, digits, exponent)
}

/** As Go's `strconv.FormatFloat(value, 'f', -1, 64)`: never an exponent. */
export function formatF(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const plain = String(value)
  if (!plain.includes('e')) return plain
  const { digits, exponent } = decimal(value)
  const sign = value < 0 ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return sign + digits.padEnd(exponent + 1, '0')
}

/** The shortest digits of a number, and the power of ten of the first of them. */
function decimal(value: number): { digits: string; exponent: number } {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e')
  return { digits: mantissa!.replace('.', ''), exponent: Number(exponent) }
}

function withExponent(negative: boolean, digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return `${negative ? '-' : ''}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** As Go's `%q`: a text in double quotes that PromQL reads back as it was. */
export function quote(text: string): string {
  // Lone surrogates stand for bytes that are not UTF-8.
  return `"${text.replace(/["\\\p{Cc}\p{Cs}]/gu, (char) => {
    const named = NAMED_ESCAPES[char]
    if (named !== undefined) return named
    const code = char.charCodeAt(0)
    return `\\x${(code & 0xff).toString(16).padStart(2, '0')}`
  })}"`
}
