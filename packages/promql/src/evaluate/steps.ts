/** Work that may rest between two steps, and comes to a result. */
export type Steps<Result> = Generator<void, Result, void>

/** Does all the work at once. */
export function runThrough<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
