const BYTES_BY_UNIT: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

const BYTE_SIZE = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/

/** Bytes of a size such as `16MiB`, `64MB` or `4096`; undefined when it is none. */
export function parseByteSize(text: string): number | undefined {
  const match = BYTE_SIZE.exec(text)
  if (match === null) return undefined
  const unit = match[2] === '' ? 'B' : (match[2] as string)
  const factor = Object.hasOwn(BYTES_BY_UNIT, unit) ? BYTES_BY_UNIT[unit] : undefined
  if (factor === undefined) return undefined
  const bytes = Math.round(Number(match[1]) * factor)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A size as a person writes it: 16777216 gives `16MiB`, 1000 gives `1000`. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const factor = BYTES_BY_UNIT[unit] as number
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}
