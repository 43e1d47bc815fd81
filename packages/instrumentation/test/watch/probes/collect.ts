import { MetricBatch, type Moment } from '../../../src/watch/metrics/metric-batch.ts'
import type { KernelFiles } from '../../../src/watch/probes/kernel-files.ts'
import type { Probe } from '../../../src/watch/probes/probe.ts'

/** Values of a probe, by metric and attribute values: `system.cpu.time user 0`. */
export type Values = ReadonlyMap<string, number>

/** Runs a probe and names its values by the metric and its attribute values. */
export function look(probe: Probe, moment: Moment = now()): Values {
  const batch = new MetricBatch(0, moment.wallMs)
  probe(batch, moment)
  return new Map(
    batch.toMetrics().flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }): [string, number] => {
        const key = [descriptor.name, ...Object.values(attributes)].join(' ')
        return [key, value as number]
      }),
    ),
  )
}

export function now(): Moment {
  return { wallMs: Date.now(), monotonicMs: performance.now() }
}

/** Kernel files made for a test; what is not given is absent. */
export function fakeFiles(
  texts: Readonly<Record<string, string>>,
  lists: Readonly<Record<string, readonly string[]>> = {},
): KernelFiles {
  return {
    read: (path) => texts[path],
    list: (path) => lists[path] ?? [],
    size: (path) => (path in texts ? 1 : undefined),
    statfs: () => undefined,
  }
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A command that keeps a processor busy. */
export function busyFor(seconds: number): string {
  return `exec ${process.execPath} -e 'for (const end = Date.now() + ${seconds}000; Date.now() < end; );'`
}
