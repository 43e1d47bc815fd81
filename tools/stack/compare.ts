import type { Element } from './prometheus-api.ts'

/** Floating-point sums differ in their last digits with the order of adding. */
const TOLERANCE = 1e-6

/** What two answers to one query differ in; empty when they are the same. */
export function differences(
  expected: readonly Element[],
  actual: readonly Element[],
  tolerance = TOLERANCE,
): string[] {
  const found = new Map(actual.map((element) => [element.key, element]))
  const lines: string[] = []
  for (const { key, value } of expected) {
    const other = found.get(key)
    found.delete(key)
    if (other === undefined) lines.push(`missing ${key}`)
    else if (!near(value, other.value, tolerance))
      lines.push(`${key}: expected ${value}, got ${other.value}`)
  }
  for (const key of found.keys()) lines.push(`not expected ${key}`)
  return lines
}

function near(a: number, b: number, tolerance: number): boolean {
  if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) return true
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b))
}
