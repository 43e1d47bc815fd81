/**
 * A value in one of Grafana's units, short enough for an axis. Needs nothing around it: its source also
 * runs inside the page.
 */
export function formatUnit(value: number, unit: string): string {
  const short = (scaled: number) => String(Number(scaled.toPrecision(3)))
  if (unit === 'percentunit') return `${short(value * 100)} %`
  if (unit === 's') {
    if (value === 0) return '0 s'
    if (Math.abs(value) < 0.001) return `${short(value * 1e6)} µs`
    return Math.abs(value) < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`
  }
  if (unit === 'bytes' || unit === 'Bps') {
    const per = unit === 'Bps' ? '/s' : ''
    for (const [size, name] of [
      [2 ** 30, 'GiB'],
      [2 ** 20, 'MiB'],
      [2 ** 10, 'KiB'],
    ] as const) {
      if (Math.abs(value) >= size) return `${short(value / size)} ${name}${per}`
    }
    return `${short(value)} B${per}`
  }
  if (unit === 'pps') return `${short(value)} p/s`
  return unit === 'reqps' || unit === 'ops' ? `${short(value)}/s` : short(value)
}
