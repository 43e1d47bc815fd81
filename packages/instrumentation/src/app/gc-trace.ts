import type { Session } from 'node:inspector'
import { GcEvents, type TraceEvent } from './gc-events.ts'
import type { GcTally } from './gc-tally.ts'

/** V8's events of its collections are in this category, and next to nothing else is. */
const START = { traceConfig: { includedCategories: ['v8'] } }

/**
 * Counts the main thread's garbage collections from V8's own trace, which is kept outside of the heap until `take` asks
 * for it: until then a collection costs the app no JavaScript. Throws where the inspector is not to be had.
 */
export class GcTrace {
  readonly #session: Session

  constructor(tally: GcTally) {
    const events = new GcEvents(tally)
    const { Session } = process.getBuiltinModule('node:inspector')
    this.#session = new Session()
    this.#session.connect()
    this.#session.on('NodeTracing.dataCollected', ({ params }) =>
      events.read(params.value as readonly TraceEvent[]),
    )
    this.#ask('NodeTracing.start', START)
  }

  /** Counts what has been collected so far. V8 tells it when the trace ends, so a new one begins. */
  take(): void {
    this.#ask('NodeTracing.stop')
    this.#ask('NodeTracing.start', START)
  }

  close(): void {
    this.#ask('NodeTracing.stop')
    this.#session.disconnect()
  }

  /** The inspector answers a session of its own thread at once. */
  #ask(method: string, parameters?: object): void {
    let failure: Error | null = null
    this.#session.post(method, parameters, (error) => {
      failure = error
    })
    if (failure !== null) throw failure
  }
}
