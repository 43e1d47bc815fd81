import type { GovernorSettings } from '../settings/settings.ts'
import { LEVEL, type SharedMemory } from '../shared/memory-layout.ts'
import { SeriesReader } from '../shared/series-reader.ts'
import type { AppCost } from './app-cost.ts'
import { Governor } from './governor.ts'
import { readThreadBytes } from './thread-bytes.ts'
import { readThreadCpuSeconds } from './thread-cpu.ts'
import type { AppThreads } from './threads/app-threads.ts'

export interface GovernOptions {
  readonly settings: GovernorSettings
  readonly memory: SharedMemory
  readonly threads: AppThreads
  readonly appCost: AppCost
  /** Monotonic, in ms. */
  readonly now: () => number
  readonly warn: (subject: string, detail: string) => void
}

const MIB = 1024 * 1024
const LOOK_EVERY_MS = 1000

/** Lets a governor watch this thread and the app's threads, and tells them what they may do. Gives its timer. */
export function govern(options: GovernOptions): NodeJS.Timeout {
  const { settings, memory, threads, appCost, now, warn } = options
  const { cpuShareMax, memoryMibMax } = settings
  const governor = new Governor({
    cpuShareMax,
    bytesMax: memoryMibMax * MIB,
    setLevel: (level) => {
      Atomics.store(memory.control, LEVEL, level)
      threads.setLevel(level)
    },
    onStep: (level, share, bytes) => {
      const used = `${(share * 100).toFixed(1)} % of a processor, ${Math.round(bytes / MIB)} MiB`
      const budget = `${cpuShareMax * 100} %, ${memoryMibMax} MiB`
      const detail = `level ${level} at ${used}, budget ${budget}`
      warn('the instrumentation is over its budget and does less', detail)
    },
  })
  const reader = new SeriesReader(memory)
  const timer = setInterval(() => {
    appCost.look([reader, ...Array.from(threads.living, (thread) => thread.reader)])
    const cpuSeconds = (readThreadCpuSeconds() ?? 0) + appCost.seconds
    governor.look(now(), { cpuSeconds, bytes: readThreadBytes() })
  }, LOOK_EVERY_MS)
  return timer.unref()
}
