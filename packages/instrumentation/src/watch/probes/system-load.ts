import { type KernelFiles, toNumber } from './kernel-files.ts'
import type { Probe } from './probe.ts'

/** Load averages, from /proc/loadavg. */
export function createLoadProbe(files: KernelFiles): Probe {
  return (batch) => {
    const columns = (files.read('/proc/loadavg') ?? '').split(' ')
    for (const [index, window] of ['1m', '5m', '15m'].entries()) {
      const load = toNumber(columns[index])
      batch.add('system.linux.load', load, { 'system.load.window': window })
    }
  }
}

/** Seconds since the host was started, from /proc/uptime. */
export function readUptimeSeconds(files: KernelFiles): number | undefined {
  return toNumber(files.read('/proc/uptime')?.split(' ')[0])
}

/** Time the host has been running. */
export function createUptimeProbe(files: KernelFiles): Probe {
  return (batch) => batch.add('system.uptime', readUptimeSeconds(files))
}

/**
 * Pressure stall information: the time in which some or all tasks waited for a resource.
 * `some avg10=0.18 avg60=0.89 avg300=0.92 total=28769059`, the total in microseconds
 * (docs.kernel.org/accounting/psi.html).
 */
export function createPressureProbe(files: KernelFiles): Probe {
  return (batch) => {
    for (const resource of ['cpu', 'memory', 'io']) {
      const text = files.read(`/proc/pressure/${resource}`) ?? ''
      for (const match of text.matchAll(/^(some|full) avg10=(\S+) .*total=(\d+)$/gm)) {
        const [, kind = '', percent, total] = match
        const attributes = { 'system.psi.resource': resource, 'system.psi.kind': kind }
        batch.add('system.linux.psi.time', Number(total) / 1e6, attributes)
        batch.add('system.linux.psi.avg10', Number(percent) / 100, attributes)
      }
    }
  }
}
