import type { Sample, Samples } from './samples.ts'
import { median, spread } from './statistics.ts'

const REST = [
  'startupMs',
  'rssIdleMb',
  'rssMb',
  'youngMb',
  'heapMb',
  'exitMs',
  'exitAloneMs',
] as const

/** The table of all rounds, in Markdown: medians, and half the distance of the quartiles. */
export function tableOf({ rows, ratesPerSecond, database }: Samples): string {
  const agents = [...new Set(rows.map(({ agent }) => agent))]
  const routes = [...new Set(rows.flatMap(({ cpuMicros }) => Object.keys(cpuMicros)))]
  const of = (agent: string, pick: (sample: Sample) => number | undefined): number[] =>
    rows.filter((row) => row.agent === agent).flatMap((row) => pick(row) ?? [])
  const added = (agent: string, pick: (sample: Sample) => number | undefined): number =>
    median(of(agent, pick)) - median(of('bare', pick))
  const cpuCell = (agent: string, route: string): string => {
    const pick = ({ cpuMicros }: Sample): number | undefined => cpuMicros[route]
    const own = of(agent, pick)
    if (own.length === 0) return ''
    if (agent === 'bare') return `${median(own).toFixed(1)} ±${spread(own).toFixed(1)}`
    const shares = ['opentelemetry', 'datadog']
      .filter((peer) => peer !== agent && agents.includes(peer) && agent.startsWith('chokepoint'))
      .map((peer) => (added(agent, pick) / added(peer, pick)).toFixed(2))
    const share = shares.length === 0 ? '' : ` (${shares.join(', ')})`
    return `+${added(agent, pick).toFixed(1)} ±${spread(own).toFixed(1)}${share}`
  }
  const addedCell = (agent: string, key: (typeof REST)[number]): string => {
    const pick = (sample: Sample): number | undefined => sample[key]
    const own = of(agent, pick)
    if (own.length === 0) return ''
    if (agent === 'bare') return median(own).toFixed(0)
    return `+${added(agent, pick).toFixed(key === 'heapMb' ? 1 : 0)}`
  }
  const p99Cell = (agent: string, route: string): string => {
    const pick = ({ p99Ms }: Sample): number | undefined => p99Ms[route]
    const own = of(agent, pick)
    if (own.length === 0) return ''
    const share = median(own) / median(of('bare', pick))
    return `${median(own).toFixed(2)} ±${spread(own).toFixed(2)} (${share.toFixed(2)})`
  }
  const rounds = rows.filter(({ agent }) => agent === 'bare').length
  const p99 = routes.map((route) => `${route} p99 ms at ${ratesPerSecond[route]}/s`)
  return [
    `Processor microseconds a request: without an agent, and added by each (in brackets the part of OpenTelemetry's and of` +
      ` Datadog's); latency at a fixed rate (in brackets, times that without an agent). The database is ${database}.` +
      ` Median ± half the quartile distance of ${rounds} rounds.\n`,
    `| | ${[...routes, ...p99].join(' | ')} | start ms | RSS MB, rested | loaded | of it young | heap MB | exit ms | collector down |`,
    `|---|${'---|'.repeat(2 * routes.length + 7)}`,
    ...agents.map((agent) => {
      const cpu = routes.map((route) => cpuCell(agent, route))
      const p99 = routes.map((route) => p99Cell(agent, route))
      const rest = REST.map((key) => addedCell(agent, key))
      return `| ${[agent, ...cpu, ...p99, ...rest].join(' | ')} |`
    }),
  ].join('\n')
}
