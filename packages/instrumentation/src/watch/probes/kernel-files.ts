import { readdirSync, readFileSync, type StatsFs, statfsSync, statSync } from 'node:fs'

/**
 * The kernel's files. Reads are synchronous on purpose: the watch thread may be blocked for some
 * microseconds, while an asynchronous read would take a thread of the app's pool.
 */
export interface KernelFiles {
  /** The whole text; undefined when the file is absent or not ours to read. */
  read(path: string): string | undefined
  /** The names in a directory; none when it is absent or not ours to read. */
  list(path: string): readonly string[]
  /** Size of a directory as the kernel states it; undefined when absent. */
  size(path: string): number | undefined
  statfs(path: string): StatsFs | undefined
}

/** The real files. */
export const KERNEL_FILES: KernelFiles = {
  read: (path) => attempt(() => readFileSync(path, 'utf8')),
  list: (path) => attempt(() => readdirSync(path)) ?? [],
  size: (path) => attempt(() => statSync(path).size),
  statfs: (path) => attempt(() => statfsSync(path)),
}

/** Kernel files come and go with kernel versions, permissions and the things they describe. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** The number in a file that holds nothing else; undefined for `max` and the like. */
export function readNumber(files: KernelFiles, path: string): number | undefined {
  return toNumber(files.read(path)?.trim())
}

/** Lines of a name and a number, as in `meminfo`, `vmstat`, `cpu.stat`, `memory.stat`, `io`. */
export function parseNumbers(text: string | undefined): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>()
  for (const line of (text ?? '').split('\n')) {
    const [name = '', value] = line.split(/[:\s]+/, 2)
    const number = toNumber(value)
    if (number !== undefined) numbers.set(name, number)
  }
  return numbers
}

/** A number, or undefined for text that is none. */
export function toNumber(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}
