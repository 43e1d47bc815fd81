/** `0.0412` → `41 ms`, `1.234` → `1.23 s`: a time of seconds for a sentence. */
export function seconds(value: number): string {
  if (value >= 100) return `${Math.round(value)} s`
  if (value >= 1) return `${significant(value)} s`
  return value >= 0.001 ? `${significant(value * 1000)} ms` : `${significant(value * 1e6)} µs`
}

/** `0.0712` → `7.1 %`. */
export function percent(share: number): string {
  const value = share * 100
  return `${value >= 10 ? Math.round(value) : Number(value.toFixed(1))} %`
}

/** `134217728` → `128 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)),
  )
  return `${significant(value / 1024 ** power)} ${units[power]}`
}

/** `12.34` → `12.3`: a number with what a reader needs of it. */
export function count(value: number): string {
  return significant(value)
}

/** `12.2` → `12`: a number of things; rates and extrapolation give parts of them. */
export function whole(value: number): string {
  return String(Math.max(value > 0 ? 1 : 0, Math.round(value)))
}

/** `5400` seconds → `90 minutes`: how long something will take, roughly. */
export function span(value: number): string {
  if (value < 120) return `${Math.round(value)} seconds`
  if (value < 7200) return `${Math.round(value / 60)} minutes`
  if (value < 172_800) return `${Math.round(value / 3600)} hours`
  return `${Math.round(value / 86_400)} days`
}

function significant(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
