import { cpus, freemem, totalmem, uptime } from 'node:os'
import { parse } from 'node:path'
import type { KernelFiles } from './kernel-files.ts'
import { Increments, type Probe } from './probe.ts'

const MODES = {
  user: 'user',
  // Windows has no such mode: Node says zero there.
  ...(process.platform === 'win32' ? {} : { nice: 'nice' }),
  sys: 'system',
  idle: 'idle',
  irq: 'interrupt',
} as const

/**
 * What Node itself can tell about a host that has no /proc: macOS, Windows, BSD. Of the file systems that is the one
 * of the working directory. Networks and disks are only told by programs that would have to be started each time.
 */
export function createPortableHostProbe(files: KernelFiles): Probe {
  const increments = new Increments()
  const { root } = parse(process.cwd())
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
    const space = files.statfs(root)
    if (space === undefined || space.blocks === 0) return
    const { bsize, blocks, bfree, bavail } = space
    const mountpoint = { 'system.filesystem.mountpoint': root }
    const states = { used: blocks - bfree, free: bavail, reserved: bfree - bavail }
    for (const [state, count] of Object.entries(states)) {
      const attributes = { ...mountpoint, 'system.filesystem.state': state }
      batch.add('system.filesystem.usage', count * bsize, attributes)
    }
    batch.add('system.filesystem.limit', blocks * bsize, mountpoint)
    const share = states.used / (states.used + states.free)
    batch.add('system.filesystem.utilization', share, mountpoint)
  }
}
