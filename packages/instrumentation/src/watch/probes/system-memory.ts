import { type KernelFiles, parseNumbers } from './kernel-files.ts'
import type { Probe } from './probe.ts'

const KIB = 1024

/** Memory and swap of the host: `system.memory.*`, `system.paging.*`. */
export function createSystemMemoryProbe(files: KernelFiles): Probe {
  return (batch) => {
    const kib = parseNumbers(files.read('/proc/meminfo'))
    const bytes = (name: string): number | undefined => {
      const value = kib.get(name)
      return value === undefined ? undefined : value * KIB
    }
    const total = bytes('MemTotal')
    if (total === undefined) return
    const free = bytes('MemFree') ?? 0
    const buffers = bytes('Buffers') ?? 0
    // Reclaimable slab is cache in all but name; `free` counts it so, too.
    const cached = (bytes('Cached') ?? 0) + (bytes('SReclaimable') ?? 0)
    const used = Math.max(0, total - free - buffers - cached)
    batch.add('system.memory.limit', total)
    batch.add('system.memory.linux.available', bytes('MemAvailable'))
    for (const [state, value] of Object.entries({ used, free, cached, buffers })) {
      const attributes = { 'system.memory.state': state }
      batch.add('system.memory.usage', value, attributes)
      batch.add('system.memory.utilization', value / total, attributes)
    }
    const swapTotal = bytes('SwapTotal') ?? 0
    if (swapTotal === 0) return
    const swapFree = bytes('SwapFree') ?? 0
    batch.add('system.paging.usage', swapTotal - swapFree, { 'system.paging.state': 'used' })
    batch.add('system.paging.usage', swapFree, { 'system.paging.state': 'free' })
  }
}

/** Page faults and pages moved, from /proc/vmstat. */
export function createSystemPagingProbe(files: KernelFiles): Probe {
  return (batch) => {
    const counts = parseNumbers(files.read('/proc/vmstat'))
    const major = counts.get('pgmajfault')
    const all = counts.get('pgfault')
    if (major === undefined || all === undefined) return
    batch.add('system.paging.faults', major, { 'system.paging.fault.type': 'major' })
    batch.add('system.paging.faults', all - major, { 'system.paging.fault.type': 'minor' })
    const moves = [
      ['pswpin', 'major', 'in'],
      ['pswpout', 'major', 'out'],
      ['pgpgin', 'minor', 'in'],
      ['pgpgout', 'minor', 'out'],
    ] as const
    for (const [name, type, direction] of moves) {
      batch.add('system.paging.operations', counts.get(name), {
        'system.paging.fault.type': type,
        'system.paging.direction': direction,
      })
    }
  }
}
