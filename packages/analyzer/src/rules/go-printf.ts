import { formatSignificant } from './humanize.ts'
import { exponential, printNumber, printValue, type TemplateValue } from './template-value.ts'

// `%[flags][width][.precision]verb`; a `*` width or an argument index is not used in rule files.
const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d+)?)?([a-zA-Z%])/g

// A width is a count of characters; this bounds what a hostile template can ask for.
const WIDTH_MAX = 1000

/** Go's `fmt.Sprintf` for the verbs that rule files use: v s q d f F e E g G x X t c b o %. */
export function sprintf(format: string, values: readonly TemplateValue[]): string {
  let index = 0
  const text = format.replace(
    VERB,
    (
      whole: string,
      flags: string,
      width: string | undefined,
      digits: string | undefined,
      verb: string,
    ) => {
      if (verb === '%') return '%'
      if (index >= values.length) return `%!${verb}(MISSING)`
      const value = values[index++]
      const precision =
        digits === undefined ? (whole.includes('.') ? 0 : undefined) : Number(digits)
      if (Number(width ?? 0) > WIDTH_MAX || (precision ?? 0) > 100) {
        throw new RangeError(`the width or precision of ${whole} is too large`)
      }
      return pad(
        signed(formatVerb(verb, value, precision, flags), value, flags),
        Number(width ?? 0),
        flags,
      )
    },
  )
  const extra = values.slice(index).map((value) => `${goType(value)}=${printValue(value)}`)
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`
}

function formatVerb(
  verb: string,
  value: TemplateValue,
  precision: number | undefined,
  flags: string,
): string {
  if (verb === 'v') return printValue(value)
  if (verb === 's' && typeof value !== 'number' && typeof value !== 'boolean') {
    const text = printValue(value)
    return precision === undefined ? text : [...text].slice(0, precision).join('')
  }
  if (verb === 'q' && typeof value === 'string') return JSON.stringify(value)
  if (verb === 't' && typeof value === 'boolean') return String(value)
  if ((verb === 'x' || verb === 'X') && typeof value === 'string') {
    const hex = Buffer.from(value).toString('hex')
    return verb === 'X' ? hex.toUpperCase() : hex
  }
  const formatted =
    typeof value === 'number' ? formatNumber(verb, value, precision, flags) : undefined
  return formatted ?? `%!${verb}(${goType(value)}=${printValue(value)})`
}

function formatNumber(
  verb: string,
  value: number,
  precision: number | undefined,
  flags: string,
): string | undefined {
  switch (verb) {
    case 'f':
    case 'F':
      return Number.isFinite(value) ? fixed(value, precision ?? 6) : printNumber(value)
    case 'e':
    case 'E': {
      if (!Number.isFinite(value)) return printNumber(value)
      const text = exponential(value.toExponential(precision ?? 6))
      return verb === 'E' ? text.toUpperCase() : text
    }
    case 'g':
    case 'G': {
      const text =
        precision === undefined ? printNumber(value) : formatSignificant(value, precision || 1)
      return verb === 'G' ? text.toUpperCase() : text
    }
    case 'c':
      return Number.isInteger(value) && value >= 0 && value <= 0x10ffff
        ? String.fromCodePoint(value)
        : undefined
    case 'd':
    case 'x':
    case 'X':
    case 'o':
    case 'b': {
      if (!Number.isInteger(value)) return undefined
      const text = value.toString({ d: 10, x: 16, X: 16, o: 8, b: 2 }[verb])
      const prefixed = flags.includes('#') && verb.toLowerCase() === 'x' ? `0x${text}` : text
      return verb === 'X' ? prefixed.toUpperCase() : prefixed
    }
    default:
      return undefined
  }
}

/** `toFixed` gives up the decimal form at 1e21; Go never does. */
function fixed(value: number, precision: number): string {
  if (Math.abs(value) < 1e21) return value.toFixed(precision)
  const whole = BigInt(value).toString()
  return precision === 0 ? whole : `${whole}.${'0'.repeat(precision)}`
}

function signed(text: string, value: TemplateValue, flags: string): string {
  if (typeof value !== 'number' || /^[-+%]/.test(text)) return text
  if (flags.includes('+')) return `+${text}`
  return flags.includes(' ') ? ` ${text}` : text
}

function pad(text: string, width: number, flags: string): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + text
  const sign = /^[-+ ]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function goType(value: TemplateValue): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'boolean') return 'bool'
  return value === null || value === undefined ? '<nil>' : Array.isArray(value) ? '[]' : 'map'
}
