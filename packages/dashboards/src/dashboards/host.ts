import { CHOSEN } from '../expressions.ts'
import { metric } from '../metric.ts'
import type { DashboardSpec } from '../panel.ts'

const ON_HOST = `${CHOSEN}, host_name=~"$host"`

/** A gauge of the hosts that the reader chose. */
function gaugeOf(name: string, filter = ''): string {
  return `${metric(name)}{${ON_HOST}${filter === '' ? '' : `, ${filter}`}}`
}

/** Every service of a host reports the host: the same figures, of which one is enough. */
function rateOf(name: string, by: readonly string[]): string {
  return `max by (${by.join(', ')}) (rate(${metric(name)}{${ON_HOST}}[$__rate_interval]))`
}

export const HOST: DashboardSpec = {
  uid: 'chokepoint-host',
  title: 'Chokepoint / Host and container',
  description:
    'Processor, memory, disk, network and pressure of hosts, and what their containers may use',
  variables: ['host', 'job', 'instance'],
  unlabelled: true,
  rows: [
    {
      title: 'Processor',
      panels: [
        {
          title: 'Processor by mode',
          description: 'Processors in use, by mode. All instances of one host report the same.',
          kind: 'lines',
          unit: 'percentunit',
          stacked: true,
          width: 8,
          warning: 0.8,
          critical: 0.95,
          queries: [
            {
              expr: `avg by (cpu_mode) (${gaugeOf('system.cpu.utilization', 'cpu_mode!="idle"')})`,
              legend: '{{cpu_mode}}',
            },
          ],
        },
        {
          title: 'Load',
          description: 'Load average; more than the processors means waiting.',
          kind: 'lines',
          unit: 'short',
          width: 8,
          queries: [
            {
              expr: `max by (system_load_window) (${gaugeOf('system.linux.load')})`,
              legend: '{{system_load_window}}',
            },
          ],
        },
        {
          title: 'Pressure',
          emptyUnless: 'the kernel has pressure-stall information',
          description: 'Part of the last 10 s in which tasks stalled for cpu, memory or io.',
          kind: 'lines',
          unit: 'percentunit',
          width: 8,
          warning: 0.1,
          critical: 0.4,
          queries: [
            {
              expr: `max by (system_psi_resource, system_psi_kind) (${gaugeOf('system.linux.psi.avg10')})`,
              legend: '{{system_psi_resource}} {{system_psi_kind}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Memory and disk',
      panels: [
        {
          title: 'Memory by state',
          description: 'Memory of the host, with what the kernel keeps as file cache.',
          kind: 'lines',
          unit: 'bytes',
          stacked: true,
          width: 8,
          noThreshold: 'the limit is the sum of the states',
          queries: [
            {
              expr: `max by (system_memory_state) (${gaugeOf('system.memory.usage')})`,
              legend: '{{system_memory_state}}',
            },
          ],
        },
        {
          title: 'File systems',
          description: 'Used part of each file system.',
          kind: 'lines',
          unit: 'percentunit',
          width: 8,
          warning: 0.85,
          critical: 0.95,
          queries: [
            {
              expr: `max by (host_name, system_filesystem_mountpoint) (${gaugeOf('system.filesystem.utilization')})`,
              legend: '{{host_name}} {{system_filesystem_mountpoint}}',
            },
          ],
        },
        {
          title: 'Swap',
          emptyUnless: 'the host has swap',
          description: 'Swap in use. Growth means that memory is short.',
          kind: 'lines',
          unit: 'bytes',
          width: 8,
          queries: [
            {
              expr: `max by (system_paging_state) (${gaugeOf('system.paging.usage')})`,
              legend: '{{system_paging_state}}',
            },
          ],
        },
        {
          title: 'Disk',
          description: 'Bytes read and written.',
          kind: 'lines',
          unit: 'Bps',
          width: 12,
          queries: [
            {
              expr: rateOf('system.disk.io', ['host_name', 'system_device', 'disk_io_direction']),
              legend: '{{host_name}} {{system_device}} {{disk_io_direction}}',
            },
          ],
        },
        {
          title: 'Disks busy',
          description:
            'Part of the time that each disk had something to do. Near 1 operations wait in a queue.',
          kind: 'lines',
          unit: 'percentunit',
          width: 12,
          warning: 0.8,
          critical: 0.95,
          queries: [
            {
              expr: rateOf('system.disk.io_time', ['host_name', 'system_device']),
              legend: '{{host_name}} {{system_device}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Network',
      panels: [
        {
          title: 'Network',
          description: 'Bytes received and sent, by interface.',
          kind: 'lines',
          unit: 'Bps',
          width: 12,
          queries: [
            {
              expr: rateOf('system.network.io', [
                'host_name',
                'network_interface_name',
                'network_io_direction',
              ]),
              legend: '{{host_name}} {{network_interface_name}} {{network_io_direction}}',
            },
          ],
        },
        {
          title: 'Dropped packets',
          description:
            'Packets a second that an interface dropped. A healthy one drops next to nothing.',
          kind: 'lines',
          unit: 'pps',
          width: 12,
          warning: 10,
          critical: 1000,
          queries: [
            {
              expr: rateOf('system.network.packet.dropped', [
                'host_name',
                'network_interface_name',
                'network_io_direction',
              ]),
              legend: '{{host_name}} {{network_interface_name}} {{network_io_direction}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Container',
      panels: [
        {
          title: 'Processors used and allowed',
          emptyUnless: 'the process is in a control group with limits',
          description: 'What the control group used, and its quota where it has one.',
          kind: 'lines',
          unit: 'short',
          width: 8,
          queries: [
            { expr: gaugeOf('container.cpu.usage'), legend: '{{job}} {{instance}} used' },
            { expr: gaugeOf('container.cpu.limit'), legend: '{{job}} {{instance}} limit' },
          ],
        },
        {
          title: 'Throttled',
          emptyUnless: 'the process is in a control group with limits',
          description: 'Seconds a second in which the quota was used up and nothing ran.',
          kind: 'lines',
          unit: 's',
          width: 8,
          warning: 0.05,
          critical: 0.25,
          queries: [
            {
              expr: rateOf('container.cpu.throttled.time', ['job', 'instance']),
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Memory used and allowed',
          emptyUnless: 'the process is in a control group with limits',
          description: 'Working set of the control group, and its limit where it has one.',
          kind: 'lines',
          unit: 'bytes',
          width: 8,
          noThreshold: 'the limit is a line of its own',
          queries: [
            {
              expr: gaugeOf('container.memory.working_set'),
              legend: '{{job}} {{instance}} working set',
            },
            { expr: gaugeOf('container.memory.limit'), legend: '{{job}} {{instance}} limit' },
          ],
        },
      ],
    },
  ],
}
