import { parseArgs } from 'node:util'
import { seeded } from '../ingest/seeded.ts'
import { BackgroundLoad, post } from './background.ts'
import { startReceiver, type WebhookReceiver } from './receiver.ts'
import { type AlertingSystem, startAnalyzerSystem, startPrometheusSystem } from './systems.ts'

// node --conditions=chokepoint-source bench/latency/main.ts [--trials 200] [--points 20000] [--rounds 2] [--quick]
// [--alone] measures the analyzer only; [--profile folder] too, and writes its CPU profile into the folder.
const TIMEOUT_MS = 30_000
const PAUSE_MS = 100

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '200' },
    points: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})
const trials = values.quick ? 30 : Number(values.trials)
const points = Number(values.points)
const rounds = values.quick ? 1 : Number(values.rounds)

type Start = (webhookUrl: string) => Promise<AlertingSystem | undefined>
const peers: readonly Start[] = [
  (url) => startPrometheusSystem(url, '1s'),
  (url) => startPrometheusSystem(url, '100ms'),
]
const starts: readonly Start[] = [
  (url) => startAnalyzerSystem(url, values.profile),
  ...(values.alone || values.profile !== undefined ? [] : peers),
]

/** What the runs of one system came to. */
interface Result {
  readonly latencies: number[]
  readonly loads: number[]
}

const results = new Map<string, Result>()
for (let round = 0; round < rounds; round++) {
  for (const start of starts) await run(start, seeded(round + 1))
}

console.log(
  `from the OTLP request over a threshold (for: 0s) to its webhook, ${trials} times in each of ${rounds} rounds`,
)
console.log(
  '                                     p50 ms    p99 ms    max ms    background points/s',
)
for (const [name, { latencies, loads }] of results) {
  const sorted = [...latencies].sort((a, b) => a - b)
  const quantile = (part: number) => sorted[Math.ceil(part * sorted.length) - 1]!
  const cells = [0.5, 0.99, 1].map((part) => quantile(part).toFixed(0).padEnd(9))
  console.log([name.padEnd(36), ...cells, Math.min(...loads).toFixed(0)].join(' '))
}

/** Starts a system, loads it and measures each trial on its own, at a random moment. */
async function run(start: Start, random: () => number): Promise<void> {
  const receiver = await startReceiver()
  const system = await start(receiver.url)
  if (system === undefined) {
    receiver.close()
    return
  }
  const load = new BackgroundLoad(system.otlpUrl, points)
  try {
    load.start()
    // The first reports make all series, and code is compiled.
    await new Promise((resolve) => setTimeout(resolve, 5000))
    for (let i = 0; i < 5; i++) await trial(system, receiver, `warm-${i}`)
    const result = results.get(system.name) ?? { latencies: [], loads: [] }
    results.set(system.name, result)
    for (let i = 0; i < trials; i++) {
      await new Promise((resolve) => setTimeout(resolve, random() * PAUSE_MS))
      result.latencies.push(await trial(system, receiver, `room-${i}`))
    }
    result.loads.push(load.pointsPerSecond())
  } finally {
    await load.stop()
    await system.close()
    receiver.close()
  }
}

/** Milliseconds from sending a room's temperature until its alert is here. */
async function trial(system: AlertingSystem, receiver: WebhookReceiver, room: string) {
  const arrival = receiver.arrival(room, TIMEOUT_MS)
  const sentMs = performance.now()
  await report(system, room, 35)
  const latencyMs = (await arrival) - sentMs
  // A room cools down again: a rule with hundreds of alerts at once is not what is measured.
  await report(system, room, 20)
  return latencyMs
}

async function report(system: AlertingSystem, room: string, celsius: number): Promise<void> {
  const attributes = [{ key: 'room', value: { stringValue: room } }]
  const point = { attributes, timeUnixNano: `${Date.now()}000000`, asDouble: celsius }
  const metric = { name: 'room.temperature', unit: 'Cel', gauge: { dataPoints: [point] } }
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })
  await post(system.otlpUrl, body, 'application/json')
}
