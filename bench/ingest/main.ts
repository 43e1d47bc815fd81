import { parseArgs } from 'node:util'
import { Fleet, POINTS_PER_RESOURCE, SERIES_PER_RESOURCE } from './generator.ts'
import { type HttpRun, runOverHttp } from './http-run.ts'
import { measureInProcess } from './in-process.ts'
import { seeded } from './seeded.ts'
import { findTargets, type Target } from './targets.ts'

// node --expose-gc --conditions=chokepoint-source bench/ingest/main.ts [--part in-process|http] [--runs 3] [--only NAME]
const RESOURCES_PER_REQUEST = 25

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'all' },
    runs: { type: 'string', default: '3' },
    series: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '360' },
    only: { type: 'string' },
  },
})

if (values.part !== 'http') await inProcess()
if (values.part !== 'in-process') {
  await overHttp(Number(values.runs), Number(values.series), Number(values.rounds))
}

/** Decode and append, without a network and a disk: at three sizes, each after the other. */
async function inProcess(): Promise<void> {
  console.log('\nDecode and append in one process, one thread, in memory')
  console.log(
    'series     rounds   points/CPU-s   the same, series known   bytes/series   longest request',
  )
  const first: number[] = []
  for (const [series, rounds] of [
    [10_000, 360],
    [100_000, 60],
    [1_000_000, 20],
  ] as const) {
    const result = await measureInProcess(series, rounds)
    first.push(result.pointsPerCpuSecondKnown)
    console.log(
      [
        String(result.series).padEnd(10),
        String(rounds).padEnd(8),
        thousands(result.pointsPerCpuSecond).padEnd(14),
        thousands(result.pointsPerCpuSecondKnown).padEnd(24),
        `${result.bytesPerSeries.toFixed(0)} B`.padEnd(14),
        `${result.longestRequestMs.toFixed(1)} ms`,
      ].join(' '),
    )
  }
  const flat = first[0]! / first.at(-1)!
  console.log(`cost of a point at 1,000,000 series over that at 10,000: ${flat.toFixed(2)}`)
}

/** The same reports over HTTP, acknowledged, to each target in turn; medians over the runs. */
async function overHttp(runs: number, series: number, rounds: number): Promise<void> {
  const { present: all, missing } = findTargets()
  const present = all.filter(({ name }) => values.only === undefined || name === values.only)
  const resources = Math.max(1, Math.round(series / SERIES_PER_RESOURCE))
  const count = resources * SERIES_PER_RESOURCE
  console.log(
    `\nOver HTTP with acknowledgement: ${count} series, ${rounds} reports of 10 s, ${runs} runs, GOMAXPROCS=1`,
  )
  for (const name of missing)
    console.log(`not measured, its program is not in .cache/stack/bin: ${name}`)
  const results = new Map<Target, HttpRun[]>(present.map((target) => [target, []]))
  for (let run = 0; run < runs; run++) {
    for (const [target, list] of results) {
      const makeFleet = (startMs: number) =>
        new Fleet(resources, RESOURCES_PER_REQUEST, startMs, seeded(run + 1))
      list.push(await runOverHttp(target, makeFleet, rounds, resources * POINTS_PER_RESOURCE))
    }
  }
  const median = (target: Target, of: (run: HttpRun) => number) => {
    const sorted = results
      .get(target)!
      .map(of)
      .sort((a, b) => a - b)
    return sorted[sorted.length >> 1]!
  }
  console.log('target                     points/CPU-s   points/s     bytes/series')
  for (const target of present) {
    console.log(
      [
        target.name.padEnd(26),
        thousands(median(target, (run) => run.pointsPerCpuSecond)).padEnd(14),
        thousands(median(target, (run) => run.pointsPerSecond)).padEnd(12),
        target.stores
          ? (median(target, (run) => run.bytesGrown) / count).toFixed(0)
          : 'stores nothing',
      ].join(' '),
    )
  }
  printRatios(present, median, count)
}

function printRatios(
  targets: readonly Target[],
  median: (target: Target, of: (run: HttpRun) => number) => number,
  series: number,
): void {
  const ours = targets.find(({ name }) => name === 'analyzer')
  if (ours === undefined) return
  for (const peer of targets) {
    if (peer === ours) continue
    const speed =
      median(ours, (run) => run.pointsPerCpuSecond) / median(peer, (run) => run.pointsPerCpuSecond)
    const bytes =
      median(ours, (run) => run.bytesGrown) /
      series /
      (median(peer, (run) => run.bytesGrown) / series)
    const memory = peer.stores ? `, ${bytes.toFixed(2)} x its bytes per series` : ''
    console.log(
      `analyzer to ${peer.name}: ${speed.toFixed(2)} x its points per CPU-second${memory}`,
    )
  }
}

function thousands(value: number): string {
  return `${Math.round(value / 1000)}k`
}
