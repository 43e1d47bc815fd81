import { cpus, freemem, totalmem, uptime } from 'node:os'
import { Increments, type Probe } from './probe.ts'

const MODES = { user: 'user', nice: 'nice', sys: 'system', idle: 'idle', irq: 'interrupt' } as const

/** What Node itself can tell about a host that has no /proc: macOS, Windows, BSD. */
export function createPortableHostProbe(): Probe {
  const increments = new Increments()
  return (batch) => {
    const processors = cpus()
    batch.add('system.cpu.logical.count', processors.length)
    for (const [number, { times }] of processors.entries()) {
      const added = new Map<string, number>()
      for (const [key, mode] of Object.entries(MODES)) {
        const ms = times[key as keyof typeof times]
        const attributes = { 'cpu.mode': mode, 'cpu.logical_number': number }
        batch.add('system.cpu.time', ms / 1000, attributes)
        const increment = increments.add(`${number} ${mode}`, ms)
        if (increment !== undefined) added.set(mode, increment)
      }
      const total = Array.from(added.values()).reduce((sum, ms) => sum + ms, 0)
      if (total === 0) continue
      for (const [mode, ms] of added) {
        const attributes = { 'cpu.mode': mode, 'cpu.logical_number': number }
        batch.add('system.cpu.utilization', ms / total, attributes)
      }
    }
    const total = totalmem()
    const free = freemem()
    batch.add('system.memory.limit', total)
    for (const [state, bytes] of Object.entries({ used: total - free, free })) {
      batch.add('system.memory.usage', bytes, { 'system.memory.state': state })
      batch.add('system.memory.utilization', bytes / total, { 'system.memory.state': state })
    }
    batch.add('system.uptime', uptime())
  }
}
