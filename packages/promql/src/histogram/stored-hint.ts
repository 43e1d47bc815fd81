import type { SampleValue } from '../memory-source.ts'
import type { NativeHistogram } from './native-histogram.ts'
import { isReset } from './reset.ts'

/**
 * A histogram with the hint that Prometheus' own storage gives it: gauge, not_reset after one that it
 * continues, else unknown. (That storage never hands out reset: prometheus/prometheus#15346.)
 */
export function asStored(value: SampleValue, previous: SampleValue | undefined): SampleValue {
  if (typeof value !== 'object' || value.counterResetHint === 'gauge') return value
  const unknown: NativeHistogram = { ...value, counterResetHint: 'unknown' }
  if (typeof previous !== 'object' || value.counterResetHint === 'reset') return unknown
  const continues =
    previous.counterResetHint !== 'gauge' &&
    previous.schema === value.schema &&
    !isReset(unknown, previous)
  return continues ? { ...value, counterResetHint: 'not_reset' } : unknown
}
