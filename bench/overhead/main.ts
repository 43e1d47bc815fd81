// What instrumentation costs: processor microseconds a request that the whole process of a Fastify service takes more
// than without an agent; for ours and for the agents that people use today. Rounds are interleaved, so that a
// noisy minute hits all alike.
//
//   node bench/overhead/main.ts [--short] [--rounds 5] [--seconds 4] [--agents bare,chokepoint] [--routes /plain]
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Agent, agents } from './agents.ts'
import { load } from './load.ts'
import { installPeers, startSurroundings } from './peers.ts'
import { Service } from './service.ts'
import { median, spread } from './statistics.ts'

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    agents: { type: 'string' },
    routes: { type: 'string' },
  },
})
const rounds = Number(options.rounds ?? (options.short ? 2 : 5))
const seconds = Number(options.seconds ?? (options.short ? 2 : 4))
const routes = options.routes?.split(',') ?? ['/plain', '/work', '/call', '/db']
const SERVICE_CORE = 0
const LOAD_CORE = 1
const SETTLE_MS = 3000

/** The measurements of one agent: one number per round. */
interface Measured {
  readonly agent: Agent
  readonly cpuMicros: Map<string, number[]>
  readonly startupMs: number[]
  readonly rssMb: number[]
  readonly heapMb: number[]
  readonly exitMs: number[]
}

const root = join(import.meta.dirname, '..', '..')
const folder = installPeers()
const preload = join(root, 'packages', 'instrumentation', 'dist', 'register.js')
if (!existsSync(preload)) throw new Error(`${preload} is not there: build first (npm run build)`)

const surroundings = await startSurroundings(folder, LOAD_CORE)
const all = agents(preload, `http://127.0.0.1:${surroundings.ports.sinkPort}`)
const wanted = options.agents?.split(',') ?? (options.short ? ['bare', 'chokepoint'] : undefined)
const measured = all
  .filter(({ name }) => wanted === undefined || name === 'bare' || wanted.includes(name))
  .map(
    (agent): Measured => ({
      agent,
      cpuMicros: new Map(routes.map((route) => [route, []])),
      startupMs: [],
      rssMb: [],
      heapMb: [],
      exitMs: [],
    }),
  )
for (let round = 1; round <= rounds; round++) {
  for (const one of measured) {
    await measure(one)
    process.stderr.write(`round ${round} of ${rounds}: ${one.agent.name}\n`)
  }
}
surroundings.stop()
printTable()

async function measure(one: Measured): Promise<void> {
  const service = await Service.start(one.agent, folder, SERVICE_CORE, surroundings.ports)
  one.startupMs.push(service.startupMs)
  // What an agent does once, beside the app, is not a cost of requests.
  await delay(SETTLE_MS)
  for (const route of routes) {
    await load(service.port, route, Math.max(1, Math.round(seconds / 2)), LOAD_CORE)
    const before = await service.usage()
    const { requests } = await load(service.port, route, seconds, LOAD_CORE)
    const after = await service.usage()
    one.cpuMicros.get(route)!.push((after.cpuMicros - before.cpuMicros) / requests)
  }
  const { rssBytes, heapBytes } = await service.usage()
  one.rssMb.push(rssBytes / 2 ** 20)
  one.heapMb.push(heapBytes / 2 ** 20)
  one.exitMs.push(await service.stop())
}

function printTable(): void {
  const bare = measured[0]!
  const otel = measured.find(({ agent }) => agent.name === 'opentelemetry')
  const added = (one: Measured, route: string): number =>
    median(one.cpuMicros.get(route)!) - median(bare.cpuMicros.get(route)!)
  const cell = (one: Measured, route: string): string => {
    const own = one.cpuMicros.get(route)!
    if (one === bare) return `${median(own).toFixed(1)} ±${spread(own).toFixed(1)}`
    const more = added(one, route)
    const share =
      otel === undefined || one === otel ? '' : ` (${(more / added(otel, route)).toFixed(2)} x)`
    return `+${more.toFixed(1)} ±${spread(own).toFixed(1)}${share}`
  }
  console.log(
    `Processor microseconds a request: without an agent, and added by each (x: of OpenTelemetry's);` +
      ` median and half the quartile distance of ${rounds} rounds of ${seconds} s.\n`,
  )
  console.log(`| | ${routes.join(' | ')} | start ms | RSS MB | heap MB | exit ms |`)
  console.log(`|---|${'---|'.repeat(routes.length + 4)}`)
  for (const one of measured) {
    const more = (key: 'startupMs' | 'rssMb' | 'heapMb' | 'exitMs'): string => {
      const own = median(one[key])
      return one === bare ? own.toFixed(0) : `+${(own - median(bare[key])).toFixed(0)}`
    }
    const cells = routes.map((route) => cell(one, route))
    const rest = [more('startupMs'), more('rssMb'), more('heapMb'), more('exitMs')]
    console.log(`| ${one.agent.name} | ${[...cells, ...rest].join(' | ')} |`)
  }
}
