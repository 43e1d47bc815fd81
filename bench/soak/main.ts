// Whether the instrumentation grows: a service under it and the same without an agent, both at a low and fixed load of
// all kinds of requests, ours with two readers of its metrics (OTLP every second, a scrape every second), and their heaps
// right after a full collection, while no request is under way. What counts is the slope, and that of the difference.
//
// V8's code is kept out of it, in both: they run with its compilers off. A full collection while nothing is under way
// throws the code away that knows of objects which only live in a request, 65 to 80 functions each time; they are compiled
// again, and lists of what depends on what grow: with V8 as it is, any service's heap grows by the looks at it. `--compile`
// leaves V8 as it is.
//
// After a warm-up, in which buffers find their size, and in which a long block has its profile taken: V8 keeps where the
// lines and positions of all code are (0.6 to 1.5 MB were seen) from the first profile on. It has its looks, too.
//
//   node bench/soak/main.ts [--minutes 30] [--warm-up 20] [--rate 100] [--compile] [--preload path/to/register.js] [--out FILE]
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../../tools/testing/free-port.ts'
import { until } from '../../tools/testing/until.ts'
import { agents } from '../overhead/agents.ts'
import { BUILT_PRELOAD, installPeers, startSurroundings } from '../overhead/peers.ts'
import { Service, type Usage } from '../overhead/service.ts'
import { readThreadTimes } from '../overhead/thread-times.ts'
import { OfferedLoad } from './offered-load.ts'
import { trendOf } from './trend.ts'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'warm-up': { type: 'string', default: '20' },
    rate: { type: 'string', default: '100' },
    compile: { type: 'boolean', default: false },
    preload: { type: 'string', default: BUILT_PRELOAD },
    out: { type: 'string' },
  },
})
const minutes = Number(options.minutes)
const warmUpMinutes = Number(options['warm-up'])
const LOOK_MS = 10_000
/** Code stays as it was loaded: none is compiled, thrown away or learnt about later. */
const COMPILERS_OFF = [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-flush-bytecode',
  '--no-lazy-feedback-allocation',
]
/** Longer than what counts as a stall. */
const BLOCK_MS = 600
/** What is looked at. The heap of the app thread grows step by step to V8's bound with any app: the rest tells of us. */
const MEASURES: Readonly<Record<string, (usage: Usage) => number>> = {
  heap: (usage) => usage.heapBytes,
  RSS: (usage) => usage.rssBytes,
  'young generation': (usage) => usage.youngBytes,
  "RSS beside the app thread's heap": (usage) => usage.rssBytes - usage.youngBytes - usage.oldBytes,
}

const folder = installPeers()
const soaked = [await soak('chokepoint'), await soak('bare')] as const
const hours: number[] = []
const startedMs = performance.now()
// Three times: where the machine is taken away meanwhile, a block is no stall, and has no profile.
for (const part of [0.25, 0.5, 0.75]) {
  await lookUntil(part * warmUpMinutes)
  for (const { service } of soaked) service.block(BLOCK_MS)
}
await lookUntil(warmUpMinutes)
for (const { looks } of soaked) looks.length = 0
hours.length = 0
const settledMs = performance.now()
const cpuBefore = soaked.map(({ service }) => readThreadTimes(service.pid).totalMicros)
await lookUntil(warmUpMinutes + minutes)
const cpuAfter = soaked.map(({ service }) => readThreadTimes(service.pid).totalMicros)
const elapsedSeconds = (performance.now() - settledMs) / 1000
await Promise.all(soaked.map(({ load }) => load.stop()))
console.log(
  `${minutes} minutes after ${warmUpMinutes}, ${hours.length} looks after a full collection, V8's compilers ${options.compile ? 'on' : 'off'}`,
)
for (const [index, { name, service, load, surroundings }] of soaked.entries()) {
  const cores = (cpuAfter[index]! - cpuBefore[index]!) / 1e6 / elapsedSeconds
  const exitMs = await service.stop()
  surroundings.stop()
  console.log(
    `${name}: ${load.requests} requests, ${load.scrapes} scrapes, ${(100 * cores).toFixed(1)} % of a core, exit ${exitMs.toFixed(0)} ms`,
  )
  for (const [what, count] of load.failures) console.log(`  failed: ${count} × ${what}`)
}
for (const [measure, bytesOf] of Object.entries(MEASURES)) {
  const [ours, bare] = soaked.map(({ looks }) => looks.map((look) => bytesOf(look) / 1024))
  console.log(`${measure}:`)
  console.log(`  chokepoint ${lineOf(ours!)}`)
  console.log(`  bare       ${lineOf(bare!)}`)
  console.log(`  difference ${lineOf(ours!.map((value, look) => value - bare![look]!))}`)
}
if (options.out !== undefined) {
  const looks = soaked.map(({ name, looks }) => [name, looks])
  writeFileSync(options.out, `${JSON.stringify({ hours, ...Object.fromEntries(looks) })}\n`)
}

/** A service, its load, and what has been seen of it. */
async function soak(name: 'chokepoint' | 'bare') {
  // One connection, all the time: those that a pool opens and closes would come and go in the heap.
  const surroundings = await startSurroundings(folder, 1, 'pglite')
  const scrapePort = await freePort()
  const sink = `http://127.0.0.1:${surroundings.ports.sinkPort}`
  const agent = agents(options.preload, sink).find((one) => one.name === name)!
  const environment = {
    ...agent.environment,
    OTEL_METRICS_EXPORTER: 'otlp,prometheus',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_EXPORTER_PROMETHEUS_PORT: String(scrapePort),
  }
  const nodeArguments = [...(options.compile ? [] : COMPILERS_OFF), ...agent.nodeArguments]
  const started = { name, environment, nodeArguments }
  const service = await Service.start(started, folder, 0, surroundings.ports)
  const metricsUrl = name === 'bare' ? undefined : `http://127.0.0.1:${scrapePort}/metrics`
  if (metricsUrl !== undefined) {
    await until('the metrics of the service', async () => (await fetch(metricsUrl)).ok)
  }
  const origin = `http://127.0.0.1:${service.port}`
  const load = new OfferedLoad(origin, Number(options.rate), metricsUrl)
  return { name, service, load, surroundings, looks: [] as Usage[] }
}

/** Looks at both, time and again, until so many minutes since the start have gone by. */
async function lookUntil(endMinutes: number): Promise<void> {
  while (performance.now() - startedMs < endMinutes * 60_000) {
    await delay(LOOK_MS)
    await Promise.all(soaked.map(({ load }) => load.rest()))
    hours.push((performance.now() - startedMs) / 3_600_000)
    for (const { service, looks } of soaked) looks.push(await service.usage())
    for (const { load } of soaked) load.goOn()
    const heaps = soaked.map(({ name, looks }) => `${name} ${looks.at(-1)!.heapBytes}`)
    process.stderr.write(`${(hours.at(-1)! * 60).toFixed(1)} min: heap ${heaps.join(', ')}\n`)
  }
}

/** From where to where, and how steeply, in KiB. */
function lineOf(values: readonly number[]): string {
  const trend = trendOf(hours, values)
  if (trend === undefined) return 'too few looks'
  const { slope, error } = trend
  const within = Math.abs(slope) <= 2 * error ? 'zero within its error' : 'not zero'
  const [first, last] = [values[0]!, values.at(-1)!]
  return `${first.toFixed(0)} to ${last.toFixed(0)} KiB, slope ${slope.toFixed(1)} ±${(2 * error).toFixed(1)} KiB an hour: ${within}`
}
