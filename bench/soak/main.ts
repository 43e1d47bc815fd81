// Whether the instrumentation grows: a service under it, at a low and fixed load of all kinds of requests, with two
// readers of its metrics (OTLP every second, a scrape every second), and its heap right after a full collection.
//
// After a warm-up, in which code is compiled and buffers find their size, and in which one long block has its profile
// taken: V8 keeps where the lines and positions of all code are (0.6 MB were seen) from the first profile on.
//
//   node bench/soak/main.ts [--minutes 30] [--warm-up 10] [--rate 150] [--preload path/to/register.js] [--bare]
//     [--out FILE]
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../../tools/testing/free-port.ts'
import { agents } from '../overhead/agents.ts'
import { BUILT_PRELOAD, installPeers, startSurroundings } from '../overhead/peers.ts'
import { Service, type Usage } from '../overhead/service.ts'
import { readThreadTimes } from '../overhead/thread-times.ts'
import { trendOf } from './trend.ts'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'warm-up': { type: 'string', default: '10' },
    rate: { type: 'string', default: '150' },
    preload: { type: 'string', default: BUILT_PRELOAD },
    out: { type: 'string' },
    bare: { type: 'boolean', default: false },
  },
})
const minutes = Number(options.minutes)
const warmUpMinutes = Number(options['warm-up'])
const ratePerSecond = Number(options.rate)
const LOOK_MS = 10_000
/** Longer than what counts as a stall. */
const BLOCK_MS = 600
const TICK_MS = 20
/** What is looked at. The heap of the app thread grows step by step to V8's bound with any app: the rest tells of us. */
const MEASURES: Readonly<Record<string, (usage: Usage) => number>> = {
  heap: (usage) => usage.heapBytes,
  RSS: (usage) => usage.rssBytes,
  'young generation': (usage) => usage.youngBytes,
  "RSS beside the app thread's heap": (usage) => usage.rssBytes - usage.youngBytes - usage.oldBytes,
}

const folder = installPeers()
const surroundings = await startSurroundings(folder, 1)
const scrapePort = await freePort()
const sink = `http://127.0.0.1:${surroundings.ports.sinkPort}`
const all = agents(options.preload, sink)
const agent = all.find(({ name }) => name === (options.bare ? 'bare' : 'chokepoint'))!
const environment = {
  ...agent.environment,
  OTEL_METRICS_EXPORTER: 'otlp,prometheus',
  OTEL_METRIC_EXPORT_INTERVAL: '1000',
  OTEL_EXPORTER_PROMETHEUS_PORT: String(scrapePort),
}
const service = await Service.start({ ...agent, environment }, folder, 0, surroundings.ports)
const origin = `http://127.0.0.1:${service.port}`
const counts = { requests: 0, skipped: 0, scrapes: 0, underWay: 0 }
let offering = true
/** How often a request or a scrape failed, by what and why. */
const failures = new Map<string, number>()
const looks: (Usage & { readonly atMinutes: number })[] = []

const startedMs = performance.now()
const timers = [setInterval(offer, TICK_MS)]
if (!options.bare) timers.push(setInterval(scrape, 1000))
await delay(warmUpMinutes * 30_000)
service.block(BLOCK_MS)
await delay(warmUpMinutes * 30_000)
const [cpuBefore, settledMs] = [readThreadTimes(service.pid), performance.now()]
while (performance.now() - settledMs < minutes * 60_000) {
  await delay(LOOK_MS)
  await rest()
  const atMinutes = (performance.now() - startedMs) / 60_000
  looks.push({ ...(await service.usage()), atMinutes })
  offering = true
  process.stderr.write(`${atMinutes.toFixed(1)} min: ${JSON.stringify(looks.at(-1))}\n`)
}
const cpuAfter = readThreadTimes(service.pid)
const elapsedSeconds = (performance.now() - settledMs) / 1000
for (const timer of timers) clearInterval(timer)
await rest()
const exitMs = await service.stop()
surroundings.stop()
if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(looks)}\n`)
report()

function report(): void {
  const times = looks.map(({ atMinutes }) => atMinutes / 60)
  const lines = Object.entries(MEASURES).map(([name, bytesOf]) => {
    const values = looks.map((look) => bytesOf(look) / 1024)
    const trend = trendOf(times, values)
    if (trend === undefined) return `${name}: too few looks`
    const { slope, error } = trend
    const within = Math.abs(slope) <= 2 * error ? 'zero within its error' : 'not zero'
    const [first, last] = [values[0]!, values.at(-1)!]
    return `${name}: ${first.toFixed(0)} to ${last.toFixed(0)} KiB, slope ${slope.toFixed(1)} ±${(2 * error).toFixed(1)} KiB an hour: ${within}`
  })
  const cores = (cpuAfter.totalMicros - cpuBefore.totalMicros) / 1e6 / elapsedSeconds
  console.log(
    [
      `${minutes} minutes after ${warmUpMinutes}: ${counts.requests} requests, ${counts.scrapes} scrapes,` +
        ` ${(100 * cores).toFixed(1)} % of a core, exit ${exitMs.toFixed(0)} ms`,
      `${looks.length} looks after a full collection:`,
      ...lines,
      failures.size === 0 ? 'nothing failed' : 'failed:',
      ...Array.from(failures, ([what, count]) => `  ${count} × ${what}`),
    ].join('\n'),
  )
}

/** Until all is answered: what is under way is in the heap, and must not look like a failure at the end either. */
async function rest(): Promise<void> {
  offering = false
  while (counts.underWay > 0) await delay(TICK_MS)
}

/** One tick's share of the load: every route, unknown paths without end, and headers of callers. */
function offer(): void {
  const all = Math.floor(((performance.now() - startedMs) / 1000) * ratePerSecond)
  const due = all - counts.requests - counts.skipped
  if (!offering) {
    counts.skipped += due
    return
  }
  for (let index = 0; index < due; index++) {
    const number = counts.requests++
    const path = ['/plain', '/plain', '/call', '/db', '/work', `/unknown/${number}`][number % 6]!
    const sampled = number % 10 === 0
    const trace = number.toString(16).padStart(32, '1')
    const headers = sampled ? { traceparent: `00-${trace}-00f067aa0ba902b7-01` } : {}
    const expected = path.startsWith('/unknown/') ? 404 : 200
    ask(path.replace(/\d+/, ''), fetch(origin + path, { headers }), expected)
  }
}

function scrape(): void {
  if (!offering) return
  counts.scrapes++
  ask('scrape', fetch(`http://127.0.0.1:${scrapePort}/metrics`), 200)
}

function ask(what: string, answer: Promise<Response>, expected: number): void {
  counts.underWay++
  answer
    .then(async (response) => {
      await response.arrayBuffer()
      if (response.status !== expected) noteFailure(`${what}: status ${response.status}`)
    })
    .catch((error) => noteFailure(`${what}: ${causeOf(error)}`))
    .finally(() => counts.underWay--)
}

function noteFailure(what: string): void {
  failures.set(what, (failures.get(what) ?? 0) + 1)
  const atMinutes = (performance.now() - startedMs) / 60_000
  process.stderr.write(`${atMinutes.toFixed(1)} min: failed ${what}\n`)
}

/** `fetch` hides why it failed in the cause of its error. */
function causeOf(error: unknown): string {
  const { message, cause } = error as {
    message?: string
    cause?: { code?: string; message?: string }
  }
  return [message, cause?.code, cause?.message].filter((part) => part !== undefined).join(', ')
}
