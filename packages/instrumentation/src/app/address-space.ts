import { readFileSync } from 'node:fs'

/** More than a thread of Node's reserves; V8's room for code is most of it. */
const THREAD_BYTES = 2 ** 30

/**
 * Why another thread of Node's would have no room in a limited address space (`ulimit -v`); undefined: it has, or the
 * system does not tell. V8 ends the whole process when it cannot reserve what it needs.
 */
export function addressSpaceShortage(): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const limit = numberAfter('Max address space', readFileSync('/proc/self/limits', 'utf8'))
    if (limit === undefined) return undefined
    const usedKib = numberAfter('VmSize:', readFileSync('/proc/self/status', 'utf8')) ?? 0
    const left = limit - usedKib * 1024
    if (left >= THREAD_BYTES) return undefined
    return `its address space is limited to ${mib(limit)} MiB, and has ${mib(left)} left of the ${mib(THREAD_BYTES)} that it may need`
  } catch {
    // Without `/proc` there is nothing to know it from.
    return undefined
  }
}

function numberAfter(name: string, text: string): number | undefined {
  const found = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

function mib(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}
