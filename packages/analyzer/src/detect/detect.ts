import type { BottleneckCandidate, BottleneckType } from '../model/bottleneck.ts'
import { AnswerBook, interview, type Respondent, STEPS_AT_ONCE } from '../model/interview.ts'
import { CATALOG } from './catalog.ts'
import type { DetectContext, DetectorRow } from './detector.ts'
import { readHosts } from './hosts.ts'

/** What one detector could not do; the others are not affected. */
export interface DetectorFailure {
  readonly type: BottleneckType
  readonly error: string
}

/** What all detectors say at one instant. */
export interface Detection {
  readonly candidates: readonly BottleneckCandidate[]
  readonly failures: readonly DetectorFailure[]
}

/** Less than this shows start-up, not the service. */
const WINDOW_MS_MIN = 10_000

/** Runs every detector of the catalogue. One that fails is reported and does not stop the rest. */
export function detect(
  { query, queryRange, nowMs, windowMs }: DetectContext,
  catalog: readonly DetectorRow[] = CATALOG,
): Detection {
  const steps = detectInSteps(
    {
      // biome-ignore lint/correctness/useYield: who asks here wants the answer at once
      *query(...question) {
        return query(...question)
      },
      // biome-ignore lint/correctness/useYield: as above
      *queryRange(...question) {
        return queryRange(...question)
      },
    },
    { nowMs, windowMs },
    catalog,
    Number.POSITIVE_INFINITY,
  )
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/**
 * The same, resting between detectors and during long questions: the caller may let others run meanwhile.
 * `stepsAtOnce` is how much of a question is taken without a rest.
 */
export function* detectInSteps(
  respondent: Respondent,
  when: { readonly nowMs: number; readonly windowMs: number },
  catalog: readonly DetectorRow[],
  stepsAtOnce = STEPS_AT_ONCE,
): Generator<void, Detection> {
  const candidates: BottleneckCandidate[] = []
  const failures: DetectorFailure[] = []
  if (when.windowMs < WINDOW_MS_MIN) return { candidates, failures }
  // Detectors ask the same questions (how many requests, how long): each is answered once a pass.
  const options = { book: new AnswerBook(), stepsAtOnce }
  const ask = <Result>(compute: (context: DetectContext) => Result) =>
    interview(respondent, (questions) => compute({ ...questions, ...when }), options)
  for (const { type, detect: run } of catalog) {
    try {
      const found = yield* ask(run)
      for (const one of found) {
        if (typeof one === 'function') candidates.push(...(yield* ask(one)))
        else candidates.push(one)
        yield
      }
    } catch (error) {
      failures.push({ type, error: error instanceof Error ? error.message : String(error) })
    }
    yield
  }
  if (candidates.length === 0) return { candidates, failures }
  const withHost = yield* ask(readHosts)
  return {
    candidates: candidates.map((one) => ({ ...one, resource: withHost(one.resource) })),
    failures,
  }
}
