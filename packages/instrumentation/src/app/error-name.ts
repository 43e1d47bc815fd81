/** The name of what went wrong, of few values: a code where there is one. */
export function errorName(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '_OTHER'
  try {
    const { code, name } = error as { code?: unknown; name?: unknown }
    if (typeof code === 'string' && code.length <= 64) return code
    return typeof name === 'string' && name.length <= 64 ? name : '_OTHER'
  } catch {
    // A getter or a proxy of the app's: its own error is what the app has to see, not one of reading it.
    return '_OTHER'
  }
}
