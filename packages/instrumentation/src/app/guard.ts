/** Told of an error that was kept away from the app. */
export type ErrorSink = (error: unknown) => void

/**
 * A function that never throws: what goes wrong inside goes to `report`. Everything that the app can reach
 * (channel subscribers, patched methods, listeners) is entered through it.
 */
export function guarded<This, Args extends unknown[]>(
  report: ErrorSink,
  work: (this: This, ...args: Args) => void,
): (this: This, ...args: Args) => void {
  return function guard(this: This, ...args: Args): void {
    try {
      work.apply(this, args)
    } catch (error) {
      report(error)
    }
  }
}
