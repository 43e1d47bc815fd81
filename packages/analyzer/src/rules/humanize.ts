import { exponential, printNumber } from './template-value.ts'

/** A number to `digits` significant digits, as Go's `%.4g` writes it. */
export function formatSignificant(value: number, digits: number): string {
  if (!Number.isFinite(value) || value === 0) return printNumber(value)
  const exponent = Number(value.toExponential(digits - 1).split('e')[1])
  if (exponent < -4 || exponent >= digits) {
    const [mantissa, power] = value.toExponential(digits - 1).split('e') as [string, string]
    return exponential(`${stripZeros(mantissa)}e${power}`)
  }
  return stripZeros(value.toFixed(Math.max(digits - 1 - exponent, 0)))
}

function stripZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** `humanize`: 1234567 is 1.235M, 0.0123 is 12.3m. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return formatSignificant(value, 4)
  let scaled = value
  let prefix = ''
  if (Math.abs(value) >= 1) {
    for (const next of ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']) {
      if (Math.abs(scaled) < 1000) break
      prefix = next
      scaled /= 1000
    }
  } else {
    for (const next of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
      if (Math.abs(scaled) >= 1) break
      prefix = next
      scaled *= 1000
    }
  }
  return formatSignificant(scaled, 4) + prefix
}

/** `humanize1024`: 1048576 is 1Mi. */
export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return formatSignificant(value, 4)
  let scaled = value
  let prefix = ''
  for (const next of ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']) {
    if (Math.abs(scaled) < 1024) break
    prefix = next
    scaled /= 1024
  }
  return formatSignificant(scaled, 4) + prefix
}

/** `humanizeDuration`: seconds as `1d 2h 3m 4s`, `1.5s` or `12ms`. */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return formatSignificant(value, 4)
  if (value === 0) return '0s'
  if (Math.abs(value) >= 1) {
    const sign = value < 0 ? '-' : ''
    const size = Math.abs(value)
    const whole = Math.trunc(size)
    const [days, hours, minutes, seconds] = [
      Math.floor(whole / 86_400),
      Math.floor(whole / 3600) % 24,
      Math.floor(whole / 60) % 60,
      whole % 60,
    ]
    if (days !== 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
    if (hours !== 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
    if (minutes !== 0) return `${sign}${minutes}m ${seconds}s`
    return `${sign}${formatSignificant(size, 4)}s`
  }
  let scaled = value
  let prefix = ''
  for (const next of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
    if (Math.abs(scaled) >= 1) break
    prefix = next
    scaled *= 1000
  }
  return `${formatSignificant(scaled, 4)}${prefix}s`
}

/** `humanizePercentage`: 0.1234 is 12.34%. */
export function humanizePercentage(value: number): string {
  return `${formatSignificant(value * 100, 4)}%`
}

/** `humanizeTimestamp`: Unix seconds as Go prints a UTC time. */
export function humanizeTimestamp(value: number): string {
  if (!Number.isFinite(value)) return formatSignificant(value, 4)
  const milliseconds = value * 1000
  if (Math.abs(milliseconds) > 8.64e15)
    throw new RangeError(`${value} is out of the range of times`)
  const [date, time] = new Date(milliseconds).toISOString().slice(0, -1).split('T') as [
    string,
    string,
  ]
  // Go leaves out what is zero behind the point: 12:00:00.5, 12:00:00.
  return `${date} ${stripZeros(time)} +0000 UTC`
}
