/** What a template works with: Go's values as JavaScript has them. */
export type TemplateValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly TemplateValue[]
  | { readonly [key: string]: TemplateValue }

/** Go's truth: false, 0, nil, and anything empty are not. */
export function isTrue(value: TemplateValue): boolean {
  if (value === null || value === undefined) return false
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object') return Object.keys(value).length > 0
  return Boolean(value) || Number.isNaN(value)
}

/** A value as Go's `fmt.Sprint` writes it. */
export function printValue(value: TemplateValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return printNumber(value)
  if (typeof value === 'boolean') return String(value)
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`
  const entries = Object.entries(value as Readonly<Record<string, TemplateValue>>)
  return `map[${entries
    .map(([key, item]) => `${key}:${printValue(item)}`)
    .sort()
    .join(' ')}]`
}

/** A number as Go's `%v` writes a float64: `%g`, with the exponent form from 1e6 on and under 1e-4. */
export function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-4 || size >= 1e6)
    ? exponential(value.toExponential())
    : String(value)
}

/** Go writes at least two digits of exponent: 1e-05. */
export function exponential(text: string): string {
  return text.replace(/e([+-])(\d)$/, (_, sign: string, digit: string) => `e${sign}0${digit}`)
}
