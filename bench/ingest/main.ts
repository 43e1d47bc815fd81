import { parseArgs } from 'node:util'
import { Fleet, HEALTHY, POINTS_PER_RESOURCE, SERIES_PER_RESOURCE } from './generator.ts'
import { type HttpRun, runOverHttp } from './http-run.ts'
import { measureInProcess } from './in-process.ts'
import { measureLoop } from './loop-run.ts'
import { measureMemory } from './memory-run.ts'
import { measureRestart } from './restart-run.ts'
import { seeded } from './seeded.ts'
import { findTargets, type Target } from './targets.ts'

// node --expose-gc --conditions=chokepoint-source bench/ingest/main.ts [--part in-process|http|memory|loop|restart] [--runs 3] [--only NAME|SERIES] [--seconds 120]
const RESOURCES_PER_REQUEST = 25
const RESTART_LOG_BYTES = 2 ** 30
const LOOP_RATE = 100_000
/** Series, and resources in a request: an SDK's own, 25 of them, a Collector's batch of 8,192 points, a huge one. */
const LOOP_RUNS = [
  [10_000, 1],
  [100_000, 25],
  [100_000, 105],
  [500_000, 1250],
  [1_000_000, 105],
] as const

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'all' },
    runs: { type: 'string', default: '3' },
    series: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '360' },
    only: { type: 'string' },
    extent: { type: 'string', default: 'whole' },
    seconds: { type: 'string', default: '120' },
    cores: { type: 'string', default: 'shared' },
    live: { type: 'string', default: '6' },
  },
})

const isWanted = (part: string) => values.part === 'all' || values.part === part
if (isWanted('in-process')) await inProcess()
if (isWanted('http')) {
  await overHttp(Number(values.runs), Number(values.series), Number(values.rounds))
}
if (isWanted('memory')) {
  await memory(Number(values.series), Number(values.rounds), Number(values.live))
}
if (isWanted('loop')) await loop()
if (isWanted('restart')) await restart()

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
  console.log('target                     points/CPU-s   points/s     bytes/series     peak RSS')
  for (const target of present) {
    console.log(
      [
        target.name.padEnd(26),
        thousands(median(target, (run) => run.pointsPerCpuSecond)).padEnd(14),
        thousands(median(target, (run) => run.pointsPerSecond)).padEnd(12),
        (target.stores
          ? (median(target, (run) => run.bytesGrown) / count).toFixed(0)
          : 'stores nothing'
        ).padEnd(16),
        `${Math.round(median(target, (run) => run.peakBytes) / 2 ** 20)} MiB`,
      ].join(' '),
    )
  }
  printRatios(present, median, count)
}

/** What is in memory after a past that is sent at once, and while reports go on coming. */
async function memory(series: number, rounds: number, live: number): Promise<void> {
  const { present, missing } = findTargets()
  const targets = present.filter(
    ({ name, stores }) => stores && (values.only === undefined || name === values.only),
  )
  const resources = Math.max(1, Math.round(series / SERIES_PER_RESOURCE))
  const count = resources * SERIES_PER_RESOURCE
  console.log(
    `\nMemory: ${count} series of a fleet that works, ${rounds} reports of 10 s at once, then ${live}, one each 10 s`,
  )
  for (const name of missing)
    console.log(`not measured, its program is not in .cache/stack/bin: ${name}`)
  console.log(
    'target                     ready     at rest   bytes/series: all sent   then mean   from rest   most     peak RSS',
  )
  for (const target of targets) {
    const makeFleet = (startMs: number) =>
      new Fleet(resources, RESOURCES_PER_REQUEST, startMs, seeded(1), HEALTHY)
    const run = await measureMemory(target, makeFleet, rounds, live)
    const each = (bytes: number) => (bytes / count).toFixed(0)
    console.log(
      [
        target.name.padEnd(26),
        mebibytes(run.readyBytes).padEnd(9),
        mebibytes(run.restBytes).padEnd(23),
        each(run.pushedBytes).padEnd(10),
        each(run.meanBytes).padEnd(11),
        each(run.meanBytes + run.readyBytes - run.restBytes).padEnd(11),
        each(run.mostBytes).padEnd(8),
        mebibytes(run.peakBytes),
      ].join(' '),
    )
  }
}

/** How long the event loop of the whole analyzer is blocked at a steady rate, for requests of several sizes. */
async function loop(): Promise<void> {
  const extent = values.extent === 'store' ? 'store' : 'whole'
  console.log(
    `\nEvent loop of the analyzer at ${thousands(LOOP_RATE)} points a second over HTTP, delays in ms`,
  )
  console.log(
    'series     points/request   kB/request   points/s   p50     p99     max     CPU max   new series: p99   max     CPU max   collector max',
  )
  for (const [series, perRequest] of LOOP_RUNS) {
    if (values.only !== undefined && values.only !== String(series)) continue
    const resources = Math.round(series / SERIES_PER_RESOURCE)
    const run = await measureLoop(
      extent,
      resources,
      Math.min(perRequest, resources),
      LOOP_RATE,
      Number(values.seconds),
      values.cores === 'apart',
    )
    console.log(
      [
        String(resources * SERIES_PER_RESOURCE).padEnd(10),
        String(run.pointsPerRequest).padEnd(16),
        String(Math.round(run.bytesPerRequest / 1000)).padEnd(12),
        thousands(run.pointsPerSecond).padEnd(10),
        run.steady.p50.toFixed(1).padEnd(7),
        run.steady.p99.toFixed(1).padEnd(7),
        run.steady.max.toFixed(1).padEnd(7),
        run.steady.busyMax.toFixed(1).padEnd(9),
        run.first.p99.toFixed(1).padEnd(17),
        run.first.max.toFixed(1).padEnd(7),
        run.first.busyMax.toFixed(1).padEnd(9),
        Math.max(run.first.collectorMax, run.steady.collectorMax).toFixed(1),
      ].join(' '),
    )
  }
}

/** How long `serve` takes to be ready on a log of a gigabyte, once a run. */
async function restart(): Promise<void> {
  console.log('\nRestart of `chokepoint serve` on its log')
  console.log('series     log      points    wall     CPU')
  const resources = Math.round(100_000 / SERIES_PER_RESOURCE)
  for (let run = 0; run < Number(values.runs); run++) {
    const { logBytes, points, wallSeconds, cpuSeconds } = await measureRestart(
      resources,
      RESOURCES_PER_REQUEST,
      RESTART_LOG_BYTES,
    )
    console.log(
      [
        String(resources * SERIES_PER_RESOURCE).padEnd(10),
        `${(logBytes / 2 ** 30).toFixed(2)} GiB`.padEnd(8),
        thousands(points).padEnd(9),
        `${wallSeconds.toFixed(1)} s`.padEnd(8),
        `${cpuSeconds.toFixed(1)} s`,
      ].join(' '),
    )
  }
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

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}

function thousands(value: number): string {
  return `${Math.round(value / 1000)}k`
}
