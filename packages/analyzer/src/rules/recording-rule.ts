import type { QuerySample } from '../model/query.ts'
import { labelKey, withoutName } from './label-key.ts'
import type { RuleContext, RuleSample } from './rule-context.ts'
import type { RecordingRule } from './rule-file.ts'

/** Series that are made in one step: half a millisecond. */
const SERIES_A_STEP = 200

/** The series that a recording rule makes of its answer. Throws when two of them have the same labels. */
export function* recordedSamples(
  rule: RecordingRule,
  answer: readonly QuerySample[],
  context: RuleContext,
): Generator<void, readonly RuleSample[]> {
  const seen = new Set<string>()
  const samples: RuleSample[] = []
  for (const { labels, value, histogram } of answer) {
    if (samples.length % SERIES_A_STEP === SERIES_A_STEP - 1) yield
    const recorded = withoutName(labels)
    for (const [name, text] of Object.entries(rule.labels)) {
      // An empty label is no label: Prometheus drops it.
      if (text === '') delete recorded[name]
      else recorded[name] = text
    }
    const key = labelKey(recorded)
    seen.add(key)
    samples.push({ name: rule.name, labels: recorded, value: histogram ?? value, key })
  }
  if (seen.size < samples.length) {
    throw new RangeError(
      'vector contains metrics with the same labelset after applying rule labels',
    )
  }
  if (context.limit > 0 && samples.length > context.limit) {
    throw new RangeError(`exceeded limit of ${context.limit} with ${samples.length} series`)
  }
  return samples
}
