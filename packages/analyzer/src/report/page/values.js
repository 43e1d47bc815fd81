// @ts-check
// How values are written, by the server in the HTML and by the page at its charts.

/**
 * Divisors and names, largest first; the first whose divisor fits is used.
 * @type {Record<string, [divisor: number, name: string][]>}
 */
const SCALES = {
  s: [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
    [1e-9, 'ns'],
  ],
  By: [
    [1024 ** 4, 'TiB'],
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
    [1, 'B'],
  ],
  count: [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
    [1, ''],
  ],
}

/**
 * A value as people read it: three digits and the fitting prefix of its UCUM unit; `1` is a share and shows as percent.
 * @param {number} value
 * @param {string} unit
 * @returns {string}
 */
export function formatValue(value, unit) {
  if (Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (unit === '1') return `${digits(value * 100)} %`
  const [base = '', per] = unit.split('/')
  const suffix = per === undefined ? '' : `/${per}`
  const scale = SCALES[base]
  if (scale) return scaled(value, scale) + suffix
  const number = scaled(value, SCALES.count ?? [])
  const name = /^\{(.+)\}$/.exec(base)?.[1] ?? base
  // `{request}/s` is `12.3/s`: what is counted is said by the title.
  return name === '' || per !== undefined ? number + suffix : `${number} ${plural(name, value)}`
}

/**
 * @param {string} name
 * @param {number} value
 */
function plural(name, value) {
  if (value === 1) return name
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`
}

/**
 * @param {number} value
 * @param {[divisor: number, name: string][]} scale
 */
function scaled(value, scale) {
  const size = Math.abs(value)
  const row =
    size === 0
      ? scale.find(([divisor]) => divisor === 1)
      : (scale.find(([divisor]) => size >= divisor) ?? scale.at(-1))
  const [divisor, name] = row ?? [1, '']
  const number = digits(value / divisor)
  return name === '' ? number : `${number} ${name}`
}

/**
 * Three significant digits, no exponent, no trailing zeros; a minus sign that is one.
 * @param {number} value
 */
function digits(value) {
  const size = Math.abs(value)
  const decimals = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 4
  const text = size.toFixed(decimals)
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return value < 0 && Number(trimmed) !== 0 ? `−${trimmed}` : trimmed
}
