import { type KernelFiles, parseNumbers, toNumber } from './kernel-files.ts'
import type { Probe } from './probe.ts'

const INTERFACES_MAX = 64
/** Walking many sockets costs milliseconds, so with more than this their states are left out. */
const CONNECTIONS_MAX = 5_000
const CONNECTIONS_EVERY_MS = 5_000

/** Interfaces of our network namespace: `system.network.*` from /proc/self/net/dev. */
export function createSystemNetworkProbe(files: KernelFiles): Probe {
  return (batch) => {
    let interfaces = 0
    for (const line of (files.read('/proc/self/net/dev') ?? '').split('\n')) {
      const colon = line.indexOf(':')
      if (colon < 0) continue
      const name = line.slice(0, colon).trim()
      // The host's ends of the containers' cables: as many as containers, and counted in the bridge.
      if (name.startsWith('veth') || interfaces++ >= INTERFACES_MAX) continue
      const columns = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(toNumber)
      for (const [direction, first] of [
        ['receive', 0],
        ['transmit', 8],
      ] as const) {
        const [bytes, packets, errors, dropped] = columns.slice(first)
        const attributes = { 'network.interface.name': name, 'network.io.direction': direction }
        batch.add('system.network.io', bytes, attributes)
        batch.add('system.network.packet.count', packets, attributes)
        batch.add('system.network.errors', errors, attributes)
        batch.add('system.network.packet.dropped', dropped, attributes)
      }
    }
  }
}

/** The `st` column of /proc/net/tcp, from 01 on (include/net/tcp_states.h). */
const STATES = [
  'established',
  'syn_sent',
  'syn_received',
  'fin_wait_1',
  'fin_wait_2',
  'time_wait',
  'closed',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
] as const

/** TCP connections of our network namespace by state: `system.network.connection.count`. */
export function createConnectionProbe(files: KernelFiles): Probe {
  let readAtMs = Number.NEGATIVE_INFINITY
  let counts: ReadonlyMap<string, number> | undefined
  return (batch, { monotonicMs }) => {
    if (monotonicMs - readAtMs >= CONNECTIONS_EVERY_MS) {
      readAtMs = monotonicMs
      counts = countConnections(files)
    }
    for (const [state, count] of counts ?? []) {
      const attributes = { 'network.transport': 'tcp', 'network.connection.state': state }
      batch.add('system.network.connection.count', count, attributes)
    }
  }
}

function countConnections(files: KernelFiles): ReadonlyMap<string, number> | undefined {
  if (expectedConnections(files) > CONNECTIONS_MAX) return undefined
  const counts = new Map<string, number>(STATES.map((state) => [state, 0]))
  for (const path of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    // `  0: 0100007F:1F90 00000000:0000 0A ...`
    for (const match of (files.read(path) ?? '').matchAll(/^ *\d+: \S+ \S+ ([0-9A-F]{2}) /gm)) {
      const state = STATES[Number.parseInt(match[1] ?? '', 16) - 1]
      if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
    }
  }
  return counts
}

/** The kernel's own count of sockets: those in use and those in TIME_WAIT, of both families. */
function expectedConnections(files: KernelFiles): number {
  const tcp = /^TCP: (.*)$/m.exec(files.read('/proc/self/net/sockstat') ?? '')?.[1] ?? ''
  const four = parseNumbers(tcp.replace(/(\w+) (\d+) ?/g, '$1 $2\n'))
  const six = /^TCP6: inuse (\d+)/m.exec(files.read('/proc/self/net/sockstat6') ?? '')?.[1]
  return (four.get('inuse') ?? 0) + (four.get('tw') ?? 0) + Number(six ?? 0)
}
