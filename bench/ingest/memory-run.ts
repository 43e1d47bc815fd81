import { setTimeout as sleep } from 'node:timers/promises'
import { type Fleet, INTERVAL_MS } from './generator.ts'
import { withTarget } from './http-run.ts'
import { anonymousBytes, peakBytes } from './process-usage.ts'
import type { Target } from './targets.ts'

/** What one target had in memory; growth is from when it was ready. */
export interface MemoryRun {
  /** Of its own when it was ready, with nothing stored. */
  readonly readyBytes: number
  /** The same some seconds later, when what starting left behind may be given back. */
  readonly restBytes: number
  /** Growth at the last acknowledgement of the past. */
  readonly pushedBytes: number
  /** Growth while reports went on coming: the mean of all looks, and the most. */
  readonly meanBytes: number
  readonly mostBytes: number
  /** The most that the process had, from its start, with its program. */
  readonly peakBytes: number
}

const LOOK_MS = 500
const REST_MS = 5000

/**
 * Sends a target a fleet's past as fast as it takes it, then goes on with a report each interval, in which rules, detectors and
 * collectors do their work, and looks at its memory.
 */
export function measureMemory(
  target: Target,
  makeFleet: (startMs: number) => Fleet,
  pastReports: number,
  liveReports: number,
): Promise<MemoryRun> {
  return withTarget(target, async ({ pid, send }) => {
    const readyBytes = anonymousBytes(pid)
    await sleep(REST_MS)
    const restBytes = anonymousBytes(pid)
    const startMs = Date.now() - pastReports * INTERVAL_MS
    const fleet = makeFleet(startMs)
    for (let report = 0; report < pastReports; report++) {
      fleet.advanceAll(startMs + report * INTERVAL_MS)
      await send(fleet)
    }
    const pushedBytes = anonymousBytes(pid) - readyBytes
    const looks: number[] = []
    for (let report = 0; report < liveReports; report++) {
      const untilMs = performance.now() + INTERVAL_MS
      fleet.advanceAll(Date.now())
      await send(fleet)
      while (performance.now() < untilMs) {
        looks.push(anonymousBytes(pid) - readyBytes)
        await sleep(LOOK_MS)
      }
    }
    return {
      readyBytes,
      restBytes,
      pushedBytes,
      meanBytes: looks.reduce((sum, bytes) => sum + bytes, 0) / looks.length,
      mostBytes: Math.max(...looks),
      peakBytes: peakBytes(pid),
    }
  })
}
