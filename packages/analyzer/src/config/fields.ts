import { z } from 'zod'
import { parseByteSize } from './byte-size.ts'
import { parseDuration } from './duration.ts'

/**
 * A scalar of the config: `read` gives its value, or undefined when it is not what `expected` says. Numbers
 * and booleans may be texts, because an environment variable always is one.
 */
export function field<Value>(expected: string, read: (value: unknown) => Value | undefined) {
  return z.unknown().transform((value, context): Value => {
    const result = read(value)
    if (result !== undefined) return result
    context.issues.push({ code: 'custom', message: `expected ${expected}`, input: value })
    return z.NEVER
  })
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return field(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value))
}

/** A number of `min` to `max`; `what` names it in messages. */
export function number(what: string, min: number, max = Number.POSITIVE_INFINITY) {
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `of ${min} to ${max}`
  return field(`${what} ${range}`, (value) => {
    const read = readNumber(value)
    return read !== undefined && read >= min && read <= max ? read : undefined
  })
}

/** A part of a whole: 0.85, or `85%`. */
export const ratio = field('a part of 0 to 1, such as 0.85 or 85%', (value) => {
  const percent = typeof value === 'string' && value.endsWith('%')
  const read = percent ? readNumber(value.slice(0, -1)) : readNumber(value)
  if (read === undefined) return undefined
  const part = percent ? read / 100 : read
  return part >= 0 && part <= 1 ? part : undefined
})

export const port = field('a port of 0 to 65535 (0 takes a free one)', (value) => {
  const read = readNumber(value)
  return read !== undefined && Number.isInteger(read) && read >= 0 && read <= 65_535
    ? read
    : undefined
})

export const boolean = field('true or false', (value) => {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
})

export const text = field('a text that is not empty', (value) =>
  typeof value === 'string' && value !== '' ? value : undefined,
)

/** Milliseconds of a duration. */
export const duration = field('a duration such as 500ms, 30s or 1h30m', (value) =>
  typeof value === 'string' ? parseDuration(value) : undefined,
)

/** Milliseconds of a duration that is not zero. */
export const interval = field('a duration over 0, such as 500ms, 30s or 1h30m', (value) =>
  typeof value === 'string' ? parseDuration(value) || undefined : undefined,
)

/** A count, or a size such as `16MiB` where the unit is bytes. */
export function limit(unit: string) {
  const bytes = unit === 'By'
  return field(
    bytes ? 'bytes, such as 4096 or 16MiB' : `a whole number over 0 (${unit})`,
    (value) => {
      const read = bytes && typeof value === 'string' ? parseByteSize(value) : readNumber(value)
      return read !== undefined && Number.isSafeInteger(read) && read > 0 ? read : undefined
    },
  )
}

export const httpUrl = field('an http:// or https:// address', (value) => {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  return ['http:', 'https:'].includes(new URL(value).protocol) ? value : undefined
})

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return undefined
  return Number(value)
}
