import { subscribe } from 'node:diagnostics_channel'
import type { Worker } from 'node:worker_threads'
import { type ErrorSink, guarded } from './guard.ts'

/** Tells of each worker thread that this thread has started and that has ended, however it ended. */
export function watchWorkerEnds(onEnd: (threadId: number) => void, report: ErrorSink): void {
  subscribe(
    'worker_threads',
    guarded(report, (message: unknown) => {
      const { worker } = message as { worker: Worker }
      // Afterwards the worker no longer knows its number.
      const { threadId } = worker
      worker.once(
        'exit',
        guarded(report, () => onEnd(threadId)),
      )
    }),
  )
}
