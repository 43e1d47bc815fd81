import { openTenantStores } from '../../packages/analyzer/src/store/tenant-stores.ts'
import { LIMITS_FOR_BENCH } from './bench-limits.ts'
import { Fleet, INTERVAL_MS, POINTS_PER_RESOURCE, SERIES_PER_RESOURCE } from './generator.ts'
import { seeded } from './seeded.ts'

/** What decoding and appending in one process came to. */
export interface InProcessResult {
  readonly series: number
  readonly points: number
  readonly pointsPerCpuSecond: number
  /** Of the second half of the rounds, when every series is known. */
  readonly pointsPerCpuSecondKnown: number
  readonly bytesPerSeries: number
  readonly longestRequestMs: number
}

const START_MS = 1_700_000_000_000

/** Decodes and appends `rounds` reports of a fleet with about `series` series, in memory only. */
export async function measureInProcess(series: number, rounds: number): Promise<InProcessResult> {
  const resources = Math.max(1, Math.round(series / SERIES_PER_RESOURCE))
  const fleet = new Fleet(resources, 25, START_MS, seeded(1))
  let now = START_MS
  const baseline = residentBytes()
  const stores = await openTenantStores({
    dataDir: undefined,
    retentionMs: 2 * 3_600_000,
    fsync: 'never',
    clock: 'wall',
    wallClock: () => now,
    limits: LIMITS_FOR_BENCH,
  })
  let spent = 0
  let spentKnown = 0
  let longest = 0
  for (let round = 0; round < rounds; round++) {
    now = START_MS + round * INTERVAL_MS
    for (const body of fleet.bodies) {
      fleet.advance(body, now)
      const cpu = process.cpuUsage()
      const started = performance.now()
      await stores.ingest('anonymous', body.bytes, 'protobuf')
      const took = performance.now() - started
      // Processor time of all threads, the collector's too: what else the machine does is not in it.
      const { user, system } = process.cpuUsage(cpu)
      spent += (user + system) / 1000
      if (round >= rounds / 2) spentKnown += (user + system) / 1000
      if (round > 1) longest = Math.max(longest, took)
    }
  }
  const stats = stores.stats()
  const bytes = residentBytes() - baseline
  const points = resources * POINTS_PER_RESOURCE * rounds
  if (stats.acceptedPoints !== points) {
    throw new Error(`${stats.acceptedPoints} of ${points} points were accepted`)
  }
  const knownRounds = rounds - Math.ceil(rounds / 2)
  return {
    series: stats.series,
    points,
    pointsPerCpuSecond: points / (spent / 1000),
    pointsPerCpuSecondKnown: ((points / rounds) * knownRounds) / (spentKnown / 1000),
    bytesPerSeries: bytes / stats.series,
    longestRequestMs: longest,
  }
}

function residentBytes(): number {
  global.gc?.()
  global.gc?.()
  return process.memoryUsage().rss
}
