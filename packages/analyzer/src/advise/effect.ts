import type { Evidence } from '../model/bottleneck.ts'
import type { QuerySample } from '../model/query.ts'
import type { Effect } from '../model/recommendation.ts'

/** Without a threshold, this much of the figure must be gone for a change to count. */
const GONE_SHARE_MIN = 0.5

/**
 * Whether the change worked, by what a recommendation's own metric answers now. Undefined while it did not,
 * or while nobody reports the figure: silence is no proof.
 */
export function effectOf(lead: Evidence, answer: readonly QuerySample[]): Effect | undefined {
  const after = answer[0]?.value
  if (after === undefined || !Number.isFinite(after)) return undefined
  const { value: before, threshold, unit } = lead
  return isBetter(before, after, threshold) ? { query: lead.query, unit, before, after } : undefined
}

function isBetter(before: number, after: number, threshold: number | undefined): boolean {
  if (threshold === undefined) return Math.abs(after) <= GONE_SHARE_MIN * Math.abs(before)
  // Of most figures more is worse; of a few (free space) less is.
  return before >= threshold ? after < threshold : after > threshold
}

/** The worse of two measurements of one claim: what a change is compared with. */
export function worseOf(known: Evidence, now: Evidence): Evidence {
  const moreIsWorse = now.threshold === undefined || now.value >= now.threshold
  const worse = moreIsWorse ? Math.max(known.value, now.value) : Math.min(known.value, now.value)
  return { ...now, value: worse }
}
