/** The text of a name that the app gives: one of another type than its declaration says must not throw later on. */
export function nameOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' || typeof value === 'function' ? '' : String(value)
}
