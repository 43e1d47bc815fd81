import { Session } from 'node:inspector'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface Taken {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly Range[] }[]
  }[]
}

/** Which blocks of our sources V8 has run, since the last look: the feedback that steers a fuzzer. */
export class Coverage {
  readonly #session = new Session()
  readonly #sources: RegExp

  /** `sources` says of which files, by their URL. */
  constructor(sources: RegExp) {
    this.#sources = sources
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    this.#take()
  }

  /** The blocks that ran since the last look. */
  take(): Set<string> {
    const ran = new Set<string>()
    for (const { url, functions } of this.#take().result) {
      if (!this.#sources.test(url)) continue
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) ran.add(`${url}:${startOffset}:${endOffset}`)
        }
      }
    }
    return ran
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }

  /** Counters begin at zero again with each look. The session is on this thread, so the answer is there at once. */
  #take(): Taken {
    let taken: Taken = { result: [] }
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error
      taken = answer as Taken
    })
    return taken
  }
}
