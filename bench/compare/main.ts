// Which of several builds costs less, to a few percent: all run at once, each is loaded for a short time in turn, many
// times over, and each turn is compared with the turn without an agent next to it.
//
//   node bench/compare/main.ts [--build NAME=path/to/register.js]... [--agents opentelemetry,...] [--routes /plain] [--turns 20] [--seconds 1] [--database pglite]
import { parseArgs } from 'node:util'
import { agents, builtAgent } from '../overhead/agents.ts'
import { load } from '../overhead/load.ts'
import { installPeers, startSurroundings } from '../overhead/peers.ts'
import { Service } from '../overhead/service.ts'
import { median, spread } from '../overhead/statistics.ts'
import { readThreadTimes, type ThreadTimes } from '../overhead/thread-times.ts'
import { warmUp } from '../overhead/warm-up.ts'

const { values: options } = parseArgs({
  options: {
    build: { type: 'string', multiple: true, default: [] },
    agents: { type: 'string', default: '' },
    routes: { type: 'string', default: '/plain' },
    turns: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '1' },
    database: { type: 'string' },
    env: { type: 'string', multiple: true, default: [] },
  },
})
const SERVICE_CORE = 0
const LOAD_CORE = 1

const folder = installPeers()
// PGlite takes one client at a time, so each service has surroundings of its own.
const first = await startSurroundings(folder, LOAD_CORE, options.database)
const sink = `http://127.0.0.1:${first.ports.sinkPort}`
const allSurroundings = [first]
const extra = Object.fromEntries(options.env.map((one) => one.split('=', 2) as [string, string]))
const builds = options.build.flatMap((one) => {
  const [name = '', path = '', env] = one.split('=')
  const agent = builtAgent(name, path, sink)
  const more = Object.fromEntries(
    (env ?? '')
      .split(',')
      .filter(Boolean)
      .map((e) => e.split(':') as [string, string]),
  )
  return [{ ...agent, environment: { ...agent.environment, ...extra, ...more } }]
})
const wanted = options.agents.split(',')
const variants = [
  ...agents('', sink).filter(({ name }) => name === 'bare' || wanted.includes(name)),
  ...builds,
]
const services = []
for (const agent of variants) {
  const surroundings = await startSurroundings(folder, LOAD_CORE, options.database)
  allSurroundings.push(surroundings)
  services.push({
    agent,
    service: await Service.start(agent, folder, SERVICE_CORE, surroundings.ports),
  })
}
for (const route of options.routes.split(',')) {
  for (const { service } of services) await warmUp(service.port, route, LOAD_CORE)
  const perRequest = new Map<string, number[]>()
  const threads = new Map<string, Map<string, number[]>>()
  for (let turn = 0; turn < Number(options.turns); turn++) {
    // Every other turn the other way round, so that a drift hits all alike.
    const order = turn % 2 === 0 ? services : services.toReversed()
    for (const { agent, service } of order) {
      const before = readThreadTimes(service.pid)
      const { requests } = await load(service.port, route, Number(options.seconds), LOAD_CORE)
      note(agent.name, before, readThreadTimes(service.pid), requests)
    }
  }
  const bare = perRequest.get('bare')!
  console.log(
    `${route}: bare ${median(bare).toFixed(2)} ±${spread(bare).toFixed(2)} low ${lowest(bare).toFixed(2)}`,
  )
  for (const { agent } of services) {
    if (agent.name === 'bare') continue
    const own = perRequest.get(agent.name)!
    const added = own.map((value, turn) => value - bare[turn]!)
    const parts = Array.from(threads.get(agent.name)!, ([name, values]) => {
      const without = threads.get('bare')!.get(name)
      return `${name} ${(median(values) - (without === undefined ? 0 : median(without))).toFixed(2)}`
    })
    const low = lowest(own) - lowest(bare)
    console.log(
      `  ${agent.name.padEnd(20)} +${median(added).toFixed(2)} ±${spread(added).toFixed(2)} low +${low.toFixed(2)} (${parts.join(', ')})`,
    )
  }
  function note(name: string, before: ThreadTimes, after: ThreadTimes, requests: number): void {
    push(perRequest, name, (after.totalMicros - before.totalMicros) / requests)
    const own = threads.get(name) ?? new Map<string, number[]>()
    threads.set(name, own)
    for (const [thread, micros] of after.byName) {
      push(own, thread, (micros - (before.byName.get(thread) ?? 0)) / requests)
    }
  }
}
for (const { service } of services) await service.stop()
for (const surroundings of allSurroundings) surroundings.stop()

/** The lower fifth: what a turn costs when nothing else disturbs it. */
function lowest(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 5)]!
}

function push(to: Map<string, number[]>, key: string, value: number): void {
  const list = to.get(key)
  if (list === undefined) to.set(key, [value])
  else list.push(value)
}
