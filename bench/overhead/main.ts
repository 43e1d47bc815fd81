// What instrumentation costs: processor microseconds a request that the whole process of a Fastify service takes more
// than without an agent, the latency at a fixed rate, memory, start and exit; for ours and for the agents that people
// use today. Rounds are interleaved, so that a noisy minute hits all alike.
//
//   node bench/overhead/main.ts [--short] [--rounds 5] [--seconds 4] [--agents bare,chokepoint] [--routes /plain]
//     [--database postgresql|pglite] [--preload path/to/register.js]
//     [--results FILE]   rounds are added to those in the file
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Agent, agents } from './agents.ts'
import { buildRateClient, load, loadAtRate } from './load.ts'
import { BUILT_PRELOAD, installPeers, startSurroundings } from './peers.ts'
import { type RouteSample, readSamples, type Sample, writeSamples } from './samples.ts'
import { Service } from './service.ts'
import { median } from './statistics.ts'
import { tableOf } from './table.ts'
import { readThreadTimes } from './thread-times.ts'
import { warmUp } from './warm-up.ts'

const ROUTES = ['/plain', '/work', '/call', '/db']
const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    agents: { type: 'string' },
    routes: { type: 'string', default: ROUTES.join() },
    database: { type: 'string' },
    preload: { type: 'string', default: BUILT_PRELOAD },
    results: { type: 'string' },
  },
})
const rounds = Number(options.rounds ?? (options.short ? 2 : 5))
const seconds = Number(options.seconds ?? (options.short ? 2 : 4))
const routes = options.routes.split(',')
const SERVICE_CORE = 0
const LOAD_CORE = 1
const SETTLE_MS = 2000
/** A window must hold several stalls of the machine, one each second, and of full collections, which `/db` has each quarter of a minute. */
const LATENCY_SECONDS_MIN = 30
/** The pool of `/db` closes what rests for ten seconds, which each service did at its start: V8 throws code away then. */
const LATENCY_WARM_SECONDS = 6
/** With the others a round would take half as long again. */
const LATENCY_AGENTS = ['bare', 'chokepoint', 'opentelemetry']
const REQUESTS_FIRST = 40
const BARE = 'bare'
/** Nobody listens there. */
const NOBODY = 'http://127.0.0.1:1'

if (!existsSync(options.preload)) {
  throw new Error(`${options.preload} is not there: build first (npm run build)`)
}
const folder = installPeers()
const rateClient = buildRateClient(folder)
const samples = readSamples(options.results)
const surroundings = await startSurroundings(folder, LOAD_CORE, options.database)
const { name: database, connections } = surroundings.ports.database
samples.database = `${database}, ${connections} connection${connections === 1 ? '' : 's'}`
const all = agents(options.preload, `http://127.0.0.1:${surroundings.ports.sinkPort}`)
const wanted = options.agents?.split(',') ?? (options.short ? [BARE, 'chokepoint'] : undefined)
const measured = all.filter(
  ({ name }) => wanted === undefined || name === BARE || wanted.includes(name),
)
for (let round = 1; round <= rounds; round++) {
  const rows: Sample[] = []
  for (const agent of measured) {
    rows.push(await measure(agent))
    process.stderr.write(`round ${round} of ${rounds}: ${agent.name}\n`)
  }
  // A round counts as a whole or not at all.
  samples.rows.push(...rows)
  writeSamples(options.results, samples)
}
surroundings.stop()
console.log(tableOf(samples))

async function measure(agent: Agent): Promise<Sample> {
  const perRoute: RouteSample[] = []
  for (const route of routes) perRoute.push(await measureRoute(agent, route))
  const all = <Key extends keyof RouteSample>(key: Key): RouteSample[Key][] =>
    perRoute.map((sample) => sample[key])
  const byRoute = <Value>(values: readonly Value[]): Record<string, Value> =>
    Object.fromEntries(routes.map((route, index) => [route, values[index]!]))
  const largest = perRoute.reduce((one, other) => (other.rssMb > one.rssMb ? other : one))
  return {
    agent: agent.name,
    cpuMicros: byRoute(all('cpuMicros')),
    perSecond: byRoute(all('perSecond')),
    p99Ms: byRoute(all('p99Ms')),
    startupMs: median(all('startupMs')),
    rssIdleMb: median(all('rssIdleMb')),
    rssMb: largest.rssMb,
    youngMb: largest.youngMb,
    heapMb: Math.max(...all('heapMb')),
    exitMs: median(all('exitMs')),
    exitAloneMs: await exitAlone(agent.name),
  }
}

/** In a process of its own: what one route leaves behind in V8 changes what the next one costs. */
async function measureRoute(agent: Agent, route: string): Promise<RouteSample> {
  const service = await Service.start(agent, folder, SERVICE_CORE, surroundings.ports)
  await askEach(service)
  // What an agent does once, beside the app, is not a cost of requests.
  await delay(SETTLE_MS)
  const rested = await service.usage()
  await warm(service, route)
  const before = readThreadTimes(service.pid)
  const done = await load(service.port, route, seconds, LOAD_CORE)
  const after = readThreadTimes(service.pid)
  if (agent.name === BARE) samples.ratesPerSecond[route] ??= Math.round(done.perSecond / 2)
  const { rssBytes, youngBytes, heapBytes } = await service.usage()
  const p99Ms = LATENCY_AGENTS.includes(agent.name) ? await latencyOf(service, route) : undefined
  return {
    cpuMicros: (after.totalMicros - before.totalMicros) / done.requests,
    perSecond: done.perSecond,
    p99Ms,
    startupMs: service.startupMs,
    rssIdleMb: rested.rssBytes / 2 ** 20,
    rssMb: rssBytes / 2 ** 20,
    youngMb: youngBytes / 2 ** 20,
    heapMb: heapBytes / 2 ** 20,
    exitMs: await service.stop(),
  }
}

async function warm({ port }: Service, route: string): Promise<void> {
  if (options.short) await load(port, route, 1, LOAD_CORE)
  else await warmUp(port, route, LOAD_CORE)
}

/** The exit of a service that has served something and whose collector is down. */
async function exitAlone(name: string): Promise<number> {
  const agent = agents(options.preload, NOBODY).find((one) => one.name === name)!
  const service = await Service.start(agent, folder, SERVICE_CORE, surroundings.ports)
  await askEach(service)
  return service.stop()
}

/** Each route a few times, so that what is loaded on demand is there. */
async function askEach({ port }: Service): Promise<void> {
  for (let time = 0; time < REQUESTS_FIRST; time++) {
    for (const route of ROUTES) {
      await (await fetch(`http://127.0.0.1:${port}${route}`)).arrayBuffer()
    }
  }
}

async function latencyOf(service: Service, route: string): Promise<number | undefined> {
  const ratePerSecond = samples.ratesPerSecond[route]
  if (ratePerSecond === undefined) return undefined
  await service.growYoung()
  await warm(service, route)
  const latency = await loadAtRate(
    rateClient,
    { port: service.port, route },
    {
      ratePerSecond,
      core: LOAD_CORE,
      warmSeconds: options.short ? 1 : LATENCY_WARM_SECONDS,
      seconds: options.short ? seconds : Math.max(seconds, LATENCY_SECONDS_MIN),
    },
  )
  return latency.p99Ms
}
