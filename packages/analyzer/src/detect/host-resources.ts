import type { DetectorRow, Threshold } from './detector.ts'
import { type HostResource, hostDetector } from './host.ts'
import { percent } from './wording.ts'

type Bounds = Readonly<Record<string, Threshold>>

const share = (value: number, reason: string): Threshold => ({ value, unit: '1', reason })

/** From when on a machine's resources are bottlenecks. */
export const HOST_CPU_SATURATED = {
  use: share(0.9, 'no room is left for a burst; queues form in front of every processor'),
  criticalUse: share(0.98, 'every process waits for its turn'),
  pressure: share(
    0.2,
    'a fifth of the time something that could run did not: use alone may be a batch job',
  ),
} as const satisfies Bounds

export const HOST_MEMORY_PRESSURE = {
  use: share(0.9, 'of memory without what the page cache can give back'),
  criticalUse: share(0.97, 'the kernel looks for a process to kill'),
  pressure: share(0.05, 'tasks wait for memory: without that, full memory is only well used'),
} as const satisfies Bounds

export const HOST_DISK_FULL = {
  use: share(0.9, 'databases and logs stop at 100 %, and cleaning up takes a while'),
  criticalUse: share(0.97, 'writes may begin to fail within minutes'),
} as const satisfies Bounds

export const HOST_DISK_SATURATED = {
  busy: share(0.9, 'the disk is hardly ever idle, so operations queue'),
  criticalBusy: share(0.99, 'the disk is never idle'),
  pressure: share(
    0.1,
    'tasks wait for the disk a tenth of the time: a busy SSD may still have room',
  ),
} as const satisfies Bounds

export const HOST_NETWORK_SATURATED = {
  dropped: { value: 10, unit: '{packet}/s', reason: 'a healthy interface drops next to nothing' },
  criticalDropped: {
    value: 1000,
    unit: '{packet}/s',
    reason: 'connections stall on retransmissions',
  },
} as const satisfies Bounds

const pressure = (resource: string) => (window: string, only: string) =>
  `max(avg_over_time(system_linux_psi_avg10_ratio{${only},system_psi_resource="${resource}",system_psi_kind="some"}[${window}]))`

const RESOURCES: readonly HostResource[] = [
  {
    type: 'host.cpu_saturated',
    title: 'Saturated processors',
    thresholds: HOST_CPU_SATURATED,
    component: 'processors',
    by: [],
    figure: (window, only) =>
      `1 - avg(avg_over_time(system_cpu_utilization_ratio{${only},cpu_mode="idle"}[${window}]))`,
    unit: '1',
    what: 'part of the time that the processors are not idle',
    warning: HOST_CPU_SATURATED.use,
    critical: HOST_CPU_SATURATED.criticalUse,
    and: {
      what: 'part of the time that tasks wait for a processor',
      figure: pressure('cpu'),
      bound: HOST_CPU_SATURATED.pressure,
      unit: '1',
    },
    summary: (host, _, value) =>
      `The processors of ${host} are busy ${percent(value)} of the time, and tasks wait for one`,
  },
  {
    type: 'host.memory_pressure',
    title: 'Memory pressure',
    thresholds: HOST_MEMORY_PRESSURE,
    component: 'memory',
    by: [],
    figure: (_, only) => `max(system_memory_utilization_ratio{${only},system_memory_state="used"})`,
    unit: '1',
    what: 'part of the memory in use',
    warning: HOST_MEMORY_PRESSURE.use,
    critical: HOST_MEMORY_PRESSURE.criticalUse,
    and: {
      what: 'part of the time that tasks wait for memory',
      figure: pressure('memory'),
      bound: HOST_MEMORY_PRESSURE.pressure,
      unit: '1',
    },
    summary: (host, _, value) =>
      `${percent(value)} of the memory of ${host} is in use, and tasks wait for memory`,
  },
  {
    type: 'host.disk_full',
    title: 'Full disk',
    thresholds: HOST_DISK_FULL,
    component: (labels) => `file system ${labels.system_filesystem_mountpoint ?? ''}`.trim(),
    by: ['system_filesystem_mountpoint'],
    figure: (_, only) =>
      `max by (system_filesystem_mountpoint) (system_filesystem_utilization_ratio{${only},system_filesystem_type!~"squashfs|iso9660|tmpfs|devtmpfs|overlay"})`,
    unit: '1',
    what: 'used part of the file system',
    warning: HOST_DISK_FULL.use,
    critical: HOST_DISK_FULL.criticalUse,
    summary: (host, component, value) => `The ${component} of ${host} is ${percent(value)} full`,
  },
  {
    type: 'host.disk_saturated',
    title: 'Saturated disk',
    thresholds: HOST_DISK_SATURATED,
    component: (labels) => `disk ${labels.system_device ?? ''}`.trim(),
    by: ['system_device'],
    figure: (window, only) =>
      `max by (system_device) (rate(system_disk_io_time_seconds_total{${only}}[${window}]))`,
    unit: '1',
    what: 'part of the time that the disk was busy',
    warning: HOST_DISK_SATURATED.busy,
    critical: HOST_DISK_SATURATED.criticalBusy,
    and: {
      what: 'part of the time that tasks wait for a disk',
      figure: pressure('io'),
      bound: HOST_DISK_SATURATED.pressure,
      unit: '1',
    },
    summary: (host, component, value) =>
      `The ${component} of ${host} is busy ${percent(value)} of the time, and tasks wait for it`,
  },
  {
    type: 'host.network_saturated',
    title: 'Saturated network',
    thresholds: HOST_NETWORK_SATURATED,
    component: (labels) => `interface ${labels.network_interface_name ?? ''}`.trim(),
    by: ['network_interface_name'],
    figure: (window, only) =>
      `sum by (network_interface_name) (rate(system_network_packet_dropped_total{${only}}[${window}]))`,
    unit: '{packet}/s',
    what: 'packets dropped a second',
    warning: HOST_NETWORK_SATURATED.dropped,
    critical: HOST_NETWORK_SATURATED.criticalDropped,
    summary: (host, component, value) =>
      `The ${component} of ${host} drops ${Math.round(value)} packets a second`,
  },
]

/** The rows of the catalogue for machines. */
export const HOST_ROWS: readonly DetectorRow[] = RESOURCES.map((resource) => ({
  type: resource.type,
  title: resource.title,
  thresholds: resource.thresholds,
  confirmMs: 60_000,
  resolveMs: 180_000,
  detect: hostDetector(resource),
}))
