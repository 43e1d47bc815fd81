import { type ControlGroup, findControlGroup } from './control-group.ts'
import { type KernelFiles, parseNumbers, readNumber } from './kernel-files.ts'
import { Increments, type Probe } from './probe.ts'
import { TICKS_PER_SECOND } from './system-cpu.ts'

/** What both versions of control groups tell, in seconds and bytes. */
interface Readings {
  readonly cpuUsageSeconds?: number | undefined
  readonly cpuUserSeconds?: number | undefined
  readonly cpuSystemSeconds?: number | undefined
  readonly cpuLimit?: number | undefined
  readonly periods?: number | undefined
  readonly throttledPeriods?: number | undefined
  readonly throttledSeconds?: number | undefined
  readonly memoryBytes?: number | undefined
  readonly inactiveFileBytes?: number | undefined
  readonly memoryLimitBytes?: number | undefined
  readonly memoryEvents: ReadonlyMap<string, number>
  /** Bytes of all block devices since the group began; undefined where nobody counts them. */
  readonly disk: { readonly read: number; readonly write: number } | undefined
}

/** The container by its control group: `container.*`. On a bare host there is none, and no metric. */
export function createContainerProbe(files: KernelFiles): Probe {
  const increments = new Increments()
  const group = findControlGroup(files)
  if (group === undefined) return () => undefined
  return (batch, { monotonicMs }) => {
    const readings = group.version === 2 ? readVersion2(files, group) : readVersion1(files, group)
    batch.add('container.cpu.time', readings.cpuUserSeconds, { 'cpu.mode': 'user' })
    batch.add('container.cpu.time', readings.cpuSystemSeconds, { 'cpu.mode': 'system' })
    const elapsedMs = increments.add('elapsed', monotonicMs)
    const { cpuUsageSeconds } = readings
    if (cpuUsageSeconds !== undefined) {
      const added = increments.add('usage', cpuUsageSeconds)
      if (added !== undefined && elapsedMs !== undefined && elapsedMs > 0) {
        batch.add('container.cpu.usage', added / (elapsedMs / 1000))
      }
    }
    batch.add('container.cpu.limit', readings.cpuLimit)
    batch.add('container.cpu.periods', readings.periods)
    batch.add('container.cpu.throttled.periods', readings.throttledPeriods)
    batch.add('container.cpu.throttled.time', readings.throttledSeconds)
    const { memoryBytes, inactiveFileBytes, memoryLimitBytes } = readings
    batch.add('container.memory.usage', memoryBytes)
    batch.add('container.memory.limit', memoryLimitBytes)
    if (memoryBytes !== undefined && inactiveFileBytes !== undefined) {
      // "inactive_file" can be given back at once; what cannot is what the kernel kills for.
      const workingSet = Math.max(0, memoryBytes - inactiveFileBytes)
      batch.add('container.memory.working_set', workingSet)
      if (memoryLimitBytes !== undefined) {
        batch.add('container.memory.available', Math.max(0, memoryLimitBytes - workingSet))
      }
    }
    batch.add('container.disk.io', readings.disk?.read, { 'disk.io.direction': 'read' })
    batch.add('container.disk.io', readings.disk?.write, { 'disk.io.direction': 'write' })
    for (const [event, count] of readings.memoryEvents) {
      batch.add('container.memory.events', count, { 'container.memory.event': event })
    }
  }
}

type Version<Number> = Extract<ControlGroup, { readonly version: Number }>

/** docs.kernel.org/admin-guide/cgroup-v2.html */
function readVersion2(files: KernelFiles, { ancestors }: Version<2>): Readings {
  const [own = ''] = ancestors
  const cpu = parseNumbers(files.read(`${own}/cpu.stat`))
  const seconds = (name: string) => scale(cpu.get(name), 1e-6)
  return {
    cpuUsageSeconds: seconds('usage_usec'),
    cpuUserSeconds: seconds('user_usec'),
    cpuSystemSeconds: seconds('system_usec'),
    cpuLimit: smallest(ancestors, (path) => {
      // `max 100000` or `150000 100000`: microseconds of processor per microseconds of time.
      const [quota, period] = (files.read(`${path}/cpu.max`) ?? '').trim().split(' ')
      return quota === 'max' ? undefined : Number(quota) / Number(period)
    }),
    periods: cpu.get('nr_periods'),
    throttledPeriods: cpu.get('nr_throttled'),
    throttledSeconds: seconds('throttled_usec'),
    memoryBytes: readNumber(files, `${own}/memory.current`),
    inactiveFileBytes: parseNumbers(files.read(`${own}/memory.stat`)).get('inactive_file'),
    memoryLimitBytes: smallest(ancestors, (path) => readNumber(files, `${path}/memory.max`)),
    memoryEvents: parseNumbers(files.read(`${own}/memory.events`)),
    // `8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0`, a line for each device
    disk: sumDisk(files.read(`${own}/io.stat`), /\brbytes=(\d+)/g, /\bwbytes=(\d+)/g),
  }
}

