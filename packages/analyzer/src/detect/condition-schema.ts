import { z } from 'zod'
import { parseDuration } from '../config/duration.ts'

/** How a bottleneck type is written. */
export const DETECTOR_TYPE = z.string().regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, {
  error: 'a type is words joined by dots, as queue.too_long',
})
const duration = z.string().transform((text, context) => {
  const durationMs = parseDuration(text)
  if (durationMs === undefined) {
    context.addIssue(`a duration is written as 30s, 5m or 1h30m, not ${text}`)
    return z.NEVER
  }
  return durationMs
})

const CONDITION = z.strictObject({
  type: DETECTOR_TYPE,
  title: z.string().min(1),
  /** PromQL; each element of its answer that reaches the threshold is a finding. */
  value: z.string().min(1),
  threshold: z.number(),
  unit: z.string().default('1'),
  severity: z.enum(['info', 'warning', 'critical']).default('warning'),
  component: z.string().min(1),
  /** `{{label}}` and `{{value}}` are replaced. */
  summary: z.string().min(1),
  for: duration.default(15_000),
  reason: z.string().default('set by the user'),
})
/** What a YAML file of detectors holds. */
export const CONDITION_FILE = z.strictObject({ detectors: z.array(CONDITION).min(1) })

/** A detector that is written as a PromQL condition; a YAML file holds a list of them. */
export type ConditionRow = z.infer<typeof CONDITION>
