import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { isReset } from '../histogram/reset.ts'
import { SAMPLE_HISTOGRAM, type SampleBuffer } from '../sample-buffer.ts'

/** Says of each histogram of a buffer whether it comes after a reset, where its source does not. */
export function detectResetHints(buffer: SampleBuffer): void {
  if (buffer.special === 0) return
  let previous: NativeHistogram | undefined
  for (let i = 0; i < buffer.size; i++) {
    if (buffer.kinds[i] !== SAMPLE_HISTOGRAM) continue
    const histogram = buffer.histograms[i]!
    if (histogram.counterResetHint === 'unknown' && previous !== undefined) {
      const counterResetHint = isReset(histogram, previous) ? 'reset' : 'not_reset'
      buffer.histograms[i] = { ...histogram, counterResetHint }
    }
    previous = histogram
  }
}
