/** How much of long texts and lists is kept, step by step until the body fits. */
const STEPS = [
  { characters: 2000, items: 50 },
  { characters: 500, items: 10 },
  { characters: 200, items: 3 },
  { characters: 80, items: 1 },
] as const

/**
 * `data` made small enough for `write` to give at most `bytesMax` bytes: long texts and lists are cut, the
 * cut is told by `truncated: true`, and the whole is at `link`.
 */
export function writeWithin(
  data: object,
  bytesMax: number,
  link: string,
  write: (data: object) => string,
): string {
  const whole = write(data)
  if (Buffer.byteLength(whole) <= bytesMax) return whole
  const mark = { truncated: true, ...(link === '' ? {} : { link }) }
  for (const { characters, items } of STEPS) {
    const body = write({ ...(shortened(data, characters, items) as object), ...mark })
    if (Buffer.byteLength(body) <= bytesMax) return body
  }
  const scalars = Object.entries(data).filter(([, value]) => typeof value !== 'object')
  return write({ ...(shortened(Object.fromEntries(scalars), 80, 1) as object), ...mark })
}

function shortened(value: unknown, characters: number, items: number): unknown {
  if (typeof value === 'string') {
    return value.length <= characters ? value : `${value.slice(0, characters).toWellFormed()}…`
  }
  if (Array.isArray(value)) {
    return value.slice(0, items).map((item) => shortened(item, characters, items))
  }
  if (typeof value !== 'object' || value === null) return value
  // Labels have no order of importance; a hundred of them are no label set of a person's making.
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, Math.max(items * 4, 24))
      .map(([key, item]) => [key, shortened(item, characters, items)]),
  )
}
