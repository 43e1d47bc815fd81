import { type KernelFiles, toNumber } from './kernel-files.ts'
import type { Probe } from './probe.ts'

/** Disks beyond this are left out: a storage host may have thousands. */
const DISKS_MAX = 64
/** "A sector is 512 bytes", whatever the disk says (docs.kernel.org/block/stat.html). */
const SECTOR_BYTES = 512

/** Whole disks of the host: `system.disk.*` from /proc/diskstats. */
export function createSystemDiskProbe(files: KernelFiles): Probe {
  return (batch) => {
    const wholeDisks = new Set(files.list('/sys/block'))
    let disks = 0
    for (const line of (files.read('/proc/diskstats') ?? '').split('\n')) {
      const [, , device = '', ...columns] = line.trim().split(/\s+/)
      if (!isDisk(device, wholeDisks) || disks++ >= DISKS_MAX) continue
      const [reads, , readSectors, readMs, writes, , writeSectors, writeMs, , busyMs] =
        columns.map(toNumber)
      const read = { 'system.device': device, 'disk.io.direction': 'read' }
      const write = { 'system.device': device, 'disk.io.direction': 'write' }
      batch.add('system.disk.io', times(readSectors, SECTOR_BYTES), read)
      batch.add('system.disk.io', times(writeSectors, SECTOR_BYTES), write)
      batch.add('system.disk.operations', reads, read)
      batch.add('system.disk.operations', writes, write)
      batch.add('system.disk.operation_time', times(readMs, 0.001), read)
      batch.add('system.disk.operation_time', times(writeMs, 0.001), write)
      batch.add('system.disk.io_time', times(busyMs, 0.001), { 'system.device': device })
    }
  }
}

/** Partitions are counted in their disk; loop and RAM devices are no disks. */
function isDisk(device: string, wholeDisks: ReadonlySet<string>): boolean {
  if (device === '' || /^(loop|ram|zram|fd)\d/.test(device)) return false
  return wholeDisks.size === 0 || wholeDisks.has(device.replaceAll('/', '!'))
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}
