import { readdirSync, readFileSync } from 'node:fs'

/** Processor microseconds that the threads of a process have used so far, from /proc: exact to the nanosecond. */
export interface ThreadTimes {
  /** All threads together. */
  readonly totalMicros: number
  /** By the thread's name, threads of the same name added up. */
  readonly byName: ReadonlyMap<string, number>
}

/** Reads the times of all living threads of a process. */
export function readThreadTimes(pid: number): ThreadTimes {
  const byName = new Map<string, number>()
  let totalMicros = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`
    // The thread whose id is that of the process runs the app; it has the name of the program.
    const name = thread === String(pid) ? 'main' : readFileSync(`${folder}/comm`, 'utf8').trim()
    const [nanoseconds] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ')
    const micros = Number(nanoseconds) / 1000
    totalMicros += micros
    byName.set(name, (byName.get(name) ?? 0) + micros)
  }
  return { totalMicros, byName }
}
