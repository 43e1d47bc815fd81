import type { BottleneckCandidate, BottleneckType } from '../model/bottleneck.ts'
import type { QuerySample } from '../model/query.ts'
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
  context: DetectContext,
  catalog: readonly DetectorRow[] = CATALOG,
): Detection {
  const steps = detectInSteps(context, catalog)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same, a detector at a time: the caller may let others run between two. */
export function* detectInSteps(
  context: DetectContext,
  catalog: readonly DetectorRow[],
): Generator<void, Detection> {
  const candidates: BottleneckCandidate[] = []
  const failures: DetectorFailure[] = []
  if (context.windowMs < WINDOW_MS_MIN) return { candidates, failures }
  const shared = { ...context, query: askOnce(context.query) }
  for (const { type, detect: run } of catalog) {
    try {
      candidates.push(...run(shared))
    } catch (error) {
      failures.push({ type, error: error instanceof Error ? error.message : String(error) })
    }
    yield
  }
  if (candidates.length === 0) return { candidates, failures }
  const withHost = readHosts(shared)
  return {
    candidates: candidates.map((one) => ({ ...one, resource: withHost(one.resource) })),
    failures,
  }
}

/** Detectors ask the same questions (how many requests, how long): each is answered once a pass. */
function askOnce(query: DetectContext['query']): DetectContext['query'] {
  const answers = new Map<string, readonly QuerySample[]>()
  return (expression, atMs) => {
    const key = `${atMs} ${expression}`
    const known = answers.get(key)
    if (known !== undefined) return known
    const answer = query(expression, atMs)
    answers.set(key, answer)
    return answer
  }
}
