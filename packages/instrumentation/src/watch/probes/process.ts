import { availableParallelism } from 'node:os'
import type { MetricBatch } from '../metrics/metric-batch.ts'
import { type KernelFiles, parseNumbers } from './kernel-files.ts'
import { Increments, type Probe } from './probe.ts'

const KIB = 1024

/** The whole process, all of its threads: `process.*`. */
export function createProcessProbe(files: KernelFiles): Probe {
  const cpuProbe = createProcessCpuProbe()
  return (batch, moment) => {
    cpuProbe(batch, moment)
    // Windows counts none of these: Node says zero there.
    if (process.platform !== 'win32') addKernelCounts(batch)
    batch.add('process.memory.usage', process.memoryUsage.rss())
    batch.add('process.uptime', process.uptime())
    const status = parseNumbers(files.read('/proc/self/status'))
    const virtualKib = status.get('VmSize')
    batch.add('process.memory.virtual', virtualKib === undefined ? undefined : virtualKib * KIB)
    batch.add('process.thread.count', status.get('Threads'))
    batch.add('process.unix.file_descriptor.count', countDescriptors(files))
    const io = parseNumbers(files.read('/proc/self/io'))
    batch.add('process.disk.io', io.get('read_bytes'), { 'disk.io.direction': 'read' })
    batch.add('process.disk.io', io.get('write_bytes'), { 'disk.io.direction': 'write' })
  }
}

/** Of the process, not of the calling thread: getrusage(RUSAGE_SELF). */
function addKernelCounts(batch: MetricBatch): void {
  const usage = process.resourceUsage()
  const add = (name: string, attribute: string, values: Readonly<Record<string, number>>) => {
    for (const [key, value] of Object.entries(values)) batch.add(name, value, { [attribute]: key })
  }
  add('process.context_switches', 'process.context_switch.type', {
    voluntary: usage.voluntaryContextSwitches,
    involuntary: usage.involuntaryContextSwitches,
  })
  add('process.paging.faults', 'system.paging.fault.type', {
    minor: usage.minorPageFault,
    major: usage.majorPageFault,
  })
}

/**
 * "Difference in process.cpu.time since the last measurement, divided by the elapsed time and
 * number of CPUs available to the process."
 */
function createProcessCpuProbe(): Probe {
  const increments = new Increments()
  return (batch, { monotonicMs }) => {
    const { user, system } = process.cpuUsage()
    const elapsedMs = increments.add('elapsed', monotonicMs)
    for (const [mode, microseconds] of Object.entries({ user, system })) {
      const attributes = { 'cpu.mode': mode }
      batch.add('process.cpu.time', microseconds / 1e6, attributes)
      const added = increments.add(mode, microseconds)
      if (added === undefined || elapsedMs === undefined || elapsedMs === 0) continue
      const share = added / 1e3 / elapsedMs / availableParallelism()
      batch.add('process.cpu.utilization', share, attributes)
    }
  }
}

function countDescriptors(files: KernelFiles): number | undefined {
  // Since Linux 6.2 the size of the directory is the count, without walking ten thousand names.
  const size = files.size('/proc/self/fd')
  if (size !== undefined && size > 0) return size
  const names = files.list('/proc/self/fd')
  // The descriptor of the walk itself is among them.
  return names.length === 0 ? undefined : names.length - 1
}
