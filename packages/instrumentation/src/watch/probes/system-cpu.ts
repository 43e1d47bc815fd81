import { type KernelFiles, toNumber } from './kernel-files.ts'
import { Increments, type Probe } from './probe.ts'

// "The amount of time, measured in units of USER_HZ (1/100ths of a second on most architectures)"
// (man7.org/linux/man-pages/man5/proc_stat.5.html). Node runs on none of the others.
export const TICKS_PER_SECOND = 100

/** The columns of a `cpu` line after its name, as `cpu.mode`; `guest` is in `user` already. */
const COLUMNS = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'interrupt',
  'softirq',
  'steal',
] as const
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'steal'] as const

type Mode = (typeof MODES)[number]

interface Processor {
  readonly number: number
  readonly seconds: ReadonlyMap<Mode, number>
}

/** Processor time of the host: `system.cpu.*` from /proc/stat. */
export function createSystemCpuProbe(files: KernelFiles): Probe {
  const increments = new Increments()
  return (batch) => {
    const processors = parseProcessors(files.read('/proc/stat') ?? '')
    if (processors.length === 0) return
    batch.add('system.cpu.logical.count', processors.length)
    for (const { number, seconds } of processors) {
      const added = new Map<Mode, number>()
      for (const [mode, value] of seconds) {
        const attributes = { 'cpu.mode': mode, 'cpu.logical_number': number }
        batch.add('system.cpu.time', value, attributes)
        // Idle and iowait may step back by a tick; that is no time at all.
        const increment = increments.add(`${number} ${mode}`, value)
        if (increment !== undefined) added.set(mode, increment)
      }
      const total = Array.from(added.values()).reduce((sum, value) => sum + value, 0)
      // Between two looks within one tick nothing has moved, and nothing can be said.
      if (total === 0) continue
      for (const mode of seconds.keys()) {
        const share = (added.get(mode) ?? 0) / total
        const attributes = { 'cpu.mode': mode, 'cpu.logical_number': number }
        batch.add('system.cpu.utilization', share, attributes)
      }
    }
  }
}

function parseProcessors(text: string): Processor[] {
  const processors: Processor[] = []
  for (const line of text.split('\n')) {
    const number = /^cpu(\d+) /.exec(line)?.[1]
    if (number === undefined) continue
    const columns = line.trim().split(/\s+/).slice(1)
    const seconds = new Map<Mode, number>()
    for (const [index, column] of COLUMNS.entries()) {
      const mode = column === 'softirq' ? 'interrupt' : column
      const value = (toNumber(columns[index]) ?? 0) / TICKS_PER_SECOND
      seconds.set(mode, (seconds.get(mode) ?? 0) + value)
    }
    processors.push({ number: Number(number), seconds })
  }
  return processors
}