/** A limit that nobody has set reads as 2^63 rounded down to a page. */
const UNLIMITED_BYTES = 2 ** 62

/** docs.kernel.org/admin-guide/cgroup-v1/memory.html, docs.kernel.org/scheduler/sched-bwc.html */
function readVersion1(files: KernelFiles, { cpu, cpuacct, memory, blkio }: Version<1>): Readings {
  const [cpuOwn = ''] = cpu
  const [cpuacctOwn = ''] = cpuacct
  const [memoryOwn = ''] = memory
  const [blkioOwn = ''] = blkio
  const disk = files.read(`${blkioOwn}/blkio.throttle.io_service_bytes_recursive`)
  const cpuStat = parseNumbers(files.read(`${cpuOwn}/cpu.stat`))
  const ticks = parseNumbers(files.read(`${cpuacctOwn}/cpuacct.stat`))
  const events = new Map<string, number>()
  const failures = readNumber(files, `${memoryOwn}/memory.failcnt`)
  if (failures !== undefined) events.set('max', failures)
  const kills = parseNumbers(files.read(`${memoryOwn}/memory.oom_control`)).get('oom_kill')
  if (kills !== undefined) events.set('oom_kill', kills)
  return {
    cpuUsageSeconds: scale(readNumber(files, `${cpuacctOwn}/cpuacct.usage`), 1e-9),
    cpuUserSeconds: scale(ticks.get('user'), 1 / TICKS_PER_SECOND),
    cpuSystemSeconds: scale(ticks.get('system'), 1 / TICKS_PER_SECOND),
    cpuLimit: smallest(cpu, (path) => {
      const quota = readNumber(files, `${path}/cpu.cfs_quota_us`) ?? -1
      const period = readNumber(files, `${path}/cpu.cfs_period_us`) ?? 0
      return quota > 0 && period > 0 ? quota / period : undefined
    }),
    periods: cpuStat.get('nr_periods'),
    throttledPeriods: cpuStat.get('nr_throttled'),
    throttledSeconds: scale(cpuStat.get('throttled_time'), 1e-9),
    memoryBytes: readNumber(files, `${memoryOwn}/memory.usage_in_bytes`),
    inactiveFileBytes: parseNumbers(files.read(`${memoryOwn}/memory.stat`)).get(
      'total_inactive_file',
    ),
    memoryLimitBytes: smallest(memory, (path) => {
      const limit = readNumber(files, `${path}/memory.limit_in_bytes`)
      return limit === undefined || limit >= UNLIMITED_BYTES ? undefined : limit
    }),
    memoryEvents: events,
    // `8:16 Read 1459200`, a line for each device and kind
    disk: sumDisk(disk, / Read (\d+)$/gm, / Write (\d+)$/gm),
  }
}

/** Since Linux 6.10 version 1 counts nothing before a limit is set: no line is no answer, and not none. */
function sumDisk(text: string | undefined, read: RegExp, write: RegExp): Readings['disk'] {
  const sum = (pattern: RegExp): number =>
    Array.from((text ?? '').matchAll(pattern)).reduce(
      (total, [, bytes]) => total + Number(bytes),
      0,
    )
  return text?.match(read) ? { read: sum(read), write: sum(write) } : undefined
}

function smallest(
  paths: readonly string[],
  read: (path: string) => number | undefined,
): number | undefined {
  const values = paths.map(read).filter((value) => value !== undefined && !Number.isNaN(value))
  return values.length === 0 ? undefined : Math.min(...(values as number[]))
}

function scale(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}
