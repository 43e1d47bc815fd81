/**
 * The length for a table that must hold `wanted` and has outgrown `length`: sixteen times as much, so that large ones
 * are copied seldom. The system gives pages when they are first written to: what is not used yet takes addresses only.
 */
export function roomyLength(wanted: number, length: number): number {
  return Math.max(wanted, length * 16)
}
