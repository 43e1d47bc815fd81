import { Session } from 'node:inspector/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { SourceMaps } from '../stall/source-maps.ts'
import { startCpuProfile } from '../stall/start-cpu-profile.ts'
import { encodeCpuProfile } from './cpu-profile.ts'
import { encodeHeapProfile } from './heap-profile.ts'

/** What can be profiled on demand. */
export type ProfileKind = 'cpu' | 'heap'

/** Takes a profile of the main thread for so many seconds; resolves with a gzipped pprof file. */
export type TakeProfile = (kind: ProfileKind, seconds: number) => Promise<Uint8Array>

/** One profile of a kind at a time. */
export class ProfileBusyError extends Error {
  constructor(kind: ProfileKind) {
    super(`a ${kind} profile is being taken already`)
    this.name = 'ProfileBusyError'
  }
}

const CPU_SAMPLE_EVERY_MS = 10
/** A tenth of what Go samples: ours runs for seconds, not from the start of the process. */
const HEAP_SAMPLE_EVERY_BYTES = 64 * 1024
/** Before compression; a profile of five minutes of a large app has some hundred kilobytes. */
const PROFILE_BYTES_MAX = 64 * 1024 * 1024

const compress = promisify(gzip)

/** Takes profiles of the main thread from this worker, by the inspector: no port is opened. */
export class ProfileTaker {
  readonly #sourceMaps: SourceMaps
  readonly #now: () => number
  readonly #sessions = new Map<ProfileKind, Session>()
  readonly #ended = new AbortController()

  /** `now` is the wall clock, in ms. */
  constructor(sourceMaps: SourceMaps, now: () => number) {
    this.#sourceMaps = sourceMaps
    this.#now = now
  }

  readonly take: TakeProfile = async (kind, seconds) => {
    if (this.#sessions.has(kind)) throw new ProfileBusyError(kind)
    const session = new Session()
    session.connectToMainThread()
    this.#sessions.set(kind, session)
    try {
      const encoded = await this.#sample(kind, session, seconds)
      if (encoded.length > PROFILE_BYTES_MAX) {
        throw new RangeError(`the profile has ${encoded.length} bytes, over ${PROFILE_BYTES_MAX}`)
      }
      return await compress(encoded)
    } finally {
      this.#sessions.delete(kind)
      session.disconnect()
    }
  }

  /** Lets go of the main thread at once: an app that ends with a session open would say so on its stderr. */
  close(): void {
    this.#ended.abort(new Error('the process ends'))
    for (const session of this.#sessions.values()) session.disconnect()
  }

  async #sample(kind: ProfileKind, session: Session, seconds: number): Promise<Uint8Array> {
    const startedAtMs = this.#now()
    if (kind === 'cpu') {
      await startCpuProfile(session, CPU_SAMPLE_EVERY_MS * 1000)
      if (process.env.NODE_V8_COVERAGE === undefined) await makeAllCodeKnown(session)
      await this.#pass(seconds)
      const { profile } = await session.post('Profiler.stop')
      const head = { startedAtMs, sampleEveryMs: CPU_SAMPLE_EVERY_MS }
      return encodeCpuProfile(profile, this.#sourceMaps, head)
    }
    await session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_SAMPLE_EVERY_BYTES })
    await this.#pass(seconds)
    const { profile } = await session.post('HeapProfiler.stopSampling')
    const durationMs = this.#now() - startedAtMs
    const sampleEveryBytes = HEAP_SAMPLE_EVERY_BYTES
    return encodeHeapProfile(profile, this.#sourceMaps, {
      startedAtMs,
      durationMs,
      sampleEveryBytes,
    })
  }

  #pass(seconds: number): Promise<void> {
    return delay(seconds * 1000, undefined, { signal: this.#ended.signal })
  }
}

/**
 * The profiler knows code that is compiled after its start, and most of what was compiled before; not loops that
 * V8 compiled while they ran, whose time it would give to their callers. To begin to count coverage throws all
 * compiled code away, in some 5 ms, and what is hot is compiled again within moments. It would end a coverage that
 * somebody else counts, so it is not for a process that does.
 */
async function makeAllCodeKnown(session: Session): Promise<void> {
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: false })
  await session.post('Profiler.stopPreciseCoverage')
}
