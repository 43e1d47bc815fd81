import type { MetricSource, Moment } from '../metrics/metric-batch.ts'
import { createContainerProbe } from './container.ts'
import type { KernelFiles } from './kernel-files.ts'
import { createPortableHostProbe } from './portable.ts'
import { type Probe, ProbeGroup } from './probe.ts'
import { createProcessProbe } from './process.ts'
import { createRuntimeProbe } from './runtime.ts'
import type { RuntimeHistory } from './runtime-history.ts'
import { createSystemCpuProbe } from './system-cpu.ts'
import { createSystemDiskProbe } from './system-disk.ts'
import { createSystemFilesystemProbe } from './system-filesystem.ts'
import {
  createLoadProbe,
  createPressureProbe,
  createUptimeProbe,
  readUptimeSeconds,
} from './system-load.ts'
import { createSystemMemoryProbe, createSystemPagingProbe } from './system-memory.ts'
import { createConnectionProbe, createSystemNetworkProbe } from './system-network.ts'
import { createProcessCountProbe } from './system-processes.ts'
import { createThreadPoolUseProbe, type ThreadPoolCanary } from './thread-pool.ts'

export interface ProbesInput {
  readonly files: KernelFiles
  readonly canary: ThreadPoolCanary
  readonly runtime: RuntimeHistory
  /** How long the app thread has been blocked now, in ms. */
  readonly blockedMs: () => number
  /** Wall clock in ms when the process began. */
  readonly startedAtMs: number
  readonly clock: () => Moment
  readonly onError: (error: unknown) => void
}

/** The host, the container and the process, for one reader of the metrics. */
export function createProbes(input: ProbesInput): readonly MetricSource[] {
  const { files, canary, runtime, blockedMs, startedAtMs, clock, onError } = input
  const uptimeSeconds = readUptimeSeconds(files)
  const host = uptimeSeconds === undefined ? [createPortableHostProbe(files)] : hostProbes(files)
  const own = [
    createProcessProbe(files),
    createContainerProbe(files),
    createThreadPoolUseProbe(files),
    canary.createProbe(),
    createRuntimeProbe(runtime, blockedMs),
  ]
  // Fixed once: a start time that moves by a tick would look like a counter that began again.
  const bootMs = uptimeSeconds === undefined ? startedAtMs : clock().wallMs - 1000 * uptimeSeconds
  const groups = [new ProbeGroup(bootMs, host, onError), new ProbeGroup(startedAtMs, own, onError)]
  // The first look is the baseline of the utilizations, so that the first report has them.
  for (const group of groups) group.collect(clock())
  return groups
}

function hostProbes(files: KernelFiles): readonly Probe[] {
  return [
    createSystemCpuProbe(files),
    createSystemMemoryProbe(files),
    createSystemPagingProbe(files),
    createSystemDiskProbe(files),
    createSystemFilesystemProbe(files),
    createSystemNetworkProbe(files),
    createConnectionProbe(files),
    createLoadProbe(files),
    createUptimeProbe(files),
    createPressureProbe(files),
    createProcessCountProbe(files),
  ]
}
