/** A value with its UCUM unit as people say it: 0.402 s is `402 ms`, a share of 0.31 is `31 %`. */
export function figure(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value)
  switch (unit) {
    case 's':
      return seconds(value)
    case 'By':
      return bytes(value)
    case '1':
      return `${round(value * 100)} %`
    default:
      return `${round(value)} ${unit.replace(/[{}]/g, '')}`.trim()
  }
}

function seconds(value: number): string {
  const absolute = Math.abs(value)
  if (absolute === 0 || absolute >= 1) return `${round(value)} s`
  return absolute >= 0.001 ? `${round(value * 1e3)} ms` : `${round(value * 1e6)} µs`
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let scaled = value
  let unit = 0
  while (Math.abs(scaled) >= 1000 && unit < units.length - 1) {
    scaled /= 1000
    unit++
  }
  return `${round(scaled)} ${units[unit]}`
}

/** Three significant digits; whole numbers stay whole. */
function round(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000)
    return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
