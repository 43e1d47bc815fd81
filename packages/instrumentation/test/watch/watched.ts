import { Worker } from 'node:worker_threads'
import { until } from '../../../../tools/testing/until.ts'
import { readSettings } from '../../src/settings/settings.ts'
import {
  ASKED,
  createSharedMemory,
  DONE,
  type SharedMemory,
  STATE,
  STATE_READY,
} from '../../src/shared/memory-layout.ts'
import type { AppMessage, WatchThreadData } from '../../src/shared/messages.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

/** A real watch thread beside this thread, which plays the app thread. */
export class Watched {
  readonly memory: SharedMemory
  readonly writer: SeriesWriter
  readonly warnings: string[] = []
  readonly worker: Worker

  constructor(environment: Record<string, string>, data: Partial<WatchThreadData> = {}) {
    this.memory = createSharedMemory()
    this.writer = new SeriesWriter(this.memory)
    this.worker = new Worker(new URL('../../src/watch/main.ts', import.meta.url), {
      workerData: {
        buffer: this.memory.buffer,
        settings: readSettings(environment, (line) => this.warnings.push(line)),
        mainScript: undefined,
        heartbeatMs: 20,
        startedAtMs: performance.timeOrigin,
        ...data,
      } satisfies WatchThreadData,
      execArgv: ['--no-warnings'],
    })
    this.worker.on('message', ({ text }) => this.warnings.push(text))
  }

  async ready(): Promise<this> {
    const { control } = this.memory
    await until('the watch thread', () => Atomics.load(control, STATE) === STATE_READY)
    return this
  }

  send(message: AppMessage): void {
    this.worker.postMessage(message)
  }

  /** Asks for a flush and waits for it without blocking. Returns the time it took in ms. */
  async flush(type: 'flush' | 'shutdown' = 'flush'): Promise<number> {
    const { control } = this.memory
    const number = Atomics.add(control, ASKED, 1) + 1
    const startMs = performance.now()
    this.send({ type, number })
    await until('the flush', () => Atomics.load(control, DONE) >= number)
    return performance.now() - startMs
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }
}
