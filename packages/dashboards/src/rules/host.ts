import { HOST } from '../dashboards/host.ts'
import { metric } from '../metric.ts'
import type { RulePack } from '../rule.ts'

/** Several services may report one host, and a Collector reports hosts without any service. */
const HOST_NAME = '{{ with $labels.host_name }}{{ . }}{{ else }}{{ $labels.instance }}{{ end }}'
const psi = metric('system.linux.psi.avg10')

export const HOST_RULES: RulePack = {
  name: 'chokepoint-host',
  alerts: [
    {
      alert: 'HostCpuSaturated',
      expr: `1 - avg by (job, instance, host_name) (${metric('system.cpu.utilization')}{cpu_mode="idle"}) > 0.95`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary: `The processors of ${HOST_NAME} are {{ $value | humanizePercentage }} busy`,
      description: 'Everything on this host waits for a processor.',
      panel: { dashboard: HOST, panel: 'Processor by mode' },
    },
    {
      alert: 'HostMemoryShort',
      expr: `max by (job, instance, host_name) (${metric('system.memory.utilization')}{system_memory_state="used"}) > 0.95`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'critical',
      summary: `{{ $value | humanizePercentage }} of the memory of ${HOST_NAME} is in use`,
      description: 'The kernel will soon swap or end a process.',
      panel: { dashboard: HOST, panel: 'Memory by state' },
    },
    {
      alert: 'HostMemoryPressure',
      expr: `max by (job, instance, host_name) (${psi}{system_psi_resource="memory", system_psi_kind="some"}) > 0.2`,
      for: '5m',
      severity: 'warning',
      summary: `Tasks on ${HOST_NAME} wait for memory {{ $value | humanizePercentage }} of the time`,
      description:
        'Pressure-stall information of the kernel: memory is being reclaimed while tasks wait.',
      emptyUnless: 'the kernel has pressure-stall information',
      panel: { dashboard: HOST, panel: 'Pressure' },
    },
    {
      alert: 'FilesystemAlmostFull',
      expr: `max by (job, instance, host_name, system_filesystem_mountpoint) (${metric('system.filesystem.utilization')}) > 0.9`,
      for: '10m',
      severity: 'warning',
      summary: `{{ $labels.system_filesystem_mountpoint }} of ${HOST_NAME} is {{ $value | humanizePercentage }} full`,
      description: 'Writes fail when it is full.',
      panel: { dashboard: HOST, panel: 'File systems' },
    },
  ],
}
