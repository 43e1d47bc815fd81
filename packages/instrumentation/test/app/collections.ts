import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { GcTally } from '../../src/app/gc-tally.ts'

/** Collects garbage now: all of it, if nothing else is said. */
export type Collect = (options?: { type: 'minor' | 'major' }) => void

/** V8's own `gc`, without a flag at the start. */
export function exposeGc(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

/** Count and seconds of each kind. */
export function counted(tally: GcTally): Record<string, readonly [count: number, seconds: number]> {
  const entries = tally.counts().map(({ kind, buckets, sumSeconds }) => {
    const count = buckets.reduce((sum, bucket) => sum + bucket, 0)
    return [kind, [count, sumSeconds]] as const
  })
  return Object.fromEntries(entries)
}
