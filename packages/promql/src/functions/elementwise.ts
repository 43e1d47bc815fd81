/** A function of one number, applied to every float of a vector; histograms are left out. */
export type NumberFunction = (value: number) => number

const DAY_MS = 86_400_000

/** Functions of a number, by name. */
export const NUMBER_FUNCTIONS: Readonly<Record<string, NumberFunction>> = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => (value * Math.PI) / 180,
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
}

/** Parts of a date (UTC), of a number of seconds since 1970, by name. */
export const DATE_FUNCTIONS: Readonly<Record<string, NumberFunction>> = {
  day_of_month: ofDate((date) => date.getUTCDate()),
  day_of_week: ofDate((date) => date.getUTCDay()),
  day_of_year: ofDate((date) => {
    const newYear = Date.UTC(date.getUTCFullYear(), 0, 1)
    return Math.floor((date.getTime() - newYear) / DAY_MS) + 1
  }),
  days_in_month: ofDate((date) => {
    const nextMonth = new Date(Date.UTC(2000, 0, 1))
    nextMonth.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)
    return nextMonth.getUTCDate()
  }),
  hour: ofDate((date) => date.getUTCHours()),
  minute: ofDate((date) => date.getUTCMinutes()),
  month: ofDate((date) => date.getUTCMonth() + 1),
  year: ofDate((date) => date.getUTCFullYear()),
}

function ofDate(part: (date: Date) => number): NumberFunction {
  return (seconds) => part(new Date(Math.trunc(seconds) * 1000))
}

/** The nearest multiple; ties go up. Dividing by the inverse loses less precision. */
export function roundTo(value: number, multiple: number): number {
  const inverse = 1 / multiple
  return Math.floor(value * inverse + 0.5) / inverse
}
