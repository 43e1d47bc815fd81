/**
 * Waits until a condition gives something true, and gives that. A minute is far longer than anything takes on an idle
 * machine. A condition that throws has not come true yet; its last error is in the message of the failure.
 */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  seconds = 60,
): Promise<NonNullable<Value>> {
  const endMs = performance.now() + seconds * 1000
  let last: unknown = 'it did not come true'
  do {
    try {
      const value = await condition()
      if (value) return value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  } while (performance.now() < endMs)
  throw new Error(`waited ${seconds} s for ${what}: ${String(last)}`)
}
