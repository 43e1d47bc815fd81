import { CHOSEN, gaugeOf, quantileOf, rateOf } from '../expressions.ts'
import { metric } from '../metric.ts'
import type { DashboardSpec } from '../panel.ts'

const each = '{{job}} {{instance}}'

export const NODE_RUNTIME: DashboardSpec = {
  uid: 'chokepoint-node',
  title: 'Chokepoint / Node.js runtime',
  description: 'Event loop, stalls, garbage collection, heap and thread pool',
  variables: ['job', 'instance'],
  rows: [
    {
      title: 'Event loop',
      panels: [
        {
          title: 'Utilization',
          description:
            'Part of the time the event loop was active. Near 1 nothing else gets a turn.',
          kind: 'lines',
          unit: 'percentunit',
          width: 8,
          warning: 0.8,
          critical: 0.95,
          queries: [{ expr: gaugeOf('nodejs.eventloop.utilization'), legend: each }],
        },
        {
          title: 'Delay p99',
          description: 'How late the event loop came, without the sampling interval.',
          kind: 'lines',
          unit: 's',
          width: 8,
          warning: 0.05,
          critical: 0.2,
          queries: [{ expr: gaugeOf('nodejs.eventloop.delay.p99'), legend: each }],
        },
        {
          title: 'Blocked by function',
          emptyUnless: 'the event loop is blocked',
          description: 'Seconds a second in which one function blocked the event loop.',
          kind: 'lines',
          unit: 's',
          width: 8,
          warning: 0.05,
          critical: 0.2,
          queries: [
            {
              expr: rateOf(`${metric('nodejs.eventloop.blocked.duration')}_sum`, [
                'job',
                'code_function_name',
                'code_file_path',
                'code_line_number',
              ]),
              legend: '{{code_function_name}} {{code_file_path}}:{{code_line_number}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Heap in use by space',
          description: 'Old space that only grows is a leak; new space goes up and down.',
          kind: 'lines',
          unit: 'bytes',
          stacked: true,
          width: 8,
          queries: [
            {
              expr: `sum by (job, v8js_heap_space_name) (${gaugeOf('v8js.memory.heap.used')})`,
              legend: '{{job}} {{v8js_heap_space_name}}',
            },
          ],
        },
        {
          title: 'Heap floor and limit',
          description: 'What is left after a major collection, and where V8 gives up.',
          kind: 'lines',
          unit: 'bytes',
          width: 8,
          noThreshold: 'the limit is a line of its own',
          queries: [
            { expr: gaugeOf('nodejs.heap.floor'), legend: `${each} floor` },
            { expr: gaugeOf('nodejs.heap.limit'), legend: `${each} limit` },
          ],
        },
        {
          title: 'Resident memory',
          description: 'Memory of the process, heap and everything else.',
          kind: 'lines',
          unit: 'bytes',
          width: 8,
          queries: [{ expr: gaugeOf('process.memory.usage'), legend: each }],
        },
        {
          title: 'Time in garbage collection',
          description: 'Seconds a second by kind. Over 0.1 the heap is too small or too busy.',
          kind: 'lines',
          unit: 's',
          stacked: true,
          width: 12,
          warning: 0.1,
          critical: 0.25,
          queries: [
            {
              expr: rateOf(`${metric('v8js.gc.duration')}_sum`, ['job', 'v8js_gc_type']),
              legend: '{{job}} {{v8js_gc_type}}',
            },
          ],
        },
        {
          title: 'Pause p99 by kind',
          description: 'The longest pauses of garbage collection.',
          kind: 'lines',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: quantileOf(0.99, 'v8js.gc.duration', ['job', 'v8js_gc_type']),
              legend: '{{job}} {{v8js_gc_type}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Processor, thread pool, handles',
      panels: [
        {
          title: 'Processor of the process',
          description: 'Processors used, by mode.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          noThreshold: 'how many processors there are is the machine’s own',
          queries: [
            {
              expr: rateOf(metric('process.cpu.time'), ['job', 'cpu_mode']),
              legend: '{{job}} {{cpu_mode}}',
            },
          ],
        },
        {
          title: 'Thread pool delay',
          description: 'How long a file or DNS task waits for one of the libuv threads.',
          kind: 'lines',
          unit: 's',
          width: 6,
          warning: 0.05,
          critical: 0.5,
          queries: [{ expr: gaugeOf('nodejs.threadpool.delay'), legend: each }],
        },
        {
          title: 'Active resources by type',
          description: 'Handles and requests. One type that only grows is a leak.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          queries: [
            {
              expr: `sum by (job, v8js_resource_type) (${gaugeOf('v8js.resource.active')})`,
              legend: '{{job}} {{v8js_resource_type}}',
            },
          ],
        },
        {
          title: 'File descriptors',
          description: 'Open file descriptors of the process.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          noThreshold: 'how many are open depends on the service; growth is what counts',
          queries: [{ expr: gaugeOf('process.unix.file_descriptor.count'), legend: each }],
        },
      ],
    },
    {
      title: 'The instrumentation itself',
      panels: [
        {
          title: 'Processor of the watch thread',
          description: 'What watching costs, in processors.',
          kind: 'lines',
          unit: 'short',
          width: 8,
          warning: 0.02,
          critical: 0.05,
          queries: [
            { expr: rateOf(metric('chokepoint.sdk.cpu.time'), ['job', 'instance']), legend: each },
          ],
        },
        {
          title: 'Dropped',
          emptyUnless: 'a limit is reached',
          description:
            'What limits kept out, by kind and reason. Not zero means numbers are missing.',
          kind: 'lines',
          unit: 'ops',
          width: 8,
          warning: 0.01,
          critical: 10,
          queries: [
            {
              expr: rateOf(metric('chokepoint.sdk.dropped'), [
                'job',
                'chokepoint_drop_kind',
                'chokepoint_drop_reason',
              ]),
              legend: '{{job}} {{chokepoint_drop_kind}} {{chokepoint_drop_reason}}',
            },
          ],
        },
        {
          title: 'Series',
          description: 'Attribute sets that have a place in shared memory.',
          kind: 'lines',
          unit: 'short',
          width: 8,
          queries: [
            {
              expr: `sum by (job) (${metric('chokepoint.sdk.series')}{${CHOSEN}})`,
              legend: '{{job}}',
            },
          ],
        },
      ],
    },
  ],
}
